// Base64 (RFC 4648 section 4), written.
#pragma once

#include <cstddef>
#include <cstdint>

#include <spaceca/bytes.h>

namespace spaceca {

[[nodiscard]] constexpr std::size_t base64_size(std::size_t octets) noexcept { return (octets + 2) / 3 * 4; }

// Writes the characters of `octets`, padded, to `out`, where base64_size() of them have room, and returns where they end. No table
// is indexed by an octet: the cache would show which of a private key's.
std::uint8_t* write_base64(std::uint8_t* out, ByteView octets) noexcept;

// The same without the instructions that not every processor has.
std::uint8_t* write_base64_anywhere(std::uint8_t* out, ByteView octets) noexcept;

}  // namespace spaceca
