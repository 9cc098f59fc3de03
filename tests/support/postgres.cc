#include "support/postgres.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include <spaceca/exporter.h>
#include <spaceca/files.h>

namespace spaceca::test {
namespace {

constexpr const char* kServerUser = "postgres";  // Debian's package makes it

// PostgreSQL's programs are not on the PATH in Debian.
std::string postgres_program(const std::string& name) {
  std::vector<std::filesystem::path> versions;
  const std::filesystem::path all = "/usr/lib/postgresql";
  if (std::filesystem::exists(all)) {
    for (const auto& entry : std::filesystem::directory_iterator{all}) {
      if (std::filesystem::exists(entry.path() / "bin" / name)) versions.push_back(entry.path());
    }
  }
  if (versions.empty()) return name;
  const auto newest = std::max_element(versions.begin(), versions.end(), [](const auto& a, const auto& b) {
    return std::stoi(a.filename().string()) < std::stoi(b.filename().string());
  });
  return (*newest / "bin" / name).string();
}

Outcome run_checked(const std::vector<std::string>& command, const ChildOptions& options = {}) {
  Outcome outcome = run(command, options);
  if (outcome.exit_code != 0) throw std::runtime_error{command.front() + " failed: " + outcome.out + outcome.err};
  return outcome;
}

void give_to_server_user(const std::filesystem::path& path) {
  if (geteuid() != 0) return;
  const passwd* user = getpwnam(kServerUser);
  if (user == nullptr) throw std::runtime_error{"no user postgres: is the postgresql package installed?"};
  if (lchown(path.c_str(), user->pw_uid, user->pw_gid) != 0) throw std::runtime_error{"cannot give away " + path.string()};
}

std::filesystem::path new_cluster(const std::filesystem::path& folder) {
  give_to_server_user(folder);
  const auto data = folder / "data";
  run_checked(
      {postgres_program("initdb"), "-D", data.string(), "-A", "trust", "-N", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"},
      {.user = kServerUser, .seconds = 120});
  return data;
}

// Where cmake/dev has made a folder for it, all processes have one; the first who comes makes it, and the others wait.
std::filesystem::path shared_cluster(const std::filesystem::path& folder) {
  const int lock = open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0 || flock(lock, LOCK_EX) != 0) throw std::runtime_error{"cannot lock " + folder.string()};
  const auto done = folder / "done";
  auto data = std::filesystem::exists(done) ? folder / "data" : new_cluster(folder);
  write_file(done, "");
  close(lock);
  return data;
}

// initdb takes a second, a copy of what it made a tenth.
const std::filesystem::path& pristine_cluster() {
  static const TemporaryFolder kOwn;
  static const std::filesystem::path kData = [] {
    const char* const shared = std::getenv("SPACECA_TEST_CLUSTER");
    return shared != nullptr ? shared_cluster(shared) : new_cluster(kOwn.path());
  }();
  return kData;
}

}  // namespace

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(fd);
  if (!bound) throw std::runtime_error{"no free port"};
  return ntohs(address.sin_port);
}

Postgres::Postgres(const FileSet& files, std::string_view hba, std::string_view ident, std::string_view settings) {
  make_cluster(files, hba, ident, settings);
  // Between the choice of a port and its use somebody else may take it.
  for (int attempt = 0; attempt < 5; ++attempt) {
    port_ = free_port();
    if (start()) break;
    if (attempt == 4 || log().find("could not bind") == std::string::npos) {
      throw std::runtime_error{"PostgreSQL does not start: " + log()};
    }
  }
  sql(fmt::format("create role app login password '{}'", kPassword));
  sql("create database app owner app");
}

Postgres::~Postgres() {
  try {
    static_cast<void>(
        run({postgres_program("pg_ctl"), "-D", data().string(), "-m", "immediate", "-w", "stop"}, {.user = kServerUser}));
  } catch (const std::exception&) {
    // It was not running.
  }
}

void Postgres::make_cluster(const FileSet& files, std::string_view hba, std::string_view ident, std::string_view settings) {
  give_to_server_user(folder_.path());
  const auto data = this->data();
  run_checked({"cp", "-a", pristine_cluster().string(), data.string()}, {.user = kServerUser});
  if (!files.files().empty()) files::write(data, files);
  for (const File& file : files.files()) give_to_server_user(data / file.name);
  write_file(data / "pg_hba.conf", fmt::format("local all postgres trust\n{}", hba));
  write_file(data / "pg_ident.conf", ident);
  const auto conf = data / "postgresql.conf";
  write_file(conf, read_file(conf) + fmt::format("listen_addresses = '127.0.0.1,127.0.0.2,::1'\nunix_socket_directories = '{}'\n"
                                                 "fsync = off\n{}{}",
                                                 folder_.path().string(),
                                                 files.files().empty() ? ""
                                                                       : "ssl = on\nssl_cert_file = 'server.crt'\n"
                                                                         "ssl_key_file = 'server.key'\nssl_ca_file = 'root.crt'\n",
                                                 settings));
}

bool Postgres::start() {
  const auto log = folder_.path() / "log";
  return run({postgres_program("pg_ctl"), "-D", data().string(), "-l", log.string(), "-w", "-o", fmt::format("-p {}", port_),
              "start"},
             {.user = kServerUser})
             .exit_code == 0;
}

std::string Postgres::sql(const std::string& text) const {
  std::string out = run_checked({"psql", "-X", "-At", "-v", "ON_ERROR_STOP=1", "-d",
                                 fmt::format("host={} port={} user=postgres dbname=postgres", folder_.path().string(), port_)},
                                {.input = text})
                        .out;
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

std::string Postgres::log() const {
  const auto path = folder_.path() / "log";
  return std::filesystem::exists(path) ? read_file(path) : "";
}

void Postgres::stop() const {
  run_checked({postgres_program("pg_ctl"), "-D", data().string(), "-m", "fast", "-w", "stop"}, {.user = kServerUser});
}

void Postgres::start_again() {
  if (!start()) throw std::runtime_error{"PostgreSQL does not start again: " + log()};
}

void Postgres::put(const std::filesystem::path& name, std::string_view content) const {
  write_file(data() / name, content);
  give_to_server_user(data() / name);
}

std::string Postgres::reload_with(const std::string& name, std::string_view content) const {
  put(name, content);
  const std::size_t before = log().size();
  const std::string loaded = sql("select pg_conf_load_time()");
  sql("select pg_reload_conf()");
  // The postmaster notes the time and then reads the TLS files, before it lets the next connection in.
  for (int i = 0; i < 100 && sql("select pg_conf_load_time()") == loaded; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  return log().substr(before);
}

PsqlClient::PsqlClient(const Credential& credential, const Postgres& server) : port_(server.port()) {
  files::write(folder_.path(), exporter::libpq(credential));
}

Outcome PsqlClient::query(const std::string& select, const Options& options) const {
  std::string connection =
      fmt::format("host={} port={} dbname=app user={} sslmode={} sslrootcert='{}' connect_timeout=60 {}", options.host, port_,
                  options.user, options.sslmode, (folder_.path() / "root.crt").string(), options.extra);
  if (options.with_certificate) {
    connection += fmt::format(" sslcert='{}' sslkey='{}'", (folder_.path() / "postgresql.crt").string(),
                              (folder_.path() / "postgresql.key").string());
  }
  // HOME is set elsewhere, so that nobody's ~/.postgresql takes part.
  return run({"psql", "-X", "-At", "-w", "-d", connection, "-c", select},
             {.environment = {fmt::format("PGPASSWORD={}", Postgres::kPassword), "HOME=/nonexistent"}});
}

}  // namespace spaceca::test
