// Object identifiers, encoded by the compiler.
#pragma once

#include <array>
#include <cstdint>

#include <spaceca/bytes.h>

namespace spaceca::der {

// The content octets of an OBJECT IDENTIFIER (X.690 8.19).
struct Oid {
  std::array<std::uint8_t, 12> storage{};
  std::size_t size = 0;

  [[nodiscard]] constexpr ByteView octets() const noexcept { return ByteView{storage}.first(size); }
};

[[nodiscard]] consteval Oid oid(std::initializer_list<std::uint32_t> arcs) {
  Oid oid;
  const auto put = [&oid](std::uint32_t arc) {
    int groups = 1;
    for (std::uint32_t rest = arc >> 7; rest != 0; rest >>= 7) ++groups;
    while (groups-- > 0) {
      const auto seven = static_cast<std::uint8_t>((arc >> (7 * groups)) & 0x7F);
      oid.storage.at(oid.size++) = static_cast<std::uint8_t>(groups > 0 ? seven | 0x80 : seven);
    }
  };
  const std::uint32_t* arc = arcs.begin();
  put(arc[0] * 40 + arc[1]);
  for (arc += 2; arc != arcs.end(); ++arc) put(*arc);
  return oid;
}

namespace oids {
// Keys and signatures: RFC 3279, 5480, 5758, 8017, 8410.
inline constexpr Oid kRsaEncryption = oid({1, 2, 840, 113549, 1, 1, 1});
inline constexpr Oid kSha256WithRsa = oid({1, 2, 840, 113549, 1, 1, 11});
inline constexpr Oid kEcPublicKey = oid({1, 2, 840, 10045, 2, 1});
inline constexpr Oid kP256 = oid({1, 2, 840, 10045, 3, 1, 7});
inline constexpr Oid kP384 = oid({1, 3, 132, 0, 34});
inline constexpr Oid kEcdsaWithSha256 = oid({1, 2, 840, 10045, 4, 3, 2});
inline constexpr Oid kSha384WithRsa = oid({1, 2, 840, 113549, 1, 1, 12});
inline constexpr Oid kSha512WithRsa = oid({1, 2, 840, 113549, 1, 1, 13});
inline constexpr Oid kEcdsaWithSha512 = oid({1, 2, 840, 10045, 4, 3, 4});
inline constexpr Oid kEcdsaWithSha384 = oid({1, 2, 840, 10045, 4, 3, 3});
inline constexpr Oid kEd25519 = oid({1, 3, 101, 112});
// Names: X.520.
inline constexpr Oid kCommonName = oid({2, 5, 4, 3});
inline constexpr Oid kOrganization = oid({2, 5, 4, 10});
inline constexpr Oid kOrganizationalUnit = oid({2, 5, 4, 11});
// Extensions: RFC 5280 4.2, 5.2, 5.3.
inline constexpr Oid kSubjectKeyIdentifier = oid({2, 5, 29, 14});
inline constexpr Oid kKeyUsage = oid({2, 5, 29, 15});
inline constexpr Oid kSubjectAltName = oid({2, 5, 29, 17});
inline constexpr Oid kBasicConstraints = oid({2, 5, 29, 19});
inline constexpr Oid kCrlNumber = oid({2, 5, 29, 20});
inline constexpr Oid kCrlReason = oid({2, 5, 29, 21});
inline constexpr Oid kCertificateIssuer = oid({2, 5, 29, 29});
inline constexpr Oid kAuthorityKeyIdentifier = oid({2, 5, 29, 35});
inline constexpr Oid kExtendedKeyUsage = oid({2, 5, 29, 37});
inline constexpr Oid kServerAuth = oid({1, 3, 6, 1, 5, 5, 7, 3, 1});
inline constexpr Oid kClientAuth = oid({1, 3, 6, 1, 5, 5, 7, 3, 2});
}  // namespace oids

}  // namespace spaceca::der
