// What keeps an authority's secrets: root keys, the keys of certificates, the URLs of databases. What it returns the store may
// keep, and a stranger may read: it opens nothing. Any thread. sealed_vault is the one that needs nothing but the store and a
// passphrase or a key file. What every Vault must hold is tests/conformance/vault_suite.h.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <variant>

#include <spaceca/bytes.h>
#include <spaceca/clock.h>
#include <spaceca/export.h>
#include <spaceca/issuer.h>
#include <spaceca/key.h>
#include <spaceca/store.h>

namespace spaceca {

// What a secret belongs to. Sealed for one binding it opens for no other, so a row that was moved, swapped or given another's
// secret is found out. All of it is borrowed. Errc::invalid_argument for UUIDs of another size, and a purpose that is empty or has
// more than 255 octets.
struct Binding {
  ByteView space;            // the UUID of the space, 16 octets
  ByteView row;              // the UUID of the row that holds the secret, 16 octets
  std::string_view purpose;  // "root key", "certificate key", "url", "admin url"
  ByteView public_key = {};  // of a private key: its SubjectPublicKeyInfo
};

// Not to be used across fork(): Errc::wrong_process in the child, for its signers too.
class SPACECA_EXPORT Vault {
 public:
  virtual ~Vault();

  // Errc::crypto.
  [[nodiscard]] virtual Bytes seal(const Binding& binding, ByteView secret) const = 0;
  // Errc::corrupt if it was sealed for another binding or by another vault, or is damaged.
  [[nodiscard]] virtual SecretBytes unseal(const Binding& binding, ByteView sealed) const = 0;

  // Keys that sign certificates need not be in any memory of ours: a vault may keep them in a token and hand out its name for them.
  struct SigningKey {
    Bytes handle;  // for the store
    std::shared_ptr<const Signer> signer;
  };
  // `binding` without the public key, which nobody knows yet. Errc::policy for a kind of key that no root may have.
  [[nodiscard]] virtual SigningKey create_signing_key(const Binding& binding, KeyAlgorithm algorithm) const = 0;
  // `binding` with the public key. Errc::corrupt as above, mismatch if the handle is of another key.
  [[nodiscard]] virtual std::shared_ptr<const Signer> signer(const Binding& binding, ByteView handle) const = 0;
  // The authority has forgotten the handle, or is about to; a token can free the key's place now. Called again if in doubt.
  virtual void destroy_signing_key(const Binding& binding, ByteView handle) const = 0;

  // A code that nobody without the vault can make (HMAC-SHA-256); the audit chains hang by it.
  using Code = std::array<std::uint8_t, 32>;
  [[nodiscard]] virtual Code authenticate(ByteView message) const = 0;
};

// What opens a sealed vault.
struct Passphrase {
  SecretBytes octets;  // Errc::invalid_argument if there are none
};
// 32 octets, made by create_key_file or by `openssl rand`. Refused if group or others have any permission on it, or if it is not a
// regular file; in $CREDENTIALS_DIRECTORY, which systemd sees to, any permission will do. A link is followed, and what it leads to
// is judged, there where it lies. Errc::not_found, permission, malformed.
struct KeyFile {
  std::filesystem::path path;
};
using VaultKey = std::variant<Passphrase, KeyFile>;

// A new key file of 32 random octets, 0600 from birth. Errc::exists, not_found, permission, no_space, io.
SPACECA_EXPORT void create_key_file(const std::filesystem::path& file);

// A random store key seals all else (AES-256-GCM) and is kept in the store, sealed by what `key` gives: a passphrase through scrypt
// (N = 2^17, r = 8, p = 1), or the key file's octets. Opening one costs the scrypt, about half a second and 128 MiB; a key file
// costs nothing. A vault that is open needs the store no more.
//
// Makes the store key of a new store. Errc::exists if the store has one.
[[nodiscard]] SPACECA_EXPORT std::unique_ptr<Vault> create_sealed_vault(Store& store, const VaultKey& key, Instant now);
// Errc::not_found if the store has none, or none that this sort of key could open; passphrase_wrong (also for another key file);
// corrupt if what is stored is damaged, which is told apart (damage to what another key opens does not matter); policy if the
// stored parameters ask for much more work than ours do.
[[nodiscard]] SPACECA_EXPORT std::unique_ptr<Vault> sealed_vault(const Store& store, const VaultKey& key);

enum class OldWraps {
  keep,    // both keys open it: while programs are still started with the old one
  remove,  // `fresh` alone does, from now on
};
// Seals the store key by `fresh` as well, or alone; nothing else is touched, and vaults that are open go on. At most two keys at a
// time: Errc::policy. Errc::busy if another process did the same meanwhile; otherwise errors as of sealed_vault for `current`.
SPACECA_EXPORT void rewrap_sealed_vault(Store& store, const VaultKey& current, const VaultKey& fresh, OldWraps old, Instant now);

}  // namespace spaceca
