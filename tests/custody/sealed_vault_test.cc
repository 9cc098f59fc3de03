// The sealed vault's life: made, opened, given another key, by one process and by several.
#include <string>

#include <spaceca/issuer.h>

#include "custody/vault_scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

// A store whose vault ca.kek opens, with a secret sealed in it.
class SealedVaults : protected VaultScene {
 protected:
  SealedVaults() : vault_(create_sealed_vault(store(), key(), kNow)) {
    sealed_ = vault_->seal(url_of_row(), bytes_of("postgres://"));
  }
  [[nodiscard]] const Vault& vault() const { return *vault_; }
  [[nodiscard]] ByteView sealed() const { return sealed_; }
  // Whether it opens what the first vault sealed.
  [[nodiscard]] bool is_the_same(const Vault& vault) const {
    return outcome_of([&] { static_cast<void>(vault.unseal(url_of_row(), sealed_)); }) == "none" &&
           vault.authenticate(bytes_of("row")) == vault_->authenticate(bytes_of("row"));
  }
  void rewrap(const VaultKey& current, const VaultKey& fresh, OldWraps old) {
    rewrap_sealed_vault(store(), current, fresh, old, kNow);
  }

 private:
  std::unique_ptr<Vault> vault_;
  Bytes sealed_;
};

// --- made and opened ---

TEST_CASE_METHOD(VaultScene, "a vault under a passphrase opens with it, and its scrypt is as dear as it should be", "[vault]") {
  const Bytes sealed = create_sealed_vault(store(), passphrase("correct horse"), kNow)->seal(url_of_row(), bytes_of("postgres://"));
  CHECK(text_of(sealed_vault(store(), passphrase("correct horse"))->unseal(url_of_row(), sealed).reveal()) == "postgres://");
  const auto rows = look("SELECT number, method, length(salt), scrypt_n, scrypt_r, scrypt_p, created_at FROM vault_wraps");
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].integer(0) == 1);
  CHECK(rows[0].text(1) == "passphrase");
  CHECK(rows[0].integer(2) == 16);
  CHECK(rows[0].integer(3) == 131072);
  CHECK(rows[0].integer(4) == 8);
  CHECK(rows[0].integer(5) == 1);
  CHECK(rows[0].integer(6) == 1795514400);
}

TEST_CASE_METHOD(SealedVaults, "a vault under a key file opens again, in another store object too", "[vault]") {
  CHECK(is_the_same(*sealed_vault(store(), key())));
  CHECK(is_the_same(*sealed_vault(*open_sqlite_store(place("ca.db")), key())));  // the vault needs no store any more
}

TEST_CASE_METHOD(SealedVaults, "a copy of the store has the same vault", "[vault]") {
  store().backup(place("copy.db"));
  CHECK(is_the_same(*sealed_vault(*open_sqlite_store(place("copy.db")), key())));
}

TEST_CASE_METHOD(SealedVaults, "a store has one vault, and making another leaves it alone", "[vault]") {
  check_refused([&] { return create_sealed_vault(store(), key("other.kek"), kNow); }, Errc::exists, "has a store key already");
  check_refused([&] { return create_sealed_vault(store(), key(), kNow); }, Errc::exists, "has a store key already");
  CHECK(wraps() == 1);
  CHECK(is_the_same(*sealed_vault(store(), key())));
}

TEST_CASE_METHOD(SealedVaults, "one whose only seal has number 2 is not made again either", "[vault]") {
  rewrap(key(), key("fresh.kek"), OldWraps::keep);
  sql("DELETE FROM vault_wraps WHERE number = 1");
  CHECK(outcome_of([&] { static_cast<void>(create_sealed_vault(store(), key(), kNow)); }) == "exists");
  CHECK(wraps() == 1);
}

TEST_CASE_METHOD(SealedVaults, "two stores under one key file have nothing in common", "[vault]") {
  const auto other = create_sqlite_store(place("other.db"));
  const auto vault = create_sealed_vault(*other, key(), kNow);
  CHECK(outcome_of([&] { static_cast<void>(vault->unseal(url_of_row(), sealed())); }) == "corrupt");
  CHECK(vault->authenticate(bytes_of("row")) != this->vault().authenticate(bytes_of("row")));
}

TEST_CASE_METHOD(VaultScene, "a vault is not made with a key file that is none", "[vault]") {
  CHECK(outcome_of([&] { static_cast<void>(create_sealed_vault(store(), KeyFile{place("none")}, kNow)); }) == "not_found");
  CHECK(wraps() == 0);
}

TEST_CASE_METHOD(VaultScene, "of processes that make a store's vault at once one does, and the others find it", "[vault]") {
  for (int i = 0; i < 4; ++i) static_cast<void>(key(std::to_string(i)));
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(start([&, i] {
      const auto mine = open_sqlite_store(place("ca.db"));
      const std::string outcome = outcome_of([&] { static_cast<void>(create_sealed_vault(*mine, key(std::to_string(i)), kNow)); });
      return outcome == "none" ? 1 : outcome == "exists" ? 0 : 100;
    }));
  }
  int made = 0, opened = 0;
  for (const pid_t child : children) made += ended(child);
  for (int i = 0; i < 4; ++i) opened += opening(key(std::to_string(i))) == "opens" ? 1 : 0;
  CHECK(made == 1);
  CHECK(opened == 1);
  CHECK(wraps() == 1);
}

// --- another key ---

TEST_CASE_METHOD(SealedVaults, "while the old key is kept both open the vault", "[vault]") {
  rewrap(key(), key("fresh.kek"), OldWraps::keep);
  CHECK(is_the_same(*sealed_vault(store(), key())));
  CHECK(is_the_same(*sealed_vault(store(), key("fresh.kek"))));
  CHECK(opening(key("other.kek")) == "passphrase_wrong");
  CHECK(wraps() == 2);
}

TEST_CASE_METHOD(SealedVaults, "once old keys are removed the fresh one alone opens the vault", "[vault]") {
  const bool was_kept = GENERATE(false, true);
  if (was_kept) rewrap(key(), key("second.kek"), OldWraps::keep);
  rewrap(key(), key("fresh.kek"), OldWraps::remove);
  CHECK(is_the_same(*sealed_vault(store(), key("fresh.kek"))));
  CHECK(opening(key()) == "passphrase_wrong");
  CHECK(opening(key("second.kek")) == "passphrase_wrong");
  CHECK(wraps() == 1);
}

TEST_CASE_METHOD(SealedVaults, "a third key is refused and the two stay", "[vault]") {
  rewrap(key(), key("second.kek"), OldWraps::keep);
  check_refused([&] { return rewrap(key(), key("third.kek"), OldWraps::keep), 0; }, Errc::policy,
                "is sealed by 2 keys, the most it may be");
  CHECK(opening(key()) == "opens");
  CHECK(opening(key("second.kek")) == "opens");
  CHECK(opening(key("third.kek")) == "passphrase_wrong");
}

TEST_CASE_METHOD(SealedVaults, "keys may follow one another for ever", "[vault]") {
  for (int i = 0; i < 3; ++i) {
    const std::string now = i == 0 ? "ca.kek" : "fresh" + std::to_string(i - 1), next = "fresh" + std::to_string(i);
    rewrap(key(now), key(next), OldWraps::keep);
    rewrap(key(next), key(next), OldWraps::remove);
    CHECK(opening(key(now)) == "passphrase_wrong");
    CHECK(is_the_same(*sealed_vault(store(), key(next))));
  }
}

TEST_CASE_METHOD(SealedVaults, "a key file may be followed by a passphrase, and that by a key file", "[vault]") {
  rewrap(key(), passphrase("correct horse"), OldWraps::remove);
  CHECK(opening(key()) == "not_found");
  rewrap(passphrase("correct horse"), key("fresh.kek"), OldWraps::keep);
  CHECK(is_the_same(*sealed_vault(store(), key("fresh.kek"))));
}

TEST_CASE_METHOD(SealedVaults, "a vault that is open goes on while its key is changed", "[vault]") {
  rewrap(key(), key("fresh.kek"), OldWraps::remove);
  const Bytes later = vault().seal(url_of_row(), bytes_of("later"));
  CHECK(text_of(vault().unseal(url_of_row(), sealed()).reveal()) == "postgres://");
  CHECK(text_of(sealed_vault(store(), key("fresh.kek"))->unseal(url_of_row(), later).reveal()) == "later");
}

TEST_CASE_METHOD(SealedVaults, "a key that is changed in vain leaves all as it was", "[vault]") {
  const auto before = look("SELECT hex(sealed_key), hex(checksum) FROM vault_wraps");
  const auto outcome = [&](const VaultKey& current, const VaultKey& fresh) {
    return outcome_of([&] { rewrap(current, fresh, OldWraps::remove); });
  };
  CHECK(outcome(key("other.kek"), key("fresh.kek")) == "passphrase_wrong");
  CHECK(outcome(passphrase("correct horse"), key("fresh.kek")) == "not_found");
  CHECK(outcome(key(), Passphrase{}) == "invalid_argument");
  CHECK(outcome(key(), KeyFile{place("none")}) == "not_found");
  CHECK(outcome(KeyFile{place("none")}, key("fresh.kek")) == "not_found");
  const auto after = look("SELECT hex(sealed_key), hex(checksum) FROM vault_wraps");
  REQUIRE(after.size() == 1);
  CHECK(after[0].text(0) == before[0].text(0));
  CHECK(after[0].text(1) == before[0].text(1));
}

TEST_CASE_METHOD(VaultScene, "a store without a vault has no key to change", "[vault]") {
  CHECK(outcome_of([&] { rewrap_sealed_vault(store(), key(), key("fresh.kek"), OldWraps::keep, kNow); }) == "not_found");
  CHECK(wraps() == 0);
}

TEST_CASE_METHOD(SealedVaults, "of processes that change the key at once one does, whose key alone opens the vault", "[vault]") {
  const OldWraps old = GENERATE(OldWraps::keep, OldWraps::remove);
  for (int i = 0; i < 4; ++i) static_cast<void>(key(std::to_string(i)));
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(start([&, i] {
      const auto mine = open_sqlite_store(place("ca.db"));
      const std::string outcome = outcome_of([&] { rewrap_sealed_vault(*mine, key(), key(std::to_string(i)), old, kNow); });
      // Who comes in time finds it changed under his hands; who comes late finds two keys, or that his opens nothing any more.
      if (outcome == "busy" || outcome == (old == OldWraps::keep ? "policy" : "passphrase_wrong")) return 0;
      return outcome == "none" ? 1 : 100;
    }));
  }
  int changed = 0, opened = 0;
  for (const pid_t child : children) changed += ended(child);
  for (int i = 0; i < 4; ++i) opened += opening(key(std::to_string(i))) == "opens" ? 1 : 0;
  CHECK(changed == 1);
  CHECK(opened == 1);
  CHECK((opening(key()) == "opens") == (old == OldWraps::keep));
}

// --- signing keys ---

TEST_CASE_METHOD(SealedVaults, "a handle that holds another key than its row tells of is refused", "[vault]") {
  const PrivateKey key = PrivateKey::generate(), other = PrivateKey::generate();
  Binding binding = url_of_row();
  binding.purpose = "root key";
  binding.public_key = key.public_key().spki_der();
  const Bytes right = vault().seal(binding, key.pkcs8_der().reveal()), wrong = vault().seal(binding, other.pkcs8_der().reveal());
  CHECK(vault().signer(binding, right)->public_key() == key.public_key());
  check_refused([&] { return vault().signer(binding, wrong); }, Errc::mismatch,
                "is another key than the one that its row tells of");
}

TEST_CASE_METHOD(SealedVaults, "a handle is the key's PKCS#8, sealed", "[vault]") {
  Binding binding = url_of_row();
  binding.purpose = "root key";
  const Vault::SigningKey made = vault().create_signing_key(binding, KeyAlgorithm::ecdsa_p256());
  binding.public_key = made.signer->public_key().spki_der();
  const SecretBytes pkcs8 = vault().unseal(binding, made.handle);
  CHECK(PrivateKey::from_pkcs8_der(pkcs8.reveal()).public_key() == made.signer->public_key());
  CHECK(made.handle.size() == 1 + 12 + pkcs8.size() + 16);
}

// --- fork ---

TEST_CASE_METHOD(SealedVaults, "a vault refuses to work in a forked child", "[vault]") {
  Binding root = url_of_row();
  root.purpose = "root key";
  const Vault::SigningKey made = vault().create_signing_key(root, KeyAlgorithm::ecdsa_p256());
  const Binding no_key = root;
  root.public_key = made.signer->public_key().spki_der();
  const std::vector<std::function<void()>> verbs{
      [&] { static_cast<void>(vault().seal(url_of_row(), {})); },
      [&] { static_cast<void>(vault().unseal(url_of_row(), sealed())); },
      [&] { static_cast<void>(vault().create_signing_key(no_key, KeyAlgorithm::ecdsa_p256())); },
      [&] { static_cast<void>(vault().signer(root, made.handle)); },
      [&] { vault().destroy_signing_key(root, made.handle); },
      [&] { static_cast<void>(vault().authenticate({})); },
      [&] {
        static_cast<void>(made.signer->sign({"ecdsa-with-SHA256", ByteView{std::array<std::uint8_t, 32>{}}}));
      },
      [&] { static_cast<void>(sealed_vault(store(), key())); },
  };
  CHECK(in_child([&] {
          int refused = 0;
          for (const auto& verb : verbs) refused += outcome_of(verb) == "wrong_process" ? 1 : 0;
          return refused;
        }) == static_cast<int>(verbs.size()));
  CHECK(is_the_same(vault()));
}

}  // namespace
}  // namespace spaceca::test
