#include <spaceca/exporter.h>
#include <spaceca/files.h>

#include "export/credentials.h"
#include "support/child.h"
#include "support/files.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using namespace std::string_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

// A .p12 on the disk, read by openssl.
class P12 final {
 public:
  P12(const Credential& credential, std::string password) : password_(std::move(password)) {
    files::write(folder_.path(), exporter::pkcs12(credential, SecretBytes{password_}));
  }

  [[nodiscard]] Outcome read(std::vector<std::string> options, const std::string& password) const {
    std::vector<std::string> command = {"openssl", "pkcs12",           "-in",      path(),
                                        "-passin", "env:P12_PASSWORD", "-passout", "env:P12_PASSWORD"};
    command.insert(command.end(), options.begin(), options.end());
    return run(command, {.environment = {"P12_PASSWORD=" + password}});
  }
  [[nodiscard]] Outcome read(std::vector<std::string> options) const { return read(std::move(options), password_); }
  [[nodiscard]] std::string path() const { return (folder_.path() / "postgresql.p12").string(); }

 private:
  TemporaryFolder folder_;
  std::string password_;
};

std::size_t count(const std::string& text, const std::string& piece) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(piece, at)) != std::string::npos; ++at) ++n;
  return n;
}

}  // namespace

TEST_CASE("openssl opens the .p12 and finds the key and the leaf under the alias user", "[export][pkcs12]") {
  const auto algorithm = GENERATE(KeyAlgorithm::ecdsa_p256(), KeyAlgorithm::rsa_2048(), KeyAlgorithm::ed25519());
  const Credential credential = client(algorithm);
  const P12 file{credential, "swordfish"};

  const Outcome key = file.read({"-nocerts", "-noenc"});
  CHECK(key.exit_code == 0);
  CHECK_THAT(key.out, ContainsSubstring("friendlyName: user\n"));
  CHECK_THAT(key.out, ContainsSubstring(std::string{text_of(credential.key().pkcs8_pem().reveal())}));

  const Outcome leaf = file.read({"-nokeys", "-clcerts"});
  CHECK_THAT(leaf.out, ContainsSubstring("friendlyName: user\n"));
  CHECK_THAT(leaf.out, ContainsSubstring(credential.certificate().pem()));
}

TEST_CASE("the .p12 is encrypted by AES-256-CBC under PBKDF2 and has a SHA-256 MAC", "[export][pkcs12]") {
  const P12 file{client(), "swordfish"};
  const Outcome info = file.read({"-info", "-noout"});
  CHECK_THAT(info.err, ContainsSubstring("MAC: sha256, Iteration 100000\n"));
  CHECK_THAT(info.err,
             ContainsSubstring("PKCS7 Encrypted data: PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256\n"));
  CHECK_THAT(info.err, ContainsSubstring("Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256\n"));
  CHECK(count(info.err, "Certificate bag\n") == 1);
}

TEST_CASE("the .p12 holds the intermediates after the leaf, without an alias, and no root", "[export][pkcs12]") {
  const Credential credential = client_of_an_intermediate();
  const P12 file{credential, "swordfish"};
  const Outcome certificates = file.read({"-nokeys"});
  CHECK(subjects_in(certificates.out) == std::vector<std::string>{"CN = app", "CN = Test Intermediate"});
  CHECK(count(certificates.out, "friendlyName:") == 1);
  CHECK(certificates.out.find("friendlyName: user\n") < certificates.out.find(credential.chain()[0].pem()));
  CHECK(certificates.out.find(credential.chain()[0].pem()) < certificates.out.find(credential.chain()[1].pem()));
}

TEST_CASE("a .p12 opens with its password, whatever printable ASCII it is", "[export][pkcs12]") {
  const auto password = GENERATE("x"s, "correct horse"s, " "s, " in front and behind "s, "~!@#$%^&*()_+{}|:\"<>?`-=[]\\;',./"s,
                                 std::string(200, 'x'));
  const P12 file{client(), password};
  const Outcome outcome = file.read({"-nokeys"});
  INFO(outcome.err);
  CHECK(outcome.exit_code == 0);
}

TEST_CASE("a .p12 does not open with another password, or with none", "[export][pkcs12]") {
  const auto password = GENERATE("Swordfish"s, "swordfis"s, "swordfish "s, ""s);
  const P12 file{client(), "swordfish"};
  const Outcome outcome = file.read({"-nokeys"}, password);
  CHECK(outcome.exit_code != 0);
  CHECK_THAT(outcome.err, ContainsSubstring("invalid password"));
}

TEST_CASE("neither the password nor the key stands readable in the .p12", "[export][pkcs12]") {
  const Credential credential = client();
  const P12 file{credential, "swordfish"};
  const std::string octets = read_file(file.path());
  const std::string utf16 = "s\0w\0o\0r\0d\0f\0i\0s\0h"s;
  CHECK(octets.find("swordfish") == std::string::npos);
  CHECK(octets.find(utf16) == std::string::npos);
  CHECK(octets.find(text_of(credential.key().pkcs8_der().reveal().subspan(36, 32))) == std::string::npos);  // the scalar
}

TEST_CASE("two .p12 of one credential differ, for their salts do", "[export][pkcs12]") {
  const Credential credential = client();
  CHECK((text_in(exporter::pkcs12(credential, SecretBytes{"swordfish"}), "postgresql.p12") !=
         text_in(exporter::pkcs12(credential, SecretBytes{"swordfish"}), "postgresql.p12")));
}

TEST_CASE("a password that is empty or no printable ASCII is refused, and the error does not show it", "[export][pkcs12]") {
  const auto [password, why] = GENERATE(table<std::string, std::string>({
      {"", "PKCS#12 password: is empty; give at least one character"},
      {"\0"s, "holds characters that are not printable ASCII, which Java refuses"},  // many readers stop there
      {"sword\0fish"s, "holds characters that are not printable ASCII, which Java refuses"},
      {"swordfish\0"s, "holds characters that are not printable ASCII, which Java refuses"},
      {"swordfish\n", "holds characters that are not printable ASCII, which Java refuses"},
      {"sword\tfish", "holds characters that are not printable ASCII, which Java refuses"},
      {"sword\037fish", "holds characters that are not printable ASCII, which Java refuses"},
      {"sword\177fish", "holds characters that are not printable ASCII, which Java refuses"},
      {"sw\xC3\xB6rdfish", "holds characters that are not printable ASCII, which Java refuses"},
      {"sw\xF6rdfish", "holds characters that are not printable ASCII, which Java refuses"},
      {"swordfish\xC3", "holds characters that are not printable ASCII, which Java refuses"},
  }));
  const Credential credential = client();
  const std::string& given = password;
  try {
    static_cast<void>(exporter::pkcs12(credential, SecretBytes{given}));
    FAIL_CHECK("was not refused; expected: " << why);
  } catch (const Error& error) {
    CHECK(error.code() == Errc::invalid_argument);
    CHECK_THAT(error.what(), ContainsSubstring("PKCS#12 password: "));
    CHECK_THAT(error.what(), ContainsSubstring(why));
    CHECK(std::string_view{error.what()}.find("fish") == std::string_view::npos);
  }
}
