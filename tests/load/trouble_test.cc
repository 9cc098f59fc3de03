// Servers that go away, hang or have no room in the middle of a publication: states stay true, and the next sweep finishes.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <set>

#include <fmt/format.h>

#include "load/crowd.h"
#include "load/scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

// What befalls a server. It begins in the middle of a publication, and ends once that has failed or gone through.
struct Trouble {
  std::function<void()> begin;
  std::function<void()> end;
  std::set<Errc> causes;  // what a publication may fail by
  std::chrono::seconds patience{120};
};

// A publisher that tells when it comes to its step of that number, counted from 0.
class Stepper {
 public:
  explicit Stepper(std::chrono::seconds patience)
      : publisher_(postgres_publisher({.patience = patience, .progress = [this](const std::string& text) { step(text); }})) {}

  void at(int number, std::function<void()> work) {
    left_ = number;
    work_ = std::move(work);
    reached_.clear();
  }
  [[nodiscard]] const std::string& reached() const { return reached_; }  // empty: it had fewer steps
  [[nodiscard]] Publisher& publisher() { return *publisher_; }

 private:
  void step(const std::string& text) {
    if (left_-- != 0) return;
    reached_ = text;
    work_();
  }

  int left_ = -1;
  std::function<void()> work_;
  std::string reached_;
  std::unique_ptr<Publisher> publisher_;
};

// Publishes with the trouble at each step in turn: `change` makes something pending, `settled` tests that it is there.
void at_each_step(LoadScene& scene, const Trouble& trouble, const std::function<void()>& change,
                  const std::function<void()>& meanwhile, const std::function<void()>& settled) {
  Stepper stepper{trouble.patience};
  for (int number = 0;; ++number) {
    REQUIRE(number < 20);
    change();
    stepper.at(number, trouble.begin);
    const SweepPart part = scene.try_to_publish(stepper.publisher());
    INFO("at step \"" << stepper.reached() << "\"");
    for (const auto& item : part.failed) {
      INFO(item.what);
      CHECK(trouble.causes.contains(item.code.value()));
      CHECK(scene.database().publication_pending);
      CHECK(scene.database().publication_error == item.what);
    }
    if (part.failed.empty()) CHECK_FALSE(scene.database().publication_pending);
    if (!stepper.reached().empty()) trouble.end();
    meanwhile();
    scene.publish();
    settled();
    if (stepper.reached().empty() && part.failed.empty()) return;
  }
}

// Revocations, each beside a new certificate of the server, while clients of both kinds go on.
void revoke_through(LoadScene& scene, Trouble trouble) {
  const CertificateId first = scene.enable();
  Crowd crowd{*scene.space, scene.server};
  std::vector<CertificateId> good{first};
  for (int i = 0; i < 2; ++i) good.push_back(scene.space->issue_client(LoadScene::kSales).record.id);
  for (const CertificateId& id : good) crowd.add(id);
  std::vector<LoadScene::Holder> holders{scene.hold(first)};
  CertificateId revoked = first;
  const auto begin = trouble.begin;
  trouble.begin = [&] {
    for (const CertificateId& id : good) crowd.set(id, Must::either);
    begin();
  };
  const auto end = trouble.end;
  trouble.end = [&] {
    end();
    for (const CertificateId& id : good) crowd.set(id, Must::come_in);
  };
  at_each_step(
      scene, trouble,
      [&] {
        revoked = scene.space->issue_client(LoadScene::kSales).record.id;
        holders.push_back(scene.hold(revoked));
        if (holders.size() == 2) crowd.add(revoked);
        crowd.set(revoked, Must::either);
        scene.space->revoke(revoked, RevocationReason::key_compromise);
        scene.space->issue_server(LoadScene::kSales);
      },
      [&] {
        CHECK(scene.state_of(revoked) ==
              (scene.database().publication_pending ? CertificateState::disabling : CertificateState::disabled));
        scene.check_states(holders);
      },
      [&] {
        CHECK(scene.state_of(revoked) == CertificateState::disabled);
        crowd.set(revoked, Must::stay_out);
        scene.check_states(holders);
        crowd.let_all_go_round(1);
      });
  std::string all;
  for (const std::string& complaint : crowd.complaints()) all += complaint + "\n";
  CHECK(all == "");
}

// The way in and the way out again.
void enable_and_disable_through(LoadScene& scene, const Trouble& trouble) {
  const LoadScene::Holder good = scene.hold(scene.enable());
  scene.disable();
  const auto check_in = [&] { CHECK(scene.why_not_in(good) == ""); };
  // Today's lines hold again: by password, from this machine, without TLS.
  const auto check_out = [&] {
    CHECK_THAT(scene.why_not_in(good), Catch::Matchers::ContainsSubstring("server does not support SSL"));
  };
  at_each_step(
      scene, trouble,
      [&] {
        if (scene.database().state != DatabaseState::disabled) scene.disable();
        scene.space->enable_mtls(LoadScene::kSales);
      },
      [&] {
        CHECK(scene.database().state ==
              (scene.database().publication_pending ? DatabaseState::provisioning : DatabaseState::operational));
        if (scene.database().state == DatabaseState::operational) check_in();
      },
      [&] {
        CHECK(scene.database().state == DatabaseState::operational);
        check_in();
      });
  at_each_step(
      scene, trouble,
      [&] {
        if (scene.database().state == DatabaseState::disabled) scene.enable();
        scene.space->disable_mtls(LoadScene::kSales);
      },
      [&] {
        CHECK(scene.database().state ==
              (scene.database().publication_pending ? DatabaseState::deprovisioning : DatabaseState::disabled));
        if (scene.database().state == DatabaseState::disabled) check_out();
      },
      [&] {
        CHECK(scene.database().state == DatabaseState::disabled);
        check_out();
      });
}

// --- what befalls it ---

Trouble restart(LoadScene& scene) {
  return {.begin =
              [&scene] {
                scene.server.stop();
                scene.server.start_again();
              },
          .end = [] {},
          .causes = {Errc::unreachable}};
}

Trouble stop(LoadScene& scene) {
  return {
      .begin = [&scene] { scene.server.stop(); }, .end = [&scene] { scene.server.start_again(); }, .causes = {Errc::unreachable}};
}

// It takes connections and says nothing, for longer than the publisher waits.
Trouble hang(LoadScene& scene) {
  const auto send = [&scene](int signal) {
    std::ifstream file{scene.server.data() / "postmaster.pid"};
    pid_t pid = 0;
    file >> pid;
    REQUIRE(pid > 1);
    REQUIRE(kill(pid, signal) == 0);
  };
  return {.begin = [send] { send(SIGSTOP); },
          .end = [send] { send(SIGCONT); },
          .causes = {Errc::unreachable},
          .patience = std::chrono::seconds{1}};
}

}  // namespace

TEST_CASE("a server restarted at any step of a publication loses nothing, and the next sweep finishes", "[load][trouble]") {
  LoadScene scene;
  revoke_through(scene, restart(scene));
}
TEST_CASE("a server restarted while mTLS is brought or withdrawn has the one or the other after the next sweep",
          "[load][trouble]") {
  LoadScene scene;
  enable_and_disable_through(scene, restart(scene));
}

TEST_CASE("a server stopped at any step of a publication leaves states true, and the next sweep finishes", "[load][trouble]") {
  LoadScene scene;
  revoke_through(scene, stop(scene));
}
TEST_CASE("a server stopped while mTLS is brought or withdrawn has the one or the other after the next sweep", "[load][trouble]") {
  LoadScene scene;
  enable_and_disable_through(scene, stop(scene));
}

TEST_CASE("a server that hangs at any step of a publication leaves states true, and the next sweep finishes", "[load][trouble]") {
  LoadScene scene;
  revoke_through(scene, hang(scene));
}
TEST_CASE("a server that hangs while mTLS is brought or withdrawn has the one or the other after the next sweep",
          "[load][trouble]") {
  LoadScene scene;
  enable_and_disable_through(scene, hang(scene));
}

}  // namespace spaceca::test
