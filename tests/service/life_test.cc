// The life of a certificate, from a space that is made to one that is renewed, revoked and listed.
#include <spaceca/verify.h>

#include "service/scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

TEST_CASE_METHOD(AuthorityScene, "a new space has one active root and its empty list", "[authority]") {
  const Space acme = space();
  const SpaceRecord record = acme.describe();
  REQUIRE(record.roots.size() == 1);
  CHECK(record.roots[0].state == RootState::active);
  CHECK(record.roots[0].generation == 1);
  CHECK(record.roots[0].certificate.subject().starts_with("CN=acme G1 "));
  REQUIRE(acme.crls().size() == 1);
  CHECK(acme.crls()[0].entries().empty());
  CHECK(check_for_postgresql(acme.crls(), {record.roots[0].certificate}, clock.now()).empty());
}

TEST_CASE_METHOD(AuthorityScene, "a space is found by another authority over the same store", "[authority]") {
  space();
  const auto other = another();
  CHECK(other->space(SpaceName{"acme"}, kOps).describe().roots.size() == 1);
  CHECK(refused([&] { static_cast<void>(other->space(SpaceName{"acme-eu"}, kOps)); }).text == "space \"acme-eu\": is not there");
}

TEST_CASE_METHOD(AuthorityScene, "a space is not made twice", "[authority]") {
  space();
  const Refused no = refused([&] { space(); });
  CHECK(no.code == Errc::exists);
  CHECK(no.text == "space \"acme\": is there already");
}

TEST_CASE_METHOD(AuthorityScene, "a client certificate is issued, kept and downloaded again with its key", "[authority]") {
  const Space acme = space();
  database(acme);
  const Bundle issued = acme.issue_client(db(), {.role = RoleName{"report"}});
  CHECK(issued.record.state == CertificateState::ready);
  CHECK(issued.chain.front().subject() == "CN=report,OU=sales");
  CHECK(text_of(issued.record.not_after) == "2027-12-24 10:00:00");

  Bundle again = acme.download(issued.record.id);
  CHECK(again.chain == issued.chain);
  CHECK(again.key->public_key() == issued.chain.front().public_key());
  const Credential credential = std::move(again).credential();
  CHECK(
      verify({.chain = credential.chain(), .anchors = credential.roots(), .purpose = Purpose::client, .now = clock.now()}).empty());
}

TEST_CASE_METHOD(AuthorityScene, "without a role the certificate is for the URL's user", "[authority]") {
  const Space acme = space();
  database(acme);
  CHECK(acme.issue_client(db()).record.role->text() == "app");
}

TEST_CASE_METHOD(AuthorityScene, "a database that is not there gets no certificate", "[authority]") {
  const Space acme = space();
  const Refused no = refused([&] { acme.issue_client(db()); });
  CHECK(no.code == Errc::not_found);
  CHECK(no.text == "database \"sales\": is not there");
}

TEST_CASE_METHOD(AuthorityScene, "a key of custody once is handed out and not kept", "[authority]") {
  const Space acme = space();
  database(acme);
  const Bundle issued = acme.issue_client(db(), {.custody = Custody::once});
  CHECK(issued.key.has_value());
  Bundle again = acme.download(issued.record.id);
  CHECK_FALSE(again.key.has_value());
  CHECK(refused([&] { static_cast<void>(std::move(again).credential()); }).code == Errc::key_not_kept);
}

TEST_CASE_METHOD(AuthorityScene, "enabling brings a server certificate and the first client certificate, which waits for the proof",
                 "[authority]") {
  const Space acme = space();
  database(acme);
  CHECK(acme.enable_mtls(db()).state == DatabaseState::provisioning);
  const auto before = acme.certificates(db()).items;
  REQUIRE(before.size() == 2);
  for (const CertificateRecord& one : before) CHECK(one.state == CertificateState::pending);

  const SweepPart part = authority->publish_pending(servers);
  CHECK(part.failed.empty());
  REQUIRE(part.done.size() == 1);
  CHECK(part.done[0].what == "published");
  CHECK(acme.find_database(db())->state == DatabaseState::operational);
  for (const CertificateRecord& one : acme.certificates(db()).items) CHECK(one.state == CertificateState::ready);
  CHECK(servers.servers.at("sales").roles == std::vector<std::string>{"app"});
}

TEST_CASE_METHOD(AuthorityScene, "a server that does not answer is served by a later sweep", "[authority]") {
  const Space acme = space();
  database(acme);
  acme.enable_mtls(db());
  servers.down = true;
  const SweepPart part = authority->publish_pending(servers);
  REQUIRE(part.failed.size() == 1);
  CHECK(part.failed[0].code == Errc::unreachable);
  CHECK(acme.find_database(db())->state == DatabaseState::provisioning);
  CHECK(acme.find_database(db())->publication_error == "server: does not answer");
  servers.down = false;
  CHECK(sweep().publications.failed.empty());
  CHECK(acme.find_database(db())->state == DatabaseState::operational);
  CHECK(acme.find_database(db())->publication_error.empty());
}

TEST_CASE_METHOD(AuthorityScene, "a revoked certificate is disabling until its server is proved to refuse it", "[authority]") {
  const Space acme = space();
  serve(acme);
  const Bundle client = acme.issue_client(db());
  CHECK(servers.lets_in("sales", client.chain.front()));
  const CertificateRecord revoked = acme.revoke(client.record.id, RevocationReason::key_compromise);
  CHECK(revoked.state == CertificateState::disabling);
  CHECK(revoked.revocation->reason == RevocationReason::key_compromise);
  CHECK(acme.crls()[0].find(client.record.serial).has_value());
  CHECK(servers.lets_in("sales", client.chain.front()));  // it does not know yet

  CHECK(authority->publish_pending(servers).failed.empty());
  CHECK_FALSE(servers.lets_in("sales", client.chain.front()));
  CHECK(acme.find_certificate(client.record.id)->state == CertificateState::disabled);
}

TEST_CASE_METHOD(AuthorityScene, "where no server is enabled a revoked certificate is disabled at once", "[authority]") {
  const Space acme = space();
  database(acme);
  const Bundle client = acme.issue_client(db());
  CHECK(acme.revoke(client.record.id, RevocationReason::unspecified).state == CertificateState::disabled);
  CHECK(refused([&] { static_cast<void>(acme.download(client.record.id)); }).code == Errc::policy);
}

TEST_CASE_METHOD(AuthorityScene, "a certificate is due from seventy-five days before its end, to the second", "[renewal]") {
  const Space acme = space();
  database(acme);
  const Bundle client = acme.issue_client(db());
  clock.set(client.record.not_after - std::chrono::days{75} - std::chrono::seconds{1});
  CHECK(authority->renew_due().done.empty());
  clock.advance(std::chrono::seconds{1});
  const SweepPart part = authority->renew_due();
  REQUIRE(part.done.size() == 1);
  CHECK(part.done[0].object == client.record.id.text());
  const CertificateRecord old = acme.find_certificate(client.record.id).value();
  CHECK(old.state == CertificateState::ready);
  const CertificateRecord successor = acme.find_certificate(old.successor.value()).value();
  CHECK(successor.predecessor == client.record.id);
  CHECK(successor.role == client.record.role);
}

TEST_CASE_METHOD(AuthorityScene, "a renewal swept twice makes one successor and one notice", "[renewal]") {
  const Space acme = space();
  database(acme);
  const Bundle client = acme.issue_client(db());
  clock.set(client.record.not_after - std::chrono::days{60});
  authority->renew_due();
  another()->renew_due();
  CHECK(acme.certificates(db()).items.size() == 2);
  authority->deliver_notices(mail);
  REQUIRE(mail.delivered.size() == 1);
  CHECK(mail.delivered[0].kind == NoticeKind::renewed);
  CHECK(mail.delivered[0].predecessor == client.record.id);
  CHECK(mail.delivered[0].contacts == std::vector<std::string>{"owner@example.com"});
  authority->deliver_notices(mail);
  CHECK(mail.delivered.size() == 1);
}

TEST_CASE_METHOD(AuthorityScene, "revoking a successor makes its predecessor due again", "[renewal]") {
  const Space acme = space();
  database(acme);
  const Bundle client = acme.issue_client(db());
  clock.set(client.record.not_after - std::chrono::days{60});
  authority->renew_due();
  const CertificateId first = acme.find_certificate(client.record.id)->successor.value();
  acme.revoke(first, RevocationReason::key_compromise);
  CHECK(authority->renew_due().done.size() == 1);
  const CertificateId second = acme.find_certificate(client.record.id)->successor.value();
  CHECK_FALSE(second == first);
}

TEST_CASE_METHOD(AuthorityScene, "an expired certificate is renewed for ninety days, late, and closed after them", "[renewal]") {
  const Space acme = space();
  database(acme);
  const Bundle client = acme.issue_client(db());
  const Bundle other = acme.issue_client(db(), {.role = RoleName{"other"}});
  clock.set(client.record.not_after + std::chrono::days{89});
  const SweepPart part = authority->renew_due();
  CHECK(part.done.size() == 2);
  CHECK(part.late.size() == 2);
  clock.set(other.record.not_after + std::chrono::days{90});
  authority->renew_due();
  CHECK(acme.find_certificate(other.record.id)->state == CertificateState::ready);  // not by a clock in doubt
  authority->accept_clock(kOps);
  authority->renew_due();
  CHECK(acme.find_certificate(other.record.id)->state == CertificateState::disabled);
}

TEST_CASE_METHOD(AuthorityScene, "a key that is not ours is certified for two terms, then its holder is asked for a request",
                 "[renewal]") {
  const Space acme = space();
  database(acme);
  const Bundle first = acme.issue_client(db(), {.custody = Custody::once});
  clock.set(first.record.not_after - std::chrono::days{70});
  CHECK(authority->renew_due().done.size() == 1);
  const CertificateRecord second = acme.find_certificate(acme.find_certificate(first.record.id)->successor.value()).value();
  CHECK(acme.download(second.id).chain.front().public_key() == first.chain.front().public_key());
  clock.set(second.not_after - std::chrono::days{70});
  CHECK(authority->renew_due().done.empty());
  CHECK_FALSE(acme.find_certificate(second.id)->successor.has_value());
  authority->deliver_notices(mail);
  REQUIRE_FALSE(mail.delivered.empty());
  CHECK(mail.delivered.back().kind == NoticeKind::awaiting_request);
  CHECK(mail.delivered.back().certificate == second.id);
}

TEST_CASE_METHOD(AuthorityScene, "the server's certificate is renewed before its end and brought to the server", "[renewal]") {
  const Space acme = space();
  serve(acme);
  const Serial before = servers.servers.at("sales").certificate->serial();
  clock.set(kStart + std::chrono::days{340});
  authority->accept_clock(kOps);
  const SweepReport report = sweep();
  CHECK(report.publications.failed.empty());
  CHECK_FALSE(servers.servers.at("sales").certificate->serial() == before);
}

TEST_CASE_METHOD(AuthorityScene, "the same request under the same key is done once", "[idempotency]") {
  const Space acme = space();
  database(acme);
  const Bundle first = acme.issue_client(db(), {}, {.idempotency_key = "k1"});
  const Bundle second = acme.issue_client(db(), {}, {.idempotency_key = "k1"});
  CHECK(second.record.id == first.record.id);
  CHECK(second.key.has_value());
  CHECK(acme.certificates(db()).items.size() == 1);
  const Refused no = refused([&] { acme.issue_client(db(), {.role = RoleName{"other"}}, {.idempotency_key = "k1"}); });
  CHECK(no.code == Errc::mismatch);
  const Bundle once = acme.issue_client(db(), {.custody = Custody::once}, {.idempotency_key = "k2"});
  const Refused kept = refused([&] { acme.issue_client(db(), {.custody = Custody::once}, {.idempotency_key = "k2"}); });
  CHECK(kept.code == Errc::key_not_kept);
  CHECK(kept.text.find(once.record.id.text()) != std::string::npos);
}

TEST_CASE_METHOD(AuthorityScene, "the URLs of a database are part of a request that is done once", "[idempotency]") {
  const Space acme = space();
  const WriteOptions keyed{.idempotency_key = "k1"};
  const auto with = [this](std::string_view url, std::string_view admin_url) {
    DatabaseSpec wanted = spec();
    wanted.url = DatabaseUrl{SecretBytes{url}};
    wanted.admin_url = SecretBytes{admin_url};
    return wanted;
  };
  constexpr std::string_view kUrl = "postgresql://app:s3cret@db.example.com/orders";
  constexpr std::string_view kAdminUrl = "host=/run/postgresql";
  acme.create_database(with(kUrl, kAdminUrl), keyed);
  CHECK(acme.create_database(with(kUrl, kAdminUrl), keyed).name == db());
  const auto no = [&](std::string_view url, std::string_view admin_url) {
    return refused([&] { acme.create_database(with(url, admin_url), keyed); }).code;
  };
  CHECK(no("postgresql://app:other@db.example.com/orders", kAdminUrl) == Errc::mismatch);
  CHECK(no(kUrl, "host=/tmp") == Errc::mismatch);
  CHECK(no(kUrl, "") == Errc::mismatch);
}

TEST_CASE_METHOD(AuthorityScene, "a data directory is one database's, and whoever wants it too is told whose", "[authority]") {
  const Space acme = space();
  const DatabaseRecord first = database(acme);
  const Space bravo = space("bravo");
  const char* const spelling = GENERATE("../data-sales", "", "./.", "../data-sales//");
  const auto taken = [&](const Space& where) {
    DatabaseSpec wanted = spec("stock");
    wanted.data_directory = first.data_directory / spelling;
    return refused([&] { where.create_database(std::move(wanted)); });
  };
  for (const Space* where : {&acme, &bravo}) {
    const Refused no = taken(*where);
    CHECK(no.code == Errc::policy);
    CHECK(no.text == "database \"stock\": the data directory " + first.data_directory.string() +
                         " belongs to database \"sales\" of space \"acme\"; one server, one database");
  }
  acme.destroy_database(db());
  bravo.create_database(spec());  // free again
}

TEST_CASE_METHOD(AuthorityScene, "a server that is gone for good is given up, and its database can be destroyed", "[authority]") {
  const Space acme = space();
  serve(acme, "sales");
  serve(acme, "stock");
  const Bundle client = acme.issue_client(db("stock"));
  servers.down = true;
  acme.disable_mtls(db("sales"));
  CHECK(authority->publish_pending(servers).failed.size() == 1);
  CHECK(refused([&] { acme.destroy_database(db("sales")); }).code == Errc::policy);
  CHECK(acme.disable_mtls(db("sales"), {}, Withdrawal::given_up).state == DatabaseState::disabled);
  const AuditEntry told = acme.audit({.limit = 1000}).items.back();
  CHECK(told.verb == "disable_mtls");
  CHECK(told.details == std::vector<std::pair<std::string, std::string>>{{"server", "given up"}});
  acme.destroy_database(db("sales"));
  CHECK_FALSE(acme.find_database(db("sales")).has_value());

  servers.down = false;
  acme.revoke(client.record.id, RevocationReason::key_compromise);
  CHECK(authority->publish_pending(servers).failed.empty());
  CHECK(acme.find_certificate(client.record.id)->state == CertificateState::disabled);  // nothing waits for the other
}

TEST_CASE_METHOD(AuthorityScene, "a server that is enabled is given up at once; one that is not enabled cannot be", "[authority]") {
  const Space acme = space();
  serve(acme);
  servers.down = true;
  CHECK(acme.disable_mtls(db(), {}, Withdrawal::given_up).state == DatabaseState::disabled);
  CHECK(refused([&] { acme.disable_mtls(db(), {}, Withdrawal::given_up); }).text ==
        "database \"sales\": mTLS is not enabled, its state is disabled");
}

TEST_CASE_METHOD(AuthorityScene, "destroying a database revokes what is alive of it and forgets its URL", "[authority]") {
  const Space acme = space();
  serve(acme);
  CHECK(refused([&] { acme.destroy_database(db()); }).code == Errc::policy);
  acme.disable_mtls(db());
  CHECK(authority->publish_pending(servers).failed.empty());
  CHECK(acme.find_database(db())->state == DatabaseState::disabled);
  CHECK(servers.servers.empty());
  acme.destroy_database(db());
  CHECK_FALSE(acme.find_database(db()).has_value());
  CHECK(sql("SELECT count(*) FROM certificates WHERE state <> 'disabled' AND kind <> 'probe'") == "0\n");
  CHECK(sql("SELECT count(*) FROM databases WHERE sealed_url IS NOT NULL") == "0\n");
  database(acme);  // the name is free again
}

}  // namespace
}  // namespace spaceca::test
