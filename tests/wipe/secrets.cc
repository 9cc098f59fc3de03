#include "wipe/secrets.h"

#include <algorithm>
#include <memory>
#include <set>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "support/text.h"

namespace spaceca::test {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

constexpr std::size_t kPiece = 8;        // octets
constexpr std::size_t kBase64Piece = 9;  // octets: twelve characters

bool tells(std::string_view piece) { return std::set<char>(piece.begin(), piece.end()).size() >= 5; }

std::string base64(std::string_view octets) {
  std::string text((octets.size() + 2) / 3 * 4 + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes_of(octets).data(), static_cast<int>(octets.size()));
  text.pop_back();
  return text;
}

void add_pieces(Needles& needles, std::string_view number) {
  const auto add = [&](std::size_t at, std::size_t size, auto shown) {
    if (at + size <= number.size() && tells(number.substr(at, size))) needles.push_back(shown(number.substr(at, size)));
  };
  const auto itself = [](std::string_view piece) { return std::string{piece}; };
  for (const std::size_t at : {std::size_t{0}, number.size() / 3, number.size() * 2 / 3}) {
    add(at, kPiece, itself);
    // Base64 writes three octets as four characters; where the threes begin depends on what is before the number.
    for (std::size_t shift = 0; shift < 3; ++shift) add(at + shift, kBase64Piece, base64);
  }
  if (number.size() > kPiece) add(number.size() - kPiece, kPiece, itself);
}

void add_number(Needles& needles, const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return;
  std::string octets(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(octets.data()));
  BN_clear_free(number);
  add_pieces(needles, octets);
}

Needles secrets_of(const EVP_PKEY* key) {
  Needles needles;
  if (key == nullptr) return needles;
  for (const char* const name : {OSSL_PKEY_PARAM_PRIV_KEY, OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1,
                                 OSSL_PKEY_PARAM_RSA_FACTOR2, OSSL_PKEY_PARAM_RSA_FACTOR3, OSSL_PKEY_PARAM_RSA_EXPONENT1,
                                 OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1}) {
    add_number(needles, key, name);
  }
  std::string seed(64, '\0');
  std::size_t size = seed.size();
  if (EVP_PKEY_get_raw_private_key(key, reinterpret_cast<unsigned char*>(seed.data()), &size) == 1) {
    add_pieces(needles, seed.substr(0, size));
  }
  ERR_clear_error();
  return needles;
}

}  // namespace

Needles secrets_of_pkcs8(ByteView der) {
  const unsigned char* at = der.data();
  const Key key{d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())), EVP_PKEY_free};
  return secrets_of(key.get());
}

Needles secrets_of_pem(std::string_view pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> text{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  const Key key{PEM_read_bio_PrivateKey(text.get(), nullptr, no_passphrase, nullptr), EVP_PKEY_free};
  return secrets_of(key.get());
}

Needles with(Needles needles, std::string_view another) {
  needles.emplace_back(another);
  return needles;
}

std::string found_in(std::string_view octets, const Needles& needles) {
  const auto found = std::find_if(needles.begin(), needles.end(),
                                  [octets](const std::string& needle) { return octets.find(needle) != std::string_view::npos; });
  return found == needles.end() ? "none" : hex(bytes_of(*found));
}

}  // namespace spaceca::test
