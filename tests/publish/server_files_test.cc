// Files for a server that is not ours to write to, put in place as a person would, and seen over the network.
#include <fmt/format.h>

#include "publish/scene.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// A server somewhere else: all that is known of it is the URL.
class Elsewhere : public Scene {
 public:
  Elsewhere() : place(where()) { place.data_directory.clear(); }
  // What the words of the program ask for.
  void install(const FileSet& files) {
    if (!std::filesystem::exists(server.data() / "spaceca")) {
      REQUIRE(run({"mkdir", "-m", "0700", (server.data() / "spaceca").string()}).exit_code == 0);
      REQUIRE(run({"chown", "--reference", server.data().string(), (server.data() / "spaceca").string()}).exit_code == 0);
    }
    for (const File& file : files.files()) {
      const std::string text{text_of(file.octets.reveal())};
      if (file.name == "spaceca.conf") {
        server.put("spaceca.conf", text);
        if (this->file("postgresql.conf").find("spaceca.conf") == std::string::npos) {
          server.put("postgresql.conf", this->file("postgresql.conf") + "include 'spaceca.conf'\n");
        }
      } else if (file.name == "pg_hba.lines") {
        server.put("pg_hba.conf", text + hba_before);
      } else if (file.name == "pg_ident.lines") {
        server.put("pg_ident.conf", text);
      } else {
        server.put("spaceca/" + file.name, text);
        if (file.name == "server.key") {
          REQUIRE(run({"chmod", "0600", (server.data() / "spaceca/server.key").string()}).exit_code == 0);
        }
      }
    }
    server.sql("select pg_reload_conf()");
  }
  // Waits for the reload, which is only asked for.
  void see(const Publication& what) {
    for (int i = 0; i < 100; ++i) {
      try {
        return publisher().publish(place, what, probes());
      } catch (const Error& error) {
        if (error.code() != Errc::not_taken || i == 99) throw;
      }
      usleep(100'000);
    }
  }

  ServedDatabase place;
  const std::string hba_before = file("pg_hba.conf");
};

}  // namespace

TEST_CASE_METHOD(Elsewhere, "files that a person puts in place are seen to be served, and let in whom they should",
                 "[publish][server_files]") {
  const Access access = GENERATE(values<Access>({{}, {AuthMethod::cert, ClientCert::verify_full, BoundTo::database}}));
  const Credential app = acme.client();
  const Credential revoked = acme.client();
  Publication what = next(1, {revoked.certificate().serial()});
  what.access = access;
  const Refusal before = refusal_of([&] { publisher().publish(place, what, probes()); });
  CHECK(before.code == Errc::not_taken);
  CHECK_THAT(before.text, ContainsSubstring("shows no certificate: it has TLS switched off"));
  const FileSet files = postgres_server_files(place, what);
  install(files);
  see(what);
  CHECK(psql(app).out == "1\n");
  CHECK_THAT(psql(revoked).err, ContainsSubstring("certificate revoked"));
  CHECK_THAT(psql(app, {.with_certificate = false}).err, ContainsSubstring("connection requires a valid client certificate"));
  CHECK_THAT(psql(app, {.user = "postgres"}).err, ContainsSubstring("pg_hba.conf rejects connection"));
}

TEST_CASE_METHOD(Elsewhere, "a server that has not taken the newer list is found by the certificate on it",
                 "[publish][server_files]") {
  const Publication first = next(1);
  install(postgres_server_files(place, first));
  see(first);
  Publication second = next(2);
  const SecretBytes key = first.server.key().pkcs8_der();
  second.server = Credential{first.server.chain(), PrivateKey::from_pkcs8_der(key.reveal()), first.server.roots()};
  const Refusal refusal = refusal_of([&] { publisher().publish(place, second, probes()); });
  CHECK(refusal.code == Errc::not_taken);
  CHECK_THAT(refusal.text, ContainsSubstring("a revoked certificate of root 1 is let in"));
  install(postgres_server_files(place, second));
  see(second);
}

TEST_CASE_METHOD(Elsewhere, "nothing is asked of such a server but handshakes, and nothing is withdrawn from it",
                 "[publish][server_files]") {
  const Publication what = next(1);
  install(postgres_server_files(place, what));
  see(what);
  CHECK(publisher().current(place).number == 0);
  publisher().withdraw(place);
  CHECK(psql(acme.client()).out == "1\n");
  server.stop();
  CHECK(refusal_of([&] { publisher().publish(place, what, probes()); }).code == Errc::unreachable);
}
