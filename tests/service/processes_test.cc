// Processes that work on one file and are killed in the middle of it.
#include <fcntl.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <spaceca/error.h>

#include "service/faulty_scene.h"
#include "service/invariants.h"
#include "store/scene.h"
#include "support/catch.h"
#include "support/scale.h"

namespace spaceca::test {
namespace {

// Appends whole lines, each of which is there once say() returns, however the process ends.
class Journal final {
 public:
  explicit Journal(const std::filesystem::path& file) : file_(open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
    if (file_ < 0) throw std::runtime_error{"cannot open the journal"};
  }
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  ~Journal() { close(file_); }
  void say(const std::string& line) const {
    const std::string whole = line + '\n';
    if (write(file_, whole.data(), whole.size()) != static_cast<ssize_t>(whole.size())) throw std::runtime_error{"journal"};
  }

 private:
  int file_;
};

// What a process does until it is killed. It says what a verb returned as soon as it has returned.
[[noreturn]] void work(const std::filesystem::path& file, const KeyFile& key, std::uint64_t seed) {
  const Journal journal{file.parent_path() / "journal"};
  const HandClock clock{kStart + std::chrono::days{340}};
  const auto store = open_sqlite_store(file);
  const auto vault = sealed_vault(*store, key);
  Authority authority{*store, *vault, clock};
  const Space acme = authority.space(SpaceName{"acme"}, Actor{"process"});
  PlayedServers servers{clock};
  const auto notifier = folder_notifier(file.parent_path() / "notices");
  std::mt19937_64 random{seed};
  std::vector<CertificateId> mine;
  for (;;) {
    const auto choice = random() % 21;
    if (choice < 8 || mine.empty()) {
      const Bundle bundle = acme.issue_client(db());
      journal.say("issued " + bundle.record.id.text() + ' ' + bundle.record.serial.hex());
      mine.push_back(bundle.record.id);
    } else if (choice < 12) {
      const CertificateRecord revoked = acme.revoke(mine.back(), RevocationReason::key_compromise);
      journal.say("revoked " + revoked.id.text() + ' ' + revoked.serial.hex());
      mine.pop_back();
    } else if (choice < 16) {
      const Bundle bundle = acme.renew(mine.back());
      journal.say("issued " + bundle.record.id.text() + ' ' + bundle.record.serial.hex());
      mine.back() = bundle.record.id;
    } else if (choice < 18) {
      authority.renew_due();
    } else if (choice < 20) {
      authority.refresh_crls();
    } else {
      authority.sweep({.publisher = &servers, .notifier = notifier.get()});
    }
  }
}

std::size_t revocations_in(const std::filesystem::path& journal) {
  std::ifstream lines{journal};
  std::size_t revoked = 0;
  for (std::string line; std::getline(lines, line);) revoked += line.starts_with("revoked ") ? 1U : 0U;
  return revoked;
}

// However slow the machine is, they are killed at work.
void wait_for_revocation_beyond(std::size_t before, const std::filesystem::path& journal) {
  const auto patience = std::chrono::steady_clock::now() + std::chrono::minutes{5};
  while (revocations_in(journal) <= before) {
    if (std::chrono::steady_clock::now() > patience) FAIL("in five minutes no process has revoked a certificate");
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

TEST_CASE("processes killed at any moment have released nothing that is not recorded, and done nothing twice", "[crash]") {
  const std::uint64_t seed = seed_of_tests();
  INFO("SPACECA_TEST_SEED=" << seed);
  const int rounds = 4 * scale_of_tests();
  AuthorityScene scene{kStart, FolderOn::memory};
  const Space acme = scene.space();
  scene.serve(acme);
  const std::vector<ClientRequest> due(20);
  std::set<std::string> old;
  for (const Bundle& bundle : acme.issue_clients(db(), due)) old.insert(bundle.record.id.text());
  scene.clock.set(kStart + std::chrono::days{340});
  scene.authority->accept_clock(kOps);
  const std::filesystem::path notices = scene.file().parent_path() / "notices";
  std::filesystem::create_directory(notices);

  const std::filesystem::path journal = scene.file().parent_path() / "journal";
  std::mt19937_64 random{seed};
  for (int round = 0; round < rounds; ++round) {
    const std::size_t before = revocations_in(journal);
    std::vector<pid_t> processes;
    for (int i = 0; i < 3; ++i) {
      const std::uint64_t its_seed = random();
      processes.push_back(start([&]() -> int { work(scene.file(), scene.key(), its_seed); }));
    }
    wait_for_revocation_beyond(before, journal);
    for (const pid_t process : processes) {
      std::this_thread::sleep_for(std::chrono::milliseconds{random() % 200});
      kill(process, SIGKILL);
    }
    for (const pid_t process : processes) CHECK(ended(process) == 128 + SIGKILL);
  }

  const auto authority = scene.another();
  const Space again = authority->space(SpaceName{"acme"}, kOps);
  scene.clock.advance(std::chrono::minutes{11});  // whoever was killed has claimed notices for ten
  const auto notifier = folder_notifier(notices);
  const SweepReport report = authority->sweep({.publisher = &scene.servers, .notifier = notifier.get()});
  CHECK(report.renewals.failed.empty());
  CHECK(report.publications.failed.empty());
  CHECK(report.notices.failed.empty());
  const Crl last = again.crls().front();
  std::ifstream lines{journal};
  std::string what, id, serial;
  std::set<std::string> issued;
  std::size_t revoked = 0;
  while (lines >> what >> id >> serial) {
    CAPTURE(what, id, serial);
    const auto record = again.find_certificate(CertificateId{id});
    REQUIRE(record.has_value());
    CHECK(record->serial.hex() == serial);
    if (what == "issued") {
      CHECK(issued.insert(id).second);
    } else {
      CHECK(record->revocation.has_value());
      CHECK(last.find(record->serial).has_value());
      ++revoked;
    }
  }
  CHECK_FALSE(again.find_database(db())->publication_pending);
  // Each notice is there, whole, and none twice: they are named by their identifiers. Who was killed when he had written one and
  // not recorded that may have left it for a certificate that was revoked before its turn came again.
  const auto notices_where = [&](const std::string& condition) {
    std::istringstream lines_of{
        scene.sql("SELECT lower(hex(n.id)) FROM notices n JOIN certificates c ON c.id = n.certificate WHERE " + condition)};
    return std::set<std::string>{std::istream_iterator<std::string>{lines_of}, {}};
  };
  std::set<std::string> files;
  for (const auto& one : std::filesystem::directory_iterator{notices}) {
    std::string name = one.path().stem().native();
    if (one.path().filename().native().front() == '.') continue;  // was being written when its process was killed
    std::erase(name, '-');
    CHECK(files.insert(name).second);
  }
  for (const std::string& one : notices_where("n.delivered_at IS NULL AND c.revoked_at IS NOT NULL")) files.erase(one);
  CHECK(files.size() >= 20);
  CHECK(files == notices_where("n.delivered_at IS NOT NULL"));
  CHECK(issued.size() >= static_cast<std::size_t>(rounds));
  CHECK(revoked >= static_cast<std::size_t>(rounds));
  for (const std::string& one : old) CHECK(again.find_certificate(CertificateId{one})->successor.has_value());
  CHECK(broken_invariants(*faulty_driver_at(scene.file()), *authority) == std::vector<std::string>{});
}

}  // namespace
}  // namespace spaceca::test
