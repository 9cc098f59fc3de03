#include "base/legible.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "base/utf8.h"

namespace spaceca {
namespace {

// Characters that do not show, or that change how their neighbours show: controls and line separators, and what Unicode calls
// Default_Ignorable_Code_Point (bidirectional controls, zero widths, fillers, variation selectors, tags).
struct Range {
  char32_t first, last;
};
constexpr Range kMisleading[] = {
    {0x0000, 0x001F}, {0x007F, 0x009F},   {0x00AD, 0x00AD},   {0x034F, 0x034F},   {0x061C, 0x061C},
    {0x115F, 0x1160}, {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},
    {0x2060, 0x206F}, {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

bool misleads(char32_t c) {
  return std::any_of(std::begin(kMisleading), std::end(kMisleading),
                     [c](Range range) { return c >= range.first && c <= range.last; });
}

}  // namespace

std::size_t legible_characters(std::string_view kind, std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    throw Error{Errc::invalid_argument, fmt::format("{} \"{}\": {}", kind, printable(text), why)};
  };
  std::size_t count = 0;
  for (std::string_view rest = text; !rest.empty(); ++count) {
    const auto character = next_utf8(rest);
    if (!character) refuse("is not UTF-8");
    if (misleads(*character)) {
      refuse(fmt::format("holds U+{:04X}, which does not show or changes how others show", static_cast<std::uint32_t>(*character)));
    }
  }
  return count;
}

std::string one_line(std::string_view text, std::size_t longest) {
  constexpr std::string_view kCut = "...";
  std::string line;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view before = rest;
    const auto character = next_utf8(rest);
    if (!character) rest.remove_prefix(1);
    const bool blank = character && (*character == ' ' || misleads(*character));
    if (blank && (line.empty() || line.ends_with(' '))) continue;
    const std::string_view shown = !character ? "?" : blank ? " " : before.substr(0, before.size() - rest.size());
    if (line.size() + shown.size() > longest) {
      const auto ends_inside = [&line] { return (static_cast<unsigned char>(line.back()) & 0xC0U) == 0x80U; };
      while (line.size() + kCut.size() > longest) {
        while (ends_inside()) line.pop_back();
        line.pop_back();
      }
      return line.append(kCut);
    }
    line += shown;
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

}  // namespace spaceca
