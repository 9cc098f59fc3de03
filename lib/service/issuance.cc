#include "service/issuance.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "ossl/uuid.h"
#include "service/audit_chain.h"
#include "service/clock_watch.h"
#include "service/databases.h"
#include "service/idempotency.h"
#include "service/renewal.h"
#include "service/words.h"
#include "store/spaces.h"

namespace spaceca {
namespace service {
namespace {

constexpr std::size_t kLargestBatch = 10'000;
constexpr std::chrono::days kLateRenewal{90};  // how long after its end one is still renewed

Binding key_binding(const Id& space, const Id& id, const PublicKey& key) {
  return {.space = space, .row = id, .purpose = kCertificateKey, .public_key = key.spki_der()};
}

std::vector<HostName> hosts_of(const store::DatabaseRow& database) {
  std::vector<HostName> hosts;
  for (const std::string& line : lines_of(database.hosts)) hosts.emplace_back(line, Wildcard::allowed);
  return hosts;
}

}  // namespace

Id id_of(const CertificateId& id) { return id.octets(); }

Bytes sealed_key(Core& core, const Id& space, const Id& id, const PrivateKey& key) {
  return core.vault.seal(key_binding(space, id, key.public_key()), key.pkcs8_der().reveal());
}

Instant due_of(Instant not_after) { return not_after - kRenewalWindow; }

Instant closing_of(Instant not_after) { return not_after + kLateRenewal; }

Facts read_facts(Core& core, sql::Transaction& tx, const Id& space, store::DatabaseRow database) {
  Facts facts{.space = space,
              .space_name = SpaceName{store::space_of(tx, space).name},
              .database = std::move(database),
              .root = {},
              .trusted = {},
              .latest_generation = 0};
  bool found = false;
  for (store::RootRow& root : store::roots_of(tx, space)) {
    if (!is_trusted(root)) continue;
    facts.trusted.push_back(core.issuers.certificate_of(root));
    facts.latest_generation = root.generation;
    if (root.state != "active") continue;
    facts.root = std::move(root);
    found = true;
  }
  if (!found) throw Error{Errc::policy, fmt::format("database \"{}\": its space has no active root", facts.database.name)};
  return facts;
}

std::shared_ptr<const Facts> FactsKept::of(Core& core, const Id& space, const DatabaseName& name) {
  {
    const std::lock_guard lock{mutex_};
    if (const auto known = facts_.find({space, name.text()}); known != facts_.end()) return known->second;
  }
  const auto tx = core.driver.read();
  auto fresh = std::make_shared<const Facts>(read_facts(core, *tx, space, get_database(*tx, space, name)));
  const std::lock_guard lock{mutex_};
  return facts_.insert_or_assign({space, name.text()}, std::move(fresh)).first->second;
}

void FactsKept::forget(const Id& space, const DatabaseName& name) {
  const std::lock_guard lock{mutex_};
  facts_.erase({space, name.text()});
}

// --- making ---

Issuance::Issuance(Core& core, const Facts& facts, std::span<const Order> orders, Instant now) : facts_(facts), now_(now) {
  const auto issuer = core.issuers.of(facts.root);
  now_ = std::max(now_, issuer->certificate().validity().not_before);
  made_.reserve(orders.size());
  const auto random = core.random.borrow([] { return std::make_unique<ossl::RandomPool>(); });
  for (const Order& order : orders) made_.push_back(make(core, *issuer, *random, order));
}

Issuance::Made Issuance::make(Core& core, const Issuer& issuer, ossl::RandomPool& random, const Order& order) const {
  const Id id = ossl::draw_uuid(random, now_, core.ids_drawn++);
  const auto server = [&] { return ServerSubject{.hosts = hosts_of(facts_.database), .space = facts_.space_name}; };
  const auto client = [&] {
    return ClientSubject{.role = order.role.value(), .database = DatabaseName{facts_.database.name}, .id = CertificateId{id}};
  };
  const bool is_client = order.kind == CertificateKind::client;

  if (order.key) {
    Certificate leaf = is_client ? issuer.issue(client(), *order.key, now_) : issuer.issue(server(), *order.key, now_);
    const Instant ends = leaf.validity().not_after;
    return {order, id, std::move(leaf), std::nullopt, {}, is_client ? std::optional{due_of(ends)} : std::nullopt};
  }
  Credential credential = is_client ? issuer.issue_with_key(client(), now_, order.key_algorithm)
                                    : issuer.issue_with_key(server(), now_, order.key_algorithm);
  Certificate leaf = credential.certificate();
  const Instant ends = leaf.validity().not_after;
  PrivateKey key = std::move(credential).take_key();
  Bytes sealed;
  if (order.custody == Custody::sealed) {
    sealed = sealed_key(core, facts_.space, id, key);
  }
  return {order, id, std::move(leaf), std::move(key), std::move(sealed), is_client ? std::optional{due_of(ends)} : std::nullopt};
}

// --- recording ---

// Ready where no enabled server of its database is left that is not proved to trust its root.
std::string_view Issuance::state_now(sql::Transaction& tx) const {
  const std::string state = store::state_of_database(tx, facts_.database);
  if (state.empty() || state == "destroyed") throw FactsMoved{};
  if (state == "disabled" || state == "Deprovisioning") return "ready";
  return store::is_proved(tx, facts_.database.id, facts_.root.id) ? "ready" : "pending";
}

void Issuance::record(sql::Transaction& tx, const std::vector<bool>& wanted) {
  // Where nothing is wanted any more, its database may be gone.
  if (!wanted.empty() && std::ranges::find(wanted, true) == wanted.end()) return;
  if (!store::is_active(tx, facts_.root.id, facts_.root.epoch)) throw FactsMoved{};
  state_ = state_now(tx);

  std::vector<store::NewCertificate> rows;
  rows.reserve(made_.size());
  std::map<std::string_view, std::int64_t> roles;
  for (std::size_t i = 0; i < made_.size(); ++i) {
    if (!wanted.empty() && !wanted[i]) continue;
    const Made& made = made_[i];
    const bool is_client = made.order.kind == CertificateKind::client;
    const std::string_view role = is_client ? std::string_view{made.order.role->text()} : std::string_view{};
    rows.push_back({.id = made.id,
                    .root = facts_.root.id,
                    .serial = made.certificate.serial().octets(),
                    .database = facts_.database.id,
                    .kind = text_of(made.order.kind),
                    .state = state_,
                    .role = role,
                    .custody = text_of(made.order.custody),
                    .certificate = made.certificate.der(),
                    .sealed_key = made.sealed_key,
                    .predecessor = made.order.predecessor,
                    .terms = made.order.terms,
                    .bundle_generation = made.order.handed_out ? std::optional{facts_.latest_generation} : std::nullopt,
                    .created_at = now_,
                    .not_after = made.certificate.validity().not_after,
                    .due_at = made.due_at});
    if (is_client) ++roles[role];
  }
  store::insert(tx, rows);
  bool new_role = false;
  for (const auto& [role, more] : roles) new_role |= store::count_role(tx, facts_.database.id, role, more);
  if (new_role) store::want_publication(tx, facts_.database.id);
}

std::vector<Id> Issuance::ids() const {
  std::vector<Id> ids;
  for (const Made& made : made_) ids.push_back(made.id);
  return ids;
}

std::vector<Bundle> Issuance::bundles() && {
  std::vector<Bundle> bundles;
  bundles.reserve(made_.size());
  for (Made& made : made_) {
    CertificateRecord record{.id = certificate_id(made.id),
                             .database = DatabaseName{facts_.database.name},
                             .kind = made.order.kind,
                             .state = certificate_state_of(state_),
                             .serial = made.certificate.serial(),
                             .generation = generation_of(facts_.root),
                             .role = made.order.role,
                             .custody = made.order.custody,
                             .created_at = now_,
                             .updated_at = now_,
                             .not_after = made.certificate.validity().not_after};
    if (made.order.predecessor) record.predecessor = certificate_id(*made.order.predecessor);
    bundles.push_back({.record = std::move(record),
                       .chain = {std::move(made.certificate)},
                       .roots = facts_.trusted,
                       .key = std::move(made.key),
                       .latest_generation = static_cast<unsigned>(facts_.latest_generation)});
  }
  return bundles;
}

// --- reading ---

CertificateRecord record_of(const store::CertificateRow& row) {
  CertificateRecord record{.id = certificate_id(row.id),
                           .database = DatabaseName{row.database_name},
                           .kind = certificate_kind_of(row.kind),
                           .state = certificate_state_of(row.state),
                           .serial = Serial{ByteView{row.serial}},
                           .generation = static_cast<unsigned>(row.generation),
                           .role = row.role.empty() ? std::nullopt : std::optional{RoleName{row.role}},
                           .custody = custody_of(row.custody),
                           .created_at = row.created_at,
                           .updated_at = row.updated_at,
                           .not_after = row.not_after};
  if (row.predecessor) record.predecessor = certificate_id(*row.predecessor);
  if (row.successor) record.successor = certificate_id(*row.successor);
  if (row.revoked_at) record.revocation = Revocation{*row.revoked_at, static_cast<RevocationReason>(row.reason)};
  record.sessions = static_cast<unsigned>(row.sessions);
  record.last_seen_at = row.last_seen;
  return record;
}

Bundle bundle_of(Core& core, sql::Transaction& tx, const Id& space, const store::CertificateRow& row) {
  const store::Secrets octets = store::octets_of(tx, row.id);
  Bundle bundle{.record = record_of(row),
                .chain = {Certificate::from_der(octets.certificate)},
                .roots = {},
                .key = {},
                .latest_generation = 0};
  for (const store::RootRow& root : store::roots_of(tx, space)) {
    if (!is_trusted(root)) continue;
    bundle.roots.push_back(core.issuers.certificate_of(root));
    bundle.latest_generation = generation_of(root);
  }
  if (!octets.sealed_key.empty()) {
    const PublicKey& key = bundle.chain.front().public_key();
    bundle.key = PrivateKey::from_pkcs8_der(core.vault.unseal(key_binding(space, row.id, key), octets.sealed_key).reveal());
  }
  return bundle;
}

namespace {

std::string request_text(const DatabaseName& database, std::span<const ClientRequest> requests) {
  std::string text = database.text();
  for (const ClientRequest& request : requests) {
    text += fmt::format("\n{} {} {} {} ", request.role ? request.role->text() : "", text_of(request.custody),
                        request.key_algorithm.name(), static_cast<int>(request.counts));
    if (request.csr) text += text_of(request.csr->public_key().spki_der());
  }
  return text;
}

Order order_of(const ClientRequest& request, const store::DatabaseRow& database) {
  Order order{.role = request.role ? *request.role : RoleName{database.role},
              .custody = request.custody,
              .key_algorithm = request.key_algorithm,
              .handed_out = request.counts == BundleCounts::at_once};
  if (request.csr) {
    order.custody = Custody::requester;
    order.key = request.csr->public_key();
  } else if (request.custody == Custody::requester) {
    throw Error{Errc::invalid_argument, "client certificate: custody requester goes with a certificate request"};
  }
  return order;
}

std::vector<Bundle> replayed(Core& core, const Id& space, const Ids& ids) {
  const auto tx = core.driver.read();
  std::vector<Bundle> bundles;
  for (const Id& id : ids) {
    const auto row = store::find_certificate(*tx, space, id);
    if (!row) {
      throw Error{Errc::corrupt,
                  fmt::format("certificate {}: an idempotency key names it and it is not there", certificate_id(id).text())};
    }
    if (row->custody == "once") {
      throw Error{Errc::key_not_kept,
                  fmt::format("certificate {}: was made by this request before, and its key was handed out then",
                              certificate_id(id).text())};
    }
    bundles.push_back(bundle_of(core, *tx, space, *row));
  }
  return bundles;
}

}  // namespace

std::vector<AuditEvent> Issuance::events(std::string_view verb, const std::vector<bool>& wanted) const {
  std::vector<AuditEvent> events;
  events.reserve(made_.size());
  for (std::size_t i = 0; i < made_.size(); ++i) {
    if (!wanted.empty() && !wanted[i]) continue;
    const Made& made = made_[i];
    AuditEvent event{.verb = verb,
                     .object = certificate_id(made.id).text(),
                     .details = {{"database", facts_.database.name},
                                 {"kind", std::string{text_of(made.order.kind)}},
                                 {"serial", made.certificate.serial().hex()},
                                 {"root", std::to_string(facts_.root.generation)}}};
    if (made.order.role) event.details.emplace_back("role", made.order.role->text());
    event.details.emplace_back("custody", std::string{text_of(made.order.custody)});
    if (made.order.predecessor) event.details.emplace_back("predecessor", certificate_id(*made.order.predecessor).text());
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace service

Credential Bundle::credential() && {
  if (!key) {
    throw Error{Errc::key_not_kept,
                fmt::format("certificate {}: its private key is not here (custody {})", record.id.text(), text_of(record.custody))};
  }
  return Credential{std::move(chain), std::move(*key), std::move(roots)};
}

std::vector<Bundle> Space::issue_clients(const DatabaseName& database, std::span<const ClientRequest> requests,
                                         const WriteOptions& options) const {
  service::Core& core = impl_->authority;
  if (requests.empty() || requests.size() > service::kLargestBatch) {
    throw Error{Errc::invalid_argument,
                fmt::format("client certificates: {} at once; 1 to {} would do", requests.size(), service::kLargestBatch)};
  }
  const service::Once once{impl_->id, options, "issue_clients", impl_->actor,
                           options.idempotency_key.empty() ? "" : service::request_text(database, requests)};
  const auto perform = [&](const service::Once& request) {
    return service::with_kept_facts(core, impl_->id, database, [&](const service::Facts& facts) {
      const Instant now = core.now();
      std::vector<service::Order> orders;
      orders.reserve(requests.size());
      for (const ClientRequest& one : requests) orders.push_back(service::order_of(one, facts.database));
      service::Issuance issuance{core, facts, orders, now};
      const auto events = issuance.events("issue_client");
      core.commits.run([&](sql::Transaction& tx) {
        issuance.record(tx);
        request.record(tx, issuance.ids(), now);
        service::record(tx, core.vault, impl_->id, now, impl_->actor, events);
      });
      return std::move(issuance).bundles();
    });
  };
  return once.run(core.driver, perform, [&](const service::Ids& ids) { return service::replayed(core, impl_->id, ids); });
}

Bundle Space::issue_client(const DatabaseName& database, const ClientRequest& request, const WriteOptions& options) const {
  auto bundles = issue_clients(database, std::span{&request, 1}, options);
  return std::move(bundles.front());
}

namespace service {

ServerOrder server_order(Core& core, sql::Transaction& tx, const Id& space, store::DatabaseRow database, const Actor& actor,
                         Holders holders, Instant now) {
  if (holders == Holders::may_be_locked_out) {
    if (!is_enabled(database)) {
      throw Error{Errc::policy,
                  fmt::format("database \"{}\": mTLS is not enabled, its state is {}", database.name, database.state)};
    }
  } else if (const std::string why = reason_to_wait(tx, database, now); !why.empty()) {
    throw Error{Errc::policy, fmt::format("database \"{}\": {}; force_server moves it all the same", database.name, why)};
  }
  return {.facts = read_facts(core, tx, space, std::move(database)), .dated = dated_for(tx, actor, now)};
}

void record_server(sql::Transaction& tx, const Id& database, Issuance& issuance) {
  issuance.record(tx);
  store::set_server(tx, database, issuance.ids().front());
  store::want_publication(tx, database);
}

Bundle issue_server(Core& core, const Id& space, const DatabaseName& name, const Actor& actor, Holders holders,
                    const Once& request) {
  return with_fresh_facts([&] {
    const Instant now = core.now();
    const ServerOrder server = [&] {
      const auto tx = core.driver.read();
      return server_order(core, *tx, space, get_database(*tx, space, name), actor, holders, now);
    }();
    Issuance issuance{core, server.facts, std::span{&server.order, 1}, server.dated};
    auto events = issuance.events("issue_server");
    if (holders == Holders::may_be_locked_out) events.insert(events.begin(), {.verb = "force_server", .object = name.text()});
    core.commits.run([&](sql::Transaction& tx) {
      record_server(tx, server.facts.database.id, issuance);
      request.record(tx, issuance.ids(), now);
      record(tx, core.vault, space, now, actor, events);
    });
    auto bundles = std::move(issuance).bundles();
    return std::move(bundles.front());
  });
}

}  // namespace service

Bundle Space::issue_server(const DatabaseName& database, const WriteOptions& options) const {
  service::Core& core = impl_->authority;
  const service::Once once{impl_->id, options, "issue_server", impl_->actor, database.text()};
  const auto perform = [&](const service::Once& request) {
    return service::issue_server(core, impl_->id, database, impl_->actor, service::Holders::know_the_root, request);
  };
  return once.run(core.driver, perform, [&](const service::Ids& ids) {
    auto bundles = service::replayed(core, impl_->id, ids);
    return std::move(bundles.front());
  });
}

void Space::force_server(const DatabaseName& database, const WriteOptions& options) const {
  service::Core& core = impl_->authority;
  const service::Once once{impl_->id, options, "force_server", impl_->actor, database.text()};
  const auto perform = [&](const service::Once& request) {
    static_cast<void>(service::issue_server(core, impl_->id, database, impl_->actor, service::Holders::may_be_locked_out, request));
    return 0;
  };
  static_cast<void>(once.run(core.driver, perform, [](const service::Ids&) { return 0; }));
}

}  // namespace spaceca
