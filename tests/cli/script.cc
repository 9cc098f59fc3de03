#include "cli/script.h"

#include <regex>
#include <sstream>
#include <stdexcept>

#include "support/catch.h"
#include "support/child.h"
#include "support/files.h"

namespace spaceca::test {
namespace {

struct Step {
  std::string command;
  std::string out = {};
  std::string err = {};
  int exit_code = 0;
};

std::vector<Step> steps_of(const std::string& text) {
  std::vector<Step> steps;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::string rest = line.size() > 2 ? line.substr(2) : "";
    if (line.starts_with("$ ")) {
      steps.push_back({rest});
      continue;
    }
    if (steps.empty()) throw std::runtime_error{"a script begins with: " + line};
    Step& step = steps.back();
    if (line.front() == '>') {
      step.out += rest + '\n';
    } else if (line.front() == '!') {
      step.err += rest + '\n';
    } else if (line.front() == '=') {
      step.exit_code = std::stoi(rest);
    } else {
      step.command += '\n' + line;  // a here-document
    }
  }
  return steps;
}

std::string settled(std::string text, const std::string& folder) {
  const std::string encoded = std::regex_replace(folder, std::regex{"/"}, "%2F");  // in a URI
  for (const std::string& form : {folder, encoded}) {
    for (auto at = text.find(form); at != std::string::npos; at = text.find(form)) text.replace(at, form.size(), "DIR");
  }
  static const std::vector<std::pair<std::regex, std::string>> kVariable = {
      {std::regex{"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"}, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"},
      {std::regex{"20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"}, "YYYY-MM-DD hh:mm:ss"},
      {std::regex{"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"}, "YYYY-MM-DDThh:mm:ssZ"},
      {std::regex{"[0-9A-F]{32}"}, "SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS"},
      {std::regex{"\\b(G[0-9]+) [0-9a-f]{8}"}, "$1 kkkkkkkk"},
      {std::regex{"\\b1[0-9]{12}\\b"}, "NNNNNNNNNNNNN"},  // a list's number: milliseconds
      {std::regex{"\\b39[4-7]\\b"}, "39x"},               // days in thirteen months
      {std::regex{"(127\\.0\\.0\\.1|localhost):[0-9]+"}, "$1:PORT"},
  };
  for (const auto& [pattern, word] : kVariable) text = std::regex_replace(text, pattern, word);
  return text;
}

// The program as scripts call it: an answer with --json must be one document, and so must the last line of the standard error where
// such a command fails; a doctor who found something fails by his answer alone. Whoever gets 99 has met one that is not.
constexpr std::string_view kProgram = R"(#!/bin/sh
case " $* " in *" --json "*) ;; *) exec "$SPACECA_PROGRAM" "$@" ;; esac
said=$(mktemp) && trap 'rm -f "$said"' EXIT
answer=$("$SPACECA_PROGRAM" "$@" 2>"$said"; echo "=$?")
code=${answer##*=}
answer=${answer%=*}
cat "$said" >&2
[ -z "$answer" ] || printf '%s' "$answer" | /usr/bin/python3 -m json.tool >/dev/null || exit 99
if [ "$code" -ne 0 ]; then
  [ -s "$said" ] || [ -n "$answer" ] || exit 99
  [ ! -s "$said" ] || tail -n 1 "$said" | /usr/bin/python3 -m json.tool >/dev/null || exit 99
fi
printf '%s' "$answer"
exit "$code"
)";

}  // namespace

void play(const std::string& name, const std::filesystem::path& folder, const std::vector<std::string>& environment) {
  ChildOptions options;
  options.environment = environment;
  options.environment.push_back("DIR=" + folder.string());
  options.environment.push_back("HOME=" + folder.string());
  const TemporaryFolder programs;
  write_file(programs.path() / "spaceca", kProgram);
  std::filesystem::permissions(programs.path() / "spaceca", std::filesystem::perms::owner_all);
  options.environment.push_back("SPACECA_PROGRAM=" SPACECA_PROGRAM_FOLDER "/spaceca");
  options.environment.push_back("PATH=" + programs.path().string() + ":/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
  for (const Step& step : steps_of(read_file(std::filesystem::path{SPACECA_SCRIPTS} / name))) {
    const Outcome outcome = run({"sh", "-c", "cd \"$DIR\" || exit; " + step.command}, options);
    INFO(name << ": " << step.command << "\n--- out\n" << outcome.out << "--- err\n" << outcome.err);
    CHECK(settled(outcome.out, folder.string()) == step.out);
    CHECK(settled(outcome.err, folder.string()) == step.err);
    CHECK(outcome.exit_code == step.exit_code);
  }
}

}  // namespace spaceca::test
