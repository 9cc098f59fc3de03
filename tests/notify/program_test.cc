// The program's sweep with mail and a webhook, as its file and the environment set them up.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "notify/peer.h"
#include "support/catch.h"
#include "support/child.h"
#include "support/postgres.h"

using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;
using Words = std::vector<std::string>;

namespace {

const std::string kProgram = SPACECA_PROGRAM_FOLDER "/spaceca";
const std::string kSecret = "s3cret, thirty-two octets or more";

// A store with a notice to deliver, and a file of settings.
class ProgramScene {
 public:
  ProgramScene() {
    write_file(path("url"), "postgresql://app:secret@localhost/sales\n");
    write_file(path("password"), "correct horse\n");
    write_file(path("hook.key"), kSecret + "\n");
    std::filesystem::create_directory(path("notices"));
    done({"init"});
    done({"spaces:create", "acme"});
    done({"databases:create", "sales", "--space", "acme", "-a", "shop", "--host", "localhost", "--url-file", path("url"),
          "--contact", "owner@example.org"});
    const Outcome made = done({"data:mtls:certificates:create", "sales", "-a", "shop", "--json"});
    done({"data:mtls:certificates:renew", "sales", "-a", "shop", "--id", made.out.substr(made.out.find("\"id\": \"") + 7, 36)});
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  void configure(const std::string& text) const { write_file(path("config.toml"), text); }

  [[nodiscard]] Outcome run(Words words, const Words& environment = {}) const {
    words.insert(words.begin(), kProgram);
    Words all = environment;  // what stands first counts
    all.insert(all.end(), {"SPACECA_STORE=sqlite:" + path("ca.db"), "SPACECA_KEY_FILE=" + path("key"),
                           "HOME=" + folder_.path().string(), "XDG_CONFIG_HOME="});
    return spaceca::test::run(words, {.environment = all});
  }
  [[nodiscard]] Outcome sweep(Words environment = {}) const {
    environment.push_back("SPACECA_CONFIG=" + path("config.toml"));
    return run({"sweep"}, environment);
  }

  [[nodiscard]] std::size_t count(const std::string& folder, const std::string& ending) const {
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator{path(folder)}) {
      found += entry.path().extension() == ending ? 1U : 0U;
    }
    return found;
  }

 private:
  Outcome done(const Words& words) const {
    Outcome outcome = run(words);
    INFO(words.front() << ": " << outcome.err);
    REQUIRE(outcome.exit_code == 0);
    return outcome;
  }

  TemporaryFolder folder_;
};

// The same, and servers.
class ServedScene : public ProgramScene {
 public:
  explicit ServedScene(const Words& of_web = {})
      : mail(make("mail")),
        web(make("web")),
        mail_server("mail_server.py", {mail, "--tls", "starttls", "--certificate", files.certificate(), "--key", files.key(),
                                       "--user", "ca", "--password", "correct horse"}),
        web_server("web_server.py", with({web, files.certificate(), files.key()}, of_web)) {
    std::filesystem::copy_file(files.roots(), path("roots.pem"));
    configure(
        fmt::format("# who is told, and how\n"
                    "[notices]\nfolder = \"notices\"\n"
                    "[mail]\nhost = \"localhost\"\nport = {}\ntls = \"starttls\"\nfrom = \"ca@acme.example\"\nuser = \"ca\"\n"
                    "password-file = \"password\"\nroots-file = \"roots.pem\"\n"
                    "[webhook]\nurl = \"https://localhost:{}/hook\"\nkey-file = \"hook.key\"\nroots-file = \"roots.pem\"\n",
                    mail_server.port(), web_server.port()));
  }

  PeerFiles files;
  std::string mail, web;
  Peer mail_server;
  Peer web_server;

 private:
  [[nodiscard]] std::string make(const std::string& name) const {
    std::filesystem::create_directory(path(name));
    return path(name);
  }
  static Words with(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
};

}  // namespace

TEST_CASE("a sweep tells by every way that the file sets up, once", "[notify]") {
  const ServedScene scene;
  const Outcome first = scene.sweep();
  INFO(first.out << first.err);
  CHECK(first.exit_code == 0);
  for (int i = 0; i < 2; ++i) CHECK(scene.sweep().out == "");
  CHECK(scene.count("mail", ".eml") == 1);
  CHECK(scene.count("web", ".body") == 1);
  CHECK(scene.count("notices", ".txt") == 1);
  const auto envelope = nlohmann::json::parse(read_file(scene.path("mail/1.json")));
  CHECK(envelope["to"] == Words{"owner@example.org"});
  CHECK(envelope["user"] == "ca");
  CHECK(envelope["tls"] == true);
  const auto request = nlohmann::json::parse(read_file(scene.path("web/1.json")));
  write_file(scene.path("key-octets"), kSecret);
  CHECK_NOTHROW(answer_of("check_signature.py", {scene.path("key-octets"), scene.path("web/1.body"),
                                                 request["headers"]["Spaceca-Signature"].get<std::string>()}));
}

TEST_CASE("a webhook that is out of order does not repeat the mail, and the sweep says what failed", "[notify]") {
  const ServedScene scene{{"--answer", "503"}};
  const Outcome outcome = scene.sweep();
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.out, ContainsSubstring("webhook: webhook at localhost:") && ContainsSubstring("answers 503, not 2xx"));
  const std::string earlier = "UPDATE notices SET next_attempt_at = next_attempt_at - 86400 WHERE next_attempt_at IS NOT NULL";
  REQUIRE(run({"sqlite3", scene.path("ca.db"), earlier}).exit_code == 0);
  CHECK(scene.sweep().exit_code == 1);
  CHECK(scene.count("web", ".body") == 2);
  CHECK(scene.count("mail", ".eml") == 1);
}

TEST_CASE("a variable of the environment goes before the file", "[notify]") {
  const ServedScene scene;
  const Outcome outcome = scene.sweep({"SPACECA_MAIL_OTHERWISE_TO=a@example.org, b@example.org", "SPACECA_MAIL_HOST=127.0.0.1"});
  CHECK(outcome.exit_code == 1);  // the certificate is for localhost
  CHECK_THAT(outcome.out, ContainsSubstring("mail: mail server 127.0.0.1:"));
}

TEST_CASE("the file is found where XDG says, or at home, and need not be there", "[notify]") {
  const ProgramScene scene;
  for (const char* const folder : {"xdg/spaceca", ".config/spaceca"}) {
    std::filesystem::create_directories(scene.path(folder));
    write_file(scene.path(std::string{folder} + "/config.toml"),
               fmt::format("[nonsense-of-{}]\nx = 1\n", folder[0] == 'x' ? "xdg" : "home"));
  }
  CHECK_THAT(scene.run({"sweep"}, {"XDG_CONFIG_HOME=" + scene.path("xdg")}).err, ContainsSubstring("[nonsense-of-xdg]"));
  CHECK_THAT(scene.run({"sweep"}).err, ContainsSubstring("[nonsense-of-home]"));
  CHECK(scene.run({"sweep"}, {"XDG_CONFIG_HOME=" + scene.path("empty")}).exit_code == 0);
}

TEST_CASE("settings that cannot be right are refused before anything is swept", "[notify]") {
  struct Bad {
    std::string text;
    int exit_code;
    std::string says;
  };
  const std::string mail = "[mail]\nhost = \"localhost\"\nfrom = \"ca@acme.example\"\n";
  const std::string webhook = "[webhook]\nurl = \"https://localhost/\"\n";
  const std::vector<Bad> all{
      {"[post]\nhost = \"x\"\n", 2, "[post] is none of its sections\nhint: these are: [notices], [mail], [webhook]"},
      {"host = \"x\"\n", 2, "is none of its sections"},
      {mail + "password = \"s3cret\"\n", 2,
       "[mail] password is not known\nhint: a secret stands in a file of its own: password-file"},
      {"[webhook]\nkey = \"s3cret\"\n", 2, "hint: a secret stands in a file of its own: key-file"},
      {mail + "colour = \"red\"\n", 2, "[mail] colour is not known\nhint: [mail] knows host, port"},
      {mail + "host = \"other\"\n", 2, "[mail] host is there twice"},
      {"[mail]\nfrom = \"ca@acme.example\"\n", 2, "[mail] host: is needed"},
      {"[mail]\nhost = \"localhost\"\n", 2, "[mail] from: is needed"},
      {mail + "tls = \"maybe\"\n", 2, "[mail] tls: \"maybe\" is none of implicit, starttls, none"},
      {mail + "port = 65536\n", 2, "[mail] port: 65536 is more than 65535"},
      {mail + "port = \"smtp\"\n", 2, "[mail] port: \"smtp\" is no whole number"},
      {mail + "patience = 0\n", 2, "1 to 120"},
      {mail + "user = \"ca\"\n", 2, "go together"},
      {mail + "user = \"ca\"\npassword-file = \"nosuch\"\n", 3, "nosuch"},
      {mail + "user = [\"a\", \"b\"]\n", 2, "[mail] user is not one value"},
      {mail + "otherwise-to = [\"ops@acme.example\", \"nobody\"]\n", 2, "\"nobody\" is no mail address"},
      {"[mail]\nhost = \"db.acme.example\"\nfrom = \"ca@acme.example\"\ntls = \"none\"\n", 4, "with TLS alone"},
      {webhook, 2, "[webhook] key-file: is needed"},
      {webhook + "key-file = \"password\"\n", 2, "its key has 13 octets"},
      {webhook + "url-file = \"url\"\nkey-file = \"hook.key\"\n", 2, "url or url-file is needed, one of them"},
      {"[webhook]\nkey-file = \"hook.key\"\n", 2, "url or url-file is needed, one of them"},
      {"[webhook]\nurl = \"http://localhost/\"\nkey-file = \"hook.key\"\n", 2, "https://"},
      {"[notices]\nfolder = \"nosuch\"\n", 3, "folder of notices"},
  };
  const ProgramScene scene;
  for (const Bad& bad : all) {
    scene.configure(bad.text);
    const Outcome outcome = scene.sweep();
    INFO(bad.text << "\n--- out\n" << outcome.out << "--- err\n" << outcome.err);
    CHECK(outcome.exit_code == bad.exit_code);
    CHECK(outcome.out == "");
    CHECK_THAT(outcome.err,
               Catch::Matchers::StartsWith("spaceca: ") && ContainsSubstring(bad.says) && !ContainsSubstring("s3cret"));
  }
  REQUIRE(run({"mkfifo", scene.path("pipe")}).exit_code == 0);
  for (const char* const name : {"notices", "pipe"}) {
    const Outcome outcome = scene.run({"sweep"}, {"SPACECA_CONFIG=" + scene.path(name)});
    CHECK(outcome.exit_code == 2);
    CHECK_THAT(outcome.err, ContainsSubstring(std::string{name} + "\": is no regular file"));
  }
  const Outcome missing = scene.run({"sweep"}, {"SPACECA_CONFIG=" + scene.path("nosuch.toml")});
  CHECK(missing.exit_code == 3);
  CHECK_THAT(missing.err, ContainsSubstring("nosuch.toml"));
}
