// Every verb over a store that fails once, at each step that the verb takes: before the step, after it, and for want of room.
#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <spaceca/error.h>

#include "service/faulty_scene.h"
#include "service/invariants.h"
#include "support/catch.h"
#include "support/scale.h"

namespace spaceca::test {
namespace {

const WriteOptions kKeyed{.idempotency_key = "k1"};
const Serial kForeign{std::string_view{"0x0102030405060708090a0b0c0d0e0f10"}};

// What a scene holds once it is prepared, for the verb that is tried on it.
struct Verb {
  std::string name;
  std::function<void(AuthorityScene&)> prepare;
  std::function<void(FaultyWorld&)> run;
  std::function<void(FaultyWorld&)> check;  // what it should give, and nothing double
  bool is_whole = true;                     // one commit, so that a refusal has done nothing
  std::int64_t stride = 1;                  // of the steps that are tried
};

void whole(const SweepPart& part) {
  if (!part.failed.empty()) throw Error{part.failed.front().code.value(), part.failed.front().what};
}

std::vector<CertificateRecord> clients(FaultyWorld& world) {
  std::vector<CertificateRecord> found;
  for (CertificateRecord& one : world.space().certificates(db()).items) {
    if (one.kind == CertificateKind::client) found.push_back(std::move(one));
  }
  return found;
}

std::size_t count(FaultyWorld& world) { return world.space().certificates(db()).items.size(); }

std::int64_t entries(FaultyWorld& world, std::string_view verb) {
  return std::ranges::count(world.space().audit({.limit = 1000}).items, verb, &AuditEntry::verb);
}

bool is_listed(FaultyWorld& world, const Serial& serial) {
  return std::ranges::any_of(world.space().crls(), [&](const Crl& crl) { return crl.find(serial).has_value(); });
}

// --- scenes ---

void with_database(AuthorityScene& scene) { scene.database(scene.space()); }

void with_clients(AuthorityScene& scene) {
  with_database(scene);
  const Space acme = scene.authority->space(SpaceName{"acme"}, kOps);
  for (int i = 0; i < 2; ++i) {
    static_cast<void>(acme.issue_client(db()));
    scene.clock.advance(std::chrono::seconds{1});  // so that they have an order
  }
}

void with_server(AuthorityScene& scene) {
  const Space acme = scene.space();
  scene.serve(acme);
  static_cast<void>(acme.issue_client(db()));
}

// By the first client's certificate.
void with_session(AuthorityScene& scene) {
  with_server(scene);
  const Space acme = scene.authority->space(SpaceName{"acme"}, kOps);
  const auto all = acme.certificates(db()).items;
  const auto client = std::ranges::find(all, CertificateKind::client, &CertificateRecord::kind);
  scene.servers.open_session("sales", acme.download(client->id).chain.front());
}

const std::vector<IpRuleSpec> kTwoRules{{.cidr = Cidr{"192.0.2.0/24"}}, {.cidr = Cidr{"2001:db8::/32"}, .description = "office"}};

void with_rules(AuthorityScene& scene) {
  with_server(scene);
  static_cast<void>(scene.authority->space(SpaceName{"acme"}, kOps).create_ip_rules(db(), kTwoRules));
  scene.sweep();
}

void with_next_root(AuthorityScene& scene) {
  with_server(scene);
  scene.authority->space(SpaceName{"acme"}, kOps).rotate(RotationStep::prepare);
  scene.sweep();
}

void with_due_certificates(AuthorityScene& scene) {
  with_server(scene);
  for (int week = 0; week < 45; ++week) {
    scene.clock.advance(std::chrono::days{7});
    scene.sweep();
  }
  scene.mail.delivered.clear();
  scene.clock.set(kStart + std::chrono::days{395 - 70});
}

void check_all_renewed(FaultyWorld& world) {
  const auto all = clients(world);
  CHECK(all.size() == 4);
  CHECK(std::ranges::count_if(all, [](const auto& one) { return one.successor.has_value(); }) == 2);
  CHECK(count(world) == 6);  // and the server's two
}

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> kVerbs{
      {"create_space", [](AuthorityScene&) {},
       [](FaultyWorld& world) { world.authority->create_space(SpaceName{"acme"}, kOps, SpaceKind::private_space, kKeyed); },
       [](FaultyWorld& world) {
         REQUIRE(world.authority->spaces().items.size() == 1);
         CHECK(world.space().crls().size() == 1);
         CHECK(world.authority->audit().items.size() == 1);
       }},
      {"create_database", [](AuthorityScene& scene) { scene.space(); },
       [](FaultyWorld& world) {
         world.space().create_database({.name = db(),
                                        .app = AppName{"shop"},
                                        .hosts = {HostName{"db.example.com"}},
                                        .url = DatabaseUrl{SecretBytes{std::string_view{"postgresql://app:x@db.example.com/o"}}}},
                                       kKeyed);
       },
       [](FaultyWorld& world) {
         CHECK(world.space().databases().items.size() == 1);
         CHECK(entries(world, "create_database") == 1);
         CHECK(world.space().url(db()).user() == "app");
       }},
      {"update_database", with_database,
       [](FaultyWorld& world) {
         world.space().update_database(db(),
                                       {.url = DatabaseUrl{SecretBytes{std::string_view{"postgresql://shop:x@db.example.com/o"}}},
                                        .admin_url = SecretBytes{std::string_view{"host=/tmp"}},
                                        .role = RoleName{"reader"}},
                                       kKeyed);
       },
       [](FaultyWorld& world) {
         CHECK(world.space().find_database(db())->role == RoleName{"reader"});
         CHECK(world.space().url(db()).user() == "shop");
         CHECK(entries(world, "update_database") == 1);
       }},
      {"update_database, hosts of an enabled one", with_server,
       [](FaultyWorld& world) {
         const std::vector<HostName> hosts{HostName{"db2.example.com"}};
         world.space().update_database(db(), {.hosts = hosts}, kKeyed);
       },
       [](FaultyWorld& world) {
         CHECK(world.space().find_database(db())->hosts == std::vector{HostName{"db2.example.com"}});
         CHECK(count(world) == 4);
         CHECK(entries(world, "update_database") == 1);
         CHECK(entries(world, "issue_server") == 1);
         const Serial before = world.servers.servers.at("sales").certificate->serial();
         whole(world.authority->publish_pending(world.servers));
         CHECK_FALSE(world.servers.servers.at("sales").certificate->serial() == before);
       }},
      {"enable_mtls", with_database, [](FaultyWorld& world) { world.space().enable_mtls(db(), {}, kKeyed); },
       [](FaultyWorld& world) {
         CHECK(world.space().find_database(db())->state == DatabaseState::provisioning);
         CHECK(count(world) == 2);
       }},
      {"issue_server", with_database, [](FaultyWorld& world) { world.space().issue_server(db(), kKeyed); },
       [](FaultyWorld& world) { CHECK(count(world) == 1); }},
      {"issue_client", with_database, [](FaultyWorld& world) { world.space().issue_client(db(), {}, kKeyed); },
       [](FaultyWorld& world) { CHECK(count(world) == 1); }},
      {"issue_client without a key", with_database,
       [](FaultyWorld& world) {
         // What was returned is recorded; a caller who saw an error asks again.
         const Bundle bundle = world.space().issue_client(db());
         world.driver->disarm();
         CHECK(world.space().find_certificate(bundle.record.id).has_value());
       },
       [](FaultyWorld& world) { CHECK(count(world) <= 2); }},
      {"issue_client, custody once", with_database,
       [](FaultyWorld& world) {
         try {
           world.space().issue_client(db(), {.custody = Custody::once}, kKeyed);
         } catch (const Error& error) {
           if (error.code() != Errc::key_not_kept) throw;
         }
       },
       [](FaultyWorld& world) { CHECK(count(world) == 1); }},
      {"issue_clients", with_database,
       [](FaultyWorld& world) {
         const std::vector<ClientRequest> three(3);
         const auto bundles = world.space().issue_clients(db(), three, kKeyed);
         CHECK(bundles.size() == 3);
       },
       [](FaultyWorld& world) { CHECK(count(world) == 3); }},
      {"url", with_database, [](FaultyWorld& world) { static_cast<void>(world.space().url(db())); },
       [](FaultyWorld& world) { CHECK(entries(world, "url") >= 1); }},
      {"download", with_clients,
       [](FaultyWorld& world) { static_cast<void>(world.space().download(clients(world).front().id, kKeyed)); },
       [](FaultyWorld& world) { CHECK(entries(world, "download") == 1); }},
      {"renew", with_clients,
       [](FaultyWorld& world) {
         // The first of all, which has no predecessor.
         static_cast<void>(world.space().renew(clients(world).front().id, {}, kKeyed));
       },
       [](FaultyWorld& world) {
         CHECK(count(world) == 3);
         CHECK(clients(world).front().successor.has_value());
         world.authority->deliver_notices(world.mail);
         CHECK(world.mail.delivered.size() == 1);
       }},
      {"revoke", with_server,
       [](FaultyWorld& world) {
         std::vector<CertificateId> ids;
         for (const CertificateRecord& one : clients(world)) ids.push_back(one.id);
         const auto revoked = world.space().revoke(ids, RevocationReason::key_compromise, kKeyed);
         for (const CertificateRecord& one : revoked) CHECK(one.state == CertificateState::disabling);
       },
       [](FaultyWorld& world) {
         for (const CertificateRecord& one : clients(world)) CHECK(is_listed(world, one.serial));
         CHECK(entries(world, "revoke") == 2);
         whole(world.authority->publish_pending(world.servers));
         for (const CertificateRecord& one : clients(world)) CHECK(one.state == CertificateState::disabled);
       }},
      {"revoke_serial", with_server,
       [](FaultyWorld& world) { world.space().revoke_serial(1, kForeign, RevocationReason::key_compromise, kKeyed); },
       [](FaultyWorld& world) {
         CHECK(is_listed(world, kForeign));
         CHECK(entries(world, "revoke_serial") == 1);
       }},
      {"adopt",
       [](AuthorityScene& scene) {
         with_server(scene);
         const std::filesystem::path backup = scene.file().parent_path() / "backup.db";
         scene.store->backup(backup);
         const Space acme = scene.authority->space(SpaceName{"acme"}, kOps);
         acme.revoke_serial(1, kForeign, RevocationReason::key_compromise);
         scene.sweep();
         scene.restore(backup);
       },
       [](FaultyWorld& world) {
         const Adoption adoption = world.space().adopt(world.servers);
         CHECK(adoption.missed.empty());
       },
       [](FaultyWorld& world) {
         CHECK(is_listed(world, kForeign));
         CHECK(entries(world, "adopt") >= 1);
         static_cast<void>(world.space().issue_client(db(), {.role = RoleName{"reader"}}));
         whole(world.authority->publish_pending(world.servers));
         CHECK(world.servers.servers.at("sales").crls.front().find(kForeign).has_value());
       }},
      {"create_ip_rules", with_server,
       [](FaultyWorld& world) { static_cast<void>(world.space().create_ip_rules(db(), kTwoRules, kKeyed)); },
       [](FaultyWorld& world) {
         CHECK(world.space().ip_rules(db()).size() == 2);
         CHECK(entries(world, "create_ip_rule") == 2);
         whole(world.authority->publish_pending(world.servers));
         CHECK(world.servers.servers.at("sales").rules.size() == 2);
         for (const IpRule& rule : world.space().ip_rules(db())) CHECK(rule.state == IpRuleState::authorized);
       }},
      {"update_ip_rule", with_rules,
       [](FaultyWorld& world) {
         const IpRule first = world.space().ip_rules(db()).front();
         if (first.cidr != Cidr{"192.0.2.0/24"}) return;  // done by a run whose answer was lost
         static_cast<void>(world.space().update_ip_rule(first.id, {.cidr = Cidr{"192.0.2.128/25"}}, kKeyed));
       },
       [](FaultyWorld& world) {
         CHECK(world.space().ip_rules(db()).front().cidr == Cidr{"192.0.2.128/25"});
         CHECK(entries(world, "update_ip_rule") == 1);
       }},
      {"delete_ip_rule", with_rules,
       [](FaultyWorld& world) {
         static_cast<void>(world.space().delete_ip_rule(world.space().ip_rule_history(db()).items.front().id, kKeyed));
       },
       [](FaultyWorld& world) {
         CHECK(world.space().ip_rules(db()).size() == 1);
         CHECK(world.space().ip_rule_history(db()).items.size() == 2);
         CHECK(entries(world, "delete_ip_rule") == 1);
       }},
      {"census", with_session,
       [](FaultyWorld& world) {
         // A server that cannot be counted keeps no other from it, and a store that fails is none of the servers'.
         const Census census = world.space().census(world.servers);
         if (!census.missed.empty()) throw Error{census.missed.front().code, census.missed.front().why};
       },
       [](FaultyWorld& world) { CHECK(clients(world).front().sessions == 1); }},
      {"publish_pending that ends sessions",
       [](AuthorityScene& scene) {
         with_session(scene);
         const Space acme = scene.authority->space(SpaceName{"acme"}, kOps);
         const auto all = acme.certificates(db()).items;
         const auto client = std::ranges::find(all, CertificateKind::client, &CertificateRecord::kind);
         acme.revoke(client->id, RevocationReason::key_compromise, {}, OpenSessions::end);
       },
       [](FaultyWorld& world) { whole(world.authority->publish_pending(world.servers)); },
       [](FaultyWorld& world) {
         CHECK(world.servers.servers.at("sales").sessions.empty());
         CHECK(entries(world, "disconnect") == 1);
         CHECK_FALSE(world.space().find_database(db())->publication_pending);
       },
       false},
      {"disable_mtls", with_server, [](FaultyWorld& world) { world.space().disable_mtls(db(), kKeyed); },
       [](FaultyWorld& world) { CHECK(world.space().find_database(db())->state == DatabaseState::deprovisioning); }},
      {"destroy_database",
       [](AuthorityScene& scene) {
         with_clients(scene);
         scene.database(scene.authority->space(SpaceName{"acme"}, kOps), "other");
       },
       [](FaultyWorld& world) { world.space().destroy_database(db(), kKeyed); },
       [](FaultyWorld& world) {
         CHECK_FALSE(world.space().find_database(db()).has_value());
         CHECK(world.space().find_database(db("other")).has_value());
         CHECK(world.space().crls().front().entries().size() == 2);
         CHECK(entries(world, "destroy_database") == 1);
       }},
      {"rotate prepare", with_server, [](FaultyWorld& world) { world.space().rotate(RotationStep::prepare, kKeyed); },
       [](FaultyWorld& world) { CHECK(world.space().describe().roots.size() == 2); }},
      {"rotate activate", with_next_root, [](FaultyWorld& world) { world.space().rotate(RotationStep::activate, kKeyed); },
       [](FaultyWorld& world) {
         const auto roots = world.space().describe().roots;
         REQUIRE(roots.size() == 2);
         CHECK(roots[0].state == RootState::retiring);
         CHECK(roots[1].state == RootState::active);
       }},
      {"rotate rollback",
       [](AuthorityScene& scene) {
         with_next_root(scene);
         scene.authority->space(SpaceName{"acme"}, kOps).rotate(RotationStep::activate);
       },
       [](FaultyWorld& world) { world.space().rotate(RotationStep::rollback, kKeyed); },
       [](FaultyWorld& world) {
         const auto roots = world.space().describe().roots;
         REQUIRE(roots.size() == 2);
         CHECK(roots[0].state == RootState::active);
         CHECK(roots[1].state == RootState::next);
       }},
      {"rotate retire",
       [](AuthorityScene& scene) {
         const Space acme = scene.space();
         scene.database(acme);
         acme.rotate(RotationStep::prepare);
         acme.rotate(RotationStep::activate);
       },
       [](FaultyWorld& world) { world.space().rotate(RotationStep::retire, kKeyed); },
       [](FaultyWorld& world) { CHECK(world.space().describe().roots[0].state == RootState::retired); }},
      {"distrust",
       [](AuthorityScene& scene) {
         with_server(scene);
         const Space acme = scene.authority->space(SpaceName{"acme"}, kOps);
         scene.serve(acme, "other");
       },
       [](FaultyWorld& world) {
         const auto successors = world.space().distrust(1, kKeyed);
         CHECK(successors.size() == 5);
       },
       [](FaultyWorld& world) {
         CHECK(world.space().describe().roots[0].state == RootState::distrusted);
         CHECK(world.space().describe().roots.size() == 2);
         CHECK(world.driver->read()->execute("SELECT 1 FROM roots WHERE state = 'distrusted' AND key_handle IS NOT NULL").empty());
         CHECK(count(world) == 6);
         CHECK(world.space().certificates(db("other")).items.size() == 4);
         CHECK(entries(world, "distrust") == 1);
       },
       false},
      {"distrust without a key",
       [](AuthorityScene& scene) {
         with_server(scene);
         const Space acme = scene.authority->space(SpaceName{"acme"}, kOps);
         scene.serve(acme, "other");
       },
       [](FaultyWorld& world) {
         const auto successors = world.space().distrust(1);
         CHECK(successors.size() == 5);
       },
       [](FaultyWorld& world) {
         CHECK(world.space().describe().roots[0].state == RootState::distrusted);
         CHECK(world.space().describe().roots.size() == 2);
         CHECK(world.driver->read()->execute("SELECT 1 FROM roots WHERE state = 'distrusted' AND key_handle IS NOT NULL").empty());
         CHECK(count(world) == 6);
         CHECK(world.space().certificates(db("other")).items.size() == 4);
         CHECK(entries(world, "distrust") == 1);
       },
       false},
      {"force_server", with_next_root, [](FaultyWorld& world) { world.space().force_server(db(), kKeyed); },
       [](FaultyWorld& world) {
         CHECK(count(world) == 4);
         CHECK(entries(world, "force_server") == 1);
       }},
      {"disable_mtls of a server that is gone", with_session,
       [](FaultyWorld& world) { world.space().disable_mtls(db(), kKeyed, Withdrawal::given_up); },
       [](FaultyWorld& world) {
         CHECK(world.space().find_database(db())->state == DatabaseState::disabled);
         CHECK(entries(world, "disable_mtls") == 1);
         CHECK(clients(world).front().sessions == 0);
       }},
      {"confirm_bundle", with_clients,
       [](FaultyWorld& world) { world.space().confirm_bundle(clients(world).front().id, 1, kKeyed); },
       [](FaultyWorld& world) { CHECK(entries(world, "confirm_bundle") == 1); }},
      {"issue_client and renew with a request", with_database,
       [](FaultyWorld& world) {
         const auto csr = CertificateRequest::from_pem(kRequest);
         const Bundle first = world.space().issue_client(db(), {.csr = csr}, kKeyed);
         CHECK_FALSE(first.key.has_value());
         const Bundle second = world.space().renew(first.record.id, csr, {.idempotency_key = "k2"});
         CHECK(second.record.predecessor == first.record.id);
         CHECK(second.chain.front().public_key() == first.chain.front().public_key());
       },
       [](FaultyWorld& world) { CHECK(count(world) == 2); }, false},
      {"server_files",
       [](AuthorityScene& scene) {
         DatabaseSpec spec = scene.spec();
         spec.data_directory.clear();
         const Space acme = scene.space();
         acme.create_database(std::move(spec));
         acme.enable_mtls(db());
       },
       [](FaultyWorld& world) { world.servers.install(world.space().server_files(db())); },
       [](FaultyWorld& world) {
         whole(world.authority->publish_pending(world.servers));
         CHECK(world.space().find_database(db())->state == DatabaseState::operational);
         CHECK(entries(world, "server_files") >= 1);
       },
       false},
      {"take_census", with_session, [](FaultyWorld& world) { whole(world.authority->take_census(world.servers)); },
       [](FaultyWorld& world) { CHECK(clients(world).front().sessions == 1); }, false},
      {"revoke_abandoned",
       [](AuthorityScene& scene) {
         with_session(scene);
         const Space acme = scene.authority->space(SpaceName{"acme"}, kOps);
         scene.sweep();
         const auto all = acme.certificates(db()).items;
         const auto client = std::ranges::find_if(all, [](const CertificateRecord& one) { return one.sessions > 0; });
         const Bundle successor = acme.renew(client->id);
         scene.servers.servers.at("sales").sessions.clear();
         scene.clock.advance(std::chrono::days{1});
         scene.servers.open_session("sales", successor.chain.front());
         scene.sweep();
         scene.clock.advance(std::chrono::days{8});
         scene.sweep();
       },
       [](FaultyWorld& world) { whole(world.authority->revoke_abandoned(std::chrono::days{7})); },
       [](FaultyWorld& world) {
         whole(world.authority->refresh_crls());  // it may have come no further than the mark
         CHECK(entries(world, "revoke") == 1);
         CHECK(std::ranges::count_if(clients(world), [](const auto& one) { return one.revocation.has_value(); }) == 1);
         for (const CertificateRecord& one : clients(world)) CHECK(is_listed(world, one.serial) == one.revocation.has_value());
       },
       false},
      {"renew_due", with_due_certificates, [](FaultyWorld& world) { whole(world.authority->renew_due()); }, check_all_renewed,
       false},
      {"refresh_crls",
       [](AuthorityScene& scene) {
         with_server(scene);
         scene.clock.advance(std::chrono::days{8});
       },
       [](FaultyWorld& world) { whole(world.authority->refresh_crls()); },
       [](FaultyWorld& world) {
         CHECK(world.space().crls().front().this_update() == world.clock.now() - std::chrono::minutes{5});
         CHECK(world.space().find_database(db())->publication_pending);
       },
       false},
      {"advance_roots, a new one",
       [](AuthorityScene& scene) {
         with_server(scene);
         scene.clock.set(instant("2034-05-24T10:00:00Z"));
         scene.authority->accept_clock(kOps);
         static_cast<void>(scene.authority->space(SpaceName{"acme"}, kOps).issue_client(db()));
       },
       [](FaultyWorld& world) { whole(world.authority->advance_roots()); },
       [](FaultyWorld& world) {
         CHECK(world.space().describe().roots.size() == 2);
         whole(world.authority->deliver_notices(world.mail));
         REQUIRE(world.mail.delivered.size() == 1);
         CHECK(world.mail.delivered[0].kind == NoticeKind::roots_changed);
       },
       false},
      {"advance_roots, one that takes over",
       [](AuthorityScene& scene) {
         with_server(scene);
         const auto go_to = [&scene](std::string_view at) {
           scene.clock.set(instant(at));
           scene.authority->accept_clock(kOps);
         };
         go_to("2034-05-24T10:00:00Z");
         scene.sweep();
         go_to("2035-06-24T10:00:00Z");
       },
       [](FaultyWorld& world) { whole(world.authority->advance_roots()); },
       [](FaultyWorld& world) {
         const auto roots = world.space().describe().roots;
         REQUIRE(roots.size() == 2);
         CHECK(roots[1].state == RootState::active);
         CHECK(entries(world, "activate_root") == 1);
       },
       false},
      {"advance_roots, one that retires",
       [](AuthorityScene& scene) {
         const Space acme = scene.space();
         scene.database(acme);
         acme.rotate(RotationStep::prepare);
         acme.rotate(RotationStep::activate);
       },
       [](FaultyWorld& world) { whole(world.authority->advance_roots()); },
       [](FaultyWorld& world) {
         CHECK(world.space().describe().roots[0].state == RootState::retired);
         CHECK(entries(world, "retire_root") == 1);
         CHECK(world.driver->read()->execute("SELECT 1 FROM roots WHERE state = 'retired' AND key_handle IS NOT NULL").empty());
       },
       false},
      {"publish_pending, first",
       [](AuthorityScene& scene) {
         with_database(scene);
         scene.authority->space(SpaceName{"acme"}, kOps).enable_mtls(db());
       },
       [](FaultyWorld& world) { whole(world.authority->publish_pending(world.servers)); },
       [](FaultyWorld& world) {
         CHECK(world.space().find_database(db())->state == DatabaseState::operational);
         CHECK_FALSE(world.space().find_database(db())->publication_pending);
         CHECK(world.servers.servers.at("sales").publications <= 2);
         for (const CertificateRecord& one : clients(world)) CHECK(one.state == CertificateState::ready);
       },
       false},
      {"publish_pending, after a revocation",
       [](AuthorityScene& scene) {
         with_server(scene);
         const Space acme = scene.authority->space(SpaceName{"acme"}, kOps);
         acme.revoke(acme.certificates(db()).items.back().id, RevocationReason::key_compromise);
       },
       [](FaultyWorld& world) { whole(world.authority->publish_pending(world.servers)); },
       [](FaultyWorld& world) {
         CHECK(world.space().certificates(db(), {.state = CertificateState::disabled}).items.size() == 1);
         CHECK(world.space().certificates(db(), {.state = CertificateState::disabling}).items.empty());
       },
       false},
      {"publish_pending, withdrawn",
       [](AuthorityScene& scene) {
         with_server(scene);
         scene.authority->space(SpaceName{"acme"}, kOps).disable_mtls(db());
       },
       [](FaultyWorld& world) { whole(world.authority->publish_pending(world.servers)); },
       [](FaultyWorld& world) {
         CHECK(world.space().find_database(db())->state == DatabaseState::disabled);
         CHECK(world.servers.servers.empty());
       },
       false},
      {"deliver_notices",
       [](AuthorityScene& scene) {
         with_due_certificates(scene);
         scene.authority->renew_due();
       },
       [](FaultyWorld& world) {
         world.clock.advance(std::chrono::minutes{11});  // whoever broke off has claimed one for ten
         whole(world.authority->deliver_notices(world.mail));
       },
       [](FaultyWorld& world) {
         std::set<std::string> ids;
         for (const Notice& notice : world.mail.delivered) ids.insert(notice.id);
         CHECK(ids.size() == 2);
         CHECK(world.mail.delivered.size() <= 3);
         CHECK(world.authority->deliver_notices(world.mail).done.empty());
       },
       false},
      {"accept_clock",
       [](AuthorityScene& scene) {
         with_server(scene);
         scene.clock.advance(std::chrono::days{40});
       },
       [](FaultyWorld& world) { world.authority->accept_clock(kOps); },
       [](FaultyWorld& world) { CHECK_FALSE(world.authority->clock_suspect()); }},
      {"sweep", with_due_certificates,
       [](FaultyWorld& world) {
         const SweepReport report = world.authority->sweep({.publisher = &world.servers, .notifier = &world.mail});
         for (const SweepPart* part : {&report.renewals, &report.crls, &report.roots, &report.publications, &report.notices}) {
           whole(*part);
         }
       },
       [](FaultyWorld& world) {
         check_all_renewed(world);
         world.clock.advance(std::chrono::minutes{11});
         whole(world.authority->deliver_notices(world.mail));
         std::set<std::string> ids;
         for (const Notice& notice : world.mail.delivered) ids.insert(notice.id);
         CHECK(ids.size() == 2);
         CHECK_FALSE(world.space().find_database(db())->publication_pending);
       },
       false, scale_of_tests() > 1 ? 1 : 3},  // its parts are tried at every step above
  };
  return kVerbs;
}

struct Mode {
  const char* name;
  FaultWhen when;
  sql::Failure failure;
  std::int64_t stride = 1;  // of the steps that are tried at the small scale
};
const std::vector<Mode> kModes{
    {"it fails before", FaultWhen::before, sql::Failure::other},
    {"it fails after", FaultWhen::after, sql::Failure::other},
    {"there is no room for", FaultWhen::before, sql::Failure::full, 3},  // nothing else is done then but other words are said
};

// One fault; false if the verb came through without meeting it.
bool survives(const Verb& verb, const AuthorityScene& scene, const std::filesystem::path& file, const Fault& fault) {
  FaultyWorld world{scene, file};
  const std::string before = verb.is_whole ? content_of(*world.driver) : "";
  world.driver->arm(fault);
  std::optional<Errc> refused_with;
  std::string words;
  try {
    verb.run(world);
  } catch (const Error& error) {
    refused_with = error.code();
    words = error.what();
  }
  const bool fired = world.driver->disarm();
  CAPTURE(words);
  if (!fired) CHECK_FALSE(refused_with.has_value());
  world.restart();
  CHECK(broken_invariants(*world.driver, *world.authority) == std::vector<std::string>{});
  if (verb.is_whole && refused_with && refused_with != Errc::io) CHECK((content_of(*world.driver) == before));
  if (fired) verb.run(world);
  verb.check(world);
  CHECK(broken_invariants(*world.driver, *world.authority) == std::vector<std::string>{});
  return fired;
}

TEST_CASE("a store that fails at any step of any verb is sound, and the verb does what it should the next time", "[crash]") {
  const auto number = GENERATE(range(std::size_t{0}, verbs().size()));
  const Verb& verb = verbs()[number];
  DYNAMIC_SECTION(verb.name) {
    AuthorityScene scene{kStart, FolderOn::memory};
    verb.prepare(scene);
    const std::filesystem::path file = scene.file().parent_path() / "prepared.db";
    scene.store->backup(file);
    for (const Mode& mode : kModes) {
      // Sanitizers look for other things, and make each step several times as long: with them every ninth of those is tried that
      // the build without them tries, from another one on with each verb.
      const std::int64_t stride = verb.stride * (scale_of_tests() > 1 ? 1 : is_under_sanitizer() ? 9 : mode.stride);
      std::int64_t met = 0;
      for (std::int64_t at = 1 + static_cast<std::int64_t>(number) % std::min<std::int64_t>(stride, 3);; at += stride, ++met) {
        INFO(verb.name << ": " << mode.name << " step " << at);
        REQUIRE(at < 1000);
        if (!survives(verb, scene, file, {.at = at, .when = mode.when, .failure = mode.failure})) break;
      }
      CHECK(met * stride > 2);  // every verb has three steps at least
    }
  }
}

}  // namespace
}  // namespace spaceca::test
