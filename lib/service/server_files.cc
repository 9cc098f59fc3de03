#include "service/server_files.h"

#include <algorithm>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/hex.h"
#include "ossl/digest.h"
#include "ossl/uuid.h"
#include "service/aftermath.h"
#include "service/audit_chain.h"
#include "service/clock_watch.h"
#include "service/databases.h"
#include "service/failure.h"
#include "service/issuance.h"
#include "service/publication.h"
#include "service/revocation.h"
#include "service/words.h"
#include "store/certificates.h"
#include "store/ip_rules.h"
#include "store/sentinels.h"
#include "store/spaces.h"

namespace spaceca {
namespace service {
namespace {

struct Wanted {
  store::DatabaseRow database;
  Trust trust;
  std::vector<store::IpRuleRow> rules;
  std::vector<store::Sentinel> sentinels;
  std::optional<ServedDatabase> where;
  std::optional<Publication> what;
};
Wanted read_wanted(Core& core, const Id& id, std::int64_t number) {
  const auto tx = core.driver.read();
  Wanted wanted;
  wanted.database = store::database_of(*tx, id);
  wanted.trust = read_trust(core, *tx, wanted.database.space);
  wanted.rules = store::ip_rules(*tx, id);
  wanted.sentinels = store::sentinels(*tx, id);
  wanted.where.emplace(served(core, *tx, wanted.database));
  wanted.what.emplace(publication_of(core, *tx, wanted.database, wanted.trust, wanted.rules, number));
  return wanted;
}

// All that is in its files but lists, whose dates change every week. As the server calls the database stands in the lines of
// pg_hba.conf, and comes from the URL, of which whoever reads the store learns nothing: so it goes in as a code.
Bytes content_of(const Core& core, const Wanted& wanted) {
  const Publication& what = *wanted.what;
  std::string text =
      fmt::format("{} {} {}\n", text_of(what.access.method), text_of(what.access.clientcert), text_of(what.access.binding));
  text += what.server.certificate().serial().hex() + '\n';
  for (const Certificate& root : what.server.roots()) text += root.serial().hex() + ' ';
  for (const RoleName& role : what.roles) text += '\n' + role.text();
  for (const Cidr& rule : what.rules) text += '\n' + rule.text();
  const std::string name = "spaceca: a database as its server calls it: " + DatabaseUrl{wanted.where->url.copy()}.database();
  text += "\n#" + hex_of(core.vault.authenticate(bytes_of(name)), HexCase::lower);
  ossl::Hasher hasher{"SHA256"};
  const ByteView digest = hasher.digest(bytes_of(text));
  return {digest.begin(), digest.end()};
}

// One for each root: a certificate of thirteen months whose key is kept here, since files may be put in place at any time.
struct Made {
  Id id;
  Id root;
  Certificate certificate;
  Bytes sealed_key;
};
std::vector<Made> make_sentinels(Core& core, const store::DatabaseRow& database, const Trust& trust, Instant now) {
  std::vector<Made> made;
  for (const store::RootRow& root : trust.roots) {
    const Id id = ossl::draw_uuid(now);
    const Credential credential = core.issuers.of(root)->issue_probe(
        ClientSubject{.role = RoleName{database.role}, .database = DatabaseName{database.name}, .id = certificate_id(id)}, now,
        months_after(now, kLeafLifetime) - now);
    made.push_back({id, root.id, credential.certificate(), sealed_key(core, database.space, id, credential.key())});
  }
  return made;
}

[[noreturn]] void waits(const Wanted& wanted, std::string_view why) {
  throw Error{Errc::policy,
              fmt::format("database \"{}\": {}; data:mtls:server-files writes what its server needs", wanted.database.name, why)};
}

// What its administrator was not given yet. Looked for before probes are made: these are rows, and he may take weeks.
void refuse_what_waits(const Core& core, const Wanted& wanted) {
  for (const store::RootRow& root : wanted.trust.roots) {
    if (std::ranges::find(wanted.sentinels, root.id, &store::Sentinel::root) == wanted.sentinels.end()) {
      waits(wanted, fmt::format("there are no files yet that hold root {}", root.generation));
    }
  }
  if (wanted.sentinels.front().content != content_of(core, wanted)) {
    waits(wanted, "what its server is to serve has changed since its files were made");
  }
}

// The probes of this look: good ones of ten minutes, and the sentinels.
std::vector<Probe> probes_for(Core& core, const Wanted& wanted) {
  const Instant now = core.now();
  std::vector<Probe> probes;
  std::vector<Id> ids;
  for (const store::RootRow& root : wanted.trust.roots) {
    const auto sentinel = std::ranges::find(wanted.sentinels, root.id, &store::Sentinel::root);
    ids.push_back(ossl::draw_uuid(now));
    Credential good = core.issuers.of(root)->issue_probe(
        {.role = RoleName{wanted.database.role}, .database = DatabaseName{wanted.database.name}, .id = certificate_id(ids.back())},
        now);
    const auto tx = core.driver.read();
    store::CertificateRow row = store::certificate_of(*tx, sentinel->certificate);
    row.kind = text_of(CertificateKind::client);  // no record of a probe is ever shown
    probes.push_back({generation_of(root), std::move(good), bundle_of(core, *tx, wanted.database.space, row).credential()});
  }
  core.commits.run([&](sql::Transaction& tx) {
    std::vector<store::NewCertificate> rows;
    for (std::size_t i = 0; i < probes.size(); ++i) {
      rows.push_back(probe_row(wanted.database, wanted.trust.roots[i].id, ids[i], probes[i].good.certificate(), now));
    }
    store::insert(tx, rows);
  });
  return probes;
}

void look(Core& core, const store::DatabaseRow& database, Publisher& publisher) {
  const Wanted wanted = read_wanted(core, database.id, 1);
  refuse_what_waits(core, wanted);
  const std::vector<Probe> probes = probes_for(core, wanted);
  publisher.publish(*wanted.where, *wanted.what, probes);
  const Instant now = core.now();
  core.commits.run([&](sql::Transaction& tx) {
    const store::DatabaseRow current = store::database_of(tx, database.id);
    if (!is_enabled(current)) return;  // disabled meanwhile
    if (current.sealed_url != wanted.database.sealed_url) {
      throw Error{Errc::busy, fmt::format("database \"{}\": its URL was changed while its server was looked at", database.name)};
    }
    for (const store::Sentinel& one : wanted.sentinels) {
      store::record_proof(tx, database.id, {.root = one.root, .crl_number = one.crl_number, .crl_covers = one.crl_covers}, now);
    }
    forget_given_up_roots(tx, database.id, wanted.trust);
    static_cast<void>(store::move_database(tx, database.id, "Provisioning", "Operational", now));
    settle(tx, database.space, now);
    // Revocations behind the list that it has are for the next files.
    const auto moving = store::certificates_in_motion(tx, database.space, "disabling");
    const bool behind = std::ranges::any_of(moving, [&](const store::CertificateRow& row) {
      const auto proved = std::ranges::find(wanted.sentinels, row.root, &store::Sentinel::root);
      return proved != wanted.sentinels.end() && row.mark > proved->crl_covers;
    });
    if (behind) return;
    store::record_published(tx, database.id, wanted.database.wanted, now);
    record(tx, core.vault, database.space, now, sweeper(),
           {.verb = "publish",
            .object = database.name,
            .details = {{"seen", "over the network"}, {"server", wanted.what->server.certificate().serial().hex()}}});
  });
  if (const auto tx = core.driver.read(); store::database_of(*tx, database.id).proved < wanted.database.wanted) {
    waits(wanted, "its server does not know of the latest revocations");
  }
}

}  // namespace

void look_at_foreign_server(Core& core, const store::DatabaseRow& database, Publisher& publisher, SweepPart& part) {
  const SpaceName space = space_name(core, database.space);
  const auto ends = [&]() -> std::optional<Instant> {
    const auto tx = core.driver.read();
    const auto sentinels = store::sentinels(*tx, database.id);
    if (sentinels.empty()) return std::nullopt;
    return std::ranges::min_element(sentinels, {}, &store::Sentinel::crl_next_update)->crl_next_update;
  }();
  if (ends && *ends - kRenewalWindow <= core.now()) {
    part.late.push_back(
        {space, database.name,
         fmt::format("the lists that its server has end {}; data:mtls:server-files writes new ones", text_of(*ends))});
  }
  if (database.proved == database.wanted) return;
  const auto note = [&](std::vector<SweepPart::Item>& items, const std::string& why, Errc code) {
    items.push_back({space, database.name, why, code});
    core.commits.run([&](sql::Transaction& tx) { store::record_not_published(tx, database.id, why); });
  };
  try {
    look(core, database, publisher);
    part.done.push_back({space, database.name, "seen to serve its files"});
  } catch (...) {
    const Failure failure = caught();
    const bool waits = failure.code == Errc::policy || failure.code == Errc::not_taken;
    note(waits ? part.late : part.failed, failure.why, failure.code);
  }
}

}  // namespace service

ServerFiles Space::server_files(const DatabaseName& name) const {
  service::Core& core = impl_->authority;
  const Instant now = core.now();
  const store::DatabaseRow row = [&] {
    const auto tx = core.driver.read();
    return service::get_database(*tx, impl_->id, name);
  }();
  if (!service::is_enabled(row)) {
    throw Error{Errc::policy, fmt::format("database \"{}\": mTLS is not enabled, its state is {}", row.name, row.state)};
  }
  if (!row.data_directory.empty()) {
    throw Error{Errc::policy, fmt::format("database \"{}\": its server is given its files by publication", row.name)};
  }
  const auto trust = [&] {
    const auto tx = core.driver.read();
    return service::read_trust(core, *tx, impl_->id);
  }();
  const auto made = service::make_sentinels(core, row, trust, now);
  std::int64_t number = 0;
  core.commits.run([&](sql::Transaction& tx) {
    number = store::take_publication(tx, row.id, 0);
    std::vector<store::NewCertificate> rows;
    for (const service::Made& one : made) {
      rows.push_back(service::probe_row(row, one.root, one.id, one.certificate, now));
      rows.back().custody = "sealed";
      rows.back().sealed_key = one.sealed_key;
    }
    store::insert(tx, rows);
    for (const service::Made& one : made) service::revoke_probe(tx, one.root, one.id, one.certificate, now);
    service::record(tx, core.vault, impl_->id, now, impl_->actor,
                    {.verb = "server_files", .object = row.name, .details = {{"number", std::to_string(number)}}});
  });
  return service::after(fmt::format("database \"{}\": its server's files are begun; ask again", row.name), [&] {
    for (const service::Made& one : made) service::build_crl(core, one.root, service::Build::if_marked);
    service::Wanted wanted = service::read_wanted(core, row.id, number);
    const Bytes content = service::content_of(core, wanted);
    std::vector<store::Sentinel> sentinels;
    for (const service::Made& one : made) {
      const auto root = std::ranges::find(wanted.trust.roots, one.root, &store::RootRow::id);
      if (root == wanted.trust.roots.end()) continue;
      sentinels.push_back({.root = one.root,
                           .certificate = one.id,
                           .crl_number = root->crl_number,
                           .crl_covers = root->crl_covers,
                           .crl_next_update = root->crl_next_update,
                           .content = content,
                           .created_at = now});
    }
    core.commits.run([&](sql::Transaction& tx) {
      store::replace_sentinels(tx, row.id, sentinels);
      store::want_publication(tx, row.id);  // to be looked at
    });
    return ServerFiles{.where = std::move(*wanted.where), .what = std::move(*wanted.what)};
  });
}

}  // namespace spaceca
