// The store key: 32 random octets that all else is sealed with, and which the store keeps sealed itself ("a wrap"), once for each
// key that opens it.
//
//   key         := the octets of the key file, or scrypt(passphrase, salt, N, r, p), 32 octets
//   head        := format number method N r p created_at salt_size salt
//   sealed_key  := sealed(HMAC(key, "spaceca wrap seal 1"), bound to head, store key)    custody/sealer.h
//   key_check   := HMAC(key, "spaceca wrap check 1")
//   checksum    := SHA-256(head key_check sealed_key)
//   row_key     := HMAC(store key, "spaceca rows 1")
//   code_key    := HMAC(store key, "spaceca codes 1")
//
// HMAC is HMAC-SHA-256; numbers in head are 8 octets, the highest first, except format and method (1 passphrase, 2 key file), which
// are one octet each.
//
// A wrong key must not be taken for damage, nor the reverse, so two things are stored that say which it is. The checksum needs no
// key: it finds damage of any column, before any work is done. The key check needs the key: if it is another the key is wrong; if
// it agrees and the seal does not open, somebody has changed the row and its checksum on purpose. The check also commits the row to
// one key, which GCM does not: else a writer of the store could make a row that opens with any of several guessed passphrases, and
// watch (Len, Grubbs, Ristenpart: Partitioning Oracle Attacks, 2021). Neither helps whoever guesses passphrases beyond what the
// seal does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/clock.h>
#include <spaceca/vault.h>

#include "store/vault_wraps.h"

namespace spaceca::custody {

// A VaultKey as it opens wraps; a key file has been read.
struct Opener {
  store::VaultWrap::Method method;
  SecretBytes octets;
  std::string shown;  // in errors
};
// Errc::invalid_argument for an empty passphrase; as of read_key_file.
[[nodiscard]] Opener opener_of(const VaultKey& key);

[[nodiscard]] SecretBytes new_store_key();

// A key of its own for one use of another.
[[nodiscard]] SecretBytes derived_key(const SecretBytes& key, std::string_view use);

[[nodiscard]] store::VaultWrap wrapped(const SecretBytes& store_key, const Opener& opener, std::int64_t number, Instant now);

// By the first wrap that it opens; a damaged one beside it does no harm. Errc::not_found, passphrase_wrong, corrupt, policy.
[[nodiscard]] SecretBytes unwrapped(const std::vector<store::VaultWrap>& wraps, const Opener& opener);

}  // namespace spaceca::custody
