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
  std::string_view name;       // as SignatureInput gives it
  const char* digest;          // as OpenSSL fetches it
  ByteView identifier;         // the AlgorithmIdentifier as DER
};

// The one that a root of this kind signs with. Errc::policy for kinds that no root may have.
[[nodiscard]] const SignatureAlgorithm& signature_algorithm_of(KeyAlgorithm root);

// Whether `signature` over a digest is the key's. For what a Signer elsewhere returned.
[[nodiscard]] bool verifies(const PublicKey& key, const SignatureAlgorithm& algorithm, ByteView digest, ByteView signature);

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
