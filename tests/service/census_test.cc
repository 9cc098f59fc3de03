// Who is connected, what follows from it, and sessions that a revocation ends. tests/publish has a server show and end them.
#include <algorithm>

#include "service/faulty_scene.h"
#include "service/invariants.h"
#include "service/scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

using Catch::Matchers::ContainsSubstring;

class Connected : public AuthorityScene {
 public:
  Connected() : AuthorityScene(kStart, FolderOn::memory), acme(space()) {
    serve(acme);
    client = bundle().record.id;
    other = bundle().record.id;
  }

  Bundle bundle(const std::string& database = "sales") { return acme.issue_client(db(database)); }
  [[nodiscard]] Certificate certificate(const CertificateId& id) { return acme.download(id).chain.front(); }
  void connect(const CertificateId& id, const std::string& database = "sales") { servers.open_session(database, certificate(id)); }
  [[nodiscard]] std::size_t open(const std::string& database = "sales") { return servers.servers.at(database).sessions.size(); }
  [[nodiscard]] CertificateRecord record(const CertificateId& id) const { return acme.find_certificate(id).value(); }
  // The numbers of sessions that the audit says were ended.
  [[nodiscard]] std::vector<std::string> disconnections() const {
    std::vector<std::string> found;
    for (const AuditEntry& entry : acme.audit({.limit = 1000}).items) {
      if (entry.verb != "disconnect") continue;
      found.push_back(entry.details.at(1).second + " " + entry.details.at(2).second);
    }
    return found;
  }
  void check_whole() const { CHECK(broken_invariants(*faulty_driver_at(file()), *authority) == std::vector<std::string>{}); }

  Space acme;
  CertificateId client{"00000000-0000-4000-8000-000000000000"};
  CertificateId other = client;
};

// --- the census ---

TEST_CASE_METHOD(Connected, "a census names sessions by the certificate that opened them", "[census]") {
  connect(client);
  connect(client);
  connect(other);
  const Census census = acme.census(servers);
  CHECK(census.missed.empty());
  REQUIRE(census.found.size() == 2);
  CHECK(census.found[0].database == db());
  CHECK(census.found[0].certificate->id == client);
  CHECK(census.found[0].certificate->sessions == 2);
  CHECK(census.found[0].sessions.size() == 2);
  CHECK(census.found[1].certificate->id == other);
  CHECK(record(client).sessions == 2);
  CHECK(record(client).last_seen_at == kStart);
}

TEST_CASE_METHOD(Connected, "who has gone has no session, and the time when he was seen last stays", "[census]") {
  connect(client);
  acme.census(servers);
  servers.servers.at("sales").sessions.clear();
  clock.advance(std::chrono::hours{1});
  sweep();
  CHECK(record(client).sessions == 0);
  CHECK(record(client).last_seen_at == kStart);
  CHECK_FALSE(record(other).last_seen_at.has_value());
  connect(client);
  sweep();
  CHECK(record(client).sessions == 1);
  CHECK(record(client).last_seen_at == kStart + std::chrono::hours{1});
}

TEST_CASE_METHOD(Connected, "sessions at several servers of a space are added up", "[census]") {
  serve(acme, "stock");
  connect(client);
  connect(client, "stock");
  sweep();
  CHECK(record(client).sessions == 2);
  servers.servers.at("stock").sessions.clear();
  sweep();
  CHECK(record(client).sessions == 1);
}

// Disables another database while a server is counted.
class GivesUpStock final : public AroundServers {
 public:
  GivesUpStock(PlayedServers& servers, const Space& space) : AroundServers(servers), space_(space) {}

 private:
  void before(const ServedDatabase& where) override {
    if (where.database == db()) space_.disable_mtls(db("stock"), {}, Withdrawal::given_up);
  }

  const Space& space_;
};

TEST_CASE_METHOD(Connected, "of a server that is given up while others are counted nothing is recorded", "[census]") {
  serve(acme, "stock");
  const CertificateId there = bundle("stock").record.id;
  connect(there, "stock");
  GivesUpStock publisher{servers, acme};
  CHECK(acme.census(publisher).missed.empty());
  CHECK(acme.find_database(db("stock"))->state == DatabaseState::disabled);
  CHECK(record(there).sessions == 0);
  CHECK_FALSE(record(there).last_seen_at.has_value());
}

TEST_CASE_METHOD(Connected, "a certificate of somebody else's is shown as it is, and nothing is recorded of it", "[census]") {
  const Issuer foreign = Issuer::self_signed({.space = SpaceName{"umbrella"}}, PrivateKey::generate(), kStart);
  servers.open_session("sales", foreign.issue_with_key(ClientSubject{.role = RoleName{"app"}}, kStart).certificate());
  const Census census = acme.census(servers);
  REQUIRE(census.found.size() == 1);
  CHECK_FALSE(census.found[0].certificate.has_value());
  CHECK(census.found[0].issuer == foreign.certificate().subject());
  CHECK(sql("select count(*) from sightings") == "0\n");
}

TEST_CASE_METHOD(Connected, "a server that cannot be asked is named, and told of by sweeps after a week", "[census]") {
  acme.census(servers);
  servers.down = true;
  const Census census = acme.census(servers);
  REQUIRE(census.missed.size() == 1);
  CHECK(census.missed[0].database == db());
  CHECK(census.missed[0].code == Errc::unreachable);
  CHECK(sweep().census.late.empty());
  clock.advance(std::chrono::days{7});
  CHECK(sweep().census.late.empty());
  clock.advance(std::chrono::seconds{1});
  const SweepPart part = sweep().census;
  REQUIRE(part.late.size() == 1);
  CHECK_THAT(part.late[0].what, ContainsSubstring("nobody was counted there since 2026-11-24"));
  CHECK(part.failed.empty());
}

// --- what follows ---

TEST_CASE_METHOD(Connected, "a root is not retired while a session of it is open", "[census][rotation]") {
  acme.revoke(other, RevocationReason::superseded);
  connect(client);
  sweep();
  acme.rotate(RotationStep::prepare);
  sweep();
  acme.rotate(RotationStep::activate);
  for (const CertificateRecord& one : acme.certificates(db()).items) {
    if (one.kind == CertificateKind::client && !one.revocation) acme.revoke(one.id, RevocationReason::superseded);
  }
  acme.force_server(db());
  sweep();
  for (const CertificateRecord& one : acme.certificates(db()).items) {
    if (one.generation == 1 && !one.revocation) acme.revoke(one.id, RevocationReason::superseded);
  }
  sweep();
  const Refused no = refused([&] { acme.rotate(RotationStep::retire); });
  CHECK(no.code == Errc::policy);
  CHECK_THAT(no.text, ContainsSubstring("root 1") && ContainsSubstring(client.text()) && ContainsSubstring("database \"sales\""));
  const SweepReport report = sweep();
  REQUIRE(report.roots.late.size() == 1);
  CHECK(report.roots.late[0].what == no.text);
  servers.servers.at("sales").sessions.clear();
  sweep();
  CHECK(acme.describe().roots.front().state == RootState::retired);
}

TEST_CASE_METHOD(Connected, "the owner is reminded while the old certificate is in use, though its successor was fetched",
                 "[census][reminders]") {
  for (int week = 0; week < 46; ++week) {
    clock.advance(std::chrono::days{7});
    sweep();
  }
  const CertificateId successor = record(client).successor.value();
  acme.download(successor);
  acme.download(record(other).successor.value());
  mail.delivered.clear();
  const auto reminded = [this] {
    std::vector<CertificateId> ids;
    for (const Notice& notice : mail.delivered) {
      if (notice.kind == NoticeKind::reminder) ids.push_back(notice.certificate);
    }
    return ids;
  };
  connect(client);
  clock.set(record(client).not_after - std::chrono::days{29});
  authority->accept_clock(kOps);
  sweep();
  CHECK(std::ranges::count(reminded(), successor) == 1);
  CHECK(std::ranges::count(reminded(), record(other).successor.value()) == 0);
}

TEST_CASE_METHOD(Connected, "by hand too a server moves to the new root only when its holders know that, or when it is forced",
                 "[rotation]") {
  acme.download(client);
  acme.download(other);
  acme.rotate(RotationStep::prepare);
  sweep();
  acme.rotate(RotationStep::activate);
  const Refused no = refused([&] { acme.issue_server(db()); });
  CHECK(no.code == Errc::policy);
  CHECK_THAT(no.text, ContainsSubstring("stays under root 1") && ContainsSubstring("force_server"));
  const auto moved = [this] { return std::ranges::count(acme.certificates(db()).items, 2U, &CertificateRecord::generation) == 1; };
  CHECK_FALSE(moved());
  acme.force_server(db());
  CHECK(moved());
  acme.distrust(1);  // a server under it moves whoever knows the new one
}

TEST_CASE_METHOD(Connected, "a holder who was seen to have moved to his successor keeps no server under the old root",
                 "[census][rotation]") {
  acme.revoke(other, RevocationReason::superseded);
  for (const CertificateRecord& one : acme.certificates(db()).items) {
    if (one.kind == CertificateKind::client && one.id != client && !one.revocation) {
      acme.revoke(one.id, RevocationReason::superseded);
    }
  }
  acme.download(client);
  connect(client);
  sweep();
  acme.rotate(RotationStep::prepare);
  sweep();
  acme.rotate(RotationStep::activate);
  const CertificateId successor = acme.renew(client).record.id;  // fetched, with both roots
  const auto waits = [](const SweepReport& report) {
    return std::ranges::any_of(report.renewals.late, [](const SweepPart::Item& item) { return item.object == "sales"; });
  };
  clock.advance(std::chrono::hours{1});
  CHECK(waits(sweep()));  // he still comes with the old one, whose bundle lacks the new root
  servers.servers.at("sales").sessions.clear();
  connect(successor);
  clock.advance(std::chrono::hours{1});
  CHECK_FALSE(waits(sweep()));
  CHECK(acme.certificates(db()).items.back().generation == 2);
}

// --- what was given up ---

class Renewed : public Connected {
 public:
  Renewed() : successor(acme.renew(client).record.id) {}
  SweepReport sweep_revoking(int days) {
    return authority->sweep({.publisher = &servers, .notifier = &mail, .revoke_abandoned_after = std::chrono::days{days}});
  }
  CertificateId successor;
};

TEST_CASE_METHOD(Renewed, "a certificate that was given up for its successor is revoked after the days that were said",
                 "[census][renewal]") {
  connect(client);
  sweep_revoking(14);
  servers.servers.at("sales").sessions.clear();
  connect(successor);
  clock.advance(std::chrono::days{1});
  sweep_revoking(14);
  for (int day = 0; day < 13; ++day) {
    clock.advance(std::chrono::days{1});
    CHECK(sweep_revoking(14).renewals.done.empty());
  }
  clock.advance(std::chrono::days{1});
  const SweepReport report = sweep_revoking(14);
  REQUIRE(report.renewals.done.size() == 1);
  CHECK(report.renewals.done[0].object == client.text());
  CHECK(record(client).revocation->reason == RevocationReason::superseded);
  CHECK_FALSE(record(successor).revocation.has_value());
  CHECK_FALSE(record(other).revocation.has_value());
  check_whole();
}

TEST_CASE_METHOD(Renewed, "one that is in use, or whose successor never was, lives on", "[census][renewal]") {
  SECTION("in use") {
    connect(client);
    connect(successor);
  }
  SECTION("its successor never was") {}
  for (int day = 0; day < 40; ++day) {
    sweep_revoking(14);
    clock.advance(std::chrono::days{1});
  }
  CHECK_FALSE(record(client).revocation.has_value());
}

TEST_CASE_METHOD(Renewed, "where nobody was counted for a week nothing is taken for given up", "[census][renewal]") {
  connect(successor);
  sweep_revoking(14);
  servers.down = true;
  clock.advance(std::chrono::days{40});
  authority->accept_clock(kOps);
  sweep_revoking(14);
  CHECK_FALSE(record(client).revocation.has_value());
}

// Played servers, of which one does not show its sessions.
class OneIsDumb final : public Publisher {
 public:
  OneIsDumb(PlayedServers& servers, std::string dumb) : servers_(servers), dumb_(std::move(dumb)) {}

  Survey survey(const ServedDatabase& where, const Publication& what) override { return servers_.survey(where, what); }
  void publish(const ServedDatabase& where, const Publication& what, const std::vector<Probe>& probes) override {
    servers_.publish(where, what, probes);
  }
  void withdraw(const ServedDatabase& where) override { servers_.withdraw(where); }
  Served current(const ServedDatabase& where) override { return servers_.current(where); }
  std::vector<LiveSession> sessions(const ServedDatabase& where) override {
    if (where.database.text() == dumb_) throw Error{Errc::permission, "server: does not show its sessions"};
    return servers_.sessions(where);
  }
  std::vector<LiveSession> disconnect(const ServedDatabase& where, const std::vector<ShownCertificate>& shown) override {
    return servers_.disconnect(where, shown);
  }

 private:
  PlayedServers& servers_;
  std::string dumb_;
};

TEST_CASE_METHOD(Renewed, "nothing is taken for given up while a server that lets it in too is not counted", "[census][renewal]") {
  const auto [bound, is_revoked] = GENERATE(table<BoundTo, bool>({{BoundTo::space, false}, {BoundTo::database, true}}));
  database(acme, "stock");
  acme.enable_mtls(db("stock"), {.access = {.binding = bound}});
  OneIsDumb dumb{servers, "stock"};
  connect(successor);
  for (int day = 0; day < 20; ++day) {
    authority->sweep({.publisher = &dumb, .revoke_abandoned_after = std::chrono::days{14}});
    clock.advance(std::chrono::days{1});
  }
  CHECK(record(client).revocation.has_value() == is_revoked);
}

TEST_CASE_METHOD(Renewed, "nothing is taken for given up where a server of the space cannot be counted", "[census][renewal]") {
  DatabaseSpec elsewhere = spec("stock");
  elsewhere.data_directory.clear();
  acme.create_database(std::move(elsewhere));
  acme.enable_mtls(db("stock"));
  connect(successor);
  for (int day = 0; day < 20; ++day) {
    sweep_revoking(14);
    clock.advance(std::chrono::days{1});
  }
  CHECK_FALSE(record(client).revocation.has_value());
}

TEST_CASE_METHOD(Connected, "a server that never was counted is told of a week after it was enabled", "[census]") {
  serve(acme, "stock");
  OneIsDumb dumb{servers, "stock"};
  clock.advance(std::chrono::days{7});
  CHECK(authority->take_census(dumb).late.empty());
  clock.advance(std::chrono::seconds{1});
  const SweepPart part = authority->take_census(dumb);
  REQUIRE(part.late.size() == 1);
  CHECK(part.late[0].object == "stock");
  CHECK(part.late[0].what == "nobody was counted there since 2026-11-24 10:00:00: server: does not show its sessions");
}

TEST_CASE_METHOD(Renewed, "unless it is asked for, what was given up lives to its end", "[census][renewal]") {
  connect(successor);
  for (int day = 0; day < 40; ++day) {
    sweep();
    clock.advance(std::chrono::days{1});
  }
  CHECK_FALSE(record(client).revocation.has_value());
}

// --- disconnecting ---

TEST_CASE_METHOD(Connected, "sessions of a revoked certificate live on unless they are to end", "[disconnect]") {
  connect(client);
  acme.revoke(client, RevocationReason::key_compromise);
  CHECK(sweep().publications.ended.empty());
  CHECK(open() == 1);
}

TEST_CASE_METHOD(Connected, "sessions of a revoked certificate end once the server is proved to refuse it", "[disconnect]") {
  connect(client);
  connect(client);
  connect(other);
  acme.revoke(client, RevocationReason::key_compromise, {}, OpenSessions::end);
  CHECK(open() == 3);
  const SweepPart part = sweep().publications;
  REQUIRE(part.ended.size() == 2);
  CHECK(part.ended[0].database == db());
  CHECK(part.ended[0].session.serial == record(client).serial);
  CHECK(open() == 1);
  CHECK(disconnections() == std::vector{record(client).serial.hex() + " 2"});
  CHECK_FALSE(acme.find_database(db())->publication_pending);
  CHECK(sweep().publications.ended.empty());
  check_whole();
}

TEST_CASE_METHOD(Connected, "while the server is out of reach they wait, and the next sweep ends them", "[disconnect]") {
  connect(client);
  servers.down = true;
  acme.revoke(client, RevocationReason::key_compromise, {}, OpenSessions::end);
  CHECK(sweep().publications.failed.size() == 1);
  CHECK(acme.find_database(db())->publication_pending);
  servers.down = false;
  CHECK(sweep().publications.ended.size() == 1);
  CHECK(open() == 0);
}

TEST_CASE_METHOD(Connected, "a server that took the list and then went away is asked again", "[disconnect]") {
  class GoesAway final : public AroundServers {
   public:
    explicit GoesAway(PlayedServers& servers) : AroundServers(servers), its_servers_(servers) {}

   private:
    void after_publishing() override { its_servers_.down = true; }
    PlayedServers& its_servers_;
  } unsteady{servers};
  connect(client);
  acme.revoke(client, RevocationReason::key_compromise, {}, OpenSessions::end);
  const SweepPart part = authority->publish_pending(unsteady);
  CHECK(part.done.size() == 1);
  REQUIRE(part.failed.size() == 1);
  CHECK(part.failed[0].code == Errc::unreachable);
  CHECK(record(client).state == CertificateState::disabled);  // that was proved
  CHECK(acme.find_database(db())->publication_pending);
  servers.down = false;
  const int publications = servers.servers.at("sales").publications;
  CHECK(sweep().publications.ended.size() == 1);
  CHECK(servers.servers.at("sales").publications == publications);
  CHECK(disconnections().size() == 1);
}

TEST_CASE_METHOD(Connected, "sessions end at every server of the space", "[disconnect]") {
  serve(acme, "stock");
  connect(client);
  connect(client, "stock");
  acme.revoke(client, RevocationReason::key_compromise, {}, OpenSessions::end);
  CHECK(sweep().publications.ended.size() == 2);
  CHECK(open() + open("stock") == 0);
}

TEST_CASE_METHOD(Connected, "whoever was revoked before can still be disconnected", "[disconnect]") {
  connect(client);
  acme.revoke(client, RevocationReason::key_compromise);
  sweep();
  CHECK(open() == 1);
  acme.revoke(client, RevocationReason::key_compromise, {}, OpenSessions::end);
  CHECK(sweep().publications.ended.size() == 1);
  CHECK(open() == 0);
}

TEST_CASE_METHOD(Connected, "sessions of a serial that this store never saw end too", "[disconnect]") {
  const Serial lost{"0123456789ABCDEF0123456789ABCDEF"};
  servers.servers.at("sales").sessions.push_back({.pid = 1,
                                                  .user = "app",
                                                  .database = "orders",
                                                  .address = "192.0.2.7",
                                                  .application = "",
                                                  .serial = lost,
                                                  .issuer = acme.describe().roots.front().certificate.subject(),
                                                  .since = kStart});
  acme.revoke_serial(1, lost, RevocationReason::key_compromise, {}, OpenSessions::end);
  CHECK(sweep().publications.ended.size() == 1);
  CHECK(open() == 0);
}

TEST_CASE_METHOD(Connected, "sessions of a distrusted root end when the server has it no more", "[disconnect][rotation]") {
  connect(client);
  connect(other);
  acme.distrust(1);
  CHECK(open() == 2);
  CHECK(sweep().publications.ended.size() == 2);
  CHECK(open() == 0);
  CHECK(disconnections() == std::vector<std::string>{"all 2"});
}

TEST_CASE_METHOD(Connected, "where mTLS is disabled meanwhile they end as well", "[disconnect]") {
  connect(client);
  servers.down = true;
  acme.revoke(client, RevocationReason::key_compromise, {}, OpenSessions::end);
  acme.disable_mtls(db());
  servers.down = false;
  CHECK(sweep().publications.ended.size() == 1);
  CHECK(sql("select count(*) from disconnections") == "0\n");
}

// --- a shield ---

TEST_CASE("a shield disconnects whoever is revoked unless it is told otherwise, and tells of each download of a key",
          "[disconnect][shield]") {
  AuthorityScene scene{kStart, FolderOn::memory};
  const Space shield = scene.authority->create_space(SpaceName{"vault9"}, kOps, SpaceKind::shield);
  scene.serve(shield);
  const Bundle first = shield.issue_client(db());
  const Bundle second = shield.issue_client(db());
  for (const Bundle* bundle : {&first, &second}) scene.servers.open_session("sales", bundle->chain.front());
  shield.revoke(first.record.id, RevocationReason::key_compromise);
  shield.revoke(second.record.id, RevocationReason::key_compromise, {}, OpenSessions::live_on);
  CHECK(scene.sweep().publications.ended.size() == 1);
  CHECK(scene.servers.servers.at("sales").sessions.size() == 1);

  const Bundle third = shield.issue_client(db());
  scene.mail.delivered.clear();
  shield.download(third.record.id);
  shield.download(third.record.id);
  scene.sweep();
  REQUIRE(scene.mail.delivered.size() == 2);
  for (const Notice& notice : scene.mail.delivered) {
    CHECK(notice.kind == NoticeKind::downloaded);
    CHECK(notice.certificate == third.record.id);
  }
  // A bundle without a key is none.
  const Bundle own = shield.issue_client(db(), {.csr = CertificateRequest::from_pem(kRequest)});
  scene.mail.delivered.clear();
  shield.download(own.record.id);
  scene.sweep();
  CHECK(scene.mail.delivered.empty());
}

TEST_CASE("a private space tells nobody of downloads", "[shield]") {
  AuthorityScene scene{kStart, FolderOn::memory};
  const Space acme = scene.space();
  scene.database(acme);
  acme.download(acme.issue_client(db()).record.id);
  scene.sweep();
  CHECK(scene.mail.delivered.empty());
}

}  // namespace
}  // namespace spaceca::test
