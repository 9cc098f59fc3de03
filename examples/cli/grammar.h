// The commands and their words. A command is written data:mtls:create or data mtls create; CLI11 knows the second form, so the
// first is split before it sees it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "arguments.h"
#include "failure.h"
#include "session.h"

using Runner = Exit (*)(Session&);

// The words with the command among them split at its colons: {"--json", "data:mtls", "sales"} become {"--json", "data", "mtls",
// "sales"}. Values and all that stands behind the command stay whole.
[[nodiscard]] std::vector<std::string> split_command(const std::vector<std::string>& words);

struct Parsed {
  Runner runner = nullptr;  // none: `text` is what was asked for, help or the version
  std::string text;
  Arguments arguments;
};

// Without the program's own name. Throws Failure with Exit::usage.
[[nodiscard]] Parsed parse(const std::vector<std::string>& words);

// Every command, in the order of the help: "data:mtls:create".
[[nodiscard]] std::vector<std::string> all_commands();
