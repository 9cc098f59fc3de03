// Years of an authority, played: sweeps that come late, break off or meet a wrong clock, mail and servers that fail, clients
// that take their time, and keys that are lost.
//
// What is promised: whoever acts on a notice within sixty days always has a valid certificate and trusts the server that it meets,
// and whoever was revoked stays out. It is promised where no more than fourteen days lie between two good sweeps: whole, at the
// right time, with mail and servers there. Between them may lie as many bad ones as there are.
#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <spaceca/error.h>
#include <spaceca/verify.h>

#include "service/faulty_scene.h"
#include "service/invariants.h"
#include "support/catch.h"
#include "support/replayed_random.h"
#include "support/scale.h"

namespace spaceca::test {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

constexpr days kBetweenGoodSweeps{14};
constexpr days kClientsAct{60};

struct Client {
  std::string database;
  RoleName role;
  std::vector<Certificate> held;  // the newest last
  CertificateId id;               // of that
  std::vector<Certificate> roots;
};

struct Action {
  Instant at;
  std::size_t client;
  NoticeKind kind;
  CertificateId certificate;
};

struct Lost {
  std::string database;
  Certificate certificate;
  bool published = false;
};

class Years {
 public:
  explicit Years(std::uint64_t seed) : drawn_(seed), random_(seed), seed_(seed) {
    AuthorityScene scene{kStart, FolderOn::memory};
    const Space acme = scene.space();
    for (const char* const name : {"sales", "stock"}) scene.serve(acme, name);
    const std::filesystem::path file = scene.file().parent_path() / "prepared.db";
    scene.store->backup(file);
    world_.emplace(scene, file);
    vault_ = std::move(scene.vault);  // the world's authority works with it
    now_ = last_good_ = kStart;
    for (int i = 0; i < 5; ++i) admit(i);
  }

  void live_until(Instant end) {
    while (now_ < end && problems_.empty()) {
      const Instant forced = last_good_ + kBetweenGoodSweeps;
      Instant next = now_ + seconds{hours{6}} + seconds{static_cast<std::int64_t>(random_() % seconds{days{12}}.count())};
      next = std::min(next, forced);
      act_until(next);
      go_to(next);
      meet_servers();
      if (chance(3)) lose_a_key();
      sweep(next == forced);
      if (chance(25)) meet_servers();
    }
    world_->restart();
    for (const std::string& broken : broken_invariants(*world_->driver, *world_->authority)) complain(broken);
  }

  std::vector<std::string> problems() const { return problems_; }
  std::string story() const {
    return fmt::format("seed {}, {} sweeps of which {} good, {} renewals, {} revocations, {} roots, until {}", seed_, sweeps_,
                       good_, renewals_, lost_.size() + forgotten_,
                       world_->authority->space(SpaceName{"acme"}, kOps).describe().roots.size(), text_of(now_));
  }
  // An operator hurries: a new root, and as soon as the servers have it, it issues.
  void rotate_by_hand() {
    world_->authority->accept_clock(kOps);
    space().rotate(RotationStep::prepare);
    sweep(true);
    space().rotate(RotationStep::activate);
  }
  int roots() { return static_cast<int>(space().describe().roots.size()); }
  int renewals() const { return renewals_; }
  bool is_retired(unsigned generation) { return space().describe().roots.at(generation - 1).state == RootState::retired; }

 private:
  Space space() { return world_->space(); }
  bool chance(unsigned percent) { return random_() % 100 < percent; }
  seconds up_to(days most) {
    return seconds{static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(seconds{most}.count()))};
  }
  void complain(const std::string& what) { problems_.push_back(fmt::format("{}: {}", text_of(now_), what)); }
  void go_to(Instant at) {
    now_ = at;
    world_->clock.set(at);
  }

  // --- clients ---

  void admit(int number) {
    const std::string database = number % 2 == 0 ? "sales" : "stock";
    const RoleName role{fmt::format("app{}", number)};
    ClientRequest request{.role = role};
    if (number == 3) request.custody = Custody::once;
    Bundle bundle = space().issue_client(DatabaseName{database}, request);
    clients_.push_back({database, role, {bundle.chain.front()}, bundle.record.id, bundle.roots});
  }

  void take(Client& client, const Bundle& bundle) {
    if (!(bundle.record.id == client.id)) {
      client.held.push_back(bundle.chain.front());
      client.id = bundle.record.id;
      if (client.held.size() > 2) client.held.erase(client.held.begin());
      ++renewals_;
    }
    client.roots = bundle.roots;
  }

  // Notices come from time to time, and are followed within sixty days.
  void read_mail() {
    for (; read_ < world_->mail.delivered.size(); ++read_) {
      const Notice& notice = world_->mail.delivered[read_];
      const CertificateId& about = notice.kind == NoticeKind::renewed ? notice.predecessor.value() : notice.certificate;
      const auto client = std::ranges::find(clients_, about, &Client::id);
      if (client == clients_.end()) continue;
      const auto place = static_cast<std::size_t>(client - clients_.begin());
      actions_.push_back({now_ + up_to(kClientsAct), place, notice.kind, notice.certificate});
    }
  }

  void act_until(Instant end) {
    for (;;) {
      const auto next = std::ranges::min_element(actions_, {}, &Action::at);
      if (next == actions_.end() || next->at > end) return;
      const Action action = *next;
      actions_.erase(next);
      go_to(std::max(now_, action.at));
      Client& client = clients_[action.client];
      expect_valid(client);
      try {
        if (action.kind == NoticeKind::renewed) {
          take(client, space().download(action.certificate));
        } else if (action.kind == NoticeKind::roots_changed && action.certificate == client.id) {
          take(client, space().download(client.id));
        } else if (action.kind == NoticeKind::awaiting_request && action.certificate == client.id) {
          take(client, space().renew(client.id, CertificateRequest::from_pem(request_)));
        }
      } catch (const Error& error) {
        if (error.code() != Errc::policy) complain(fmt::format("a client meets: {}", error.what()));
      }
    }
  }

  bool is_valid(const Certificate& certificate) const {
    return certificate.validity().not_before <= now_ && now_ <= certificate.validity().not_after;
  }
  // What it uses: the newest that is valid.
  const Certificate* used_by(const Client& client) const {
    for (auto one = client.held.rbegin(); one != client.held.rend(); ++one) {
      if (is_valid(*one)) return &*one;
    }
    return nullptr;
  }
  void expect_valid(const Client& client) {
    if (used_by(client) == nullptr) {
      complain(fmt::format("client {} has no valid certificate; its last ended {}", client.role.text(),
                           text_of(client.held.back().validity().not_after)));
    }
  }

  void lose_a_key() {
    const std::size_t which = random_() % clients_.size();
    Client& client = clients_[which];
    for (const Certificate& one : client.held) {
      if (one.validity().not_after >= now_) lost_.push_back({client.database, one});
    }
    std::vector<CertificateId> ids;
    for (const Certificate& one : client.held) {
      for (const CertificateRecord& record : space().find_by_serial(one.serial())) ids.push_back(record.id);
    }
    space().revoke(ids, RevocationReason::key_compromise);
    std::erase_if(actions_, [&](const Action& action) { return action.client == which; });
    Bundle bundle = space().issue_client(DatabaseName{client.database}, {.role = client.role});
    client.held = {bundle.chain.front()};
    client.id = bundle.record.id;
    client.roots = bundle.roots;
  }

  // --- what is seen from outside ---

  // In the words of verify().
  std::string refusal_of(const std::string& database, const Certificate& client) const {
    const PlayedServers::Server& server = world_->servers.servers.at(database);
    Verification what{.chain = {client}, .anchors = server.roots, .purpose = Purpose::client, .now = now_};
    for (const Crl& list : server.crls) what.crls.push_back(list.der());
    std::string text;
    for (const Finding& finding : verify(what)) text += finding.text + "; ";
    return text;
  }

  void meet_servers() {
    for (const Client& client : clients_) {
      expect_valid(client);
      const Certificate* const certificate = used_by(client);
      if (certificate == nullptr || clock_lied_) continue;
      if (!world_->servers.lets_in(client.database, *certificate)) {
        complain(fmt::format("client {} is not let in: {}", client.role.text(), refusal_of(client.database, *certificate)));
      }
      if (!world_->servers.is_taken_by(client.database, client.roots)) {
        complain(fmt::format("client {} does not trust its server", client.role.text()));
      }
    }
    std::vector<Crl> lists;
    if (!lost_.empty()) lists = space().crls();
    for (const Lost& lost : lost_) {
      if (lost.published && world_->servers.lets_in(lost.database, lost.certificate)) {
        complain(fmt::format("serial {} is let in again", lost.certificate.serial().hex()));
      }
      for (const Crl& list : lists) {
        if (!std::ranges::equal(list.issuer_der(), lost.certificate.issuer_der())) continue;
        if (!list.find(lost.certificate.serial())) {
          complain(fmt::format("serial {} has left its list of {} early, it ends {}", lost.certificate.serial().hex(),
                               text_of(list.this_update()), text_of(lost.certificate.validity().not_after)));
        }
      }
    }
    forgotten_ += std::erase_if(lost_, [this](const Lost& lost) { return lost.certificate.validity().not_after < now_; });
  }

  // --- sweeps ---

  void sweep(bool must_be_good) {
    ++sweeps_;
    bool at_right_time = true;
    bool ahead = false;
    SweepOptions options{.publisher = &world_->servers, .notifier = &world_->mail};
    if (!must_be_good) {
      if (chance(15)) {
        ahead = true;
        at_right_time = false;
        world_->clock.advance(seconds{1} + up_to(days{40}));
      } else if (chance(8)) {
        at_right_time = false;
        world_->clock.advance(-up_to(days{2}));
      }
      if (chance(15)) {
        world_->driver->arm(
            {.at = 1 + static_cast<std::int64_t>(random_() % 150), .when = chance(50) ? FaultWhen::before : FaultWhen::after});
      }
      world_->servers.down = chance(7);
      world_->mail.broken = chance(7);
      if (chance(5)) options.deadline = Deadline::min();  // it came before anything was done
    }
    bool whole = true;
    bool suspect = false;
    try {
      const SweepReport report = world_->authority->sweep(options);
      suspect = report.clock_suspect;
      for (const SweepPart* part : {&report.renewals, &report.crls, &report.roots, &report.publications, &report.notices}) {
        whole = whole && part->failed.empty() && !part->unfinished;
        if (must_be_good && !part->failed.empty()) complain("a good sweep: " + part->failed.front().what);
      }
    } catch (const Error&) {
      whole = false;
    }
    if (world_->driver->disarm() || chance(10)) world_->restart();
    world_->servers.down = world_->mail.broken = false;
    if (ahead && (!whole || !suspect)) clock_lied_ = true;
    go_to(now_);
    // Behind what was seen nobody is mailed: it is not good, unless an operator says that the clock is right.
    if (whole && at_right_time && suspect && is_behind()) {
      if (!must_be_good && !chance(30)) whole = false;
      if (whole) {
        world_->authority->accept_clock(kOps);
        sweep_again();
      }
    }
    read_mail();
    if (!whole || !at_right_time) return;
    ++good_;
    last_good_ = now_;
    clock_lied_ = false;
    for (Lost& lost : lost_) lost.published = true;
  }

  void sweep_again() {
    const SweepReport report = world_->authority->sweep({.publisher = &world_->servers, .notifier = &world_->mail});
    for (const SweepPart* part : {&report.renewals, &report.crls, &report.roots, &report.publications, &report.notices}) {
      if (!part->failed.empty()) complain("a good sweep: " + part->failed.front().what);
    }
  }

  // Whether the store has seen a later time than this.
  bool is_behind() {
    const auto seen = world_->driver->read()->execute("SELECT latest_time_seen FROM store")[0].integer(0);
    return Instant{seconds{seen}} > now_;
  }

  ReplayedRandom drawn_;  // identifiers and serials decide what comes first, and so which step a fault hits
  std::mt19937_64 random_;
  std::uint64_t seed_;
  std::string request_{kRequest};
  std::unique_ptr<Vault> vault_;
  std::optional<FaultyWorld> world_;
  Instant now_, last_good_;
  bool clock_lied_ = false;  // a clock ran ahead and was believed: until the next good sweep servers may wait for their day
  std::vector<Client> clients_;
  std::vector<Action> actions_;
  std::vector<Lost> lost_;
  std::size_t forgotten_ = 0;
  int sweeps_ = 0, good_ = 0, renewals_ = 0;
  std::size_t read_ = 0;
  std::vector<std::string> problems_;
};

TEST_CASE("through years of bad sweeps whoever follows the notices is let in, and whoever was revoked is not", "[years]") {
  const int scale = scale_of_tests();
  const auto life = GENERATE_COPY(range(0, scale));
  // A root's whole life by default; with a larger scale as many lives of thirty years.
  const days length = scale > 1 ? days{30 * 365 + 8} : days{10 * 365 + 30};
  Years years{seed_of_tests() + static_cast<std::uint64_t>(life)};
  years.live_until(kStart + length);
  INFO("SPACECA_TEST_SEED: " << years.story());
  CHECK(years.problems() == std::vector<std::string>{});
  CHECK(years.roots() >= (scale > 1 ? 4 : 2));
  CHECK(years.renewals() > (scale > 1 ? 100 : 30));
  CHECK(years.is_retired(1));
  if (scale > 1) WARN(years.story());
}

TEST_CASE("whoever follows the notices is let in though an operator hurries from root to root", "[years]") {
  Years years{seed_of_tests() + 1000};
  for (int year = 1; year <= 3; ++year) {
    years.live_until(kStart + days{365 * year});
    if (year % 2 != 0) years.rotate_by_hand();
  }
  INFO("SPACECA_TEST_SEED: " << years.story());
  CHECK(years.problems() == std::vector<std::string>{});
  CHECK(years.roots() == 3);
}

}  // namespace
}  // namespace spaceca::test
