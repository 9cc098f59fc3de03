// Signature algorithms of roots, and signing with a key that is here.
#pragma once

#include <memory>
#include <string_view>

#include <spaceca/bytes.h>
#include <spaceca/issuer.h>
#include <spaceca/key.h>

#include "ossl/free_list.h"
#include "ossl/handles.h"
#include "x509/oids.h"

namespace spaceca::x509 {

struct SignatureAlgorithm {
  std::string_view name;  // as SignatureInput gives it
  const char* digest;     // as OpenSSL fetches it; null where the algorithm hashes by itself
  ByteView identifier;    // the AlgorithmIdentifier as DER
};

// The one that a root of this kind signs with. Errc::policy for kinds that no root may have.
[[nodiscard]] const SignatureAlgorithm& signature_algorithm_of(KeyAlgorithm root);

// The size of its signatures: RSA's of any, of ECDSA's about every second one (both numbers in DER, where one octet more or less
// depends on their first bits).
[[nodiscard]] std::size_t usual_signature_size(KeyAlgorithm root);

// Whether `signature` over a digest is the key's. For what a Signer elsewhere returned.
[[nodiscard]] bool verifies(const PublicKey& key, const SignatureAlgorithm& algorithm, ByteView digest, ByteView signature);

// The algorithm with that AlgorithmIdentifier, if it fits the kind of key (ECDSA with SHA-256, 384 or 512, RSA PKCS#1 v1.5 with the
// same, Ed25519); null for others.
[[nodiscard]] const SignatureAlgorithm* signature_algorithm_by(ByteView identifier, KeyAlgorithm key);

// Whether `signature` over a message is the key's.
[[nodiscard]] bool signed_by(const PublicKey& key, const SignatureAlgorithm& algorithm, ByteView message, ByteView signature);

// A Signer over a key in memory; its contexts are kept for reuse.
class KeySigner final : public Signer {
 public:
  explicit KeySigner(PrivateKey key);

  [[nodiscard]] const PublicKey& public_key() const override { return public_key_; }
  [[nodiscard]] Bytes sign(const SignatureInput& input) const override;

 private:
  [[nodiscard]] std::unique_ptr<ossl::KeyContext> make_context() const;

  PublicKey public_key_;
  ossl::Key key_;
  std::size_t signature_size_;  // at most
  mutable ossl::FreeList<ossl::KeyContext> contexts_;
};

}  // namespace spaceca::x509
