#include "support/signing_service.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <stdexcept>

#include "support/files.h"

namespace spaceca::test {

SigningService::SigningService(const std::string& vector) : key_(PrivateKey::from_pem(data("keys/good/" + vector + ".pem"))) {}

Bytes SigningService::sign(const SignatureInput& input) const {
  last_algorithm = std::string{input.algorithm};
  last_size = input.octets.size();
  ++asked;
  if (manner == Manner::fails) throw std::runtime_error("the token is not plugged in");
  if (manner == Manner::sends_nothing) return {};
  if (manner == Manner::repeats && std::ranges::equal(last_digest_, input.octets)) return last_signature_;
  constexpr std::size_t kUsualSizeForP256 = 71;
  do last_signature_ = signature_of(input);
  while (manner == Manner::never_fits && last_signature_.size() == kUsualSizeForP256);
  last_digest_.assign(input.octets.begin(), input.octets.end());
  Bytes signature = last_signature_;
  if (manner == Manner::flips_a_bit) signature.back() ^= 1;
  return signature;
}

Bytes SigningService::signature_of(const SignatureInput& input) const {
  const SecretBytes der = key_.pkcs8_der();
  const unsigned char* in = der.reveal().data();
  EVP_PKEY* key = d2i_AutoPrivateKey(nullptr, &in, static_cast<long>(der.size()));
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(key, nullptr);
  EVP_PKEY_sign_init(context);
  EVP_PKEY_CTX_set_signature_md(context, input.algorithm == "ecdsa-with-SHA384" ? EVP_sha384() : EVP_sha256());
  Bytes signature(1024);
  std::size_t size = signature.size();
  const int done = EVP_PKEY_sign(context, signature.data(), &size, input.octets.data(), input.octets.size());
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(key);
  if (done != 1) throw std::runtime_error("the test's service cannot sign");
  signature.resize(size);
  return signature;
}

}  // namespace spaceca::test
