// Spaces and their roots, as they are made and shown.
#include <algorithm>

#include <fmt/format.h>

#include <spaceca/authority.h>
#include <spaceca/error.h>

#include "ossl/uuid.h"
#include "service/audit_chain.h"
#include "service/core.h"
#include "service/idempotency.h"
#include "service/roots.h"
#include "service/words.h"
#include "store/spaces.h"
#include "store/time_seen.h"

namespace spaceca {
namespace service {
namespace {

SpaceRecord space_record(Core& core, sql::Transaction& tx, const store::SpaceRow& row) {
  SpaceRecord record{.name = SpaceName{row.name}, .kind = space_kind_of(row.kind), .created_at = row.created_at, .roots = {}};
  for (const store::RootRow& root : store::roots_of(tx, row.id)) {
    record.roots.push_back({.generation = generation_of(root),
                            .state = root_state(root),
                            .certificate = core.issuers.certificate_of(root),
                            .created_at = root.created_at,
                            .crl_number = static_cast<std::uint64_t>(root.crl_number),
                            .crl_this_update = root.crl_this_update,
                            .crl_next_update = root.crl_next_update});
  }
  return record;
}

}  // namespace

namespace {

void destroy_key(Core& core, const store::RootRow& root, const PublicKey& key) noexcept {
  try {
    core.vault.destroy_signing_key({.space = root.space, .row = root.id, .purpose = kRootKey, .public_key = key.spki_der()},
                                   root.key_handle);
  } catch (...) {
    // What went wrong before is told; a key that nothing was signed by may stay.
  }
}

}  // namespace

NewRoot make_root(Core& core, const Id& space, const SpaceName& name, std::int64_t generation, std::string_view state,
                  Instant now) {
  store::RootRow row;
  row.id = ossl::draw_uuid(now);
  row.space = space;
  row.generation = generation;
  row.state = state;
  row.created_at = now;
  Vault::SigningKey key =
      core.vault.create_signing_key({.space = space, .row = row.id, .purpose = kRootKey}, KeyAlgorithm::ecdsa_p256());
  row.key_handle = std::move(key.handle);
  try {
    auto issuer = std::make_shared<const Issuer>(
        Issuer::self_signed({.space = name, .generation = static_cast<unsigned>(generation)}, key.signer, now));
    const ByteView der = issuer->certificate().der();
    row.certificate.assign(der.begin(), der.end());
    row.not_after = issuer->certificate().validity().not_after;

    const std::int64_t number = std::chrono::milliseconds{now.time_since_epoch()}.count();
    Crl list = issuer->crl({}, {.number = static_cast<std::uint64_t>(number)}, now);
    const store::CrlRow crl{.der = list.der(),
                            .number = number,
                            .covers = 0,
                            .this_update = list.this_update(),
                            .next_update = list.next_update().value()};
    return {std::move(row), std::move(list), crl, std::move(issuer)};
  } catch (...) {
    destroy_key(core, row, key.signer->public_key());
    throw;
  }
}

void commit_root(Core& core, const NewRoot& root, const std::function<void(sql::Transaction&)>& work) {
  bool worked = false;
  try {
    core.commits.run([&](sql::Transaction& tx) {
      worked = false;
      work(tx);
      worked = true;
    });
  } catch (...) {
    if (!worked) destroy_key(core, root.row, root.issuer->certificate().public_key());
    throw;
  }
  core.issuers.add(root.row.id, root.issuer);
}

}  // namespace service

Space Authority::create_space(const SpaceName& name, const Actor& actor, SpaceKind kind, const WriteOptions& options) {
  service::Core& core = *impl_;
  const std::string word{text_of(kind)};
  const service::Once once{{}, options, "create_space", actor, fmt::format("{}\n{}", name.text(), word)};
  const auto perform = [&](const service::Once& request) {
    const Instant now = core.now();
    const service::Id id = ossl::draw_uuid(now);
    const auto refuse = [&name] { throw Error{Errc::exists, fmt::format("space \"{}\": is there already", name.text())}; };
    if (store::find_space(*core.driver.read(), name.text())) refuse();
    const service::NewRoot root = service::make_root(core, id, name, 1, "active", now);
    service::commit_root(core, root, [&](sql::Transaction& tx) {
      store::begin_time(tx, id, now);
      if (!store::insert(tx,
                         store::SpaceRow{.id = id, .name = name.text(), .kind = word, .last_generation = 1, .created_at = now})) {
        refuse();
      }
      if (!store::insert(tx, root.row, root.crl)) throw Error{Errc::exists, fmt::format("space \"{}\": has a root", name.text())};
      request.record(tx, std::span{&id, 1}, now);
      const service::AuditEvent event{
          .verb = "create_space",
          .object = name.text(),
          .details = {{"kind", word}, {"root", "1"}, {"serial", root.issuer->certificate().serial().hex()}}};
      service::record(tx, core.vault, id, now, actor, event);
      service::record(tx, core.vault, {}, now, actor, event);
    });
    return Space{std::make_shared<const Space::Impl>(Space::Impl{core, id, name, actor})};
  };
  return once.run(core.driver, perform, [&](const service::Ids&) { return space(name, actor); });
}

Space Authority::space(const SpaceName& name, const Actor& actor) const {
  const auto tx = impl_->driver.read();
  const auto row = store::find_space(*tx, name.text());
  if (!row) throw Error{Errc::not_found, fmt::format("space \"{}\": is not there", name.text())};
  return Space{std::make_shared<const Space::Impl>(Space::Impl{*impl_, row->id, name, actor})};
}

Page<SpaceRecord> Authority::spaces(const PageRequest& page) const {
  const std::int64_t limit = service::checked_limit(page);
  service::check_name_cursor<SpaceName>(page, "spaces");
  const auto tx = impl_->driver.read();
  Page<SpaceRecord> found;
  const auto rows = store::spaces(*tx, page.after, limit);
  for (const store::SpaceRow& row : rows) found.items.push_back(service::space_record(*impl_, *tx, row));
  if (rows.size() == static_cast<std::size_t>(limit)) found.next = rows.back().name;
  return found;
}

const SpaceName& Space::name() const noexcept { return impl_->name; }

SpaceRecord Space::describe() const {
  const auto tx = impl_->authority.driver.read();
  return service::space_record(impl_->authority, *tx, store::space_of(*tx, impl_->id));
}

std::vector<Crl> Space::crls() const {
  const auto tx = impl_->authority.driver.read();
  std::vector<Crl> crls;
  for (const store::RootRow& root : store::roots_of(*tx, impl_->id)) {
    if (service::is_trusted(root)) crls.push_back(Crl::from_der(store::crl_of(*tx, root.id)));
  }
  return crls;
}

Authority::Authority(Store& store, const Vault& vault, const Clock& clock) : impl_(std::make_unique<Impl>(store, vault, clock)) {}

Authority::~Authority() = default;

}  // namespace spaceca
