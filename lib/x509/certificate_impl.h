// The insides of a Certificate, and the reader that fills them.
#pragma once

#include <openssl/types.h>

#include <spaceca/certificate.h>

#include "x509/der_reader.h"

namespace spaceca {

struct Certificate::Impl {
  Bytes der;
  Serial serial;
  Validity validity;
  PublicKey public_key;
  // All borrowed from der.
  ByteView subject;
  ByteView issuer;
  ByteView signature_algorithm;  // the AlgorithmIdentifier
  ByteView subject_key_identifier;
  ByteView authority_key_identifier;
  std::uint8_t key_usage;  // the first octet of the BIT STRING, most significant bit first; 0 if it is not there
  bool is_ca;
};

namespace x509 {

// Bits of keyUsage's first octet (RFC 5280 4.2.1.3).
inline constexpr std::uint8_t kDigitalSignature = 0x80;
inline constexpr std::uint8_t kKeyEncipherment = 0x20;
inline constexpr std::uint8_t kKeyCertSign = 0x04;
inline constexpr std::uint8_t kCrlSign = 0x02;

// Reads DER that we wrote ourselves, or that OpenSSL has accepted. `public_key` is the one inside, if the caller has it in hand: it
// is not checked again. `by_openssl` is OpenSSL's reading of a stranger's, whose word counts on extensions.
[[nodiscard]] Certificate read_certificate(Bytes der, const PublicKey* public_key = nullptr, const X509* by_openssl = nullptr);

// The serial number that comes next, of a certificate or in a list: positive, of 20 octets at most (RFC 5280 4.1.2.2), or
// Errc::malformed.
[[nodiscard]] Serial read_serial(der::Reader& from);

// A Name as RFC 2253 text, which must be one that OpenSSL has accepted. UTF-8 stays as it is, or each of its octets becomes \XX.
enum class NonAscii { kept, escaped };
[[nodiscard]] std::string rfc2253(ByteView name, NonAscii non_ascii = NonAscii::kept);

}  // namespace x509
}  // namespace spaceca
