// Servers that go away, hang or have no room in the middle of a publication: states stay true, and the next sweep finishes.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

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
  bool serves = false;  // clients are let in all the while
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
    if (trouble.serves) meanwhile();
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
  if (!trouble.serves) {
    trouble.begin = [&, begin = trouble.begin] {
      for (const CertificateId& id : good) crowd.set(id, Must::either);
      begin();
    };
    trouble.end = [&, end = trouble.end] {
      end();
      for (const CertificateId& id : good) crowd.set(id, Must::come_in);
    };
  }
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
        crowd.let_all_go_round();
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

void signal_postmaster(const LoadScene& scene, int signal) {
  std::ifstream file{scene.server.data() / "postmaster.pid"};
  pid_t pid = 0;
  file >> pid;
  REQUIRE(pid > 1);
  REQUIRE(kill(pid, signal) == 0);
}

// It takes connections and says nothing, for longer than the publisher waits.
Trouble hang(LoadScene& scene) {
  return {.begin = [&scene] { signal_postmaster(scene, SIGSTOP); },
          .end = [&scene] { signal_postmaster(scene, SIGCONT); },
          .causes = {Errc::unreachable},
          .patience = std::chrono::seconds{1}};
}

// Its postmaster.pid stays, and names a process that is no more.
Trouble crash(LoadScene& scene) {
  const auto start = [&scene] {
    for (int i = 0;; ++i) {
      try {
        return scene.server.start_again();
      } catch (const std::exception&) {
        if (i == 300) throw;  // what the dead one has started goes within moments
        std::this_thread::sleep_for(std::chrono::milliseconds{200});
      }
    }
  };
  return {.begin = [&scene] { signal_postmaster(scene, SIGKILL); },
          .end = start,
          .causes = {Errc::unreachable},
          .patience = std::chrono::seconds{2}};
}

// --- no room ---

// The data directory on a file system of its own that a test can fill. It is seen by this thread and what it starts, and goes with
// them, however they end.
class SmallDisk {
 public:
  explicit SmallDisk(LoadScene& scene)
      : scene_(scene), before_(open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC)), filler_(scene.server.data() / "filler") {
    if (before_ < 0 || unshare(CLONE_NEWNS) != 0) return;
    is_apart_ = true;
    if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
    scene_.server.stop();
    const auto data = scene_.server.data();
    const auto aside = data.string() + ".aside";
    std::filesystem::rename(data, aside);
    std::filesystem::create_directory(data);
    is_there_ = mount("none", data.c_str(), "tmpfs", 0, "size=128m") == 0;
    if (run({"cp", "-a", aside + "/.", data.string()}).exit_code != 0) throw std::runtime_error{"cannot move the data directory"};
    scene_.server.start_again();
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    scene_.server.stop();
    if (is_apart_ && setns(before_, CLONE_NEWNS) != 0) std::abort();  // no later test may run in here
    if (before_ >= 0) close(before_);
  }

  [[nodiscard]] bool is_there() const { return is_there_; }
  void fill() const {
    const int file = open(filler_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    REQUIRE(file >= 0);
    const std::string block(4096, 'x');
    while (write(file, block.data(), block.size()) > 0) {
    }
    const int error = errno;
    close(file);
    REQUIRE(error == ENOSPC);
  }
  void make_room() const { REQUIRE(unlink(filler_.c_str()) == 0); }

 private:
  LoadScene& scene_;
  int before_;
  std::filesystem::path filler_;
  bool is_apart_ = false;
  bool is_there_ = false;
};

Trouble no_room(const SmallDisk& disk) {
  return {.begin = [&disk] { disk.fill(); }, .end = [&disk] { disk.make_room(); }, .causes = {Errc::no_space}, .serves = true};
}

// Only root may mount, and not on every machine.
bool may_mount(const SmallDisk& disk) {
  if (!disk.is_there()) std::printf("SKIPPED: this machine lets nobody mount (%s)\n", std::strerror(errno));
  return disk.is_there();
}

}  // namespace

TEST_CASE("while a server is away nothing is said to be so that is not, and the sweep after it came back finishes all",
          "[load][trouble]") {
  LoadScene scene;
  const auto try_in_vain = [&scene] {
    const SweepPart part = scene.try_to_publish(*scene.publisher);
    REQUIRE(part.failed.size() == 1);
    CHECK(part.failed.front().code == Errc::unreachable);
    CHECK(scene.database().publication_error == part.failed.front().what);
  };
  scene.server.stop();
  scene.space->enable_mtls(LoadScene::kSales);
  try_in_vain();
  CHECK(scene.database().state == DatabaseState::provisioning);
  for (const IpRule& rule : scene.space->ip_rules(LoadScene::kSales)) CHECK(rule.state == IpRuleState::authorizing);
  const auto ids = scene.certificates([](const CertificateRecord& row) { return row.kind == CertificateKind::client; });
  const LoadScene::Holder good = scene.hold(ids.front());
  CHECK(scene.state_of(good.id) == CertificateState::pending);
  scene.server.start_again();
  scene.publish();
  CHECK(scene.database().state == DatabaseState::operational);
  for (const IpRule& rule : scene.space->ip_rules(LoadScene::kSales)) CHECK(rule.state == IpRuleState::authorized);
  CHECK(scene.state_of(good.id) == CertificateState::ready);
  CHECK(scene.why_not_in(good) == "");

  const LoadScene::Holder stolen = scene.hold(scene.space->issue_client(LoadScene::kSales).record.id);
  CHECK(scene.why_not_in(stolen) == "");
  scene.server.stop();
  scene.space->revoke(stolen.id, RevocationReason::key_compromise);
  scene.space->rotate(RotationStep::prepare);
  try_in_vain();
  CHECK(scene.state_of(stolen.id) == CertificateState::disabling);
  CHECK_THROWS_AS(scene.space->rotate(RotationStep::activate), Error);
  scene.server.start_again();
  CHECK(scene.why_not_in(stolen) == "");  // which is why it is not said to be disabled
  scene.publish();
  CHECK(scene.state_of(stolen.id) == CertificateState::disabled);
  CHECK(is_refusal(scene.why_not_in(stolen)));
  CHECK(scene.why_not_in(good) == "");
  scene.space->rotate(RotationStep::activate);
  const LoadScene::Holder fresh = scene.hold(scene.space->renew(good.id).record.id);
  CHECK(scene.state_of(fresh.id) == CertificateState::ready);
  CHECK(scene.why_not_in(fresh) == "");

  scene.server.stop();
  scene.space->disable_mtls(LoadScene::kSales);
  try_in_vain();
  CHECK(scene.database().state == DatabaseState::deprovisioning);
  scene.server.start_again();
  CHECK(scene.why_not_in(fresh) == "");
  scene.publish();
  CHECK(scene.database().state == DatabaseState::disabled);
  CHECK_THAT(scene.why_not_in(fresh), Catch::Matchers::ContainsSubstring("server does not support SSL"));
}

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

TEST_CASE("a server that crashes at any step of a publication leaves states true, and the next sweep finishes", "[load][trouble]") {
  LoadScene scene;
  revoke_through(scene, crash(scene));
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

TEST_CASE("a disk that fills up at any step of a publication leaves states true, and with room the next sweep finishes",
          "[load][trouble][disk]") {
  if (geteuid() != 0) return;
  LoadScene scene;
  const SmallDisk disk{scene};
  if (may_mount(disk)) revoke_through(scene, no_room(disk));
}
TEST_CASE("a disk that fills up while mTLS is brought or withdrawn leaves the one or the other, once there is room",
          "[load][trouble][disk]") {
  if (geteuid() != 0) return;
  LoadScene scene;
  const SmallDisk disk{scene};
  if (may_mount(disk)) enable_and_disable_through(scene, no_room(disk));
}

}  // namespace spaceca::test
