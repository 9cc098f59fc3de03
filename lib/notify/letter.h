// What a letter says, once for both of its forms.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace spaceca::notify {

struct Paragraph {
  std::string text;
};
struct Commands {
  std::vector<std::string> lines;  // to be typed
};
using Fields = std::vector<std::pair<std::string, std::string>>;
using Letter = std::vector<std::variant<Paragraph, Commands, Fields>>;

// Blocks with an empty line between; commands are indented, fields stand in columns.
[[nodiscard]] std::string text_of(const Letter& letter);
// A page without anything that is fetched. Whatever stands in the letter is text there, never a tag.
[[nodiscard]] std::string html_of(const Letter& letter);

}  // namespace spaceca::notify
