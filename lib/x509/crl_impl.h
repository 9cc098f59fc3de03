// The insides of a Crl, and the reader that fills them.
#pragma once

#include <spaceca/crl.h>

namespace spaceca {

struct Crl::Impl {
  Bytes der;
  std::optional<std::uint64_t> number;
  Instant this_update;
  std::optional<Instant> next_update;
  // Borrowed from der.
  ByteView issuer;
  ByteView authority_key_identifier;
  std::vector<RevokedEntry> entries;  // by serial
};

namespace x509 {

inline constexpr std::string_view kCrlLabel = "X509 CRL";  // RFC 7468 6

// Reads DER that we wrote ourselves, or that OpenSSL has accepted.
[[nodiscard]] Crl read_crl(Bytes der);

// By its signature alone, whatever name it bears.
[[nodiscard]] bool is_signed_by(const Crl& crl, const Certificate& root);

}  // namespace x509
}  // namespace spaceca
