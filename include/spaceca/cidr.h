// Blocks of IP addresses, as an allow-list holds them: one parser, one text form. Values: as safe between threads as int is.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include <spaceca/bytes.h>
#include <spaceca/export.h>

namespace spaceca {

// An address and a prefix length in CIDR notation (RFC 4632 3.1 for IPv4, RFC 4291 2.3 for IPv6). What two people write for one
// block becomes one value and one text; what could be read in two ways is refused. The families never meet: 0.0.0.0/0 is every IPv4
// address and no IPv6 one, ::/0 the other way round, and an IPv4 address in IPv6 clothes (::ffff:192.0.2.1) is refused.
class SPACECA_EXPORT Cidr final {
 public:
  enum class Family : std::uint8_t { ipv4, ipv6 };

  // "192.0.2.0/24", "2001:db8::/32"; an address alone is a block of one. IPv4 is four decimal numbers without leading zeros, IPv6
  // any form of RFC 4291 2.2. Errc::invalid_argument for all else, saying what would be right: bits set behind the prefix
  // (1.2.3.4/24), a prefix beyond the family's, a mask in place of the prefix, zones, ports, brackets, blanks, signs, leading
  // zeros.
  explicit Cidr(std::string_view text);

  // As inet_ntop writes the address, a slash, the prefix length, also for a block of one.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] Family family() const noexcept { return family_; }
  [[nodiscard]] unsigned prefix_length() const noexcept { return prefix_length_; }
  // Of the first address, in network order: 4 or 16, borrowed from this object.
  [[nodiscard]] ByteView octets() const noexcept { return ByteView{octets_}.first(family_ == Family::ipv4 ? 4 : 16); }

  // 0.0.0.0/0 or ::/0: everybody, of one family.
  [[nodiscard]] bool is_any() const noexcept { return prefix_length_ == 0; }
  // Whether the address, in a form that the constructor takes but without a prefix, lies in the block; one of the other family does
  // not. Errc::invalid_argument if it is no address.
  [[nodiscard]] bool contains(std::string_view address) const;
  // Whether every address of `other` lies in this block; a block contains itself.
  [[nodiscard]] bool contains(const Cidr& other) const noexcept;
  // Whether an address lies in both. Two blocks are apart or one contains the other.
  [[nodiscard]] bool overlaps(const Cidr& other) const noexcept;

  // IPv4 first, then by the first address, then the larger block: a block stands before those that it contains.
  friend auto operator<=>(const Cidr&, const Cidr&) = default;

 private:
  Family family_;
  std::array<std::uint8_t, 16> octets_;  // of IPv4 the first four, the others 0
  std::uint8_t prefix_length_;
};

}  // namespace spaceca
