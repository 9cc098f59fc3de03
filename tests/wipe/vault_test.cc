#include <array>
#include <filesystem>
#include <memory>

#include <spaceca/sqlite_store.h>
#include <spaceca/vault.h>

#include "support/child.h"
#include "support/files.h"
#include "support/text.h"
#include "wipe/freed.h"
#include "wipe/secrets.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

constexpr std::string_view kPassphrase = "correct horse";
constexpr std::array<std::uint8_t, 16> kId{0x01, 0x90};

// The store key of tests/data/vault, and the two keys derived from it, as `python3` computes them:
//   k = hashlib.sha256(b"store key of the vectors").digest(); hmac.new(k, b"spaceca rows 1", "sha256"), (k, b"spaceca codes 1")
const std::array kKeys{"f5739a9850d4cf1b8820b5f72a36a88c726f3304ea1a0c0e289bdb860cdb7b83",
                       "a88caf9205a6fcee3b4b850f0e23f30a7a64b4a204307797b3efa31262cae2a2",
                       "97572b49c86c920e5b38fa9f9eec6d07417728108add33404fdc1e342f593fd1"};

Needles secrets() {
  Needles all{std::string{kPassphrase}};
  for (const char* const key : kKeys) {
    const Bytes octets = from_hex(key);
    all.emplace_back(text_of(ByteView{octets}.first(16)));
    all.emplace_back(text_of(ByteView{octets}.last(16)));
  }
  return all;
}

// A store that holds the vectors' store key, cheap to open by the passphrase.
class Vaults {
 protected:
  Vaults() {
    create_sqlite_store(file()).reset();
    const std::string line = data("vault/wraps.tsv").substr(0, data("vault/wraps.tsv").find('\n'));
    REQUIRE(run({"sqlite3", "-bail", file().string()}, {.input = line.substr(line.rfind('\t') + 1)}).exit_code == 0);
    store_ = open_sqlite_store(file());
  }
  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "ca.db"; }

  static constexpr Binding kUrl{.space = kId, .row = kId, .purpose = "url"};

 private:
  TemporaryFolder folder_;
  std::unique_ptr<Store> store_;
};

}  // namespace

TEST_CASE_METHOD(Vaults, "a vault that was opened, used and closed leaves no key behind, nor the passphrase", "[wipe][vault]") {
  Bytes sealed;
  sealed.reserve(100);
  CHECK(found_in(freed_by([&] {
                   const auto vault = sealed_vault(store(), Passphrase{SecretBytes{kPassphrase}});
                   sealed = vault->seal(kUrl, bytes_of("postgres://hunter2"));
                   static_cast<void>(vault->unseal(kUrl, sealed));
                   static_cast<void>(vault->authenticate(bytes_of("row")));
                 }),
                 with(secrets(), "postgres://hunter2")) == "none");
}

TEST_CASE_METHOD(Vaults, "a vault that was refused leaves neither a key nor the passphrase behind", "[wipe][vault]") {
  CHECK(found_in(freed_by([&] {
                   for (const std::string_view wrong : {"incorrect pony", "hunter2hunter2"}) {
                     check_refused([&] { return sealed_vault(store(), Passphrase{SecretBytes{wrong}}); }, Errc::passphrase_wrong,
                                   "");
                   }
                 }),
                 with(with(secrets(), "incorrect pony"), "hunter2hunter2")) == "none");
}

TEST_CASE_METHOD(Vaults, "a store key that is sealed anew leaves nothing behind", "[wipe][vault]") {
  create_key_file(file().string() + ".kek");
  const std::string octets = read_file(file().string() + ".kek");
  CHECK(found_in(freed_by([&] {
                   rewrap_sealed_vault(store(), Passphrase{SecretBytes{kPassphrase}}, KeyFile{file().string() + ".kek"},
                                       OldWraps::remove, instant("2026-11-24T10:00:00Z"));
                   static_cast<void>(sealed_vault(store(), KeyFile{file().string() + ".kek"}));
                 }),
                 with(secrets(), octets)) == "none");
}

TEST_CASE_METHOD(Vaults, "a signing key that was made and found again leaves nothing of it behind", "[wipe][vault]") {
  const auto vault = sealed_vault(store(), Passphrase{SecretBytes{kPassphrase}});
  Binding root = kUrl;
  Vault::SigningKey made;
  PublicKey key = PrivateKey::generate().public_key();
  const std::string_view freed = freed_by([&] {
    made = vault->create_signing_key(root, KeyAlgorithm::ecdsa_p256());
    key = made.signer->public_key();
    root.public_key = key.spki_der();
    static_cast<void>(vault->signer(root, made.handle));
    made.signer = nullptr;
  });
  const Bytes watched{bytes_of(freed).begin(), bytes_of(freed).end()};  // what follows frees too
  const Needles of_key = secrets_of_pkcs8(vault->unseal(root, made.handle).reveal());
  REQUIRE(of_key.size() >= 3);
  CHECK(found_in(text_of(watched), of_key) == "none");
}
