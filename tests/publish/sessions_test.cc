// A real PostgreSQL shows who is connected by which certificate, and ends sessions.
#include <fmt/format.h>

#include "publish/scene.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;

namespace {

ShownCertificate of(const Credential& credential) {
  return {.issuer = credential.certificate().issuer(), .serial = credential.certificate().serial()};
}

}  // namespace

TEST_CASE("sessions are shown with the serial and the issuer of their certificate, as the authority knows them",
          "[publish][sessions]") {
  Scene scene;
  scene.publish(scene.next(1));
  const Credential app = scene.acme.client();
  CHECK(scene.publisher().sessions(scene.where()).empty());
  const Guest guest{scene.server, app, "report"};
  const auto sessions = scene.publisher().sessions(scene.where());
  REQUIRE(sessions.size() == 1);
  CHECK(sessions[0].user == "app");
  CHECK(sessions[0].database == "app");
  CHECK(sessions[0].application == "report");
  CHECK((sessions[0].address == "127.0.0.1" || sessions[0].address == "::1"));
  CHECK(sessions[0].serial == app.certificate().serial());
  CHECK(sessions[0].issuer == scene.acme.root.certificate().subject());
  CHECK(std::to_string(sessions[0].pid) == scene.server.sql("select pid from pg_stat_activity where application_name = 'report'"));
  CHECK(
      std::to_string(sessions[0].since.time_since_epoch().count()) ==
      scene.server.sql("select floor(extract(epoch from backend_start)) from pg_stat_activity where application_name = 'report'"));
}

TEST_CASE("a session by a serial that none of ours can have hides no other", "[publish][sessions]") {
  const TemporaryFolder folder;
  const auto path = [&folder](const std::string& name) { return (folder.path() / name).string(); };
  const auto openssl = [](std::vector<std::string> words) {
    words.insert(words.begin(), "openssl");
    REQUIRE(run(words).exit_code == 0);
  };
  const std::string curve = "ec_paramgen_curve:P-256";
  openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", curve, "-nodes", "-keyout", path("ca.key"), "-out", path("root.crt"),
           "-subj", "/CN=stranger"});
  openssl({"req", "-new", "-newkey", "ec", "-pkeyopt", curve, "-nodes", "-keyout", path("key"), "-out", path("csr"), "-subj",
           "/CN=app"});
  const std::vector<std::string> serials = {"0", "7", "0x01" + std::string(40, '9')};
  for (const std::string& serial : serials) {
    openssl({"x509", "-req", "-in", path("csr"), "-CA", path("root.crt"), "-CAkey", path("ca.key"), "-set_serial", serial, "-out",
             path(serial)});
  }
  FileSet files;
  for (const auto& [name, from] :
       {std::pair{"server.crt", "7"}, std::pair{"server.key", "key"}, std::pair{"root.crt", "root.crt"}}) {
    files.add({name, FileRole::other, SecretBytes{read_file(path(from))}});
  }
  const Postgres server{files, "hostssl all all all trust\n"};
  const auto conninfo_of = [&path](const std::string& serial) {
    return fmt::format("host=127.0.0.1 user=app sslmode=verify-ca sslrootcert={} sslcert={} sslkey={}", path("root.crt"),
                       path(serial), path("key"));
  };
  const Guest none{server, conninfo_of(serials[0]), "none"};
  const Guest ours{server, conninfo_of(serials[1]), "ours"};
  const Guest longest{server, conninfo_of(serials[2]), "longest"};
  REQUIRE(server.sql("select count(*) from pg_stat_ssl where client_serial is not null") == "3");
  const auto sessions = postgres_publisher()->sessions({.space = SpaceName{"acme"},
                                                        .database = DatabaseName{"orders"},
                                                        .data_directory = server.data(),
                                                        .url = secret("postgresql://app@127.0.0.1/app"),
                                                        .admin_url = {}});
  REQUIRE(sessions.size() == 1);
  CHECK(sessions[0].serial.decimal() == "7");
}

TEST_CASE("the sessions of one certificate are ended, and others of its role go on", "[publish][sessions]") {
  Scene scene;
  const Credential stolen = scene.acme.client();
  const Credential good = scene.acme.client();
  scene.publish(scene.next(1));
  const Guest thief{scene.server, stolen, "thief"};
  const Guest second{scene.server, stolen, "second"};
  const Guest owner{scene.server, good, "owner"};
  scene.publish(scene.next(2, {stolen.certificate().serial()}));
  CHECK(thief.is_there());  // a list does not end what is open
  const auto ended = scene.publisher().disconnect(scene.where(), {of(stolen)});
  REQUIRE(ended.size() == 2);
  for (const LiveSession& session : ended) CHECK(session.serial == stolen.certificate().serial());
  CHECK_FALSE(thief.is_there());
  CHECK_FALSE(second.is_there());
  CHECK(owner.is_there());
  CHECK_THAT(thief.said(), ContainsSubstring("terminating connection due to administrator command"));
  CHECK_THAT(scene.psql(stolen).err, ContainsSubstring("certificate revoked"));
  CHECK(scene.publisher().disconnect(scene.where(), {of(stolen)}).empty());
}

TEST_CASE("the sessions of a whole root are ended, and those of another go on", "[publish][sessions]") {
  Scene scene;
  const Acme next{"acme"};
  std::vector<Probe> probes;
  probes.push_back(scene.acme.probe());
  probes.push_back(next.probe());
  Publication both = scene.acme.publication(1);
  both.server = scene.acme.server({next.root.certificate()});
  both.crls = {scene.acme.crl(), next.crl()};
  scene.publisher().publish(scene.where(), both, probes);
  const auto knowing_both = [&](const Credential& credential) {
    const SecretBytes key = credential.key().pkcs8_der();
    return Credential{credential.chain(), PrivateKey::from_pkcs8_der(key.reveal()), {scene.acme.root.certificate()}};
  };
  const Guest old{scene.server, scene.acme.client(), "old"};
  const Guest fresh{scene.server, knowing_both(next.client()), "fresh"};
  const auto ended =
      scene.publisher().disconnect(scene.where(), {{.issuer = scene.acme.root.certificate().subject(), .serial = {}}});
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].application == "old");
  CHECK_FALSE(old.is_there());
  CHECK(fresh.is_there());
}

TEST_CASE("nobody is ended where nobody is meant, and who came without a certificate never is", "[publish][sessions]") {
  Scene scene;
  scene.publish(scene.next(1));
  const Guest guest{scene.server, scene.acme.client(), "guest"};
  CHECK(scene.publisher().disconnect(scene.where(), {}).empty());
  CHECK(scene.publisher().disconnect(scene.where(), {of(scene.acme.client())}).empty());
  CHECK(guest.is_there());
}
