// SubjectPublicKeyInfo, written and read (RFC 5280 4.1.2.7; RFC 3279, 5480, 8410).
#pragma once

#include <spaceca/bytes.h>
#include <spaceca/key.h>

namespace spaceca::x509 {

// An uncompressed point, or Ed25519's 32 octets.
[[nodiscard]] Bytes spki_of(KeyAlgorithm algorithm, ByteView key_octets);

// An RSAPublicKey from its two numbers.
[[nodiscard]] Bytes rsa_public_key(ByteView modulus, ByteView exponent);

// Where the rules for RSA numbers are: Errc::policy under 2048 bits, malformed for an even or too small number. Returns the kind.
[[nodiscard]] KeyAlgorithm checked_rsa(ByteView modulus, ByteView exponent, std::string_view what);

}  // namespace spaceca::x509
