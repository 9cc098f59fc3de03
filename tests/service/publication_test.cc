// What is brought to servers while others work on the same databases, and under roots that end.
#include <functional>
#include <utility>

#include "service/faulty_scene.h"
#include "service/invariants.h"
#include "service/scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

using Catch::Matchers::ContainsSubstring;

// Played servers, with something that happens once: before a server is asked, or when it has taken what was published.
class Meanwhile final : public AroundServers {
 public:
  using AroundServers::AroundServers;

  std::string at;  // the server
  std::function<void()> before_asking;
  std::function<void()> when_published;

 private:
  void before(const ServedDatabase& where) override {
    if (where.database.text() == at && before_asking) std::exchange(before_asking, nullptr)();
  }
  void after_publishing() override {
    if (when_published) std::exchange(when_published, nullptr)();
  }
};

class TwoServed : public AuthorityScene {
 public:
  TwoServed() : AuthorityScene(kStart, FolderOn::memory), acme(space()), others(another()) {
    serve(acme, "alpha");
    serve(acme, "beta");
  }
  // As another process does.
  void elsewhere(const std::function<void(const Space&)>& work) { work(others->space(SpaceName{"acme"}, Actor{"elsewhere"})); }
  void published_elsewhere(const std::string& name) {
    CHECK(others->publish_pending(servers, DatabaseLocation{SpaceName{"acme"}, db(name)}).failed.empty());
  }
  void disable_elsewhere(const std::string& name) {
    elsewhere([&](const Space& theirs) { theirs.disable_mtls(db(name)); });
    published_elsewhere(name);
    CHECK(state(name) == DatabaseState::disabled);
  }
  void enable_elsewhere(const std::string& name) {
    elsewhere([&](const Space& theirs) { theirs.enable_mtls(db(name)); });
    published_elsewhere(name);
    CHECK(state(name) == DatabaseState::operational);
  }
  [[nodiscard]] DatabaseState state(const std::string& name) const { return acme.find_database(db(name))->state; }
  [[nodiscard]] bool is_pending(const std::string& name) const { return acme.find_database(db(name))->publication_pending; }
  // So that there is something to bring to the servers.
  void want() const { static_cast<void>(acme.revoke(acme.issue_client(db("alpha")).record.id, RevocationReason::superseded)); }
  void check_whole() const { CHECK(broken_invariants(*faulty_driver_at(file()), *authority) == std::vector<std::string>{}); }

  Space acme;
  std::unique_ptr<Authority> others;
};

TEST_CASE_METHOD(TwoServed, "a server that was disabled while another was waited for is left alone", "[publication]") {
  want();
  Meanwhile slow{servers};
  slow.at = "alpha";
  slow.before_asking = [&] { disable_elsewhere("beta"); };
  const SweepPart part = authority->publish_pending(slow);
  CHECK(part.failed.empty());
  REQUIRE(part.done.size() == 1);
  CHECK(part.done[0].object == "alpha");
  CHECK_FALSE(servers.servers.contains("beta"));
  CHECK(state("beta") == DatabaseState::disabled);
  check_whole();
}

TEST_CASE_METHOD(TwoServed, "a server that was disabled while it was asked is not written to", "[publication]") {
  want();
  Meanwhile slow{servers};
  slow.at = "beta";
  slow.before_asking = [&] { disable_elsewhere("beta"); };
  CHECK(authority->publish_pending(slow).failed.empty());
  CHECK(servers.servers["beta"].publications == 0);
  CHECK(state("beta") == DatabaseState::disabled);
}

TEST_CASE_METHOD(TwoServed, "a server that was withdrawn while something was brought there is withdrawn by the next sweep",
                 "[publication]") {
  elsewhere([](const Space& theirs) { theirs.disable_mtls(db("alpha")); });
  published_elsewhere("alpha");
  want();
  Meanwhile slow{servers};
  slow.when_published = [&] {
    // The other's withdrawal came there before this publication, and is recorded before it.
    const auto there = servers.servers.at("beta");
    disable_elsewhere("beta");
    servers.servers["beta"] = there;
  };
  CHECK(authority->publish_pending(slow).failed.empty());
  CHECK(state("beta") == DatabaseState::deprovisioning);
  CHECK(is_pending("beta"));
  CHECK(sweep().publications.failed.empty());
  CHECK(state("beta") == DatabaseState::disabled);
  CHECK_FALSE(servers.servers.contains("beta"));
  check_whole();
}

TEST_CASE_METHOD(TwoServed, "what was brought to a server whose database was destroyed meanwhile is taken back at once",
                 "[publication]") {
  want();
  Meanwhile slow{servers};
  slow.when_published = [&] {
    const auto there = servers.servers.at("alpha");
    disable_elsewhere("alpha");
    elsewhere([](const Space& theirs) { theirs.destroy_database(db("alpha")); });
    servers.servers["alpha"] = there;
  };
  CHECK(authority->publish_pending(slow).failed.empty());
  CHECK_FALSE(servers.servers.contains("alpha"));
}

TEST_CASE_METHOD(TwoServed, "a server that was enabled again while another was waited for is not withdrawn", "[publication]") {
  acme.disable_mtls(db("beta"));
  want();
  Meanwhile slow{servers};
  slow.at = "alpha";
  slow.before_asking = [&] {
    published_elsewhere("beta");
    enable_elsewhere("beta");
  };
  CHECK(authority->publish_pending(slow).failed.empty());
  CHECK(servers.servers.at("beta").certificate.has_value());
  CHECK(state("beta") == DatabaseState::operational);
  check_whole();
}

TEST_CASE_METHOD(TwoServed, "a server that was enabled again while it was withdrawn is served again by the next sweep",
                 "[publication]") {
  acme.disable_mtls(db("beta"));
  Meanwhile slow{servers};
  slow.at = "beta";
  slow.before_asking = [&] {
    published_elsewhere("beta");
    enable_elsewhere("beta");
  };
  CHECK(authority->publish_pending(slow).failed.empty());
  CHECK_FALSE(servers.servers.contains("beta"));
  CHECK(state("beta") == DatabaseState::provisioning);
  CHECK(is_pending("beta"));
  CHECK(sweep().publications.failed.empty());
  CHECK(state("beta") == DatabaseState::operational);
  CHECK(servers.servers.at("beta").certificate.has_value());
  check_whole();
}

TEST_CASE_METHOD(TwoServed, "a revocation while a server is told of an earlier list is for the next sweep", "[publication]") {
  const Bundle client = acme.issue_client(db("alpha"));
  want();
  Meanwhile slow{servers};
  slow.when_published = [&] {
    elsewhere([&](const Space& theirs) { theirs.revoke(client.record.id, RevocationReason::key_compromise); });
  };
  CHECK(authority->publish_pending(slow, {SpaceName{"acme"}, db("alpha")}).failed.empty());
  CHECK(acme.find_certificate(client.record.id)->state == CertificateState::disabling);
  CHECK(is_pending("alpha"));
  CHECK(servers.lets_in("alpha", client.chain.front()));
  CHECK(sweep().publications.failed.empty());
  CHECK(acme.find_certificate(client.record.id)->state == CertificateState::disabled);
  CHECK_FALSE(is_pending("alpha"));
  CHECK_FALSE(servers.lets_in("alpha", client.chain.front()));
}

TEST_CASE_METHOD(TwoServed, "a revoked certificate stays disabling until every enabled server of the space refuses it",
                 "[publication]") {
  class Down final : public AroundServers {
   public:
    using AroundServers::AroundServers;

   private:
    void before(const ServedDatabase& where) override {
      if (where.database.text() == "beta") throw Error{Errc::unreachable, "server: does not answer"};
    }
  } half{servers};
  const Bundle client = acme.issue_client(db("alpha"));
  CHECK(authority->sweep({.publisher = &servers}).publications.failed.empty());
  acme.revoke(client.record.id, RevocationReason::key_compromise);
  CHECK(authority->sweep({.publisher = &half}).publications.failed.size() == 1);
  CHECK_FALSE(servers.lets_in("alpha", client.chain.front()));
  CHECK(servers.lets_in("beta", client.chain.front()));
  CHECK(acme.find_certificate(client.record.id)->state == CertificateState::disabling);
  CHECK(sweep().publications.failed.empty());
  CHECK_FALSE(servers.lets_in("beta", client.chain.front()));
  CHECK(acme.find_certificate(client.record.id)->state == CertificateState::disabled);
}

// --- roots that end ---

class Ending : public AuthorityScene {
 public:
  Ending() : AuthorityScene(kStart, FolderOn::memory), acme(space()) { serve(acme); }

  void to(Instant when) {
    clock.set(when);
    authority->accept_clock(kOps);
  }
  [[nodiscard]] Instant end_of_first() const { return acme.describe().roots[0].certificate.validity().not_after; }
  [[nodiscard]] RootState first() const { return acme.describe().roots[0].state; }

  Space acme;
};

TEST_CASE_METHOD(Ending, "a retiring root that has ended keeps no revocation of its space from the servers",
                 "[publication][rotation]") {
  to(end_of_first() - std::chrono::days{500});
  acme.rotate(RotationStep::prepare);
  CHECK(sweep().publications.failed.empty());
  acme.rotate(RotationStep::activate);
  const Bundle client = acme.issue_client(db());
  to(end_of_first() + std::chrono::seconds{1});
  const Bundle late = acme.issue_client(db());
  acme.force_server(db());
  acme.revoke(late.record.id, RevocationReason::key_compromise);
  CHECK(authority->refresh_crls().failed.empty());
  const SweepPart part = authority->publish_pending(servers);
  CHECK(part.failed.empty());
  CHECK_FALSE(servers.lets_in("sales", late.chain.front()));
  CHECK(servers.servers.at("sales").roots.size() == 1);
  CHECK(first() == RootState::retiring);
  CHECK(acme.find_certificate(late.record.id)->state == CertificateState::disabled);
}

TEST_CASE_METHOD(Ending, "a root that ended forty-five days ago is retired whoever is connected still", "[rotation]") {
  const Bundle client = acme.issue_client(db());
  to(end_of_first() - std::chrono::days{500});
  acme.rotate(RotationStep::prepare);
  CHECK(sweep().publications.failed.empty());
  acme.rotate(RotationStep::activate);
  servers.open_session("sales", client.chain.front());
  to(end_of_first());
  sweep();
  CHECK(first() == RootState::retiring);  // for that session
  to(end_of_first() + std::chrono::days{45});
  sweep();
  CHECK(first() == RootState::retiring);
  clock.advance(std::chrono::seconds{1});
  sweep();
  CHECK(first() == RootState::retired);
}

TEST_CASE_METHOD(Ending, "an active root that has ended is followed by one that is made, proved and issues",
                 "[publication][rotation]") {
  to(end_of_first() + std::chrono::days{1});
  for (int i = 0; i < 3; ++i) {
    clock.advance(std::chrono::hours{6});
    sweep();
  }
  const auto roots = acme.describe().roots;
  REQUIRE(roots.size() == 2);
  CHECK(roots[1].state == RootState::active);
  CHECK(servers.lets_in("sales", acme.issue_client(db()).chain.front()));
  CHECK(servers.is_taken_by("sales", {roots[1].certificate}));
  CHECK(sweep().publications.failed.empty());
}

TEST_CASE_METHOD(Ending, "while every root has ended nothing is published, and it says why", "[publication]") {
  to(end_of_first() + std::chrono::seconds{1});
  acme.create_ip_rule(db(), {.cidr = Cidr{"192.0.2.0/24"}});
  const SweepPart part = authority->publish_pending(servers);
  REQUIRE(part.failed.size() == 1);
  CHECK(part.failed[0].code == Errc::policy);
  CHECK(part.failed[0].what == "space \"acme\": every root of it has ended; a sweep makes the next one");
}

// --- deadlines ---

TEST_CASE_METHOD(TwoServed, "each part of a sweep stops at a deadline that has come, says so, and the next one does its work",
                 "[sweep]") {
  acme.rotate(RotationStep::prepare);
  const std::vector<std::pair<std::string, std::function<SweepPart(Deadline)>>> parts{
      {"census", [&](Deadline deadline) { return authority->take_census(servers, deadline); }},
      {"lists", [&](Deadline deadline) { return authority->refresh_crls(deadline); }},
      {"roots", [&](Deadline deadline) { return authority->advance_roots(deadline); }},
      {"publications", [&](Deadline deadline) { return authority->publish_pending(servers, deadline); }},
      {"given up", [&](Deadline deadline) { return authority->revoke_abandoned(std::chrono::days{14}, deadline); }},
  };
  clock.advance(std::chrono::days{8});  // so that there are lists to be made
  for (const auto& [name, part] : parts) {
    CAPTURE(name);
    const SweepPart cut = part(Deadline::min());
    CHECK(cut.unfinished);
    CHECK(cut.done.empty());
    const SweepPart whole = part(kNoDeadline);
    CHECK_FALSE(whole.unfinished);
    CHECK(whole.failed.empty());
  }
  CHECK_FALSE(is_pending("alpha"));
}

}  // namespace
}  // namespace spaceca::test
