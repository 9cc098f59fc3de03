#include "service/databases.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/hex.h"
#include "base/mail_address.h"
#include "base/printable.h"
#include "ossl/uuid.h"
#include "service/aftermath.h"
#include "service/audit_chain.h"
#include "service/idempotency.h"
#include "service/issuance.h"
#include "service/revocation.h"
#include "service/words.h"
#include "store/disconnections.h"
#include "store/ip_rules.h"
#include "store/spaces.h"

namespace spaceca {
namespace service {
namespace {

constexpr std::size_t kMostContacts = 20;
constexpr std::size_t kMostHosts = 100;

std::string host_lines(const std::vector<HostName>& hosts) {
  std::vector<std::string> lines;
  lines.reserve(hosts.size());
  for (const HostName& host : hosts) lines.push_back(host.text());
  return joined_lines(lines);
}

Binding url_binding(const Id& space, const Id& database, const char* purpose) {
  return {.space = space, .row = database, .purpose = purpose};
}

[[noreturn]] void cannot_be(const DatabaseName& name, std::string_view why) {
  throw Error{Errc::invalid_argument, fmt::format("database \"{}\": {}", name.text(), why)};
}

void check_hosts(const DatabaseName& name, const std::vector<HostName>& hosts) {
  if (hosts.empty()) cannot_be(name, "has no host; its server certificate needs one at least");
  if (hosts.size() > kMostHosts) cannot_be(name, fmt::format("has {} hosts, the most is {}", hosts.size(), kMostHosts));
  for (auto host = hosts.begin(); host != hosts.end(); ++host) {
    if (std::find(hosts.begin(), host, *host) != host) cannot_be(name, fmt::format("names host \"{}\" twice", host->text()));
  }
}

void check_contacts(const DatabaseName& name, const std::vector<std::string>& contacts) {
  if (contacts.size() > kMostContacts) {
    cannot_be(name, fmt::format("has {} contacts, the most is {}", contacts.size(), kMostContacts));
  }
  for (const std::string& contact : contacts) {
    if (!is_mail_address(contact)) cannot_be(name, "a contact must be a plain mail address, such as ops@example.org");
  }
}

void check_data_directory(const DatabaseName& name, const std::filesystem::path& folder) {
  if (!folder.empty() && (!folder.is_absolute() || folder.native().find('\n') != std::string::npos)) {
    cannot_be(name, "the data directory must be an absolute path");
  }
}

void check(const DatabaseSpec& spec) {
  check_hosts(spec.name, spec.hosts);
  check_contacts(spec.name, spec.contacts);
  check_data_directory(spec.name, spec.data_directory);
}

void check(const DatabaseName& name, const DatabaseChange& change) {
  if (!change.url && !change.admin_url && !change.hosts && !change.role && !change.data_directory && !change.contacts) {
    cannot_be(name, "nothing of it is to be changed; say what");
  }
  if (change.hosts) check_hosts(name, *change.hosts);
  if (change.contacts) check_contacts(name, *change.contacts);
  if (change.data_directory) check_data_directory(name, *change.data_directory);
}

std::string request_text(const DatabaseSpec& spec) {
  std::string text = fmt::format("{}\n{}\n{}\n{}", spec.name.text(), spec.app.text(), spec.role ? spec.role->text() : "",
                                 spec.data_directory.native());
  for (const HostName& host : spec.hosts) text += '\n' + host.text();
  for (const std::string& contact : spec.contacts) text += "\n@" + contact;
  return text;
}

// A code for the two URLs: whoever reads the store learns nothing about them.
std::string code_of(const Core& core, ByteView url, ByteView admin_url) {
  constexpr std::string_view kWhat = "spaceca: the URLs of a request";
  SecretBuffer secret{kWhat.begin(), kWhat.end()};
  for (const ByteView one : {url, admin_url}) {
    secret.push_back(0);  // is in neither
    secret.insert(secret.end(), one.begin(), one.end());
  }
  return hex_of(core.vault.authenticate(secret), HexCase::lower);
}

// What makes two requests the same.
std::string request_text(const Core& core, const DatabaseSpec& spec) {
  return request_text(spec) + "\n#" + code_of(core, spec.url.text().reveal(), spec.admin_url.reveal());
}

std::string request_text(const Core& core, const DatabaseName& name, const DatabaseChange& change) {
  std::string text = name.text();
  if (change.url) text += "\nurl";
  if (change.admin_url) text += "\nadmin url";
  if (change.role) text += "\nrole " + change.role->text();
  if (change.data_directory) text += "\ndata directory " + change.data_directory->native();
  if (change.hosts) text += "\nhosts\n" + host_lines(*change.hosts);
  if (change.contacts) text += "\ncontacts\n" + joined_lines(*change.contacts);
  return text + "\n#" +
         code_of(core, change.url ? change.url->text().reveal() : ByteView{},
                 change.admin_url ? change.admin_url->reveal() : ByteView{});
}

// A server has one list and one set of roots for all its clients.
[[noreturn]] void refuse_occupied(sql::Transaction& tx, const DatabaseName& name, const std::string& data_directory) {
  const auto owner = store::database_at(tx, data_directory);
  const std::string whose =
      owner ? fmt::format("database \"{}\" of space \"{}\"", owner->name, store::space_of(tx, owner->space).name)
            : "another database";
  refuse_database(name,
                  fmt::format("the data directory {} belongs to {}; one server, one database", printable(data_directory), whose));
}

// The same for every way to write a folder's path; the file system is not asked, since the server may not be set up yet.
std::string one_name_of(const std::filesystem::path& folder) {
  const std::filesystem::path normal = folder.lexically_normal();
  return (normal.has_filename() ? normal : normal.parent_path()).native();
}

Bytes sealed(Core& core, const Id& space, const Id& database, const char* purpose, const SecretBytes& secret) {
  return secret.empty() ? Bytes{} : core.vault.seal(url_binding(space, database, purpose), secret.reveal());
}

}  // namespace

void refuse_database(const DatabaseName& name, std::string_view why) {
  throw Error{Errc::policy, fmt::format("database \"{}\": {}", name.text(), why)};
}

store::DatabaseRow get_database(sql::Transaction& tx, const Id& space, const DatabaseName& name) {
  auto row = store::find_database(tx, space, name.text());
  if (!row) throw Error{Errc::not_found, fmt::format("database \"{}\": is not there", name.text())};
  return std::move(*row);
}

bool is_enabled(const store::DatabaseRow& row) { return row.state == "Provisioning" || row.state == "Operational"; }

Access access_of(const store::DatabaseRow& row) {
  return {.method = auth_method_of(row.method), .clientcert = client_cert_of(row.clientcert), .binding = binding_of(row.binding)};
}

BoundTo usual_binding(sql::Transaction& tx, const Id& space) {
  return space_kind_of(store::space_of(tx, space).kind) == SpaceKind::shield ? BoundTo::database : BoundTo::space;
}

DatabaseRecord record_of(sql::Transaction& tx, const store::DatabaseRow& row) {
  DatabaseRecord record{
      .space = SpaceName{store::space_of(tx, row.space).name},
      .name = DatabaseName{row.name},
      .app = AppName{row.app},
      .state = database_state_of(row.state),
      .hosts = {},
      .role = RoleName{row.role},
      .contacts = lines_of(row.contacts),
      .data_directory = row.data_directory,
      .access = access_of(row),
      .created_at = row.created_at,
      .updated_at = row.updated_at,
      .publication_pending =
          row.state == "Deprovisioning" || (is_enabled(row) && (row.proved < row.wanted || store::has_disconnections(tx, row.id))),
      .publication_error = row.publication_error};
  for (const std::string& host : lines_of(row.hosts)) record.hosts.emplace_back(host, Wildcard::allowed);
  return record;
}

DatabaseRecord described(Core& core, const Id& space, const DatabaseName& name) {
  const auto tx = core.driver.read();
  return record_of(*tx, get_database(*tx, space, name));
}

ServedDatabase served(Core& core, sql::Transaction& tx, const store::DatabaseRow& row) {
  ServedDatabase where{.space = SpaceName{store::space_of(tx, row.space).name},
                       .database = DatabaseName{row.name},
                       .data_directory = row.data_directory,
                       .url = core.vault.unseal(url_binding(row.space, row.id, kUrl), row.sealed_url)};
  if (!row.sealed_admin_url.empty()) {
    where.admin_url = core.vault.unseal(url_binding(row.space, row.id, kAdminUrl), row.sealed_admin_url);
  }
  return where;
}

// --- changes ---

namespace {

// What a change makes of a row, and what follows from it.
struct Revision {
  store::DatabaseRow before;
  store::DatabaseRow row;
  // For the audit; no URL nor a part of one, since whoever reads the store learns nothing about these.
  std::vector<std::pair<std::string_view, std::string>> details;
  bool has_moved = false;   // clients are to connect to another host or port
  bool is_renamed = false;  // to another database there
};

// Lists as one word.
std::string word_of(std::string lines) {
  std::ranges::replace(lines, '\n', ',');
  return lines;
}

void revise(Revision& revision, std::string store::DatabaseRow::*column, std::string value, std::string_view what,
            std::string_view what_before) {
  std::string& now = revision.row.*column;
  if (now == value) return;
  revision.details.emplace_back(what, word_of(value));
  revision.details.emplace_back(what_before, word_of(now));
  now = std::move(value);
}

void revise_url(Core& core, Revision& revision, const DatabaseUrl& url) {
  const Binding binding = url_binding(revision.before.space, revision.before.id, kUrl);
  const DatabaseUrl known{core.vault.unseal(binding, revision.before.sealed_url)};
  if (std::ranges::equal(known.text().reveal(), url.text().reveal())) return;
  revision.row.sealed_url = core.vault.seal(binding, url.text().reveal());
  revision.details.emplace_back("url", "changed");
  revision.has_moved = known.host() != url.host() || known.port() != url.port();
  revision.is_renamed = known.database() != url.database();
}

void revise_admin_url(Core& core, Revision& revision, const SecretBytes& url) {
  const Binding binding = url_binding(revision.before.space, revision.before.id, kAdminUrl);
  const Bytes& sealed_before = revision.before.sealed_admin_url;
  const SecretBytes known = sealed_before.empty() ? SecretBytes{} : core.vault.unseal(binding, sealed_before);
  if (std::ranges::equal(known.reveal(), url.reveal())) return;
  revision.row.sealed_admin_url = sealed(core, revision.before.space, revision.before.id, kAdminUrl, url);
  revision.details.emplace_back("admin_url", known.empty() ? "given" : url.empty() ? "taken away" : "changed");
}

Revision revision_of(Core& core, store::DatabaseRow row, const DatabaseChange& change) {
  using Row = store::DatabaseRow;
  Revision revision{.before = row, .row = {}, .details = {}};
  revision.row = std::move(row);
  if (change.hosts) revise(revision, &Row::hosts, host_lines(*change.hosts), "hosts", "hosts_before");
  if (change.role) revise(revision, &Row::role, change.role->text(), "role", "role_before");
  if (change.contacts) revise(revision, &Row::contacts, joined_lines(*change.contacts), "contacts", "contacts_before");
  if (change.data_directory) {
    revise(revision, &Row::data_directory, one_name_of(*change.data_directory), "data_directory", "data_directory_before");
  }
  if (revision.row.data_directory != revision.before.data_directory && revision.before.state != "disabled") {
    refuse_database(
        DatabaseName{revision.before.name},
        fmt::format("mTLS is in the state {}, and what it wrote would stay in the data directory before; destroy that first",
                    revision.before.state));
  }
  if (change.url) revise_url(core, revision, *change.url);
  // Neither whom its lines would lock out of that one nor who would be let in to this one again has been looked at.
  if (revision.is_renamed && is_enabled(revision.before) && !revision.before.data_directory.empty()) {
    refuse_database(
        DatabaseName{revision.before.name},
        fmt::format("mTLS is in the state {} for the database that its URL names, and this URL names another; destroy that first",
                    revision.before.state));
  }
  if (change.admin_url) revise_admin_url(core, revision, *change.admin_url);
  return revision;
}

// Nothing that a change looks at is another since.
bool is_as_before(const store::DatabaseRow& row, const store::DatabaseRow& before) {
  const auto seen = [](const store::DatabaseRow& one) {
    return std::tie(one.id, one.state, one.hosts, one.role, one.contacts, one.data_directory, one.sealed_url, one.sealed_admin_url);
  };
  return seen(row) == seen(before);
}

// A server certificate under its new hosts.
struct NewServer {
  NewServer(Core& core, ServerOrder asked)
      : order(std::move(asked)), issuance(core, order.facts, std::span{&order.order, 1}, order.dated) {}

  ServerOrder order;
  Issuance issuance;
};

std::unique_ptr<NewServer> new_server(Core& core, const Revision& revision, const Actor& actor, Instant now) {
  if (!is_enabled(revision.row) || revision.row.hosts == revision.before.hosts) return nullptr;
  return std::make_unique<NewServer>(core, [&] {
    const auto tx = core.driver.read();
    return server_order(core, *tx, revision.row.space, revision.row, actor, Holders::know_the_root, now);
  }());
}

// Within a transaction.
void write(sql::Transaction& tx, const Revision& revision, NewServer* server, Instant now) {
  const store::DatabaseRow& row = revision.row;
  if (!is_as_before(get_database(tx, row.space, DatabaseName{row.name}), revision.before)) throw FactsMoved{};
  if (const auto owner = store::database_at(tx, row.data_directory); owner && owner->id != row.id) {
    refuse_occupied(tx, DatabaseName{row.name}, row.data_directory);
  }
  store::update(tx, row);
  if (server != nullptr) record_server(tx, row.id, server->issuance);
  if (!is_enabled(row) || !(revision.has_moved || revision.is_renamed)) return;
  store::want_publication(tx, row.id);
  if (!revision.has_moved || !row.data_directory.empty()) return;
  store::forget_proofs(tx, row.id);
  static_cast<void>(store::move_database(tx, row.id, "Operational", "Provisioning", now));
}

}  // namespace
}  // namespace service

DatabaseRecord Space::create_database(DatabaseSpec spec, const WriteOptions& options) const {
  service::check(spec);
  service::Core& core = impl_->authority;
  const service::Once once{impl_->id, options, "create_database", impl_->actor, service::request_text(core, spec)};
  const auto perform = [&](const service::Once& request) {
    const Instant now = core.now();
    store::DatabaseRow row;
    row.id = ossl::draw_uuid(now);
    row.space = impl_->id;
    row.name = spec.name.text();
    row.app = spec.app.text();
    row.state = "disabled";
    row.hosts = service::host_lines(spec.hosts);
    row.role = spec.role ? spec.role->text() : RoleName{spec.url.user()}.text();
    row.contacts = service::joined_lines(spec.contacts);
    row.data_directory = service::one_name_of(spec.data_directory);
    row.sealed_url = service::sealed(core, impl_->id, row.id, service::kUrl, spec.url.text());
    row.sealed_admin_url = service::sealed(core, impl_->id, row.id, service::kAdminUrl, spec.admin_url);
    row.created_at = now;
    core.commits.run([&](sql::Transaction& tx) {
      if (!store::insert(tx, row)) {
        if (store::find_database(tx, impl_->id, row.name)) {
          throw Error{Errc::exists, fmt::format("database \"{}\": is there already", row.name)};
        }
        service::refuse_occupied(tx, spec.name, row.data_directory);
      }
      request.record(tx, std::span{&row.id, 1}, now);
      service::record(tx, core.vault, impl_->id, now, impl_->actor,
                      {.verb = "create_database", .object = row.name, .details = {{"app", row.app}, {"role", row.role}}});
    });
    return service::after(fmt::format("database \"{}\": is made", spec.name.text()),
                          [&] { return service::described(core, impl_->id, spec.name); });
  };
  return once.run(core.driver, perform, [&](const service::Ids&) { return service::described(core, impl_->id, spec.name); });
}

DatabaseRecord Space::update_database(const DatabaseName& name, DatabaseChange change, const WriteOptions& options) const {
  service::check(name, change);
  service::Core& core = impl_->authority;
  const service::Once once{impl_->id, options, "update_database", impl_->actor, service::request_text(core, name, change)};
  const auto read = [&] {
    const auto tx = core.driver.read();
    return service::get_database(*tx, impl_->id, name);
  };
  const auto perform = [&](const service::Once& request) {
    return service::with_fresh_facts([&] {
      const Instant now = core.now();
      service::Revision revision = service::revision_of(core, read(), change);
      if (revision.details.empty() && !request.is_keyed()) return service::described(core, impl_->id, name);
      revision.row.updated_at = now;
      const auto server = service::new_server(core, revision, impl_->actor, now);
      std::vector<service::AuditEvent> events;
      if (server) events = server->issuance.events("issue_server");
      events.insert(events.begin(), {.verb = "update_database", .object = name.text(), .details = revision.details});
      core.commits.run([&](sql::Transaction& tx) {
        request.record(tx, std::span{&revision.row.id, 1}, now);
        if (revision.details.empty()) return;  // the key alone is remembered
        service::write(tx, revision, server.get(), now);
        service::record(tx, core.vault, impl_->id, now, impl_->actor, events);
      });
      return service::after(fmt::format("database \"{}\": is changed", name.text()),
                            [&] { return service::described(core, impl_->id, name); });
    });
  };
  return once.run(core.driver, perform, [&](const service::Ids&) { return service::described(core, impl_->id, name); });
}

std::optional<DatabaseRecord> Space::find_database(const DatabaseName& name) const {
  const auto tx = impl_->authority.driver.read();
  const auto row = store::find_database(*tx, impl_->id, name.text());
  if (!row) return std::nullopt;
  return service::record_of(*tx, *row);
}

Page<DatabaseRecord> Space::databases(const PageRequest& page) const {
  const std::int64_t limit = service::checked_limit(page);
  service::check_name_cursor<DatabaseName>(page, "databases");
  const auto tx = impl_->authority.driver.read();
  Page<DatabaseRecord> found;
  const auto rows = store::databases(*tx, impl_->id, page.after, limit);
  for (const store::DatabaseRow& row : rows) found.items.push_back(service::record_of(*tx, row));
  if (rows.size() == static_cast<std::size_t>(limit)) found.next = rows.back().name;
  return found;
}

std::vector<DatabaseLocation> Authority::locate(const DatabaseName& database, const AppName& app) const {
  const auto tx = impl_->driver.read();
  std::vector<DatabaseLocation> found;
  for (const std::string& space : store::locate(*tx, database.text(), app.text())) found.push_back({SpaceName{space}, database});
  return found;
}

DatabaseUrl Space::url(const DatabaseName& name) const {
  service::Core& core = impl_->authority;
  const Instant now = core.now();
  SecretBytes text;
  core.commits.run([&](sql::Transaction& tx) {
    const store::DatabaseRow row = service::get_database(tx, impl_->id, name);
    text = core.vault.unseal(service::url_binding(impl_->id, row.id, service::kUrl), row.sealed_url);
    service::record(tx, core.vault, impl_->id, now, impl_->actor, {.verb = "url", .object = row.name});
  });
  return DatabaseUrl{std::move(text)};
}

void Space::destroy_database(const DatabaseName& name, const WriteOptions& options) const {
  service::Core& core = impl_->authority;
  const service::Once once{impl_->id, options, "destroy_database", impl_->actor, name.text()};
  const auto perform = [&](const service::Once& request) {
    const Instant now = core.now();
    std::vector<service::Id> roots;
    core.commits.run([&](sql::Transaction& tx) {
      const store::DatabaseRow row = service::get_database(tx, impl_->id, name);
      if (row.state != "disabled") {
        service::refuse_database(name, fmt::format("mTLS is in the state {}; destroy that first", row.state));
      }
      roots = service::revoke_all(tx, impl_->id, row.id, RevocationReason::cessation_of_operation, now);
      store::delete_ip_rules(tx, row.id, now);
      store::forget_urls(tx, row.id);
      request.record(tx, std::span{&row.id, 1}, now);
      service::record(tx, core.vault, impl_->id, now, impl_->actor, {.verb = "destroy_database", .object = row.name});
    });
    service::after(fmt::format("database \"{}\": is destroyed; the next sweep writes the lists", name.text()),
                   [&] { service::build_crls(core, roots); });
    return 0;
  };
  static_cast<void>(once.run(core.driver, perform, [&](const service::Ids&) {
    service::build_crls(core, service::trusted_roots(core, impl_->id));
    return 0;
  }));
}

}  // namespace spaceca
