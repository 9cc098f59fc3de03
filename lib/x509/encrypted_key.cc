#include "x509/encrypted_key.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/pemerr.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs12err.h>
#include <openssl/x509.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "ossl/check.h"
#include "ossl/encode.h"
#include "ossl/handles.h"
#include "x509/der_reader.h"

namespace spaceca::x509 {
namespace {

using der::Tag;

constexpr std::string_view kEncryptedKey = "encrypted private key";

namespace oids {
constexpr der::Oid kPbes2 = der::oid({1, 2, 840, 113549, 1, 5, 13});
constexpr der::Oid kPbkdf2 = der::oid({1, 2, 840, 113549, 1, 5, 12});
constexpr der::Oid kScrypt = der::oid({1, 3, 6, 1, 4, 1, 11591, 4, 11});
}  // namespace oids

// Enough for every writer we know (OpenSSL 2,048, cautious ones a million); more is an attempt to keep us busy.
constexpr std::uint64_t kMostRounds = 10'000'000;
// N·r·p: sixteen times what openssl pkcs8 -scrypt writes.
constexpr std::uint64_t kMostScryptWork = std::uint64_t{1} << 21;

constexpr int kPbkdf2Rounds = 600'000;
constexpr int kJdk17Rounds = 2'048;

using AlgorithmId = std::unique_ptr<X509_ALGOR, ossl::Deleter<X509_ALGOR_free>>;

// OpenSSL got as far as the end of the ciphertext and found no proper padding there: that is what a wrong passphrase looks like.
// What fails before is the cipher or its parameters.
[[noreturn]] void refuse_decryption() {
  const unsigned long last = ERR_peek_last_error();
  const bool at_the_end = (ERR_GET_LIB(last) == ERR_LIB_PKCS12 && ERR_GET_REASON(last) == PKCS12_R_PKCS12_CIPHERFINAL_ERROR) ||
                          (ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_BAD_DECRYPT);
  if (at_the_end) {
    throw Error{Errc::passphrase_wrong, "encrypted private key: does not decrypt; the passphrase is wrong, or the file is damaged"};
  }
  throw Error{Errc::unsupported, "encrypted private key: its cipher, or a parameter of it, is not one that OpenSSL takes here"};
}

// Any number too large for 64 bits counts as the largest.
std::uint64_t number(der::Reader& reader) {
  const ByteView magnitude = reader.unsigned_integer();
  if (magnitude.size() > sizeof(std::uint64_t)) return UINT64_MAX;
  std::uint64_t value = 0;
  for (const std::uint8_t octet : magnitude) value = value << 8 | octet;
  return value;
}

const char* characters(const SecretBytes& passphrase) { return reinterpret_cast<const char*>(passphrase.reveal().data()); }

int passphrase_for_pem(char* buffer, int /*size*/, int /*for_writing*/, void* passphrase) {
  const ByteView octets = static_cast<const SecretBytes*>(passphrase)->reveal();  // of PEM_BUFSIZE at most
  std::copy(octets.begin(), octets.end(), buffer);
  return static_cast<int>(octets.size());
}

X509_ALGOR* scheme_for(EncryptionFor reader) {
  switch (reader) {
    case EncryptionFor::memory_hard:
      return PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), nullptr, 0, nullptr, std::uint64_t{1} << 14, 8, 1);
    case EncryptionFor::jdk17: return PKCS5_pbe_set(NID_pbe_WithSHA1And3_Key_TripleDES_CBC, kJdk17Rounds, nullptr, 0);
    case EncryptionFor::modern: break;
  }
  return PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), kPbkdf2Rounds, nullptr, 0, nullptr, NID_hmacWithSHA256);
}

}  // namespace

void DerivationWork::add_rounds(std::uint64_t rounds) {
  rounds_ = rounds > kMostRounds ? rounds : rounds_ + rounds;
  if (rounds_ > kMostRounds) {
    throw Error{Errc::policy, fmt::format("encrypted private key: asks for {} rounds of its key derivation; the most is {}",
                                          rounds_, kMostRounds)};
  }
}

void DerivationWork::add_scrypt(std::uint64_t n, std::uint64_t r, std::uint64_t p) {
  const auto capped = [](std::uint64_t a, std::uint64_t b) {
    return a != 0 && b > kMostScryptWork / a ? kMostScryptWork + 1 : a * b;
  };
  scrypt_ += capped(capped(n, r), p);
  if (scrypt_ > kMostScryptWork) {
    throw Error{
        Errc::policy,
        fmt::format("encrypted private key: asks for scrypt with N = {}, r = {}, p = {}; N * r * p may be {} at most in all", n, r,
                    p, kMostScryptWork)};
  }
}

void DerivationWork::add(ByteView algorithm) {
  der::Reader outer{algorithm, kEncryptedKey};
  der::Reader id = outer.enter(Tag::sequence);
  const ByteView scheme = id.read(Tag::object_identifier);
  const auto is = [](ByteView oid, const der::Oid& known) { return std::ranges::equal(oid, known.octets()); };
  der::Reader parameters = id.enter(Tag::sequence);
  if (!is(scheme, oids::kPbes2)) {  // PBES1 and PKCS#12: salt, rounds
    static_cast<void>(parameters.read(Tag::octet_string));
    add_rounds(number(parameters));
    return;
  }
  der::Reader derivation = parameters.enter(Tag::sequence);
  const ByteView function = derivation.read(Tag::object_identifier);
  der::Reader values = derivation.enter(Tag::sequence);
  static_cast<void>(values.read(Tag::octet_string));
  if (is(function, oids::kPbkdf2)) {
    add_rounds(number(values));
  } else if (is(function, oids::kScrypt)) {
    const std::uint64_t n = number(values);
    const std::uint64_t r = number(values);
    add_scrypt(n, r, number(values));
  } else {
    throw Error{Errc::unsupported, "encrypted private key: its key derivation is neither PBKDF2 nor scrypt"};
  }
}

bool is_pbes2(ByteView der) {
  der::Reader outer{der, kEncryptedKey};
  der::Reader info = outer.enter(Tag::sequence);
  outer.expect_end();
  der::Reader algorithm = info.enter(Tag::sequence);
  const ByteView scheme = algorithm.read(Tag::object_identifier);
  static_cast<void>(info.read(Tag::octet_string));
  info.expect_end();
  return std::ranges::equal(scheme, oids::kPbes2.octets());
}

SecretBytes decrypted_pkcs8(ByteView der, const SecretBytes& passphrase, DerivationWork& work) {
  der::Reader outer{der, kEncryptedKey};
  der::Reader info = outer.enter(Tag::sequence);
  outer.expect_end();
  const ByteView algorithm = info.read_whole(Tag::sequence);
  const ByteView ciphertext = info.read(Tag::octet_string);
  info.expect_end();
  work.add(algorithm);

  const ossl::QuietErrors quiet;
  const AlgorithmId id{ossl::decoded(d2i_X509_ALGOR, X509_ALGOR_free, algorithm)};
  if (id == nullptr) throw Error{Errc::malformed, "encrypted private key: its encryption algorithm cannot be read"};
  unsigned char* plain = nullptr;
  int size = 0;
  if (PKCS12_pbe_crypt(id.get(), characters(passphrase), static_cast<int>(passphrase.size()), ciphertext.data(),
                       static_cast<int>(ciphertext.size()), &plain, &size, 0) == nullptr) {
    refuse_decryption();
  }
  SecretBytes octets{ByteView{plain, static_cast<std::size_t>(size)}};
  OPENSSL_clear_free(plain, static_cast<std::size_t>(size));
  return octets;
}

SecretBytes decrypted_traditional(std::string_view headers, const SecretBytes& octets, const SecretBytes& passphrase) {
  const ossl::QuietErrors quiet;
  std::string text{headers};
  std::erase(text, '\r');
  EVP_CIPHER_INFO cipher{};
  if (PEM_get_EVP_CIPHER_INFO(text.data(), &cipher) != 1 || cipher.cipher == nullptr) {
    throw Error{Errc::unsupported, "encrypted private key: its DEK-Info names no cipher that OpenSSL has here"};
  }
  if (passphrase.size() > PEM_BUFSIZE) {
    throw Error{Errc::passphrase_wrong, fmt::format("encrypted private key: the passphrase has {} octets; in the traditional form "
                                                    "none has more than {}",
                                                    passphrase.size(), PEM_BUFSIZE)};
  }
  SecretBuffer buffer(octets.reveal().begin(), octets.reveal().end());
  auto size = static_cast<long>(buffer.size());
  // The callback only reads it; OpenSSL's user pointer is not const.
  void* user = const_cast<SecretBytes*>(&passphrase);
  if (PEM_do_header(&cipher, buffer.data(), &size, passphrase_for_pem, user) != 1) refuse_decryption();
  buffer.resize(static_cast<std::size_t>(size));
  return SecretBytes{std::move(buffer)};
}

SecretBytes encrypted_pkcs8(ByteView pkcs8, const SecretBytes& passphrase, EncryptionFor reader) {
  if (passphrase.empty()) {
    throw Error{Errc::invalid_argument, "encrypted private key: the passphrase is empty; give at least one octet"};
  }
  if (reader == EncryptionFor::jdk17 && !is_printable_ascii(passphrase.reveal())) {
    throw Error{Errc::invalid_argument,
                "encrypted private key: the passphrase holds characters that are not printable ASCII, which Java refuses"};
  }
  const ossl::Pkcs8 info{
      ossl::check(ossl::decoded(d2i_PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free, pkcs8), "read a private key")};
  AlgorithmId scheme{ossl::check(scheme_for(reader), "choose an encryption")};
  const ossl::Sealed sealed{
      ossl::check(PKCS8_set0_pbe(characters(passphrase), static_cast<int>(passphrase.size()), info.get(), scheme.get()),
                  "encrypt a private key")};
  static_cast<void>(scheme.release());  // now sealed's
  return SecretBytes{ossl::encoded<SecretBuffer>(i2d_X509_SIG, sealed.get(), "write an encrypted private key")};
}

}  // namespace spaceca::x509
