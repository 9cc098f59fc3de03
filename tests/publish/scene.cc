#include "publish/scene.h"

#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

#include <fmt/format.h>

#include <spaceca/exporter.h>
#include <spaceca/files.h>

namespace spaceca::test {

int in_child(const std::string& user, const std::function<int()>& work) {
  const passwd* const entry = user.empty() ? nullptr : getpwnam(user.c_str());
  if (!user.empty() && entry == nullptr) throw std::runtime_error{"no user " + user};
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error{"cannot fork"};
  if (child == 0) {
    int code = 200;
    if (entry != nullptr &&
        (initgroups(entry->pw_name, entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0 || setuid(entry->pw_uid) != 0)) {
      _exit(201);
    }
    try {
      code = work();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    _exit(code);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string quoted_in_sql(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? "\"\"" : std::string{c};
  return text + "\"";
}

std::string quoted_in_conninfo(const std::string& value) {
  std::string text = "'";
  for (const char c : value) text += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return text + "'";
}

SecretBytes secret(const std::string& text) { return SecretBytes{std::string_view{text}}; }

Acme::Acme(const std::string& name, Instant at)
    : now(at), space(name), root(Issuer::self_signed({.space = space}, PrivateKey::generate(), at)) {}

Credential Acme::client(const std::string& role) const {
  return root.issue_with_key(ClientSubject{.role = RoleName{role}, .database = DatabaseName{"orders"}}, now);
}

Probe Acme::probe() const {
  Probe probe{.generation = 1, .good = client("probe"), .revoked = client("probe")};
  probes_.push_back(probe.revoked.certificate().serial());
  return probe;
}

Credential Acme::server(const std::vector<Certificate>& others) const {
  const Credential made =
      root.issue_with_key(ServerSubject{.hosts = {HostName{"localhost"}, HostName{"127.0.0.1"}, HostName{"::1"}}}, now);
  std::vector<Certificate> roots = {root.certificate()};
  roots.insert(roots.end(), others.begin(), others.end());
  const SecretBytes key = made.key().pkcs8_der();
  return Credential{made.chain(), PrivateKey::from_pkcs8_der(key.reveal()), roots};
}

Crl Acme::crl(const std::vector<Serial>& revoked) const {
  std::vector<RevokedEntry> entries;
  for (const std::vector<Serial>& serials : {revoked, probes_}) {
    for (const Serial& serial : serials) entries.push_back({.serial = serial, .revoked_at = now});
  }
  return root.crl(std::move(entries), {.number = crl_number_++}, now);
}

Publication Acme::publication(std::uint64_t number, const std::vector<Serial>& revoked) const {
  return {.number = number,
          .server = server(),
          .crls = {crl(revoked)},
          .roles = {RoleName{"app"}},
          .rules = {Cidr{"127.0.0.0/8"}, Cidr{"::1"}}};
}

Guest::Guest(const Postgres& server, const std::string& conninfo, const std::string& application)
    : server_(server), application_(application) {
  enter(conninfo);
}

Guest::Guest(const Postgres& server, const Credential& credential, const std::string& application)
    : server_(server), application_(application) {
  files::write(folder_.path(), exporter::libpq(credential));
  enter(fmt::format(
      "host=localhost user=app sslmode=verify-full sslrootcert={0}/root.crt sslcert={0}/postgresql.crt sslkey={0}/postgresql.key",
      folder_.path().string()));
}

Guest::~Guest() { kill(pid_, SIGKILL); }

void Guest::enter(const std::string& conninfo) {
  const std::string command = fmt::format(
      "PGPASSWORD='{}' psql -X -w 'port={} dbname=app application_name={} {}' -c 'select pg_sleep(600)' >{}/said 2>&1 & "
      "echo $!",
      Postgres::kPassword, server_.port(), application_, conninfo, folder_.path().string());
  pid_ = std::stoi(run({"sh", "-c", command}).out);
  const std::string sleeps = fmt::format(
      "select count(*) from pg_stat_activity where application_name = '{}' and state = 'active' and query like '%pg_sleep%'",
      application_);
  for (int i = 0; i < 600 && server_.sql(sleeps) == "0"; ++i) usleep(50'000);
}

bool Guest::is_there() const {
  return server_.sql(fmt::format("select count(*) from pg_stat_activity where application_name = '{}'", application_)) != "0";
}

std::string Guest::said() const {
  for (int i = 0; i < 600 && read_file(folder_.path() / "said").empty(); ++i) usleep(50'000);
  return read_file(folder_.path() / "said");
}

ServedDatabase Scene::where(const std::string& space, const std::string& database) const {
  return {.space = SpaceName{space},
          .database = DatabaseName{database},
          .data_directory = server.data(),
          .url = secret(url()),
          .admin_url = {}};
}

std::string Scene::url() const { return fmt::format("postgresql://app:s3cret%20horse@localhost:{}/app", server.port()); }

Publication Scene::next(std::uint64_t number, const std::vector<Serial>& revoked) {
  probes_.clear();
  probes_.push_back(acme.probe());
  return acme.publication(number, revoked);
}

Scene::Refusal Scene::refusal_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return {.code = error.code(), .text = error.what(), .findings = error.findings()};
  }
  throw std::runtime_error{"it was not refused"};
}

}  // namespace spaceca::test
