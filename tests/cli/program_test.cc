// The program as a whole, without a server: scripts, and every refusal with the store compared before and after.
#include <unistd.h>

#include <algorithm>
#include <map>
#include <regex>

#include <nlohmann/json.hpp>

#include "cli/script.h"
#include "grammar.h"
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
    ids_["ID"] = issued();
    REQUIRE(spaceca::test::run({"openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                                "-keyout", path("own.key"), "-subj", "/CN=app", "-out", path("own.csr")})
                .exit_code == 0);
    done({"vault:rewrap", "--new-key-file", path("key2"), "--keep-old"});
    done({"databases:create", "served", "--space", "bravo", "-a", "shop", "--host", "localhost", "--url-file", path("url"),
          "--data-directory", "/srv/data"});
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  // What stands for them in the words of a command from now on.
  void call(const std::string& name, const std::string& id) { ids_[name] = id; }

  [[nodiscard]] Outcome run(Words words, const std::string& input = {}) const {
    for (std::string& word : words) {
      if (const auto found = ids_.find(word); found != ids_.end()) word = found->second;
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

  // More of it: certificates in each state, a database with mTLS, roots that have moved.
  void live_on() {
    call("RENEWED", issued());
    done({"data:mtls:certificates:renew", "sales", "-a", "shop", "--id", "RENEWED"});
    call("REVOKED", issued());
    done({"data:mtls:certificates:delete", "sales", "-a", "shop", "--id", "REVOKED", "--confirm", "sales"});
    done({"databases:create", "remote", "--space", "acme", "-a", "shop", "--host", "localhost", "--url-file", path("url")});
    done({"data:mtls:create", "remote", "-a", "shop"});
    const auto listed = nlohmann::json::parse(done({"data:mtls:certificates", "remote", "-a", "shop", "--all", "--json"}).out);
    const auto server = std::ranges::find_if(listed, [](const auto& one) { return one["kind"] == "server"; });
    REQUIRE(server != listed.end());
    call("SERVER", (*server)["id"]);
    done({"spaces:create", "charlie"});
    for (const char* step : {"prepare", "activate", "retire"}) done({"spaces:rotate", "charlie", "--step", step});
    done({"spaces:create", "delta"});
    done({"databases:create", "far", "--space", "delta", "-a", "shop", "--host", "localhost", "--url-file", path("url")});
    done({"data:mtls:create", "far", "-a", "shop"});
    done({"spaces:rotate", "delta", "--step", "prepare"});
    done({"pkcs8", "@own.key", "@own.pk8"});
    REQUIRE(
        spaceca::test::run({"openssl", "pkcs8", "-topk8", "-in", path("own.key"), "-passout", "pass:x", "-out", path("locked.pem")})
            .exit_code == 0);
    write_file(path("other.key"), std::string(32, 'k'));
    std::filesystem::permissions(path("other.key"), std::filesystem::perms::owner_read);
    write_file(path("chain"), "- 1 00\n");
  }

 private:
  [[nodiscard]] std::string issued() const {
    return nlohmann::json::parse(done({"data:mtls:certificates:create", "sales", "-a", "shop", "--json"}).out)["id"];
  }
  Outcome done(const Words& words) const {
    Outcome outcome = run(words);
    INFO(words.front() << ": " << outcome.err);
    REQUIRE(outcome.exit_code == 0);
    return outcome;
  }

  TemporaryFolder folder_;
  std::map<std::string, std::string> ids_;
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

TEST_CASE("a database is changed by commands, and what is not said stays", "[cli]") {
  const TemporaryFolder folder;
  play("databases.txt", folder.path(), {"SPACECA_KEY_FILE=key", "SPACECA_STORE=sqlite:ca.db"});
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
      {{"init", "--key-file", "@fresh"}, 4, "is there already"},
      {{"init", "--key-file", "@fresh", "--store", "sqlite:/proc/ca.db"}, 3, "/proc"},
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
      {{"spaces:rotate", "acme", "--step", "rollback"}, 4, "there is no retiring root to go back to"},
      {{"spaces:rotate", "acme", "--step", "activate"}, 4, "there is no next root; prepare one"},
      {{"spaces:rotate", "delta", "--step", "activate"}, 4, "the server of database \"far\" is not proved to trust root 2"},
      {{"spaces:rotate", "delta", "--step", "prepare"}, 4, "root 2 is next already"},
      {{"spaces:rotate", "acme", "--generation", "1"}, 2, "--generation: names the root to distrust"},
      {{"spaces:rotate", "acme", "--step", "prepare", "--generation", "1"}, 2, "goes with --step distrust alone"},
      {{"spaces:rotate", "acme", "--force-server", "sales", "--generation", "1", "--confirm", "acme"},
       2,
       "goes with --step distrust"},
      {{"spaces:rotate", "acme", "--confirm", "acme"}, 2, "--confirm: goes with --step distrust or --force-server"},
      {{"spaces:rotate", "acme", "--step", "retire", "--confirm", "acme"}, 2, "the other steps keep nobody out"},
      {{"spaces:rotate", "acme", "--step", "retire"}, 4, "no root is retiring of which nothing is alive"},
      {{"spaces:rotate", "acme", "--step", "distrust"}, 1, "hint: --confirm acme"},
      {{"spaces:rotate", "acme", "--step", "distrust", "--confirm", "bravo"}, 1, "--confirm says \"bravo\""},
      {{"spaces:rotate", "acme", "--step", "distrust", "--generation", "9", "--confirm", "acme"}, 3, "9"},
      {{"spaces:rotate", "acme", "--step", "distrust", "--generation", "first"}, 2, "no number of a root"},
      {{"spaces:rotate", "acme", "--step", "distrust", "--generation", "0", "--confirm", "acme"}, 2, "no number of a root"},
      {{"spaces:rotate", "charlie", "--step", "distrust", "--generation", "1", "--confirm", "charlie"}, 3, "not trusted any more"},
      {{"spaces:rotate", "acme", "--force-server", "sales"}, 1, "hint: --confirm acme"},
      {{"spaces:rotate", "acme", "--force-server", "sales", "--confirm", "acme"}, 4, "mTLS is not enabled, its state is disabled"},
      {{"spaces:rotate", "acme", "--force-server", "nosuch", "--confirm", "acme"}, 3, "nosuch"},
      {{"spaces:rotate", "acme", "--force-server", "sales", "--step", "retire"}, 2, "one at a time"},
      {{"spaces:adopt", "nosuch"}, 3, "nosuch"},
      {{"spaces:revoke-serial", "acme", "zz"}, 2, "zz"},
      {{"spaces:revoke-serial", "acme", "0"}, 2, "serial"},
      {{"spaces:revoke-serial", "nosuch", "01AB"}, 3, "nosuch"},
      {{"spaces:revoke-serial", "acme", "01AB", "--generation", "7"}, 3, "7"},
      {{"spaces:revoke-serial", "acme", "01AB", "--generation", "0"}, 2, "no number of a root"},
      {{"spaces:revoke-serial", "acme", "01AB", "--reason", "boredom"}, 2, "is none of"},
      {{"databases", "--space", "nosuch"}, 3, "nosuch"},
      {{"databases:create", "sales", "--space", "acme", "-a", "shop", "--host", "h", "--url-file", "@url"}, 4, "sales"},
      {{"databases:create", "x", "--space", "nosuch", "-a", "shop", "--host", "h", "--url-file", "@url"}, 3, "nosuch"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url-file", "@url", "--data-directory",
        "/srv/data"},
       4,
       "the data directory /srv/data belongs to database \"served\" of space \"bravo\""},
      {{"databases:create", "x", "--space", "Acme", "-a", "shop", "--host", "h", "--url-file", "@url"}, 2, "space name \"Acme\""},
      {{"databases:create", "x", "--space", "acme", "-a", "a b", "--host", "h", "--url-file", "@url"}, 2, "app name \"a b\""},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url-file", "@url", "--role",
        std::string(64, 'r')},
       2,
       "role"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--host", "h", "--url-file", "@url"}, 2, "twice"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h"}, 2, "--url-file FILE"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url-file", "@nosuch"}, 3, "nosuch"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url-file", "/dev/zero"}, 1, "65536"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url-file", "@key"}, 2, "URL"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "a b", "--url-file", "@url"}, 2, "a b"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url", "postgresql://a:b@h/d"},
       2,
       "hint: put the URL into a file for --url-file"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url", "postgresql://a@h/d?sslpassword=b"},
       2,
       "holds a password"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url", "postgresql://a@h/d?password=b"},
       2,
       "its parameter password would stand in place of what the URL says before; leave it out"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url-file", "-", "--admin-url-file", "-"},
       2,
       "URL"},
      {{"databases:create", "x", "--space", "acme", "-a", "shop", "--host", "h", "--url-file", "@url", "--contact", "nobody"},
       2,
       "mail address"},
      {{"databases:info", "nosuch", "-a", "shop"}, 3, "hint: spaceca databases lists those there are"},
      {{"databases:info", "sales", "-a", "other"}, 3, "of app \"other\""},
      {{"databases:info", "twin", "-a", "shop"}, 4, "is in several spaces: acme, bravo\nhint: --space acme"},
      {{"databases:info", "twin", "-a", "shop", "--space", "Acme"}, 2, "space name \"Acme\""},
      {{"databases:info", "sales", "-a", "a b"}, 2, "app name \"a b\""},
      {{"databases:update", "nosuch", "-a", "shop", "--role", "r"}, 3, "hint: spaceca databases lists those there are"},
      {{"databases:update", "sales", "-a", "other", "--role", "r"}, 3, "of app \"other\""},
      {{"databases:update", "twin", "-a", "shop", "--role", "r"}, 4, "is in several spaces: acme, bravo\nhint: --space acme"},
      {{"databases:update", "sales", "-a", "shop"}, 2, "give what is to change: --url-file"},
      {{"databases:update", "sales", "--role", "r"}, 2, "--app is required"},
      {{"databases:update", "sales", "-a", "shop", "--role", std::string(64, 'r')}, 2, "role"},
      {{"databases:update", "sales", "-a", "shop", "--host", "a b"}, 2, "a b"},
      {{"databases:update", "sales", "-a", "shop", "--host", "h", "--host", "H"}, 2, "names host \"h\" twice"},
      {{"databases:update", "sales", "-a", "shop", "--contact", "nobody"}, 2, "mail address"},
      {{"databases:update", "sales", "-a", "shop", "--contact", "a@example.org", "--no-contacts"}, 2, "give either --contact or"},
      {{"databases:update", "sales", "-a", "shop", "--admin-url-file", "@url", "--no-admin-url"},
       2,
       "give either --admin-url-file"},
      {{"databases:update", "sales", "-a", "shop", "--data-directory", "/x", "--no-data-directory"}, 2, "give either --data-dir"},
      {{"databases:update", "sales", "-a", "shop", "--url-file", "@nosuch"}, 3, "nosuch"},
      {{"databases:update", "sales", "-a", "shop", "--url-file", "/dev/null"}, 2, "it begins neither with postgresql:// nor"},
      {{"databases:update", "sales", "-a", "shop", "--url-file", "@key"}, 2, "URL"},
      {{"databases:update", "sales", "-a", "shop", "--url-file", "@url", "--url", "postgresql://a@h/d"}, 2, "--url-file FILE"},
      {{"databases:update", "sales", "-a", "shop", "--url", "postgresql://a:b@h/d"},
       2,
       "hint: put the URL into a file for --url-file"},
      {{"databases:update", "sales", "-a", "shop", "--url", "postgresql://a@h/d?sslpassword=b"}, 2, "holds a password"},
      {{"databases:update", "sales", "-a", "shop", "--url-file", "-", "--admin-url-file", "-"}, 2, "URL"},
      {{"databases:update", "sales", "-a", "shop", "--admin-url-file", "@nosuch"}, 3, "nosuch"},
      {{"databases:update", "sales", "-a", "shop", "--admin-url-file", "/dev/null"}, 2, "is empty\nhint: --no-admin-url"},
      {{"databases:update", "sales", "-a", "shop", "--data-directory", "/srv/./data/"},
       4,
       "the data directory /srv/data belongs to database \"served\" of space \"bravo\""},
      {{"databases:update", "remote", "-a", "shop", "--data-directory", "/srv/other"},
       4,
       "mTLS is in the state Provisioning, and what it wrote would stay in the data directory before; destroy that first"},
      {{"databases:destroy", "nosuch", "-a", "shop", "--confirm", "nosuch"}, 3, "nosuch"},
      {{"databases:destroy", "remote", "-a", "shop", "--confirm", "remote"},
       4,
       "mTLS is in the state Provisioning; destroy that first"},
      {{"databases:destroy", "sales", "-a", "shop"}, 1, "hint: --confirm sales"},
      {{"databases:destroy", "sales", "-a", "shop", "--confirm", "Sales"}, 1, "--confirm says \"Sales\""},
      {{"config:get", "NOSUCH_URL", "-a", "shop"}, 3, "hint: spaceca databases --app shop"},
      {{"config:get", "DATABASE_URL", "-a", "shop"}, 3, "there is none"},
      {{"config:get", "TWIN_URL", "-a", "shop"}, 4, "is in several spaces"},
      {{"data:mtls", "nosuch", "-a", "shop"}, 3, "nosuch"},
      {{"data:mtls:create", "nosuch", "-a", "shop"}, 3, "nosuch"},
      {{"data:mtls:create", "sales", "-a", "shop", "--confirm", "twin"}, 1, "--confirm says \"twin\", and this is about \"sales\""},
      {{"data:mtls:create", "sales", "-a", "shop", "--keep", "192.0.2.0/24"}, 4, "database \"sales\": has no data directory here"},
      {{"data:mtls:destroy", "nosuch", "-a", "shop", "--confirm", "nosuch"}, 3, "nosuch"},
      {{"data:mtls:server-files", "nosuch", "-a", "shop", "--dir", "@d"}, 3, "nosuch"},
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
      {{"data:mtls:destroy", "sales", "-a", "shop", "--confirm", "sales"}, 4, "mTLS is not enabled"},
      {{"data:mtls:certificates", "nosuch", "-a", "shop"}, 3, "nosuch"},
      {{"data:mtls:certificates:create", "nosuch", "-a", "shop"}, 3, "nosuch"},
      {{"data:mtls:certificates:create", "sales", "-a", "shop", "--role", std::string(64, 'r')}, 2, "role"},
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
      {{"data:mtls:certificates:get", "twin", "-a", "shop", "--space", "acme", "--key-file", "@key2", "--id", "ID"},
       3,
       "hint: spaceca data:mtls:certificates twin -a shop --space acme --key-file /"},
      {{"data:mtls:certificates:download", "sales", "-a", "shop", "--id", "00000000-0000-0000-0000-000000000000", "--dir", "@d"},
       3,
       "there is none"},
      {{"data:mtls:certificates:download", "remote", "-a", "shop", "--id", "SERVER", "--dir", "@d"}, 4, "is the server's"},
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
      {{"data:mtls:certificates:renew", "remote", "-a", "shop", "--id", "SERVER"}, 4, "is a server's"},
      {{"data:mtls:certificates:renew", "sales", "-a", "shop", "--id", "REVOKED"}, 4, "so it has no successor"},
      {{"data:mtls:certificates:renew", "sales", "-a", "shop", "--id", "RENEWED"}, 4, "has a successor"},
      {{"data:mtls:certificates:delete", "sales", "-a", "shop", "--id", "00000000-0000-0000-0000-000000000000"},
       3,
       "there is none"},
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
      {{"vault:rewrap", "--key-file", "@other.key", "--new-key-file", "@key3"}, 1, "does not open this store's key"},
      {{"vault:rewrap", "--key-file", "@nosuch", "--new-key-file", "@key3"}, 3, "nosuch"},
      {{"vault:rewrap", "--passphrase-file", "@url", "--new-key-file", "@key3"}, 3, "passphrase"},
      {{"pkcs8", "@nosuch", "@out.pk8"}, 3, "nosuch"},
      {{"pkcs8", "@url", "@out.pk8"}, 1, "no PEM"},
      {{"pkcs8", "@own.key", "@own.pk8"}, 4, "own.pk8\": exists already"},
      {{"pkcs8", "@locked.pem", "@out.pk8"}, 1, "hint: give --passphrase-file"},
      {{"pkcs8", "@locked.pem", "@out.pk8", "--passphrase-file", "@url"}, 1, "passphrase"},
  };
  Scene scene;
  scene.live_on();
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

TEST_CASE("whoever stops reading ends no command, and an answer that reaches nobody is a failure", "[cli]") {
  const Scene scene;
  const auto typed = [&scene](const std::string& command) {
    return run({"sh", "-c", "cd " + scene.path("") + "; " + command},
               {.environment = {"SPACECA_STORE=sqlite:ca.db", "SPACECA_KEY_FILE=key", "P=" + kProgram}});
  };
  // The reader is gone before the program begins.
  const Outcome gone = typed("mkfifo go; (read word <go; $P spaces; echo $? >code) | { exec <&-; echo >go; }; cat code");
  CHECK(gone.out == "1\n");
  CHECK_THAT(gone.err, ContainsSubstring("standard output: Broken pipe"));
  const Outcome closed = typed("$P spaces >&-");
  CHECK(closed.exit_code == 1);
  CHECK_THAT(closed.err, ContainsSubstring("standard output: Bad file descriptor"));
  CHECK(typed("$P spaces:create deaf 2>&- >/dev/null").exit_code == 0);
  CHECK_THAT(typed("$P spaces").out, ContainsSubstring("deaf"));
}

// --- for programs ---

namespace {

// Every time in an answer is one of RFC 3339.
void check_times(const nlohmann::json& value) {
  static const std::regex kLikeATime{"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T].*)?"};
  static const std::regex kTime{"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"};
  for (const auto& [key, part] : value.items()) {
    if (part.is_structured()) check_times(part);
    if (!part.is_string() || !std::regex_match(part.get<std::string>(), kLikeATime)) continue;
    INFO(key << ": " << part);
    CHECK(std::regex_match(part.get<std::string>(), kTime));
  }
}

}  // namespace

TEST_CASE("each command answers --json with one document, its times in RFC 3339", "[cli]") {
  struct Run {
    Words words;
    Words ids = {};  // what the ids in the answer are called from then on
  };
  Scene scene;
  const std::vector<Run> runs = {
      {{"init", "--store", "sqlite:" + scene.path("second.db"), "--key-file", "@second.key"}},
      {{"spaces"}},
      {{"spaces:create", "echo"}},
      {{"spaces:info", "acme"}},
      {{"spaces:rotate", "echo", "--step", "distrust", "--confirm", "echo"}},
      {{"spaces:adopt", "acme"}},
      {{"spaces:revoke-serial", "acme", "01AB"}},
      {{"databases"}},
      {{"databases:create", "stock", "--space", "acme", "-a", "shop", "--host", "localhost", "--url-file", "@url"}},
      {{"databases:info", "stock", "-a", "shop"}},
      {{"databases:update", "stock", "-a", "shop", "--role", "reader", "--no-contacts"}},
      {{"databases:destroy", "stock", "-a", "shop", "--confirm", "stock"}},
      {{"config:get", "SALES_URL", "-a", "shop"}},
      {{"data:mtls:ip-rules:create", "sales", "-a", "shop", "--file", "@rules"}, {"RULE", "OTHER"}},
      {{"data:mtls:ip-rules", "sales", "-a", "shop"}},
      {{"data:mtls:ip-rules:get", "sales", "-a", "shop", "--id", "RULE"}},
      {{"data:mtls:ip-rules:update", "sales", "-a", "shop", "--id", "RULE", "--description", "here"}},
      {{"data:mtls:ip-rules:delete", "sales", "-a", "shop", "--id", "RULE"}},
      {{"data:mtls:ip-rules:destroy", "sales", "-a", "shop", "--id", "OTHER"}},
      {{"data:mtls:certificates", "sales", "-a", "shop"}},
      {{"data:mtls:certificates:create", "sales", "-a", "shop"}, {"FIRST"}},
      {{"data:mtls:certificates:get", "sales", "-a", "shop", "--id", "FIRST"}},
      {{"data:mtls:certificates:download", "sales", "-a", "shop", "--id", "FIRST", "--dir", "@d"}},
      {{"data:mtls:certificates:renew", "sales", "-a", "shop", "--id", "FIRST"}, {"NEXT"}},
      {{"data:mtls:certificates:delete", "sales", "-a", "shop", "--id", "FIRST", "--confirm", "sales"}},
      {{"data:mtls:certificates:revoke", "sales", "-a", "shop", "--id", "NEXT", "--confirm", "sales"}},
      {{"data:mtls", "sales", "-a", "shop"}},
      {{"data:mtls:create", "sales", "-a", "shop"}},
      {{"data:mtls:server-files", "sales", "-a", "shop", "--dir", "@server"}},
      {{"data:mtls:destroy", "sales", "-a", "shop", "--confirm", "sales"}},
      {{"census"}},
      {{"doctor", "--bundle", "@d"}},
      {{"sweep"}},
      {{"clock:accept"}},
      {{"audit", "--space", "acme"}},
      {{"audit:verify"}},
      {{"backup", "@copy.db"}},
      {{"pkcs8", "@own.key", "@own.pk8"}},
      {{"vault:rewrap", "--new-key-file", "@key3"}},
  };
  write_file(scene.path("rules"), "127.0.0.1\n::1\n");
  std::vector<std::string> left = all_commands();
  for (Run one : runs) {
    std::erase(left, one.words.front());
    one.words.push_back("--json");
    const Outcome outcome = scene.run(one.words);
    INFO(one.words.front() << "\n--- out\n" << outcome.out << "--- err\n" << outcome.err);
    CHECK(outcome.exit_code == 0);
    const auto answer = nlohmann::json::parse(outcome.out, nullptr, false);
    REQUIRE_FALSE(answer.is_discarded());
    check_times(answer);
    for (std::size_t i = 0; i < one.ids.size(); ++i) {
      scene.call(one.ids[i], answer.is_array() ? answer.at(i).at("id") : answer.at("id"));
    }
  }
  CHECK(left == std::vector<std::string>{});
}

TEST_CASE("a root that is distrusted tells programs of the successors too", "[cli]") {
  const Scene scene;
  const Outcome outcome = scene.run({"spaces:rotate", "acme", "--step", "distrust", "--confirm", "acme", "--json"});
  INFO(outcome.err);
  const auto answer = nlohmann::json::parse(outcome.out);
  REQUIRE(answer["successors"].size() == 1);
  CHECK(answer["successors"][0]["generation"] == 2);
  CHECK(answer["successors"][0]["role"] == "app");
}

// --- a store that is not as it should be ---

TEST_CASE("an audit that somebody altered is found out, and its ends are printed all the same", "[cli]") {
  const Scene scene;
  REQUIRE(run({"sqlite3", scene.path("ca.db"), "UPDATE audit SET at = at + 1 WHERE number = 1 AND length(chain) = 16"}).exit_code ==
          0);
  const Outcome outcome = scene.run({"audit:verify"});
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.err, ContainsSubstring("audit-"));
  CHECK_THAT(outcome.out, ContainsSubstring("Chain") && ContainsSubstring("acme") && ContainsSubstring("bravo"));
}

TEST_CASE("under a clock in doubt no root moves until the clock is accepted", "[cli]") {
  const Scene scene;
  REQUIRE(run({"sqlite3", scene.path("ca.db"), "UPDATE store SET latest_time_seen = latest_time_seen + 86400"}).exit_code == 0);
  const Outcome outcome = scene.run({"spaces:rotate", "acme", "--step", "prepare"});
  CHECK(outcome.exit_code == 4);
  CHECK_THAT(outcome.err, ContainsSubstring("the clock is suspect; accept it first"));
  CHECK(scene.run({"clock:accept"}).exit_code == 0);
  CHECK(scene.run({"spaces:rotate", "acme", "--step", "prepare"}).exit_code == 0);
}

TEST_CASE("a store that this user may not write is said to be so", "[cli]") {
  if (geteuid() != 0) return;
  const Scene scene;
  REQUIRE(run({"chown", "nobody", scene.path("key")}).exit_code == 0);
  REQUIRE(run({"chmod", "0644", scene.path("ca.db")}).exit_code == 0);
  const Outcome outcome = run(
      {kProgram, "spaces:create", "new"},
      {.environment = {"SPACECA_STORE=sqlite:" + scene.path("ca.db"), "SPACECA_KEY_FILE=" + scene.path("key")}, .user = "nobody"});
  CHECK(outcome.exit_code == 1);
  CHECK_THAT(outcome.err, ContainsSubstring("ca.db\": this user may not write it"));
}

TEST_CASE("a store that is busy, has no room or is of a later version is said to be so", "[cli]") {
  const Scene scene;
  struct Bad {
    std::string how;
    std::string words;
  };
  const std::vector<Bad> all = {
      {"sqlite3 ca.db 'BEGIN IMMEDIATE' \".shell $P spaces:create new -q; echo \\$? >code\"", "hint: another program is at work"},
      {"trap '' XFSZ; ulimit -f 8; $P spaces:create new -q; echo $? >code", "there is no room left for it"},
      {"sqlite3 ca.db 'PRAGMA user_version = 999'; $P spaces:create new -q; echo $? >code", "version"},
  };
  for (const Bad& one : all) {
    const Outcome outcome = run({"sh", "-c", "cd " + scene.path("") + "; " + one.how},
                                {.environment = {"SPACECA_STORE=sqlite:ca.db", "SPACECA_KEY_FILE=key", "P=" + kProgram}});
    INFO(one.how << "\n--- out\n" << outcome.out << "--- err\n" << outcome.err);
    CHECK(read_file(scene.path("code")) == "1\n");
    CHECK_THAT(outcome.err, ContainsSubstring("spaceca: ") && ContainsSubstring(one.words));
    CHECK(run({"sqlite3", scene.path("ca.db"), "SELECT count(*) FROM spaces WHERE name = 'new'"}).out == "0\n");
  }
}

TEST_CASE("the audit names the login, or who is named", "[cli]") {
  const Scene scene;
  REQUIRE(scene.run({"spaces:create", "first"}).exit_code == 0);
  REQUIRE(scene.run({"spaces:create", "second", "--actor", "Release Robot"}).exit_code == 0);
  const Outcome audit = scene.run({"audit"});
  const std::string login = run({"id", "-un"}).out;
  CHECK_THAT(audit.out, ContainsSubstring(login.substr(0, login.size() - 1)) && ContainsSubstring("Release Robot"));
}
