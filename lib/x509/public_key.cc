#include <spaceca/key.h>

#include <algorithm>
#include <array>
#include <bit>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/objects.h>
#include <openssl/params.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "ossl/check.h"
#include "ossl/ec_curve.h"
#include "ossl/encode.h"
#include "ossl/handles.h"
#include "x509/algorithms.h"
#include "x509/der.h"
#include "x509/der_reader.h"
#include "x509/key_access.h"
#include "x509/pem.h"
#include "x509/spki.h"

namespace spaceca {
namespace x509 {
namespace {

constexpr std::string_view kPublicKey = "public key";

PublicKey read_ec(der::Reader& algorithm_id, ByteView spki, ByteView point) {
  if (!algorithm_id.next_is(der::Tag::object_identifier)) {
    throw Error{Errc::policy, "public key: its curve is not given by name (RFC 5480 2.1.1)"};
  }
  const KeyAlgorithm algorithm = ecdsa_algorithm(algorithm_id.read(der::Tag::object_identifier));
  algorithm_id.expect_end();
  ossl::EcCurve curve{traits(algorithm).curve};
  if (!curve.holds(point)) {
    throw Error{Errc::malformed, fmt::format("public key: is no uncompressed point of {}", algorithm.name())};
  }
  return detail::KeyAccess::public_key(algorithm, Bytes{spki.begin(), spki.end()}, point.size());
}

PublicKey read_rsa(der::Reader& algorithm_id, ByteView spki, ByteView key) {
  algorithm_id.expect_null();
  algorithm_id.expect_end();
  der::Reader whole{key, kPublicKey};
  der::Reader numbers = whole.enter(der::Tag::sequence);
  whole.expect_end();
  const ByteView modulus = numbers.unsigned_integer();
  const ByteView exponent = numbers.unsigned_integer();
  numbers.expect_end();
  return detail::KeyAccess::public_key(checked_rsa(modulus, exponent, kPublicKey), Bytes{spki.begin(), spki.end()}, key.size());
}

PublicKey read_ed25519(der::Reader& algorithm_id, ByteView spki, ByteView key) {
  algorithm_id.expect_end();
  if (key.size() != 32) throw Error{Errc::malformed, fmt::format("public key: has {} octets, an Ed25519 key has 32", key.size())};
  return detail::KeyAccess::public_key(KeyAlgorithm::ed25519(), Bytes{spki.begin(), spki.end()}, key.size());
}

// Kinds that only OpenSSL knows (ML-DSA from 3.5 on).
PublicKey read_other(ByteView spki, ByteView key) {
  const ossl::QuietErrors quiet;
  const ossl::Key parsed{ossl::decoded(d2i_PUBKEY, EVP_PKEY_free, spki)};
  for (const std::string_view name : {"ml-dsa-44", "ml-dsa-65", "ml-dsa-87"}) {
    const KeyAlgorithm algorithm{name};
    if (parsed != nullptr && EVP_PKEY_is_a(parsed.get(), traits(algorithm).openssl_type) == 1) {
      return detail::KeyAccess::public_key(algorithm, Bytes{spki.begin(), spki.end()}, key.size());
    }
  }
  throw Error{Errc::unsupported, "public key: its algorithm is none of ECDSA, RSA and Ed25519, nor another that is known here"};
}

ossl::Key ec_key(const Algorithm& row, ByteView point) {
  // OpenSSL's parameters are not const; it only reads them.
  std::array<char, 16> group{};
  std::string_view{OBJ_nid2sn(row.curve)}.copy(group.data(), group.size() - 1);
  Bytes octets{point.begin(), point.end()};
  const std::array<OSSL_PARAM, 3> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets.data(), octets.size()), OSSL_PARAM_construct_end()};
  const ossl::KeyContext context{ossl::check(EVP_PKEY_CTX_new_from_name(nullptr, row.openssl_type, nullptr), "load a public key")};
  EVP_PKEY* made = nullptr;
  ossl::check(EVP_PKEY_fromdata_init(context.get()), "load a public key");
  ossl::check(EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(parameters.data())),
              "load a public key");
  return ossl::Key{made};
}

}  // namespace

Bytes spki_of(KeyAlgorithm algorithm, ByteView key_octets) {
  const Algorithm& row = traits(algorithm);
  der::Writer w{key_octets.size() + 32};
  w.sequence([&] {
    w.sequence([&] {
      if (row.family == Family::ecdsa) w.object(der::oids::kEcPublicKey);
      w.object(*row.oid);
      if (row.family == Family::rsa) w.null();
    });
    w.bit_string([&] { w.raw(key_octets); });
  });
  return w.take();
}

Bytes rsa_public_key(ByteView modulus, ByteView exponent) {
  der::Writer w{modulus.size() + 16};
  w.sequence([&] {
    w.integer(modulus);
    w.integer(exponent);
  });
  return w.take();
}

KeyAlgorithm checked_rsa(ByteView modulus, ByteView exponent, std::string_view what) {
  const std::size_t bits = modulus.size() * 8 - static_cast<std::size_t>(std::countl_zero(modulus.front()));
  if (bits < kSmallestRsa) throw Error{Errc::policy, fmt::format("{}: RSA of {} bits; the least is {}", what, bits, kSmallestRsa)};
  if (bits > kLargestRsa) throw Error{Errc::policy, fmt::format("{}: RSA of {} bits; the most is {}", what, bits, kLargestRsa)};
  if (modulus.back() % 2 == 0) throw Error{Errc::malformed, fmt::format("{}: has an even RSA modulus", what)};
  const bool too_small = exponent.size() == 1 && exponent.front() < 3;
  if (exponent.back() % 2 == 0 || too_small || exponent.size() > modulus.size()) {
    throw Error{Errc::malformed, fmt::format("{}: has an RSA exponent that is even, 1 or too large", what)};
  }
  return rsa_algorithm(bits);
}

}  // namespace x509

PublicKey PublicKey::from_spki_der(ByteView der) {
  der::Reader outer{der, x509::kPublicKey};
  der::Reader spki = outer.enter(der::Tag::sequence);
  outer.expect_end();
  der::Reader algorithm_id = spki.enter(der::Tag::sequence);
  const ByteView key = spki.octet_bits();
  spki.expect_end();

  const ByteView oid = algorithm_id.read(der::Tag::object_identifier);
  if (std::ranges::equal(oid, der::oids::kEcPublicKey.octets())) return x509::read_ec(algorithm_id, der, key);
  if (std::ranges::equal(oid, der::oids::kRsaEncryption.octets())) return x509::read_rsa(algorithm_id, der, key);
  if (std::ranges::equal(oid, der::oids::kEd25519.octets())) return x509::read_ed25519(algorithm_id, der, key);
  return x509::read_other(der, key);
}

PublicKey PublicKey::from_pem(std::string_view pem) {
  const auto blocks = x509::pem_blocks(pem, x509::kPublicKey);
  if (blocks.size() != 1 || blocks.front().label != "PUBLIC KEY") {
    throw Error{Errc::malformed, "public key: the text must hold one PEM block, BEGIN PUBLIC KEY"};
  }
  return from_spki_der(x509::decoded(blocks.front(), x509::kPublicKey).reveal());
}

KeyAlgorithm PublicKey::algorithm() const { return impl_->algorithm; }
ByteView PublicKey::spki_der() const { return impl_->spki; }
ByteView PublicKey::key_octets() const { return ByteView{impl_->spki}.subspan(impl_->key_at); }

bool operator==(const PublicKey& a, const PublicKey& b) { return a.impl_->spki == b.impl_->spki; }

PublicKey detail::KeyAccess::public_key(KeyAlgorithm algorithm, Bytes spki, std::size_t key_size) {
  const std::size_t key_at = spki.size() - key_size;
  return PublicKey{std::make_shared<PublicKey::Impl>(PublicKey::Impl{algorithm, std::move(spki), key_at})};
}

// For the kinds whose parts we know, from the parts: OpenSSL 3.0's d2i_PUBKEY tries its decoders one after the other, and costs
// more than a verification.
ossl::Key x509::openssl_key(const PublicKey& key) {
  const x509::Algorithm& row = x509::traits(key.algorithm());
  const ByteView octets = key.key_octets();
  switch (row.family) {
    case x509::Family::ecdsa: return x509::ec_key(row, octets);
    case x509::Family::eddsa:
      return ossl::Key{ossl::check(EVP_PKEY_new_raw_public_key_ex(nullptr, row.openssl_type, nullptr, octets.data(), octets.size()),
                                   "load a public key")};
    case x509::Family::rsa:
    case x509::Family::other: break;
  }
  return ossl::Key{ossl::check(ossl::decoded(d2i_PUBKEY, EVP_PKEY_free, key.spki_der()), "load a public key")};
}

}  // namespace spaceca
