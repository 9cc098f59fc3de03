// Makes keys of one kind, with everything that can be kept between two keys kept. Belongs to one thread at a time.
#pragma once

#include <optional>

#include <spaceca/key.h>

#include "ossl/ec_curve.h"
#include "ossl/handles.h"
#include "ossl/random.h"
#include "x509/key_pair.h"

namespace spaceca::x509 {

class KeyMaker final {
 public:
  // Errc::unsupported, by name, if the OpenSSL at hand lacks the kind.
  explicit KeyMaker(KeyAlgorithm algorithm);

  [[nodiscard]] KeyAlgorithm algorithm() const noexcept { return algorithm_; }
  [[nodiscard]] KeyPair make();

 private:
  [[nodiscard]] KeyPair make_ec();
  [[nodiscard]] KeyPair make_ed25519();

  KeyAlgorithm algorithm_;
  std::optional<ossl::EcCurve> curve_;  // ECDSA
  ossl::SecretRandomPool random_;       // for its scalars
  ossl::KeyContext context_;            // every other kind
};

}  // namespace spaceca::x509
