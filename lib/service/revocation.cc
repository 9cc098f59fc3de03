#include "service/revocation.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "service/aftermath.h"
#include "service/audit_chain.h"
#include "service/census.h"
#include "service/clock_watch.h"
#include "service/failure.h"
#include "service/idempotency.h"
#include "service/issuance.h"
#include "service/words.h"
#include "store/databases.h"

namespace spaceca {
namespace service {
namespace {

constexpr std::chrono::days kRefresh{7};
constexpr std::size_t kMostEntriesKept = 1'000'000;  // 120 MB, with two lists of them
constexpr std::size_t kLargestRevocation = 10'000;

// Entries as a list is written from.
class Entries final : public CrlSource {
 public:
  explicit Entries(const std::vector<RevokedEntry>& entries) : entries_(entries) {}

  void rewind() override { left_ = entries_; }
  [[nodiscard]] std::span<const RevokedEntry> next() override { return std::exchange(left_, {}); }

 private:
  std::span<const RevokedEntry> entries_;
  std::span<const RevokedEntry> left_;
};

ListBuilder& builder_of(Core& core, const Id& root) {
  const std::lock_guard lock{core.list_builders_mutex};
  auto& builder = core.list_builders[root];
  if (!builder) builder = std::make_unique<ListBuilder>();
  return *builder;
}

bool is_wanted(const store::RootRow& root, Build when, Instant now) {
  // Made by a clock that ran ahead: servers take it for none at all and let nobody in, until there is one of today.
  if (when != Build::if_marked && root.crl_this_update > now) return true;
  switch (when) {
    case Build::if_marked: return root.crl_covers < root.mark;
    case Build::weekly: return root.crl_covers < root.mark || root.crl_this_update + kRefresh <= now;
    case Build::always: break;
  }
  return true;
}

// All that belongs on the list, from the rows. Left out is what had ended when the list in force was made and stood on it (an entry
// stays until it was on one list issued after the certificate's end); nothing while the clock is in doubt.
std::vector<RevokedEntry> all_entries(sql::Transaction& tx, const store::RootRow& root, Instant now) {
  const bool prune = !clock_verdict(tx, now).suspect;
  const Instant gone = prune ? std::min(root.crl_this_update, now) - kUnnoticed : Instant::min();
  return store::revoked_entries(tx, root.id, {.mark = root.mark, .gone = gone, .covered = root.crl_covers});
}

// Adds to what is known of the list in force what was revoked since; it leaves nothing out.
void add_new_entries(sql::Transaction& tx, const store::RootRow& root, std::vector<RevokedEntry>& entries) {
  const auto fresh = store::newly_revoked(tx, root.id, root.crl_covers, root.mark);
  const auto known = static_cast<std::ptrdiff_t>(entries.size());
  entries.insert(entries.end(), fresh.begin(), fresh.end());
  std::ranges::inplace_merge(entries, entries.begin() + known, {}, &RevokedEntry::serial);
}

store::CrlRow signed_list(Core& core, const store::RootRow& root, ListBuilder& builder, Instant now, Instant dated,
                          std::int64_t at_least) {
  const std::int64_t milliseconds = std::chrono::milliseconds{now.time_since_epoch()}.count();
  Bytes& der = builder.next;
  der.clear();
  Entries source{builder.entries};
  const std::int64_t number = std::max({root.crl_number + 1, milliseconds, at_least});
  const CrlSummary summary =
      core.issuers.of(root)->write_crl(source, {.number = static_cast<std::uint64_t>(number)},
                                       std::max(dated, core.issuers.certificate_of(root).validity().not_before), CrlForm::der,
                                       [&der](ByteView piece) { der.insert(der.end(), piece.begin(), piece.end()); });
  return {.der = der,
          .before = builder.der,
          .number = number,
          .covers = root.mark,
          .this_update = summary.this_update,
          .next_update = summary.next_update};
}

}  // namespace

Marked revoke_rows(sql::Transaction& tx, const Id& space, std::span<const store::CertificateRow> rows, RevocationReason reason,
                   Instant now) {
  // Where no server is left that has to learn of it, nothing is waited for.
  const auto served = store::served_databases(tx, space);
  const std::string_view state = served.empty() ? "disabled" : "disabling";
  std::map<Id, std::int64_t> marks;
  Marked marked;
  for (const store::CertificateRow& row : rows) {
    if (!store::is_live(row.state)) continue;
    auto mark = marks.find(row.root);
    if (mark == marks.end()) mark = marks.emplace(row.root, store::take_mark(tx, row.root)).first;
    const store::Revoked revoked{.at = now, .reason = static_cast<std::int64_t>(reason), .mark = mark->second};
    if (!store::mark_revoked(tx, row.id, state, revoked)) continue;
    marked.certificates.push_back(row.id);
    static_cast<void>(store::insert(
        tx, {.root = row.root, .serial = Serial{ByteView{row.serial}}, .revoked = revoked, .not_after = row.not_after}));
    if (row.kind == "client") store::uncount_role(tx, row.database, row.role);
    // Without its successor the predecessor needs another one.
    if (row.predecessor && store::state_of(tx, *row.predecessor) != "disabled") {
      if (const auto predecessor = store::find_certificate(tx, space, *row.predecessor)) {
        store::set_due(tx, predecessor->id, due_of(predecessor->not_after));
      }
    }
  }
  if (!marks.empty()) store::want_publications(tx, space);
  marked.roots.reserve(marks.size());
  for (const auto& [root, mark] : marks) marked.roots.push_back(root);
  return marked;
}

std::vector<Id> revoke_all(sql::Transaction& tx, const Id& space, const Id& database, RevocationReason reason, Instant now) {
  std::vector<Id> roots;
  Id after{};
  for (;;) {
    const auto rows = store::certificates(tx, database, "", after, 1000);
    if (rows.empty()) break;
    for (const Id& root : revoke_rows(tx, space, rows, reason, now).roots) {
      if (std::ranges::find(roots, root) == roots.end()) roots.push_back(root);
    }
    after = rows.back().id;
  }
  return roots;
}

AuditEvent revocation_event(const store::CertificateRow& row, RevocationReason reason) {
  return {.verb = "revoke",
          .object = certificate_id(row.id).text(),
          .details = {{"database", row.database_name},
                      {"serial", Serial{ByteView{row.serial}}.hex()},
                      {"reason", std::string{reason_word(reason)}}}};
}

bool build_crl(Core& core, const Id& id, Build when, std::int64_t at_least) {
  ListBuilder& builder = builder_of(core, id);
  const std::lock_guard turn{builder.turn};
  for (;;) {
    const Instant now = core.now();
    store::RootRow root;
    Instant dated;
    {
      const auto tx = core.driver.read();
      const auto found = store::find_root(*tx, id);
      if (!found || !is_trusted(*found) || !is_wanted(*found, when, now)) return false;
      root = *found;
      dated = clock_verdict(*tx, now).surely_past;
      if (has_ended(root, dated)) return false;
      const bool is_known = builder.number == root.crl_number;
      builder.number = 0;  // until it is stored
      if (!is_known) builder.der.clear();
      if (is_known && when == Build::if_marked) {
        add_new_entries(*tx, root, builder.entries);
      } else {
        builder.entries = all_entries(*tx, root, now);
      }
    }
    const store::CrlRow list = signed_list(core, root, builder, now, dated, at_least);
    bool stored = false;
    core.commits.run([&](sql::Transaction& tx) {
      stored = store::replace_crl(tx, id, root.crl_number, list);
      // Whoever makes a mark has asked for that already.
      if (stored && when == Build::weekly) store::want_publications(tx, root.space);
    });
    if (stored) {
      builder.number = list.number;
      std::swap(builder.der, builder.next);
      if (builder.entries.size() > kMostEntriesKept) {
        builder.number = 0;
        builder.entries = {};
        builder.der = {};
        builder.next = {};
      }
      return true;
    }
    if (when == Build::always) when = Build::if_marked;  // somebody else has just made one
  }
}

void build_crls(Core& core, std::span<const Id> roots) {
  for (const Id& root : roots) build_crl(core, root, Build::if_marked);
}

std::vector<Id> trusted_roots(Core& core, const Id& space) {
  const auto tx = core.driver.read();
  std::vector<Id> trusted;
  for (const store::RootRow& root : store::roots_of(*tx, space)) {
    if (is_trusted(root)) trusted.push_back(root.id);
  }
  return trusted;
}

namespace {

std::vector<CertificateRecord> records(Core& core, const Id& space, std::span<const Id> ids) {
  const auto tx = core.driver.read();
  std::vector<CertificateRecord> found;
  for (const Id& id : ids) {
    if (const auto row = store::find_certificate(*tx, space, id)) found.push_back(record_of(*row));
  }
  return found;
}

std::string request_text(std::span<const CertificateId> ids, RevocationReason reason, OpenSessions sessions) {
  std::string text = fmt::format("{} {}", static_cast<int>(reason), static_cast<int>(sessions));
  for (const CertificateId& id : ids) text += '\n' + id.text();
  return text;
}

// The root of that generation. Errc::not_found.
store::RootRow get_root(sql::Transaction& tx, const Id& space, unsigned generation) {
  for (store::RootRow& root : store::roots_of(tx, space)) {
    if (root.generation == generation) return std::move(root);
  }
  throw Error{Errc::not_found, fmt::format("root of generation {}: is not there", generation)};
}

}  // namespace
}  // namespace service

std::vector<CertificateRecord> Space::revoke(std::span<const CertificateId> ids, RevocationReason reason,
                                             const WriteOptions& options, OpenSessions sessions) const {
  service::Core& core = impl_->authority;
  if (ids.empty() || ids.size() > service::kLargestRevocation) {
    throw Error{Errc::invalid_argument,
                fmt::format("revocation: {} certificates at once; 1 to {} would do", ids.size(), service::kLargestRevocation)};
  }
  const service::Once once{impl_->id, options, "revoke", impl_->actor, service::request_text(ids, reason, sessions)};
  const auto perform = [&](const service::Once& request) {
    const Instant now = core.now();
    std::vector<service::Id> rows_ids;
    for (const CertificateId& id : ids) rows_ids.push_back(service::id_of(id));
    std::vector<service::Id> roots;
    core.commits.run([&](sql::Transaction& tx) {
      std::vector<store::CertificateRow> rows;
      for (const service::Id& id : rows_ids) {
        auto row = store::find_certificate(tx, impl_->id, id);
        if (!row) {
          throw Error{Errc::not_found, fmt::format("certificate {}: is not there", service::certificate_id(id).text())};
        }
        rows.push_back(std::move(*row));
      }
      std::vector<service::Id> left = service::revoke_rows(tx, impl_->id, rows, reason, now).certificates;  // to be audited
      if (service::ends_sessions(tx, impl_->id, sessions)) service::order_disconnections(tx, impl_->id, rows);
      request.record(tx, rows_ids, now);
      std::vector<service::AuditEvent> events;
      roots.clear();
      for (const store::CertificateRow& row : rows) {
        // Of those that were marked before too: whoever did that may not have come as far as the list.
        if (std::ranges::find(roots, row.root) == roots.end()) roots.push_back(row.root);
        if (std::erase(left, row.id) != 0) events.push_back(service::revocation_event(row, reason));
      }
      service::record(tx, core.vault, impl_->id, now, impl_->actor, events);
    });
    return service::after("what was named is revoked; the next sweep writes what lists are not written yet", [&] {
      service::build_crls(core, roots);
      return service::records(core, impl_->id, rows_ids);
    });
  };
  return once.run(core.driver, perform, [&](const service::Ids& before) {
    service::build_crls(core, service::trusted_roots(core, impl_->id));  // perhaps it came no further than the marks
    return service::records(core, impl_->id, before);
  });
}

CertificateRecord Space::revoke(const CertificateId& id, RevocationReason reason, const WriteOptions& options,
                                OpenSessions sessions) const {
  return revoke(std::span{&id, 1}, reason, options, sessions).front();
}

void Space::revoke_serial(unsigned generation, const Serial& serial, RevocationReason reason, const WriteOptions& options,
                          OpenSessions sessions) const {
  service::Core& core = impl_->authority;
  const service::Once once{
      impl_->id, options, "revoke_serial", impl_->actor,
      fmt::format("{}\n{}\n{} {}", generation, serial.hex(), static_cast<int>(reason), static_cast<int>(sessions))};
  const auto perform = [&](const service::Once& request) {
    const Instant now = core.now();
    std::vector<service::Id> roots;
    core.commits.run([&](sql::Transaction& tx) {
      const store::RootRow root = service::get_root(tx, impl_->id, generation);
      if (!service::is_trusted(root)) {
        throw Error{Errc::policy, fmt::format("root of generation {}: is {}, so it has no list any more; no server lets a "
                                              "certificate of it in",
                                              generation, root.state)};
      }
      roots = {root.id};
      const bool end = service::ends_sessions(tx, impl_->id, sessions);
      bool ours = false;
      std::optional<Instant> not_after;
      for (const store::CertificateRow& row : store::find_by_serial(tx, impl_->id, serial.octets())) {
        if (row.root != root.id) continue;
        ours = true;
        not_after = row.not_after;
        static_cast<void>(service::revoke_rows(tx, impl_->id, std::span{&row, 1}, reason, now));
        if (end) service::order_disconnections(tx, impl_->id, std::span{&row, 1});
      }
      if (!ours || !store::is_revoked(tx, root.id, serial)) {  // of which nothing is known, or that was closed past its end
        const store::Revoked revoked{.at = now, .reason = static_cast<std::int64_t>(reason), .mark = store::take_mark(tx, root.id)};
        static_cast<void>(store::insert(tx, {.root = root.id, .serial = serial, .revoked = revoked, .not_after = not_after}));
        if (end) {
          const ByteView octets = serial.octets();
          service::order_disconnection(tx, impl_->id,
                                       {.root = root.id, .serial = {octets.begin(), octets.end()}, .mark = revoked.mark});
        }
        store::want_publications(tx, impl_->id);
      }
      request.record(tx, roots, now);
      service::record(tx, core.vault, impl_->id, now, impl_->actor,
                      {.verb = "revoke_serial",
                       .object = serial.hex(),
                       .details = {{"root", std::to_string(generation)},
                                   {"known", ours ? "yes" : "no"},
                                   {"reason", std::string{service::reason_word(reason)}}}});
    });
    service::after(fmt::format("serial {} is revoked; the next sweep writes the list", serial.hex()),
                   [&] { service::build_crls(core, roots); });
    return 0;
  };
  static_cast<void>(once.run(core.driver, perform, [&](const service::Ids& before) {
    service::build_crls(core, before);
    return 0;
  }));
}

SweepPart Authority::refresh_crls(Deadline deadline) {
  service::Core& core = *impl_;
  SweepPart part;
  const auto roots = [&] {
    const auto tx = core.driver.read();
    return store::signing_roots(*tx);
  }();
  for (const store::RootRow& root : roots) {
    if (std::chrono::steady_clock::now() >= deadline) {
      part.unfinished = true;
      break;
    }
    const std::string object = fmt::format("root {}", root.generation);
    const SpaceName space = service::space_name(core, root.space);
    try {
      if (!service::build_crl(core, root.id, service::Build::weekly)) continue;
      part.done.push_back({space, object, "a new list was written"});
    } catch (...) {
      const service::Failure failure = service::caught();
      part.failed.push_back({space, object, failure.why, failure.code});
    }
  }
  return part;
}

}  // namespace spaceca
