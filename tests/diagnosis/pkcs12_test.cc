// diagnose: PKCS#12 files as openssl and keytool make them.
#include <memory>

#include <openssl/pkcs12.h>

#include "diagnosis/bundle.h"
#include "support/child.h"
#include "support/files.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;

namespace {

const Instant kNow = instant("2026-11-24T10:00:00Z");

// A bundle with a .p12 alone, which openssl made of the family's files with these words.
class Made final {
 public:
  explicit Made(const std::vector<std::string>& words, const std::string& password = "swordfish") {
    write_file(folder_.path() / "chain", pem_of({family.certificate(), family.middle.certificate}));
    write_file(folder_.path() / "key", spaceca::text_of(family.key.pkcs8_pem().reveal()));
    std::vector<std::string> command = {"openssl", "pkcs12", "-export", "-out", path("p12"), "-passout", "env:P12_PASSWORD"};
    for (const std::string& word : words) command.push_back(word.starts_with("@") ? path(word.substr(1)) : word);
    const Outcome outcome = run(command, {.environment = {"P12_PASSWORD=" + password}});
    INFO(outcome.err);
    REQUIRE(outcome.exit_code == 0);
  }

  [[nodiscard]] ClientFiles files(std::string_view password = "swordfish\n") const {
    return {.pkcs12 = client_file("postgresql.p12", read_file(folder_.path() / "p12"), 0600),
            .pkcs12_password = client_file("postgresql.p12.pass", password, 0600),
            .roots = client_file("root.crt", family.root.certificate.pem())};
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  const Family family{kNow};

 private:
  TemporaryFolder folder_;
};

constexpr const char* kData = "1.2.840.113549.1.7.1";
constexpr const char* kEncryptedData = "1.2.840.113549.1.7.6";
// pbeWithSHA1And3-KeyTripleDES-CBC with a salt, once.
const Bytes kOneRound =
    asn1::sequence({asn1::oid("1.2.840.113549.1.12.1.3"), asn1::sequence({asn1::octet_string(Bytes(8)), asn1::integer("01")})});

// Parts of a PFX (RFC 7292 4) as no program writes them.
Bytes data_of(const Bytes& content) {
  return asn1::sequence({asn1::oid(kData), asn1::context_constructed(0, asn1::octet_string(content))});
}
Bytes encrypted_data(const std::vector<Bytes>& content) {
  const Bytes data = asn1::sequence({asn1::integer("00"), asn1::sequence(content)});
  return asn1::sequence({asn1::oid(kEncryptedData), asn1::context_constructed(0, data)});
}
Bytes key_bag(ByteView sealed) {
  return asn1::sequence(
      {asn1::oid("1.2.840.113549.1.12.10.1.2"), asn1::context_constructed(0, Bytes{sealed.begin(), sealed.end()})});
}

// A whole file around these parts, with the MAC that it must have under the password, of one round.
Bytes pkcs12_of(const std::vector<Bytes>& parts) {
  const Bytes bare = asn1::sequence({asn1::integer("03"), data_of(asn1::sequence(parts))});
  const unsigned char* in = bare.data();
  const std::unique_ptr<PKCS12, void (*)(PKCS12*)> file{d2i_PKCS12(nullptr, &in, static_cast<long>(bare.size())), PKCS12_free};
  REQUIRE(file != nullptr);
  const auto password = spaceca::text_of(kP12Password.reveal());
  REQUIRE(PKCS12_set_mac(file.get(), password.data(), static_cast<int>(password.size()), nullptr, 0, 1, EVP_sha256()) == 1);
  Bytes whole(static_cast<std::size_t>(i2d_PKCS12(file.get(), nullptr)));
  unsigned char* out = whole.data();
  i2d_PKCS12(file.get(), &out);
  return whole;
}

ClientFiles with_pkcs12(ByteView octets) {
  return {.pkcs12 = client_file("postgresql.p12", spaceca::text_of(octets), 0600),
          .pkcs12_password = client_file("postgresql.p12.pass", spaceca::text_of(kP12Password.reveal()), 0600),
          .roots = client_file("root.crt", test_root("acme G1", kNow).certificate.pem())};
}

std::vector<Diagnosis> found_in(const ClientFiles& files) { return diagnose(files, {.now = kNow}); }

}  // namespace

TEST_CASE("a .p12 of openssl's with the alias user and its chain is good", "[diagnosis][pkcs12]") {
  const auto words =
      GENERATE(std::vector<std::string>{"-in", "@chain", "-inkey", "@key", "-name", "user"},
               std::vector<std::string>{"-in", "@chain", "-inkey", "@key", "-name", "User"},
               std::vector<std::string>{"-in", "@chain", "-inkey", "@key", "-name", "user", "-keypbe", "NONE", "-certpbe", "NONE"});
  const Made made{words};
  const auto found = found_in(made.files());
  INFO(spaceca::test::text_of(found));
  CHECK(rules_of(found).empty());
  const auto shown = shown_of(made.files());
  REQUIRE(shown);
  REQUIRE(shown->chain.size() == 2);
  CHECK(shown->chain[0].public_key() == made.family.key.public_key());
  CHECK(shown->chain[1] == made.family.middle.certificate);
}

TEST_CASE("an empty password is one too", "[diagnosis][pkcs12]") {
  const Made made{{"-in", "@chain", "-inkey", "@key", "-name", "user"}, ""};
  CHECK(rules_of(found_in(made.files(""))).empty());
}

TEST_CASE("another alias than user is found, and so is none", "[diagnosis][pkcs12]") {
  const auto named = found_in(Made{{"-in", "@chain", "-inkey", "@key", "-name", "app"}}.files());
  CHECK(rules_of(named) == "fault pkcs12-alias");
  CHECK_THAT(named.front().finding.text, ContainsSubstring("its key has the alias \"app\""));
  CHECK(named.front().finding.seen_as == "connection requires a valid client certificate");
  const auto nameless = found_in(Made{{"-in", "@chain", "-inkey", "@key"}}.files());
  CHECK(rules_of(nameless) == "fault pkcs12-alias");
  CHECK_THAT(nameless.front().finding.text, ContainsSubstring("its key has no alias"));
  const auto keyless = found_in(Made{{"-in", "@chain", "-nokeys"}}.files());
  CHECK(rules_of(keyless) == "fault pkcs12-alias");
  CHECK_THAT(keyless.front().finding.text, ContainsSubstring("holds no private key"));
}

TEST_CASE("a key without its certificate is found", "[diagnosis][pkcs12]") {
  const auto found = found_in(Made{{"-nocerts", "-in", "@key", "-inkey", "@key", "-name", "user"}}.files());
  CHECK(rules_of(found) == "fault pkcs12-chain");
  CHECK(found.front().finding.seen_as == "connection requires a valid client certificate");
}

TEST_CASE("a wrong password, a missing one and a damaged file are told apart", "[diagnosis][pkcs12]") {
  const Made made{{"-in", "@chain", "-inkey", "@key", "-name", "user"}};
  CHECK(rules_of(found_in(made.files("haddock"))) == "fault pkcs12-password");
  CHECK(found_in(made.files("haddock")).front().finding.seen_as == "keystore password was incorrect");
  ClientFiles alone = made.files();
  alone.pkcs12_password.reset();
  CHECK(rules_of(found_in(alone)) == "doubt pkcs12-password");
  ClientFiles cut = made.files();
  cut.pkcs12->octets = SecretBytes{cut.pkcs12->octets.reveal().first(100)};
  CHECK(rules_of(found_in(cut)) == "fault pkcs12-unreadable");
  ClientFiles pem = made.files();
  pem.pkcs12->octets = made.family.key.pkcs8_pem();
  CHECK(rules_of(found_in(pem)) == "fault pkcs12-unreadable");
}

TEST_CASE("a .p12 in the form of old programs is a doubt, since Java opens what this OpenSSL does not", "[diagnosis][pkcs12]") {
  const auto found = found_in(Made{{"-in", "@chain", "-inkey", "@key", "-name", "user", "-legacy"}}.files());
  CHECK(rules_of(found) == "doubt pkcs12-unsupported");
  CHECK_THAT(found.front().finding.text, ContainsSubstring("was not looked into"));
}

TEST_CASE("a .p12 without a MAC is not believed, and one that asks for too much work is refused", "[diagnosis][pkcs12]") {
  const auto bare = found_in(Made{{"-in", "@chain", "-inkey", "@key", "-name", "user", "-nomac"}}.files());
  CHECK(rules_of(bare) == "fault pkcs12-unreadable");
  CHECK_THAT(bare.front().finding.text, ContainsSubstring("has no MAC"));
  const auto slow = found_in(Made{{"-in", "@chain", "-inkey", "@key", "-name", "user", "-iter", "10000001", "-nomaciter"}}.files());
  CHECK(rules_of(slow) == "fault pkcs12-unreadable");
  CHECK_THAT(slow.front().finding.text, ContainsSubstring("asks for 10000001 rounds"));
}

// OpenSSL reads it, and has a null pointer where the content was to be.
TEST_CASE("a .p12 with a part that has no content is refused", "[diagnosis][pkcs12]") {
  const Bytes none = asn1::sequence({asn1::oid(GENERATE(kData, kEncryptedData))});
  const Bytes no_ciphertext = encrypted_data({asn1::oid(kData), kOneRound});
  for (const Bytes& part : {none, no_ciphertext}) {
    const auto found = found_in(with_pkcs12(pkcs12_of({part})));
    CHECK(rules_of(found) == "fault pkcs12-unreadable");
    CHECK_THAT(found.front().finding.text, ContainsSubstring("a part of it has no content"));
  }
}

TEST_CASE("the work that a .p12 asks for is counted over all its parts", "[diagnosis][pkcs12]") {
  const PrivateKey key = PrivateKey::generate();
  const SecretBytes sealed = key.encrypted_pkcs8_der(kP12Password, EncryptionFor::memory_hard);  // a sixteenth
  const auto text_of_keys = [&](std::size_t count) {
    const auto found =
        found_in(with_pkcs12(pkcs12_of({data_of(asn1::sequence(std::vector<Bytes>(count, key_bag(sealed.reveal()))))})));
    REQUIRE_FALSE(found.empty());
    return found.front().finding.text;
  };
  CHECK_THAT(text_of_keys(17),
             ContainsSubstring("asks for scrypt with N = 16384, r = 8, p = 1; N * r * p may be 2097152 at most in all"));
  CHECK_THAT(text_of_keys(16), !ContainsSubstring("scrypt"));
}

TEST_CASE("a .p12 of more than 1 MiB is refused before it is looked at", "[diagnosis][pkcs12]") {
  const auto found = found_in(with_pkcs12(Bytes((1U << 20) + 1)));
  CHECK(rules_of(found) == "fault pkcs12-unreadable");
  CHECK_THAT(found.front().finding.text, ContainsSubstring("has 1048577 octets, the most is 1048576"));
}

// RFC 9579: its rounds are where nobody counted them.
TEST_CASE("a .p12 whose MAC is a PBMAC1 is a doubt, since there are readers of it", "[diagnosis][pkcs12]") {
  const Bytes algorithm = asn1::sequence({asn1::oid("1.2.840.113549.1.5.14"), asn1::sequence({})});
  const Bytes mac = asn1::sequence({asn1::sequence({algorithm, asn1::octet_string(Bytes(32))}), asn1::octet_string(Bytes(8))});
  const auto found = found_in(with_pkcs12(asn1::sequence({asn1::integer("03"), data_of(asn1::sequence({})), mac})));
  CHECK(rules_of(found) == "doubt pkcs12-unsupported");
  CHECK_THAT(found.front().finding.text, ContainsSubstring("its MAC is of the kind PBMAC1"));
}
