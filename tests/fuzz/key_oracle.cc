#include "key_oracle.h"

#include <openssl/core_names.h>

#include "der_tree.h"

namespace spaceca::fuzz {
namespace {

constexpr std::uint8_t kPublicKey = 0x81;  // [1] IMPLICIT BIT STRING

// OneAsymmetricKey without its public key, and version 1 written on it.
std::optional<Bytes> as_version_1(ByteView der) {
  auto info = der_tree(der);
  if (!info || info->children.size() < 4 || info->children.back().tag != kPublicKey) return std::nullopt;
  info->children.pop_back();
  info->children.front().content = {0};
  return der_of(*info);
}

Bytes pkcs8_of(const EVP_PKEY* key) {
  const Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info{EVP_PKEY2PKCS8(key)};
  require(info != nullptr, "OpenSSL writes the key that it has read");
  return written(i2d_PKCS8_PRIV_KEY_INFO, info.get());
}

}  // namespace

bool is_version_2(ByteView pkcs8) {
  const auto info = der_tree(pkcs8);
  return info && !info->children.empty() && info->children.front().content == Bytes{1};
}

OpensslKey openssl_pkcs8(ByteView der) {
  if (is_version_2(der)) {
    const auto older = as_version_1(der);
    return older ? openssl_pkcs8(*older) : nullptr;
  }
  const auto info = read_whole<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>(d2i_PKCS8_PRIV_KEY_INFO, der);
  return OpensslKey{info != nullptr ? EVP_PKCS82PKEY(info.get()) : nullptr};
}

OpensslKey openssl_traditional(int type, ByteView der) {
  return read_whole<EVP_PKEY, EVP_PKEY_free>(
      [type](EVP_PKEY** into, const unsigned char** in, long size) { return d2i_PrivateKey(type, into, in, size); }, der);
}

void require_agreement(const SecretBytes& converted, const PrivateKey& ours, EVP_PKEY* theirs) {
  require(theirs != nullptr, "OpenSSL takes the key that we take");
  require(same(converted.reveal(), pkcs8_of(theirs)), "the PKCS#8 is the one that OpenSSL writes");

  // PrivateKey keeps elliptic keys in the usual form: the curve by name, the point in full.
  if (EVP_PKEY_is_a(theirs, "EC") == 1) {
    require(EVP_PKEY_set_utf8_string_param(theirs, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_GROUP) == 1, "named curve");
    require(EVP_PKEY_set_utf8_string_param(theirs, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                           OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) == 1,
            "uncompressed point");
    require(EVP_PKEY_set_int_param(theirs, OSSL_PKEY_PARAM_EC_INCLUDE_PUBLIC, 1) == 1, "with the point");
  }
  require(same(ours.pkcs8_der().reveal(), pkcs8_of(theirs)), "the usual PKCS#8 is the one that OpenSSL writes");
  require(same(ours.public_key().spki_der(), written(i2d_PUBKEY, theirs)), "the public half is the one that OpenSSL writes");
}

void require_same_once_written(const PrivateKey& key) {
  const SecretBytes der = key.pkcs8_der();
  const auto from_der = accepted([&] { return PrivateKey::from_pkcs8_der(der.reveal()); });
  require(from_der && same(from_der->pkcs8_der().reveal(), der.reveal()), "our PKCS#8 is read again");
  const SecretBytes pem = key.pkcs8_pem();
  const auto from_pem = accepted([&] { return pkcs8_der_from_pem(text_of(pem.reveal())); });
  require(from_pem && same(from_pem->reveal(), der.reveal()), "our PEM is read again");
  const auto half = accepted([&] { return PublicKey::from_spki_der(key.public_key().spki_der()); });
  require(half && *half == key.public_key() && half->algorithm() == key.algorithm(), "our public half is read again");
}

}  // namespace spaceca::fuzz
