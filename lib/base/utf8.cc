#include "base/utf8.h"

namespace spaceca {
namespace {

struct Lead {
  int followers;
  char32_t bits;
  char32_t smallest;  // below it the form is overlong
};

std::optional<Lead> lead_of(unsigned char byte) {
  if (byte < 0x80) return Lead{0, byte, 0};
  if (byte >= 0xC0 && byte < 0xE0) return Lead{1, byte & 0x1FU, 0x80};
  if (byte >= 0xE0 && byte < 0xF0) return Lead{2, byte & 0x0FU, 0x800};
  if (byte >= 0xF0 && byte < 0xF8) return Lead{3, byte & 0x07U, 0x10000};
  return std::nullopt;
}

}  // namespace

std::optional<char32_t> next_utf8(std::string_view& rest) {
  const auto lead = lead_of(static_cast<unsigned char>(rest.front()));
  if (!lead || rest.size() <= static_cast<std::size_t>(lead->followers)) return std::nullopt;
  char32_t character = lead->bits;
  for (int i = 1; i <= lead->followers; ++i) {
    const auto byte = static_cast<unsigned char>(rest[static_cast<std::size_t>(i)]);
    if ((byte & 0xC0U) != 0x80) return std::nullopt;
    character = (character << 6) | (byte & 0x3FU);
  }
  const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
  if (character < lead->smallest || character > 0x10FFFF || surrogate) return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(lead->followers) + 1);
  return character;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    if (!next_utf8(text)) return false;
  }
  return true;
}

}  // namespace spaceca
