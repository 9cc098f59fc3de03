#include "x509/pkcs8.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "ossl/check.h"
#include "ossl/ec_curve.h"
#include "ossl/encode.h"
#include "x509/algorithms.h"
#include "x509/der.h"
#include "x509/der_reader.h"
#include "x509/pem.h"
#include "x509/rsa_check.h"
#include "x509/spki.h"

namespace spaceca::x509 {
namespace {

using der::Tag;

[[noreturn]] void halves_differ() { throw Error{Errc::mismatch, "private key: its public half is not that of its private half"}; }

template <class PrivateKey>
SecretBytes private_key_info(const der::Oid& algorithm, std::size_t size, bool null_parameters, const der::Oid* curve,
                             PrivateKey&& private_key) {
  der::SecretWriter w{size + 64};
  w.sequence([&] {
    w.small_integer(0);
    w.sequence([&] {
      w.object(algorithm);
      if (curve != nullptr) w.object(*curve);
      if (null_parameters) w.null();
    });
    w.nest(Tag::octet_string, [&] { private_key(w); });
  });
  return SecretBytes{w.take()};
}

// --- forms for OpenSSL ---

// What OpenSSL makes of the octets, if it is a kind of ours and whole. Only kinds whose numbers have a length of their own come
// here: of DSA and of RSA a stranger chooses it, and OpenSSL computes with what he chose for as long as that takes.
KeyPair read_by_openssl(ByteView whole, Container container) {
  const ossl::QuietErrors quiet;
  const unsigned char* in = whole.data();
  const auto size = static_cast<long>(whole.size());
  const ossl::Key key{container == Container::sec1 ? d2i_PrivateKey(EVP_PKEY_EC, nullptr, &in, size)
                                                   : d2i_AutoPrivateKey(nullptr, &in, size)};
  if (key == nullptr) throw Error{Errc::unsupported, "private key: of an algorithm or in a form that OpenSSL does not read either"};
  if (in != whole.data() + whole.size()) throw Error{Errc::malformed, "private key: has octets after its end"};

  const auto checked = [&](KeyAlgorithm algorithm) {
    const ossl::KeyContext context{ossl::check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr), "check a private key")};
    if (EVP_PKEY_pairwise_check(context.get()) != 1) halves_differ();
    return pair_of(key.get(), algorithm);
  };
  if (EVP_PKEY_is_a(key.get(), "EC") == 1) {
    std::array<char, 32> group{};
    EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), nullptr);
    for (const KeyAlgorithm algorithm : {KeyAlgorithm::ecdsa_p256(), KeyAlgorithm::ecdsa_p384()}) {
      if (group.data() != std::string_view{OBJ_nid2sn(traits(algorithm).curve)}) continue;
      KeyPair pair = checked(algorithm);
      pair.canonical = false;
      return pair;
    }
    throw Error{Errc::policy, "elliptic curve key: its curve is neither P-256 nor P-384, the two that are taken"};
  }
  for (const std::string_view name : {"ml-dsa-44", "ml-dsa-65", "ml-dsa-87"}) {
    const KeyAlgorithm algorithm{name};
    if (EVP_PKEY_is_a(key.get(), traits(algorithm).openssl_type) == 1) return checked(algorithm);
  }
  throw Error{Errc::unsupported, "private key: of another algorithm than it says"};
}

bool is_ml_dsa(ByteView algorithm) {
  constexpr std::array kSizes = {der::oid({2, 16, 840, 1, 101, 3, 4, 3, 17}), der::oid({2, 16, 840, 1, 101, 3, 4, 3, 18}),
                                 der::oid({2, 16, 840, 1, 101, 3, 4, 3, 19})};
  return std::ranges::any_of(kSizes, [algorithm](const der::Oid& oid) { return std::ranges::equal(algorithm, oid.octets()); });
}

// By OpenSSL's word for it, or in numbers.
std::string kind_named(ByteView algorithm) {
  const ossl::QuietErrors quiet;
  der::Writer w{algorithm.size() + 8};
  w.value(Tag::object_identifier, algorithm);
  const ossl::Object object{ossl::decoded(d2i_ASN1_OBJECT, ASN1_OBJECT_free, w.take())};
  std::array<char, 64> text{};
  if (object == nullptr || OBJ_obj2txt(text.data(), text.size(), object.get(), 0) <= 0) return "unknown";
  return text.data();
}

// --- elliptic curves ---

// ECPrivateKey (RFC 5915 3). `curve` is what PKCS#8 named around it; without it the key must name its own.
struct EcKey {
  KeyAlgorithm algorithm;
  ByteView scalar;
  ByteView point;  // empty if it is not there
  bool usual;      // otherwise it is for OpenSSL: a compressed point, or a curve spelled out
};

EcKey parse_ec(ByteView der, ByteView curve) {
  der::Reader outer{der, kPrivateKey};
  der::Reader key = outer.enter(Tag::sequence);
  outer.expect_end();
  if (const auto version = key.small_integer(); version != 1) {
    key.refuse(fmt::format("is an ECPrivateKey of version {}, not 1", version));
  }
  const ByteView scalar = key.read(Tag::octet_string);
  bool spelled_out = false;
  if (key.next_is(der::context_constructed(0))) {
    der::Reader parameters = key.enter(der::context_constructed(0));
    if (parameters.next_is(Tag::object_identifier)) {
      const ByteView own = parameters.read(Tag::object_identifier);
      if (!curve.empty() && !std::ranges::equal(own, curve)) key.refuse("names two different curves");
      curve = own;
    } else {
      static_cast<void>(parameters.read(Tag::sequence));
      spelled_out = true;
    }
    parameters.expect_end();
  }
  ByteView point;
  if (key.next_is(der::context_constructed(1))) {
    der::Reader public_key = key.enter(der::context_constructed(1));
    point = public_key.octet_bits();
    public_key.expect_end();
    if (point.empty()) key.refuse("has an empty public key");
  }
  key.expect_end();
  const bool hybrid = !point.empty() && (point.front() == 6 || point.front() == 7);
  if (hybrid) key.refuse("has its public key in the hybrid form, which must not be used (RFC 5480 2.2)");
  if (spelled_out) return {KeyAlgorithm::ecdsa_p256(), scalar, point, false};
  if (curve.empty()) key.refuse("names no curve");
  const bool compressed = !point.empty() && (point.front() == 2 || point.front() == 3);
  return {ecdsa_algorithm(curve), scalar, point, !compressed};
}

KeyPair pair_of_ec(const EcKey& key, ByteView second_point = {}) {
  ossl::EcCurve curve{traits(key.algorithm).curve};
  // Some writers drop leading zeros, some add one; openssl writes the full width.
  ByteView scalar = key.scalar;
  while (scalar.size() > curve.scalar_size() && scalar.front() == 0) scalar = scalar.subspan(1);
  if (scalar.empty() || scalar.size() > curve.scalar_size()) {
    throw Error{Errc::malformed, fmt::format("private key: its secret number has {} octets; {} has {}", key.scalar.size(),
                                             key.algorithm.name(), curve.scalar_size())};
  }
  const auto point = curve.public_point(scalar);
  if (!point) throw Error{Errc::malformed, "private key: its secret number is 0, or not below the order of the curve"};
  if (!key.point.empty() && !std::ranges::equal(key.point, *point)) halves_differ();
  if (!second_point.empty() && !std::ranges::equal(second_point, *point)) halves_differ();

  SecretBuffer padded(curve.scalar_size() - scalar.size());
  padded.insert(padded.end(), scalar.begin(), scalar.end());
  const bool has_point = !key.point.empty();  // openssl adds none
  return {.algorithm = key.algorithm,
          .pkcs8 = ec_pkcs8(key.algorithm, padded, has_point ? *point : ByteView{}),
          .spki = spki_of(key.algorithm, *point),
          .key_size = point->size(),
          .canonical = has_point};
}

// --- RSA ---

// OtherPrimeInfos (RFC 8017 A.1.2). OpenSSL takes no more primes with a modulus of that length (rsa_mp.c).
std::vector<RsaOtherPrime> read_other_primes(der::Reader& key, unsigned modulus_bits) {
  const std::size_t most = modulus_bits < 4096 ? 3 : modulus_bits < 8192 ? 4 : 5;
  std::vector<RsaOtherPrime> others;
  for (der::Reader list = key.enter(Tag::sequence); !list.at_end();) {
    if (others.size() + 2 == most) {
      throw Error{Errc::policy, fmt::format("private key: RSA of {} bits and more than {} primes, the most that OpenSSL takes",
                                            modulus_bits, most)};
    }
    der::Reader other = list.enter(Tag::sequence);
    const ByteView prime = other.unsigned_integer();
    const ByteView exponent = other.unsigned_integer();
    others.push_back({.prime = prime, .exponent = exponent, .coefficient = other.unsigned_integer()});
    other.expect_end();
  }
  return others;
}

// RSAPrivateKey (RFC 8017 A.1.2).
KeyPair pair_of_rsa(ByteView der) {
  der::Reader outer{der, kPrivateKey};
  der::Reader key = outer.enter(Tag::sequence);
  outer.expect_end();
  const auto version = key.small_integer();
  if (version > 1) key.refuse(fmt::format("is an RSAPrivateKey of version {}, not 0", version));
  RsaNumbers numbers{};
  for (ByteView RsaNumbers::*number :
       {&RsaNumbers::modulus, &RsaNumbers::public_exponent, &RsaNumbers::private_exponent, &RsaNumbers::prime1, &RsaNumbers::prime2,
        &RsaNumbers::exponent1, &RsaNumbers::exponent2, &RsaNumbers::coefficient}) {
    numbers.*number = key.unsigned_integer();
  }
  const KeyAlgorithm algorithm = checked_rsa(numbers.modulus, numbers.public_exponent, kPrivateKey);
  if (version == 1) {
    if (key.next_is(Tag::sequence)) numbers.others = read_other_primes(key, rsa_bits(algorithm));
    if (numbers.others.empty()) key.refuse("claims more than two primes and has two");
  }
  key.expect_end();
  if (!belong_together(numbers)) halves_differ();

  SecretBytes pkcs8 = private_key_info(der::oids::kRsaEncryption, der.size(), true, nullptr, [&](auto& w) { w.raw(der); });
  const Bytes public_key = rsa_public_key(numbers.modulus, numbers.public_exponent);
  return {.algorithm = algorithm, .pkcs8 = std::move(pkcs8), .spki = spki_of(algorithm, public_key), .key_size = public_key.size()};
}

// --- Ed25519 ---

KeyPair pair_of_ed25519(ByteView curve_private_key, ByteView claimed) {
  der::Reader inner{curve_private_key, kPrivateKey};
  const ByteView seed = inner.read(Tag::octet_string);  // CurvePrivateKey (RFC 8410 7)
  inner.expect_end();
  if (seed.size() != 32) {
    throw Error{Errc::malformed, fmt::format("private key: has {} octets; an Ed25519 key has 32", seed.size())};
  }
  const ossl::Key key{
      ossl::check(EVP_PKEY_new_raw_private_key_ex(nullptr, "ED25519", nullptr, seed.data(), seed.size()), "read an Ed25519 key")};
  std::array<std::uint8_t, 32> point{};
  std::size_t size = point.size();
  ossl::check(EVP_PKEY_get_raw_public_key(key.get(), point.data(), &size), "compute an Ed25519 public key");
  if (!claimed.empty() && !std::ranges::equal(claimed, point)) halves_differ();
  return {.algorithm = KeyAlgorithm::ed25519(),
          .pkcs8 = ed25519_pkcs8(seed),
          .spki = spki_of(KeyAlgorithm::ed25519(), point),
          .key_size = point.size()};
}

// --- PKCS#8 ---

// An Attribute says nothing about the key, but a key whose attributes OpenSSL cannot read is one that it does not read at all.
void check_attribute(ByteView attribute) {
  const ossl::QuietErrors quiet;
  const ossl::Attribute parsed{ossl::decoded(d2i_X509_ATTRIBUTE, X509_ATTRIBUTE_free, attribute)};
  if (parsed == nullptr) throw Error{Errc::malformed, "private key: has an attribute that OpenSSL cannot read (RFC 5958 2)"};
}

// publicKey [1], which is there in version 2 and in no other; empty in version 1.
ByteView read_public_key_field(der::Reader& info, unsigned version) {
  if (!info.next_is(der::context(1))) {
    if (version == 1) info.refuse("is PKCS#8 version 2 without the public key that this version is for (RFC 5958 2)");
    return {};
  }
  if (version == 0) info.refuse("carries a public key, which only PKCS#8 version 2 may (RFC 5958 2)");
  const ByteView bits = info.read(der::context(1));
  if (bits.size() < 2 || bits.front() != 0) info.refuse("has a public key that is not whole octets");
  return bits.subspan(1);
}

// OneAsymmetricKey (RFC 5958 2): version 1 (written 0), or 2 (written 1) with the public key.
KeyPair read_pkcs8(ByteView whole) {
  der::Reader outer{whole, kPrivateKey};
  der::Reader info = outer.enter(Tag::sequence);
  outer.expect_end();
  const auto version = info.small_integer();
  if (version > 1) info.refuse(fmt::format("is PKCS#8 with version {}; 0 and 1 are known", version));
  der::Reader algorithm_id = info.enter(Tag::sequence);
  const ByteView private_key = info.read(Tag::octet_string);
  if (info.next_is(der::context_constructed(0))) {
    for (der::Reader attributes = info.enter(der::context_constructed(0)); !attributes.at_end();) {
      check_attribute(attributes.read_whole(Tag::sequence));
    }
  }
  const ByteView public_key = read_public_key_field(info, version);
  info.expect_end();

  const ByteView algorithm = algorithm_id.read(Tag::object_identifier);
  const auto is = [&](const der::Oid& oid) { return std::ranges::equal(algorithm, oid.octets()); };
  if (is(der::oids::kEcPublicKey)) {
    if (algorithm_id.next_is(Tag::sequence)) {  // a curve spelled out
      KeyPair pair = read_by_openssl(whole, Container::pkcs8);
      // OpenSSL does not mind what we do: another version, a hybrid point.
      static_cast<void>(parse_ec(private_key, traits(pair.algorithm).oid->octets()));
      return pair;
    }
    if (!algorithm_id.next_is(Tag::object_identifier)) algorithm_id.refuse("names no curve");
    const ByteView curve = algorithm_id.read(Tag::object_identifier);
    algorithm_id.expect_end();
    static_cast<void>(ecdsa_algorithm(curve));
    const EcKey key = parse_ec(private_key, curve);
    return key.usual ? pair_of_ec(key, public_key) : read_by_openssl(whole, Container::pkcs8);
  }
  if (is(der::oids::kRsaEncryption)) {
    if (!algorithm_id.at_end()) algorithm_id.expect_null();  // some writers leave it out
    algorithm_id.expect_end();
    KeyPair pair = pair_of_rsa(private_key);
    if (!public_key.empty() && !std::ranges::equal(public_key, ByteView{pair.spki}.last(pair.key_size))) halves_differ();
    return pair;
  }
  if (is(der::oids::kEd25519)) {
    algorithm_id.expect_end();
    return pair_of_ed25519(private_key, public_key);
  }
  if (is_ml_dsa(algorithm)) return read_by_openssl(whole, Container::pkcs8);
  throw Error{Errc::unsupported,
              fmt::format("private key: is of kind {}; ECDSA, RSA and Ed25519 are taken", printable(kind_named(algorithm)))};
}

KeyPair read_sec1(ByteView whole) {
  const EcKey key = parse_ec(whole, {});
  return key.usual ? pair_of_ec(key) : read_by_openssl(whole, Container::sec1);
}

}  // namespace

std::optional<Form> form_of(ByteView der) {
  struct Row {
    Form form;
    Tag first, second;
  };
  constexpr std::array kRows = {
      Row{{"PRIVATE KEY", "PKCS#8"}, Tag::integer, Tag::sequence},
      Row{{"EC PRIVATE KEY", "SEC1"}, Tag::integer, Tag::octet_string},
      Row{{"RSA PRIVATE KEY", "PKCS#1"}, Tag::integer, Tag::integer},
      Row{{"ENCRYPTED PRIVATE KEY", "an encrypted PKCS#8"}, Tag::sequence, Tag::octet_string},
      Row{{"PUBLIC KEY", "a public key"}, Tag::sequence, Tag::bit_string},
      Row{{"CERTIFICATE", "a certificate or a request"}, Tag::sequence, Tag::sequence},
  };
  der::Reader outer{der, kPrivateKey};
  if (!outer.next_is(Tag::sequence)) return std::nullopt;
  der::Reader values = outer.enter(Tag::sequence);
  if (values.at_end()) return std::nullopt;
  const Tag first = values.next();
  static_cast<void>(values.read(first));
  if (values.at_end()) return std::nullopt;
  const auto* const row =
      std::ranges::find_if(kRows, [&](const Row& one) { return one.first == first && one.second == values.next(); });
  return row == kRows.end() ? std::nullopt : std::optional{row->form};
}

KeyPair read_private_key(ByteView der, Container container) {
  if (der.size() > kLongestInput) {
    throw Error{Errc::policy, fmt::format("private key: has {} octets, the most is {}", der.size(), kLongestInput)};
  }
  switch (container) {
    case Container::sec1: return read_sec1(der);
    case Container::pkcs1: return pair_of_rsa(der);
    case Container::pkcs8: break;
  }
  return read_pkcs8(der);
}

KeyPair in_canonical_form(KeyPair pair) {
  if (pair.canonical) return pair;
  der::Reader outer{pair.pkcs8.reveal(), kPrivateKey};
  der::Reader info = outer.enter(Tag::sequence);
  static_cast<void>(info.small_integer());
  static_cast<void>(info.read(Tag::sequence));
  EcKey key = parse_ec(info.read(Tag::octet_string), traits(pair.algorithm).oid->octets());
  key.point = {};  // absent, or in another form and checked
  KeyPair named = pair_of_ec(key);
  named.pkcs8 = ec_pkcs8(key.algorithm, key.scalar, ByteView{named.spki}.last(named.key_size));
  named.canonical = true;
  return named;
}

SecretBytes ec_pkcs8(KeyAlgorithm algorithm, ByteView scalar, ByteView point) {
  return private_key_info(der::oids::kEcPublicKey, scalar.size() + point.size(), false, traits(algorithm).oid, [&](auto& w) {
    w.sequence([&] {
      w.small_integer(1);
      w.value(Tag::octet_string, scalar);
      if (!point.empty()) w.nest(der::context_constructed(1), [&] { w.bit_string([&] { w.raw(point); }); });
    });
  });
}

SecretBytes ed25519_pkcs8(ByteView seed) {
  return private_key_info(der::oids::kEd25519, seed.size(), false, nullptr, [&](auto& w) { w.value(Tag::octet_string, seed); });
}

KeyPair pair_of(const EVP_PKEY* key, KeyAlgorithm algorithm) {
  const ossl::Pkcs8 info{ossl::check(EVP_PKEY2PKCS8(key), "write a private key")};
  auto pkcs8 = ossl::encoded<SecretBuffer>(i2d_PKCS8_PRIV_KEY_INFO, info.get(), "write a private key");
  auto spki = ossl::encoded<Bytes>(i2d_PUBKEY, key, "write a public key");
  der::Reader outer{spki, "public key"};
  der::Reader fields = outer.enter(Tag::sequence);
  static_cast<void>(fields.read(Tag::sequence));
  const std::size_t key_size = fields.octet_bits().size();
  return {.algorithm = algorithm, .pkcs8 = SecretBytes{std::move(pkcs8)}, .spki = std::move(spki), .key_size = key_size};
}

}  // namespace spaceca::x509
