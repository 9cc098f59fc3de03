// Roots and their lives: next, active, retiring, retired; and distrusted.
#include <algorithm>
#include <iterator>
#include <map>
#include <memory>

#include <fmt/format.h>

#include <spaceca/authority.h>
#include <spaceca/error.h>

#include "service/aftermath.h"
#include "service/audit_chain.h"
#include "service/census.h"
#include "service/clock_watch.h"
#include "service/core.h"
#include "service/databases.h"
#include "service/idempotency.h"
#include "service/issuance.h"
#include "service/renewal.h"
#include "service/roots.h"
#include "service/words.h"
#include "store/certificates.h"
#include "store/databases.h"
#include "store/notices.h"
#include "store/sightings.h"
#include "store/spaces.h"

namespace spaceca {
namespace service {
namespace {

// A root serves until thirteen months before its end. The next one is made seventeen months before that day, and takes over four
// months before it: so much may a server that is out of reach delay it, and so that the last certificate has ended, and is known to
// have, before the root does.
constexpr std::chrono::months kPrepareBefore{30};
constexpr std::chrono::months kActivateBefore{17};
constexpr std::chrono::days kReminder{30};
constexpr std::int64_t kAtATime = 500;
constexpr std::chrono::days kKeysForgotten{30};  // idempotency keys

struct Generations {
  std::optional<store::RootRow> next;
  std::optional<store::RootRow> active;
  std::vector<store::RootRow> retiring;
};

Generations read_generations(sql::Transaction& tx, const Id& space) {
  Generations roots;
  for (store::RootRow& root : store::roots_of(tx, space)) {
    if (root.state == "next") {
      roots.next = std::move(root);
    } else if (root.state == "active") {
      roots.active = std::move(root);
    } else if (root.state == "retiring") {
      roots.retiring.push_back(std::move(root));
    }
  }
  return roots;
}

// Of that generation, and not retired.
store::RootRow get_root(sql::Transaction& tx, const Id& space, unsigned generation) {
  for (store::RootRow& root : store::roots_of(tx, space)) {
    if (root.generation == generation && root.state != "retired") return std::move(root);
  }
  throw Error{Errc::not_found, fmt::format("root of generation {}: is not there, or is not trusted any more", generation)};
}

[[noreturn]] void refuse(std::string_view why) { throw Error{Errc::policy, fmt::format("root rotation: {}", why)}; }

// Which enabled server is not proved to trust a root; empty if all are.
std::string unproved_server(sql::Transaction& tx, const Id& space, const store::RootRow& root) {
  for (const store::DatabaseRow& database : store::served_databases(tx, space)) {
    if (!is_enabled(database)) continue;
    const auto proofs = store::proofs(tx, database.id);
    if (std::ranges::find(proofs, root.id, &store::Proof::root) == proofs.end()) return database.name;
  }
  return {};
}

bool has_live_certificate(sql::Transaction& tx, const store::RootRow& root, Instant now) {
  return !store::live_certificates_of_root(tx, root.id, now, {}, 1).empty();
}

void move(sql::Transaction& tx, const store::RootRow& root, std::string_view to, Instant now) {
  if (!store::move_root(tx, root.id, root.state, to, now)) refuse("somebody else moved a root at the same moment");
}

// --- the four steps; each is a refusal or a change within a transaction ---

AuditEvent activate(sql::Transaction& tx, const Id& space, Instant now) {
  const Generations roots = read_generations(tx, space);
  if (!roots.next) refuse("there is no next root; prepare one");
  if (const std::string server = unproved_server(tx, space, *roots.next); !server.empty()) {
    refuse(fmt::format("the server of database \"{}\" is not proved to trust root {}", server, roots.next->generation));
  }
  if (roots.active) move(tx, *roots.active, "retiring", now);
  move(tx, *roots.next, "active", now);
  return {.verb = "activate_root", .object = std::to_string(roots.next->generation)};
}

AuditEvent roll_back(sql::Transaction& tx, const Id& space, Instant now) {
  const Generations roots = read_generations(tx, space);
  if (roots.next) refuse(fmt::format("root {} is next already", roots.next->generation));
  if (!roots.active || roots.retiring.empty()) refuse("there is no retiring root to go back to");
  if (has_live_certificate(tx, *roots.active, now)) {
    refuse(fmt::format("root {} has live certificates; go forward to another one instead", roots.active->generation));
  }
  move(tx, *roots.active, "next", now);
  move(tx, roots.retiring.back(), "active", now);
  return {.verb = "roll_back_root", .object = std::to_string(roots.retiring.back().generation)};
}

// Those that nothing of is alive.
std::vector<store::RootRow> retire(sql::Transaction& tx, const Id& space, Instant now, Instant dead_since) {
  std::vector<store::RootRow> retired;
  for (store::RootRow& root : read_generations(tx, space).retiring) {
    if (has_live_certificate(tx, root, dead_since)) continue;
    if (const auto open = store::any_session_of_root(tx, root.id)) {
      refuse(fmt::format("root {}: certificate {} has a session at the server of database \"{}\" still", root.generation,
                         certificate_id(open->certificate).text(), store::database_of(tx, open->database).name));
    }
    move(tx, root, "retired", now);
    store::forget_key(tx, root.id);
    retired.push_back(std::move(root));
  }
  if (!retired.empty()) {
    store::move_epoch(tx, space);
    store::want_publications(tx, space);
  }
  return retired;
}

void destroy_keys(Core& core, const std::vector<store::RootRow>& roots) {
  for (const store::RootRow& root : roots) {
    core.issuers.forget(root.id);
    const Certificate certificate = core.issuers.certificate_of(root);
    core.vault.destroy_signing_key(
        {.space = root.space, .row = root.id, .purpose = kRootKey, .public_key = certificate.public_key().spki_der()},
        root.key_handle);
  }
}

// Adds a root in that state. Retires first: only one is active at a time.
void prepare(Core& core, const Id& space, const SpaceName& name, const Actor& actor, const Once* request) {
  const Instant now = core.now();
  std::int64_t generation = 0;
  {
    const auto tx = core.driver.read();
    const Generations roots = read_generations(*tx, space);
    if (roots.next) refuse(fmt::format("root {} is next already; activate it", roots.next->generation));
    generation = store::space_of(*tx, space).last_generation + 1;
  }
  // Its first day lies back, so that it is valid too where a clock that ran ahead is put right.
  NewRoot root = make_root(core, space, name, generation, "next", now - kUnnoticed);
  root.row.created_at = now;
  core.commits.run([&](sql::Transaction& tx) {
    if (store::take_generation(tx, space) != generation || !store::insert(tx, root.row, root.crl)) {
      refuse("somebody else made a root at the same moment");
    }
    store::move_epoch(tx, space);
    store::want_publications(tx, space);
    if (request != nullptr) request->record(tx, std::span{&root.row.id, 1}, now);
    record(tx, core.vault, space, now, actor,
           {.verb = "prepare_root",
            .object = std::to_string(generation),
            .details = {{"serial", root.issuer->certificate().serial().hex()}}});
  });
  core.issuers.add(root.row.id, root.issuer);
}

void step(Core& core, const Id& space, const SpaceName& name, RotationStep which, const Actor& actor, const Once* request) {
  if (which == RotationStep::prepare) {
    prepare(core, space, name, actor, request);
    return;
  }
  const Instant now = core.now();
  std::vector<store::RootRow> retired;
  core.commits.run([&](sql::Transaction& tx) {
    std::vector<AuditEvent> events;
    retired.clear();
    switch (which) {
      case RotationStep::activate: events.push_back(activate(tx, space, now)); break;
      case RotationStep::rollback: events.push_back(roll_back(tx, space, now)); break;
      case RotationStep::retire:
        // By itself only when the last one ended long ago.
        retired = retire(tx, space, now, request != nullptr ? now : now - kUnnoticed);
        if (retired.empty()) refuse("no root is retiring of which nothing is alive");
        for (const store::RootRow& root : retired) {
          events.push_back({.verb = "retire_root", .object = std::to_string(root.generation)});
        }
        break;
      case RotationStep::prepare: break;
    }
    if (request != nullptr) request->record(tx, std::span{&space, 1}, now);
    record(tx, core.vault, space, now, actor, events);
  });
  destroy_keys(core, retired);
}

// Notices to those whose bundle lacks a root that will issue, once, and again every thirty days.
void remind(Core& core, const Id& space, const SpaceName& name, const store::RootRow& root, Deadline deadline, SweepPart& part) {
  const Instant now = core.now();
  const std::string occasion = fmt::format("{}.{}", root.generation, (now - root.created_at) / kReminder);
  for (;;) {
    if (std::chrono::steady_clock::now() >= deadline) {
      part.unfinished = true;
      return;
    }
    std::size_t told = 0;
    core.commits.run([&](sql::Transaction& tx) {
      const auto rows = store::certificates_to_tell(tx, space, root.generation, occasion, now, kAtATime);
      for (const store::CertificateRow& row : rows) tell(tx, row.id, NoticeKind::roots_changed, occasion, now);
      told = rows.size();
    });
    if (told == 0) return;
    part.done.push_back({name, fmt::format("root {}", root.generation), fmt::format("{} holders are told of it", told)});
  }
}

// --- what a compromise leaves behind ---

std::vector<store::CertificateRow> live_of_root(Core& core, const Id& root) {
  const Instant now = core.now();
  const auto tx = core.driver.read();
  std::vector<store::CertificateRow> live;
  Bytes after;
  for (;;) {
    auto page = store::live_certificates_of_root(*tx, root, now, after, 1000);
    if (page.empty()) return live;
    after = page.back().serial;
    std::ranges::move(page, std::back_inserter(live));
  }
}

// Whether a server's certificate is what its database serves.
bool is_served(Core& core, const store::CertificateRow& row) {
  const auto tx = core.driver.read();
  const store::DatabaseRow database = store::database_of(*tx, row.database);
  return is_enabled(database) && database.server_certificate == row.id;
}

// Successors for what is alive under a distrusted root and has none. Many commits: whoever comes next, by the verb or by a sweep,
// goes on where it broke off.
std::size_t reissue(Core& core, const Id& space, const SpaceName& name, const Id& root, const Actor& actor) {
  std::map<Id, std::vector<store::CertificateRow>> clients;  // by database
  std::size_t done = 0;
  for (store::CertificateRow& row : live_of_root(core, root)) {
    if (row.kind == "client") {
      if (!row.successor) clients[row.database].push_back(std::move(row));
    } else if (is_served(core, row)) {
      const Space verbs{std::make_shared<const Space::Impl>(Space::Impl{core, space, name, actor})};
      verbs.issue_server(DatabaseName{row.database_name});
      ++done;
    }
  }
  for (const auto& [database, rows] : clients) done += renew_rows(core, space, database, rows, actor, "reissue").size();
  return done;
}

// What took the place of what was alive under a distrusted root.
std::vector<Id> successors_under(Core& core, const Id& root) {
  std::vector<Id> found;
  for (const store::CertificateRow& row : live_of_root(core, root)) {
    if (row.kind == "client") {
      if (row.successor) found.push_back(*row.successor);
      continue;
    }
    const auto tx = core.driver.read();
    const store::DatabaseRow database = store::database_of(*tx, row.database);
    if (!is_enabled(database) || !database.server_certificate || database.server_certificate == row.id) continue;
    if (std::ranges::find(found, *database.server_certificate) == found.end()) found.push_back(*database.server_certificate);
  }
  return found;
}

void reissue_distrusted(Core& core, const store::SpaceRow& space, SweepPart& part) {
  const SpaceName name{space.name};
  const auto roots = [&] {
    const auto tx = core.driver.read();
    return store::roots_of(*tx, space.id);
  }();
  for (const store::RootRow& root : roots) {
    if (root.state != "distrusted") continue;
    const std::string object = fmt::format("root {}", root.generation);
    try {
      const std::size_t done = reissue(core, space.id, name, root.id, sweeper());
      if (done != 0) part.done.push_back({name, object, fmt::format("{} certificates under it were reissued", done)});
    } catch (const Error& error) {
      part.failed.push_back({name, object, error.what(), error.code()});
    }
  }
}

void advance(Core& core, const store::SpaceRow& space, Deadline deadline, SweepPart& part) {
  const SpaceName name{space.name};
  const Instant now = core.now();
  const Generations roots = [&] {
    const auto tx = core.driver.read();
    return read_generations(*tx, space.id);
  }();
  const auto attempt = [&](RotationStep which, std::string_view done, const std::string& object) {
    try {
      step(core, space.id, name, which, sweeper(), nullptr);
      part.done.push_back({name, object, std::string{done}});
    } catch (const Error& error) {
      (error.code() == Errc::policy ? part.late : part.failed).push_back({name, object, error.what(), error.code()});
    }
  };
  if (roots.active && !roots.next && months_after(roots.active->not_after, -kPrepareBefore) <= now) {
    attempt(RotationStep::prepare, "the next root is made", fmt::format("root {}", space.last_generation + 1));
  }
  if (roots.active && roots.next && months_after(roots.active->not_after, -kActivateBefore) <= now) {
    attempt(RotationStep::activate, "issues from now on", fmt::format("root {}", roots.next->generation));
  }
  const bool any_dead = [&] {
    const auto tx = core.driver.read();
    return std::ranges::any_of(roots.retiring,
                               [&](const store::RootRow& root) { return !has_live_certificate(*tx, root, now - kUnnoticed); });
  }();
  if (any_dead) attempt(RotationStep::retire, "retired, its key is destroyed", "retiring roots");

  const auto tx = core.driver.read();
  const Generations after = read_generations(*tx, space.id);
  if (after.next) remind(core, space.id, name, *after.next, deadline, part);
  if (after.active && !after.retiring.empty()) remind(core, space.id, name, *after.active, deadline, part);
}

}  // namespace
}  // namespace service

SpaceRecord Space::rotate(RotationStep step, const WriteOptions& options) const {
  service::Core& core = impl_->authority;
  const service::Once once{impl_->id, options, "rotate", impl_->actor, std::to_string(static_cast<int>(step))};
  const auto perform = [&](const service::Once& request) {
    {
      const auto tx = core.driver.read();
      if (service::clock_verdict(*tx, core.now()).suspect) service::refuse("the clock is suspect; accept it first");
    }
    service::step(core, impl_->id, impl_->name, step, impl_->actor, &request);
    return service::after("root rotation: the step is done", [&] { return describe(); });
  };
  return once.run(core.driver, perform, [&](const service::Ids&) { return describe(); });
}

std::vector<CertificateRecord> Space::distrust(unsigned generation, const WriteOptions& options) const {
  service::Core& core = impl_->authority;
  const Instant now = core.now();
  const service::Once once{impl_->id, options, "distrust", impl_->actor, std::to_string(generation)};

  const auto perform = [&](const service::Once& request) {
    store::RootRow root;
    service::Generations roots;
    std::int64_t fresh_generation = 0;
    {
      const auto tx = core.driver.read();
      root = service::get_root(*tx, impl_->id, generation);
      if (root.state == "distrusted") return root.id;  // it may have broken off
      roots = service::read_generations(*tx, impl_->id);
      fresh_generation = store::space_of(*tx, impl_->id).last_generation + 1;
    }
    const auto live = service::live_of_root(core, root.id);
    const bool needs_root = root.state == "active" && !roots.next;
    std::optional<service::NewRoot> fresh;
    if (needs_root) fresh.emplace(service::make_root(core, impl_->id, impl_->name, fresh_generation, "active", now));
    core.commits.run([&](sql::Transaction& tx) {
      service::move(tx, root, "distrusted", now);
      if (fresh) {
        if (store::take_generation(tx, impl_->id) != fresh_generation || !store::insert(tx, fresh->row, fresh->crl)) {
          service::refuse("somebody else made a root at the same moment");
        }
      } else if (root.state == "active") {
        service::move(tx, *roots.next, "active", now);
      }
      store::move_epoch(tx, impl_->id);
      store::want_publications(tx, impl_->id);
      service::order_disconnection(tx, impl_->id, {.root = root.id, .serial = {}, .mark = 0});
      request.record(tx, std::span{&root.id, 1}, now);
      service::record(
          tx, core.vault, impl_->id, now, impl_->actor,
          {.verb = "distrust", .object = std::to_string(generation), .details = {{"live", std::to_string(live.size())}}});
    });
    if (fresh) core.issuers.add(fresh->row.id, fresh->issuer);
    return root.id;
  };
  const service::Id root = once.run(core.driver, perform, [](const service::Ids& before) { return before.front(); });
  return service::after(fmt::format("root {} is distrusted; the next sweep reissues what is not reissued yet", generation), [&] {
    static_cast<void>(service::reissue(core, impl_->id, impl_->name, root, impl_->actor));
    std::vector<CertificateRecord> successors;
    for (const service::Id& id : service::successors_under(core, root)) {
      successors.push_back(find_certificate(service::certificate_id(id)).value());
    }
    return successors;
  });
}

SweepPart Authority::advance_roots(Deadline deadline) {
  service::Core& core = *impl_;
  SweepPart part;
  const bool suspect = [&] {
    const auto tx = core.driver.read();
    return service::clock_verdict(*tx, core.now()).suspect;
  }();
  std::string after;
  for (;;) {
    const auto spaces = [&] {
      const auto tx = core.driver.read();
      return store::spaces(*tx, after, service::kAtATime);
    }();
    if (spaces.empty()) break;
    for (const store::SpaceRow& space : spaces) {
      if (std::chrono::steady_clock::now() >= deadline) {
        part.unfinished = true;
        return part;
      }
      service::reissue_distrusted(core, space, part);
      if (!suspect) service::advance(core, space, deadline, part);
    }
    after = spaces.back().name;
  }
  if (suspect) return part;
  const Instant now = core.now();
  core.commits.run([&](sql::Transaction& tx) { store::forget_idempotency_keys(tx, now - service::kKeysForgotten); });
  return part;
}

SweepReport Authority::sweep(const SweepOptions& options) {
  SweepReport report;
  report.clock_suspect = service::look_at_clock(*impl_).suspect;
  if (options.publisher != nullptr) report.census = take_census(*options.publisher, options.deadline);
  report.renewals = renew_due(options.deadline);
  if (options.revoke_abandoned_after) {
    SweepPart abandoned = revoke_abandoned(*options.revoke_abandoned_after, options.deadline);
    std::ranges::move(abandoned.done, std::back_inserter(report.renewals.done));
    std::ranges::move(abandoned.failed, std::back_inserter(report.renewals.failed));
    report.renewals.unfinished = report.renewals.unfinished || abandoned.unfinished;
  }
  report.crls = refresh_crls(options.deadline);
  report.roots = advance_roots(options.deadline);
  if (options.publisher != nullptr) report.publications = publish_pending(*options.publisher, options.deadline);
  if (options.notifier != nullptr) report.notices = deliver_notices(*options.notifier, options.deadline);
  return report;
}

}  // namespace spaceca
