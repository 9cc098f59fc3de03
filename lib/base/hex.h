// Octets as hexadecimal digits and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <spaceca/bytes.h>

namespace spaceca {

enum class HexCase { lower, upper };

inline constexpr std::string_view kLowerHexDigits = "0123456789abcdef";
inline constexpr std::string_view kUpperHexDigits = "0123456789ABCDEF";

[[nodiscard]] std::string hex_of(ByteView octets, HexCase digits);

// 0 to 15, or nothing if it is no hexadecimal digit.
[[nodiscard]] std::optional<std::uint8_t> hex_value(char digit);

}  // namespace spaceca
