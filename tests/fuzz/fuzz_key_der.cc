// A private key as DER in each of its containers, against OpenSSL's reading.
#include <string>
#include <string_view>

#include <openssl/evp.h>

#include <spaceca/key.h>

#include "harness.h"
#include "key_oracle.h"

using namespace spaceca;
using namespace spaceca::fuzz;

namespace {

std::string pem_of(std::string_view label, ByteView der) {
  std::string base64((der.size() + 2) / 3 * 4 + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), der.data(), static_cast<int>(der.size()));
  base64.pop_back();  // the NUL
  return "-----BEGIN " + std::string{label} + "-----\n" + base64 + "\n-----END " + std::string{label} + "-----\n";
}

template <class Oracle>
void check_container(std::string_view label, ByteView der, Oracle&& oracle) {
  const std::string pem = pem_of(label, der);
  const auto converted = accepted([&] { return pkcs8_der_from_pem(pem); });
  const auto key = accepted([&] { return PrivateKey::from_pem(pem); });
  require(converted.has_value() == key.has_value(), "who converts a key reads it too");
  if (!key) return;
  const OpensslKey theirs = oracle();
  require_agreement(*converted, *key, theirs.get());
  require_same_once_written(*key);
  ERR_clear_error();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView der{data, size};
  check_container("PRIVATE KEY", der, [&] { return openssl_pkcs8(der); });
  check_container("EC PRIVATE KEY", der, [&] { return openssl_traditional(EVP_PKEY_EC, der); });
  check_container("RSA PRIVATE KEY", der, [&] { return openssl_traditional(EVP_PKEY_RSA, der); });

  const auto bare = accepted([&] { return PrivateKey::from_pkcs8_der(der); });
  const auto framed = accepted([&] { return PrivateKey::from_pem(pem_of("PRIVATE KEY", der)); });
  require(bare.has_value() == framed.has_value(), "DER and PEM are read alike");
  if (bare) require(same(bare->pkcs8_der().reveal(), framed->pkcs8_der().reveal()), "DER and PEM are the same key");

  const auto half = accepted([&] { return PublicKey::from_spki_der(der); });
  if (half) {
    const auto theirs = read_whole<EVP_PKEY, EVP_PKEY_free>(d2i_PUBKEY, der);
    require(theirs != nullptr, "OpenSSL takes the public key that we take");
    require(same(half->spki_der(), written(i2d_PUBKEY, theirs.get())), "a public key is as OpenSSL writes it");
  }
  return 0;
}
