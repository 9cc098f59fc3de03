// Reminders: who is told again, and when.
#include <algorithm>

#include <spaceca/error.h>

#include "service/scene.h"
#include "support/catch.h"

using namespace spaceca;
using namespace spaceca::test;
using std::chrono::days;
using std::chrono::seconds;

namespace {

// A certificate of sales, seventy days before its end, renewed and its owner told.
class Reminded : public AuthorityScene {
 public:
  Reminded() : acme(space()) {
    database(acme);
    old.emplace(acme.issue_client(db()));
    go_to(days{70});
    REQUIRE(mail.delivered.size() == 1);
    mail.delivered.clear();
  }

  // So long before its end, by a clock that is believed; and what a sweep tells then.
  std::vector<Notice> go_to(seconds before_end) {
    clock.set(old->record.not_after - before_end);
    authority->accept_clock(kOps);
    mail.delivered.clear();
    const SweepReport report = sweep();
    CHECK(report.renewals.failed.empty());
    return mail.delivered;
  }
  [[nodiscard]] CertificateId successor() const { return acme.find_certificate(old->record.id)->successor.value(); }

  Space acme;
  std::optional<Bundle> old;
};

}  // namespace

TEST_CASE_METHOD(Reminded, "an owner who has not fetched the successor is reminded at 30, 7 and 1 days, to the second",
                 "[reminders]") {
  const auto at = [&](days left) {
    CHECK(go_to(left + seconds{1}).empty());
    const auto told = go_to(left);
    REQUIRE(told.size() == 1);
    CHECK(told[0].kind == NoticeKind::reminder);
    CHECK(told[0].certificate == successor());
    CHECK(told[0].predecessor == old->record.id);
    CHECK(told[0].predecessor_serial == old->record.serial);
    CHECK(told[0].predecessor_ends == old->record.not_after);
    CHECK(told[0].contacts == std::vector<std::string>{"owner@example.com"});
    CHECK(days_left(told[0]) == left.count());
    CHECK(go_to(left - seconds{1}).empty());
  };
  at(days{30});
  at(days{7});
  at(days{1});
  CHECK(go_to(seconds{0}).empty());
  CHECK(go_to(-days{1}).empty());
}

TEST_CASE_METHOD(Reminded, "who has fetched the successor is not reminded", "[reminders]") {
  CHECK(go_to(days{30}).size() == 1);
  acme.download(successor());
  CHECK(go_to(days{7}).empty());
  CHECK(go_to(days{1}).empty());
}

TEST_CASE_METHOD(Reminded, "who had the successor handed out is not reminded", "[reminders]") {
  const Bundle other = acme.issue_client(db());
  acme.download(successor());
  acme.renew(other.record.id);
  mail.delivered.clear();
  clock.set(other.record.not_after - days{20});
  authority->accept_clock(kOps);
  sweep();
  for (const Notice& notice : mail.delivered) CHECK_FALSE(notice.kind == NoticeKind::reminder);
}

TEST_CASE_METHOD(Reminded, "who renewed and handed nothing out is reminded, until the bundle is confirmed", "[reminders]") {
  const Bundle other = acme.issue_client(db());
  acme.download(successor());
  const Bundle made = acme.renew(other.record.id, {}, {}, BundleCounts::once_confirmed);
  const auto at = [&](days left) {
    clock.set(other.record.not_after - left);
    authority->accept_clock(kOps);
    mail.delivered.clear();
    sweep();
    return std::ranges::count_if(mail.delivered, [&made](const Notice& notice) {
      return notice.kind == NoticeKind::reminder && notice.certificate == made.record.id;
    });
  };
  CHECK(at(days{30}) == 1);
  acme.confirm_bundle(made.record.id, made.latest_generation);
  CHECK(at(days{7}) == 0);
}

TEST_CASE_METHOD(Reminded, "what is revoked is no longer in use", "[reminders]") {
  acme.revoke(old->record.id, RevocationReason::superseded);
  CHECK(go_to(days{30}).empty());
  CHECK(go_to(days{1}).empty());
}

TEST_CASE_METHOD(Reminded, "sweeps that were missed are made up for by one reminder, the one that counts now", "[reminders]") {
  const auto told = go_to(days{5});
  REQUIRE(told.size() == 1);
  CHECK(days_left(told[0]) == 5);
  CHECK(go_to(days{4}).empty());
  CHECK(go_to(days{1}).size() == 1);
}

TEST_CASE_METHOD(AuthorityScene, "an owner who is told of a renewal within its last days is not reminded of it in the same hour",
                 "[reminders]") {
  const Space acme = space();
  database(acme);
  const Bundle client = acme.issue_client(db());
  clock.set(client.record.not_after - days{5});
  authority->accept_clock(kOps);
  sweep();
  REQUIRE(mail.delivered.size() == 1);
  CHECK(mail.delivered[0].kind == NoticeKind::renewed);
  clock.set(client.record.not_after - days{1});
  sweep();
  REQUIRE(mail.delivered.size() == 2);
  CHECK(mail.delivered[1].kind == NoticeKind::reminder);
}

TEST_CASE_METHOD(Reminded, "a successor that was revoked is not what anybody is reminded of; its own successor is", "[reminders]") {
  const CertificateId first = successor();
  acme.revoke(first, RevocationReason::key_compromise);
  const auto told = go_to(days{40});
  REQUIRE(told.size() == 1);
  CHECK(told[0].kind == NoticeKind::renewed);
  const auto reminded = go_to(days{30});
  REQUIRE(reminded.size() == 1);
  CHECK(reminded[0].certificate == successor());
  CHECK_FALSE(reminded[0].certificate == first);
}

TEST_CASE_METHOD(AuthorityScene, "whoever was asked for a request is reminded until it has come", "[reminders]") {
  const Space acme = space();
  database(acme);
  const Bundle first = acme.issue_client(db(), {.custody = Custody::once});
  const auto at = [&](Instant end, days left) {
    clock.set(end - left);
    authority->accept_clock(kOps);
    mail.delivered.clear();
    sweep();
    return mail.delivered;
  };
  at(first.record.not_after, days{70});
  const CertificateRecord second = acme.find_certificate(acme.find_certificate(first.record.id)->successor.value()).value();
  acme.download(second.id);
  const auto asked = at(second.not_after, days{70});
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].kind == NoticeKind::awaiting_request);
  CHECK_FALSE(asked[0].predecessor.has_value());
  const auto told = at(second.not_after, days{30});
  REQUIRE(told.size() == 1);
  CHECK(told[0].kind == NoticeKind::reminder);
  CHECK(told[0].certificate == second.id);
  CHECK_FALSE(told[0].predecessor.has_value());
  CHECK(days_left(told[0]) == 30);
  CHECK_FALSE(told[0].key_is_kept);
  CHECK(at(second.not_after, days{29}).empty());
  acme.revoke(second.id, RevocationReason::superseded);
  CHECK(at(second.not_after, days{7}).empty());
}

TEST_CASE_METHOD(Reminded, "two sweeps at once write one reminder", "[reminders]") {
  clock.set(old->record.not_after - days{30});
  authority->accept_clock(kOps);
  authority->renew_due();
  another()->renew_due();
  authority->deliver_notices(mail);
  CHECK(mail.delivered.size() == 1);
}

TEST_CASE_METHOD(Reminded, "a reminder that waited is not sent once the successor is fetched", "[reminders]") {
  mail.broken = true;
  CHECK(go_to(days{30}).empty());
  mail.broken = false;
  acme.download(successor());
  clock.advance(std::chrono::hours{1});
  const SweepReport report = sweep();
  CHECK(report.notices.done.empty());
  CHECK(report.notices.failed.empty());
  CHECK(mail.delivered.empty());
}

TEST_CASE_METHOD(Reminded, "a clock in doubt reminds nobody, since each reminder comes once", "[reminders]") {
  clock.set(old->record.not_after - days{6});
  CHECK(authority->clock_suspect());
  CHECK(sweep().renewals.done.empty());
  CHECK(mail.delivered.empty());
  CHECK(go_to(days{30}).size() == 1);
}

TEST_CASE_METHOD(AuthorityScene, "all of many are reminded, each once", "[reminders]") {
  const Space acme = space();
  database(acme);
  const std::vector<ClientRequest> requests(600);
  const std::vector<Bundle> many = acme.issue_clients(db(), requests);
  const Instant end = many.front().record.not_after;
  clock.set(end - days{70});
  authority->accept_clock(kOps);
  sweep();
  clock.set(end - days{30});
  authority->accept_clock(kOps);
  mail.delivered.clear();
  sweep();
  CHECK(std::ranges::count(mail.delivered, NoticeKind::reminder, &Notice::kind) == 600);
  mail.delivered.clear();
  sweep();
  CHECK(mail.delivered.empty());
}

TEST_CASE_METHOD(Reminded, "a deadline that has come stops before the first reminder", "[reminders]") {
  clock.set(old->record.not_after - days{30});
  authority->accept_clock(kOps);
  const SweepPart part = authority->renew_due(Deadline::min());
  CHECK(part.unfinished);
  CHECK(part.done.empty());
}
