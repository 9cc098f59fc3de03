#include "service/renewal.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "ossl/uuid.h"
#include "service/attempt.h"
#include "service/audit_chain.h"
#include "service/clock_watch.h"
#include "service/databases.h"
#include "service/idempotency.h"
#include "service/reminders.h"
#include "service/words.h"
#include "store/databases.h"
#include "store/notices.h"

namespace spaceca {
namespace service {
namespace {

// A server's certificate moves to a root that not every client knows only when it is about to end: then all would be out. Two weeks
// may lie between two sweeps, and a sweep may fail, so this is three of them.
constexpr std::chrono::days kServerWaits{45};

}  // namespace

std::optional<Order> successor_of(sql::Transaction& tx, const store::CertificateRow& row) {
  Order order{.role = RoleName{row.role}, .custody = custody_of(row.custody), .predecessor = row.id, .handed_out = false};
  const Certificate certificate = Certificate::from_der(store::octets_of(tx, row.id).certificate);
  if (order.custody == Custody::sealed) {
    order.key_algorithm = certificate.public_key().algorithm();
    return order;
  }
  if (row.terms >= kMostTerms) return std::nullopt;
  order.key = certificate.public_key();
  order.terms = row.terms + 1;
  return order;
}

void tell(sql::Transaction& tx, const Id& certificate, NoticeKind kind, std::string_view occasion, Instant now) {
  store::insert(tx, store::NoticeRow{.id = ossl::draw_uuid(now),
                                     .certificate = certificate,
                                     .kind = std::string{text_of(kind)},
                                     .occasion = std::string{occasion},
                                     .created_at = now,
                                     .next_attempt_at = now});
}

// Of a holder whose key has had its terms.
void ask_for_request(sql::Transaction& tx, const store::CertificateRow& row, Instant now) {
  if (!store::is_live(store::state_of(tx, row.id))) return;
  tell(tx, row.id, NoticeKind::awaiting_request, "", now);
  store::set_due(tx, row.id, closing_of(row.not_after));
}

std::vector<Renewed> renew_rows(Core& core, const Id& space, const Id& database, const std::vector<store::CertificateRow>& rows,
                                const Actor& actor, std::string_view verb) {
  return with_fresh_facts([&] {
    const Instant now = core.now();
    std::vector<store::CertificateRow> renewed;
    std::vector<store::CertificateRow> waiting;  // for a request
    std::vector<Order> orders;
    Instant dated;
    const auto facts = [&] {
      const auto tx = core.driver.read();
      dated = dated_for(*tx, actor, now);
      for (const store::CertificateRow& row : rows) {
        if (auto order = successor_of(*tx, row)) {
          orders.push_back(std::move(*order));
          renewed.push_back(row);
        } else {
          waiting.push_back(row);
        }
      }
      return read_facts(core, *tx, space, store::database_of(*tx, database));
    }();
    Issuance issuance{core, facts, orders, dated};
    const std::vector<Id> ids = issuance.ids();
    std::vector<Renewed> done;
    core.commits.run([&](sql::Transaction& tx) {
      done.clear();
      std::vector<bool> wanted(renewed.size());
      for (std::size_t i = 0; i < renewed.size(); ++i) {
        wanted[i] = store::is_live(store::state_of(tx, renewed[i].id)) && !store::has_live_successor(tx, renewed[i].id);
      }
      issuance.record(tx, wanted);
      for (std::size_t i = 0; i < renewed.size(); ++i) {
        if (!wanted[i]) continue;
        store::set_due(tx, renewed[i].id, closing_of(renewed[i].not_after));
        tell(tx, ids[i], NoticeKind::renewed, "", now);
        done.push_back({renewed[i], ids[i]});
      }
      for (const store::CertificateRow& row : waiting) ask_for_request(tx, row, now);
      record(tx, core.vault, space, now, actor, issuance.events(verb, wanted));
    });
    return done;
  });
}

std::vector<Renewed> renew_each(Core& core, const Group& group, const Actor& actor, std::string_view verb, SweepPart& part) {
  std::vector<Renewed> done;
  const auto alone = [&](const std::string& why, Errc code) {
    if (group.rows.size() == 1) {
      part.failed.push_back({group.space_name, certificate_id(group.rows.front().id).text(), why, code});
      return;
    }
    for (const store::CertificateRow& row : group.rows) {
      const Group one{group.space, group.space_name, group.database, {row}};
      std::ranges::move(renew_each(core, one, actor, verb, part), std::back_inserter(done));
    }
  };
  attempt([&] { done = renew_rows(core, group.space, group.database, group.rows, actor, verb); }, alone);
  return done;
}

namespace {

// Past its last day of renewal.
void close(Core& core, const Id& space, const store::CertificateRow& row) {
  const Instant now = core.now();
  core.commits.run([&](sql::Transaction& tx) {
    if (!store::is_live(store::state_of(tx, row.id)) || !store::mark_disabled(tx, row.id, now)) return;
    store::uncount_role(tx, row.database, row.role);
    record(tx, core.vault, space, now, sweeper(),
           {.verb = "close", .object = certificate_id(row.id).text(), .details = {{"ended", text_of(row.not_after)}}});
  });
}

void renew_group(Core& core, const Group& group, SweepPart& part) {
  const Instant now = core.now();
  for (const Renewed& one : renew_each(core, group, sweeper(), "renew", part)) {
    const std::string id = certificate_id(one.row.id).text();
    part.done.push_back({group.space_name, id, fmt::format("renewed by {}", certificate_id(one.successor).text())});
    if (one.row.not_after < now) {
      part.late.push_back({group.space_name, id, fmt::format("ended {} before it was renewed", text_of(one.row.not_after))});
    }
  }
}

// False if the deadline came first.
bool renew_clients_of(Core& core, const store::DatabasePlace& database, Instant now, bool may_close, Deadline deadline,
                      SweepPart& part) {
  store::DuePlace place;
  std::optional<SpaceName> space;
  for (;;) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    auto rows = [&] {
      const auto tx = core.driver.read();
      return store::due_certificates(*tx, database.id, now, place, kCertificatesAtATime);
    }();
    if (rows.empty()) return true;
    if (!space) space = space_name(core, database.space);
    place = {*rows.back().due_at, rows.back().id};
    Group group{database.space, *space, database.id, {}};
    for (store::CertificateRow& row : rows) {
      if (now >= closing_of(row.not_after)) {
        if (may_close) close(core, group.space, row);
      } else if (!row.successor) {
        group.rows.push_back(std::move(row));
      }
    }
    if (!group.rows.empty()) renew_group(core, group, part);
  }
}

void renew_clients(Core& core, Deadline deadline, SweepPart& part) {
  const Instant now = core.now();
  bool may_close = false;
  const auto databases = [&] {
    const auto tx = core.driver.read();
    may_close = !clock_verdict(*tx, now).suspect;  // a successor in vain does no harm
    return store::all_databases(*tx);
  }();
  for (const store::DatabasePlace& database : databases) {
    if (renew_clients_of(core, database, now, may_close, deadline, part)) continue;
    part.unfinished = true;
    return;
  }
}

// Nobody takes it: it is revoked, or was made by a clock that ran ahead.
bool is_useless(const store::CertificateRow& server, Instant now) {
  return !store::is_live(server.state) || server.created_at - kBackdating > now;
}

}  // namespace

std::string reason_to_wait(sql::Transaction& tx, const store::DatabaseRow& database, Instant now) {
  if (!is_enabled(database) || !database.server_certificate) return {};
  const auto server = store::find_certificate(tx, database.space, *database.server_certificate);
  if (!server || is_useless(*server, now) || server->not_after - now <= kServerWaits) return {};
  const auto root = store::find_root(tx, server->root);
  const auto active = store::active_root(tx, database.space);
  if (!root || !is_trusted(*root) || !active || active->id == root->id) return {};
  const auto holder = store::holder_without(tx, database.space, active->generation, now);
  if (!holder) return {};
  return fmt::format("the server's certificate stays under root {}: certificate {} was last handed out without root {}",
                     server->generation, certificate_id(*holder).text(), active->generation);
}

namespace {

void renew_servers(Core& core, Deadline deadline, SweepPart& part) {
  const Instant now = core.now();
  const auto databases = [&] {
    const auto tx = core.driver.read();
    return store::served_databases(*tx);
  }();
  for (const store::DatabaseRow& database : databases) {
    if (!is_enabled(database) || !database.server_certificate) continue;
    if (std::chrono::steady_clock::now() >= deadline) {
      part.unfinished = true;
      return;
    }
    const SpaceName space = space_name(core, database.space);
    const auto renew = [&] {
      {
        const auto tx = core.driver.read();
        const auto server = store::find_certificate(*tx, database.space, *database.server_certificate);
        if (!server) return;
        const auto active = store::active_root(*tx, database.space);
        const bool other_root = active && active->id != server->root;
        if (!is_useless(*server, now) && now < due_of(server->not_after) && !other_root) return;
        if (const std::string why = reason_to_wait(*tx, database, now); !why.empty()) {
          part.late.push_back({space, database.name, why});
          return;
        }
      }
      const Space verbs{std::make_shared<const Space::Impl>(Space::Impl{core, database.space, space, sweeper()})};
      const Bundle fresh = verbs.issue_server(DatabaseName{database.name});
      part.done.push_back({space, database.name, fmt::format("server certificate renewed by {}", fresh.record.id.text())});
    };
    attempt(renew, [&](const std::string& why, Errc code) { part.failed.push_back({space, database.name, why, code}); });
  }
}

// --- one client, by hand ---

[[noreturn]] void refuse_renewal(const CertificateId& id, std::string_view why) {
  throw Error{Errc::policy, fmt::format("certificate {}: {}", id.text(), why)};
}

struct Renewal {
  store::CertificateRow row;
  Order order;
  Facts facts;
};
Renewal read_renewal(Core& core, const Id& space, const CertificateId& id, const std::optional<CertificateRequest>& csr,
                     BundleCounts counts) {
  const auto tx = core.driver.read();
  const auto row = store::find_certificate(*tx, space, id_of(id));
  if (!row) throw Error{Errc::not_found, fmt::format("certificate {}: is not there", id.text())};
  if (row->kind != "client") refuse_renewal(id, "is a server's; issue_server makes it another");
  if (!store::is_live(row->state)) refuse_renewal(id, fmt::format("is {}, so it has no successor", row->state));
  if (row->successor) refuse_renewal(id, fmt::format("has a successor, {}", certificate_id(*row->successor).text()));
  auto order =
      csr ? Order{.role = RoleName{row->role}, .custody = Custody::requester, .key = csr->public_key(), .predecessor = row->id}
          : successor_of(*tx, *row);
  if (!order) refuse_renewal(id, "its key is not ours and was certified twice; renew it with a request for a new one");
  order->handed_out = counts == BundleCounts::at_once;
  return {*row, *order, read_facts(core, *tx, space, store::database_of(*tx, row->database))};
}

}  // namespace
}  // namespace service

Bundle Space::renew(const CertificateId& id, const std::optional<CertificateRequest>& csr, const WriteOptions& options,
                    BundleCounts counts) const {
  service::Core& core = impl_->authority;
  const service::Once once{impl_->id, options, "renew", impl_->actor,
                           fmt::format("{}\n{}\n{}", id.text(), static_cast<int>(counts),
                                       csr ? text_of(csr->public_key().spki_der()) : std::string_view{})};
  const auto perform = [&](const service::Once& request) {
    return service::with_fresh_facts([&] {
      const Instant now = core.now();
      const auto [before, order, facts] = service::read_renewal(core, impl_->id, id, csr, counts);
      const store::CertificateRow& row = before;  // a binding cannot be captured
      service::Issuance issuance{core, facts, std::span{&order, 1}, now};
      const auto events = issuance.events("renew");
      core.commits.run([&](sql::Transaction& tx) {
        if (!store::is_live(store::state_of(tx, row.id)) || store::has_live_successor(tx, row.id)) {
          service::refuse_renewal(id, "was renewed or revoked at the same moment");
        }
        issuance.record(tx);
        store::set_due(tx, row.id, service::closing_of(row.not_after));
        service::tell(tx, issuance.ids().front(), NoticeKind::renewed, "", now);
        request.record(tx, issuance.ids(), now);
        service::record(tx, core.vault, impl_->id, now, impl_->actor, events);
      });
      auto bundles = std::move(issuance).bundles();
      return std::move(bundles.front());
    });
  };
  return once.run(core.driver, perform, [&](const service::Ids& ids) {
    const auto tx = core.driver.read();
    const auto row = store::find_certificate(*tx, impl_->id, ids.front());
    return service::bundle_of(core, *tx, impl_->id, row.value());
  });
}

SweepPart Authority::renew_due(Deadline deadline) {
  SweepPart part;
  service::renew_clients(*impl_, deadline, part);
  service::renew_servers(*impl_, deadline, part);
  service::remind_holders(*impl_, deadline, part);
  return part;
}

}  // namespace spaceca
