// psql and a real PostgreSQL, with files that the library wrote.
#include <chrono>
#include <thread>

#include <spaceca/exporter.h>
#include <spaceca/files.h>
#include <spaceca/issuer.h>

#include "support/certificate_builder.h"
#include "support/child.h"
#include "support/postgres.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// The server judges by the machine's clock, so these certificates are issued by it too.
const Instant kNow = SystemClock{}.now();
const std::vector<HostName> kLocal = {HostName{"localhost"}, HostName{"127.0.0.1"}, HostName{"::1"}};

Issuer root_of(const std::string& space, Instant made = kNow, const std::string& algorithm = "ecdsa-p256") {
  return Issuer::self_signed({.space = SpaceName{space}}, PrivateKey::generate(KeyAlgorithm{algorithm}), made);
}
Credential server_of(const Issuer& root, const std::string& algorithm = "ecdsa-p256") {
  return root.issue_with_key(ServerSubject{.hosts = kLocal}, kNow, KeyAlgorithm{algorithm});
}
Credential app_of(const Issuer& root, Instant issued = kNow, const std::string& algorithm = "ecdsa-p256") {
  return root.issue_with_key(ClientSubject{.role = RoleName{"app"}, .database = DatabaseName{"orders"}}, issued,
                             KeyAlgorithm{algorithm});
}
// The same certificate and key with other roots to trust.
Credential trusting(const Credential& credential, std::vector<Certificate> roots) {
  const SecretBytes key = credential.key().pkcs8_der();
  return Credential{credential.chain(), PrivateKey::from_pkcs8_der(key.reveal()), std::move(roots)};
}

const std::string kWhoAmI = "select client_serial, client_dn, issuer_dn from pg_stat_ssl where pid = pg_backend_pid()";

}  // namespace

TEST_CASE("psql connects by verify-full and verify-ca, and pg_stat_ssl shows our serial and names", "[postgresql]") {
  const Issuer root = root_of("acme");
  const Postgres server{exporter::server(server_of(root))};
  const Credential app = app_of(root);
  const PsqlClient psql{app, server};
  const std::string expected = app.certificate().serial().decimal() + "|/OU=orders/CN=app|/" + root.certificate().subject() + "\n";
  for (const std::string host : {"localhost", "127.0.0.1", "::1"}) {
    for (const std::string mode : {"verify-full", "verify-ca", "require"}) {
      INFO(host << ", " << mode);
      const Outcome answer = psql.query(kWhoAmI, {.host = host, .sslmode = mode});
      CHECK(answer.out == expected);
      CHECK(answer.err == "");
    }
  }
}

TEST_CASE("every kind of key that a root, a server and a client may have works with SCRAM and channel binding", "[postgresql]") {
  auto [root_key, server_key, client_key] = GENERATE(table<std::string, std::string, std::string>({
      {"ecdsa-p256", "ecdsa-p256", "ecdsa-p256"},
      {"ecdsa-p256", "ecdsa-p256", "ed25519"},
      {"ecdsa-p384", "ecdsa-p256", "ecdsa-p256"},
      {"rsa-2048", "rsa-2048", "rsa-2048"},
      {"rsa-3072", "ecdsa-p256", "rsa-3072"},
      {"ecdsa-p256", "rsa-4096", "rsa-4096"},
  }));
  const Issuer root = root_of("acme", kNow, root_key);
  const Postgres server{exporter::server(server_of(root, server_key))};
  const PsqlClient psql{app_of(root, kNow, client_key), server};
  for (const std::string version : {"TLSv1.2", "TLSv1.3"}) {
    INFO(root_key << ", " << server_key << ", " << client_key << ", " << version);
    const Outcome answer = psql.query(
        "select version from pg_stat_ssl where pid = pg_backend_pid()",
        {.extra = "channel_binding=require ssl_min_protocol_version=" + version + " ssl_max_protocol_version=" + version});
    CHECK(answer.out == version + "\n");
    CHECK(answer.err == "");
  }
}

TEST_CASE("a client without a certificate is refused", "[postgresql]") {
  const Issuer root = root_of("acme");
  const Postgres server{exporter::server(server_of(root))};
  const Outcome answer = PsqlClient{app_of(root), server}.query("select 1", {.with_certificate = false});
  CHECK(answer.exit_code == 2);
  CHECK_THAT(answer.err, ContainsSubstring("FATAL:  connection requires a valid client certificate"));
}

TEST_CASE("a client of another space, even of one with the same name, is refused", "[postgresql]") {
  const Issuer root = root_of("acme");
  const Postgres server{exporter::server(server_of(root))};
  const Issuer other = root_of(GENERATE("acme", "umbrella"));
  const Outcome answer = PsqlClient{trusting(app_of(other), {root.certificate()}), server}.query("select 1");
  CHECK(answer.exit_code == 2);
  CHECK_THAT(answer.err, ContainsSubstring("tlsv1 alert unknown ca"));
}

TEST_CASE("a server of another space, even of one with the same name, is refused by the client", "[postgresql]") {
  const Issuer root = root_of("acme");
  const Issuer other = root_of(GENERATE("acme", "umbrella"));
  const Postgres server{exporter::server(server_of(other))};
  const Outcome answer = PsqlClient{app_of(root), server}.query("select 1", {.sslmode = GENERATE("verify-ca", "verify-full")});
  CHECK(answer.exit_code == 2);
  CHECK_THAT(answer.err, ContainsSubstring("certificate verify failed"));
}

TEST_CASE("an expired client is refused as expired", "[postgresql]") {
  const Issuer root = root_of("acme", kNow - std::chrono::days{800});
  const Postgres server{exporter::server(server_of(root))};
  const Credential expired = app_of(root, months_after(kNow, std::chrono::months{-13}) - std::chrono::hours{1});
  const Outcome answer = PsqlClient{expired, server}.query("select 1");
  CHECK(answer.exit_code == 2);
  CHECK_THAT(answer.err, ContainsSubstring("sslv3 alert certificate expired"));
}

TEST_CASE("a client whose certificate is not yet valid is refused", "[postgresql]") {
  const Issuer root = root_of("acme");
  const Postgres server{exporter::server(server_of(root))};
  const Outcome answer = PsqlClient{app_of(root, kNow + std::chrono::days{2}), server}.query("select 1");
  CHECK(answer.exit_code == 2);
  CHECK_THAT(answer.err, ContainsSubstring("sslv3 alert bad certificate"));
}

TEST_CASE("a server's certificate does not pass as a client's", "[postgresql]") {
  const Issuer root = root_of("acme");
  const Postgres server{exporter::server(server_of(root))};
  const Outcome answer = PsqlClient{server_of(root), server}.query("select 1");
  CHECK(answer.exit_code == 2);
  CHECK_THAT(answer.err, ContainsSubstring("sslv3 alert unsupported certificate"));
}

TEST_CASE("a client's certificate does not pass as a server's", "[postgresql]") {
  const Issuer root = root_of("acme");
  const Postgres server{exporter::server(app_of(root))};
  const Outcome answer = PsqlClient{app_of(root), server}.query("select 1", {.sslmode = GENERATE("verify-ca", "verify-full")});
  CHECK(answer.exit_code == 2);
  CHECK_THAT(answer.err, ContainsSubstring("certificate verify failed"));
  // Those words of libpq's are for every cause; the server logs the alert that it was sent.
  for (int i = 0; i < 600 && server.log().find(" alert ") == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  CHECK_THAT(server.log(), ContainsSubstring("alert unsupported certificate"));
}

TEST_CASE("a host that the server's certificate does not name is refused by verify-full and taken by verify-ca", "[postgresql]") {
  const Issuer root = root_of("acme");
  const Postgres server{exporter::server(server_of(root))};
  const PsqlClient psql{app_of(root), server};
  const Outcome full = psql.query("select 1", {.host = "127.0.0.2"});
  CHECK(full.exit_code == 2);
  CHECK_THAT(full.err,
             ContainsSubstring("server certificate for \"localhost\" (and 2 other names) does not match host name \"127.0.0.2\""));
  CHECK(psql.query("select 1", {.host = "127.0.0.2", .sslmode = "verify-ca"}).out == "1\n");
}

TEST_CASE("a wildcard matches one label and no more", "[postgresql]") {
  const Issuer root = root_of("acme");
  const Credential wild = root.issue_with_key(ServerSubject{.hosts = {HostName{"*.db.acme.example", Wildcard::allowed}}}, kNow);
  const Postgres server{exporter::server(wild)};
  const PsqlClient psql{app_of(root), server};
  CHECK(psql.query("select 1", {.host = "one.db.acme.example", .extra = "hostaddr=127.0.0.1"}).out == "1\n");
  for (const std::string host : {"db.acme.example", "two.one.db.acme.example"}) {
    INFO(host);
    CHECK_THAT(psql.query("select 1", {.host = host, .extra = "hostaddr=127.0.0.1"}).err,
               ContainsSubstring("does not match host name"));
  }
}

TEST_CASE("a server name of more than 64 characters is known by its subjectAltName", "[postgresql]") {
  const std::string host = "a-name-of-more-than-sixty-four-characters.which-a-common-name-cannot-hold.acme.example";
  const Issuer root = root_of("acme");
  const Postgres server{exporter::server(root.issue_with_key(ServerSubject{.hosts = {HostName{host}}}, kNow))};
  CHECK(PsqlClient{app_of(root), server}.query("select 1", {.host = host, .extra = "hostaddr=127.0.0.1"}).out == "1\n");
}

TEST_CASE("the method cert lets the role of the common name in, and no other", "[postgresql]") {
  const Issuer root = root_of("acme");
  const Postgres server{exporter::server(server_of(root)), "hostssl all all 0.0.0.0/0 cert\n"};
  server.sql("create role \"Zo\xC3\xAB\" login");
  const Credential zoe = root.issue_with_key(ClientSubject{.role = RoleName{"Zo\xC3\xAB"}}, kNow);
  const PsqlClient psql{zoe, server};
  CHECK(psql.query("select current_user", {.host = "127.0.0.1", .user = "Zo\xC3\xAB"}).out == "Zo\xC3\xAB\n");
  CHECK_THAT(psql.query("select 1", {.host = "127.0.0.1", .user = "app"}).err,
             ContainsSubstring("FATAL:  certificate authentication failed for user \"app\""));
}

TEST_CASE("clientname=DN reads CN=role,OU=database", "[postgresql]") {
  const Issuer root = root_of("acme");
  const std::string database = GENERATE("orders", "sales");
  const Postgres server{exporter::server(server_of(root)), "hostssl all all 0.0.0.0/0 cert clientname=DN map=by_database\n",
                        "by_database \"/^CN=(.*),OU=orders$\" \\1\n"};
  const Credential app = root.issue_with_key(ClientSubject{.role = RoleName{"app"}, .database = DatabaseName{database}}, kNow);
  const Outcome answer = PsqlClient{app, server}.query("select current_user", {.host = "127.0.0.1"});
  CHECK(answer.out == (database == "orders" ? "app\n" : ""));
}

TEST_CASE("two roots in the bundle: clients of both generations come in, and both trust the server", "[postgresql]") {
  const Issuer first = root_of("acme");
  const Issuer second = Issuer::self_signed({.space = SpaceName{"acme"}, .generation = 2}, PrivateKey::generate(), kNow);
  const std::vector<Certificate> both = {first.certificate(), second.certificate()};
  const Postgres server{exporter::server(trusting(server_of(second), both))};
  CHECK(PsqlClient{trusting(app_of(first), both), server}.query("select 1").out == "1\n");
  CHECK(PsqlClient{trusting(app_of(second), both), server}.query("select 1").out == "1\n");
}

TEST_CASE("serials with the smallest and the largest first octet show in pg_stat_ssl as they are", "[postgresql]") {
  auto [hex, decimal] = GENERATE(table<std::string, std::string>({
      {"01000000000000000000000000000000", "1329227995784915872903807060280344576"},
      {"7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "170141183460469231731687303715884105727"},
  }));
  const Issuer root = root_of("acme");
  const Postgres server{exporter::server(server_of(root))};
  const PrivateKey key = PrivateKey::generate();
  const Certificate leaf =
      root.issue(ClientSubject{.role = RoleName{"app"}}, key.public_key(), kNow, Serial{std::string_view{hex}});
  const SecretBytes der = key.pkcs8_der();
  const PsqlClient psql{Credential{{leaf}, PrivateKey::from_pkcs8_der(der.reveal()), {root.certificate()}}, server};
  CHECK(psql.query("select client_serial from pg_stat_ssl where pid = pg_backend_pid()").out == decimal + "\n");
}

TEST_CASE("pg_stat_ssl cuts the name of an issuer to 63 bytes, and two long ones look alike", "[postgresql]") {
  const std::string common(62, 'a');
  const TestCa first = test_root(common + "-first", kNow);
  const TestCa second = test_root(common + "-second", kNow);
  const auto client_of = [&](const TestCa& root) {
    PrivateKey key = PrivateKey::generate();
    const Certificate leaf = certificate_of(client_parts("app", key.public_key(), root, kNow), root.key);
    return Credential{{leaf}, std::move(key), {first.certificate}};
  };
  PrivateKey server_key = PrivateKey::generate();
  const Certificate certificate = certificate_of(server_parts({"localhost"}, server_key.public_key(), first, kNow), first.key);
  const Postgres server{
      exporter::server(Credential{{certificate}, std::move(server_key), {first.certificate, second.certificate}})};
  for (const TestCa* root : {&first, &second}) {
    const PsqlClient psql{client_of(*root), server};
    CHECK(psql.query("select issuer_dn from pg_stat_ssl where pid = pg_backend_pid()").out == "/CN=" + common.substr(0, 59) + "\n");
  }
}

TEST_CASE("the lines that the text exporters write connect as they stand, from an odd folder too", "[postgresql][text]") {
  const Issuer root = root_of("acme");
  const Postgres server{exporter::server(server_of(root))};
  const TemporaryFolder folder;
  const auto odd = folder.path() / "it's a \"folder\" $(x) & 100% \xC3\xA4";
  files::write(odd, exporter::libpq(app_of(root), "demo_"));
  const exporter::Connection connection{.host = "localhost",
                                        .port = static_cast<std::uint16_t>(server.port()),
                                        .database = "app",
                                        .user = "app",
                                        .folder = odd.string(),
                                        .prefix = "demo_"};
  const std::vector<std::string> password = {std::string{"PGPASSWORD="} + std::string{Postgres::kPassword}, "HOME=/nonexistent"};

  write_file(folder.path() / "env", exporter::environment(connection));
  CHECK(run({"sh", "-c", ". \"$0\" && exec psql -X -At -w -c 'select 1'", (folder.path() / "env").string()},
            {.environment = password})
            .out == "1\n");

  write_file(folder.path() / "service.conf", exporter::service(connection, "orders"));
  std::vector<std::string> with_service = password;
  with_service.push_back("PGSERVICEFILE=" + (folder.path() / "service.conf").string());
  CHECK(run({"psql", "-X", "-At", "-w", "-d", "service=orders", "-c", "select 1"}, {.environment = with_service}).out == "1\n");

  CHECK(run({"psql", "-X", "-At", "-w", "-d", exporter::libpq_uri(connection), "-c", "select 1"}, {.environment = password}).out ==
        "1\n");
}
