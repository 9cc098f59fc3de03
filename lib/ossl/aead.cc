#include "ossl/aead.h"

#include <spaceca/error.h>

#include "ossl/check.h"

namespace spaceca::ossl {
namespace {

// An empty vector's data() may be null, and a null output tells OpenSSL that the input is not to be encrypted.
constexpr std::uint8_t kNothing = 0;
const std::uint8_t* input(ByteView octets) { return octets.empty() ? &kNothing : octets.data(); }

}  // namespace

AesGcm::AesGcm(ByteView key) : context_(check(EVP_CIPHER_CTX_new(), "make a cipher context")) {
  if (key.size() != kKeySize) throw Error{Errc::invalid_argument, "AES-256-GCM: a key has 32 octets"};
  const Cipher cipher{check(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr), "fetch a cipher")};
  check(EVP_CipherInit_ex2(context_.get(), cipher.get(), key.data(), nullptr, static_cast<int>(Way::seal), nullptr),
        "set up a key");
}

void AesGcm::seal(ByteView nonce, ByteView also, ByteView plain, std::span<std::uint8_t> into) {
  if (plain.size() > kMostOctets) throw Error{Errc::invalid_argument, "AES-256-GCM: a secret has at most 1 GiB"};
  start(Way::seal, nonce, also);
  crypt(plain, into.data());
  int size = 0;
  check(EVP_CipherFinal_ex(context_.get(), into.data() + plain.size(), &size), "finish sealing");
  check(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, into.data() + plain.size()), "take the tag");
}

bool AesGcm::open(ByteView nonce, ByteView also, ByteView sealed, std::span<std::uint8_t> into) {
  if (sealed.size() < kTagSize || sealed.size() > kMostOctets + kTagSize) return false;
  const QuietErrors quiet;
  const ByteView ciphertext = sealed.first(sealed.size() - kTagSize);
  start(Way::open, nonce, also);
  crypt(ciphertext, into.data());
  // OpenSSL only reads it; its parameter is not const.
  void* const tag = const_cast<std::uint8_t*>(sealed.last(kTagSize).data());
  check(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag), "give the tag");
  std::uint8_t rest = 0;  // GCM leaves none
  int size = 0;
  return EVP_CipherFinal_ex(context_.get(), &rest, &size) == 1;
}

void AesGcm::start(Way way, ByteView nonce, ByteView also) {
  if (nonce.size() != kNonceSize) throw Error{Errc::invalid_argument, "AES-256-GCM: a nonce has 12 octets"};
  check(EVP_CipherInit_ex2(context_.get(), nullptr, nullptr, nonce.data(), static_cast<int>(way), nullptr), "set a nonce");
  int size = 0;
  check(EVP_CipherUpdate(context_.get(), nullptr, &size, input(also), static_cast<int>(also.size())), "authenticate octets");
}

void AesGcm::crypt(ByteView from, std::uint8_t* into) {
  if (from.empty()) return;
  int size = 0;
  check(EVP_CipherUpdate(context_.get(), into, &size, from.data(), static_cast<int>(from.size())), "encrypt or decrypt octets");
}

}  // namespace spaceca::ossl
