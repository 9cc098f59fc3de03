#include "base/printable.h"

#include <algorithm>

#include <fmt/format.h>

namespace spaceca {

std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  std::string shown;
  for (const char c : text.substr(0, kLongest)) {
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
      shown += c;
    } else {
      shown += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
    }
  }
  if (text.size() > kLongest) shown += "...";
  return shown;
}

bool is_printable_ascii(ByteView octets) {
  return std::all_of(octets.begin(), octets.end(), [](std::uint8_t c) { return c >= 0x20 && c <= 0x7E; });
}

}  // namespace spaceca
