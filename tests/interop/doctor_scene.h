// A server and a client of it for the doctor's tests: what is served and what the client's folder holds, of which a row spoils
// some, psql and pgjdbc in that folder, and the diagnosis of it.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include <spaceca/crl.h>
#include <spaceca/diagnosis.h>
#include <spaceca/postgres_handshake.h>

#include "java.h"
#include "support/certificate_builder.h"
#include "support/child.h"
#include "support/files.h"
#include "support/postgres.h"
#include "support/text.h"

namespace spaceca::test::doctor {

namespace fs = std::filesystem;

inline const Instant kNow = SystemClock{}.now();  // the server and its clients read the machine's clock
inline constexpr std::chrono::days kDay{1};

inline std::string pem_of(const std::vector<Certificate>& certificates) {
  std::string pem;
  for (const Certificate& certificate : certificates) pem += certificate.pem();
  return pem;
}

inline std::string pem_of_lists(const std::vector<Bytes>& lists) {
  std::string pem;
  for (const Bytes& list : lists) pem += Crl::from_der(list).pem();
  return pem;
}

inline std::string text(const SecretBytes& octets) { return std::string{spaceca::text_of(octets.reveal())}; }

inline std::string der_text(const Certificate& certificate) { return std::string{spaceca::text_of(certificate.der())}; }

// What is served and what the client has; a row spoils some of it.
struct Scene {
  TestCa root = test_root("acme G1", kNow);
  TestCa middle = test_intermediate("acme G1 sub", root, kNow);
  PrivateKey client_key = PrivateKey::generate();
  PrivateKey server_key = PrivateKey::generate();
  CertificateParts client = client_parts("app", client_key.public_key(), middle, kNow);
  CertificateParts server = server_parts({"localhost", "127.0.0.1"}, server_key.public_key(), root, kNow);

  // ssl_cert_file, ssl_ca_file, ssl_crl_file; the last is left out if it is empty.
  std::string server_crt = certificate_of(server, root.key).pem();
  std::string ca_file = root.certificate.pem();
  std::vector<Bytes> lists = {};
  bool empty_list_folder = false;  // ssl_crl_dir
  // The client's folder, by name; what is empty is left out.
  std::string crt = pem_of({leaf(), middle.certificate});
  std::string key = text(client_key.pkcs8_pem());
  std::string pk8 = text(client_key.pkcs8_der());
  std::string root_crt = root.certificate.pem();
  std::string root_crl = {};
  unsigned key_mode = 0600;

  std::string role = "app";
  std::string host = "localhost";
  std::chrono::seconds our_clock_is_ahead{0};

  [[nodiscard]] Certificate leaf() const { return certificate_of(client, middle.key); }
  void renew() { crt = pem_of({leaf(), middle.certificate}); }
};

inline std::string pem_of_parts(const CertificateParts& parts, const PrivateKey& signing_key) {
  return certificate_of(parts, signing_key).pem();
}

inline CrlParts with(CrlParts parts, const Bytes& extension) {
  parts.extensions.push_back(extension);
  return parts;
}

// A server whose files are changed row by row. Its database lets in by certificate alone, and reader by another line.
class Server final {
 public:
  Server()
      : postgres_(first_files(),
                  "hostssl app app 127.0.0.1/32 cert\nhostssl app app ::1/128 cert\n"
                  "hostssl app reader 127.0.0.1/32 cert\nhostssl app scram 127.0.0.1/32 scram-sha-256\n") {
    postgres_.sql("create role reader login; create role scram login password 's3cret horse'");
  }

  void serve(const Scene& scene) const {
    postgres_.put("server.crt", scene.server_crt);
    postgres_.put("server.key", text(scene.server_key.pkcs8_pem()));
    fs::permissions(postgres_.data() / "server.key", fs::perms::owner_read | fs::perms::owner_write);
    postgres_.put("root.crt", scene.ca_file);
    postgres_.put("root.crl", pem_of_lists(scene.lists));
    const std::size_t before = logged("received SIGHUP");
    fs::create_directories(postgres_.data() / "lists");
    postgres_.sql(
        fmt::format("alter system set ssl_crl_file = '{}';\nalter system set ssl_crl_dir = '{}';\nselect pg_reload_conf()",
                    scene.lists.empty() ? "" : "root.crl", scene.empty_list_folder ? "lists" : ""));
    for (int i = 0; i < 1000 && logged("received SIGHUP") == before; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    REQUIRE(logged("received SIGHUP") > before);
    REQUIRE(logged("SSL configuration was not reloaded") == 0);
  }
  [[nodiscard]] int port() const { return postgres_.port(); }

 private:
  static FileSet first_files() {
    const Scene scene;
    FileSet files;
    files.add({"root.crt", FileRole::trust, SecretBytes{std::string_view{scene.ca_file}}});
    files.add({"server.key", FileRole::key, scene.server_key.pkcs8_pem()});
    files.add({"server.crt", FileRole::certificate, SecretBytes{std::string_view{scene.server_crt}}});
    return files;
  }
  [[nodiscard]] std::size_t logged(const std::string& words) const {
    const std::string log = postgres_.log();
    std::size_t count = 0;
    for (std::size_t at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) ++count;
    return count;
  }

  Postgres postgres_;
};

inline Server& server() {
  static Server the_server;
  return the_server;
}

// The client's folder, psql and pgjdbc in it, and the diagnosis of it.
class Client final {
 public:
  explicit Client(const Scene& scene) : scene_(scene) {
    put("postgresql.crt", scene.crt, 0644);
    put("postgresql.key", scene.key, scene.key_mode);
    put("postgresql.pk8", scene.pk8, 0600);
    put("root.crt", scene.root_crt, 0644);
    put("root.crl", scene.root_crl, 0644);
    put("password", std::string{Postgres::kPassword}, 0600);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  void put(const std::string& name, std::string_view content, unsigned mode) {
    if (content.empty()) return;
    write_file(folder_.path() / name, content);
    fs::permissions(folder_.path() / name, static_cast<fs::perms>(mode));
  }

  [[nodiscard]] Outcome psql() const {
    return run(
        {"psql", "-X", "-At", "-w", "-d",
         fmt::format("host={} port={} dbname=app user={} sslmode=verify-full sslcert='{}' sslkey='{}' sslrootcert='{}' sslcrl='{}' "
                     "connect_timeout=60",
                     scene_.host, server().port(), scene_.role, path("postgresql.crt"), path("postgresql.key"), path("root.crt"),
                     scene_.root_crl.empty() ? "" : path("root.crl")),
         "-c", "select 1"},
        {.environment = {"HOME=/nonexistent", fmt::format("PGPASSWORD={}", Postgres::kPassword)}});
  }
  [[nodiscard]] std::string pgjdbc(const std::string& key = "postgresql.pk8", const std::string& password_file = "password") const {
    const std::string url =
        fmt::format("jdbc:postgresql://{}:{}/app?user={}&sslmode=verify-full&sslcert={}&sslkey={}&sslrootcert={}", scene_.host,
                    server().port(), scene_.role, path("postgresql.crt"), path(key), path("root.crt"));
    return java("JdbcProbe", {"--url", url, "--password-file", path("password"), "--sslpassword-file", path(password_file)}).out;
  }

  [[nodiscard]] ClientFiles files() const {
    ClientFiles files{.certificates = file("postgresql.crt"),
                      .key = file("postgresql.key"),
                      .pk8 = file("postgresql.pk8"),
                      .pkcs12 = file("postgresql.p12"),
                      .pkcs12_password = file("postgresql.p12.pass"),
                      .roots = file("root.crt"),
                      .lists = file("root.crl")};
    return files;
  }
  [[nodiscard]] std::vector<Diagnosis> diagnosis() const {
    const ClientFiles all = files();
    const std::optional<Shown> shown = shown_of(all);
    const PostgresVisit visit{
        .host = scene_.host, .port = static_cast<std::uint16_t>(server().port()), .role = scene_.role, .database = "app"};
    const ServerSeen seen = look_at_postgres(visit, shown ? &*shown : nullptr);
    return diagnose(all, seen, {.now = kNow + scene_.our_clock_is_ahead, .host = HostName{scene_.host}, .role = scene_.role});
  }

 private:
  [[nodiscard]] std::optional<ClientFile> file(const std::string& name) const {
    if (!fs::exists(folder_.path() / name)) return std::nullopt;
    ClientFile file;
    file.name = name;
    file.octets = SecretBytes{std::string_view{read_file(folder_.path() / name)}};
    file.mode = mode_of(folder_.path() / name);
    return file;
  }

  const Scene& scene_;
  TemporaryFolder folder_;
};

inline std::string rules_of(const std::vector<Diagnosis>& found) {
  std::string rules;
  for (const Diagnosis& one : found) rules += (rules.empty() ? "" : ", ") + one.finding.rule;
  return rules;
}

inline std::string text_of_all(const std::vector<Diagnosis>& found) {
  std::string all;
  for (const Diagnosis& one : found) {
    all += one.finding.rule + ": " + one.finding.text + "\n  seen as " + one.finding.seen_as + "\n";
  }
  return all;
}

}  // namespace spaceca::test::doctor
