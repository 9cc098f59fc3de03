// The peers that are written in Java.
#pragma once

#include <string>
#include <vector>

#include "support/child.h"

namespace spaceca::test {

// Runs a class of tests/interop/peers. It lives for a second, so the quick compiler alone and no threads beside it make it
// quickest.
inline Outcome java(const std::string& probe, const std::vector<std::string>& arguments,
                    const std::vector<std::string>& options = {}) {
  std::vector<std::string> command = {"java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"};
  command.insert(command.end(), options.begin(), options.end());
  command.insert(command.end(), {"-cp", "/usr/share/java/postgresql.jar:" SPACECA_PEERS "/classes", probe});
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run(command);
}

}  // namespace spaceca::test
