#include "x509/key_maker.h"

#include <array>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rsa.h>

#include <spaceca/error.h>

#include "ossl/check.h"
#include "x509/algorithms.h"
#include "x509/pkcs8.h"
#include "x509/spki.h"

namespace spaceca::x509 {

KeyMaker::KeyMaker(KeyAlgorithm algorithm) : algorithm_(algorithm) {
  const Algorithm& row = traits(algorithm);
  if (!algorithm.available()) {
    throw Error{Errc::unsupported, fmt::format("key algorithm \"{}\": the OpenSSL at hand ({}) does not have it", algorithm.name(),
                                               OpenSSL_version(OPENSSL_VERSION_STRING))};
  }
  if (row.family == Family::ecdsa) {
    curve_.emplace(row.curve);
    return;
  }
  context_.reset(ossl::check(EVP_PKEY_CTX_new_from_name(nullptr, row.openssl_type, nullptr), "prepare key generation"));
  ossl::check(EVP_PKEY_keygen_init(context_.get()), "prepare key generation");
  if (row.family == Family::rsa) {
    ossl::check(EVP_PKEY_CTX_set_rsa_keygen_bits(context_.get(), static_cast<int>(rsa_bits(algorithm))), "set the RSA key size");
  }
}

KeyPair KeyMaker::make() {
  switch (traits(algorithm_).family) {
    case Family::ecdsa: return make_ec();
    case Family::eddsa: return make_ed25519();
    case Family::rsa:
    case Family::other: break;
  }
  EVP_PKEY* made = nullptr;
  ossl::check(EVP_PKEY_generate(context_.get(), &made), "generate a key");
  const ossl::Key key{made};
  return pair_of(key.get(), algorithm_);
}

KeyPair KeyMaker::make_ec() {
  std::array<std::uint8_t, 48> scalar{};
  const std::span<std::uint8_t> used = std::span{scalar}.first(curve_->scalar_size());
  const ByteView point = curve_->generate(random_, used);
  KeyPair pair{.algorithm = algorithm_,
               .pkcs8 = ec_pkcs8(algorithm_, used, point),
               .spki = spki_of(algorithm_, point),
               .key_size = point.size()};
  wipe(scalar.data(), scalar.size());
  return pair;
}

KeyPair KeyMaker::make_ed25519() {
  EVP_PKEY* made = nullptr;
  ossl::check(EVP_PKEY_generate(context_.get(), &made), "generate a key");
  const ossl::Key key{made};
  std::array<std::uint8_t, 32> seed{};
  std::array<std::uint8_t, 32> point{};
  std::size_t size = seed.size();
  ossl::check(EVP_PKEY_get_raw_private_key(key.get(), seed.data(), &size), "read a new key");
  size = point.size();
  ossl::check(EVP_PKEY_get_raw_public_key(key.get(), point.data(), &size), "read a new key");
  KeyPair pair{.algorithm = algorithm_, .pkcs8 = ed25519_pkcs8(seed), .spki = spki_of(algorithm_, point), .key_size = point.size()};
  wipe(seed.data(), seed.size());
  return pair;
}

}  // namespace spaceca::x509
