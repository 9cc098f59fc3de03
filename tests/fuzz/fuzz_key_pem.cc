// A private key in a text, plain or under a passphrase that the harness knows, against OpenSSL's reading.
//
// Allowed differences, all on purpose:
//   a byte order mark in front of the text is passed over; OpenSSL sees the text without it
//   blocks of other kinds in front of the key are passed over unread; where they trouble OpenSSL, it sees the text from the key on
//   PKCS#8 of version 2 is read; OpenSSL is asked about the same key as version 1
#include <optional>
#include <string>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <spaceca/key.h>

#include "harness.h"
#include "key_oracle.h"

using namespace spaceca;
using namespace spaceca::fuzz;

namespace {

constexpr std::string_view kPassphrase = "correct horse";  // of tests/data/keys
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// More than that takes milliseconds, and the key derivations are not what is tried here.
constexpr std::int64_t kMostRounds = 4096;
constexpr std::int64_t kMostScryptWork = 1 << 14;
// Beyond these our reader refuses before it works.
constexpr std::int64_t kRefusedRounds = 10'000'000;
constexpr std::int64_t kRefusedScryptWork = 1 << 21;

using Bio = Owned<BIO, BIO_free_all>;

int give_passphrase(char* buffer, int size, int, void*) {
  if (size < static_cast<int>(kPassphrase.size())) return -1;
  kPassphrase.copy(buffer, kPassphrase.size());
  return static_cast<int>(kPassphrase.size());
}

Bio reading(std::string_view text) { return Bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))}; }

struct Block {
  std::string label;
  Bytes der;  // decrypted, if its headers say that it must be
};

// The first private key in the text.
std::optional<Block> openssl_block(std::string_view text) {
  unsigned char* der = nullptr;
  long size = 0;
  char* label = nullptr;
  const Bio bio = reading(text);
  if (PEM_bytes_read_bio(&der, &size, &label, PEM_STRING_EVP_PKEY, bio.get(), give_passphrase, nullptr) != 1) return std::nullopt;
  Block block{label, Bytes(der, der + size)};
  OPENSSL_free(der);
  OPENSSL_free(label);
  return block;
}

using Sealed = Owned<X509_SIG, X509_SIG_free>;
Sealed sealed_in(const Block& block) { return read_whole<X509_SIG, X509_SIG_free>(d2i_X509_SIG, block.der); }

std::optional<Bytes> opened(const Block& block) {
  const Sealed sealed = sealed_in(block);
  if (sealed == nullptr) return std::nullopt;
  const X509_ALGOR* algorithm = nullptr;
  const ASN1_OCTET_STRING* octets = nullptr;
  X509_SIG_get0(sealed.get(), &algorithm, &octets);
  unsigned char* plain = nullptr;
  int size = 0;
  if (PKCS12_pbe_crypt(algorithm, kPassphrase.data(), static_cast<int>(kPassphrase.size()), ASN1_STRING_get0_data(octets),
                       ASN1_STRING_length(octets), &plain, &size, 0) == nullptr) {
    return std::nullopt;
  }
  Bytes der(plain, plain + size);
  OPENSSL_free(plain);
  return der;
}

// --- work ---

std::int64_t number(const ASN1_INTEGER* integer) {
  std::int64_t value = 0;
  return integer != nullptr && ASN1_INTEGER_get_int64(&value, integer) == 1 ? value : INT64_MAX;
}

template <class T, auto Free, class D2i>
Owned<T, Free> parameter_of(const X509_ALGOR* algorithm, D2i d2i) {
  const void* value = nullptr;
  int type = V_ASN1_UNDEF;
  X509_ALGOR_get0(nullptr, &type, &value, algorithm);
  if (type != V_ASN1_SEQUENCE) return nullptr;
  const auto* der = static_cast<const ASN1_STRING*>(value);
  return read_whole<T, Free>(d2i, {ASN1_STRING_get0_data(der), static_cast<std::size_t>(ASN1_STRING_length(der))});
}

bool is_between(std::int64_t low, std::int64_t high, std::int64_t value) { return value > low && value <= high; }

// Whether opening it would be done, and would take long.
bool takes_long(const Block& block) {
  if (block.label != PEM_STRING_PKCS8) return false;
  const Sealed sealed = sealed_in(block);
  if (sealed == nullptr) return false;
  const X509_ALGOR* scheme = nullptr;
  const ASN1_OCTET_STRING* octets = nullptr;
  X509_SIG_get0(sealed.get(), &scheme, &octets);
  if (const auto pbe = parameter_of<PBEPARAM, PBEPARAM_free>(scheme, d2i_PBEPARAM)) {
    return is_between(kMostRounds, kRefusedRounds, number(pbe->iter));
  }
  const auto pbes2 = parameter_of<PBE2PARAM, PBE2PARAM_free>(scheme, d2i_PBE2PARAM);
  if (pbes2 == nullptr) return false;
  if (const auto scrypt = parameter_of<SCRYPT_PARAMS, SCRYPT_PARAMS_free>(pbes2->keyfunc, d2i_SCRYPT_PARAMS)) {
    std::int64_t work = 1;
    for (const ASN1_INTEGER* factor : {scrypt->costParameter, scrypt->blockSize, scrypt->parallelizationParameter}) {
      if (__builtin_mul_overflow(work, number(factor), &work)) return false;
    }
    return is_between(kMostScryptWork, kRefusedScryptWork, work);
  }
  const auto pbkdf2 = parameter_of<PBKDF2PARAM, PBKDF2PARAM_free>(pbes2->keyfunc, d2i_PBKDF2PARAM);
  return pbkdf2 != nullptr && is_between(kMostRounds, kRefusedRounds, number(pbkdf2->iter));
}

// --- the oracle ---

OpensslKey openssl_key(std::string_view text) {
  const auto block = openssl_block(text);
  if (!block) return nullptr;
  if (block->label == PEM_STRING_ECPRIVATEKEY) return openssl_traditional(EVP_PKEY_EC, block->der);
  if (block->label == PEM_STRING_RSA) return openssl_traditional(EVP_PKEY_RSA, block->der);
  if (block->label == PEM_STRING_PKCS8INF) return openssl_pkcs8(block->der);
  if (block->label != PEM_STRING_PKCS8) return nullptr;
  const auto plain = opened(*block);
  return plain ? openssl_pkcs8(*plain) : nullptr;
}

// The same by the one call that programs use.
OpensslKey openssl_key_in_one_call(std::string_view text) {
  const Bio bio = reading(text);
  return OpensslKey{PEM_read_bio_PrivateKey(bio.get(), nullptr, give_passphrase, nullptr)};
}

bool is_version_2_inside(std::string_view text) {
  const auto block = openssl_block(text);
  if (!block) return false;
  if (block->label == PEM_STRING_PKCS8INF) return is_version_2(block->der);
  if (block->label != PEM_STRING_PKCS8) return false;
  const auto plain = opened(*block);
  return plain && is_version_2(*plain);
}

// Where the one block of a private key begins in a text that we took.
std::string_view from_the_key_on(std::string_view text) {
  for (std::size_t at = 0; at != std::string_view::npos; at = text.find("\n-----BEGIN ", at + 1)) {
    const std::string_view rest = text.substr(at == 0 ? 0 : at + 1);
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (line.starts_with("-----BEGIN ") && line.find("PRIVATE KEY-----") != std::string_view::npos) return rest;
  }
  return text;
}

std::string_view for_openssl(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return openssl_block(text) ? text : from_the_key_on(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(ByteView{data, size});
  const std::string_view theirs = for_openssl(text);
  if (const auto block = openssl_block(theirs); block && takes_long(*block)) return 0;

  const SecretBytes passphrase{kPassphrase};
  const auto plain = accepted([&] { return pkcs8_der_from_pem(text); });
  const auto converted = accepted([&] { return pkcs8_der_from_pem(text, passphrase); });
  const auto key = accepted([&] { return PrivateKey::from_pem(text, passphrase); });
  require(converted.has_value() == key.has_value(), "who converts a key reads it too");
  require(!plain || converted, "a passphrase too many does no harm");
  if (plain) require(same(plain->reveal(), converted->reveal()), "a passphrase too many changes nothing");
  if (!key) return 0;

  require_agreement(*converted, *key, openssl_key(theirs).get());
  if (!is_version_2_inside(theirs)) require_agreement(*converted, *key, openssl_key_in_one_call(theirs).get());
  require_same_once_written(*key);
  ERR_clear_error();
  return 0;
}
