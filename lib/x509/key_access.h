// The library's own door to the insides of keys: the public header shows none of it.
#pragma once

#include <memory>

#include <spaceca/key.h>

#include "ossl/handles.h"
#include "x509/key_pair.h"

namespace spaceca {

struct PublicKey::Impl {
  KeyAlgorithm algorithm;
  Bytes spki;
  std::size_t key_at;  // where the content of the BIT STRING starts; it goes to the end
};

struct PrivateKey::Impl {
  SecretBytes pkcs8;
  PublicKey public_key;
};

namespace detail {

struct KeyAccess {
  static KeyAlgorithm algorithm(std::uint8_t kind, std::uint16_t bits) { return {kind, bits}; }
  static std::uint8_t kind(KeyAlgorithm algorithm) { return algorithm.kind_; }
  static std::uint16_t bits(KeyAlgorithm algorithm) { return algorithm.bits_; }

  // From what is known to be right: no check.
  static PublicKey public_key(KeyAlgorithm algorithm, Bytes spki, std::size_t key_size);
  static PrivateKey private_key(x509::KeyPair pair);

  static ByteView pkcs8(const PrivateKey& key) { return key.impl_->pkcs8.reveal(); }
};

}  // namespace detail

namespace x509 {

// The key in OpenSSL's form, for signing and for its encoders; owned by the caller.
[[nodiscard]] ossl::Key openssl_key(const PrivateKey& key);
[[nodiscard]] ossl::Key openssl_key(const PublicKey& key);

}  // namespace x509
}  // namespace spaceca
