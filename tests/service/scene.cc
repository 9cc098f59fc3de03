#include "service/scene.h"

#include <algorithm>
#include <stdexcept>

#include <spaceca/error.h>
#include <spaceca/verify.h>

#include "support/child.h"

namespace spaceca::test {
namespace {

std::vector<Finding> judged(const std::vector<Certificate>& roots, const std::vector<Crl>& crls, const Certificate& client,
                            Instant now) {
  Verification what{.chain = {client}, .anchors = roots, .purpose = Purpose::client, .now = now};
  for (const Crl& crl : crls) what.crls.push_back(crl.der());
  return verify(what);
}

}  // namespace

void PlayedServers::answer() const {
  if (down) throw Error{Errc::unreachable, "server: does not answer"};
}

Survey PlayedServers::survey(const ServedDatabase&, const Publication&) {
  answer();
  return {};
}

void PlayedServers::publish(const ServedDatabase& where, const Publication& what, const std::vector<Probe>& probes) {
  answer();
  const bool is_foreign = where.data_directory.empty();
  Server& server = servers[where.database.text()];
  const auto& roots = is_foreign ? server.roots : what.server.roots();
  const auto& crls = is_foreign ? server.crls : what.crls;
  if (is_foreign && server.certificate != what.server.certificate()) {
    throw Error{Errc::not_taken, "server: shows another certificate"};
  }
  for (const Probe& probe : probes) {
    const auto good = judged(roots, crls, probe.good.certificate(), clock_.now());
    if (!good.empty()) throw Error{Errc::not_taken, "server: refuses the good probe: " + good.front().text};
    const auto revoked = judged(roots, crls, probe.revoked.certificate(), clock_.now());
    if (revoked.empty() || revoked.front().rule != "revoked") throw Error{Errc::not_taken, "server: lets the revoked probe in"};
  }
  if (is_foreign) return;
  if (what.number <= server.number) throw Error{Errc::not_taken, "server: the publication is not newer than the one in force"};
  server.number = what.number;
  server.roots = what.server.roots();
  server.crls = what.crls;
  server.roles.clear();
  for (const RoleName& role : what.roles) server.roles.push_back(role.text());
  server.rules = what.rules;
  server.access = what.access;
  server.certificate = what.server.certificate();
  ++server.publications;
}

void PlayedServers::withdraw(const ServedDatabase& where) {
  answer();
  // Whoever is connected stays.
  auto sessions = std::move(servers[where.database.text()].sessions);
  servers.erase(where.database.text());
  if (!sessions.empty()) servers[where.database.text()].sessions = std::move(sessions);
}

Served PlayedServers::current(const ServedDatabase& where) {
  answer();
  const Server& server = servers[where.database.text()];
  return {.number = server.number, .crls = server.crls, .server = server.certificate};
}

std::vector<LiveSession> PlayedServers::sessions(const ServedDatabase& where) {
  answer();
  return servers[where.database.text()].sessions;
}

std::vector<LiveSession> PlayedServers::disconnect(const ServedDatabase& where, const std::vector<ShownCertificate>& shown) {
  answer();
  std::vector<LiveSession> ended;
  std::erase_if(servers[where.database.text()].sessions, [&](const LiveSession& session) {
    const bool meant = std::ranges::any_of(shown, [&session](const ShownCertificate& one) { return one.opened(session); });
    if (meant) ended.push_back(session);
    return meant;
  });
  return ended;
}

void PlayedServers::install(const ServerFiles& files) {
  Server& server = servers[files.where.database.text()];
  server.roots = files.what.server.roots();
  server.crls = files.what.crls;
  server.rules = files.what.rules;
  server.certificate = files.what.server.certificate();
}

void PlayedServers::open_session(const std::string& database, const Certificate& client) {
  Server& server = servers[database];
  server.sessions.push_back({.pid = static_cast<int>(server.sessions.size()) + 1,
                             .user = "app",
                             .database = "orders",
                             .address = "192.0.2.7",
                             .application = "report",
                             .serial = client.serial(),
                             .issuer = client.issuer(),
                             .since = clock_.now()});
}

bool PlayedServers::lets_in(const std::string& database, const Certificate& client) const {
  const auto server = servers.find(database);
  return server != servers.end() && judged(server->second.roots, server->second.crls, client, clock_.now()).empty();
}

bool PlayedServers::is_taken_by(const std::string& database, const std::vector<Certificate>& roots) const {
  const Server& server = servers.at(database);
  return verify({.chain = {server.certificate.value()}, .anchors = roots, .purpose = Purpose::server, .now = clock_.now()}).empty();
}

void PlayedMail::deliver(const Notice& notice) {
  if (broken) throw std::runtime_error{"the mail server is down"};
  delivered.push_back(notice);
}

Refused refused(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  throw std::runtime_error{"it was taken"};
}

AuthorityScene::AuthorityScene(Instant start, FolderOn where) : folder_(where), clock(start), servers(clock) {
  store = create_sqlite_store(file());
  create_key_file(key().path);
  vault = create_sealed_vault(*store, key(), start);
  authority = std::make_unique<Authority>(*store, *vault, clock);
}

std::unique_ptr<Authority> AuthorityScene::another() { return std::make_unique<Authority>(*store, *vault, clock); }

std::string AuthorityScene::sql(const std::string& text) const {
  const Outcome outcome = run({"sqlite3", "-bail", file().string()}, {.input = text});
  if (outcome.exit_code != 0) throw std::runtime_error{"sqlite3: " + outcome.err};
  return outcome.out;
}

Space AuthorityScene::space(const std::string& name) { return authority->create_space(SpaceName{name}, kOps); }

DatabaseSpec AuthorityScene::spec(const std::string& name) const {
  return {.name = DatabaseName{name},
          .app = AppName{"shop"},
          .hosts = {HostName{"db.example.com"}},
          .url = DatabaseUrl{SecretBytes{std::string_view{"postgresql://app:s3cret@db.example.com/orders"}}},
          .data_directory = folder_.path() / ("data-" + name),
          .contacts = {"owner@example.com"}};
}

DatabaseRecord AuthorityScene::database(const Space& space, const std::string& name) { return space.create_database(spec(name)); }

DatabaseRecord AuthorityScene::serve(const Space& space, const std::string& name) {
  database(space, name);
  space.enable_mtls(DatabaseName{name});
  authority->publish_pending(servers, DatabaseLocation{space.name(), DatabaseName{name}});
  return space.find_database(DatabaseName{name}).value();
}

void AuthorityScene::restore(const std::filesystem::path& backup) {
  authority.reset();
  vault.reset();
  store.reset();
  for (const char* log : {"", "-wal", "-shm"}) std::filesystem::remove(file().string() + log);
  std::filesystem::copy_file(backup, file());
  store = open_sqlite_store(file());
  vault = sealed_vault(*store, key());
  authority = std::make_unique<Authority>(*store, *vault, clock);
}

SweepReport AuthorityScene::sweep() { return authority->sweep({.publisher = &servers, .notifier = &mail}); }

}  // namespace spaceca::test
