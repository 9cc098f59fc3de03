// pgjdbc, psycopg2 and node-postgres, with files that the library wrote. Each probe prints one line: what the server says of the
// connection, or why there is none; "broken:" if the question could not be asked.
#include <functional>

#include <spaceca/exporter.h>
#include <spaceca/files.h>
#include <spaceca/issuer.h>

#include "java.h"
#include "support/child.h"
#include "support/postgres.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

const Instant kNow = SystemClock{}.now();
const SecretBytes kP12Password{std::string_view{"p12 \"word\" ~"}};

Issuer acme() { return Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::generate(), kNow); }
Credential server_of(const Issuer& root) {
  return root.issue_with_key(ServerSubject{.hosts = {HostName{"localhost"}, HostName{"127.0.0.1"}}}, kNow);
}
Credential app_of(const Issuer& root, const std::string& algorithm = "ecdsa-p256") {
  return root.issue_with_key(ClientSubject{.role = RoleName{"app"}, .database = DatabaseName{"orders"}}, kNow,
                             KeyAlgorithm{algorithm});
}

// A client's folder with everything that the exporters give, and the passwords that the probes read from files.
class Files final {
 public:
  explicit Files(const Credential& credential) {
    FileSet passwords;
    passwords.add({"password", FileRole::other, SecretBytes{Postgres::kPassword}});
    passwords.add({"p12.pass", FileRole::other, kP12Password.copy()});
    files::write(folder_.path(), exporter::libpq(credential) + exporter::jdbc(credential) +
                                     exporter::pkcs12(credential, kP12Password) + std::move(passwords));
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  [[nodiscard]] std::string folder() const { return folder_.path().string(); }

 private:
  TemporaryFolder folder_;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// The wrong root's client that trusts the right one: only the server can refuse it.
Credential stranger(const Issuer& trusted) {
  const Credential made = app_of(acme());
  const SecretBytes key = made.key().pkcs8_der();
  return Credential{made.chain(), PrivateKey::from_pkcs8_der(key.reveal()), {trusted.certificate()}};
}

exporter::Connection connection(const Files& files, const Postgres& server, const std::string& host = "localhost") {
  return {
      .host = host, .port = static_cast<std::uint16_t>(server.port()), .database = "app", .user = "app", .folder = files.folder()};
}

// Where there is a file "hosts", which names one, it is 127.0.0.1's.
std::string jdbc(const Files& files, const std::string& url) {
  std::vector<std::string> options;
  if (std::filesystem::exists(files.path("hosts"))) options.push_back("-Djdk.net.hosts.file=" + files.path("hosts"));
  return first_line(java("JdbcProbe",
                         {"--url", url, "--password-file", files.path("password"), "--sslpassword-file", files.path("p12.pass")},
                         options)
                        .out);
}

std::string psycopg2(const Files& files, const Postgres& server, const std::string& host, bool with_certificate) {
  std::vector<std::string> command = {"/usr/bin/python3", SPACECA_PEERS_SOURCE "/psycopg_probe.py",
                                      "--host",           host,
                                      "--port",           std::to_string(server.port()),
                                      "--user",           "app",
                                      "--database",       "app",
                                      "--password-file",  files.path("password"),
                                      "--root",           files.path("root.crt"),
                                      "--sslmode",        "verify-full"};
  if (with_certificate) {
    command.insert(command.end(), {"--cert", files.path("postgresql.crt"), "--key", files.path("postgresql.key")});
  }
  if (std::filesystem::exists(files.path("hosts"))) command.insert(command.end(), {"--hostaddr", "127.0.0.1"});
  return first_line(run(command).out);
}

std::string node_pg(const Files& files, const Postgres& server, const std::string& host, bool with_certificate) {
  std::vector<std::string> command = {"node",
                                      SPACECA_PEERS_SOURCE "/pg_probe.js",
                                      "--host",
                                      host,
                                      "--port",
                                      std::to_string(server.port()),
                                      "--user",
                                      "app",
                                      "--database",
                                      "app",
                                      "--password-file",
                                      files.path("password"),
                                      "--root",
                                      files.path("root.crt")};
  if (with_certificate) {
    command.insert(command.end(), {"--cert", files.path("postgresql.crt"), "--key", files.path("postgresql.key")});
  }
  if (std::filesystem::exists(files.path("hosts"))) command.insert(command.end(), {"--hostaddr", "127.0.0.1"});
  return first_line(run(command, {.environment = {"NODE_PATH=" SPACECA_PEERS "/node_modules"}}).out);
}

std::string accepted(const Credential& client) {
  return "accepted: serial=" + client.certificate().serial().decimal() + " dn=/OU=orders/CN=app tls=TLSv1.3";
}

}  // namespace

TEST_CASE("pgjdbc connects with the .pk8 and with the .p12, whatever the kind of the client's key", "[jdbc]") {
  const Issuer root = acme();
  const Postgres server{exporter::server(server_of(root))};
  const Credential client = app_of(root, GENERATE("ecdsa-p256", "rsa-2048", "ed25519"));
  const Files files{client};
  CHECK(jdbc(files, exporter::jdbc_url(connection(files, server))) == accepted(client));
  CHECK(jdbc(files, exporter::jdbc_url(connection(files, server), exporter::JdbcKey::pkcs12)) == accepted(client));
}

TEST_CASE("pgjdbc sends no certificate of another space, and the server refuses it", "[jdbc]") {
  const Issuer root = acme();
  const Postgres server{exporter::server(server_of(root))};
  const Files files{stranger(root)};
  const auto key = GENERATE(exporter::JdbcKey::pk8, exporter::JdbcKey::pkcs12);
  CHECK(jdbc(files, exporter::jdbc_url(connection(files, server), key)) ==
        "refused: FATAL: connection requires a valid client certificate");
}

TEST_CASE("pgjdbc refuses a host that the server's certificate does not name", "[jdbc]") {
  const Issuer root = acme();
  const Postgres server{exporter::server(server_of(root))};
  const Files files{app_of(root)};
  CHECK(jdbc(files, exporter::jdbc_url(connection(files, server, "127.0.0.2"))) ==
        "refused: The hostname 127.0.0.2 could not be verified by hostnameverifier PgjdbcHostnameVerifier.");
}

TEST_CASE("pgjdbc refuses a server of another space", "[jdbc]") {
  const Issuer root = acme();
  const Postgres server{exporter::server(server_of(acme()))};
  const Files files{app_of(root)};
  CHECK_THAT(jdbc(files, exporter::jdbc_url(connection(files, server))), ContainsSubstring("PKIX path building failed"));
}

TEST_CASE("pgjdbc reads no key in SEC1 or PKCS#1, whatever its name says", "[jdbc]") {
  auto [algorithm, to_der] = GENERATE(table<std::string, std::vector<std::string>>({
      {"ecdsa-p256", {"openssl", "ec", "-outform", "DER"}},
      {"rsa-2048", {"openssl", "rsa", "-traditional", "-outform", "DER"}},
  }));
  const Issuer root = acme();
  const Postgres server{exporter::server(server_of(root))};
  const Credential client = app_of(root, algorithm);
  const Files files{client};
  CHECK(jdbc(files, exporter::jdbc_url(connection(files, server))) == accepted(client));
  to_der.insert(to_der.end(), {"-in", files.path("postgresql.key"), "-out", files.path("postgresql.pk8")});
  REQUIRE(run(to_der).exit_code == 0);
  CHECK_THAT(jdbc(files, exporter::jdbc_url(connection(files, server))), StartsWith("refused: "));
}

TEST_CASE("pgjdbc on JDK 17 opens an encrypted key of the form jdk17, and not of the modern one", "[jdbc]") {
  const Issuer root = acme();
  const Postgres server{exporter::server(server_of(root))};
  const Credential client = app_of(root);
  const Files files{client};
  const auto form = GENERATE(EncryptionFor::jdk17, EncryptionFor::modern);
  FileSet key;
  key.add({"postgresql.pk8", FileRole::key, client.key().encrypted_pkcs8_der(kP12Password, form)});
  files::write(files.folder(), key, files::Existing::replace);
  const std::string answer = jdbc(files, exporter::jdbc_url(connection(files, server)));
  CHECK(answer == (form == EncryptionFor::jdk17
                       ? accepted(client)
                       : "refused: Could not find a java cryptographic algorithm: Cannot find any provider supporting PBES2."));
}

TEST_CASE("psycopg2 and node-postgres connect", "[psycopg2][node]") {
  const Issuer root = acme();
  const Postgres server{exporter::server(server_of(root))};
  const Credential client = app_of(root, GENERATE("ecdsa-p256", "rsa-2048", "ed25519"));
  const Files files{client};
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    INFO(host);
    CHECK(psycopg2(files, server, host, true) == accepted(client));
    CHECK(node_pg(files, server, host, true) == accepted(client));
  }
}

TEST_CASE("all three connect to every form of server that we make", "[jdbc][psycopg2][node]") {
  struct Form {
    std::string what;
    std::string key;  // of the root and the server
    std::vector<HostName> hosts;
  };
  const std::string long_name = "a-name-of-more-than-sixty-four-characters.which-a-common-name-cannot-hold.acme.example";
  const Form form = GENERATE_COPY(Form{"RSA root", "rsa-2048", {HostName{"localhost"}}},
                                  Form{"no common name", "ecdsa-p256", {HostName{long_name}, HostName{"localhost"}}});
  INFO(form.what);
  const Issuer root = Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::generate(KeyAlgorithm{form.key}), kNow);
  const Credential certificate =
      root.issue_with_key(ServerSubject{.hosts = form.hosts, .space = SpaceName{"acme"}}, kNow, KeyAlgorithm{form.key});
  const Postgres server{exporter::server(certificate)};
  const Credential client = app_of(root);
  const Files files{client};
  CHECK(jdbc(files, exporter::jdbc_url(connection(files, server))) == accepted(client));
  CHECK(psycopg2(files, server, "localhost", true) == accepted(client));
  CHECK(node_pg(files, server, "localhost", true) == accepted(client));
}

TEST_CASE("psycopg2 and node-postgres know a server by its IPv6 address, and pgjdbc, which keeps the brackets, does not",
          "[jdbc][psycopg2][node]") {
  const Issuer root = acme();
  const Postgres server{
      exporter::server(root.issue_with_key(ServerSubject{.hosts = {HostName{"localhost"}, HostName{"::1"}}}, kNow))};
  const Credential client = app_of(root);
  const Files files{client};
  CHECK(psycopg2(files, server, "::1", true) == accepted(client));
  CHECK(node_pg(files, server, "::1", true) == accepted(client));
  CHECK(jdbc(files, exporter::jdbc_url(connection(files, server, "::1"))) ==
        "refused: The hostname [::1] could not be verified by hostnameverifier PgjdbcHostnameVerifier.");
}

TEST_CASE("all three know a server by a wildcard", "[jdbc][psycopg2][node]") {
  const Issuer root = acme();
  const Postgres server{
      exporter::server(root.issue_with_key(ServerSubject{.hosts = {HostName{"*.db.acme.example", Wildcard::allowed}}}, kNow))};
  const Credential client = app_of(root);
  const Files files{client};
  const std::string host = "one.db.acme.example";
  write_file(files.path("hosts"), "127.0.0.1 " + host + "\n");
  CHECK(jdbc(files, exporter::jdbc_url(connection(files, server, host))) == accepted(client));
  CHECK(psycopg2(files, server, host, true) == accepted(client));
  CHECK(node_pg(files, server, host, true) == accepted(client));
}

TEST_CASE("all three connect while two roots are trusted, to a server of the new one with a certificate of the old",
          "[jdbc][psycopg2][node]") {
  const Issuer old_root = acme();
  const Issuer new_root = Issuer::self_signed({.space = SpaceName{"acme"}, .generation = 2}, PrivateKey::generate(), kNow);
  const std::vector<Certificate> both = {old_root.certificate(), new_root.certificate()};
  const auto trusting = [&both](const Credential& made) {
    return Credential{made.chain(), PrivateKey::from_pkcs8_der(made.key().pkcs8_der().reveal()), both};
  };
  const Postgres server{exporter::server(trusting(server_of(new_root)))};
  const Credential client = trusting(app_of(old_root));
  const Files files{client};
  CHECK(jdbc(files, exporter::jdbc_url(connection(files, server))) == accepted(client));
  CHECK(psycopg2(files, server, "localhost", true) == accepted(client));
  CHECK(node_pg(files, server, "localhost", true) == accepted(client));
}

TEST_CASE("psycopg2 and node-postgres without a certificate are refused", "[psycopg2][node]") {
  const Issuer root = acme();
  const Postgres server{exporter::server(server_of(root))};
  const Files files{app_of(root)};
  CHECK_THAT(psycopg2(files, server, "localhost", false),
             StartsWith("refused: ") && ContainsSubstring("connection requires a valid client certificate"));
  CHECK(node_pg(files, server, "localhost", false) == "refused: connection requires a valid client certificate");
}

TEST_CASE("psycopg2 and node-postgres with a certificate of another space are refused", "[psycopg2][node]") {
  const Issuer root = acme();
  const Postgres server{exporter::server(server_of(root))};
  const Files files{stranger(root)};
  CHECK_THAT(psycopg2(files, server, "localhost", true), StartsWith("refused: ") && ContainsSubstring("tlsv1 alert unknown ca"));
  CHECK_THAT(node_pg(files, server, "localhost", true), StartsWith("refused: ") && ContainsSubstring("tlsv1 alert unknown ca"));
}

TEST_CASE("psycopg2 and node-postgres refuse a host that the certificate does not name, and a server of another space",
          "[psycopg2][node]") {
  const Issuer root = acme();
  const Files files{app_of(root)};
  const Postgres server{exporter::server(server_of(root))};
  CHECK_THAT(psycopg2(files, server, "127.0.0.2", true), ContainsSubstring("does not match host name \"127.0.0.2\""));
  CHECK_THAT(node_pg(files, server, "127.0.0.2", true), StartsWith("refused: Hostname/IP does not match certificate's altnames"));
  const Postgres other{exporter::server(server_of(acme()))};
  CHECK_THAT(psycopg2(files, other, "localhost", true), ContainsSubstring("certificate verify failed"));
  CHECK_THAT(node_pg(files, other, "localhost", true), StartsWith("refused: self-signed certificate in certificate chain"));
}
