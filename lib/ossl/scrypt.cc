#include "ossl/scrypt.h"

#include <utility>

#include <openssl/evp.h>

#include "ossl/check.h"

namespace spaceca::ossl {
namespace {

constexpr std::uint64_t kMostMemory = std::uint64_t{256} << 20;

}  // namespace

SecretBytes scrypt(ByteView passphrase, ByteView salt, const ScryptCost& cost, std::size_t size) {
  SecretBuffer key(size);
  check(EVP_PBE_scrypt(reinterpret_cast<const char*>(passphrase.data()), passphrase.size(), salt.data(), salt.size(), cost.n,
                       cost.r, cost.p, kMostMemory, key.data(), key.size()),
        "derive a key with scrypt");
  return SecretBytes{std::move(key)};
}

}  // namespace spaceca::ossl
