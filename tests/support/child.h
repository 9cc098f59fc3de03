// Other programs, run and listened to.
#pragma once

#include <string>
#include <vector>

namespace spaceca::test {

struct Outcome {
  int exit_code;  // 128 + signal if one ended it
  std::string out;
  std::string err;
};

struct ChildOptions {
  std::string input = {};                     // on its standard input
  std::vector<std::string> environment = {};  // NAME=value, in place of ours, which come without PG…
  std::string user = {};                      // run as this user, if we are root
  int seconds = 60;                           // then it is killed
};

// Runs a program found on the PATH; throws if it cannot be started. Fixed language and time zone.
[[nodiscard]] Outcome run(const std::vector<std::string>& command, const ChildOptions& options = {});

}  // namespace spaceca::test
