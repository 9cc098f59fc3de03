// The lines that are ours in a file that is somebody else's, between two marks; all the rest stays as it is, octet for octet. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <spaceca/publisher.h>

namespace spaceca::publish {

// "# >>> spaceca: space acme, database orders"
[[nodiscard]] std::string opening_mark(const SpaceName& space, const DatabaseName& database);

struct ManagedFile {
  std::string rest;                  // the file without the block
  std::optional<std::string> block;  // with its marks; nothing if there is none
  std::string mark;                  // its first line, up to the database's name; empty if there is none
};
// `name` is the file's, for errors. Errc::malformed if a mark is without the other or comes twice.
[[nodiscard]] ManagedFile managed(std::string_view text, std::string_view name);

// The numbers of its lines, from 1 on; none if there is no block.
struct BlockLines {
  int first = 0;
  int last = -1;
  [[nodiscard]] bool hold(int number) const noexcept { return number >= first && number <= last; }
};
[[nodiscard]] BlockLines lines_of_block(std::string_view text, std::string_view name);

// The file with these lines between marks in front of all others, or behind them.
[[nodiscard]] std::string with_block_on_top(std::string_view rest, std::string_view mark, std::string_view lines);
[[nodiscard]] std::string with_block_at_end(std::string_view rest, std::string_view mark, std::string_view lines);

}  // namespace spaceca::publish
