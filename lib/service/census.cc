#include "service/census.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "service/audit_chain.h"
#include "service/clock_watch.h"
#include "service/databases.h"
#include "service/failure.h"
#include "service/issuance.h"
#include "service/revocation.h"
#include "service/words.h"
#include "store/sightings.h"
#include "store/spaces.h"

namespace spaceca {
namespace service {
namespace {

constexpr std::chrono::days kQuiet{7};                           // not seen for so long: not in use
constexpr std::chrono::days kUncounted{7};                       // a server that could not be asked for so long is told of
constexpr Instant kEver{std::chrono::seconds{253'402'300'799}};  // the last second of the year 9999

// The roots of a space, by the names that a server shows.
using Roots = std::map<std::string, Id>;
Roots roots_by_name(Core& core, sql::Transaction& tx, const Id& space) {
  Roots found;
  for (const store::RootRow& root : store::roots_of(tx, space)) found[core.issuers.certificate_of(root).subject()] = root.id;
  return found;
}

// Nothing for somebody else's.
std::optional<store::CertificateRow> certificate_behind(sql::Transaction& tx, const Id& space, const Roots& roots,
                                                        const Attendance& one) {
  const auto root = roots.find(one.issuer);
  if (root == roots.end()) return std::nullopt;
  for (store::CertificateRow& row : store::find_by_serial(tx, space, one.serial.octets())) {
    if (row.root == root->second) return std::move(row);
  }
  return std::nullopt;
}

struct Place {
  SpaceName space;
  ServedDatabase where;
};
Place place_of(Core& core, const store::DatabaseRow& database) {
  const auto tx = core.driver.read();
  return {SpaceName{store::space_of(*tx, database.space).name}, served(core, *tx, database)};
}

// --- counting ---

// One server: which certificates its sessions were opened by; recorded.
std::vector<Attendance> count(Core& core, const store::DatabaseRow& database, Publisher& publisher) {
  const Place place = place_of(core, database);
  const auto turn = turn_at_server(core, database.id);
  const std::vector<LiveSession> sessions = publisher.sessions(place.where);
  std::vector<Attendance> counted;
  const auto of = [&](const LiveSession& session) -> Attendance& {
    const auto known = std::ranges::find_if(
        counted, [&session](const Attendance& one) { return one.serial == session.serial && one.issuer == session.issuer; });
    if (known != counted.end()) return *known;
    return counted.emplace_back(Attendance{
        .database = place.where.database, .serial = session.serial, .issuer = session.issuer, .certificate = {}, .sessions = {}});
  };
  for (const LiveSession& session : sessions) of(session).sessions.push_back(session);

  const Instant now = core.now();
  core.commits.run([&](sql::Transaction& tx) {
    // Given up meanwhile: no census comes by there again, and what it counted would stay.
    if (!is_enabled(store::database_of(tx, database.id))) return;
    const auto roots = roots_by_name(core, tx, database.space);
    std::vector<store::Sighting> seen;
    for (const Attendance& one : counted) {
      if (const auto row = certificate_behind(tx, database.space, roots, one)) {
        seen.push_back({row->id, static_cast<std::int64_t>(one.sessions.size())});
      }
    }
    store::record_census(tx, database.id, seen, now);
    // With what was just recorded.
    for (Attendance& one : counted) {
      if (const auto row = certificate_behind(tx, database.space, roots, one)) one.certificate = record_of(*row);
    }
  });
  return counted;
}

std::vector<store::DatabaseRow> enabled_databases(Core& core, const Id* space) {
  const auto tx = core.driver.read();
  auto databases = space != nullptr ? store::served_databases(*tx, *space) : store::served_databases(*tx);
  // A server that nothing is written to has no administrator's way in.
  std::erase_if(databases, [](const store::DatabaseRow& row) { return !is_enabled(row) || row.data_directory.empty(); });
  return databases;
}

// --- what was replaced and is not used any more ---

// Whether every server was counted lately that lets the certificates of this database in: its own, and each of the space that does
// not bind them to a database. Where one was not, or cannot be, nobody knows who is in use.
bool are_counted(sql::Transaction& tx, const store::DatabasePlace& database, Instant now) {
  const auto is_counted = [&tx, now](const Id& id) {
    const auto looked = store::census_at(tx, id);
    return looked && *looked + kUncounted >= now;
  };
  if (!is_counted(database.id)) return false;
  return std::ranges::all_of(store::served_databases(tx, database.space), [&](const store::DatabaseRow& row) {
    return !is_enabled(row) || access_of(row).binding == BoundTo::database || (!row.data_directory.empty() && is_counted(row.id));
  });
}

// Whether its holder has moved: the successor has been in use for so long, and this one was not seen since.
bool is_abandoned(sql::Transaction& tx, const store::CertificateRow& row, std::chrono::days after, Instant now) {
  if (!store::is_live(row.state) || !row.successor) return false;
  const auto moved = store::first_seen(tx, *row.successor);
  if (!moved || *moved + after > now || row.sessions > 0) return false;
  return !row.last_seen || *row.last_seen + after <= now;
}

// False if the deadline came first.
bool revoke_abandoned(Core& core, const store::DatabasePlace& database, std::chrono::days after, Deadline deadline,
                      SweepPart& part) {
  const Instant now = core.now();
  store::DuePlace place;
  for (;;) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::vector<store::CertificateRow> found;
    bool any = false;
    {
      const auto tx = core.driver.read();
      if (!are_counted(*tx, database, now)) return true;
      for (store::CertificateRow& row : store::certificates_to_close(*tx, database.id, place, kEver, kCertificatesAtATime)) {
        any = true;
        place = {*row.due_at, row.id};
        if (is_abandoned(*tx, row, after, now)) found.push_back(std::move(row));
      }
    }
    if (!any) return true;
    if (found.empty()) continue;
    const SpaceName name = space_name(core, database.space);
    const Space verbs{std::make_shared<const Space::Impl>(Space::Impl{core, database.space, name, sweeper()})};
    std::vector<CertificateId> ids;
    ids.reserve(found.size());
    for (const store::CertificateRow& row : found) ids.push_back(certificate_id(row.id));
    verbs.revoke(ids, RevocationReason::superseded);
    for (const CertificateId& id : ids) {
      part.done.push_back(
          {name, id.text(), fmt::format("revoked: its successor is in use, and it was not for {} days", after.count())});
    }
  }
}

}  // namespace

bool is_in_use(sql::Transaction& tx, const store::CertificateRow& row, Instant now) {
  if (!store::is_live(row.state)) return false;
  if (!row.successor || !store::certificate_of(tx, *row.successor).bundle_generation) return true;
  return row.sessions > 0 || (row.last_seen && *row.last_seen + kQuiet > now);
}

// --- ending sessions ---

bool ends_sessions(sql::Transaction& tx, const Id& space, OpenSessions sessions) {
  if (sessions != OpenSessions::as_usual) return sessions == OpenSessions::end;
  return space_kind_of(store::space_of(tx, space).kind) == SpaceKind::shield;
}

void order_disconnection(sql::Transaction& tx, const Id& space, const store::Disconnection& disconnection) {
  for (const store::DatabaseRow& database : store::served_databases(tx, space)) {
    if (is_enabled(database) && !database.data_directory.empty()) store::insert(tx, database.id, disconnection);
  }
}

void order_disconnections(sql::Transaction& tx, const Id& space, std::span<const store::CertificateRow> rows) {
  for (const store::CertificateRow& before : rows) {
    const store::CertificateRow row = store::certificate_of(tx, before.id);  // with its mark
    if (row.kind == "client") order_disconnection(tx, space, {.root = row.root, .serial = row.serial, .mark = row.mark});
  }
}

void disconnect(Core& core, const store::DatabaseRow& database, Publisher& publisher, Ripe which, SweepPart& part) {
  std::vector<store::Disconnection> ripe;
  std::vector<ShownCertificate> shown;
  {
    const auto tx = core.driver.read();
    const auto proofs = store::proofs(*tx, database.id);
    for (store::Disconnection& one : store::disconnections(*tx, database.id)) {
      const auto root = store::find_root(*tx, one.root);
      const auto proof = std::ranges::find(proofs, one.root, &store::Proof::root);
      const bool refused =
          proof != proofs.end() ? !one.serial.empty() && proof->crl_covers >= one.mark : root && !is_trusted(*root);
      if (which == Ripe::refused && !refused) continue;  // whoever is cut off now would come again
      ShownCertificate certificate{.issuer = core.issuers.certificate_of(*root).subject(), .serial = {}};
      if (!one.serial.empty()) certificate.serial = Serial{ByteView{one.serial}};
      shown.push_back(std::move(certificate));
      ripe.push_back(std::move(one));
    }
  }
  if (ripe.empty()) return;
  const Place place = place_of(core, database);
  const std::vector<LiveSession> ended = publisher.disconnect(place.where, shown);
  const Instant now = core.now();
  core.commits.run([&](sql::Transaction& tx) {
    std::vector<AuditEvent> events;
    for (std::size_t i = 0; i < ripe.size(); ++i) {
      store::forget(tx, database.id, ripe[i]);
      const auto count =
          std::ranges::count_if(ended, [&one = shown[i]](const LiveSession& session) { return one.opened(session); });
      events.push_back({.verb = "disconnect",
                        .object = database.name,
                        .details = {{"issuer", shown[i].issuer},
                                    {"serial", shown[i].serial ? shown[i].serial->hex() : "all"},
                                    {"sessions", std::to_string(count)}}});
    }
    record(tx, core.vault, database.space, now, sweeper(), events);
  });
  for (const LiveSession& session : ended) part.ended.push_back({place.space, place.where.database, session});
}

}  // namespace service

Census Space::census(Publisher& publisher) const {
  service::Core& core = impl_->authority;
  Census census;
  for (const store::DatabaseRow& database : service::enabled_databases(core, &impl_->id)) {
    try {
      for (Attendance& one : service::count(core, database, publisher)) census.found.push_back(std::move(one));
    } catch (...) {
      service::Failure failure = service::caught();
      census.missed.push_back({DatabaseName{database.name}, std::move(failure.why), failure.code});
    }
  }
  return census;
}

SweepPart Authority::take_census(Publisher& publisher, Deadline deadline) {
  service::Core& core = *impl_;
  SweepPart part;
  for (const store::DatabaseRow& database : service::enabled_databases(core, nullptr)) {
    if (std::chrono::steady_clock::now() >= deadline) {
      part.unfinished = true;
      break;
    }
    try {
      static_cast<void>(service::count(core, database, publisher));
    } catch (...) {
      // Publishing says what is wrong with a server; here it matters only that nobody knows who is in.
      const service::Failure failure = service::caught();
      const Instant now = core.now();
      // What was counted before mTLS was enabled again says nothing of it now.
      const auto before = store::census_at(*core.driver.read(), database.id);
      const Instant since = std::max(before.value_or(Instant::min()), database.updated_at);
      if (since + service::kUncounted < now) {
        part.late.push_back({service::space_name(core, database.space), database.name,
                             fmt::format("nobody was counted there since {}: {}", text_of(since), failure.why)});
      }
    }
  }
  return part;
}

SweepPart Authority::revoke_abandoned(std::chrono::days after, Deadline deadline) {
  service::Core& core = *impl_;
  SweepPart part;
  const auto databases = [&] {
    const auto tx = core.driver.read();
    if (service::clock_verdict(*tx, core.now()).suspect) return std::vector<store::DatabasePlace>{};
    return store::all_databases(*tx);
  }();
  for (const store::DatabasePlace& database : databases) {
    try {
      if (service::revoke_abandoned(core, database, after, deadline, part)) continue;
      part.unfinished = true;
      break;
    } catch (...) {
      const service::Failure failure = service::caught();
      const std::string name = store::database_of(*core.driver.read(), database.id).name;
      part.failed.push_back({service::space_name(core, database.space), name, failure.why, failure.code});
    }
  }
  return part;
}

}  // namespace spaceca
