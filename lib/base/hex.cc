#include "base/hex.h"

namespace spaceca {

std::string hex_of(ByteView octets, HexCase digits) {
  const std::string_view alphabet = digits == HexCase::lower ? kLowerHexDigits : kUpperHexDigits;
  std::string text(octets.size() * 2, '\0');
  auto digit = text.begin();
  for (const std::uint8_t octet : octets) {
    *digit++ = alphabet[octet >> 4];
    *digit++ = alphabet[octet & 0x0F];
  }
  return text;
}

std::optional<std::uint8_t> hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<std::uint8_t>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<std::uint8_t>(digit - 'a' + 10);
  if (digit >= 'A' && digit <= 'F') return static_cast<std::uint8_t>(digit - 'A' + 10);
  return std::nullopt;
}

}  // namespace spaceca
