#include "x509/algorithms.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/obj_mac.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "ossl/check.h"
#include "ossl/handles.h"
#include "x509/key_access.h"

namespace spaceca {
namespace x509 {
namespace {

constexpr std::uint8_t kP256 = 0;
constexpr std::uint8_t kP384 = 1;
constexpr std::uint8_t kRsa = 2;
constexpr std::uint8_t kEd25519 = 3;

constexpr std::array kAlgorithms = {
    Algorithm{"ecdsa-p256", Family::ecdsa, "EC", &der::oids::kP256, NID_X9_62_prime256v1},
    Algorithm{"ecdsa-p384", Family::ecdsa, "EC", &der::oids::kP384, NID_secp384r1},
    Algorithm{"rsa", Family::rsa, "RSA", &der::oids::kRsaEncryption, NID_undef},
    Algorithm{"ed25519", Family::eddsa, "ED25519", &der::oids::kEd25519, NID_undef},
    Algorithm{"ml-dsa-44", Family::other, "ML-DSA-44", nullptr, NID_undef},
    Algorithm{"ml-dsa-65", Family::other, "ML-DSA-65", nullptr, NID_undef},
    Algorithm{"ml-dsa-87", Family::other, "ML-DSA-87", nullptr, NID_undef},
};

constexpr std::array<std::uint16_t, 3> kNamedRsaSizes = {2048, 3072, 4096};

KeyAlgorithm algorithm_named(std::string_view name) {
  for (std::size_t row = 0; row < kAlgorithms.size(); ++row) {
    if (row != kRsa && kAlgorithms[row].name == name) return detail::KeyAccess::algorithm(static_cast<std::uint8_t>(row), 0);
  }
  for (const std::uint16_t bits : kNamedRsaSizes) {
    if (name == fmt::format("rsa-{}", bits)) return detail::KeyAccess::algorithm(kRsa, bits);
  }
  throw Error{Errc::unsupported,
              fmt::format("key algorithm \"{}\": there is no such kind; use ecdsa-p256, ecdsa-p384, rsa-2048, rsa-3072, rsa-4096, "
                          "ed25519, ml-dsa-44, ml-dsa-65 or ml-dsa-87",
                          printable(name))};
}

}  // namespace

const Algorithm& traits(KeyAlgorithm algorithm) { return kAlgorithms[detail::KeyAccess::kind(algorithm)]; }

KeyAlgorithm rsa_algorithm(std::size_t modulus_bits) {
  return detail::KeyAccess::algorithm(kRsa, static_cast<std::uint16_t>(modulus_bits));
}

KeyAlgorithm ecdsa_algorithm(ByteView curve_oid) {
  for (const std::uint8_t row : {kP256, kP384}) {
    if (std::ranges::equal(curve_oid, kAlgorithms[row].oid->octets())) return detail::KeyAccess::algorithm(row, 0);
  }
  throw Error{Errc::policy, "elliptic curve key: its curve is neither P-256 nor P-384, the two that are taken"};
}

unsigned rsa_bits(KeyAlgorithm algorithm) { return detail::KeyAccess::bits(algorithm); }

}  // namespace x509

KeyAlgorithm::KeyAlgorithm(std::string_view name) : KeyAlgorithm(x509::algorithm_named(name)) {}

KeyAlgorithm KeyAlgorithm::ecdsa_p256() { return {x509::kP256, 0}; }
KeyAlgorithm KeyAlgorithm::ecdsa_p384() { return {x509::kP384, 0}; }
KeyAlgorithm KeyAlgorithm::rsa_2048() { return {x509::kRsa, 2048}; }
KeyAlgorithm KeyAlgorithm::rsa_3072() { return {x509::kRsa, 3072}; }
KeyAlgorithm KeyAlgorithm::rsa_4096() { return {x509::kRsa, 4096}; }
KeyAlgorithm KeyAlgorithm::ed25519() { return {x509::kEd25519, 0}; }

std::string KeyAlgorithm::name() const {
  const auto& row = x509::traits(*this);
  return row.family == x509::Family::rsa ? fmt::format("{}-{}", row.name, bits_) : std::string{row.name};
}

bool KeyAlgorithm::available() const {
  const ossl::QuietErrors quiet;
  const ossl::KeyContext context{EVP_PKEY_CTX_new_from_name(nullptr, x509::traits(*this).openssl_type, nullptr)};
  return context != nullptr && EVP_PKEY_keygen_init(context.get()) == 1;
}

}  // namespace spaceca
