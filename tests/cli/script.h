// Scripts of commands, with what they must print:
//
//   # why
//   $ spaceca spaces          typed into a shell; it sees $DIR, its own folder, and what the test exports
//   > Space Kind …            its standard output, line by line
//   ! Creating space acme...  its standard error
//   = 3                       its exit code, if it is not 0
//
// Each answer with --json is read as the one document that it must be; 99 is the exit of one that is not.
// What differs from run to run is replaced by what is as long: ids, times, serials, the folder, ports.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace spaceca::test {

// Runs tests/cli/scripts/NAME in `folder`; each command that does otherwise than its script says is a failure of the test, which
// shows both.
void play(const std::string& name, const std::filesystem::path& folder, const std::vector<std::string>& environment = {});

}  // namespace spaceca::test
