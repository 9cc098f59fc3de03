// The store key, sealed by what the operator holds: as many rows as there are keys that open it, none or one or two. What is in
// them is custody's affair.
#pragma once

#include <cstdint>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/clock.h>
#include <spaceca/store.h>

namespace spaceca::store {

struct VaultWrap {
  enum class Method { passphrase, key_file };

  std::int64_t number;  // 1 or 2
  Method method;
  // Of a passphrase; nothing and 0 for a key file.
  Bytes salt = {};
  std::int64_t scrypt_n = 0;
  std::int64_t scrypt_r = 0;
  std::int64_t scrypt_p = 0;

  Bytes key_check = {};   // 32 octets
  Bytes sealed_key = {};  // no two are the same
  Bytes checksum = {};    // 32 octets
  Instant created_at = {};
};

// In order of their numbers. Errc::corrupt if a row cannot be one.
[[nodiscard]] std::vector<VaultWrap> vault_wraps(const Store& store);

// Puts `wanted` in the place of `seen`, which are all that there were: all or nothing, and whether it was done. It is not if there
// are others than `seen` now, since another thread or process was faster.
[[nodiscard]] bool exchange_vault_wraps(const Store& store, const std::vector<VaultWrap>& seen,
                                        const std::vector<VaultWrap>& wanted);

}  // namespace spaceca::store
