// A key service in a few lines, that can be told to misbehave: what stands behind a Signer when the key is elsewhere.
#pragma once

#include <string>

#include <spaceca/issuer.h>

namespace spaceca::test {

class SigningService final : public Signer {
 public:
  enum class Manner {
    honest,
    flips_a_bit,    // in the signature
    sends_nothing,  // no octets
    fails,          // throws
    repeats,        // itself: asked for a digest again it gives the same signature, as ECDSA without a fresh nonce does (RFC 6979)
    never_fits,     // gives ECDSA signatures of any length but the usual one
  };

  // With a key of tests/data/keys/good.
  explicit SigningService(const std::string& vector);

  [[nodiscard]] const PublicKey& public_key() const override { return key_.public_key(); }
  [[nodiscard]] Bytes sign(const SignatureInput& input) const override;

  Manner manner = Manner::honest;
  // What it was asked last, and how often.
  mutable std::string last_algorithm;
  mutable std::size_t last_size = 0;
  mutable int asked = 0;

 private:
  [[nodiscard]] Bytes signature_of(const SignatureInput& input) const;

  PrivateKey key_;
  mutable Bytes last_digest_;
  mutable Bytes last_signature_;
};

}  // namespace spaceca::test
