// The containers of private keys: PKCS#8, SEC1 and PKCS#1 in, PKCS#8 out. The strict reader decides about the three families that
// we know; the few rarities among their forms, and other algorithms, go to OpenSSL's decoder and its encoder.
#pragma once

#include <optional>
#include <string_view>

#include <spaceca/bytes.h>
#include <spaceca/key.h>

#include "ossl/handles.h"
#include "x509/key_pair.h"

namespace spaceca::x509 {

inline constexpr std::string_view kPrivateKey = "private key";  // for errors

// What stands under a label of PEM.
struct Form {
  std::string_view label;  // "EC PRIVATE KEY"
  std::string_view name;   // "SEC1"
};
// By the tags of the first two values, whatever comes after them; nothing if it is like none. Errc::malformed.
[[nodiscard]] std::optional<Form> form_of(ByteView der);

enum class Container { pkcs8, sec1, pkcs1 };

// The key in one DER container, its halves checked against each other; the PKCS#8 is what openssl would write for it.
// Errc::malformed, mismatch, policy (more than 1 MiB too), unsupported.
[[nodiscard]] KeyPair read_private_key(ByteView der, Container container);

// The same key in the one form that we issue for: an elliptic curve by name, its point uncompressed.
[[nodiscard]] KeyPair in_canonical_form(KeyPair pair);

// PrivateKeyInfo of an elliptic scalar with its uncompressed point (RFC 5915), and of Ed25519 (RFC 8410).
[[nodiscard]] SecretBytes ec_pkcs8(KeyAlgorithm algorithm, ByteView scalar, ByteView point);
[[nodiscard]] SecretBytes ed25519_pkcs8(ByteView seed);

// By OpenSSL's encoders.
[[nodiscard]] KeyPair pair_of(const EVP_PKEY* key, KeyAlgorithm algorithm);

}  // namespace spaceca::x509
