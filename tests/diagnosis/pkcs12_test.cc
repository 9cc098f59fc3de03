// diagnose: PKCS#12 files as openssl and keytool make them.
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
