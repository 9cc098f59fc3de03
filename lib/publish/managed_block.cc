#include "publish/managed_block.h"

#include <algorithm>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"

namespace spaceca::publish {
namespace {

constexpr std::string_view kOpening = "# >>> spaceca: ";
constexpr std::string_view kClosing = "# <<< spaceca\n";
constexpr std::string_view kBetween = "; what is between these marks is written by a program, and is replaced by it";
constexpr std::string_view kNoLineFeed = " (the line before ended with the file)";

std::size_t line_start(std::string_view text, std::string_view words, std::size_t from) {
  for (auto at = text.find(words, from); at != std::string_view::npos; at = text.find(words, at + 1)) {
    if (at == 0 || text[at - 1] == '\n') return at;
  }
  return std::string_view::npos;
}

}  // namespace

std::string opening_mark(const SpaceName& space, const DatabaseName& database) {
  return fmt::format("{}space {}, database {}", kOpening, space.text(), database.text());
}

ManagedFile managed(std::string_view text, std::string_view name) {
  const auto begin = line_start(text, kOpening, 0);
  const auto closing = line_start(text, kClosing, 0);
  const auto none = std::string_view::npos;
  if (begin == none && closing == none) return {.rest = std::string{text}, .block = {}, .mark = {}};
  const bool once = begin != none && closing != none && line_start(text, kOpening, begin + 1) == none &&
                    line_start(text, kClosing, closing + 1) == none;
  if (!once || closing < begin) {
    throw Error{Errc::malformed, fmt::format("file \"{}\": has not one line \"# >>> spaceca: …\" and behind it one \"# <<< "
                                             "spaceca\"; take out what is left of them",
                                             printable(name))};
  }
  const auto end = closing + kClosing.size();
  const std::string_view block = text.substr(begin, end - begin);
  const std::string_view first = block.substr(0, block.find('\n'));
  // The line feed that was put in front goes with the block.
  const std::size_t before = first.ends_with(kNoLineFeed) && begin > 0 ? begin - 1 : begin;
  return {.rest = fmt::format("{}{}", text.substr(0, before), text.substr(end)),
          .block = std::string{block},
          .mark = std::string{first.substr(0, first.find(';'))}};
}

BlockLines lines_of_block(std::string_view text, std::string_view name) {
  const ManagedFile file = managed(text, name);
  if (!file.block) return {};
  const auto count = [](std::string_view part) { return static_cast<int>(std::count(part.begin(), part.end(), '\n')); };
  const int first = count(text.substr(0, text.find(*file.block))) + 1;
  return {.first = first, .last = first + count(*file.block) - 1};
}

std::string with_block_on_top(std::string_view rest, std::string_view mark, std::string_view lines) {
  return fmt::format("{}{}\n{}{}{}", mark, kBetween, lines, kClosing, rest);
}

std::string with_block_at_end(std::string_view rest, std::string_view mark, std::string_view lines) {
  const bool ends = rest.empty() || rest.ends_with('\n');
  return fmt::format("{}{}{}{}{}\n{}{}", rest, ends ? "" : "\n", mark, kBetween, ends ? std::string_view{} : kNoLineFeed, lines,
                     kClosing);
}

}  // namespace spaceca::publish
