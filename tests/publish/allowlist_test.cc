// A real PostgreSQL obeys the allow-list: who comes from where, by what, and to which database.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "publish/scene.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::string_view kRejected = "pg_hba.conf rejects connection";

// A way to a server that comes from the address of our choice, while it lives.
class From {
 public:
  From(const Postgres& server, const std::string& source, const std::string& target) {
    const auto file = folder_.path() / "port";
    pid_ = std::stoi(run({"sh", "-c", "/usr/bin/python3 \"$0\" \"$@\" >/dev/null 2>&1 & echo $!", SPACECA_PUBLISH_TESTS "/relay.py",
                          source, target, std::to_string(server.port()), file.string()})
                         .out);
    for (int i = 0; i < 1200 && !std::filesystem::exists(file); ++i) usleep(25'000);
    port_ = read_file(file);
  }
  From(const From&) = delete;
  From& operator=(const From&) = delete;
  ~From() { kill(pid_, SIGKILL); }

  [[nodiscard]] std::string conninfo() const { return "hostaddr=127.0.0.1 port=" + port_; }

 private:
  TemporaryFolder folder_;
  int pid_;
  std::string port_;
};

// A network of its own for this thread and what it starts, with these addresses beside those of the loopback.
class OwnNetwork {
 public:
  explicit OwnNetwork(const std::vector<std::string>& addresses) : before_(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    is_there_ = before_ >= 0 && unshare(CLONE_NEWNET) == 0;
    if (!is_there_) return;
    run_checked("set lo up");
    for (const std::string& address : addresses) {
      run_checked(fmt::format("addr add {} dev lo{}", address, address.find(':') != std::string::npos ? " nodad" : ""));
    }
  }
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;
  ~OwnNetwork() {
    if (is_there_ && setns(before_, CLONE_NEWNET) != 0) std::abort();  // no later test may run in here
    if (before_ >= 0) close(before_);
  }

  [[nodiscard]] bool is_there() const { return is_there_; }

 private:
  static void run_checked(const std::string& words) {
    const Outcome outcome = run({"sh", "-c", (words.starts_with("set") ? "ip link " : "ip ") + words});
    if (outcome.exit_code != 0) throw std::runtime_error{"ip " + words + ": " + outcome.err};
  }

  int before_;
  bool is_there_ = false;
};

Publication from(Scene& scene, std::uint64_t number, const std::vector<std::string>& blocks, const Access& access = {}) {
  Publication what = scene.next(number);
  what.rules.clear();
  for (const std::string& block : blocks) what.rules.emplace_back(block);
  what.access = access;
  return what;
}

constexpr Access kBound{AuthMethod::cert, ClientCert::verify_full, BoundTo::database};

}  // namespace

// --- from where ---

TEST_CASE("who comes from an address of a rule is let in, others are not, this machine's own addresses included",
          "[publish][allowlist]") {
  Scene scene;
  scene.publish(from(scene, 1, {"127.0.0.64/26", "::1"}));
  const Credential app = scene.acme.client();
  for (const std::string address : {"127.0.0.64", "127.0.0.127"}) {
    INFO(address);
    const From there{scene.server, address, "127.0.0.1"};
    CHECK(scene.psql(app, {.extra = there.conninfo()}).out == "1\n");
    // The rule is no way round the certificate, or the password.
    CHECK_THAT(scene.psql(app, {.extra = there.conninfo(), .with_certificate = false}).err,
               ContainsSubstring("connection requires a valid client certificate"));
    CHECK_THAT(scene.psql(app, {.extra = there.conninfo() + " password=wrong"}).err,
               ContainsSubstring("password authentication failed"));
  }
  for (const std::string address : {"127.0.0.63", "127.0.0.128", "127.0.0.1"}) {
    INFO(address);
    const From there{scene.server, address, "127.0.0.1"};
    CHECK_THAT(scene.psql(app, {.extra = there.conninfo()}).err, ContainsSubstring(std::string{kRejected}));
  }
  CHECK(scene.psql(app, {.host = "::1"}).out == "1\n");
}

TEST_CASE("IPv6 without a rule is out while IPv4 is in, and the other way round", "[publish][allowlist]") {
  Scene scene;
  const Credential app = scene.acme.client();
  scene.publish(from(scene, 1, {"127.0.0.0/8"}));
  CHECK(scene.psql(app, {.host = "127.0.0.1"}).out == "1\n");
  CHECK_THAT(scene.psql(app, {.host = "::1"}).err, ContainsSubstring(std::string{kRejected}));
  scene.publish(from(scene, 2, {"::/0"}));
  CHECK_THAT(scene.psql(app, {.host = "127.0.0.1"}).err, ContainsSubstring(std::string{kRejected}));
  CHECK(scene.psql(app, {.host = "::1"}).out == "1\n");
}

TEST_CASE("in a network with many addresses those of the rules come in, IPv4 and IPv6", "[publish][allowlist]") {
  if (geteuid() != 0) return;
  const OwnNetwork network{{"10.77.0.1/16", "10.77.0.2/16", "10.77.1.2/16", "fd77::1/64", "fd77::2/64", "fd77::1:2/64"}};
  if (!network.is_there()) {
    std::printf("SKIPPED: this machine lets nobody make a network of his own (unshare: %s)\n", std::strerror(errno));
    return;
  }
  Scene scene{kFreshHba, "listen_addresses = '*'\n"};
  scene.publish(from(scene, 1, {"10.77.0.0/24", "fd77::/112", "127.0.0.1"}));
  const Credential app = scene.acme.client();
  const auto outcome = [&](const std::string& source) {
    const From there{scene.server, source, source.find(':') != std::string::npos ? "fd77::1" : "10.77.0.1"};
    return scene.psql(app, {.extra = there.conninfo()});
  };
  CHECK(outcome("10.77.0.2").out == "1\n");
  CHECK(outcome("fd77::2").out == "1\n");
  CHECK_THAT(outcome("10.77.1.2").err, ContainsSubstring("pg_hba.conf rejects connection for host \"10.77.1.2\""));
  CHECK_THAT(outcome("fd77::1:2").err, ContainsSubstring("pg_hba.conf rejects connection for host \"fd77::1:2\""));
}

TEST_CASE("a rule that is taken out closes the door to the next connection, without another publication's help",
          "[publish][allowlist]") {
  Scene scene;
  const Credential app = scene.acme.client();
  scene.publish(from(scene, 1, {"127.0.0.1", "::1"}));
  CHECK(scene.psql(app, {.host = "127.0.0.1"}).out == "1\n");
  scene.publish(from(scene, 2, {"::1"}));
  CHECK_THAT(scene.psql(app, {.host = "127.0.0.1"}).err, ContainsSubstring(std::string{kRejected}));
  CHECK(scene.psql(app, {.host = "::1"}).out == "1\n");
}

TEST_CASE("without a rule nobody comes in over TCP; the socket, replication and other databases are as they were",
          "[publish][allowlist]") {
  Scene scene{
      "local all app scram-sha-256\n"
      "host all all 127.0.0.1/32 scram-sha-256\n"
      "host replication app 127.0.0.1/32 scram-sha-256\n"};
  scene.server.sql("alter role app replication");
  scene.publish(from(scene, 1, {}));
  const Credential app = scene.acme.client();
  CHECK_THAT(scene.psql(app).err, ContainsSubstring(std::string{kRejected}));
  CHECK(scene.server.sql("select 1") == "1");
  CHECK(scene.psql(app, {.host = scene.server.socket_folder(), .sslmode = "disable", .with_certificate = false}).out == "1\n");
  CHECK(scene.psql(app, {.host = "127.0.0.1", .sslmode = "disable", .extra = "dbname=template1", .with_certificate = false}).out ==
        "1\n");
  // "host app" is no line for replication, whatever database a replicating client names.
  const Outcome replication = PsqlClient{app, scene.server}.query(
      "IDENTIFY_SYSTEM", {.host = "127.0.0.1", .sslmode = "disable", .extra = "replication=true", .with_certificate = false});
  CHECK(replication.exit_code == 0);
}

TEST_CASE("sixty blocks for many roles are written, read and obeyed", "[publish][allowlist]") {
  Scene scene;
  std::vector<std::string> blocks{"127.0.0.1"};
  for (int i = 1; i < 60; ++i) blocks.push_back(fmt::format("10.{}.0.0/16", i));
  Publication what = from(scene, 1, blocks);
  for (int i = 0; i < 50; ++i) what.roles.emplace_back(fmt::format("role{}", i));
  scene.publish(what);
  CHECK(scene.psql(scene.acme.client(), {.host = "127.0.0.1"}).out == "1\n");
  CHECK(scene.server.sql("select count(*) from pg_hba_file_rules where type = 'hostssl' and error is null") == "3060");
}

// --- by what ---

TEST_CASE("with verify-full a certificate opens its own role alone, and the password is asked too",
          "[publish][allowlist][access]") {
  Scene scene;
  scene.server.sql(fmt::format("create role reader login password '{}'", Postgres::kPassword));
  Publication what = from(scene, 1, {"127.0.0.1"}, {AuthMethod::scram_sha_256, ClientCert::verify_full, BoundTo::space});
  what.roles = {RoleName{"app"}, RoleName{"reader"}};
  scene.publish(what);
  const Credential app = scene.acme.client();
  CHECK(scene.psql(app, {.host = "127.0.0.1"}).out == "1\n");
  CHECK_THAT(scene.psql(app, {.host = "127.0.0.1", .extra = "password=wrong"}).err,
             ContainsSubstring("password authentication failed"));
  CHECK(scene.psql(app, {.host = "127.0.0.1", .user = "reader"}).exit_code != 0);
  CHECK(scene.psql(scene.acme.client("reader"), {.host = "127.0.0.1", .user = "reader"}).out == "1\n");
}

TEST_CASE("with verify-ca a certificate of another role is a second factor for this one", "[publish][allowlist][access]") {
  Scene scene;
  scene.publish(from(scene, 1, {"127.0.0.1"}));
  CHECK(scene.psql(scene.acme.client("somebody"), {.host = "127.0.0.1"}).out == "1\n");
}

TEST_CASE("with cert the certificate alone opens its role", "[publish][allowlist][access]") {
  Scene scene;
  scene.publish(from(scene, 1, {"127.0.0.1"}, {AuthMethod::cert, ClientCert::verify_full, BoundTo::space}));
  CHECK(scene.psql(scene.acme.client(), {.host = "127.0.0.1", .extra = "password=wrong"}).out == "1\n");
  CHECK_THAT(scene.psql(scene.acme.client("somebody"), {.host = "127.0.0.1"}).err,
             ContainsSubstring("certificate authentication failed for user \"app\""));
}

TEST_CASE("a bound certificate opens its own database, and one of another database of the space does not",
          "[publish][allowlist][access]") {
  Scene scene;
  scene.publish(from(scene, 1, {"127.0.0.1"}, kBound));
  const auto client_of = [&scene](const std::string& database) {
    return scene.acme.root.issue_with_key(ClientSubject{.role = RoleName{"app"}, .database = DatabaseName{database}},
                                          scene.acme.now);
  };
  CHECK(scene.psql(client_of("orders"), {.host = "127.0.0.1", .extra = "password=wrong"}).out == "1\n");
  CHECK_THAT(scene.psql(client_of("sales"), {.host = "127.0.0.1"}).err,
             ContainsSubstring("certificate authentication failed for user \"app\""));
  CHECK_THAT(scene.psql(client_of("orders"), {.host = "127.0.0.1", .user = "postgres"}).err,
             ContainsSubstring(std::string{kRejected}));
}

TEST_CASE("a bound certificate opens a role of any name", "[publish][allowlist][access]") {
  Scene scene;
  std::uint64_t number = 0;
  for (const std::string role : {"all", "sameuser", "replication", "two words", "say \"hi\"", "/slash", "+plus", "@at", "a,b",
                                 "a=b", "a#b", "back\\slash", "\\1", " blank ", "<a;b>", "#hash", "Zo\xC3\xAB"}) {
    INFO(role);
    scene.server.sql(fmt::format("create role {} login", quoted_in_sql(role)));
    Publication what = from(scene, ++number, {"127.0.0.1"}, kBound);
    what.roles = {RoleName{role}};
    scene.publish(what);
    CHECK(scene.psql(scene.acme.client(role), {.host = "127.0.0.1", .user = quoted_in_conninfo(role)}).out == "1\n");
    CHECK(scene.psql(scene.acme.client("somebody"), {.host = "127.0.0.1", .user = quoted_in_conninfo(role)}).exit_code != 0);
  }
}

TEST_CASE("the map comes and goes with the lines that name it, and the rest of pg_ident.conf stays octet for octet",
          "[publish][allowlist][access]") {
  const std::string before = GENERATE(values<std::string>({"", "# ours\nmine \"CN=x\" app\n", "mine /^(.*)$ \\1"}));
  Scene scene;
  scene.server.put("pg_ident.conf", before);
  const std::string hba_before = scene.file("pg_hba.conf");
  scene.publish(from(scene, 1, {"127.0.0.1"}, kBound));
  CHECK(scene.file("pg_ident.conf").starts_with("# >>> spaceca: space acme, database orders"));
  CHECK(scene.file("pg_ident.conf").ends_with("spaceca-orders \"CN=app,OU=orders\" \"app\"\n# <<< spaceca\n" + before));
  SECTION("where certificates are bound no longer") {
    scene.publish(from(scene, 2, {"127.0.0.1"}));
    CHECK(scene.file("pg_ident.conf") == before);
    CHECK(scene.psql(scene.acme.client(), {.host = "127.0.0.1"}).out == "1\n");
  }
  SECTION("where it is withdrawn") {
    scene.publisher().withdraw(scene.where());
    CHECK(scene.file("pg_ident.conf") == before);
    CHECK(scene.file("pg_hba.conf") == hba_before);
    CHECK_FALSE(std::filesystem::exists(scene.server.data() / ".pg_ident.conf.spaceca-old"));
  }
}

// --- what is refused before anything is written ---

TEST_CASE("who administers over TCP to this database and could not come back is refused before anything is written",
          "[publish][allowlist][refusal]") {
  Scene scene{"host all boss all scram-sha-256\n"};
  scene.server.sql("create role boss superuser login password 'open sesame'");
  ServedDatabase where = scene.where();
  const auto by = [&](const std::string& database) {
    where.admin_url = secret(fmt::format("postgresql://boss:open%20sesame@127.0.0.1:{}/{}", scene.server.port(), database));
  };
  const std::string hba_before = scene.file("pg_hba.conf");
  by("app");
  const Publication what = from(scene, 1, {"127.0.0.1"});
  const auto refusal = Scene::refusal_of([&] { scene.publisher().publish(where, what, scene.probes()); });
  CHECK(refusal.code == Errc::policy);
  CHECK_THAT(refusal.text, ContainsSubstring("role \"boss\"") && ContainsSubstring("could not come back"));
  CHECK(refusal.text.find("sesame") == std::string::npos);
  CHECK(scene.file("pg_hba.conf") == hba_before);
  CHECK_FALSE(std::filesystem::exists(scene.server.data() / "spaceca"));
  SECTION("another database is no such way") {
    by("postgres");
    scene.publisher().publish(where, what, scene.probes());
    CHECK(scene.psql(scene.acme.client(), {.host = "127.0.0.1"}).out == "1\n");
  }
  SECTION("an address that is kept is none either") {
    Publication kept = from(scene, 1, {"127.0.0.1"});
    kept.keep = {Cidr{"127.0.0.1"}};
    scene.publisher().publish(where, kept, scene.probes());
    CHECK(scene.psql(scene.acme.client(), {.host = "127.0.0.1"}).out == "1\n");  // today's lines know boss alone
  }
}

TEST_CASE("a map of our name that holds others' lines is refused", "[publish][allowlist][refusal]") {
  Scene scene;
  scene.server.put("pg_ident.conf", "# a comment\nspaceca-orders \"CN=mallory\" app\n");
  const std::string before = scene.file("pg_ident.conf");
  const auto refusal = Scene::refusal_of([&] { scene.publish(from(scene, 1, {"127.0.0.1"}, kBound)); });
  CHECK(refusal.code == Errc::policy);
  CHECK_THAT(refusal.text, ContainsSubstring("map \"spaceca-orders\"") && ContainsSubstring("pg_ident.conf, line 2"));
  CHECK(scene.file("pg_ident.conf") == before);
  CHECK_FALSE(std::filesystem::exists(scene.server.data() / "spaceca"));
}

TEST_CASE("a line of pg_ident.conf that PostgreSQL cannot read is refused by its number, where a map is needed",
          "[publish][allowlist][refusal]") {
  Scene scene;
  scene.server.put("pg_ident.conf", "mine\n");
  const auto refusal = Scene::refusal_of([&] { scene.publish(from(scene, 1, {"127.0.0.1"}, kBound)); });
  CHECK(refusal.code == Errc::policy);
  CHECK_THAT(refusal.text, ContainsSubstring("pg_ident.conf, line 1"));
  scene.publish(from(scene, 1, {"127.0.0.1"}));
  CHECK(scene.psql(scene.acme.client(), {.host = "127.0.0.1"}).out == "1\n");
}

TEST_CASE("marks of another database in pg_ident.conf are not touched", "[publish][allowlist][refusal]") {
  Scene scene;
  scene.server.put("pg_ident.conf", "# >>> spaceca: space umbrella, database sales; x\n# <<< spaceca\n");
  const auto refusal = Scene::refusal_of([&] { scene.publish(from(scene, 1, {"127.0.0.1"}, kBound)); });
  CHECK(refusal.code == Errc::policy);
  CHECK_THAT(refusal.text, ContainsSubstring("space umbrella, database sales"));
}

// --- surveys ---

TEST_CASE("a survey looks with the rules and the access that are to come", "[publish][allowlist][survey]") {
  Scene scene;
  scene.publish(from(scene, 1, {"127.0.0.1", "::1"}));
  const Guest live{scene.server, scene.acme.client()};
  const auto cut_off = [&](const Publication& what) { return scene.publisher().survey(scene.where(), what).cut_off.size(); };
  CHECK(cut_off(from(scene, 2, {"127.0.0.1", "::1"})) == 0);
  CHECK(cut_off(from(scene, 2, {"10.0.0.0/8"})) == 1);
  CHECK(cut_off(from(scene, 2, {})) == 1);
  CHECK(cut_off(from(scene, 2, {"127.0.0.1", "::1"}, kBound)) == 0);
}
