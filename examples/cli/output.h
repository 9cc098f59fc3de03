// What people and programs read: blocks of fields, tables and times as the reference prints them, JSON, and lines of progress.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <spaceca/clock.h>

// "2019-07-16 23:39:26 +0000", and for programs "2019-07-16T23:39:26Z".
[[nodiscard]] std::string time_text(spaceca::Instant instant);
[[nodiscard]] std::string rfc3339(spaceca::Instant instant);
// Whole days, downwards: -1 from the second after the end on.
[[nodiscard]] long days_left(spaceca::Instant end, spaceca::Instant now);

// As one line that moves no cursor: line ends and tabs are blanks, other control characters question marks. Blocks, tables and
// complaints do so to what they are given; a server's log, a role's name or a line of pg_hba.conf may hold anything.
[[nodiscard]] std::string one_line(const std::string& text);

// One object: a line a field, by name, values in one column.
using Fields = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] std::string block(Fields fields);

// Columns as wide as their widest cell, one blank between them, none at the end of a line.
using Row = std::vector<std::string>;
[[nodiscard]] std::string table(const Row& header, const std::vector<Row>& rows);

// What row_of or text_of makes of each of them.
template <class Things, class Of>
[[nodiscard]] auto each(const Things& things, Of of) {
  std::vector<std::decay_t<decltype(of(*std::begin(things)))>> made;
  made.reserve(std::size(things));
  for (const auto& thing : things) made.push_back(of(thing));
  return made;
}

// Two blanks a level, and a line feed at the end.
[[nodiscard]] std::string json_text(const nlohmann::json& value);

[[nodiscard]] std::string joined(const std::vector<std::string>& words, const std::string& between = ", ");

// For a POSIX shell: as it is, or in quotes where it must.
[[nodiscard]] std::string shell_word(const std::string& text);

// Onto the standard output, and checked: a full disk or a closed pipe is a failure of the command.
void print(const std::string& text);

// Onto the standard error. Nobody is told if it is closed, and nothing fails for that: what is done goes on without listeners.
void print_aside(const std::string& text);

// "Enabling MTLS on postgresql-rectangle-12345... done" on the standard error; what goes wrong in between makes it "... failed".
class Progress final {
 public:
  enum class Style { silent, plain, verbose };  // verbose: other lines may come in between

  Progress(Style style, std::string text);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void done();

 private:
  void end(const char* word);

  Style style_;
  std::string text_;
  bool ended_ = false;
};
