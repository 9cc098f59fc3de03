// What goes wrong when something is brought to a real PostgreSQL, and that those who came in before still do.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>

#include <fmt/format.h>

#include "publish/scene.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

namespace {

// A server that serves publication 1.
class Served1 : public Scene {
 public:
  explicit Served1(std::string_view hba = kFreshHba, std::string_view settings = {}) : Scene(hba, settings) {
    publish(next(1));
    hba_before = file("pg_hba.conf");
  }
  // What publishing `what` says; afterwards all is as before.
  Refusal refused(const Publication& what) {
    const Refusal refusal = refusal_of([&] { publish(what); });
    check_as_before();
    return refusal;
  }
  void check_as_before() {
    CHECK(psql(old_client).out == "1\n");
    CHECK(file("pg_hba.conf") == hba_before);
    CHECK(publisher().current(where()).number == 1);
  }
  const Credential old_client = acme.client();
  std::string hba_before;
};

// A publisher that does something when it says a line with these words.
std::unique_ptr<Publisher> interrupted(const std::string& words, const std::function<void()>& work) {
  return postgres_publisher({.patience = std::chrono::seconds{20}, .progress = [words, work](const std::string& line) {
                               if (line.find(words) != std::string::npos) work();
                             }});
}

}  // namespace

// --- what the server does not take ---

TEST_CASE_METHOD(Served1, "a key that is damaged before the server reads it is not taken, and the log says why",
                 "[publish][refusal]") {
  const std::string content = GENERATE(values<std::string>({"garbage\n", ""}));
  const Publication what = next(2);
  const auto publisher = interrupted("switches", [&] { server.put("spaceca/2/server.key", content); });
  const Refusal refusal = refusal_of([&] { publisher->publish(where(), what, probes()); });
  CHECK(refusal.code == Errc::not_taken);
  CHECK_THAT(refusal.text, ContainsSubstring("shows another certificate"));
  CHECK_THAT(refusal.text, ContainsSubstring("what was there before is in force again"));
  CHECK_THAT(refusal.text, ContainsSubstring("could not load private key file \"spaceca/2/server.key\""));
  check_as_before();
  publish(what);
  CHECK(this->publisher().current(where()).number == 2);
}

TEST_CASE_METHOD(Served1, "a list that is damaged before the server reads it is not taken, and the old state stays",
                 "[publish][refusal]") {
  const Publication what = next(2);
  const auto publisher = interrupted("switches", [&] { server.put("spaceca/2/root.crl", "not a list\n"); });
  const Refusal refusal = refusal_of([&] { publisher->publish(where(), what, probes()); });
  CHECK(refusal.code == Errc::not_taken);
  CHECK_THAT(refusal.text, ContainsSubstring("could not load SSL certificate revocation list file"));
  CHECK_THAT(refusal.text, ContainsSubstring("SSL configuration was not reloaded"));
  check_as_before();
}

TEST_CASE_METHOD(Served1, "a key that others may read is not taken", "[publish][refusal]") {
  const Publication what = next(2);
  const auto publisher = interrupted("switches", [&] { chmod((server.data() / "spaceca/2/server.key").c_str(), 0644); });
  const Refusal refusal = refusal_of([&] { publisher->publish(where(), what, probes()); });
  CHECK(refusal.code == Errc::not_taken);
  CHECK_THAT(refusal.text, ContainsSubstring("has group or world access"));
  check_as_before();
}

TEST_CASE_METHOD(Served1, "an old list in the place of the new one is found by the revoked probe", "[publish][refusal]") {
  const std::string old_list = file("spaceca/1/root.crl");
  const Publication what = next(2);
  const auto publisher = interrupted("switches", [&] { server.put("spaceca/2/root.crl", old_list); });
  const Refusal refusal = refusal_of([&] { publisher->publish(where(), what, probes()); });
  CHECK(refusal.code == Errc::not_taken);
  CHECK_THAT(refusal.text, ContainsSubstring("a revoked certificate of root 1 is let in"));
  check_as_before();
}

TEST_CASE_METHOD(Served1, "an expired list in the place of the new one is found by the good probe", "[publish][refusal]") {
  const Crl expired = acme.root.crl({}, {.number = 99, .lifetime = std::chrono::months{1}}, acme.now);
  const Publication what = next(2);
  // The same root, as if it had been there two years ago.
  const Instant then = acme.now - std::chrono::days{730};
  const Issuer past = Issuer::self_signed({.space = acme.space}, PrivateKey::generate(), then);
  const Crl lapsed = past.crl({}, {.number = 1}, then);
  const auto publisher = interrupted("switches", [&] { server.put("spaceca/2/root.crl", lapsed.pem()); });
  const Refusal refusal = refusal_of([&] { publisher->publish(where(), what, probes()); });
  CHECK(refusal.code == Errc::not_taken);
  CHECK_THAT(refusal.text, ContainsSubstring("a good certificate of root 1 is refused"));
  check_as_before();
}

TEST_CASE_METHOD(Served1, "settings that the server cannot have together are not taken, and are named by its log",
                 "[publish][refusal]") {
  const std::string conf = file("postgresql.conf");
  server.put("postgresql.conf", "ssl_min_protocol_version = 'TLSv1.3'\nssl_max_protocol_version = 'TLSv1.2'\n" + conf);
  const Refusal refusal = refusal_of([&] { publish(next(2)); });
  CHECK(refusal.code == Errc::not_taken);
  CHECK_THAT(refusal.text, ContainsSubstring("SSL configuration was not reloaded"));
  check_as_before();
  server.put("postgresql.conf", conf);
  publish(next(2));
}

TEST_CASE_METHOD(Served1, "the way back is found by a signal if the administrator's connection is gone", "[publish][refusal]") {
  const Publication what = next(2);
  const auto publisher = interrupted("goes back", [&] {
    server.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'spaceca'");
  });
  std::vector<Probe> with_unknown;
  with_unknown.push_back({.generation = 1, .good = acme.client(), .revoked = acme.client()});  // on no list
  const Refusal refusal = refusal_of([&] { publisher->publish(where(), what, with_unknown); });
  CHECK(refusal.code == Errc::not_taken);
  CHECK_THAT(refusal.text, ContainsSubstring("what was there before is in force again"));
  check_as_before();
}

// --- what somebody else does meanwhile ---

TEST_CASE_METHOD(Served1, "what an administrator changes while it is published stays, and the publication goes back",
                 "[publish][refusal]") {
  auto [moment, name] = GENERATE(table<std::string, std::string>({
      {"switches", "postgresql.conf"},
      {"writes the lines", "pg_hba.conf"},
      {"writes the lines", "pg_ident.conf"},
  }));
  INFO(name);
  Publication what = next(2);
  what.access = {AuthMethod::cert, ClientCert::verify_full, BoundTo::database};
  const std::string edited = file(name) + "# written by hand\n";
  const auto publisher = interrupted(moment, [&, &changed = name] { server.put(changed, edited); });
  const Refusal refusal = refusal_of([&] { publisher->publish(where(), what, probes()); });
  CHECK(refusal.code == Errc::busy);
  CHECK_THAT(refusal.text, ContainsSubstring(name + "\": was changed by somebody else meanwhile and stays as it is"));
  CHECK_THAT(refusal.text, ContainsSubstring("what was there before is in force again"));
  CHECK(file(name) == edited);
  if (name == "pg_hba.conf") hba_before = edited;
  check_as_before();
  publish(next(3));
  CHECK(file(name).ends_with(name == "postgresql.conf" ? "# <<< spaceca\n" : "# written by hand\n"));
  CHECK_THAT(file(name), ContainsSubstring("# written by hand\n"));
}

// A line that PostgreSQL cannot read any more when the names that it points to are gone: an error after the rename and before the
// reload.
class Pointing : public Scene {
 public:
  Pointing() {
    server.put("friends", "app\n");
    server.put("pg_hba.conf", file("pg_hba.conf") + "host app @friends 127.0.0.1/32 scram-sha-256\n");
    publish(next(1));
    hba_before = file("pg_hba.conf");
  }
  void lose_friends() const { fs::remove(server.data() / "friends"); }
  const Credential old_client = acme.client();
  std::string hba_before;
};

TEST_CASE_METHOD(Pointing, "an error that the server sees in the new pg_hba.conf before the reload has the old one put back",
                 "[publish][refusal]") {
  const Publication what = next(2);
  const auto publisher = interrupted("writes the lines", [&] { lose_friends(); });
  const Refusal refusal = refusal_of([&] { publisher->publish(where(), what, probes()); });
  CHECK(refusal.code == Errc::not_taken);
  CHECK_THAT(refusal.text, ContainsSubstring("pg_hba.conf, line ") && ContainsSubstring("friends"));
  CHECK_THAT(refusal.text, ContainsSubstring("what was there before is in force again"));
  CHECK(file("pg_hba.conf") == hba_before);
  CHECK(psql(old_client).out == "1\n");
  CHECK(this->publisher().current(where()).number == 1);
}

TEST_CASE_METHOD(Pointing, "a pg_hba.conf that cannot be put back keeps the settings of TLS from no way back",
                 "[publish][refusal]") {
  const Certificate shown = this->publisher().current(where()).server.value();
  Publication what = next(2);
  what.roles.emplace_back("other");
  std::string edited;
  const auto publisher = postgres_publisher({.patience = std::chrono::seconds{20}, .progress = [&](const std::string& line) {
                                               if (line.find("writes the lines") != std::string::npos) lose_friends();
                                               if (line.find("goes back") == std::string::npos) return;
                                               edited = file("pg_hba.conf") + "# written by hand\n";
                                               server.put("pg_hba.conf", edited);
                                             }});
  const Refusal refusal = refusal_of([&] { publisher->publish(where(), what, probes()); });
  CHECK(refusal.code == Errc::not_taken);
  CHECK_THAT(refusal.text, ContainsSubstring("going back failed: file") && ContainsSubstring("was changed by somebody else"));
  CHECK(file("pg_hba.conf") == edited);
  const Served served = this->publisher().current(where());
  CHECK(served.number == 1);
  CHECK(served.server == shown);
}

TEST_CASE_METHOD(Scene, "lines that cannot be taken out again keep the TLS that they ask for", "[publish][refusal]") {
  server.put("friends", "app\n");
  server.put("pg_hba.conf", file("pg_hba.conf") + "host app @friends 127.0.0.1/32 scram-sha-256\n");
  const Publication what = next(1);
  std::string edited;
  const auto publisher = postgres_publisher({.patience = std::chrono::seconds{20}, .progress = [&](const std::string& line) {
                                               if (line.find("writes the lines") != std::string::npos)
                                                 fs::remove(server.data() / "friends");
                                               if (line.find("goes back") == std::string::npos) return;
                                               edited = file("pg_hba.conf") + "# written by hand\n";
                                               server.put("pg_hba.conf", edited);
                                             }});
  CHECK(refusal_of([&] { publisher->publish(where(), what, probes()); }).code == Errc::not_taken);
  CHECK(file("pg_hba.conf") == edited);
  static_cast<void>(server.reload_with("friends", "app\n"));
  CHECK(psql(acme.client()).out == "1\n");
}

TEST_CASE_METHOD(Served1, "what is thrown by whoever is told of the progress leaves nothing in force that was not proved",
                 "[publish][refusal]") {
  const std::string moment = GENERATE(values<std::string>({"for its certificate", "writes the lines"}));
  INFO(moment);
  const Publication what = next(2);
  bool thrown = false;
  const auto publisher = postgres_publisher({.patience = std::chrono::seconds{20}, .progress = [&](const std::string& line) {
                                               if (line.find(moment) != std::string::npos) thrown = true;
                                               if (thrown) throw std::runtime_error{"the listener is gone"};
                                             }});
  CHECK_THROWS_WITH(publisher->publish(where(), what, probes()), "the listener is gone");
  CHECK(this->publisher().current(where()).server != what.server.certificate());
  check_as_before();
}

// --- what the server's user put in the way ---

TEST_CASE_METHOD(Served1, "nothing that the server's user puts in a file's place keeps the publisher waiting or fills its memory",
                 "[publish][refusal]") {
  const std::string name = GENERATE(values<std::string>({"postmaster.pid", "pg_hba.conf", "spaceca/current.conf"}));
  auto [kind, words] = GENERATE(table<std::string, std::string>({
      {"a pipe", "\": is no regular file"},
      {"a link to a device", "\": is no regular file"},
      {"a huge file", "\": is longer than 16 MiB, the most that is read"},
  }));
  INFO(name << ", " << kind);
  const Publication what = next(2);
  const fs::path path = server.data() / name;
  const fs::path away = server.data() / "away";
  const bool runs = name != "postmaster.pid";  // a server looks after that one itself
  if (!runs) server.stop();
  if (runs) fs::rename(path, away);
  if (kind == "a pipe") REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  if (kind == "a link to a device") fs::create_symlink("/dev/zero", path);
  if (kind == "a huge file") {
    server.put(name, "");
    fs::resize_file(path, std::uintmax_t{1} << 34U);
  }
  if (geteuid() == 0) REQUIRE(run({"chown", "-h", "--reference", server.data().string(), path.string()}).exit_code == 0);
  const Refusal refusal = refusal_of([&] { publisher().publish(where(), what, probes()); });
  fs::remove(path);
  if (runs) fs::rename(away, path);
  if (!runs) server.start_again();
  CHECK(refusal.code == Errc::malformed);
  CHECK_THAT(refusal.text, ContainsSubstring(name + words));
  check_as_before();
}

// --- what is refused before anything is written ---

TEST_CASE_METHOD(Served1, "a list that keeps everybody out is refused before it is written", "[publish][refusal]") {
  Publication what = next(2);
  const std::string kind = GENERATE(values<std::string>({"none", "expired", "of another root"}));
  INFO(kind);
  const Acme umbrella{"umbrella"};
  if (kind == "none") what.crls.clear();
  if (kind == "of another root") what.crls = {umbrella.crl()};
  if (kind == "expired") {
    const Acme past{"acme", acme.now - std::chrono::days{730}};
    const Credential leaf = past.root.issue_with_key(ServerSubject{.hosts = {HostName{"localhost"}}}, past.now);
    const SecretBytes key = leaf.key().pkcs8_der();
    what = {.number = 2,
            .server = Credential{leaf.chain(), PrivateKey::from_pkcs8_der(key.reveal()), {past.root.certificate()}},
            .crls = {past.root.crl({}, {.number = 1}, past.now)},
            .roles = {RoleName{"app"}}};
    const std::vector<Probe> of_past = [&] {
      std::vector<Probe> made;
      made.push_back(past.probe());
      return made;
    }();
    const Refusal refusal = refusal_of([&] { publisher().publish(where(), what, of_past); });
    CHECK(refusal.code == Errc::policy);
    REQUIRE_FALSE(refusal.findings.empty());
    CHECK(refusal.findings.front().rule == "crl-expired");
    check_as_before();
    return;
  }
  const Refusal refusal = refused(what);
  CHECK(refusal.code == Errc::policy);
  CHECK_FALSE(refusal.findings.empty());
  CHECK_FALSE(fs::exists(server.data() / "spaceca/2"));
}

TEST_CASE_METHOD(Served1, "a setting of ours in postgresql.auto.conf is refused by its name", "[publish][refusal]") {
  server.sql("alter system set ssl_cert_file = 'server.crt'");
  const Refusal refusal = refused(next(2));
  CHECK(refusal.code == Errc::policy);
  CHECK_THAT(refusal.text, ContainsSubstring("ssl_cert_file: postgresql.auto.conf"));
  CHECK_FALSE(fs::exists(server.data() / "spaceca/2"));
  server.sql("alter system reset ssl_cert_file");
  publish(next(2));
}

TEST_CASE("a setting of ours behind the include is overcome, since ours goes to the end again", "[publish]") {
  Scene scene;
  scene.publish(scene.next(1));
  scene.server.put("postgresql.conf", scene.file("postgresql.conf") + "ssl_ca_file = ''\n");
  scene.publish(scene.next(2));
  CHECK(scene.psql(scene.acme.client()).out == "1\n");
  CHECK(scene.file("postgresql.conf").ends_with("# <<< spaceca\n"));
}

TEST_CASE_METHOD(Served1, "a line that PostgreSQL cannot read is refused by its number, wherever it stands", "[publish][refusal]") {
  auto [name, line, words] = GENERATE(table<std::string, std::string, std::string>({
      {"pg_hba.conf", "host all all 10.0.0.0/8 nosuch\n", "pg_hba.conf, line "},
      {"postgresql.conf", "no_such_setting = 1\n", "postgresql.conf, line "},
      {"postgresql.conf", "work_mem = = 1\n", "postgresql.conf, line "},
  }));
  INFO(name << ": " << line);
  const std::string before = file(name);
  server.put(name, before + line);
  const Refusal refusal = refusal_of([&] { publish(next(2)); });
  CHECK(refusal.code == Errc::policy);
  CHECK_THAT(refusal.text, ContainsSubstring(words));
  CHECK(file(name) == before + line);
  CHECK_FALSE(fs::exists(server.data() / "spaceca/2"));
  server.put(name, before);
  check_as_before();
}

TEST_CASE("marks of another database in pg_hba.conf are not touched", "[publish][refusal]") {
  Scene scene{"# >>> spaceca: space umbrella, database sales; x\n# <<< spaceca\n"};
  const auto refusal = Scene::refusal_of([&] { scene.publish(scene.next(1)); });
  CHECK(refusal.code == Errc::policy);
  CHECK_THAT(refusal.text, ContainsSubstring("space umbrella, database sales"));
  CHECK_FALSE(fs::exists(scene.server.data() / "spaceca"));
}

// --- who may, and where ---

TEST_CASE("whoever is neither the owner nor root is refused before anything is written", "[publish][refusal]") {
  if (geteuid() != 0) return;
  Scene scene;
  const Publication what = scene.next(1);
  REQUIRE(chmod(scene.server.data().c_str(), 0755) == 0);
  CHECK(in_child("nobody", [&] {
          const auto refusal = Scene::refusal_of([&] { scene.publish(what); });
          return refusal.code == Errc::permission && refusal.text.find("belongs to postgres") != std::string::npos ? 7 : 8;
        }) == 7);
  REQUIRE(chmod(scene.server.data().c_str(), 0700) == 0);
  CHECK_FALSE(fs::exists(scene.server.data() / "spaceca"));
}

TEST_CASE("a pg_hba.conf that is not the owner's is refused before anything is written", "[publish][refusal]") {
  if (geteuid() != 0) return;
  Scene scene;
  const auto hba = scene.server.data() / "pg_hba.conf";
  REQUIRE(chown(hba.c_str(), 0, 0) == 0);
  REQUIRE(chmod(hba.c_str(), 0644) == 0);
  const auto refusal = Scene::refusal_of([&] { scene.publish(scene.next(1)); });
  CHECK(refusal.code == Errc::permission);
  CHECK_THAT(refusal.text, ContainsSubstring("pg_hba.conf"));
  CHECK_FALSE(fs::exists(scene.server.data() / "spaceca"));
}

TEST_CASE("a link that the owner put in our way leads root nowhere", "[publish][refusal]") {
  if (geteuid() != 0) return;
  Scene scene;
  const TemporaryFolder roots_own;
  REQUIRE(chmod(roots_own.path().c_str(), 0700) == 0);
  fs::create_directory_symlink(roots_own.path(), scene.server.data() / "spaceca");
  CHECK_THROWS_AS(scene.publish(scene.next(1)), Error);
  CHECK(fs::is_empty(roots_own.path()));
}

TEST_CASE("a folder that is no data directory is refused", "[publish][refusal]") {
  Scene scene;
  const Publication what = scene.next(1);
  const TemporaryFolder folder;
  ServedDatabase where = scene.where();
  const auto refusal_at = [&](const fs::path& place) {
    where.data_directory = place;
    return Scene::refusal_of([&] { scene.publisher().publish(where, what, scene.probes()); });
  };
  CHECK(refusal_at(folder.path()).code == Errc::invalid_argument);
  CHECK(refusal_at(folder.path() / "none").code == Errc::not_found);
  CHECK(refusal_at(scene.server.data() / "PG_VERSION").code == Errc::invalid_argument);
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("a server that is down is out of reach, and publishing again finishes it", "[publish][refusal]") {
  Scene scene;
  scene.server.stop();
  const Publication what = scene.next(1);
  for (const auto& call :
       std::vector<std::function<void()>>{[&] { scene.publish(what); }, [&] { scene.publisher().withdraw(scene.where()); },
                                          [&] { static_cast<void>(scene.publisher().survey(scene.where(), what)); },
                                          [&] { static_cast<void>(scene.publisher().current(scene.where())); }}) {
    const auto refusal = Scene::refusal_of(call);
    CHECK(refusal.code == Errc::unreachable);
    CHECK_THAT(refusal.text, ContainsSubstring("is not running"));
  }
  scene.server.start_again();
  scene.publish(what);
  CHECK(scene.psql(scene.acme.client()).out == "1\n");
}

TEST_CASE_METHOD(Served1, "a server that goes down meanwhile keeps what was written, and publishing again finishes it",
                 "[publish][refusal]") {
  const std::string moment = GENERATE(values<std::string>({"switches", "for its certificate", "writes the lines"}));
  INFO(moment);
  const Credential stolen = acme.client();
  const Publication what = next(2, {stolen.certificate().serial()});
  const auto publisher = interrupted(moment, [&] { server.stop(); });
  CHECK(refusal_of([&] { publisher->publish(where(), what, probes()); }).code == Errc::unreachable);
  CHECK(fs::exists(server.data() / "spaceca/2"));
  server.start_again();
  publish(what);
  CHECK(this->publisher().current(where()).number == 2);
  CHECK_THAT(psql(stolen).err, ContainsSubstring("certificate revoked"));
}

TEST_CASE_METHOD(Served1, "what a crash left between two renames is finished by the next publication", "[publish][refusal]") {
  const std::string kind = GENERATE(values<std::string>({"half a folder", "switched", "lines", "first"}));
  INFO(kind);
  const Publication what = next(2);
  if (kind == "half a folder") {
    fs::create_directory(server.data() / "spaceca/2");
    server.put("spaceca/2/server.key", "half a k");
    server.put("spaceca/.current.conf.spaceca-new", "ssl_cert");
  }
  if (kind == "switched") {
    publish(what);
    server.put("spaceca/proved.conf", [&] {
      std::string old = file("spaceca/current.conf");
      for (auto at = old.find("spaceca/2/"); at != std::string::npos; at = old.find("spaceca/2/")) {
        old.replace(at, 10, "spaceca/1/");
      }
      return old;
    }());
  }
  if (kind == "lines") {
    server.put(".pg_hba.conf.spaceca-new", "half");
    server.put(".pg_hba.conf.spaceca-old", "older");
  }
  if (kind == "first") {
    // Everything but the lines and the note that it was proved.
    server.put("pg_hba.conf", file("pg_hba.conf").substr(file("pg_hba.conf").find("# <<< spaceca\n") + 14));
    fs::remove(server.data() / "spaceca/proved.conf");
  }
  if (geteuid() == 0) {
    REQUIRE(run({"chown", "-R", "--reference", server.data().string(), (server.data() / "spaceca").string()}).exit_code == 0);
  }
  publish(what);
  CHECK(psql(old_client).out == "1\n");
  CHECK(publisher().current(where()).number == 2);
  CHECK(publisher().current(where()).server == what.server.certificate());
  CHECK_THAT(psql(old_client, {.with_certificate = false}).err, ContainsSubstring("valid client certificate"));
}

// --- administering ---

TEST_CASE_METHOD(Served1, "an admin URL that leads elsewhere, or nowhere, is refused without its password", "[publish][refusal]") {
  const Postgres other{FileSet{}, "host all all all trust\n"};
  server.sql("create role clerk login password 'open sesame'");
  const std::string here = fmt::format("127.0.0.1:{}/postgres", server.port());
  struct Case {
    std::string kind, url;
    Errc code;
  };
  const std::vector<Case> cases = {
      {"another server", fmt::format("postgresql://postgres:open%20sesame@127.0.0.1:{}/postgres", other.port()), Errc::mismatch},
      {"nobody there", fmt::format("postgresql://postgres:open%20sesame@127.0.0.1:{}/postgres", free_port()), Errc::unreachable},
      {"a wrong password", "postgresql://postgres:open%20sesame@" + here, Errc::permission},
      {"no password", "postgresql://clerk@" + here, Errc::permission},
      {"no superuser", "postgresql://clerk:open%20sesame@" + here, Errc::permission},
      {"no such database", fmt::format("postgresql://postgres:open%20sesame@127.0.0.1:{}/none", other.port()), Errc::not_found},
      {"no URL", "open sesame", Errc::invalid_argument},
      {"a bare @", "postgresql://clerk:open@sesame@" + here, Errc::invalid_argument},
      {"a host that is none", "postgresql://clerk:open%20sesame@nosuch.invalid/postgres", Errc::unreachable},
  };
  const Publication what = next(2);
  for (const Case& one : cases) {
    ServedDatabase at = where();
    at.admin_url = secret(one.url);
    const Refusal refusal = refusal_of([&] { publisher().publish(at, what, probes()); });
    INFO(one.kind << ": " << refusal.text);
    CHECK(static_cast<int>(refusal.code) == static_cast<int>(one.code));
    CHECK(refusal.text.find("sesame") == std::string::npos);
  }
  check_as_before();
}

TEST_CASE("the clients' URL never administers, even if it is a superuser's", "[publish][refusal]") {
  Scene scene{"host app boss all scram-sha-256\n"};
  scene.server.sql("create role boss superuser login password 'open sesame'");
  scene.server.put("postgresql.conf", scene.file("postgresql.conf") + "unix_socket_directories = ''\n");
  scene.server.stop();
  scene.server.start_again();
  const Publication what = scene.next(1);
  ServedDatabase where = scene.where();
  where.url = secret(fmt::format("postgresql://boss:open%20sesame@127.0.0.1:{}/app", scene.server.port()));
  const auto refusal = Scene::refusal_of([&] { scene.publisher().publish(where, what, scene.probes()); });
  CHECK(refusal.code == Errc::unreachable);
  CHECK_THAT(refusal.text, ContainsSubstring("has no Unix socket; give an admin URL"));
  CHECK_FALSE(fs::exists(scene.server.data() / "spaceca"));
}

TEST_CASE_METHOD(Served1, "a password of the clients' URL stands in no error and in no file", "[publish][refusal]") {
  const Publication what = next(2);
  std::string said;
  const auto publisher = postgres_publisher(
      {.patience = std::chrono::seconds{20}, .progress = [&said](const std::string& line) { said += line + "\n"; }});
  publisher->publish(where(), what, probes());
  ServedDatabase at = where();
  at.url = secret(fmt::format("postgresql://app:s3cret%20horse@127.0.0.1:{}/app", free_port()));
  said += refusal_of([&] { publisher->publish(at, what, probes()); }).text;
  CHECK(said.find("s3cret") == std::string::npos);
  for (const std::string name : {"pg_hba.conf", "postgresql.conf", "spaceca/current.conf", "spaceca/belongs_to"}) {
    CHECK(file(name).find("s3cret") == std::string::npos);
  }
  CHECK(server.log().find("s3cret") == std::string::npos);
}

TEST_CASE("a server that has stopped answering is given up after the time that was allowed", "[publish][refusal]") {
  Scene scene;
  const Publication what = scene.next(1);
  const std::string pid = scene.file("postmaster.pid").substr(0, scene.file("postmaster.pid").find('\n'));
  const auto impatient = postgres_publisher({.patience = std::chrono::seconds{1}});
  REQUIRE(run({"kill", "-STOP", pid}).exit_code == 0);
  const auto refusal = Scene::refusal_of([&] { impatient->publish(scene.where(), what, scene.probes()); });
  REQUIRE(run({"kill", "-CONT", pid}).exit_code == 0);
  CHECK(refusal.code == Errc::unreachable);
}
