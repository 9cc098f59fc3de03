#include "custody/sealer.h"

#include <span>
#include <utility>

namespace spaceca::custody {

Bytes Sealer::seal(ByteView bound_to, ByteView secret) {
  Bytes sealed(kSealingOctets + secret.size());
  sealed.front() = kFormat;
  const std::span nonce = std::span{sealed}.subspan(1, ossl::AesGcm::kNonceSize);
  nonces_.fill(nonce);
  cipher_.seal(nonce, bound_to, secret, std::span{sealed}.subspan(1 + nonce.size()));
  return sealed;
}

std::optional<SecretBytes> Sealer::open(ByteView bound_to, ByteView sealed) {
  if (sealed.size() < kSealingOctets || sealed.front() != kFormat) return std::nullopt;
  const ByteView nonce = sealed.subspan(1, ossl::AesGcm::kNonceSize);
  SecretBuffer secret(sealed.size() - kSealingOctets);
  if (!cipher_.open(nonce, bound_to, sealed.subspan(1 + nonce.size()), secret)) return std::nullopt;
  return SecretBytes{std::move(secret)};
}

}  // namespace spaceca::custody
