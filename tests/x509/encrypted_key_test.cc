// Keys under a passphrase, written by us and opened by others.
#include <spaceca/key.h>

#include "support/child.h"
#include "support/files.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

const SecretBytes kPassphrase{std::string_view{"pass phrase ~!\"$"}};

Outcome opened_by_openssl(ByteView pem, const std::string& passphrase) {
  const TemporaryFolder folder;
  write_file(folder.path() / "key.pem", text_of(pem));
  write_file(folder.path() / "pass", passphrase + "\n");
  return run({"openssl", "pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in", (folder.path() / "key.pem").string(), "-passin",
              "file:" + (folder.path() / "pass").string()});
}

}  // namespace

TEST_CASE("openssl opens an encrypted key of every form and finds the same key", "[key]") {
  const EncryptionFor reader = GENERATE(EncryptionFor::modern, EncryptionFor::memory_hard, EncryptionFor::jdk17);
  const std::string algorithm = GENERATE("ecdsa-p256", "rsa-2048", "ed25519");
  const PrivateKey key = PrivateKey::generate(KeyAlgorithm{algorithm});
  const auto opened = opened_by_openssl(key.encrypted_pkcs8_pem(kPassphrase, reader).reveal(), "pass phrase ~!\"$");
  CHECK(hex(bytes_of(opened.out)) == hex(key.pkcs8_der().reveal()));
}

TEST_CASE("the encryption is the one that its name promises", "[key]") {
  auto [reader, lines] = GENERATE(table<EncryptionFor, std::vector<std::string>>({
      {EncryptionFor::modern, {":PBES2", ":PBKDF2", ":0927C0", ":hmacWithSHA256", ":aes-256-cbc"}},  // 0x0927C0 = 600,000
      {EncryptionFor::memory_hard, {":PBES2", ":scrypt", ":4000", ":08", ":01", ":aes-256-cbc"}},    // 0x4000 = 2^14
      {EncryptionFor::jdk17, {":pbeWithSHA1And3-KeyTripleDES-CBC", ":0800"}},                        // 0x0800 = 2,048
  }));
  const SecretBytes der = PrivateKey::generate().encrypted_pkcs8_der(kPassphrase, reader);
  const auto dump = run({"openssl", "asn1parse", "-inform", "DER"}, {.input = std::string{text_of(der.reveal())}});
  for (const std::string& line : lines) CHECK_THAT(dump.out, Catch::Matchers::ContainsSubstring(line));
}

TEST_CASE("we open what we encrypted, with its passphrase alone", "[key]") {
  const EncryptionFor reader = GENERATE(EncryptionFor::modern, EncryptionFor::memory_hard, EncryptionFor::jdk17);
  const PrivateKey key = PrivateKey::generate();
  const SecretBytes pem = key.encrypted_pkcs8_pem(kPassphrase, reader);
  CHECK(PrivateKey::from_pem(text_of(pem.reveal()), kPassphrase).public_key() == key.public_key());
  check_refused([&] { return PrivateKey::from_pem(text_of(pem.reveal())); }, Errc::passphrase_missing,
                "it is encrypted; give its passphrase");
  check_refused([&] { return PrivateKey::from_pem(text_of(pem.reveal()), SecretBytes{std::string_view{"another"}}); },
                Errc::passphrase_wrong, "the passphrase is wrong, or the file is damaged");
  check_refused([&] { return PrivateKey::from_pem(text_of(pem.reveal()), SecretBytes{}); }, Errc::passphrase_wrong,
                "the passphrase is wrong");
}

TEST_CASE("a passphrase given for a key that needs none does no harm", "[key]") {
  const PrivateKey key = PrivateKey::generate();
  CHECK(PrivateKey::from_pem(text_of(key.pkcs8_pem().reveal()), kPassphrase).public_key() == key.public_key());
}

TEST_CASE("nothing is encrypted under an empty passphrase", "[key]") {
  check_refused([] { return PrivateKey::generate().encrypted_pkcs8_pem(SecretBytes{}, EncryptionFor::modern); },
                Errc::invalid_argument, "the passphrase is empty; give at least one octet");
}

TEST_CASE("a passphrase beyond ASCII is for readers other than Java", "[key]") {
  const SecretBytes umlaut{std::string_view{"p\xC3\xA4ss"}};
  const PrivateKey key = PrivateKey::generate();
  const auto opened = opened_by_openssl(key.encrypted_pkcs8_pem(umlaut, EncryptionFor::modern).reveal(), "p\xC3\xA4ss");
  CHECK(hex(bytes_of(opened.out)) == hex(key.pkcs8_der().reveal()));
  check_refused([&] { return key.encrypted_pkcs8_pem(umlaut, EncryptionFor::jdk17); }, Errc::invalid_argument,
                "which Java refuses");
}

TEST_CASE("of two encryptions of one key none repeats the other's salt", "[key]") {
  const PrivateKey key = PrivateKey::generate();
  CHECK(hex(key.encrypted_pkcs8_der(kPassphrase, EncryptionFor::modern).reveal()) !=
        hex(key.encrypted_pkcs8_der(kPassphrase, EncryptionFor::modern).reveal()));
}
