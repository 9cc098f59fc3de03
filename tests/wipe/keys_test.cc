#include <algorithm>
#include <filesystem>
#include <sstream>

#include <spaceca/issuer.h>
#include <spaceca/key.h>

#include "support/files.h"
#include "support/text.h"
#include "wipe/freed.h"
#include "wipe/secrets.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

// The passphrase of every encrypted file of tests/data/keys.
const std::string kPassphrase = "correct horse";

std::vector<std::string> good_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{data_path("keys/good")}) {
    if (entry.path().extension() == ".pem") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool is_encrypted(const std::string& name) { return name.find(".enc-") != std::string::npos; }

// A line of expect.tsv.
struct Bad {
  std::string file, passphrase, why;
};
std::vector<Bad> bad_files() {
  std::vector<Bad> all;
  std::istringstream lines{data("keys/bad/expect.tsv")};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream columns{line};
    Bad bad;
    std::string kind;
    std::getline(columns, bad.file, '\t');
    std::getline(columns, bad.passphrase, '\t');
    std::getline(columns, kind, '\t');
    std::getline(columns, bad.why, '\t');
    all.push_back(bad);
  }
  return all;
}

// The keys of which nearly all bad files are made.
Needles secrets_of_all_bad() {
  Needles all;
  for (const std::string name : {"p256-pkcs8", "p256-pkcs8-zero-scalar", "p384-pkcs8", "rsa2048-pkcs8", "ed25519-pkcs8"}) {
    const Needles one = secrets_of_pkcs8(bytes_of(data("keys/good/" + name + ".p8")));
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

std::string error_of(const std::function<void()>& call) {
  try {
    call();
    return "was not refused";
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("reading a key, of any form, leaves nothing of it behind, nor of the passphrase", "[wipe][keys]") {
  const SecretBytes passphrase{kPassphrase};
  std::size_t read = 0, told = 0;
  for (const std::string& name : good_names()) {
    INFO(name);
    const std::string pem = data("keys/good/" + name + ".pem");
    const std::string p8 = data("keys/good/" + name + ".p8");
    const Needles secrets = with(secrets_of_pkcs8(bytes_of(p8)), kPassphrase);
    if (secrets.size() > 1) ++told;
    ++read;
    CHECK(found_in(freed_by([&] {
                     const PrivateKey key = is_encrypted(name) ? PrivateKey::from_pem(pem, passphrase) : PrivateKey::from_pem(pem);
                     static_cast<void>(key.public_key().spki_der());
                   }),
                   secrets) == "none");
    CHECK(found_in(freed_by([&] {
                     static_cast<void>(is_encrypted(name) ? pkcs8_der_from_pem(pem, passphrase) : pkcs8_der_from_pem(pem));
                   }),
                   secrets) == "none");
    CHECK(found_in(freed_by([&] { static_cast<void>(PrivateKey::from_pkcs8_der(bytes_of(p8))); }), secrets) == "none");
  }
  CHECK(read > 150);
  CHECK(told >= read - 4);  // all but those with the scalar 1
}

TEST_CASE("a key that is refused leaves nothing behind, neither in memory nor in the error", "[wipe][keys]") {
  const Needles common = secrets_of_all_bad();
  std::size_t refused = 0;
  for (const Bad& bad : bad_files()) {
    INFO(bad.file << " (" << bad.passphrase << "): " << bad.why);
    const std::string pem = data("keys/" + bad.file);
    const bool given = !bad.passphrase.empty() && bad.passphrase != "-none-";
    const SecretBytes passphrase{bad.passphrase};
    Needles secrets = common;
    const Needles own = is_encrypted(bad.file) ? Needles{} : secrets_of_pem(pem);  // some ask for years of work to be decrypted
    secrets.insert(secrets.end(), own.begin(), own.end());
    if (given) secrets.push_back(bad.passphrase);
    std::string error;
    error.reserve(1000);
    CHECK(found_in(freed_by([&] {
                     error = error_of(
                         [&] { static_cast<void>(given ? PrivateKey::from_pem(pem, passphrase) : PrivateKey::from_pem(pem)); });
                   }),
                   secrets) == "none");
    CHECK(error != "was not refused");
    CHECK(found_in(error, secrets) == "none");
    if (error != "was not refused") ++refused;
  }
  CHECK(refused > 350);
}

TEST_CASE("PKCS#8 in DER that is refused leaves nothing behind", "[wipe][keys]") {
  const auto name = GENERATE(as<std::string>{}, "p256-pkcs8", "rsa2048-pkcs8", "ed25519-pkcs8");
  const std::string der = data("keys/good/" + name + ".p8");
  const Needles secrets = secrets_of_pkcs8(bytes_of(der));
  for (std::size_t size = 0; size < der.size(); size += der.size() / 40) {
    const std::string cut = der.substr(0, size);
    CHECK(found_in(
              freed_by([&] { static_cast<void>(error_of([&] { static_cast<void>(PrivateKey::from_pkcs8_der(bytes_of(cut))); })); }),
              secrets) == "none");
  }
}

TEST_CASE("making and moving a key leaves nothing of it behind", "[wipe][keys]") {
  const auto algorithm =
      GENERATE(KeyAlgorithm::ecdsa_p256(), KeyAlgorithm::ecdsa_p384(), KeyAlgorithm::rsa_2048(), KeyAlgorithm::ed25519());
  std::string der;  // what was made, to know it afterwards
  der.reserve(4096);
  const std::string_view freed = freed_by([&] {
    PrivateKey key = PrivateKey::generate(algorithm);
    PrivateKey other = PrivateKey::generate(algorithm);
    other = std::move(key);
    const PrivateKey last{std::move(other)};
    const SecretBytes made = last.pkcs8_der();
    der.assign(text_of(made.reveal()));
  });
  const Needles secrets = secrets_of_pkcs8(bytes_of(der));
  REQUIRE(secrets.size() >= 10);
  CHECK(found_in(freed, secrets) == "none");
}

TEST_CASE("writing a key as PKCS#8 leaves nothing of it behind", "[wipe][keys]") {
  const auto name = GENERATE(as<std::string>{}, "p256-pkcs8", "p384-pkcs8", "rsa2048-pkcs8", "rsa4096-pkcs8", "ed25519-pkcs8");
  const PrivateKey key = PrivateKey::from_pem(data("keys/good/" + name + ".pem"));
  const Needles secrets = secrets_of_pkcs8(bytes_of(data("keys/good/" + name + ".p8")));
  CHECK(found_in(freed_by([&] { static_cast<void>(key.pkcs8_der()); }), secrets) == "none");
  CHECK(found_in(freed_by([&] { static_cast<void>(key.pkcs8_pem()); }), secrets) == "none");
}

TEST_CASE("encrypting a key leaves nothing of it behind, nor of the passphrase", "[wipe][keys]") {
  const auto name = GENERATE(as<std::string>{}, "p256-pkcs8", "rsa2048-pkcs8", "ed25519-pkcs8");
  const auto reader = GENERATE(EncryptionFor::modern, EncryptionFor::memory_hard, EncryptionFor::jdk17);
  const PrivateKey key = PrivateKey::from_pem(data("keys/good/" + name + ".pem"));
  const std::string words = "a passphrase long enough for the heap";
  const SecretBytes passphrase{words};
  const Needles secrets = with(secrets_of_pkcs8(bytes_of(data("keys/good/" + name + ".p8"))), words);
  CHECK(found_in(freed_by([&] { static_cast<void>(key.encrypted_pkcs8_der(passphrase, reader)); }), secrets) == "none");
  CHECK(found_in(freed_by([&] { static_cast<void>(key.encrypted_pkcs8_pem(passphrase, reader)); }), secrets) == "none");
}

TEST_CASE("issuing leaves nothing behind of the root's key, nor of the leaf's", "[wipe][keys]") {
  const auto name = GENERATE(as<std::string>{}, "p256-pkcs8", "p384-pkcs8", "rsa2048-pkcs8");
  const std::string pem = data("keys/good/" + name + ".pem");
  std::string leaf;
  leaf.reserve(4096);
  const std::string_view freed = freed_by([&] {
    const Issuer root =
        Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::from_pem(pem), instant("2026-11-24T10:00:00Z"));
    const Credential client = root.issue_with_key(ClientSubject{.role = RoleName{"app"}}, instant("2026-11-24T10:00:00Z"));
    const SecretBytes made = client.key().pkcs8_der();
    leaf.assign(text_of(made.reveal()));
  });
  CHECK(found_in(freed, secrets_of_pkcs8(bytes_of(data("keys/good/" + name + ".p8")))) == "none");
  CHECK(found_in(freed, secrets_of_pkcs8(bytes_of(leaf))) == "none");
}
