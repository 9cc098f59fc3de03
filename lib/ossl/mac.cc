#include "ossl/mac.h"

#include <array>
#include <string>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "ossl/check.h"

namespace spaceca::ossl {

Hmac::Hmac(ByteView key)
    : algorithm_(check(EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr), "fetch a MAC")),
      keyed_(check(EVP_MAC_CTX_new(algorithm_.get()), "make a MAC context")) {
  std::string digest = "SHA256";
  const std::array parameters{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), digest.size()),
                              OSSL_PARAM_construct_end()};
  check(EVP_MAC_init(keyed_.get(), key.data(), key.size(), parameters.data()), "set up a MAC key");
}

void Hmac::code(ByteView message, std::span<std::uint8_t, kSize> into) {
  // Not begun anew with the key that it has: up to OpenSSL 3.0.2 that did nothing and said that all was well, so the second code of
  // a context went on from the first (openssl/openssl#17811). A copy of the untouched one is right everywhere, and as fast.
  const MacContext context{check(EVP_MAC_CTX_dup(keyed_.get()), "copy a MAC context")};
  check(EVP_MAC_update(context.get(), message.data(), message.size()), "authenticate octets");
  std::size_t size = 0;
  check(EVP_MAC_final(context.get(), into.data(), &size, into.size()), "finish a MAC");
}

}  // namespace spaceca::ossl
