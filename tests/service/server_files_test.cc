// Servers that nothing is written to: their administrator gets files, and states follow what is seen of them.
#include <algorithm>

#include "service/faulty_scene.h"
#include "service/invariants.h"
#include "service/scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

using Catch::Matchers::ContainsSubstring;

class Foreign : public AuthorityScene {
 public:
  Foreign() : AuthorityScene(kStart, FolderOn::memory), acme(space()) {
    DatabaseSpec elsewhere = spec();
    elsewhere.data_directory.clear();
    acme.create_database(std::move(elsewhere));
    acme.enable_mtls(db());
  }
  [[nodiscard]] DatabaseState state() const { return acme.find_database(db())->state; }
  void install() { servers.install(acme.server_files(db())); }
  [[nodiscard]] std::string late() {
    const SweepReport report = sweep();
    INFO((report.publications.failed.empty() ? "" : report.publications.failed.front().what));
    CHECK(report.publications.failed.empty());
    return report.publications.late.empty() ? "" : report.publications.late.front().what;
  }

  Space acme;
};

TEST_CASE_METHOD(Foreign, "until its administrator has done his part its sweep is late, and says what helps", "[server_files]") {
  CHECK(state() == DatabaseState::provisioning);
  CHECK_THAT(late(), ContainsSubstring("there are no files yet") && ContainsSubstring("data:mtls:server-files"));
  const ServerFiles files = acme.server_files(db());
  CHECK_THAT(late(), ContainsSubstring("shows another certificate"));
  CHECK(state() == DatabaseState::provisioning);
  servers.install(files);
  CHECK(late() == "");
  CHECK(state() == DatabaseState::operational);
  CHECK_FALSE(acme.find_database(db())->publication_pending);
}

TEST_CASE_METHOD(Foreign, "addresses cannot be kept where today's lines are not seen, and nothing is changed", "[server_files]") {
  acme.disable_mtls(db());
  sweep();
  REQUIRE(state() == DatabaseState::disabled);
  check_refused([&] { return acme.enable_mtls(db(), {.keep = {Cidr{"192.0.2.0/24"}}}); }, Errc::policy,
                "database \"sales\": has no data directory here");
  CHECK(state() == DatabaseState::disabled);
}

TEST_CASE_METHOD(Foreign, "files are made while a root retires that ends within thirteen months", "[server_files]") {
  const auto go_to = [this](std::string_view at) {
    clock.set(instant(at));
    authority->accept_clock(kOps);
    install();
    sweep();
  };
  go_to("2034-06-01T10:00:00Z");  // the second root is made,
  go_to("2034-06-02T10:00:00Z");  // and is in the server's files
  clock.set(instant("2035-06-20T10:00:00Z"));
  authority->accept_clock(kOps);
  static_cast<void>(acme.issue_client(db()));
  go_to("2035-06-25T10:00:00Z");
  clock.set(instant("2035-12-01T10:00:00Z"));
  authority->accept_clock(kOps);
  REQUIRE(acme.describe().roots.front().state == RootState::retiring);
  CHECK(rfc3339(acme.describe().roots.front().certificate.validity().not_after) == "2036-11-24T10:00:00Z");
  CHECK_NOTHROW(install());
}

TEST_CASE("a server whose host is too long for a common name bears the whole name of its space", "[server_files]") {
  AuthorityScene scene{kStart, FolderOn::memory};
  const Space space = scene.space("acme-of-a-very-long-name-in-europe");
  DatabaseSpec spec = scene.spec();
  const std::string label(60, 'a');
  spec.hosts = {HostName{label + ".example"}};
  spec.data_directory.clear();
  space.create_database(std::move(spec));
  space.enable_mtls(db());
  CHECK(space.server_files(db()).what.server.certificate().subject() == "O=acme-of-a-very-long-name-in-europe");
}

TEST_CASE_METHOD(Foreign, "pending becomes ready when it was seen to trust the root", "[server_files]") {
  const Bundle client = acme.issue_client(db());
  CHECK(client.record.state == CertificateState::pending);
  install();
  sweep();
  CHECK(acme.find_certificate(client.record.id)->state == CertificateState::ready);
  CHECK(servers.lets_in("sales", client.chain.front()));
}

TEST_CASE_METHOD(Foreign, "a revocation is in force when files that were made after it are there", "[server_files]") {
  const Bundle client = acme.issue_client(db());
  install();
  sweep();
  acme.revoke(client.record.id, RevocationReason::key_compromise);
  CHECK_THAT(late(), ContainsSubstring("data:mtls:server-files"));
  CHECK(acme.find_certificate(client.record.id)->state == CertificateState::disabling);
  CHECK(servers.lets_in("sales", client.chain.front()));  // and so it is
  install();
  CHECK(late() == "");
  CHECK(acme.find_certificate(client.record.id)->state == CertificateState::disabled);
  CHECK_FALSE(servers.lets_in("sales", client.chain.front()));
}

TEST_CASE_METHOD(Foreign, "a revocation under a distrusted root is in force when it was seen to trust the root no more",
                 "[server_files][rotation]") {
  const Bundle client = acme.issue_client(db());
  install();
  CHECK(late() == "");
  acme.distrust(1);
  acme.revoke(client.record.id, RevocationReason::key_compromise);
  CHECK(acme.find_certificate(client.record.id)->state == CertificateState::disabling);
  install();
  CHECK(late() == "");
  CHECK(acme.find_certificate(client.record.id)->state == CertificateState::disabled);
}

TEST_CASE_METHOD(Foreign, "files that were made and not put there prove nothing", "[server_files]") {
  const Bundle client = acme.issue_client(db());
  install();
  sweep();
  acme.revoke(client.record.id, RevocationReason::key_compromise);
  static_cast<void>(acme.server_files(db()));
  CHECK_THAT(late(), ContainsSubstring("lets the revoked probe in"));
  CHECK(acme.find_certificate(client.record.id)->state == CertificateState::disabling);
}

TEST_CASE_METHOD(Foreign, "what changes in its lines needs new files, and lists of every week do not", "[server_files]") {
  install();
  sweep();
  for (int week = 0; week < 8; ++week) {
    clock.advance(std::chrono::days{7});
    CHECK(late() == "");
  }
  acme.create_ip_rule(db(), {.cidr = Cidr{"192.0.2.0/24"}});
  CHECK_THAT(late(), ContainsSubstring("has changed since its files were made"));
  install();
  CHECK(late() == "");
  CHECK(acme.ip_rules(db()).front().state == IpRuleState::authorizing);  // nobody sees its pg_hba.conf
}

TEST_CASE_METHOD(Foreign, "its administrator is told in time that its lists will end", "[server_files]") {
  install();
  sweep();
  const Instant end = acme.crls().front().next_update().value();
  clock.set(end - std::chrono::days{75} - std::chrono::seconds{1});
  authority->accept_clock(kOps);
  CHECK_THAT(late(), !ContainsSubstring("lists"));
  clock.advance(std::chrono::seconds{1});
  CHECK_THAT(late(), ContainsSubstring("the lists that its server has end 2027-12-24"));
}

TEST_CASE_METHOD(Foreign, "one that does not answer has failed", "[server_files]") {
  install();
  servers.down = true;
  const SweepPart part = sweep().publications;
  REQUIRE(part.failed.size() == 1);
  CHECK(part.failed[0].code == Errc::unreachable);
  CHECK(state() == DatabaseState::provisioning);
}

TEST_CASE_METHOD(Foreign, "a root that is next needs new files before it becomes active", "[server_files][rotation]") {
  install();
  sweep();
  acme.rotate(RotationStep::prepare);
  CHECK_THAT(late(), ContainsSubstring("no files yet that hold root 2"));
  CHECK(refused([&] { acme.rotate(RotationStep::activate); }).code == Errc::policy);
  install();
  CHECK(late() == "");
  CHECK(acme.rotate(RotationStep::activate).roots.back().state == RootState::active);
}

TEST_CASE_METHOD(Foreign, "files are made for servers that nothing is written to, and where mTLS is enabled", "[server_files]") {
  serve(acme, "stock");
  CHECK_THAT(refused([&] { static_cast<void>(acme.server_files(db("stock"))); }).text, ContainsSubstring("by publication"));
  database(acme, "other");
  CHECK_THAT(refused([&] { static_cast<void>(acme.server_files(db("other"))); }).text, ContainsSubstring("mTLS is not enabled"));
  CHECK(refused([&] { static_cast<void>(acme.server_files(db("nosuch"))); }).code == Errc::not_found);
  CHECK(acme.audit({.limit = 1000}).items.back().verb != "server_files");
  install();
  sweep();
  CHECK(std::ranges::count(acme.audit({.limit = 1000}).items, "server_files", &AuditEntry::verb) == 1);
  CHECK(broken_invariants(*faulty_driver_at(file()), *authority) == std::vector<std::string>{});
}

TEST_CASE_METHOD(Foreign, "where it is disabled it leaves at once, and what was put there its administrator takes out",
                 "[server_files]") {
  install();
  sweep();
  acme.disable_mtls(db());
  sweep();
  CHECK(state() == DatabaseState::disabled);
}

TEST_CASE_METHOD(Foreign, "while its files wait to be made a sweep leaves nothing in the store", "[server_files]") {
  const auto rows = [this] { return sql("SELECT count(*) FROM certificates"); };
  install();
  CHECK(late() == "");
  acme.create_ip_rule(db(), {.cidr = Cidr{"192.0.2.0/24"}});
  const std::string before = rows();
  for (int i = 0; i < 3; ++i) CHECK_THAT(late(), ContainsSubstring("has changed since its files were made"));
  CHECK(rows() == before);
}

}  // namespace
}  // namespace spaceca::test
