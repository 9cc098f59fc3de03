// The program as a whole, without a server: scripts, and every refusal with the store compared before and after.
#include "cli/script.h"
#include "support/catch.h"
#include "support/child.h"
#include "support/files.h"

using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;
using Words = std::vector<std::string>;

namespace {

const std::string kProgram = SPACECA_PROGRAM_FOLDER "/spaceca";

// A store with a space, a database and a certificate of it.
class Scene final {
 public:
  Scene() {
    write_file(folder_.path() / "url", "postgresql://app:secret@localhost/sales\n");
    done({"init"});
    done({"spaces:create", "acme"});
    done({"spaces:create", "bravo"});
    for (const char* space : {"acme", "bravo"}) {
      done({"databases:create", "twin", "--space", space, "-a", "shop", "--host", "localhost", "--url-file", path("url")});
    }
    done({"databases:create", "sales", "--space", "acme", "-a", "shop", "--host", "localhost", "--url-file", path("url")});
    const Outcome made = done({"data:mtls:certificates:create", "sales", "-a", "shop", "--json"});
    const auto at = made.out.find("\"id\": \"");
    id_ = made.out.substr(at + 7, 36);
    REQUIRE(spaceca::test::run({"openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                                "-keyout", path("own.key"), "-subj", "/CN=app", "-out", path("own.csr")})
                .exit_code == 0);
    done({"vault:rewrap", "--new-key-file", path("key2"), "--keep-old"});
    done({"databases:create", "served", "--space", "bravo", "-a", "shop", "--host", "localhost", "--url-file", path("url"),
          "--data-directory", "/srv/data"});
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  [[nodiscard]] const std::string& id() const { return id_; }

  [[nodiscard]] Outcome run(Words words, const std::string& input = {}) const {
    for (std::string& word : words) {
      if (word == "ID") word = id_;
      if (word.starts_with("@")) word = path(word.substr(1));
    }
    words.insert(words.begin(), kProgram);
    return spaceca::test::run(words, {.input = input,
                                      .environment = {"SPACECA_STORE=sqlite:" + path("ca.db"), "SPACECA_KEY_FILE=" + path("key"),
                                                      "HOME=" + folder_.path().string()}});
  }

  // All that the store holds, as SQL.
  [[nodiscard]] std::string store() const { return spaceca::test::run({"sqlite3", path("ca.db"), ".dump"}).out; }
  [[nodiscard]] std::string listing() const {
    return spaceca::test::run({"ls", "-lAR", "--full-time", "-I", "ca.db*", path("")}).out;
  }

 private:
  Outcome done(const Words& words) const {
    Outcome outcome = run(words);
    INFO(words.front() << ": " << outcome.err);
    REQUIRE(outcome.exit_code == 0);
    return outcome;
  }

  TemporaryFolder folder_;
  std::string id_;
};

}  // namespace

TEST_CASE("a store is made, opened in each way, copied, audited, and a key written for JDBC", "[cli]") {
  const TemporaryFolder folder;
  play("store.txt", folder.path());
}

TEST_CASE("certificates are issued, downloaded, renewed and revoked by commands", "[cli]") {
  const TemporaryFolder folder;
  play("certificates.txt", folder.path(), {"SPACECA_KEY_FILE=key", "XDG_DATA_HOME=" + (folder.path() / "data").string()});
}

TEST_CASE("the doctor says what is wrong with a client's files, and nothing of good ones", "[cli][doctor]") {
  const TemporaryFolder folder;
  play("doctor.txt", folder.path(), {"SPACECA_KEY_FILE=key", "SPACECA_STORE=sqlite:ca.db"});
}

TEST_CASE("a passphrase and a name are asked for at a terminal, and the passphrase is not shown", "[cli]") {
  const TemporaryFolder folder;
  play("terminal.txt", folder.path(), {"SPACECA_STORE=sqlite:ca.db", "TYPE=" SPACECA_TERMINAL});
}

TEST_CASE("each refusal of each command has its code and its words, and leaves store and files as they were", "[cli]") {
  struct Refusal {
    Words words;
    int exit_code;
    std::string text;
  };
  const std::vector<Refusal> refusals = {
      {{"init"}, 4, "is there already"},
      {{"init", "--passphrase-file", "@nosuch"}, 3, "nosuch"},
      {{"init", "--passphrase-file", "/dev/null"}, 1, "is empty"},
      {{"init", "--passphrase-file", "@url", "--key-file", "@key"}, 2, "one of them opens the store"},
      {{"spaces", "--store", "sqlite:/nowhere/ca.db"}, 3, "hint: spaceca init makes one"},
      {{"spaces", "--store", "postgres://ops:secret@db/ca"}, 2, "sqlite:PATH"},
      {{"spaces", "--key-file", "@nosuch"}, 3, "nosuch"},
      {{"spaces", "--key-file", "@url"}, 1, "url"},
      {{"spaces", "--passphrase-file", "@url"}, 3, "hint: give the same kind of key"},
      {{"spaces", "--passphrase-fd", "x"}, 2, "no file descriptor"},
      {{"spaces:create", "acme"}, 4, "acme"},
      {{"spaces:create", "Acme"}, 2, "must start with one of a-z"},
      {{"spaces:create", "new", "--kind", "public"}, 2, "is private or shield"},
      {{"spaces:create", "new", "--actor", "a\nb"}, 2, "actor"},
      {{"spaces:info", "nosuch"}, 3, "nosuch"},
      {{"spaces:rotate", "nosuch"}, 3, "nosuch"},
      {{"spaces:rotate", "acme", "--step", "sideways"}, 2, "prepare, activate, retire, rollback, distrust"},
      {{"spaces:rotate", "acme", "--step", "rollback"}, 4, "acme"},
      {{"spaces:rotate", "acme", "--step", "activate"}, 4, "acme"},
      {{"spaces:rotate", "acme", "--step", "retire"}, 4, "acme"},
      {{"spaces:rotate", "acme", "--step", "distrust"}, 1, "hint: --confirm acme"},
      {{"spaces:rotate", "acme", "--step", "distrust", "--confirm", "bravo"}, 1, "--confirm says \"bravo\""},
      {{"spaces:rotate", "acme", "--step", "distrust", "--generation", "9", "--confirm", "acme"}, 3, "9"},
      {{"spaces:rotate", "acme", "--step", "distrust", "--generation", "first"}, 2, "no number of a root"},
      {{"spaces:rotate", "acme", "--force-server", "sales"}, 1, "hint: --confirm acme"},
      {{"spaces:rotate", "acme", "--force-server", "nosuch", "--confirm", "acme"}, 3, "nosuch"},
      {{"spaces:rotate", "acme", "--force-server", "sales", "--step", "retire"}, 2, "one at a time"},
      {{"spaces:adopt", "nosuch"}, 3, "nosuch"},
      {{"spaces:revoke-serial", "acme", "zz"}, 2, "zz"},
      {{"spaces:revoke-serial", "acme", "0"}, 2, "serial"},
      {{"spaces:revoke-serial", "nosuch", "01AB"}, 3, "nosuch"},
      {{"spaces:revoke-serial", "acme", "01AB", "--generation", "7"}, 3, "7"},
      {{"spaces:revoke-serial", "acme", "01AB", "--reason", "boredom"}, 2, "is none of"},
      {{"databases", "--space", "nosuch"}, 3, "nosuch"},
      {{"databases:create", "sales", "--space", "acme", "-a", "shop", "--host", "h", "--url-file", "@url"}, 4, "sales"},
      {{"databases:create", "x", "--space", "nosuch", "-a", "shop", "--host", "h", "--url-file", "@url"}, 3, "nosuch"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url-file", "@url", "--data-directory",
        "/srv/data"},
       4,
       "the data directory /srv/data belongs to database \"served\" of space \"bravo\""},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h"}, 2, "--url-file FILE"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url-file", "@nosuch"}, 3, "nosuch"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url-file", "/dev/zero"}, 1, "65536"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url-file", "@key"}, 2, "URL"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "a b", "--url-file", "@url"}, 2, "a b"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url", "postgresql://a:b@h/d"},
       2,
       "hint: put the URL into a file for --url-file"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url", "postgresql://a@h/d?password=b"},
       2,
       "holds a password"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url-file", "-", "--admin-url-file", "-"},
       2,
       "URL"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url-file", "@url", "--contact", "nobody"},
       2,
       "mail address"},
      {{"databases:info", "nosuch", "-a", "shop"}, 3, "hint: spaceca databases lists those there are"},
      {{"databases:info", "sales", "-a", "other"}, 3, "of app \"other\""},
      {{"databases:info", "twin", "-a", "shop"}, 4, "is in several spaces: acme, bravo\nhint: --space acme"},
      {{"databases:destroy", "sales", "-a", "shop"}, 1, "hint: --confirm sales"},
      {{"databases:destroy", "sales", "-a", "shop", "--confirm", "Sales"}, 1, "--confirm says \"Sales\""},
      {{"config:get", "NOSUCH_URL", "-a", "shop"}, 3, "hint: spaceca databases --app shop"},
      {{"config:get", "DATABASE_URL", "-a", "shop"}, 3, "there is none"},
      {{"config:get", "TWIN_URL", "-a", "shop"}, 4, "is in several spaces"},
      {{"data:mtls", "nosuch", "-a", "shop"}, 3, "nosuch"},
      {{"data:mtls:server-files", "sales", "-a", "shop", "--dir", "@d"}, 4, "mTLS is not enabled"},
      {{"data:mtls:server-files", "sales", "-a", "shop"}, 2, "--dir is required"},
      {{"data:mtls:create", "sales", "-a", "shop", "--keep", "1.2.3.4/33"}, 2, "an IPv4 prefix is 0 to 32, not 33"},
      {{"data:mtls:create", "sales", "-a", "shop", "--method", "md5"}, 2, "is scram-sha-256 or cert"},
      {{"data:mtls:create", "sales", "-a", "shop", "--clientcert", "1"}, 2, "is verify-ca or verify-full"},
      {{"data:mtls:create", "sales", "-a", "shop", "--bind", "role"}, 2, "is space or database"},
      {{"data:mtls:create", "sales", "-a", "shop", "--bind", "database", "--method", "scram-sha-256"}, 4, "no password is asked"},
      {{"data:mtls:create", "sales", "-a", "shop", "--method", "cert", "--clientcert", "verify-ca"}, 4, "take verify-full"},
      {{"data:mtls:ip-rules", "nosuch", "-a", "shop"}, 3, "nosuch"},
      {{"data:mtls:ip-rules:create", "sales", "-a", "shop"}, 2, "give either --cidr or --file"},
      {{"data:mtls:ip-rules:create", "sales", "-a", "shop", "--cidr", "::1", "--file", "@url"}, 2, "give either --cidr or --file"},
      {{"data:mtls:ip-rules:create", "sales", "-a", "shop", "--file", "@url", "--description", "x"}, 2, "each line has its own"},
      {{"data:mtls:ip-rules:create", "nosuch", "-a", "shop", "--cidr", "::1"}, 3, "nosuch"},
      {{"data:mtls:ip-rules:create", "sales", "-a", "shop", "--cidr", "1.2.3.4/24"}, 2, "1.2.3.4/24"},
      {{"data:mtls:ip-rules:create", "sales", "-a", "shop", "--cidr", "1.2.3.4/33"}, 2, "0 to 32, not 33"},
      {{"data:mtls:ip-rules:create", "sales", "-a", "shop", "--cidr", "::ffff:1.2.3.4"}, 2, "::ffff:1.2.3.4"},
      {{"data:mtls:ip-rules:create", "sales", "-a", "shop", "--cidr", "db.example.com"}, 2, "db.example.com"},
      {{"data:mtls:ip-rules:create", "sales", "-a", "shop", "--cidr", "0.0.0.0/0"}, 4, "hint: --allow-any"},
      {{"data:mtls:ip-rules:create", "sales", "-a", "shop", "--cidr", "::1", "--description", std::string(256, 'x')},
       2,
       "256 characters, the most is 255"},
      {{"data:mtls:ip-rules:create", "sales", "-a", "shop", "--cidr", "::1", "--description", "a\nb"}, 2, "U+000A"},
      {{"data:mtls:ip-rules:create", "sales", "-a", "shop", "--file", "@nosuch"}, 3, "nosuch"},
      {{"data:mtls:ip-rules:create", "sales", "-a", "shop", "--file", "@url"}, 2, "line 1"},
      {{"data:mtls:ip-rules:create", "sales", "-a", "shop", "--file", "/dev/null"}, 2, "holds no rule"},
      {{"data:mtls:ip-rules:get", "sales", "-a", "shop", "--id", "7"}, 2, "IP rule id \"7\""},
      {{"data:mtls:ip-rules:get", "sales", "-a", "shop", "--id", "00000000-0000-0000-0000-000000000000"}, 3, "there is none"},
      {{"data:mtls:ip-rules:update", "sales", "-a", "shop", "--id", "00000000-0000-0000-0000-000000000000"}, 2, "give --cidr"},
      {{"data:mtls:ip-rules:update", "sales", "-a", "shop", "--id", "00000000-0000-0000-0000-000000000000", "--cidr", "::1"},
       3,
       "there is none"},
      {{"data:mtls:ip-rules:delete", "sales", "-a", "shop", "--id", "00000000-0000-0000-0000-000000000000"}, 3, "there is none"},
      {{"data:mtls:ip-rules:destroy", "sales", "-a", "shop", "--id", "7"}, 2, "IP rule id \"7\""},
      {{"data:mtls:destroy", "sales", "-a", "shop"}, 1, "hint: --confirm sales"},
      {{"data:mtls:destroy", "sales", "-a", "shop", "--confirm", "sales"}, 4, "sales"},
      {{"data:mtls:certificates", "nosuch", "-a", "shop"}, 3, "nosuch"},
      {{"data:mtls:certificates:create", "sales", "-a", "shop", "--custody", "once"}, 2, "--dir must say"},
      {{"data:mtls:certificates:create", "sales", "-a", "shop", "--custody", "twice"}, 2, "twice"},
      {{"data:mtls:certificates:create", "sales", "-a", "shop", "--custody", "once", "--dir", "@d", "--format", "env"}, 2, "lost"},
      {{"data:mtls:certificates:create", "sales", "-a", "shop", "--custody", "once", "--dir", "@d", "--csr", "@own.csr"},
       2,
       "--csr: the key is the requester's"},
      {{"data:mtls:certificates:create", "sales", "-a", "shop", "--key-algorithm", "ed25519", "--csr", "@own.csr"},
       2,
       "--csr: the key is the requester's"},
      {{"data:mtls:certificates:create", "sales", "-a", "shop", "--csr", "@nosuch"}, 3, "nosuch"},
      {{"data:mtls:certificates:create", "sales", "-a", "shop", "--csr", "@url"}, 1, "spaceca: "},
      {{"data:mtls:certificates:create", "sales", "-a", "shop", "--key-algorithm", "dsa"}, 1, "dsa"},
      {{"data:mtls:certificates:create", "sales", "-a", "shop", "--dir", "@d", "--format", "pem"}, 2, "is none of libpq"},
      {{"data:mtls:certificates:create", "sales", "-a", "shop", "--dir", "@d", "--prefix", "../x"}, 2, "slash"},
      {{"data:mtls:certificates:get", "sales", "-a", "shop", "--id", "7"}, 2, "7"},
      {{"data:mtls:certificates:get", "sales", "-a", "shop", "--id", "00000000-0000-0000-0000-000000000000"}, 3, "there is none"},
      {{"data:mtls:certificates:get", "twin", "-a", "shop", "--space", "acme", "--id", "ID"}, 3, "there is none"},
      {{"data:mtls:certificates:download", "sales", "-a", "shop", "--id", "ID", "--dir", "@d", "--format", "pem"}, 2, "pem"},
      {{"data:mtls:certificates:download", "sales", "-a", "shop", "--id", "ID", "--dir", "@d", "--pkcs12-password-file", "@nosuch"},
       3,
       "nosuch"},
      {{"doctor"}, 2, "hint: --bundle DIR, --connect HOST:PORT, or DATABASE --app APP"},
      {{"doctor", "sales"}, 2, "--app is required"},
      {{"doctor", "nosuch", "-a", "shop"}, 3, "nosuch"},
      {{"doctor", "twin", "-a", "shop"}, 4, "is in several spaces"},
      {{"doctor", "sales", "-a", "shop", "--connect", "localhost:5432"}, 2, "the database's own URL says where"},
      {{"doctor", "--bundle", "@nosuch"}, 3, "nosuch"},
      {{"doctor", "--bundle", "@"}, 3, "hint: --prefix"},
      {{"doctor", "--bundle", "@", "--prefix", "../x"}, 2, "slash"},
      {{"doctor", "--connect", "localhost:0"}, 2, "1 to 65535"},
      {{"doctor", "--connect", "localhost:65536"}, 2, "1 to 65535"},
      {{"doctor", "--connect", "localhost:54x"}, 2, "1 to 65535"},
      {{"doctor", "--connect", "localhost:"}, 2, "1 to 65535"},
      {{"doctor", "--connect", ":5432"}, 2, "names no host"},
      {{"doctor", "--connect", "[::1"}, 2, "[ADDRESS]:PORT"},
      {{"doctor", "--connect", "[::1]x:1"}, 2, "[ADDRESS]:PORT"},
      {{"data:mtls:certificates:renew", "sales", "-a", "shop", "--id", "00000000-0000-0000-0000-000000000000"}, 3, "there is none"},
      {{"data:mtls:certificates:delete", "sales", "-a", "shop", "--id", "ID"}, 1, "hint: --confirm sales"},
      {{"data:mtls:certificates:delete", "sales", "-a", "shop", "--id", "ID", "--confirm", "shop"}, 1, "this is about \"sales\""},
      {{"data:mtls:certificates:delete", "sales", "-a", "shop", "--id", "ID", "--reason", "hold", "--confirm", "sales"}, 2, "hold"},
      {{"data:mtls:certificates:revoke", "sales", "-a", "shop", "--id", "ID"}, 1, "hint: --confirm sales"},
      {{"data:mtls:certificates:revoke", "sales", "-a", "shop", "--id", "00000000-0000-0000-0000-000000000000"},
       3,
       "there is none"},
      {{"data:mtls:certificates:revoke", "sales", "-a", "shop", "--id", "ID", "--confirm", "twin"}, 1, "this is about \"sales\""},
      {{"sweep", "--notices", "@nosuch"}, 3, "folder of notices"},
      {{"sweep", "--notices", "@url"}, 3, "is no folder"},
      {{"sweep", "--key-file", "@nosuch"}, 3, "nosuch"},
      {{"sweep", "--store", "sqlite:/nowhere/ca.db"}, 3, "hint: spaceca init makes one"},
      {{"clock:accept", "--key-file", "@nosuch"}, 3, "nosuch"},
      {{"clock:accept", "--actor", "a\nb"}, 2, "actor"},
      {{"clock:accept", "--store", "sqlite:/nowhere/ca.db"}, 3, "hint: spaceca init makes one"},
      {{"audit", "--space", "nosuch"}, 3, "nosuch"},
      {{"audit:verify", "--anchors", "@nosuch"}, 3, "nosuch"},
      {{"audit:verify", "--anchors", "@url"}, 1, "is not a chain, a number and a code"},
      {{"backup", "@url"}, 4, "url"},
      {{"backup", "/nowhere/at/all.db"}, 3, "nowhere"},
      {{"vault:rewrap", "--new-key-file", "@k", "--new-passphrase-file", "@url"}, 2, "one of them is the new one"},
      {{"vault:rewrap", "--new-passphrase-file", "@nosuch"}, 3, "nosuch"},
      {{"vault:rewrap", "--new-key-file", "@key3", "--keep-old"}, 4, "is sealed by 2 keys, the most it may be"},
      {{"pkcs8", "@nosuch", "@out.pk8"}, 3, "nosuch"},
      {{"pkcs8", "@url", "@out.pk8"}, 1, "spaceca: "},
  };
  const Scene scene;
  for (const Refusal& refusal : refusals) {
    const std::string before = scene.store();
    const std::string files = scene.listing();
    const Outcome outcome = scene.run(refusal.words);
    std::string command;
    for (const std::string& word : refusal.words) command += word + ' ';
    INFO(command << "\n--- out\n" << outcome.out << "--- err\n" << outcome.err);
    CHECK(outcome.exit_code == refusal.exit_code);
    CHECK_THAT(outcome.err, ContainsSubstring("spaceca: ") && ContainsSubstring(refusal.text));
    CHECK_THAT(outcome.err, !ContainsSubstring("secret@"));
    CHECK(outcome.out == "");
    CHECK(scene.store() == before);
    CHECK(scene.listing() == files);
  }
}

TEST_CASE("with --json a refusal is one object on the standard error, and nothing stands on the standard output", "[cli]") {
  const Scene scene;
  const Outcome outcome = scene.run({"databases:info", "nosuch", "-a", "shop", "--json"});
  CHECK(outcome.exit_code == 3);
  CHECK(outcome.out == "");
  CHECK(outcome.err ==
        "{\"code\":\"not_found\",\"error\":\"database \\\"nosuch\\\" of app \\\"shop\\\": there is none\",\"hint\":\"spaceca "
        "databases "
        "lists those there are\"}\n");
}

TEST_CASE("a name is typed where nobody sits only by --confirm, and the question is no hang", "[cli]") {
  const Scene scene;
  const Outcome outcome = scene.run({"databases:destroy", "sales", "-a", "shop"}, "sales\n");
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.err, ContainsSubstring("nothing was done"));
}

TEST_CASE("an answer that cannot be written is a failure", "[cli]") {
  const Scene scene;
  const Outcome outcome =
      run({"sh", "-c", kProgram + " spaces >/dev/full"},
          {.environment = {"SPACECA_STORE=sqlite:" + scene.path("ca.db"), "SPACECA_KEY_FILE=" + scene.path("key")}});
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.err, ContainsSubstring("standard output: No space left on device"));
}

TEST_CASE("the audit names the login, or who is named", "[cli]") {
  const Scene scene;
  REQUIRE(scene.run({"spaces:create", "first"}).exit_code == 0);
  REQUIRE(scene.run({"spaces:create", "second", "--actor", "Release Robot"}).exit_code == 0);
  const Outcome audit = scene.run({"audit"});
  const std::string login = run({"id", "-un"}).out;
  CHECK_THAT(audit.out, ContainsSubstring(login.substr(0, login.size() - 1)) && ContainsSubstring("Release Robot"));
}
