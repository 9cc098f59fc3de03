// The publisher and a real PostgreSQL. The tests run as root, or as the owner of the clusters.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include <fmt/format.h>

#include <spaceca/exporter.h>

#include "publish/scene.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

namespace {

Credential knowing(const Credential& credential, const Certificate& root) {
  const SecretBytes key = credential.key().pkcs8_der();
  return Credential{credential.chain(), PrivateKey::from_pkcs8_der(key.reveal()), {root}};
}

}  // namespace

// --- what holds afterwards ---

TEST_CASE("a fresh server lets in who holds a certificate and knows the password, and nobody else over TCP", "[publish]") {
  Scene scene;
  const Credential app = scene.acme.client();
  const Credential revoked = scene.acme.client();
  scene.publish(scene.next(1, {revoked.certificate().serial()}));

  CHECK(scene.psql(app).out == "1\n");
  CHECK(scene.psql(app, {.host = "127.0.0.1"}).out == "1\n");
  CHECK(scene.psql(app, {.host = "::1"}).out == "1\n");
  CHECK_THAT(scene.psql(revoked).err, ContainsSubstring("sslv3 alert certificate revoked"));
  const Acme umbrella{"umbrella"};
  CHECK_THAT(scene.psql(knowing(umbrella.client(), scene.acme.root.certificate())).err,
             ContainsSubstring("tlsv1 alert unknown ca"));
  CHECK_THAT(scene.psql(app, {.with_certificate = false}).err, ContainsSubstring("connection requires a valid client certificate"));
  CHECK_THAT(scene.psql(app, {.sslmode = "disable"}).err, ContainsSubstring("pg_hba.conf rejects connection"));
  CHECK_THAT(scene.psql(app, {.user = "postgres"}).err, ContainsSubstring("pg_hba.conf rejects connection"));
  CHECK_THAT(scene.psql(app, {.extra = "password=wrong"}).err, ContainsSubstring("password authentication failed"));
}

TEST_CASE("lines for TLS are no fault while it is off", "[publish]") {
  Scene scene{"hostssl all all 127.0.0.1/32 scram-sha-256\n"};
  const std::string before = scene.file("pg_hba.conf");
  scene.publish(scene.next(1));
  CHECK(scene.psql(scene.acme.client()).out == "1\n");
  scene.publisher().withdraw(scene.where());
  CHECK(scene.file("pg_hba.conf") == before);
}

TEST_CASE("other databases and the Unix socket are as they were", "[publish]") {
  Scene scene;
  scene.publish(scene.next(1));
  CHECK(scene.server.sql("select 1") == "1");
  CHECK(scene.psql(scene.acme.client(), {.extra = "dbname=template1"}).out == "1\n");
  CHECK(scene.psql(scene.acme.client(), {.sslmode = "disable", .extra = "dbname=template1", .with_certificate = false}).out ==
        "1\n");
}

TEST_CASE("all that is written has the owner and group of the data directory, and the key is his alone", "[publish]") {
  Scene scene;
  struct stat data {};
  REQUIRE(stat(scene.server.data().c_str(), &data) == 0);
  const mode_t mask = umask(GENERATE(values<mode_t>({0000, 0022, 0077})));
  scene.publish(scene.next(1));
  umask(mask);
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator{scene.server.data() / "spaceca"}) {
    INFO(entry.path());
    struct stat status {};
    REQUIRE(lstat(entry.path().c_str(), &status) == 0);
    CHECK(status.st_uid == data.st_uid);
    CHECK(status.st_gid == data.st_gid);
    ++count;
  }
  CHECK(count == 8);  // belongs_to, current.conf, proved.conf, 1/ and four files
  CHECK(mode_of(scene.server.data() / "spaceca") == 0700);
  CHECK(mode_of(scene.server.data() / "spaceca/1") == 0700);
  CHECK(mode_of(scene.server.data() / "spaceca/1/server.key") == 0600);
}

TEST_CASE("of private keys a server's user has that server's, and neither a root's nor a client's", "[publish]") {
  Scene scene;
  scene.publish(scene.next(1));
  std::string keys;
  for (const auto& entry : fs::recursive_directory_iterator{scene.server.data() / "spaceca"}) {
    if (entry.is_regular_file() && read_file(entry.path()).find("PRIVATE KEY") != std::string::npos) {
      keys += entry.path().lexically_relative(scene.server.data()).string() + "\n";
    }
  }
  CHECK(keys == "spaceca/1/server.key\n");
  const PublicKey shown = Certificate::from_pem(scene.file("spaceca/1/server.crt")).public_key();
  CHECK(PrivateKey::from_pem(scene.file("spaceca/1/server.key")).public_key() == shown);
}

TEST_CASE("pg_hba.conf keeps its mode, its owner and the rest of its octets, and our lines stand on top", "[publish]") {
  Scene scene{"host all all ::1/128 scram-sha-256\r\n# no line feed at the end"};
  const auto hba = scene.server.data() / "pg_hba.conf";
  REQUIRE(chmod(hba.c_str(), 0640) == 0);
  const std::string before = read_file(hba);
  struct stat old {};
  REQUIRE(stat(hba.c_str(), &old) == 0);
  scene.publish(scene.next(1));
  struct stat now {};
  REQUIRE(stat(hba.c_str(), &now) == 0);
  CHECK(now.st_mode == old.st_mode);
  CHECK(now.st_uid == old.st_uid);
  CHECK(now.st_gid == old.st_gid);
  const std::string text = read_file(hba);
  CHECK(text.starts_with("# >>> spaceca: space acme, database orders"));
  CHECK(text.ends_with("host \"app\" all all reject\n# <<< spaceca\n" + before));
}

TEST_CASE("publishing again and again leaves two publications and one block", "[publish]") {
  Scene scene;
  for (const std::uint64_t number : {1U, 2U, 5U}) scene.publish(scene.next(number));
  CHECK_FALSE(fs::exists(scene.server.data() / "spaceca/1"));
  CHECK(fs::exists(scene.server.data() / "spaceca/2"));  // for the way back
  CHECK(fs::exists(scene.server.data() / "spaceca/5"));
  for (const std::string name : {"pg_hba.conf", "postgresql.conf"}) {
    const std::string text = scene.file(name);
    CHECK(text.find("# >>> spaceca") == text.rfind("# >>> spaceca"));
    CHECK_FALSE(fs::exists(scene.server.data() / ("." + name + ".spaceca-old")));
  }
}

TEST_CASE("who is on the next list is refused as soon as it is published", "[publish]") {
  Scene scene;
  const Credential stolen = scene.acme.client();
  const Credential other = scene.acme.client();
  scene.publish(scene.next(1));
  CHECK(scene.psql(stolen).out == "1\n");
  scene.publish(scene.next(2, {stolen.certificate().serial()}));
  CHECK_THAT(scene.psql(stolen).err, ContainsSubstring("certificate revoked"));
  CHECK(scene.psql(other).out == "1\n");
}

TEST_CASE("a server that is started again serves what was published", "[publish]") {
  Scene scene;
  scene.publish(scene.next(1));
  scene.server.stop();
  scene.server.start_again();
  CHECK(scene.psql(scene.acme.client()).out == "1\n");
}

TEST_CASE("roles of any name come in by their lines", "[publish]") {
  Scene scene;
  std::uint64_t number = 0;
  for (const std::string role : {"all", "two words", "say \"hi\"", "/slash", "+plus", "@at", "a,b", "a#b", "Zo\xC3\xAB"}) {
    INFO(role);
    scene.server.sql(fmt::format("create role {} login password '{}'", quoted_in_sql(role), Postgres::kPassword));
    Publication what = scene.next(++number);
    what.roles = {RoleName{role}};
    scene.publish(what);
    CHECK(scene.psql(scene.acme.client(), {.user = quoted_in_conninfo(role)}).out == "1\n");
    CHECK_THAT(scene.psql(scene.acme.client()).err, ContainsSubstring("pg_hba.conf rejects connection"));
  }
}

TEST_CASE("a server that speaks one version of TLS alone is proved as well", "[publish]") {
  const std::string version = GENERATE(values<std::string>({"TLSv1.2", "TLSv1.3"}));
  INFO(version);
  Scene scene{kFreshHba, fmt::format("ssl_min_protocol_version = '{}'\nssl_max_protocol_version = '{}'\n", version, version)};
  for (const std::uint64_t number : {1U, 2U, 3U}) scene.publish(scene.next(number));
  CHECK(scene.psql(scene.acme.client()).out == "1\n");
}

TEST_CASE("two publishers at once take turns, and the later publication stays", "[publish]") {
  Scene scene;
  scene.publish(scene.next(1));
  std::vector<Probe> probes;
  for (int i = 0; i < 2; ++i) probes.push_back(scene.acme.probe());
  const Publication second = scene.acme.publication(2);
  const Publication third = scene.acme.publication(3);
  Errc refused{};
  std::thread other{[&] {
    try {
      postgres_publisher()->publish(scene.where(), second, probes);
    } catch (const Error& error) {
      refused = error.code();
    }
  }};
  scene.publisher().publish(scene.where(), third, probes);
  other.join();
  CHECK((refused == Errc{} || refused == Errc::policy));
  const Served served = scene.publisher().current(scene.where());
  CHECK(served.number == 3);
  CHECK(served.server == third.server.certificate());
  CHECK(scene.psql(scene.acme.client()).out == "1\n");
}

TEST_CASE("a publisher that runs as the owner does the same", "[publish]") {
  Scene scene;
  const Publication what = scene.next(1);
  CHECK(in_child(geteuid() == 0 ? "postgres" : "", [&] {
          scene.publish(what);
          return 0;
        }) == 0);
  CHECK(scene.psql(scene.acme.client()).out == "1\n");
}

TEST_CASE("root stays root: only the thread that publishes was somebody else, and only meanwhile", "[publish]") {
  Scene scene;
  const uid_t before = geteuid();
  scene.publish(scene.next(1));
  CHECK(geteuid() == before);
  CHECK_THROWS_AS(scene.publish(scene.acme.publication(0)), Error);
  CHECK(geteuid() == before);
}

TEST_CASE("an admin URL is gone by", "[publish]") {
  Scene scene{"host postgres boss all scram-sha-256\n"};
  scene.server.sql("create role boss superuser login password 'open sesame'");
  const Publication what = scene.next(1);
  ServedDatabase where = scene.where();
  where.admin_url = secret(fmt::format("postgresql://boss:open%20sesame@127.0.0.1:{}/postgres", scene.server.port()));
  scene.publisher().publish(where, what, scene.probes());
  CHECK(scene.psql(scene.acme.client()).out == "1\n");
}

TEST_CASE("a configuration in another folder is found, and includes ours by its full path", "[publish]") {
  Scene scene;
  const TemporaryFolder etc;
  REQUIRE(run({"chown", "--reference", scene.server.data().string(), etc.path().string()}).exit_code == 0);
  scene.server.stop();
  for (const std::string name : {"postgresql.conf", "pg_hba.conf"}) {
    REQUIRE(run({"mv", (scene.server.data() / name).string(), etc.path().string()}).exit_code == 0);
  }
  // As Debian does it, whose data directory has a link, here.
  fs::create_symlink(etc.path() / "postgresql.conf", scene.server.data() / "postgresql.conf");
  std::ofstream{etc.path() / "postgresql.conf", std::ios::app}
      << fmt::format("hba_file = '{}'\n", (etc.path() / "pg_hba.conf").string());
  const std::string before = read_file(etc.path() / "postgresql.conf");
  scene.server.start_again();
  scene.publish(scene.next(1));
  CHECK(scene.psql(scene.acme.client()).out == "1\n");
  CHECK(fs::is_symlink(scene.server.data() / "postgresql.conf"));
  CHECK(read_file(etc.path() / "pg_hba.conf").starts_with("# >>> spaceca"));
  scene.publisher().withdraw(scene.where());
  CHECK(read_file(etc.path() / "postgresql.conf") == before);
}

TEST_CASE("a server that was started by a link to its data directory is published to, proved and withdrawn from", "[publish]") {
  Scene scene;
  const fs::path data = scene.server.data();
  const fs::path real = data.parent_path() / "moved";
  scene.server.stop();
  fs::rename(data, real);
  fs::create_directory_symlink(real, data);
  scene.server.start_again();
  REQUIRE(scene.server.sql("show config_file") == (data / "postgresql.conf").string());
  const std::string conf_before = scene.file("postgresql.conf");
  const Credential stolen = scene.acme.client();
  scene.publish(scene.next(1));
  scene.publish(scene.next(2, {stolen.certificate().serial()}));
  CHECK(scene.psql(scene.acme.client()).out == "1\n");
  CHECK_THAT(scene.psql(stolen).err, ContainsSubstring("certificate revoked"));
  scene.publisher().withdraw(scene.where());
  CHECK(scene.file("postgresql.conf") == conf_before);
  CHECK(scene.server.sql("show ssl") == "off");
}

// --- surveys ---

TEST_CASE("a survey names the lines that would be overridden, and who could not come back", "[publish][survey]") {
  Scene scene{
      "host    all  all  127.0.0.1/32  scram-sha-256  # loopback\n"
      "hostssl app  app  ::1/128       \\\n  scram-sha-256\n"
      "host    other all all           reject\n"};
  const Publication what = scene.next(1);
  const Guest live{scene.server, "host=127.0.0.1 user=app"};
  const std::string before = scene.file("pg_hba.conf");
  const Survey survey = scene.publisher().survey(scene.where(), what);
  REQUIRE(survey.overridden.size() == 2);
  CHECK(survey.overridden[0].file == scene.server.data() / "pg_hba.conf");
  CHECK(survey.overridden[0].number == 2);
  CHECK(survey.overridden[0].text == "host    all  all  127.0.0.1/32  scram-sha-256  # loopback");
  CHECK(survey.overridden[1].number == 3);
  CHECK(survey.overridden[1].text == "hostssl app  app  ::1/128       \\\n  scram-sha-256");
  REQUIRE(survey.cut_off.size() == 1);
  CHECK(survey.cut_off[0].user == "app");
  CHECK(survey.cut_off[0].database == "app");
  CHECK(survey.cut_off[0].address == "127.0.0.1");
  CHECK(survey.cut_off[0].application == "till");
  CHECK(scene.file("pg_hba.conf") == before);
  CHECK_FALSE(fs::exists(scene.server.data() / "spaceca"));
}

TEST_CASE("our own lines are not named as overridden, and a session with a certificate is not cut off", "[publish][survey]") {
  Scene scene;
  scene.publish(scene.next(1));
  const Guest live{scene.server, scene.acme.client()};
  Publication what = scene.next(2);
  const Survey survey = scene.publisher().survey(scene.where(), what);
  CHECK(survey.overridden.size() == 2);
  for (const Survey::Line& line : survey.overridden) CHECK(line.text.starts_with("host    all             all"));
  CHECK(survey.cut_off.empty());
  what.roles = {RoleName{"other"}};
  CHECK(scene.publisher().survey(scene.where(), what).cut_off.size() == 1);
}

TEST_CASE("addresses that are kept go on by today's lines", "[publish][survey]") {
  Scene scene;
  Publication what = scene.next(1);
  what.keep = {Cidr{"127.0.0.1"}};
  const Guest live{scene.server, "host=127.0.0.1 user=app"};
  const Survey survey = scene.publisher().survey(scene.where(), what);
  REQUIRE(survey.overridden.size() == 1);
  CHECK_THAT(survey.overridden[0].text, ContainsSubstring("::1/128"));
  CHECK(survey.cut_off.empty());
  scene.publish(what);
  const Credential app = scene.acme.client();
  CHECK(scene.psql(app, {.host = "127.0.0.1", .sslmode = "disable", .with_certificate = false}).out == "1\n");
  CHECK(scene.psql(app, {.host = "127.0.0.1", .sslmode = "require", .with_certificate = false}).out == "1\n");
  CHECK_THAT(scene.psql(app, {.host = "::1", .with_certificate = false}).err, ContainsSubstring("valid client certificate"));
}

// --- withdrawing ---

TEST_CASE("what is withdrawn leaves pg_hba.conf and postgresql.conf as they were, octet for octet", "[publish][withdraw]") {
  const std::string hba = GENERATE(values<std::string>({std::string{kFreshHba}, "host all all all scram-sha-256"}));
  const std::string settings = GENERATE(values<std::string>({"", "work_mem = '5MB' # no line feed"}));
  Scene scene{hba, settings};
  const std::string hba_before = scene.file("pg_hba.conf");
  const std::string conf_before = scene.file("postgresql.conf");
  scene.publish(scene.next(1));
  scene.publish(scene.next(2));
  scene.publisher().withdraw(scene.where());
  CHECK(scene.file("pg_hba.conf") == hba_before);
  CHECK(scene.file("postgresql.conf") == conf_before);
  CHECK_FALSE(fs::exists(scene.server.data() / "spaceca"));
  CHECK(scene.psql(scene.acme.client(), {.host = "127.0.0.1", .sslmode = "disable", .with_certificate = false}).out == "1\n");
  CHECK(scene.server.sql("show ssl") == "off");
}

TEST_CASE("lines that others wrote meanwhile stay when ours are withdrawn", "[publish][withdraw]") {
  Scene scene;
  const std::string before = scene.file("pg_hba.conf");
  scene.publish(scene.next(1));
  scene.server.put("pg_hba.conf", scene.file("pg_hba.conf") + "host all all 192.0.2.0/24 reject\n");
  scene.publish(scene.next(2));
  scene.publisher().withdraw(scene.where());
  CHECK(scene.file("pg_hba.conf") == before + "host all all 192.0.2.0/24 reject\n");
}

TEST_CASE("when TLS of before is broken, withdrawing goes back to ours", "[publish][withdraw]") {
  const Acme older{"older"};
  Scene scene;
  const FileSet files = exporter::server(older.server());
  for (const File& file : files.files()) {
    scene.server.put(file.name, text_of(file.octets.reveal()));
    REQUIRE(chmod((scene.server.data() / file.name).c_str(), 0600) == 0);
  }
  scene.server.sql("alter system reset all");
  scene.server.put("postgresql.conf", scene.file("postgresql.conf") + "ssl = on\n");
  scene.publish(scene.next(1));
  fs::remove(scene.server.data() / "server.key");
  const auto refusal = Scene::refusal_of([&] { scene.publisher().withdraw(scene.where()); });
  CHECK(refusal.code == Errc::not_taken);
  CHECK_THAT(refusal.text, ContainsSubstring("could not access private key file \"server.key\""));
  CHECK(scene.psql(scene.acme.client()).out == "1\n");
  CHECK(scene.publisher().current(scene.where()).number == 1);
}
