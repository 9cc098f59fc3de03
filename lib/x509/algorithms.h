// What we know of each kind of key. A new one is a row here, and then its signatures in signature.cc.
#pragma once

#include <cstdint>
#include <string_view>

#include <spaceca/bytes.h>
#include <spaceca/key.h>

#include "x509/oids.h"

namespace spaceca::x509 {

enum class Family {
  ecdsa,  // a named curve; our own DER
  rsa,    // two primes; our own DER
  eddsa,  // Ed25519; our own DER
  other,  // known to OpenSSL by name; OpenSSL's DER
};

struct Algorithm {
  std::string_view name;  // ours; RSA's goes on with its size
  Family family;
  const char* openssl_type;  // as EVP_PKEY_is_a and EVP_PKEY_CTX_new_from_name take it
  const der::Oid* oid;       // of the key; of the curve for ECDSA; null where OpenSSL writes it
  int curve;                 // NID, for ECDSA
};

[[nodiscard]] const Algorithm& traits(KeyAlgorithm algorithm);

// By row; RSA of any size that may be read, not only of those that have a name.
[[nodiscard]] KeyAlgorithm rsa_algorithm(std::size_t modulus_bits);
[[nodiscard]] KeyAlgorithm ecdsa_algorithm(ByteView curve_oid);  // throws Errc::policy for a curve that we do not take

// The modulus size in bits; 0 unless RSA.
[[nodiscard]] unsigned rsa_bits(KeyAlgorithm algorithm);

inline constexpr unsigned kSmallestRsa = 2048;
inline constexpr unsigned kLargestRsa = 16384;  // OPENSSL_RSA_MAX_MODULUS_BITS: beyond it OpenSSL computes nothing

}  // namespace spaceca::x509
