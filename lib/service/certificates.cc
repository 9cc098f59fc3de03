// Certificates as they are found, listed and downloaded.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include <spaceca/authority.h>
#include <spaceca/error.h>

#include "ossl/uuid.h"
#include "service/audit_chain.h"
#include "service/databases.h"
#include "service/idempotency.h"
#include "service/issuance.h"
#include "service/renewal.h"
#include "service/words.h"
#include "store/roots.h"
#include "store/spaces.h"

namespace spaceca {
namespace service {
namespace {

// Where a page of certificates ended: an id, or when it is due and an id.
using Cursor = store::DuePlace;

[[noreturn]] void refuse_cursor(const std::string& after) { service::refuse_cursor(PageRequest{.after = after}, "certificates"); }

Cursor cursor_of(const std::string& after, CertificateOrder order) {
  Cursor cursor;
  if (after.empty()) return cursor;
  std::string_view id = after;
  if (order == CertificateOrder::expiry) {
    const auto colon = after.find(':');
    if (colon == std::string::npos) refuse_cursor(after);
    std::int64_t seconds = 0;
    const auto [end, failure] = std::from_chars(after.data(), after.data() + colon, seconds);
    if (failure != std::errc{} || end != after.data() + colon) refuse_cursor(after);
    cursor.due = store::instant_of(seconds);
    id = id.substr(colon + 1);
  }
  try {
    cursor.id = CertificateId{id}.octets();
  } catch (const Error&) {
    refuse_cursor(after);
  }
  return cursor;
}

std::string text_of_cursor(const store::CertificateRow& last, CertificateOrder order) {
  std::string id = certificate_id(last.id).text();
  if (order == CertificateOrder::id) return id;
  return fmt::format("{}:{}", store::seconds_of(*last.due_at), id);
}

}  // namespace
}  // namespace service

std::optional<CertificateRecord> Space::find_certificate(const CertificateId& id) const {
  const auto tx = impl_->authority.driver.read();
  const auto row = store::find_certificate(*tx, impl_->id, service::id_of(id));
  if (!row) return std::nullopt;
  return service::record_of(*row);
}

std::vector<CertificateRecord> Space::find_by_serial(const Serial& serial) const {
  const auto tx = impl_->authority.driver.read();
  std::vector<CertificateRecord> found;
  for (const store::CertificateRow& row : store::find_by_serial(*tx, impl_->id, serial.octets())) {
    found.push_back(service::record_of(row));
  }
  return found;
}

Page<CertificateRecord> Space::certificates(const DatabaseName& database, const CertificateQuery& query,
                                            const PageRequest& page) const {
  const std::int64_t limit = service::checked_limit(page);
  const service::Cursor cursor = service::cursor_of(page.after, query.order);
  if (query.state && query.order != CertificateOrder::id) {
    throw Error{Errc::invalid_argument, "certificates: a state goes with the order id"};
  }
  const auto tx = impl_->authority.driver.read();
  const service::Id id = service::get_database(*tx, impl_->id, database).id;
  const auto rows = query.order == CertificateOrder::expiry
                        ? store::certificates_by_expiry(*tx, id, cursor, limit)
                        : store::certificates(*tx, id, query.state ? text_of(*query.state) : "", cursor.id, limit);
  Page<CertificateRecord> found;
  found.items.reserve(rows.size());
  for (const store::CertificateRow& row : rows) found.items.push_back(service::record_of(row));
  if (rows.size() == static_cast<std::size_t>(limit)) found.next = service::text_of_cursor(rows.back(), query.order);
  return found;
}

namespace service {
namespace {

// One that its holder can use. Errc::not_found, policy.
store::CertificateRow get_live(sql::Transaction& tx, const Id& space, const CertificateId& id) {
  auto row = store::find_certificate(tx, space, id_of(id));
  if (!row) throw Error{Errc::not_found, fmt::format("certificate {}: is not there", id.text())};
  if (!store::is_live(row->state)) {
    throw Error{Errc::policy, fmt::format("certificate {}: is {}, so there is nothing to use it for", id.text(), row->state)};
  }
  if (const auto root = store::find_root(tx, row->root); root && !is_trusted(*root)) {
    throw Error{
        Errc::policy,
        fmt::format("certificate {}: its root {} is {}, so no server takes it; {}", id.text(), root->generation, root->state,
                    row->successor ? fmt::format("its successor is {}", certificate_id(*row->successor).text())
                                   : "the next sweep makes its successor")};
  }
  return std::move(*row);
}

}  // namespace
}  // namespace service

Bundle Space::download(const CertificateId& id, const WriteOptions& options, BundleCounts counts) const {
  service::Core& core = impl_->authority;
  const service::Once once{impl_->id, options, "download", impl_->actor,
                           fmt::format("{}\n{}", id.text(), static_cast<int>(counts))};
  const auto bundle = [&](sql::Transaction& tx) {
    return service::bundle_of(core, tx, impl_->id, service::get_live(tx, impl_->id, id));
  };
  const auto perform = [&](const service::Once& request) {
    const Instant now = core.now();
    std::optional<Bundle> found;
    core.commits.run([&](sql::Transaction& tx) {
      found.emplace(bundle(tx));
      const service::Id row = service::id_of(id);
      if (counts == BundleCounts::at_once) store::record_bundle(tx, row, found->latest_generation, now);
      // Of a server's nobody is told: its key is fetched by whoever puts it in place.
      if (found->key && found->record.kind == CertificateKind::client &&
          service::space_kind_of(store::space_of(tx, impl_->id).kind) == SpaceKind::shield) {
        service::tell(tx, row, NoticeKind::downloaded, service::certificate_id(ossl::draw_uuid(now)).text(), now);
      }
      request.record(tx, std::span{&row, 1}, now);
      service::record(tx, core.vault, impl_->id, now, impl_->actor,
                      {.verb = "download",
                       .object = id.text(),
                       .details = {{"bundle", std::to_string(found->latest_generation)}, {"key", found->key ? "yes" : "no"}}});
    });
    return std::move(*found);
  };
  return once.run(core.driver, perform, [&](const service::Ids&) {
    const auto tx = core.driver.read();
    return bundle(*tx);
  });
}

void Space::confirm_bundle(const CertificateId& id, unsigned generation, const WriteOptions& options) const {
  service::Core& core = impl_->authority;
  const service::Once once{impl_->id, options, "confirm_bundle", impl_->actor, fmt::format("{}\n{}", id.text(), generation)};
  const auto perform = [&](const service::Once& request) {
    const Instant now = core.now();
    core.commits.run([&](sql::Transaction& tx) {
      const service::Id row = service::get_live(tx, impl_->id, id).id;
      const auto roots = store::roots_of(tx, impl_->id);
      if (std::ranges::find(roots, generation, service::generation_of) == roots.end()) {
        throw Error{Errc::not_found, fmt::format("root of generation {}: is not there", generation)};
      }
      store::record_bundle(tx, row, generation, now);
      request.record(tx, std::span{&row, 1}, now);
      service::record(tx, core.vault, impl_->id, now, impl_->actor,
                      {.verb = "confirm_bundle", .object = id.text(), .details = {{"bundle", std::to_string(generation)}}});
    });
    return 0;
  };
  static_cast<void>(once.run(core.driver, perform, [](const service::Ids&) { return 0; }));
}

}  // namespace spaceca
