#include "service/publication.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "ossl/uuid.h"
#include "service/adoption.h"
#include "service/audit_chain.h"
#include "service/census.h"
#include "service/clock_watch.h"
#include "service/databases.h"
#include "service/failure.h"
#include "service/issuance.h"
#include "service/revocation.h"
#include "service/server_files.h"
#include "service/words.h"
#include "store/databases.h"
#include "store/disconnections.h"
#include "store/ip_rules.h"
#include "store/sightings.h"
#include "store/spaces.h"

namespace spaceca {
namespace service {

Trust read_trust(Core& core, sql::Transaction& tx, const Id& space) {
  const Instant now = clock_verdict(tx, core.now()).surely_past;
  Trust trust;
  for (store::RootRow& root : store::roots_of(tx, space)) {
    if (!is_trusted(root) || has_ended(root, now)) continue;
    trust.certificates.push_back(core.issuers.certificate_of(root));
    trust.crls.push_back(Crl::from_der(store::crl_of(tx, root.id)));
    trust.roots.push_back(std::move(root));
  }
  if (trust.roots.empty()) {
    throw Error{Errc::policy, fmt::format("space \"{}\": every root of it has ended; a sweep makes the next one",
                                          store::space_of(tx, space).name)};
  }
  return trust;
}

namespace {

std::vector<Cidr> kept_blocks(const store::DatabaseRow& database) {
  std::vector<Cidr> blocks;
  for (const std::string& line : lines_of(database.kept_blocks)) blocks.emplace_back(line);
  return blocks;
}

}  // namespace

Publication publication_of(Core& core, sql::Transaction& tx, const store::DatabaseRow& database, const Trust& trust,
                           const std::vector<store::IpRuleRow>& rules, std::int64_t number) {
  const auto server = database.server_certificate ? store::find_certificate(tx, database.space, *database.server_certificate)
                                                  : std::optional<store::CertificateRow>{};
  if (!server) throw Error{Errc::policy, fmt::format("database \"{}\": has no server certificate", database.name)};
  Bundle bundle = bundle_of(core, tx, database.space, *server);
  bundle.roots = trust.certificates;
  Publication what{.number = static_cast<std::uint64_t>(number),
                   .server = std::move(bundle).credential(),
                   .crls = trust.crls,
                   .roles = {},
                   .access = access_of(database),
                   .keep = kept_blocks(database)};
  for (const std::string& role : store::roles(tx, database.id)) what.roles.emplace_back(role);
  for (const store::IpRuleRow& rule : rules) what.rules.emplace_back(rule.cidr);
  return what;
}

// --- probes ---

store::NewCertificate probe_row(const store::DatabaseRow& database, const Id& root, const Id& id, const Certificate& certificate,
                                Instant now) {
  return {.id = id,
          .root = root,
          .serial = certificate.serial().octets(),
          .database = database.id,
          .kind = "probe",
          .state = "ready",
          .role = database.role,
          .custody = "once",
          .certificate = certificate.der(),
          .sealed_key = {},
          .created_at = now,
          .not_after = certificate.validity().not_after};
}

void revoke_probe(sql::Transaction& tx, const Id& root, const Id& id, const Certificate& certificate, Instant now) {
  const store::Revoked mark{
      .at = now, .reason = static_cast<std::int64_t>(RevocationReason::cessation_of_operation), .mark = store::take_mark(tx, root)};
  static_cast<void>(store::mark_revoked(tx, id, "disabled", mark));
  static_cast<void>(store::insert(
      tx, {.root = root, .serial = certificate.serial(), .revoked = mark, .not_after = certificate.validity().not_after}));
}

namespace {

struct Probes {
  std::vector<Probe> pairs;
  std::vector<Id> roots;
  std::int64_t publication = 0;  // that they are for
};

// One pair for each root, committed before use; the revoked ones by ordinary marks.
Probes make_probes(Core& core, const store::DatabaseRow& database, const Trust& trust, std::int64_t served) {
  const Instant now = core.now();
  Probes probes;
  std::vector<store::NewCertificate> rows;
  std::vector<Id> ids;
  for (const store::RootRow& root : trust.roots) {
    const auto issuer = core.issuers.of(root);
    const auto probe = [&] {
      const Id id = ossl::draw_uuid(now);
      ids.push_back(id);
      return issuer->issue_probe(
          {.role = RoleName{database.role}, .database = DatabaseName{database.name}, .id = certificate_id(id)}, now);
    };
    Credential good = probe();
    Credential revoked = probe();
    probes.pairs.push_back({generation_of(root), std::move(good), std::move(revoked)});
    probes.roots.push_back(root.id);
  }
  for (std::size_t i = 0; i < probes.pairs.size(); ++i) {
    rows.push_back(probe_row(database, probes.roots[i], ids[2 * i], probes.pairs[i].good.certificate(), now));
    rows.push_back(probe_row(database, probes.roots[i], ids[2 * i + 1], probes.pairs[i].revoked.certificate(), now));
  }
  core.commits.run([&](sql::Transaction& tx) {
    probes.publication = store::take_publication(tx, database.id, served);
    store::insert(tx, rows);
    for (std::size_t i = 0; i < probes.pairs.size(); ++i) {
      revoke_probe(tx, probes.roots[i], ids[2 * i + 1], probes.pairs[i].revoked.certificate(), now);
    }
  });
  for (const Id& root : probes.roots) build_crl(core, root, Build::if_marked);
  return probes;
}

// --- one server ---

void withdraw(Core& core, const store::DatabaseRow& database, Publisher& publisher, SweepPart& part) {
  const ServedDatabase where = [&] {
    const auto tx = core.driver.read();
    return served(core, *tx, database);
  }();
  publisher.withdraw(where);
  disconnect(core, database, publisher, Ripe::all, part);
  const Instant now = core.now();
  core.commits.run([&](sql::Transaction& tx) {
    if (!store::move_database(tx, database.id, "Deprovisioning", "disabled", now)) {
      if (!is_enabled(store::database_of(tx, database.id))) return;  // another was faster
      // Withdrawn by another and enabled again meanwhile: it has just lost what it served.
      static_cast<void>(store::move_database(tx, database.id, "Operational", "Provisioning", now));
      store::want_publication(tx, database.id);
    }
    leave_server(tx, database, now);
    record(tx, core.vault, database.space, now, sweeper(), {.verb = "withdraw", .object = database.name});
  });
}

// False if mTLS of it was disabled before anything was written.
bool publish(Core& core, const store::DatabaseRow& database, Publisher& publisher) {
  const auto read = [&core](const auto& work) {
    const auto tx = core.driver.read();
    return work(*tx);
  };
  // No transaction is open while a server is asked.
  const Served there = publisher.current(read([&](sql::Transaction& tx) { return served(core, tx, database); }));
  const Trust before = read([&](sql::Transaction& tx) {
    Trust trusted = read_trust(core, tx, database.space);
    refuse_if_restored(core, tx, database, trusted, there);
    return trusted;
  });
  const Probes probes = make_probes(core, database, before, static_cast<std::int64_t>(there.number));
  Trust trust;
  std::optional<Publication> what;
  std::optional<ServedDatabase> where;
  store::DatabaseRow fresh;
  std::vector<store::IpRuleRow> rules;
  {
    const auto tx = core.driver.read();
    fresh = store::database_of(*tx, database.id);
    if (!is_enabled(fresh)) return false;
    trust = read_trust(core, *tx, database.space);
    rules = store::ip_rules(*tx, database.id);
    what.emplace(publication_of(core, *tx, fresh, trust, rules, probes.publication));
    where.emplace(served(core, *tx, fresh));
  }
  publisher.publish(*where, *what, probes.pairs);

  const Instant now = core.now();
  bool is_destroyed = false;
  core.commits.run([&](sql::Transaction& tx) {
    const store::DatabaseRow current = store::database_of(tx, database.id);
    is_destroyed = current.state == "destroyed";
    if (!is_enabled(current)) {
      // Disabled meanwhile, and perhaps withdrawn before this came there: the next pass withdraws it.
      static_cast<void>(store::move_database(tx, database.id, "disabled", "Deprovisioning", now));
      return;
    }
    store::record_published(tx, database.id, fresh.wanted, now);
    for (const store::RootRow& root : trust.roots) {
      if (std::ranges::find(probes.roots, root.id) == probes.roots.end()) continue;  // appeared meanwhile: not proved
      store::record_proof(tx, database.id, {.root = root.id, .crl_number = root.crl_number, .crl_covers = root.crl_covers}, now);
    }
    forget_given_up_roots(tx, database.id, trust);
    for (const store::IpRuleRow& rule : rules) store::mark_authorized(tx, rule);
    static_cast<void>(store::move_database(tx, database.id, "Provisioning", "Operational", now));
    settle(tx, database.space, now);
    record(tx, core.vault, database.space, now, sweeper(),
           {.verb = "publish",
            .object = database.name,
            .details = {{"number", std::to_string(what->number)}, {"server", what->server.certificate().serial().hex()}}});
  });
  if (is_destroyed) publisher.withdraw(*where);  // no pass comes by there any more
  return true;
}

// As it is by now: it may have been listed long ago, since others are waited for.
void publish_one(Core& core, const Id& id, Publisher& publisher, SweepPart& part) {
  const auto turn = turn_at_server(core, id);
  const store::DatabaseRow database = [&] {
    const auto tx = core.driver.read();
    return store::database_of(*tx, id);
  }();
  const bool leaves = database.state == "Deprovisioning";
  if (!leaves && !is_enabled(database)) return;
  const bool differs = database.proved != database.wanted;
  if (database.data_directory.empty() && !leaves) {
    look_at_foreign_server(core, database, publisher, part);
    return;
  }
  if (!leaves && !differs && !store::has_disconnections(*core.driver.read(), database.id)) return;
  const SpaceName space = space_name(core, database.space);
  const auto failed = [&](const std::string& why, Errc code) {
    part.failed.push_back({space, database.name, why, code});
    core.commits.run([&](sql::Transaction& tx) { store::record_not_published(tx, database.id, why); });
  };
  try {
    if (leaves) {
      withdraw(core, database, publisher, part);
      part.done.push_back({space, database.name, "withdrawn"});
      return;
    }
    if (differs && publish(core, database, publisher)) part.done.push_back({space, database.name, "published"});
    disconnect(core, database, publisher, Ripe::refused, part);
  } catch (...) {
    const Failure failure = caught();
    failed(failure.why, failure.code);
  }
}

}  // namespace

void leave_server(sql::Transaction& tx, const store::DatabaseRow& database, Instant now) {
  store::forget_proofs(tx, database.id);
  store::mark_authorizing(tx, database.id);
  store::forget_sessions(tx, database.id);
  for (const store::Disconnection& one : store::disconnections(tx, database.id)) store::forget(tx, database.id, one);
  store::record_published(tx, database.id, database.wanted, now);
  settle(tx, database.space, now);
}

void forget_given_up_roots(sql::Transaction& tx, const Id& database, const Trust& served) {
  for (const store::Proof& proof : store::proofs(tx, database)) {
    const auto root = store::find_root(tx, proof.root);
    const bool is_served = std::ranges::find(served.roots, proof.root, &store::RootRow::id) != served.roots.end();
    if (!is_served && root && !is_trusted(*root)) store::forget_proof(tx, database, proof.root);
  }
}

void settle(sql::Transaction& tx, const Id& space, Instant now) {
  const auto databases = store::served_databases(tx, space);
  std::map<Id, std::vector<store::Proof>> proofs;  // of enabled servers
  for (const store::DatabaseRow& database : databases) {
    if (is_enabled(database)) proofs.emplace(database.id, store::proofs(tx, database.id));
  }
  const auto covers = [](const std::vector<store::Proof>& known, const Id& root) {
    const auto proof = std::ranges::find(known, root, &store::Proof::root);
    return proof == known.end() ? std::int64_t{-1} : proof->crl_covers;
  };
  for (const store::CertificateRow& row : store::certificates_in_motion(tx, space, "pending")) {
    const auto server = proofs.find(row.database);
    if (server == proofs.end() || covers(server->second, row.root) >= 0) static_cast<void>(store::mark_ready(tx, row.id, now));
  }
  for (const store::CertificateRow& row : store::certificates_in_motion(tx, space, "disabling")) {
    // A root that was given up has no list any more: there it is enough that the server has no such root.
    const auto root = store::find_root(tx, row.root);
    const bool given_up = !root || !is_trusted(*root);
    const bool known = std::ranges::all_of(proofs, [&](const auto& server) {
      const std::int64_t covered = covers(server.second, row.root);
      return covered >= row.mark || (covered < 0 && given_up);
    });
    if (known) static_cast<void>(store::mark_disabled(tx, row.id, now));
  }
}

Survey survey(Core& core, const Id& space, const DatabaseName& name, Publisher& publisher, const MtlsOptions& mtls) {
  const Instant now = core.now();
  store::DatabaseRow database;
  std::optional<Publication> what;
  std::optional<ServedDatabase> where;
  {
    const auto tx = core.driver.read();
    database = get_database(*tx, space, name);
    if (database.data_directory.empty()) return {};  // nobody sees from here what its server does today
    // What it would be, without a certificate made for it: the lines are all that matters here.
    const Trust trust = read_trust(core, *tx, space);
    const Facts facts = read_facts(core, *tx, space, database);
    what.emplace(Publication{
        .number = 0,
        .server = core.issuers.of(facts.root)->issue_with_key(ServerSubject{.hosts = {HostName{"survey.invalid"}}}, now),
        .crls = trust.crls,
        .roles = {},
        .access = access_of(mtls.access, usual_binding(*tx, space)),
        .keep = mtls.keep});
    for (const std::string& role : store::roles(*tx, database.id)) what->roles.emplace_back(role);
    for (const store::IpRuleRow& rule : store::ip_rules(*tx, database.id)) what->rules.emplace_back(rule.cidr);
    if (what->roles.empty()) what->roles.emplace_back(database.role);
    where.emplace(served(core, *tx, database));
  }
  const auto turn = turn_at_server(core, database.id);
  return publisher.survey(*where, *what);
}

}  // namespace service

SweepPart Authority::publish_pending(Publisher& publisher, Deadline deadline) {
  service::Core& core = *impl_;
  const auto databases = [&] {
    const auto tx = core.driver.read();
    return store::served_databases(*tx);
  }();
  SweepPart part;
  for (const store::DatabaseRow& database : databases) {
    if (std::chrono::steady_clock::now() >= deadline) {
      part.unfinished = true;
      break;
    }
    service::publish_one(core, database.id, publisher, part);
  }
  return part;
}

SweepPart Authority::publish_pending(Publisher& publisher, const DatabaseLocation& only) {
  service::Core& core = *impl_;
  const auto database = [&] {
    const auto tx = core.driver.read();
    const auto space = store::find_space(*tx, only.space.text());
    if (!space) throw Error{Errc::not_found, fmt::format("space \"{}\": is not there", only.space.text())};
    return service::get_database(*tx, space->id, only.database).id;
  }();
  SweepPart part;
  service::publish_one(core, database, publisher, part);
  return part;
}

}  // namespace spaceca
