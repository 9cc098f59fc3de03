#include <algorithm>

#include <fmt/format.h>

#include <spaceca/certificate.h>
#include <spaceca/error.h>

#include "base/hex.h"
#include "base/printable.h"
#include "ossl/random.h"

namespace spaceca {
namespace {

[[noreturn]] void refuse(std::string_view text) {
  throw Error{Errc::invalid_argument,
              fmt::format("serial \"{}\": give hexadecimal digits (01AB.., 01:AB:.., 0x1ab..) or a decimal number, "
                          "positive and of 20 octets at most",
                          printable(text))};
}

Bytes octets_of_hex(std::string_view text) {
  std::string digits;
  bool colon_allowed = false;
  for (const char c : text) {
    if (c == ':' && colon_allowed) {
      colon_allowed = false;
      continue;
    }
    if (!hex_value(c)) refuse(text);
    digits += c;
    colon_allowed = true;
  }
  if (digits.empty() || !colon_allowed) refuse(text);
  if (digits.size() % 2 != 0) digits.insert(0, 1, '0');
  Bytes octets;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    octets.push_back(static_cast<std::uint8_t>(*hex_value(digits[i]) << 4 | *hex_value(digits[i + 1])));
  }
  return octets;
}

// Schoolbook: times ten plus digit, over a number of fixed size.
Bytes octets_of_decimal(std::string_view text) {
  Bytes octets(Serial::kLongest);
  for (const char c : text) {
    auto carry = static_cast<unsigned>(c - '0');
    for (auto octet = octets.rbegin(); octet != octets.rend(); ++octet) {
      carry += *octet * 10U;
      *octet = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
    if (carry != 0) refuse(text);
  }
  return octets;
}

Bytes octets_of_text(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) return octets_of_hex(text.substr(2));
  const bool digits_alone = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool as_long_as_ours_in_hex = text.size() == 2 * Serial::kOurSize || text.size() == 2 * Serial::kOurSize - 1;
  if (text.empty() || !digits_alone || as_long_as_ours_in_hex) return octets_of_hex(text);
  return octets_of_decimal(text);
}

}  // namespace

Serial Serial::random() {
  std::array<std::uint8_t, kOurSize> octets{};
  do {
    ossl::fill_random(octets);
    octets.front() &= 0x7F;
  } while (octets.front() == 0);
  return Serial{ByteView{octets}};
}

Serial::Serial(ByteView magnitude) {
  while (!magnitude.empty() && magnitude.front() == 0) magnitude = magnitude.subspan(1);
  const bool needs_sign_octet = !magnitude.empty() && magnitude.front() >= 0x80;
  if (magnitude.empty() || magnitude.size() + (needs_sign_octet ? 1 : 0) > kLongest) {
    refuse(hex_of(magnitude.first(std::min<std::size_t>(magnitude.size(), 32)), HexCase::upper));
  }
  size_ = static_cast<std::uint8_t>(magnitude.size());
  std::copy(magnitude.begin(), magnitude.end(), octets_.begin());
}

Serial::Serial(std::string_view text) : Serial(ByteView{octets_of_text(text)}) {}

std::string Serial::hex() const { return hex_of(octets(), HexCase::upper); }

std::string Serial::decimal() const {
  Bytes rest{octets().begin(), octets().end()};
  std::string reversed;
  while (std::any_of(rest.begin(), rest.end(), [](std::uint8_t octet) { return octet != 0; })) {
    unsigned remainder = 0;
    for (std::uint8_t& octet : rest) {
      remainder = remainder << 8 | octet;
      octet = static_cast<std::uint8_t>(remainder / 10);
      remainder %= 10;
    }
    reversed += static_cast<char>('0' + remainder);
  }
  return {reversed.rbegin(), reversed.rend()};
}

}  // namespace spaceca
