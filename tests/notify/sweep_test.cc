// Sweeps with a real mail server: of two processes at once, and of one that nobody answers.
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <thread>

#include <spaceca/mail_notifier.h>

#include "notify/peer.h"
#include "service/scene.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

constexpr std::chrono::days kDue{340};

// A space with certificates that are due, and a mail server.
class MailScene {
 public:
  explicit MailScene(const std::vector<std::string>& server) : peer_("mail_server.py", arguments(server)), acme(scene.space()) {
    scene.database(acme);
    const std::vector<ClientRequest> requests(kCertificates);
    clients = acme.issue_clients(db(), requests);
    scene.clock.set(kStart + kDue);
    scene.authority->accept_clock(kOps);
  }

  static constexpr std::size_t kCertificates = 8;

  [[nodiscard]] std::unique_ptr<Notifier> notifier(std::chrono::seconds patience) const {
    return mail_notifier(
        {.host = "localhost", .tls = MailTls::none, .port = peer_.port(), .from = "ca@acme.example", .patience = patience});
  }
  // What another process does.
  [[nodiscard]] int sweep_elsewhere(std::chrono::seconds patience) const {
    const HandClock clock{kStart + kDue};
    const auto store = open_sqlite_store(scene.file());
    const auto vault = sealed_vault(*store, scene.key());
    Authority authority{*store, *vault, clock};
    const auto mail = notifier(patience);
    const SweepReport report = authority.sweep({.notifier = mail.get()});
    return report.notices.failed.empty() ? 0 : 1;
  }
  [[nodiscard]] std::size_t mails() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{folder_.path()}) {
      count += entry.path().extension() == ".eml" ? 1U : 0U;
    }
    return count;
  }
  [[nodiscard]] bool is_connected() const { return std::filesystem::exists(folder_.path() / "log"); }

 private:
  [[nodiscard]] std::vector<std::string> arguments(std::vector<std::string> more) const {
    more.insert(more.begin(), folder_.path().string());
    return more;
  }

  TemporaryFolder folder_;
  Peer peer_;

 public:
  AuthorityScene scene;
  Space acme;
  std::vector<Bundle> clients;
};

int ended(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("three processes that sweep at once renew once, and send one mail for each renewal", "[notify]") {
  const MailScene mail{{"--tls", "none"}};
  std::vector<pid_t> processes;
  for (int i = 0; i < 3; ++i) processes.push_back(in_background([&] { return mail.sweep_elsewhere(std::chrono::seconds{60}); }));
  for (const pid_t process : processes) CHECK(ended(process) == 0);
  CHECK(mail.mails() == MailScene::kCertificates);
  CHECK(mail.acme.certificates(db()).items.size() == 2 * MailScene::kCertificates);
  CHECK(mail.sweep_elsewhere(std::chrono::seconds{60}) == 0);
  CHECK(mail.mails() == MailScene::kCertificates);
}

TEST_CASE("a sweep writes its lists before it waits for mail, and does not wait for each of many", "[notify]") {
  MailScene mail{{"--tls", "none", "--mute"}};

  // Looks at the list when it is asked to deliver.
  class Watch final : public Notifier {
   public:
    Watch(const Space& space, std::unique_ptr<Notifier> next) : space_(space), next_(std::move(next)) {}
    void deliver(const Notice& notice) override {
      made.push_back(space_.crls().front().this_update());
      next_->deliver(notice);
    }
    std::vector<Instant> made;

   private:
    const Space& space_;
    std::unique_ptr<Notifier> next_;
  };
  Watch watch{mail.acme, mail.notifier(std::chrono::seconds{1})};
  const SweepReport report = mail.scene.authority->sweep({.publisher = &mail.scene.servers, .notifier = &watch});
  CHECK(report.crls.failed.empty());
  CHECK(report.notices.done.empty());
  CHECK(report.notices.failed.size() == 3);
  CHECK(report.notices.unfinished);
  // The one of the sweep, backdated by five minutes, and not that of the space's first day.
  CHECK(watch.made == std::vector<Instant>(3, kStart + kDue - std::chrono::minutes{5}));
}

TEST_CASE("while one process waits for a mail server, another's revocation is on the list at once", "[notify]") {
  MailScene mail{{"--tls", "none", "--mute"}};
  const pid_t waiting = in_background([&] { return mail.sweep_elsewhere(std::chrono::seconds{120}); });
  while (!mail.is_connected()) std::this_thread::sleep_for(std::chrono::milliseconds{20});
  const Bundle& lost = mail.clients.front();
  mail.acme.revoke(lost.record.id, RevocationReason::key_compromise);
  CHECK(mail.acme.crls().front().find(lost.record.serial).has_value());
  CHECK(waitpid(waiting, nullptr, WNOHANG) == 0);  // it waits still
  kill(waiting, SIGKILL);
  CHECK(ended(waiting) == 128 + SIGKILL);
}
