// Roots and their lives: next, active, retiring, retired. distrust.cc has those that are compromised.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include <spaceca/authority.h>
#include <spaceca/error.h>

#include "service/aftermath.h"
#include "service/attempt.h"
#include "service/audit_chain.h"
#include "service/clock_watch.h"
#include "service/core.h"
#include "service/databases.h"
#include "service/distrust.h"
#include "service/idempotency.h"
#include "service/renewal.h"
#include "service/roots.h"
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
constexpr std::int64_t kSpacesAtATime = 500;

// From when on another root has to be there to follow it.
bool needs_next(const store::RootRow& root, Instant now) { return months_after(root.not_after, -kPrepareBefore) <= now; }

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

}  // namespace

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

bool is_stale(const store::RootRow& next, Instant now) { return needs_next(next, now); }

void refuse_rotation(std::string_view why) { throw Error{Errc::policy, fmt::format("root rotation: {}", why)}; }

void move(sql::Transaction& tx, const store::RootRow& root, std::string_view to, Instant now) {
  if (!store::move_root(tx, root.id, root.state, to, now)) refuse_rotation("somebody else moved a root at the same moment");
}

void destroy_spent_keys(Core& core, const Id& space) {
  const auto roots = [&] {
    const auto tx = core.driver.read();
    return store::roots_of(*tx, space);
  }();
  for (const store::RootRow& root : roots) {
    if (is_trusted(root) || root.key_handle.empty()) continue;
    core.issuers.forget(root.id);
    const Certificate certificate = core.issuers.certificate_of(root);
    core.vault.destroy_signing_key(
        {.space = root.space, .row = root.id, .purpose = kRootKey, .public_key = certificate.public_key().spki_der()},
        root.key_handle);
    core.commits.run([&](sql::Transaction& tx) { store::forget_key(tx, root.id); });
  }
}

namespace {

// --- the four steps; each is a refusal or a change within a transaction ---

AuditEvent activate(sql::Transaction& tx, const Id& space, Instant now) {
  const Generations roots = read_generations(tx, space);
  if (!roots.next) refuse_rotation("there is no next root; prepare one");
  if (is_stale(*roots.next, now)) {
    refuse_rotation(fmt::format("root {} has waited for too long, it ends {}; prepare another one", roots.next->generation,
                                text_of(roots.next->not_after)));
  }
  if (const std::string server = unproved_server(tx, space, *roots.next); !server.empty()) {
    refuse_rotation(fmt::format("the server of database \"{}\" is not proved to trust root {}", server, roots.next->generation));
  }
  if (roots.active) move(tx, *roots.active, "retiring", now);
  move(tx, *roots.next, "active", now);
  return {.verb = "activate_root", .object = std::to_string(roots.next->generation)};
}

AuditEvent roll_back(sql::Transaction& tx, const Id& space, Instant now) {
  const Generations roots = read_generations(tx, space);
  if (roots.next) refuse_rotation(fmt::format("root {} is next already", roots.next->generation));
  if (!roots.active || roots.retiring.empty()) refuse_rotation("there is no retiring root to go back to");
  if (has_live_certificate(tx, *roots.active, now)) {
    refuse_rotation(fmt::format("root {} has live certificates; go forward to another one instead", roots.active->generation));
  }
  const store::RootRow& before = roots.retiring.back();
  if (months_after(now, kLeafLifetime) > before.not_after) {
    refuse_rotation(
        fmt::format("root {} ends {}, too soon for certificates of thirteen months", before.generation, text_of(before.not_after)));
  }
  move(tx, *roots.active, "next", now);
  move(tx, before, "active", now);
  return {.verb = "roll_back_root", .object = std::to_string(before.generation)};
}

// Those that nothing of is alive.
std::vector<AuditEvent> retire(sql::Transaction& tx, const Id& space, Instant now, Instant dead_since) {
  std::vector<AuditEvent> retired;
  for (const store::RootRow& root : read_generations(tx, space).retiring) {
    if (has_live_certificate(tx, root, dead_since)) continue;
    // Past its own end whoever is still connected holds nothing that would be let in again.
    if (const auto open = store::any_session_of_root(tx, root.id); open && !has_ended(root, dead_since)) {
      refuse_rotation(fmt::format("root {}: certificate {} has a session at the server of database \"{}\" still", root.generation,
                                  certificate_id(open->certificate).text(), store::database_of(tx, open->database).name));
    }
    move(tx, root, "retired", now);
    retired.push_back({.verb = "retire_root", .object = std::to_string(root.generation)});
  }
  if (retired.empty()) refuse_rotation("no root is retiring of which nothing is alive");
  store::move_epoch(tx, space);
  store::want_publications(tx, space);
  return retired;
}

// A next root, in the place of one that has waited for too long.
void prepare(Core& core, const Id& space, const SpaceName& name, const Actor& actor, const Once* request) {
  const Instant now = core.now();
  std::int64_t generation = 0;
  std::optional<store::RootRow> stale;
  {
    const auto tx = core.driver.read();
    stale = read_generations(*tx, space).next;
    if (stale && !is_stale(*stale, now)) {
      refuse_rotation(fmt::format("root {} is next already; activate it", stale->generation));
    }
    generation = store::space_of(*tx, space).last_generation + 1;
  }
  // Its first day lies back, so that it is valid too where a clock that ran ahead is put right.
  NewRoot root = make_root(core, space, name, generation, "next", now - kUnnoticed);
  root.row.created_at = now;
  commit_root(core, root, [&](sql::Transaction& tx) {
    std::vector<AuditEvent> events;
    if (stale) {
      move(tx, *stale, "retired", now);
      events.push_back({.verb = "retire_root", .object = std::to_string(stale->generation)});
    }
    if (store::take_generation(tx, space) != generation || !store::insert(tx, root.row, root.crl)) {
      refuse_rotation("somebody else made a root at the same moment");
    }
    store::move_epoch(tx, space);
    store::want_publications(tx, space);
    if (request != nullptr) request->record(tx, std::span{&root.row.id, 1}, now);
    events.push_back({.verb = "prepare_root",
                      .object = std::to_string(generation),
                      .details = {{"serial", root.issuer->certificate().serial().hex()}}});
    record(tx, core.vault, space, now, actor, events);
  });
}

void step(Core& core, const Id& space, const SpaceName& name, RotationStep which, const Actor& actor, const Once* request) {
  if (which == RotationStep::prepare) {
    prepare(core, space, name, actor, request);
    return;
  }
  const Instant now = core.now();
  core.commits.run([&](sql::Transaction& tx) {
    std::vector<AuditEvent> events;
    switch (which) {
      case RotationStep::activate: events.push_back(activate(tx, space, now)); break;
      case RotationStep::rollback: events.push_back(roll_back(tx, space, now)); break;
      case RotationStep::retire:
        // By itself only when the last one ended long ago.
        events = retire(tx, space, now, request != nullptr ? now : now - kUnnoticed);
        break;
      case RotationStep::prepare: break;
    }
    if (request != nullptr) request->record(tx, std::span{&space, 1}, now);
    record(tx, core.vault, space, now, actor, events);
  });
}

// Notices to those whose bundle lacks a root that will issue, once, and again every thirty days.
void remind(Core& core, const store::SpaceRow& space, const store::RootRow& root, Deadline deadline, SweepPart& part) {
  const Instant now = core.now();
  const std::string occasion = fmt::format("{}.{}", root.generation, (now - root.created_at) / kReminder);
  const auto databases = [&] {
    const auto tx = core.driver.read();
    return store::all_databases(*tx, space.id);
  }();
  std::size_t told = 0;
  for (const Id& database : databases) {
    for (Id after{}; !part.unfinished;) {
      if (std::chrono::steady_clock::now() >= deadline) {
        part.unfinished = true;
        break;
      }
      const auto rows = [&] {
        const auto tx = core.driver.read();
        return store::certificates_to_tell(*tx,
                                           {.database = database, .generation = root.generation, .occasion = occasion, .now = now},
                                           after, kCertificatesAtATime);
      }();
      if (rows.empty()) break;
      after = rows.back().id;
      std::size_t written = 0;
      core.commits.run([&](sql::Transaction& tx) {
        written = 0;
        for (const store::CertificateRow& row : rows) {
          if (!store::is_live(store::state_of(tx, row.id))) continue;  // revoked meanwhile
          tell(tx, row.id, NoticeKind::roots_changed, occasion, now);
          ++written;
        }
      });
      told += written;
    }
  }
  if (told == 0) return;
  part.done.push_back(
      {SpaceName{space.name}, fmt::format("root {}", root.generation), fmt::format("{} holders are told of it", told)});
}

void advance(Core& core, const store::SpaceRow& space, Deadline deadline, SweepPart& part) {
  const SpaceName name{space.name};
  const Instant now = core.now();
  const auto read = [&] {
    const auto tx = core.driver.read();
    return read_generations(*tx, space.id);
  };
  const Generations roots = read();
  const auto take = [&](RotationStep which, std::string_view done, const std::string& object) {
    attempt(
        [&] {
          step(core, space.id, name, which, sweeper(), nullptr);
          part.done.push_back({name, object, std::string{done}});
        },
        [&](const std::string& why, Errc code) {
          (code == Errc::policy ? part.late : part.failed).push_back({name, object, why, code});
        });
  };
  const bool stale = roots.next && is_stale(*roots.next, now);
  if (stale || (roots.active && !roots.next && needs_next(*roots.active, now))) {
    take(RotationStep::prepare, "the next root is made", fmt::format("root {}", space.last_generation + 1));
  } else if (roots.active && roots.next && months_after(roots.active->not_after, -kActivateBefore) <= now) {
    take(RotationStep::activate, "issues from now on", fmt::format("root {}", roots.next->generation));
  }
  const bool any_dead = [&] {
    const auto tx = core.driver.read();
    return std::ranges::any_of(roots.retiring,
                               [&](const store::RootRow& root) { return !has_live_certificate(*tx, root, now - kUnnoticed); });
  }();
  if (any_dead) take(RotationStep::retire, "retired", "retiring roots");
  attempt([&] { destroy_spent_keys(core, space.id); },
          [&](const std::string& why, Errc code) {
            part.failed.push_back({name, "keys of spent roots", why, code});
          });

  const Generations after = read();
  if (after.next) remind(core, space, *after.next, deadline, part);
  if (after.active && !after.retiring.empty()) remind(core, space, *after.active, deadline, part);
}

}  // namespace
}  // namespace service

SpaceRecord Space::rotate(RotationStep step, const WriteOptions& options) const {
  service::Core& core = impl_->authority;
  const service::Once once{impl_->id, options, "rotate", impl_->actor, std::to_string(static_cast<int>(step))};
  const auto perform = [&](const service::Once& request) {
    {
      const auto tx = core.driver.read();
      if (service::clock_verdict(*tx, core.now()).suspect) service::refuse_rotation("the clock is suspect; accept it first");
    }
    service::step(core, impl_->id, impl_->name, step, impl_->actor, &request);
    return service::after("root rotation: the step is done", [&] {
      service::destroy_spent_keys(core, impl_->id);
      return describe();
    });
  };
  return once.run(core.driver, perform, [&](const service::Ids&) { return describe(); });
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
      return store::spaces(*tx, after, service::kSpacesAtATime);
    }();
    if (spaces.empty()) break;
    for (const store::SpaceRow& space : spaces) {
      if (std::chrono::steady_clock::now() >= deadline) {
        part.unfinished = true;
        return part;
      }
      service::reissue_distrusted(core, space, deadline, part);
      if (!suspect) service::advance(core, space, deadline, part);
    }
    after = spaces.back().name;
  }
  if (!suspect) service::forget_old_keys(core);
  return part;
}

}  // namespace spaceca
