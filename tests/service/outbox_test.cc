// Notices on their way: what is kept of an attempt that failed.
#include <stdexcept>

#include <spaceca/error.h>

#include "service/scene.h"
#include "support/catch.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

// With notices to be delivered: one for each of so many certificates.
class Outbox : public AuthorityScene {
 public:
  void fill(std::size_t count) {
    const Space acme = space();
    database(acme);
    const std::vector<ClientRequest> requests(count);
    const std::vector<Bundle> clients = acme.issue_clients(db(), requests);
    clock.set(clients.front().record.not_after - std::chrono::days{70});
    authority->accept_clock(kOps);
    authority->renew_due();
  }
};

// Throws an Error of that code as often as it is told to.
class Failing final : public Notifier {
 public:
  explicit Failing(Errc code, int times = 1'000'000) : code_(code), times_(times) {}
  void deliver(const Notice&) override {
    ++asked;
    if (times_-- > 0) throw Error{code_, "played: no"};
  }
  int asked = 0;

 private:
  Errc code_;
  int times_;
};

// Delivers by its first channel, and by its second once that works.
class TwoWays final : public Notifier {
 public:
  void deliver(const Notice& notice) override {
    seen.push_back(notice.delivered_by);
    if (!works) throw PartlyDelivered{Error{Errc::not_taken, "webhook: no"}, {"mail"}};
  }
  std::vector<std::vector<std::string>> seen;
  bool works = false;
};

}  // namespace

TEST_CASE_METHOD(Outbox, "after three that got no answer in a row the others wait for the next sweep", "[outbox]") {
  fill(5);
  Failing nobody{Errc::unreachable};
  const SweepPart part = authority->deliver_notices(nobody);
  CHECK(nobody.asked == 3);
  CHECK(part.failed.size() == 3);
  CHECK(part.failed[0].code == Errc::unreachable);
  CHECK(part.unfinished);
  CHECK(authority->deliver_notices(mail).done.size() == 2);  // the three wait for their pause
  clock.advance(std::chrono::minutes{2});
  CHECK(authority->deliver_notices(mail).done.size() == 3);
}

TEST_CASE_METHOD(Outbox, "what is refused keeps no other from being delivered", "[outbox]") {
  fill(5);
  Failing picky{Errc::not_taken, 4};
  const SweepPart part = authority->deliver_notices(picky);
  CHECK(part.failed.size() == 4);
  CHECK(part.done.size() == 1);
  CHECK_FALSE(part.unfinished);
}

TEST_CASE_METHOD(Outbox, "a deadline that has come stops before the first notice", "[outbox]") {
  fill(2);
  const SweepPart part = authority->deliver_notices(mail, Deadline::min());
  CHECK(part.unfinished);
  CHECK(mail.delivered.empty());
  CHECK(authority->deliver_notices(mail).done.size() == 2);
}

TEST_CASE_METHOD(Outbox, "channels that have delivered are kept, and told when it is tried again", "[outbox]") {
  fill(1);
  TwoWays both;
  const SweepPart part = authority->deliver_notices(both);
  REQUIRE(part.failed.size() == 1);
  CHECK(part.failed[0].code == Errc::not_taken);
  clock.advance(std::chrono::minutes{2});
  both.works = true;
  CHECK(authority->deliver_notices(both).done.size() == 1);
  CHECK(both.seen == std::vector<std::vector<std::string>>{{}, {"mail"}});
}

TEST_CASE_METHOD(Outbox, "a notice says when it is told, and by whose key", "[outbox]") {
  fill(1);
  const Instant written = clock.now();
  clock.advance(std::chrono::hours{30});
  authority->deliver_notices(mail);
  REQUIRE(mail.delivered.size() == 1);
  CHECK(mail.delivered[0].created_at == written);
  CHECK(mail.delivered[0].told_at == written + std::chrono::hours{30});
  CHECK(days_left(mail.delivered[0]) == 68);
  CHECK(mail.delivered[0].key_is_kept);
}

TEST_CASE_METHOD(Outbox, "what nobody was told for a week is late in every sweep, also between two attempts", "[outbox]") {
  fill(1);
  Failing nobody{Errc::unreachable};
  for (int day = 0; day < 7; ++day) {
    CHECK(authority->deliver_notices(nobody).late.empty());
    clock.advance(std::chrono::days{1});
  }
  clock.advance(std::chrono::seconds{1});
  REQUIRE(authority->deliver_notices(nobody).late.size() == 1);
  const int asked = nobody.asked;
  const SweepPart part = authority->deliver_notices(nobody);
  CHECK(nobody.asked == asked);  // its next time has not come
  CHECK(part.failed.empty());
  REQUIRE(part.late.size() == 1);
  CHECK_THAT(part.late[0].what, Catch::Matchers::StartsWith("renewed of certificate ") &&
                                    Catch::Matchers::ContainsSubstring("has waited since 2027-10-15"));
  CHECK(authority->deliver_notices(nobody, Deadline::min()).late.size() == 1);
}

TEST_CASE_METHOD(Outbox, "a notice whose certificate has ended is given up, and that is said", "[outbox]") {
  fill(1);
  Failing nobody{Errc::not_taken};
  clock.advance(std::chrono::days{500});
  authority->accept_clock(kOps);
  const SweepPart part = authority->deliver_notices(nobody);
  REQUIRE(part.late.size() == 1);
  CHECK_THAT(part.late[0].what, Catch::Matchers::EndsWith(" is given up: that has ended"));
  CHECK(authority->deliver_notices(nobody).late.empty());
  CHECK(nobody.asked == 1);
}

TEST_CASE_METHOD(Outbox, "the pause before the next attempt doubles from a minute on, up to a day", "[outbox]") {
  fill(1);
  Failing nobody{Errc::not_taken};
  authority->deliver_notices(nobody);
  int asked = 1;
  for (const int seconds : {60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 30720, 61440, 86400, 86400}) {
    CAPTURE(seconds);
    clock.advance(std::chrono::seconds{seconds - 1});
    authority->deliver_notices(nobody);
    CHECK(nobody.asked == asked);
    clock.advance(std::chrono::seconds{1});
    authority->deliver_notices(nobody);
    CHECK(nobody.asked == ++asked);
  }
}

TEST_CASE_METHOD(Outbox, "a notice is asked about once in a call, though time passes in it", "[outbox]") {
  // One whose attempts take a second, or a day.
  class Slow final : public Notifier {
   public:
    Slow(HandClock& clock, std::chrono::seconds takes) : clock_(clock), takes_(takes) {}
    void deliver(const Notice&) override {
      if (++asked > 100) throw std::logic_error{"asked for ever"};
      clock_.advance(takes_);
      throw Error{Errc::not_taken, "played: no"};
    }
    int asked = 0;

   private:
    HandClock& clock_;
    std::chrono::seconds takes_;
  };
  fill(2);
  sql("UPDATE notices SET attempts = 11");
  const auto takes = GENERATE(std::chrono::seconds{1}, std::chrono::seconds{86'400});
  Slow slow{clock, takes};
  CHECK(authority->deliver_notices(slow).failed.size() == 2);
  CHECK(slow.asked == 2);
}

TEST_CASE_METHOD(Outbox, "of a successor that was revoked nobody is told", "[outbox]") {
  fill(2);
  const Space acme = authority->space(SpaceName{"acme"}, kOps);
  const CertificateId gone = acme.certificates(db()).items[0].successor.value();
  acme.revoke(gone, RevocationReason::superseded);
  CHECK(authority->deliver_notices(mail).failed.empty());
  REQUIRE(mail.delivered.size() == 1);
  CHECK_FALSE(mail.delivered[0].certificate == gone);
  CHECK(sql("SELECT count(*) FROM notices WHERE next_attempt_at IS NOT NULL") == "0\n");
}

TEST_CASE_METHOD(Outbox, "a notice that cannot be read is named and tried again, and keeps no other back", "[outbox]") {
  fill(3);
  sql("UPDATE databases SET contacts = 'owner@example.com'; "
      "UPDATE notices SET kind = 'downloaded', certificate = (SELECT id FROM certificates ORDER BY id LIMIT 1) "
      "WHERE id = (SELECT id FROM notices ORDER BY id LIMIT 1); "
      "UPDATE certificates SET role = NULL, kind = 'server', due_at = NULL WHERE id = (SELECT certificate FROM notices WHERE kind "
      "= "
      "'downloaded')");
  const SweepPart part = authority->deliver_notices(mail);
  CHECK(mail.delivered.size() == 2);
  REQUIRE(part.failed.size() == 1);
  CHECK_THAT(part.failed[0].what, Catch::Matchers::StartsWith("downloaded of certificate "));
  CHECK(sql("SELECT attempts FROM notices WHERE kind = 'downloaded'") == "1\n");
  CHECK(authority->deliver_notices(mail).failed.empty());  // its pause has not passed
  clock.advance(std::chrono::minutes{1});
  CHECK(authority->deliver_notices(mail).failed.size() == 1);
}

TEST_CASE("a download of a server's key is no notice, and the sweep goes on", "[outbox][shield]") {
  AuthorityScene scene{kStart, FolderOn::memory};
  const Space shield = scene.authority->create_space(SpaceName{"vault9"}, kOps, SpaceKind::shield);
  scene.database(shield);
  const Bundle server = shield.issue_server(db());
  CHECK(shield.download(server.record.id).key.has_value());
  const SweepReport report = scene.sweep();
  CHECK(report.notices.failed.empty());
  CHECK(scene.mail.delivered.empty());
}
