// Roots, the clock, and the audit.
#include <stdexcept>
#include <utility>
#include <vector>

#include <spaceca/verify.h>

#include "service/scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

TEST_CASE_METHOD(AuthorityScene, "the next root issues only once every server is proved to trust it", "[rotation]") {
  const Space acme = space();
  serve(acme);
  acme.rotate(RotationStep::prepare);
  const Refused no = refused([&] { acme.rotate(RotationStep::activate); });
  CHECK(no.code == Errc::policy);
  CHECK(no.text == "root rotation: the server of database \"sales\" is not proved to trust root 2");
  CHECK(authority->publish_pending(servers).failed.empty());
  acme.rotate(RotationStep::activate);
  const auto roots = acme.describe().roots;
  REQUIRE(roots.size() == 2);
  CHECK(roots[0].state == RootState::retiring);
  CHECK(roots[1].state == RootState::active);
  const Bundle client = acme.issue_client(db());
  CHECK(client.record.generation == 2);
  CHECK(client.record.state == CertificateState::ready);
  CHECK(client.roots.size() == 2);
}

TEST_CASE_METHOD(AuthorityScene, "the server stays under its root until every client has the new one", "[rotation]") {
  const Space acme = space();
  serve(acme);
  const CertificateId client = acme.issue_client(db()).record.id;
  acme.rotate(RotationStep::prepare);
  sweep();
  acme.rotate(RotationStep::activate);
  const SweepReport waits = sweep();
  REQUIRE(waits.renewals.late.size() == 1);
  CHECK(waits.renewals.late[0].what.find(client.text()) != std::string::npos);
  static_cast<void>(acme.download(client));
  const SweepReport moves = sweep();
  CHECK(moves.renewals.late.empty());
  const auto roots = acme.describe().roots;
  CHECK(servers.servers.at("sales").certificate->issuer() == roots[1].certificate.subject());
}

TEST_CASE_METHOD(AuthorityScene, "rolling back is possible until the new root has a live certificate", "[rotation]") {
  const Space acme = space();
  database(acme);
  acme.rotate(RotationStep::prepare);
  acme.rotate(RotationStep::activate);
  acme.rotate(RotationStep::rollback);
  CHECK(acme.describe().roots[0].state == RootState::active);
  CHECK(acme.describe().roots[1].state == RootState::next);
  acme.rotate(RotationStep::activate);
  static_cast<void>(acme.issue_client(db()));
  CHECK(refused([&] { acme.rotate(RotationStep::rollback); }).text ==
        "root rotation: root 2 has live certificates; go forward to another one instead");
}

TEST_CASE_METHOD(AuthorityScene, "a root retires when nothing of it is alive, and its key is destroyed", "[rotation]") {
  const Space acme = space();
  database(acme);
  const Bundle client = acme.issue_client(db());
  acme.rotate(RotationStep::prepare);
  acme.rotate(RotationStep::activate);
  CHECK(refused([&] { acme.rotate(RotationStep::retire); }).code == Errc::policy);
  acme.revoke(client.record.id, RevocationReason::superseded);
  acme.rotate(RotationStep::retire);
  CHECK(acme.describe().roots[0].state == RootState::retired);
  CHECK(sql("SELECT key_handle IS NULL FROM roots WHERE generation = 1") == "1\n");
}

TEST_CASE_METHOD(AuthorityScene, "a distrusted root leaves every bundle, and what was alive under it is reissued", "[rotation]") {
  const Space acme = space();
  serve(acme);
  const Bundle client = acme.issue_client(db());
  const auto successors = acme.distrust(1);
  CHECK(successors.size() == 3);  // the server's, the first client's and this one
  CHECK(acme.describe().roots[0].state == RootState::distrusted);
  CHECK(acme.describe().roots[1].state == RootState::active);
  CHECK(sql("SELECT generation, key_handle IS NULL FROM roots ORDER BY generation") == "1|1\n2|0\n");
  CHECK(sweep().publications.failed.empty());
  CHECK_FALSE(servers.lets_in("sales", client.chain.front()));
  const Bundle successor = acme.download(acme.find_certificate(client.record.id)->successor.value());
  CHECK(servers.lets_in("sales", successor.chain.front()));
  REQUIRE(successor.roots.size() == 1);
  CHECK(successor.roots[0].subject().starts_with("CN=acme G2 "));
  const Refused old = refused([&] { static_cast<void>(acme.download(client.record.id)); });
  CHECK(old.code == Errc::policy);
  CHECK(old.text == "certificate " + client.record.id.text() +
                        ": its root 1 is distrusted, so no server takes it; its successor is " + successor.record.id.text());
}

TEST_CASE_METHOD(AuthorityScene, "holders whose bundle lacks the next root are told, once and again after thirty days",
                 "[rotation]") {
  const Space acme = space();
  database(acme);
  const Bundle client = acme.issue_client(db());
  acme.rotate(RotationStep::prepare);
  sweep();
  sweep();
  REQUIRE(mail.delivered.size() == 1);
  CHECK(mail.delivered[0].kind == NoticeKind::roots_changed);
  for (int week = 0; week < 5; ++week) {
    clock.advance(std::chrono::days{7});
    sweep();
  }
  CHECK(mail.delivered.size() == 2);
  static_cast<void>(acme.download(client.record.id));
  for (int week = 0; week < 5; ++week) {
    clock.advance(std::chrono::days{7});
    sweep();
  }
  CHECK(mail.delivered.size() == 2);
}

// --- lists ---

TEST_CASE_METHOD(AuthorityScene, "a list is made anew every week, though nobody was revoked", "[crl]") {
  const Space acme = space();
  const auto first = acme.crls()[0].number().value();
  clock.advance(std::chrono::days{6});
  CHECK(authority->refresh_crls().done.empty());
  clock.advance(std::chrono::days{1});
  CHECK(authority->refresh_crls().done.size() == 1);
  CHECK(acme.crls()[0].number().value() > first);
}

TEST_CASE_METHOD(AuthorityScene, "an entry stays until it was on a list made after the certificate's end, and forty-five days more",
                 "[crl]") {
  const Space acme = space();
  database(acme);
  const Bundle client = acme.issue_client(db());
  acme.revoke(client.record.id, RevocationReason::unspecified);
  const auto listed = [&] { return acme.crls()[0].find(client.record.serial).has_value(); };
  const auto weeks_until = [&](Instant day) {
    while (clock.now() < day) {
      clock.advance(std::chrono::days{7});
      sweep();
    }
  };
  weeks_until(client.record.not_after + std::chrono::days{44});
  CHECK(listed());
  weeks_until(client.record.not_after + std::chrono::days{66});
  CHECK_FALSE(listed());
}

// --- the clock ---

TEST_CASE_METHOD(AuthorityScene, "a clock far ahead is suspect until 48 hours of sweeps have agreed", "[clock]") {
  space();
  sweep();
  clock.advance(std::chrono::days{15} + std::chrono::seconds{1});
  CHECK(sweep().clock_suspect);
  clock.advance(std::chrono::hours{47});
  CHECK(sweep().clock_suspect);
  clock.advance(std::chrono::hours{1});
  CHECK_FALSE(sweep().clock_suspect);
}

TEST_CASE_METHOD(AuthorityScene, "two sweeps may lie two weeks apart, and fifteen days to the second", "[clock]") {
  space();
  sweep();
  for (int i = 0; i < 3; ++i) {
    clock.advance(std::chrono::days{14});
    CHECK_FALSE(sweep().clock_suspect);
  }
  clock.advance(std::chrono::days{15});
  CHECK_FALSE(authority->clock_suspect());
  clock.advance(std::chrono::seconds{1});
  CHECK(authority->clock_suspect());
}

TEST_CASE_METHOD(AuthorityScene, "a clock that an operator accepts is believed, and the audit says who did", "[clock]") {
  space();
  sweep();
  clock.advance(std::chrono::days{400});
  CHECK(sweep().clock_suspect);
  authority->accept_clock(Actor{"alice"});
  CHECK_FALSE(sweep().clock_suspect);
  const auto entries = authority->audit().items;
  CHECK(entries.back().verb == "accept_clock");
  CHECK(entries.back().actor == "alice");
}

TEST_CASE_METHOD(AuthorityScene, "under a clock that stands behind nobody is mailed and no root moves", "[clock]") {
  const Space acme = space();
  database(acme);
  const Bundle client = acme.issue_client(db());
  for (int i = 0; i < 46; ++i) {
    clock.advance(std::chrono::days{7});
    authority->sweep({.publisher = &servers});
  }
  clock.advance(-std::chrono::minutes{11});
  CHECK(sweep().clock_suspect);
  CHECK(mail.delivered.empty());
  CHECK(refused([&] { acme.rotate(RotationStep::prepare); }).code == Errc::policy);
  clock.advance(std::chrono::minutes{11});
  CHECK_FALSE(sweep().clock_suspect);
  CHECK(mail.delivered.size() == 1);
}

// --- what a clock that ran ahead, and was believed, has made ---

TEST_CASE_METHOD(AuthorityScene, "a notice written by a clock that ran ahead is delivered once the clock is right again",
                 "[clock]") {
  const Space acme = space();
  database(acme);
  const Bundle client = acme.issue_client(db());
  while (clock.now() + std::chrono::days{7} < client.record.not_after - std::chrono::days{80}) {
    clock.advance(std::chrono::days{7});
    sweep();
  }
  const Instant right = clock.now();
  clock.advance(std::chrono::days{40});
  mail.broken = true;
  CHECK(sweep().renewals.done.size() == 1);
  mail.broken = false;
  clock.set(right + std::chrono::days{1});
  CHECK_FALSE(sweep().clock_suspect);
  REQUIRE(mail.delivered.size() == 1);
  CHECK(mail.delivered[0].kind == NoticeKind::renewed);
}

TEST_CASE_METHOD(AuthorityScene, "what a sweep makes under a clock far ahead is valid when the clock is right again", "[clock]") {
  const Space acme = space();
  serve(acme);
  const Bundle client = acme.issue_client(db());
  while (clock.now() < kStart + std::chrono::days{315}) {
    clock.advance(std::chrono::days{7});
    sweep();
  }
  const Instant right = clock.now();
  const Serial before = servers.servers.at("sales").certificate->serial();
  clock.advance(std::chrono::days{40});
  CHECK(sweep().clock_suspect);
  clock.set(right + std::chrono::hours{1});
  CHECK_FALSE(servers.servers.at("sales").certificate->serial() == before);
  CHECK(servers.lets_in("sales", client.chain.front()));
  CHECK(servers.is_taken_by("sales", client.roots));
  const Bundle successor = acme.download(acme.find_certificate(client.record.id)->successor.value());
  CHECK(servers.lets_in("sales", successor.chain.front()));
}

TEST_CASE_METHOD(AuthorityScene, "a server's certificate and lists from the future are replaced by the next sweep", "[clock]") {
  const Space acme = space();
  serve(acme);
  const Bundle client = acme.issue_client(db());
  while (clock.now() < kStart + std::chrono::days{315}) {
    clock.advance(std::chrono::days{7});
    sweep();
  }
  const Instant right = clock.now();
  clock.advance(std::chrono::days{9});
  CHECK_FALSE(sweep().clock_suspect);  // so far it is believed
  clock.set(right);
  CHECK_FALSE(servers.lets_in("sales", client.chain.front()));
  CHECK_FALSE(servers.is_taken_by("sales", client.roots));
  clock.set(right + std::chrono::hours{1});
  CHECK(sweep().publications.failed.empty());
  CHECK(servers.lets_in("sales", client.chain.front()));
  CHECK(servers.is_taken_by("sales", client.roots));
}

TEST_CASE_METHOD(AuthorityScene, "a root made by a clock that ran ahead keeps no server from being published", "[clock]") {
  const Space acme = space();
  serve(acme);
  clock.advance(std::chrono::days{9});
  acme.rotate(RotationStep::prepare);
  clock.advance(-std::chrono::days{9});
  CHECK(sweep().publications.failed.empty());
  acme.rotate(RotationStep::activate);
  CHECK(servers.lets_in("sales", acme.issue_client(db()).chain.front()));
}

// --- the audit ---

TEST_CASE_METHOD(AuthorityScene, "the audit tells who did what to what", "[audit]") {
  const Space acme = authority->create_space(SpaceName{"acme"}, Actor{"alice"});
  database(acme);
  const Bundle client = acme.issue_client(db());
  const auto entries = acme.audit().items;
  REQUIRE(entries.size() == 3);
  CHECK(entries[2].number == 3);
  CHECK(entries[2].actor == "alice");
  CHECK(entries[2].verb == "issue_client");
  CHECK(entries[2].object == client.record.id.text());
  CHECK(entries[2].at == kStart);
  CHECK(authority->verify_audit().empty());
}

TEST_CASE_METHOD(AuthorityScene, "entries that were altered, removed, reordered or cut off are found", "[audit]") {
  const Space acme = space();
  database(acme);
  for (int i = 0; i < 4; ++i) static_cast<void>(acme.issue_client(db()));
  const auto anchors = authority->audit_anchors();
  const auto [what, statement, rule] = GENERATE(table<std::string, std::string, std::string>({
      {"altered",
       "UPDATE audit SET record = CAST(replace(CAST(record AS TEXT), 'ops', 'eve') AS BLOB) WHERE number = 4 AND length(chain) = "
       "16",
       "audit-altered"},
      {"another time", "UPDATE audit SET at = at + 1 WHERE number = 4 AND length(chain) = 16", "audit-altered"},
      {"removed", "DELETE FROM audit WHERE number = 4 AND length(chain) = 16", "audit-missing"},
      {"reordered",
       "UPDATE audit SET number = 99 WHERE number = 3 AND length(chain) = 16; UPDATE audit SET number = 3 WHERE number = 4 AND "
       "length(chain) = 16; UPDATE audit SET number = 4 WHERE number = 99",
       "audit-altered"},
      {"cut off under the head", "DELETE FROM audit WHERE number = 6 AND length(chain) = 16", "audit-cut"},
      {"cut off with the head",
       "DELETE FROM audit WHERE number = 6 AND length(chain) = 16; UPDATE audit_heads SET number = 5, code = (SELECT code FROM "
       "audit "
       "WHERE number = 5 AND length(chain) = 16) WHERE length(chain) = 16",
       "audit-cut"},
  }));
  CAPTURE(what);
  sql("PRAGMA foreign_keys = OFF; " + statement);
  const auto findings = authority->verify_audit(anchors);
  REQUIRE_FALSE(findings.empty());
  CHECK(findings[0].rule == rule);
}

TEST_CASE_METHOD(AuthorityScene, "every anchor of a chain must hold, not the first alone", "[audit]") {
  const Space acme = space();
  database(acme);
  const auto of_space = [&] {
    for (AuditAnchor& anchor : authority->audit_anchors()) {
      if (!anchor.chain.empty()) return std::move(anchor);
    }
    throw std::runtime_error{"no chain"};
  };
  const AuditAnchor early = of_space();
  static_cast<void>(acme.issue_client(db()));
  const AuditAnchor late = of_space();
  CHECK(authority->verify_audit(std::vector{early, late}).empty());
  AuditAnchor beyond = late;
  ++beyond.number;
  AuditAnchor other = late;
  other.code = early.code;
  for (const auto& [anchor, rule] : {std::pair{beyond, "audit-cut"}, std::pair{other, "audit-anchor"}}) {
    const auto findings = authority->verify_audit(std::vector{early, anchor});
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].rule == rule);
  }
}

TEST_CASE_METHOD(AuthorityScene, "a space's whole chain does not vanish unseen, though there is no anchor", "[audit]") {
  const Space acme = space();
  database(acme);
  const std::string gone =
      "PRAGMA foreign_keys = OFF; DELETE FROM audit_heads WHERE length(chain) = 16; "
      "DELETE FROM audit WHERE length(chain) = 16";
  sql(gone);
  auto findings = authority->verify_audit();
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].rule == "audit-missing");
  CHECK(findings[0].text == "audit of space \"acme\": is not there");
  static_cast<void>(acme.issue_client(db()));
  findings = authority->verify_audit();
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].rule == "audit-missing");
  CHECK(findings[0].text == "audit of space \"acme\": it begins with issue_client, not with the space being made");
}

TEST_CASE_METHOD(AuthorityScene, "a space that was taken out of the store leaves a chain, and is found out", "[audit]") {
  const Space acme = space();
  database(acme);
  static_cast<void>(authority->create_space(SpaceName{"other"}, Actor{"ops"}));
  const auto anchors = authority->audit_anchors();
  const std::string id = sql("SELECT lower(hex(id)) FROM spaces WHERE name = 'acme'").substr(0, 32);
  sql("PRAGMA foreign_keys = OFF; DELETE FROM spaces WHERE name = 'acme'");
  const auto findings = authority->verify_audit(anchors);
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].rule == "audit-orphan");
  CHECK(findings[0].text == "audit of space \"" + id + "\": the space is not in the store");
  CHECK(findings[1].rule == "audit-missing");
  CHECK(findings[1].text == "audit of space \"acme\": is not there");
  CHECK(authority->audit_anchors().size() == anchors.size());
}

TEST_CASE_METHOD(AuthorityScene, "whoever takes a revocation out of the store is found out", "[audit]") {
  const Space acme = space();
  serve(acme);
  const CertificateRecord client = acme.issue_client(db()).record;
  acme.revoke(client.id, RevocationReason::key_compromise);
  acme.revoke_serial(1, Serial{std::string_view{"0102030405060708090A0B0C0D0E0F10"}}, RevocationReason::key_compromise);
  CHECK(sweep().publications.failed.empty());
  CHECK(authority->verify_audit().empty());
  const std::string let_in =
      "UPDATE certificates SET state = 'ready', revoked_at = NULL, reason = NULL, mark = NULL WHERE hex(serial) = '" +
      client.serial.hex() + "'; ";
  const auto off_the_list = [](const std::string& serial) {
    return "DELETE FROM revocations WHERE substr(hex(serial), 9) = '" + serial + "'; ";
  };
  const std::string lost = "0102030405060708090A0B0C0D0E0F10";
  const auto [statement, what] = std::vector<std::pair<std::string, std::string>>{
      {let_in + off_the_list(client.serial.hex()), "certificate " + client.id.text()},
      {let_in, "certificate " + client.id.text()},
      {off_the_list(client.serial.hex()), "certificate " + client.id.text()},
      {off_the_list(lost), "serial " + lost}}[GENERATE(range(std::size_t{0}, std::size_t{4}))];
  CAPTURE(statement);
  sql(statement);
  const auto findings = authority->verify_audit();
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].rule == "audit-unrevoked");
  CHECK(findings[0].text.starts_with("audit of space \"acme\": " + what + " is not revoked in the store, entry "));
}

TEST_CASE_METHOD(AuthorityScene, "a revocation that was taken out of the store stops publication, since the server has it still",
                 "[audit][restore]") {
  const Space acme = space();
  serve(acme);
  const Bundle client = acme.issue_client(db());
  acme.revoke(client.record.id, RevocationReason::key_compromise);
  CHECK(sweep().publications.failed.empty());
  sql("DELETE FROM revocations WHERE substr(hex(serial), 9) = '" + client.record.serial.hex() + "'");
  clock.advance(std::chrono::days{8});
  const SweepPart part = sweep().publications;
  REQUIRE(part.failed.size() == 1);
  CHECK(part.failed[0].what.starts_with("database \"sales\": its server refuses serial " + client.record.serial.hex()));
  CHECK_FALSE(servers.lets_in("sales", client.chain.front()));
}

}  // namespace
}  // namespace spaceca::test
