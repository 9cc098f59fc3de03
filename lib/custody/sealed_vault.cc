// The vault whose secrets all lie in the store, sealed (custody/sealer.h) by the store key's row_key and bound to
//
//   bound_to := format space row purpose_size purpose SHA-256(public key)
//
// where the UUIDs have 16 octets, format and purpose_size one, and the digest is that of nothing if there is no public key. The
// handle of a signing key is its PKCS#8, sealed so. Codes are HMAC-SHA-256 under the store key's code_key.
#include <spaceca/vault.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/hex.h"
#include "base/printable.h"
#include "custody/sealer.h"
#include "custody/store_key.h"
#include "ossl/digest.h"
#include "ossl/free_list.h"
#include "ossl/mac.h"
#include "ossl/process_mark.h"
#include "store/vault_wraps.h"
#include "x509/signature.h"

namespace spaceca {
namespace {

constexpr std::size_t kUuidOctets = 16;
constexpr std::size_t kMostPurposeOctets = 255;

void append(Bytes& octets, ByteView more) { octets.insert(octets.end(), more.begin(), more.end()); }

void check_binding(const Binding& binding) {
  if (binding.space.size() != kUuidOctets || binding.row.size() != kUuidOctets) {
    throw Error{Errc::invalid_argument,
                fmt::format("vault: a secret is bound to the UUIDs of a space and a row, {0} octets each, not to {1} "
                            "and {2}",
                            kUuidOctets, binding.space.size(), binding.row.size())};
  }
  if (binding.purpose.empty() || binding.purpose.size() > kMostPurposeOctets) {
    throw Error{Errc::invalid_argument, fmt::format("vault: the purpose of a secret has 1 to {} octets, not {}", kMostPurposeOctets,
                                                    binding.purpose.size())};
  }
}

std::string name_of(const Binding& binding) {
  return fmt::format("{} of row {}", printable(binding.purpose), hex_of(binding.row, HexCase::lower));
}

Binding with_key(Binding binding, const PublicKey& key) {
  binding.public_key = key.spki_der();
  return binding;
}

class SealedVault final : public Vault {
 public:
  explicit SealedVault(const SecretBytes& store_key)
      : row_key_(custody::derived_key(store_key, "spaceca rows 1")),
        code_key_(custody::derived_key(store_key, "spaceca codes 1")) {}

  [[nodiscard]] Bytes seal(const Binding& binding, ByteView secret) const override {
    const auto tools = borrow();
    return tools->sealer.seal(bound_to(binding, tools->sha256), secret);
  }

  [[nodiscard]] SecretBytes unseal(const Binding& binding, ByteView sealed) const override {
    const auto tools = borrow();
    auto secret = tools->sealer.open(bound_to(binding, tools->sha256), sealed);
    if (secret) return std::move(*secret);
    throw Error{Errc::corrupt,
                fmt::format("vault: the sealed {} does not open: it was sealed for another row, space or key, or by another "
                            "vault, or it is damaged",
                            name_of(binding))};
  }

  [[nodiscard]] SigningKey create_signing_key(const Binding& binding, KeyAlgorithm algorithm) const override {
    process_.check();
    if (!binding.public_key.empty()) {
      throw Error{Errc::invalid_argument, "vault: a signing key that is to be made is bound to no public key yet"};
    }
    static_cast<void>(x509::signature_algorithm_of(algorithm));  // refuses what no root may have
    PrivateKey key = PrivateKey::generate(algorithm);
    Bytes handle = seal(with_key(binding, key.public_key()), key.pkcs8_der().reveal());
    return {std::move(handle), std::make_shared<x509::KeySigner>(std::move(key))};
  }

  [[nodiscard]] std::shared_ptr<const Signer> signer(const Binding& binding, ByteView handle) const override {
    PrivateKey key = PrivateKey::from_pkcs8_der(unseal(binding, handle).reveal());
    if (text_of(key.public_key().spki_der()) != text_of(binding.public_key)) {
      throw Error{Errc::mismatch, fmt::format("vault: the {} is another key than the one that its row tells of", name_of(binding))};
    }
    return std::make_shared<x509::KeySigner>(std::move(key));
  }

  // The handle was all there is of it.
  void destroy_signing_key(const Binding& /*binding*/, ByteView /*handle*/) const override { process_.check(); }

  [[nodiscard]] Code authenticate(ByteView message) const override {
    const auto hmac = hmacs_.borrow([this] { return std::make_unique<ossl::Hmac>(code_key_.reveal()); });
    Code code{};
    hmac->code(message, code);
    return code;
  }

 private:
  struct Tools {
    explicit Tools(const SecretBytes& key) : sealer(key) {}
    custody::Sealer sealer;
    ossl::Hasher sha256{"SHA256"};
  };

  [[nodiscard]] ossl::FreeList<Tools>::Loan borrow() const {
    return tools_.borrow([this] { return std::make_unique<Tools>(row_key_); });
  }

  [[nodiscard]] static Bytes bound_to(const Binding& binding, ossl::Hasher& sha256) {
    check_binding(binding);
    Bytes octets;
    octets.reserve(2 + 2 * kUuidOctets + binding.purpose.size() + 32);
    octets.push_back(custody::kFormat);
    append(octets, binding.space);
    append(octets, binding.row);
    octets.push_back(static_cast<std::uint8_t>(binding.purpose.size()));
    append(octets, bytes_of(binding.purpose));
    append(octets, sha256.digest(binding.public_key));
    return octets;
  }

  ossl::ProcessMark process_;
  SecretBytes row_key_;
  SecretBytes code_key_;
  mutable ossl::FreeList<Tools> tools_;
  mutable ossl::FreeList<ossl::Hmac> hmacs_;
};

[[noreturn]] void refuse_another() {
  throw Error{Errc::exists, "vault: this store has a store key already; with another one, what was sealed would not open any more"};
}

}  // namespace

std::unique_ptr<Vault> create_sealed_vault(Store& store, const VaultKey& key, Instant now) {
  const custody::Opener opener = custody::opener_of(key);
  if (!store::vault_wraps(store).empty()) refuse_another();
  const SecretBytes store_key = custody::new_store_key();
  if (!store::exchange_vault_wraps(store, {}, {custody::wrapped(store_key, opener, 1, now)})) refuse_another();
  return std::make_unique<SealedVault>(store_key);
}

std::unique_ptr<Vault> sealed_vault(const Store& store, const VaultKey& key) {
  const custody::Opener opener = custody::opener_of(key);
  return std::make_unique<SealedVault>(custody::unwrapped(store::vault_wraps(store), opener));
}

void rewrap_sealed_vault(Store& store, const VaultKey& current, const VaultKey& fresh, OldWraps old, Instant now) {
  const custody::Opener present = custody::opener_of(current);
  const custody::Opener next = custody::opener_of(fresh);
  const std::vector<store::VaultWrap> seen = store::vault_wraps(store);
  const SecretBytes store_key = custody::unwrapped(seen, present);

  std::vector<store::VaultWrap> wanted;
  if (old == OldWraps::keep) wanted = seen;
  if (wanted.size() >= 2) {
    throw Error{Errc::policy,
                fmt::format("vault: the store key is sealed by {} keys, the most it may be; remove the old ones", wanted.size())};
  }
  const std::int64_t number = !wanted.empty() && wanted.front().number == 1 ? 2 : 1;
  wanted.push_back(custody::wrapped(store_key, next, number, now));
  if (!store::exchange_vault_wraps(store, seen, wanted)) {
    throw Error{Errc::busy, "vault: somebody else has sealed the store key anew in the meantime; try again"};
  }
}

}  // namespace spaceca
