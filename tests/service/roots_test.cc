// Roots as time moves them, what becomes of their keys, and what another process does in the middle.
#include <algorithm>
#include <stdexcept>

#include "service/scene.h"
#include "service/watched_vault.h"
#include "support/catch.h"

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace spaceca::test {
namespace {

using std::chrono::days;
using std::chrono::seconds;

// A space whose sweeps take place under a clock that is believed.
class InTime : public AuthorityScene {
 public:
  SweepPart go_to(Instant at) {
    clock.set(at);
    authority->accept_clock(kOps);
    return sweep().roots;
  }
  SweepPart go_to(std::string_view at) { return go_to(instant(at)); }
  [[nodiscard]] RootState state_of(unsigned generation) const { return acme.describe().roots.at(generation - 1).state; }
  [[nodiscard]] std::size_t roots() const { return acme.describe().roots.size(); }

  Space acme = space();
};

// The first root ends 2036-11-24 10:00:00.
TEST_CASE_METHOD(InTime, "the next root is made thirty months before the end of the active one, to the second", "[rotation]") {
  go_to("2034-05-24T09:59:59Z");
  CHECK(roots() == 1);
  const SweepPart part = go_to("2034-05-24T10:00:00Z");
  REQUIRE(part.done.size() == 1);
  CHECK(part.done[0].object == "root 2");
  CHECK(part.done[0].what == "the next root is made");
  CHECK(state_of(1) == RootState::active);
  CHECK(state_of(2) == RootState::next);
}

TEST_CASE_METHOD(InTime, "the next root issues from seventeen months before the end of the active one on, to the second",
                 "[rotation]") {
  go_to("2034-05-24T10:00:00Z");
  go_to("2035-06-24T09:59:59Z");
  CHECK(state_of(2) == RootState::next);
  const SweepPart part = go_to("2035-06-24T10:00:00Z");
  REQUIRE_FALSE(part.done.empty());
  CHECK(part.done[0].what == "issues from now on");
  CHECK(state_of(2) == RootState::active);
}

TEST_CASE_METHOD(InTime, "a root retires forty-five days after its last certificate has ended, to the second", "[rotation]") {
  database(acme);
  const Bundle client = acme.issue_client(db());  // ends 2027-12-24 10:00:00
  acme.rotate(RotationStep::prepare);
  acme.rotate(RotationStep::activate);
  acme.download(client.record.id);
  go_to("2028-02-07T10:00:00Z");
  CHECK(state_of(1) == RootState::retiring);
  const SweepPart part = go_to("2028-02-07T10:00:01Z");
  REQUIRE(part.done.size() == 1);
  CHECK(part.done[0].what == "retired");
  CHECK(state_of(1) == RootState::retired);
}

TEST_CASE_METHOD(InTime, "no root moves by itself while the clock is in doubt, ahead or behind", "[rotation][clock]") {
  sweep();
  clock.set(instant("2034-05-24T10:00:00Z"));
  CHECK(sweep().clock_suspect);
  CHECK(roots() == 1);
  authority->accept_clock(kOps);
  clock.advance(-std::chrono::minutes{11});
  CHECK(sweep().clock_suspect);
  CHECK(roots() == 1);
  clock.advance(std::chrono::minutes{11});
  CHECK_FALSE(sweep().clock_suspect);
  CHECK(roots() == 2);
}

TEST_CASE_METHOD(InTime, "by hand too no root moves while the clock is far ahead", "[rotation][clock]") {
  sweep();
  clock.advance(days{16});
  const Refused no = refused([&] { acme.rotate(RotationStep::prepare); });
  CHECK(no.code == Errc::policy);
  CHECK(no.text == "root rotation: the clock is suspect; accept it first");
  CHECK(roots() == 1);
}

TEST_CASE_METHOD(InTime, "every enabled server must be proved to trust the next root, the second too", "[rotation]") {
  serve(acme, "sales");
  serve(acme, "stock");
  acme.rotate(RotationStep::prepare);
  authority->publish_pending(servers, DatabaseLocation{acme.name(), db("sales")});
  CHECK(refused([&] { acme.rotate(RotationStep::activate); }).text ==
        "root rotation: the server of database \"stock\" is not proved to trust root 2");
  authority->publish_pending(servers);
  acme.rotate(RotationStep::activate);
  CHECK(state_of(2) == RootState::active);
}

// --- roots that waited ---

// A next root that an operator made on the first day, backdated by forty-five days: it ends 2036-10-10 10:00:00.
TEST_CASE_METHOD(InTime, "a next root that has waited until another must follow it is replaced, and never issues", "[rotation]") {
  acme.rotate(RotationStep::prepare);
  go_to("2034-04-10T09:59:59Z");
  CHECK(roots() == 2);
  clock.set(instant("2034-04-10T10:00:00Z"));
  CHECK(refused([&] { acme.rotate(RotationStep::activate); }).text ==
        "root rotation: root 2 has waited for too long, it ends 2036-10-10 10:00:00; prepare another one");
  const SweepPart part = sweep().roots;
  CHECK(part.failed.empty());
  REQUIRE(roots() == 3);
  CHECK(state_of(1) == RootState::active);
  CHECK(state_of(2) == RootState::retired);
  CHECK(state_of(3) == RootState::next);
  CHECK(sql("SELECT key_handle IS NULL FROM roots WHERE generation = 2") == "1\n");
  go_to("2035-06-24T10:00:00Z");
  CHECK(state_of(3) == RootState::active);
}

TEST_CASE_METHOD(InTime, "by hand too a next root that has waited for too long is replaced", "[rotation]") {
  acme.rotate(RotationStep::prepare);
  clock.set(instant("2034-05-01T10:00:00Z"));
  authority->accept_clock(kOps);
  acme.rotate(RotationStep::prepare);
  CHECK(state_of(2) == RootState::retired);
  CHECK(state_of(3) == RootState::next);
}

TEST_CASE_METHOD(InTime, "a root that was distrusted is not followed by a next one that has waited for too long", "[rotation]") {
  acme.rotate(RotationStep::prepare);
  clock.set(instant("2034-05-01T10:00:00Z"));
  authority->accept_clock(kOps);
  acme.distrust(1);
  CHECK(state_of(1) == RootState::distrusted);
  CHECK(state_of(3) == RootState::active);
}

TEST_CASE_METHOD(InTime, "there is no going back to a root that cannot issue for thirteen months any more", "[rotation]") {
  clock.set(instant("2035-10-24T10:00:00Z"));
  authority->accept_clock(kOps);
  acme.rotate(RotationStep::prepare);
  acme.rotate(RotationStep::activate);
  clock.advance(seconds{1});
  CHECK(refused([&] { acme.rotate(RotationStep::rollback); }).text ==
        "root rotation: root 1 ends 2036-11-24 10:00:00, too soon for certificates of thirteen months");
  clock.advance(-seconds{1});
  acme.rotate(RotationStep::rollback);
  CHECK(state_of(1) == RootState::active);
}

// --- servers ---

TEST_CASE_METHOD(InTime, "a server that was forced to a root waits for its holders again when the next one comes", "[rotation]") {
  serve(acme);
  const Bundle client = acme.issue_client(db());
  const auto rotate = [this] {
    acme.rotate(RotationStep::prepare);
    sweep();
    acme.rotate(RotationStep::activate);
  };
  rotate();
  acme.force_server(db());
  CHECK(sweep().renewals.late.empty());
  rotate();
  const SweepReport waits = sweep();
  REQUIRE(waits.renewals.late.size() == 1);
  CHECK_THAT(waits.renewals.late[0].what, StartsWith("the server's certificate stays under root 2"));
  CHECK_THAT(waits.renewals.late[0].what, ContainsSubstring(client.record.id.text()));
}

TEST_CASE_METHOD(InTime, "a certificate whose bundle never left has no holder whom a server would wait for", "[rotation]") {
  serve(acme);  // the first client's certificate: nobody has fetched it
  const Bundle client = acme.issue_client(db(), {.counts = BundleCounts::once_confirmed});
  acme.rotate(RotationStep::prepare);
  sweep();
  acme.rotate(RotationStep::activate);
  CHECK(sweep().renewals.late.empty());
  CHECK(servers.servers.at("sales").certificate->issuer() == acme.describe().roots[1].certificate.subject());
  CHECK(servers.is_taken_by("sales", acme.download(client.record.id).roots));
}

TEST_CASE_METHOD(InTime, "whoever was seen has his bundle, though nobody confirmed it, and a server waits for him", "[rotation]") {
  serve(acme);
  const Bundle client = acme.issue_client(db(), {.custody = Custody::once, .counts = BundleCounts::once_confirmed});
  servers.open_session("sales", client.chain.front());
  acme.rotate(RotationStep::prepare);
  sweep();
  acme.rotate(RotationStep::activate);
  const SweepReport report = sweep();
  REQUIRE(report.renewals.late.size() == 1);
  CHECK_THAT(report.renewals.late[0].what, ContainsSubstring(client.record.id.text()));
  CHECK(servers.servers.at("sales").certificate->issuer() == acme.describe().roots[0].certificate.subject());
}

TEST_CASE_METHOD(InTime, "a server waits for a bundle that is confirmed, as for one that was returned", "[rotation]") {
  serve(acme);
  const Bundle client = acme.issue_client(db(), {.counts = BundleCounts::once_confirmed});
  acme.confirm_bundle(client.record.id, client.latest_generation);
  acme.rotate(RotationStep::prepare);
  sweep();
  acme.rotate(RotationStep::activate);
  CHECK(sweep().renewals.late.size() == 1);
  const Bundle again = acme.download(client.record.id, {}, BundleCounts::once_confirmed);
  CHECK(again.latest_generation == 2);
  CHECK(sweep().renewals.late.size() == 1);
  acme.confirm_bundle(client.record.id, 2);
  CHECK(sweep().renewals.late.empty());
}

TEST_CASE_METHOD(InTime, "a download counts for the server whoever keeps the key", "[rotation]") {
  serve(acme);
  const auto custody = GENERATE(Custody::once, Custody::requester);
  ClientRequest request{.custody = custody == Custody::once ? Custody::once : Custody::sealed};
  if (custody == Custody::requester) request.csr = CertificateRequest::from_pem(kRequest);
  const Bundle client = acme.issue_client(db(), request);
  acme.rotate(RotationStep::prepare);
  sweep();
  acme.rotate(RotationStep::activate);
  CHECK(sweep().renewals.late.size() == 1);
  CHECK_FALSE(acme.download(client.record.id).key.has_value());
  CHECK(sweep().renewals.late.empty());
}

TEST_CASE_METHOD(InTime, "only a bundle with a root that is there, of a certificate that is alive, can be confirmed",
                 "[rotation]") {
  database(acme);
  const Bundle client = acme.issue_client(db(), {.counts = BundleCounts::once_confirmed});
  CHECK(refused([&] { acme.confirm_bundle(client.record.id, 2); }).text == "root of generation 2: is not there");
  acme.revoke(client.record.id, RevocationReason::superseded);
  CHECK(refused([&] { acme.confirm_bundle(client.record.id, 1); }).code == Errc::policy);
}

// --- many holders ---

TEST_CASE_METHOD(InTime, "each of many holders is told of the next root once", "[rotation]") {
  database(acme, "sales");
  database(acme, "stock");
  acme.issue_clients(db("sales"), std::vector<ClientRequest>(600));
  acme.issue_clients(db("stock"), std::vector<ClientRequest>(3));
  acme.rotate(RotationStep::prepare);
  const SweepReport report = sweep();
  REQUIRE(report.roots.done.size() == 1);
  CHECK(report.roots.done[0].what == "603 holders are told of it");
  CHECK(std::ranges::count(mail.delivered, NoticeKind::roots_changed, &Notice::kind) == 603);
  CHECK(sweep().roots.done.empty());
  CHECK(mail.delivered.size() == 603);
}

TEST_CASE_METHOD(InTime, "all of many certificates under a distrusted root are reissued", "[rotation]") {
  database(acme);
  acme.issue_clients(db(), std::vector<ClientRequest>(600));
  CHECK(acme.distrust(1).size() == 600);
  CHECK(sql("SELECT count(*) FROM certificates WHERE predecessor IS NOT NULL") == "600\n");
}

// --- keys ---

class Keys : public AuthorityScene {
 public:
  WatchedVault watched{*vault};
  Authority watching{*store, watched, clock};
};

TEST_CASE_METHOD(Keys, "a retired root's handle is kept until the vault has destroyed its key", "[rotation][custody]") {
  const Space acme = watching.create_space(SpaceName{"acme"}, kOps);
  acme.rotate(RotationStep::prepare);
  acme.rotate(RotationStep::activate);
  const auto handle = [this] { return sql("SELECT key_handle IS NOT NULL FROM roots WHERE generation = 1"); };
  watched.is_out = true;
  CHECK_THROWS_AS(acme.rotate(RotationStep::retire), std::exception);
  CHECK(acme.describe().roots[0].state == RootState::retired);
  CHECK(handle() == "1\n");
  const SweepPart missed = watching.advance_roots();
  REQUIRE(missed.failed.size() == 1);
  CHECK(missed.failed[0].what == "the token is pulled out");
  CHECK(handle() == "1\n");
  watched.is_out = false;
  CHECK(watching.advance_roots().failed.empty());
  CHECK(watched.destroyed == 1);
  CHECK(handle() == "0\n");
  CHECK(watching.advance_roots().failed.empty());
  CHECK(watched.destroyed == 1);
}

TEST_CASE_METHOD(Keys, "a root that is refused before it is recorded leaves no key in the vault", "[rotation][custody]") {
  const Space acme = watching.create_space(SpaceName{"acme"}, kOps);
  CHECK(watched.made == 1);
  CHECK(refused([&] { watching.create_space(SpaceName{"acme"}, kOps); }).code == Errc::exists);
  CHECK(watched.made == 1);  // not even made

  watched.after_making = [this] { authority->create_space(SpaceName{"bravo"}, kOps); };
  CHECK(refused([&] { watching.create_space(SpaceName{"bravo"}, kOps); }).code == Errc::exists);
  CHECK(watched.made == 2);
  CHECK(watched.destroyed == 1);

  watched.after_making = [this] { authority->space(SpaceName{"acme"}, kOps).rotate(RotationStep::prepare); };
  CHECK(refused([&] { acme.rotate(RotationStep::prepare); }).code == Errc::policy);
  CHECK(watched.made == 3);
  CHECK(watched.destroyed == 2);
}

// --- what another process does in the middle ---

TEST_CASE_METHOD(Keys, "a database that is destroyed while successors are made for it keeps no other from theirs", "[renewal]") {
  const Space acme = space();
  for (const char* const name : {"sales", "stock"}) database(acme, name);
  const Bundle gone = acme.issue_client(db("sales"));
  const Bundle stays = acme.issue_client(db("stock"));
  clock.set(gone.record.not_after - days{70});
  bool is_done = false;
  watched.before_sealing = [&] {
    if (!std::exchange(is_done, true)) acme.destroy_database(db("sales"));
  };
  const SweepPart part = watching.renew_due();
  CHECK(part.failed.empty());
  REQUIRE(part.done.size() == 1);
  CHECK(part.done[0].object == stays.record.id.text());
  CHECK(sql("SELECT count(*) FROM certificates WHERE predecessor IS NOT NULL") == "1\n");
}

TEST_CASE_METHOD(Keys, "a root that moves each time that a certificate is made has it asked for later", "[renewal]") {
  const Space acme = space();
  database(acme);
  constexpr std::array kSteps{RotationStep::prepare, RotationStep::activate, RotationStep::rollback};
  std::size_t step = 0;
  watched.before_sealing = [&] {
    if (step < kSteps.size()) acme.rotate(kSteps.at(step++));
  };
  const Space other = watching.space(SpaceName{"acme"}, kOps);
  const Refused no = refused([&] { other.issue_client(db()); });
  CHECK(no.code == Errc::busy);
  CHECK(acme.certificates(db()).items.empty());
  CHECK(other.issue_client(db()).record.generation == 1);
}

TEST_CASE_METHOD(Keys, "one key that the vault does not seal keeps no other certificate from its successor", "[renewal]") {
  const Space acme = space();
  database(acme);
  const auto clients = acme.issue_clients(db(), std::vector<ClientRequest>(4));
  clock.set(clients.front().record.not_after - days{70});
  int sealed = 0;
  watched.before_sealing = [&sealed] {
    if (++sealed <= 2) throw std::runtime_error{"the token is busy"};  // the first of all at once, and then the first alone
  };
  const SweepPart part = watching.renew_due();
  CHECK(part.done.size() == 3);
  REQUIRE(part.failed.size() == 1);
  CHECK(part.failed[0].what == "the token is busy");
  CHECK(part.failed[0].code == Errc::io);
}

}  // namespace
}  // namespace spaceca::test
