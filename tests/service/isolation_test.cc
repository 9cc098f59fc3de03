// Every verb of one space tried on another's rows: they are not found, in the words for what is nowhere, and nothing happens.
#include <algorithm>
#include <functional>

#include "service/faulty_scene.h"
#include "service/invariants.h"
#include "service/scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

// What a verb is tried on.
struct Named {
  DatabaseName database;
  CertificateId certificate;
  IpRuleId rule;
};

class Neighbours : public AuthorityScene {
 public:
  Neighbours() : AuthorityScene(kStart, FolderOn::memory), acme(space()), rival(space("rival")) {
    database(acme);
    client = acme.issue_client(db()).record.id;
    static_cast<void>(acme.issue_client(db()));
    rule = acme.create_ip_rule(db(), {.cidr = Cidr{"192.0.2.0/24"}}).id;
    database(rival, "other");
    own = rival.issue_client(db("other")).record.id;
  }

  // The refusal, with what was named taken out of its words.
  [[nodiscard]] static Refused tried(const std::function<void(const Named&)>& verb, const Named& what) {
    Refused no = refused([&] { verb(what); });
    for (const std::string& name : {what.database.text(), what.certificate.text(), what.rule.text()}) {
      for (auto at = no.text.find(name); at != std::string::npos; at = no.text.find(name)) no.text.replace(at, name.size(), "IT");
    }
    return no;
  }
  [[nodiscard]] std::string content() const { return content_of(*faulty_driver_at(file())); }

  Space acme, rival;
  CertificateId client{"00000000-0000-4000-8000-000000000000"};  // of acme
  CertificateId own = client;                                    // of rival
  IpRuleId rule{"00000000-0000-4000-8000-000000000000"};         // of acme
};

TEST_CASE_METHOD(Neighbours, "a space's verbs find nothing of another space, and say what they say of what is nowhere",
                 "[isolation]") {
  const Named theirs{db(), client, rule};
  const Named nowhere{db("nosuch"), CertificateId{"00000000-0000-4000-8000-000000000000"},
                      IpRuleId{"00000000-0000-4000-8000-000000000000"}};
  const std::vector<ClientRequest> three(3);
  const std::vector<std::function<void(const Named&)>> verbs{
      [&](const Named& what) { static_cast<void>(rival.download(what.certificate)); },
      [&](const Named& what) { rival.confirm_bundle(what.certificate, 1); },
      [&](const Named& what) { static_cast<void>(rival.renew(what.certificate)); },
      [&](const Named& what) { static_cast<void>(rival.renew(what.certificate, CertificateRequest::from_pem(kRequest))); },
      [&](const Named& what) { static_cast<void>(rival.revoke(what.certificate, RevocationReason::unspecified)); },
      [&](const Named& what) {
        const std::vector<CertificateId> both{own, what.certificate};
        static_cast<void>(rival.revoke(both, RevocationReason::unspecified));
      },
      [&](const Named& what) { static_cast<void>(rival.issue_client(what.database)); },
      [&](const Named& what) { static_cast<void>(rival.issue_clients(what.database, three)); },
      [&](const Named& what) { static_cast<void>(rival.issue_server(what.database)); },
      [&](const Named& what) { static_cast<void>(rival.enable_mtls(what.database)); },
      [&](const Named& what) { static_cast<void>(rival.disable_mtls(what.database)); },
      [&](const Named& what) { static_cast<void>(rival.disable_mtls(what.database, {}, Withdrawal::given_up)); },
      [&](const Named& what) { rival.destroy_database(what.database); },
      [&](const Named& what) { static_cast<void>(rival.update_database(what.database, {.role = RoleName{"app"}})); },
      [&](const Named& what) {
        const std::vector<HostName> ours{HostName{"ours.example.com"}};
        static_cast<void>(rival.update_database(what.database, {.hosts = ours}));
      },
      [&](const Named& what) { static_cast<void>(rival.survey(what.database, servers)); },
      [&](const Named& what) { static_cast<void>(rival.url(what.database)); },
      [&](const Named& what) { static_cast<void>(rival.certificates(what.database)); },
      [&](const Named& what) { rival.force_server(what.database); },
      [&](const Named& what) { static_cast<void>(rival.server_files(what.database)); },
      [&](const Named& what) { static_cast<void>(rival.create_ip_rule(what.database, {.cidr = Cidr{"::1"}})); },
      [&](const Named& what) { static_cast<void>(rival.ip_rules(what.database)); },
      [&](const Named& what) { static_cast<void>(rival.ip_rule_history(what.database)); },
      [&](const Named& what) { static_cast<void>(rival.update_ip_rule(what.rule, {.description = "ours"})); },
      [&](const Named& what) { static_cast<void>(rival.delete_ip_rule(what.rule)); },
  };
  const std::string before = content();
  for (std::size_t i = 0; i < verbs.size(); ++i) {
    CAPTURE(i);
    const Refused no = tried(verbs[i], theirs);
    CHECK(no.code == Errc::not_found);
    CHECK(no.text == tried(verbs[i], nowhere).text);
  }
  CHECK((content() == before));
}

TEST_CASE_METHOD(Neighbours, "what a space finds and lists is its own", "[isolation]") {
  acme.enable_mtls(db());
  servers.open_session("sales", acme.download(client).chain.front());
  CHECK(acme.census(servers).found.size() == 1);
  CHECK(rival.census(servers).found.empty());
  CHECK_FALSE(rival.find_database(db()).has_value());
  CHECK_FALSE(rival.find_certificate(client).has_value());
  CHECK_FALSE(rival.find_ip_rule(rule).has_value());
  CHECK(rival.find_by_serial(acme.find_certificate(client)->serial).empty());
  CHECK(rival.databases().items.size() == 1);
  CHECK(rival.crls().size() == 1);
  for (const AuditEntry& entry : rival.audit({.limit = 1000}).items) CHECK(entry.object != client.text());
}

TEST_CASE_METHOD(Neighbours, "where another space's page ended, a space's list goes on with its own rows alone", "[isolation]") {
  const std::string place = acme.certificates(db(), {}, {.limit = 1}).next;
  REQUIRE_FALSE(place.empty());
  const auto certificates = rival.certificates(db("other"), {}, {.after = place}).items;
  CHECK(std::ranges::all_of(certificates, [this](const CertificateRecord& one) { return one.id == own; }));
  const std::string by_expiry = acme.certificates(db(), {.order = CertificateOrder::expiry}, {.limit = 1}).next;
  REQUIRE_FALSE(by_expiry.empty());
  const auto due = rival.certificates(db("other"), {.order = CertificateOrder::expiry}, {.after = by_expiry}).items;
  CHECK(std::ranges::all_of(due, [this](const CertificateRecord& one) { return one.id == own; }));
  const std::string entry = acme.audit({.limit = 1}).next;
  for (const AuditEntry& one : rival.audit({.after = entry}).items) CHECK(one.object != client.text());
  CHECK(rival.databases({.after = "nobody-knows"}).items.size() == 1);
}

TEST_CASE_METHOD(Neighbours, "one key for the same request in two spaces is two requests", "[isolation]") {
  const WriteOptions keyed{.idempotency_key = "k1"};
  const Bundle theirs = acme.issue_client(db(), {}, keyed);
  CHECK(refused([&] { rival.issue_client(db(), {}, keyed); }).code == Errc::not_found);
  DatabaseSpec same = spec();
  same.data_directory = file().parent_path() / "data-of-rival";
  rival.create_database(std::move(same));
  const Bundle ours = rival.issue_client(db(), {}, keyed);
  CHECK_FALSE(ours.record.id == theirs.record.id);
  CHECK_FALSE(ours.chain == theirs.chain);
}

}  // namespace
}  // namespace spaceca::test
