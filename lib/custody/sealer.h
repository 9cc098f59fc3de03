// Secrets under one key, as the store keeps them:
//
//   sealed := format nonce ciphertext tag
//   format := octet 1            another form would have another number
//   nonce  := 12 random octets   so one key seals 2^32 secrets before a repetition is to be feared (NIST SP 800-38D 8.3)
//   ciphertext, tag (16 octets)  of AES-256-GCM
//
// What a sealed secret is bound to goes in as additional data, which begins with the format too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <spaceca/bytes.h>

#include "ossl/aead.h"
#include "ossl/random.h"

namespace spaceca::custody {

inline constexpr std::uint8_t kFormat = 1;
inline constexpr std::size_t kSealingOctets = 1 + ossl::AesGcm::kNonceSize + ossl::AesGcm::kTagSize;  // more than the secret has

// Belongs to one thread at a time.
class Sealer final {
 public:
  explicit Sealer(const SecretBytes& key) : cipher_(key.reveal()) {}

  [[nodiscard]] Bytes seal(ByteView bound_to, ByteView secret);
  // Nothing if it was sealed by another key, bound to something else, or is damaged.
  [[nodiscard]] std::optional<SecretBytes> open(ByteView bound_to, ByteView sealed);

 private:
  ossl::AesGcm cipher_;
  ossl::RandomPool nonces_;
};

}  // namespace spaceca::custody
