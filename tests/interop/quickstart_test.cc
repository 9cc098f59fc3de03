// The example programs, run as a user runs them.
#include <fmt/format.h>

#include <spaceca/certificate.h>
#include <spaceca/file_set.h>
#include <spaceca/key.h>

#include "support/child.h"
#include "support/files.h"
#include "support/postgres.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;

namespace {

Outcome quickstart(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), SPACECA_QUICKSTART);
  return run(arguments);
}

std::string key_of(const std::filesystem::path& certificate) {
  return Certificate::from_pem(read_file(certificate)).public_key().algorithm().name();
}

}  // namespace

TEST_CASE("quickstart makes its folder with what a server and a client need, keys for their owner alone", "[quickstart]") {
  const TemporaryFolder folder;
  const auto made = folder.path() / "certs";
  const Outcome outcome = quickstart({made.string()});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err == "");
  CHECK_THAT(outcome.out, ContainsSubstring("server  CN=localhost, serial ") && ContainsSubstring("client  CN=app, serial "));
  const std::vector<std::pair<std::string, unsigned>> expected = {
      {"client/postgresql.crt", 0644},  {"client/postgresql.key", 0600},
      {"client/postgresql.p12", 0600},  {"client/postgresql.p12.pass", 0600},
      {"client/postgresql.pk8", 0600},  {"client/root.crt", 0644},
      {"revoked/postgresql.crt", 0644}, {"revoked/postgresql.key", 0600},
      {"revoked/root.crt", 0644},       {"server/root.crl", 0644},
      {"server/root.crt", 0644},        {"server/server.crt", 0644},
      {"server/server.key", 0600}};
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{made}) files += entry.is_regular_file() ? 1U : 0U;
  CHECK(files == expected.size());
  for (const auto& [name, mode] : expected) {
    INFO(name);
    CHECK(mode_of(made / name) == mode);
  }
  CHECK(outcome.out.find(read_file(made / "client/postgresql.p12.pass")) == std::string::npos);
  const Outcome opened = run({"openssl", "pkcs12", "-in", (made / "client/postgresql.p12").string(), "-passin",
                              "file:" + (made / "client/postgresql.p12.pass").string(), "-noout"});
  CHECK(opened.exit_code == 0);
}

TEST_CASE("quickstart revokes one certificate of the role, and openssl refuses that one alone", "[quickstart]") {
  const TemporaryFolder folder;
  const auto made = folder.path() / "x";
  REQUIRE(quickstart({made.string()}).exit_code == 0);
  const auto verify = [&made](const std::string& client) {
    return run({"openssl", "verify", "-crl_check_all", "-x509_strict", "-CAfile", (made / "server/root.crt").string(), "-CRLfile",
                (made / "server/root.crl").string(), (made / client / "postgresql.crt").string()});
  };
  CHECK(verify("client").exit_code == 0);
  CHECK_THAT(verify("revoked").err, ContainsSubstring("certificate revoked"));
  CHECK(Certificate::from_pem(read_file(made / "revoked/postgresql.crt")).subject() == "CN=app");
}

TEST_CASE("quickstart's names are those it is given", "[quickstart]") {
  const TemporaryFolder folder;
  const auto made = folder.path() / "x";
  REQUIRE(quickstart({made.string(), "--space", "acme", "--host", "db.acme.example", "--host", "10.0.0.1", "--role", "reader"})
              .exit_code == 0);
  CHECK(Certificate::from_pem(read_file(made / "server/server.crt")).subject() == "CN=db.acme.example");
  CHECK(Certificate::from_pem(read_file(made / "client/postgresql.crt")).subject() == "CN=reader");
  CHECK(Certificate::from_pem(read_file(made / "client/root.crt")).subject().starts_with("CN=acme G1 "));
}

TEST_CASE("what quickstart is not told it takes as this machine, the space demo and the role app", "[quickstart]") {
  const TemporaryFolder folder;
  const auto made = folder.path() / "x";
  REQUIRE(quickstart({made.string()}).exit_code == 0);
  CHECK_THAT(run({"openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", (made / "server/server.crt").string()}).out,
             ContainsSubstring("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1"));
  CHECK(Certificate::from_pem(read_file(made / "client/root.crt")).subject().starts_with("CN=demo G1 "));
  CHECK(Certificate::from_pem(read_file(made / "client/postgresql.crt")).subject() == "CN=app");
}

TEST_CASE("a PostgreSQL with quickstart's files lets its client in, and refuses the revoked one as revoked",
          "[quickstart][postgresql]") {
  const TemporaryFolder folder;
  const auto made = folder.path() / "x";
  REQUIRE(quickstart({made.string()}).exit_code == 0);
  FileSet served;
  for (const auto& [name, role] : {std::pair{"root.crl", FileRole::trust}, std::pair{"root.crt", FileRole::trust},
                                   std::pair{"server.key", FileRole::key}, std::pair{"server.crt", FileRole::certificate}}) {
    served.add({name, role, SecretBytes{read_file(made / "server" / name)}});
  }
  const Postgres server{served, Postgres::kAppByPassword, {}, "ssl_crl_file = 'root.crl'\n"};
  const auto psql = [&](const std::string& host, const std::string& client) {
    return run({"psql", "-X", "-At", "-w", "-d",
                fmt::format("host={0} port={1} dbname=app user=app sslmode=verify-full sslrootcert='{2}/root.crt' "
                            "sslcert='{2}/postgresql.crt' sslkey='{2}/postgresql.key'",
                            host, server.port(), (made / client).string()),
                "-c", "select 1"},
               {.environment = {fmt::format("PGPASSWORD={}", Postgres::kPassword), "HOME=/nonexistent"}});
  };
  for (const std::string host : {"localhost", "127.0.0.1", "::1"}) {
    INFO(host);
    CHECK(psql(host, "client").out == "1\n");
    CHECK_THAT(psql(host, "revoked").err, ContainsSubstring("sslv3 alert certificate revoked"));
  }
}

TEST_CASE("quickstart's key algorithm goes where PostgreSQL can use it", "[quickstart]") {
  auto [algorithm, root, server, client] = GENERATE(table<std::string, std::string, std::string, std::string>({
      {"ecdsa-p256", "ecdsa-p256", "ecdsa-p256", "ecdsa-p256"},
      {"ecdsa-p384", "ecdsa-p384", "ecdsa-p256", "ecdsa-p256"},
      {"rsa-2048", "rsa-2048", "rsa-2048", "rsa-2048"},
      {"rsa-3072", "rsa-3072", "rsa-3072", "rsa-3072"},
      {"rsa-4096", "rsa-4096", "rsa-4096", "rsa-4096"},
      {"ed25519", "ecdsa-p256", "ecdsa-p256", "ed25519"},
  }));
  const TemporaryFolder folder;
  const auto made = folder.path() / "x";
  REQUIRE(quickstart({made.string(), "--key-algorithm", algorithm}).exit_code == 0);
  CHECK(key_of(made / "client/root.crt") == root);
  CHECK(key_of(made / "server/server.crt") == server);
  CHECK(key_of(made / "client/postgresql.crt") == client);
}

TEST_CASE("quickstart touches nothing where one of its files exists, and exits with 1", "[quickstart]") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "client");
  write_file(folder.path() / "client/root.crt", "mine\n");
  const Outcome outcome = quickstart({folder.path().string()});
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.err, ContainsSubstring("root.crt\": exists already; choose another prefix or folder"));
  CHECK(read_file(folder.path() / "client/root.crt") == "mine\n");
  CHECK_FALSE(std::filesystem::exists(folder.path() / "server"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "client/postgresql.key"));
}

TEST_CASE("quickstart refuses what it cannot use and says what would be right", "[quickstart]") {
  auto [arguments, code, text] = GENERATE(table<std::vector<std::string>, int, std::string>({
      {{}, 2, "DIR is required"},
      {{"x", "--key-algorithm", "dsa"}, 2, "ecdsa-p256"},
      {{"x", "--nonsense"}, 2, "--nonsense"},
      {{"x", "--space", "Acme"}, 1, "space name \"Acme\": must start with one of a-z"},
      {{"x", "--host",
        "b\xC3\xBC"
        "cher.example"},
       1,
       "give the form that starts with xn--"},
      {{"x", "--host", "a.example", "--host", "a.example"}, 1, "names host \"a.example\" twice"},
      {{"x", "--role", ""}, 1, "role name \"\": is empty"},
  }));
  const TemporaryFolder folder;
  if (!arguments.empty()) arguments[0] = (folder.path() / "x").string();
  const Outcome outcome = quickstart(arguments);
  CHECK(outcome.exit_code == code);
  CHECK_THAT(outcome.err, ContainsSubstring(text));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "x"));
}

TEST_CASE("custom_signer shows a root and a leaf whose key the library never saw", "[custom_signer]") {
  const Outcome outcome = run({SPACECA_CUSTOM_SIGNER});
  REQUIRE(outcome.exit_code == 0);
  const TemporaryFolder folder;
  const auto second = outcome.out.find("-----BEGIN", 10);
  write_file(folder.path() / "root.crt", outcome.out.substr(0, second));
  write_file(folder.path() / "leaf.crt", outcome.out.substr(second));
  CHECK(run({"openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", (folder.path() / "root.crt").string(),
             (folder.path() / "leaf.crt").string()})
            .exit_code == 0);
}
