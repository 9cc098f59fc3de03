// Many at once: threads of one process, and processes on one file.
#include <algorithm>
#include <atomic>
#include <latch>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <spaceca/error.h>

#include "service/faulty_scene.h"
#include "service/invariants.h"
#include "store/group_commit.h"
#include "store/scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

// The same work on so many threads, which begin together. What one throws comes through when all are done.
void together(int threads, const std::function<void(int)>& work) {
  std::latch begin{threads};
  std::vector<std::thread> running;
  std::vector<std::string> failures(static_cast<std::size_t>(threads));
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      begin.arrive_and_wait();
      try {
        work(i);
      } catch (const std::exception& error) {
        failures[static_cast<std::size_t>(i)] = error.what();
      }
    });
  }
  for (std::thread& one : running) one.join();
  for (const std::string& failure : failures) {
    if (!failure.empty()) throw std::runtime_error{"in a thread: " + failure};
  }
}

// Lists as one observer sees them, one after the other: a later list has a larger number, and one number names one list.
class Numbers {
 public:
  [[nodiscard]] bool note(const Crl& crl) {
    const std::uint64_t number = crl.number().value();
    const bool is_the_last = number == last_ && std::ranges::equal(crl.der(), der_);
    const bool is_sound = is_the_last || number > last_;
    last_ = number;
    der_.assign(crl.der().begin(), crl.der().end());
    return is_sound;
  }

 private:
  std::uint64_t last_ = 0;
  Bytes der_;
};

class ThreadScene : public AuthorityScene {
 public:
  ThreadScene() : AuthorityScene(kStart, FolderOn::memory) {}
  std::vector<std::string> broken() { return broken_invariants(*faulty_driver_at(file()), *authority); }
  std::mutex mutex;  // around what threads note
};

TEST_CASE_METHOD(ThreadScene, "sixteen threads issue at once: all are recorded, in one chain of the audit without a gap",
                 "[threads]") {
  const Space acme = space();
  database(acme);
  std::map<std::string, Serial> returned;
  together(16, [&](int) {
    for (int i = 0; i < 8; ++i) {
      const Bundle bundle = acme.issue_client(db());
      const std::lock_guard lock{mutex};
      returned.emplace(bundle.record.id.text(), bundle.record.serial);
    }
  });
  REQUIRE(returned.size() == 128);
  for (const auto& [id, serial] : returned) CHECK(acme.find_certificate(CertificateId{id})->serial == serial);
  const auto entries = acme.audit({.limit = 1000}).items;
  REQUIRE(entries.size() == 130);
  for (std::size_t i = 0; i < entries.size(); ++i) CHECK(entries[i].number == i + 1);
  CHECK(broken() == std::vector<std::string>{});
}

TEST_CASE_METHOD(ThreadScene, "threads that issue, renew, revoke, download and sweep at once leave the store sound", "[threads]") {
  const Space acme = space();
  serve(acme);
  std::vector<CertificateId> old;
  for (int i = 0; i < 8; ++i) old.push_back(acme.issue_client(db()).record.id);
  clock.set(kStart + std::chrono::days{340});
  std::atomic<int> revoked = 0;
  together(8, [&](int i) {
    const CertificateId& mine = old[static_cast<std::size_t>(i)];
    for (int round = 0; round < 4; ++round) {
      static_cast<void>(acme.issue_client(db()));
      if (i % 4 == 0) {
        authority->renew_due();
      } else if (i % 4 == 1) {
        acme.revoke(mine, RevocationReason::superseded);
        ++revoked;
      } else if (i % 4 == 2) {
        try {
          acme.renew(mine);
        } catch (const Error& error) {
          if (error.code() != Errc::policy) throw;
        }
      } else {
        static_cast<void>(acme.download(mine));
        authority->refresh_crls();
      }
    }
  });
  CHECK(revoked == 8);
  authority->renew_due();
  CHECK(broken() == std::vector<std::string>{});
  // These have a successor if a sweep was faster.
  for (const std::size_t i : {1U, 5U}) CHECK(acme.crls()[0].find(acme.find_certificate(old[i])->serial).has_value());
  for (const std::size_t i : {0U, 2U, 3U, 4U, 6U, 7U}) CHECK(acme.find_certificate(old[i])->successor.has_value());
}

TEST_CASE_METHOD(ThreadScene, "a hundred revocations by eight threads and three processes: every serial is on the last list",
                 "[threads]") {
  const Space acme = space();
  database(acme);
  std::vector<CertificateId> ids;
  const std::vector<ClientRequest> hundred(100);
  for (const Bundle& bundle : acme.issue_clients(db(), hundred)) ids.push_back(bundle.record.id);

  // Sixty by the processes, each with a store of its own.
  std::vector<pid_t> processes;
  for (std::size_t process = 0; process < 3; ++process) {
    processes.push_back(start([&, process] {
      const auto own_store = open_sqlite_store(file());
      const auto own_vault = sealed_vault(*own_store, key());
      Authority own{*own_store, *own_vault, clock};
      const Space own_acme = own.space(SpaceName{"acme"}, kOps);
      Numbers seen;
      for (std::size_t i = process * 20; i < process * 20 + 20; ++i) {
        const CertificateRecord revoked = own_acme.revoke(ids[i], RevocationReason::key_compromise);
        const Crl crl = own_acme.crls().front();
        if (!crl.find(revoked.serial)) return 1;
        if (!seen.note(crl)) return 2;
      }
      return 0;
    }));
  }
  // Forty by the threads; another one watches.
  std::atomic<bool> done = false;
  bool grew = true;
  std::thread watch{[&] {
    for (Numbers seen; !done; std::this_thread::yield()) grew &= seen.note(acme.crls().front());
  }};
  std::atomic<int> missed = 0;
  std::string failure;
  try {
    together(8, [&](int thread) {
      Numbers seen;
      for (std::size_t i = 0; i < 5; ++i) {
        const CertificateRecord revoked =
            acme.revoke(ids[60 + static_cast<std::size_t>(thread) * 5 + i], RevocationReason::key_compromise);
        const Crl crl = acme.crls().front();
        if (!crl.find(revoked.serial) || !seen.note(crl)) ++missed;
      }
    });
  } catch (const std::exception& error) {
    failure = error.what();
  }
  done = true;
  watch.join();
  for (const pid_t process : processes) CHECK(ended(process) == 0);
  CHECK(failure.empty());
  CHECK(missed == 0);
  CHECK(grew);
  const Crl last = acme.crls().front();
  CHECK(last.entries().size() == 100);
  for (const CertificateId& id : ids) CHECK(last.find(acme.find_certificate(id)->serial).has_value());
  CHECK(broken() == std::vector<std::string>{});
}

// --- requests that count once ---

TEST_CASE_METHOD(ThreadScene, "one request under one key by eight threads at once is done once, and all get the same answer",
                 "[threads]") {
  const WriteOptions keyed{.idempotency_key = "k1"};
  std::vector<std::string> answers;
  const auto eight = [&](const std::function<std::string()>& request) {
    answers.clear();
    together(8, [&](int) {
      const std::string answer = request();
      const std::lock_guard lock{mutex};
      answers.push_back(answer);
    });
    CHECK(answers.size() == 8);
    CHECK(std::set<std::string>(answers.begin(), answers.end()).size() == 1);
  };
  const auto round = GENERATE(range(0, 4));
  CAPTURE(round);
  eight([&] {
    return text_of(authority->create_space(SpaceName{"acme"}, kOps, SpaceKind::private_space, keyed).describe().created_at);
  });
  const Space acme = authority->space(SpaceName{"acme"}, kOps);
  CHECK(authority->audit().items.size() == 1);
  eight([&] { return acme.create_database(spec(), {.idempotency_key = "k2"}).name.text(); });
  eight([&] { return std::string{text_of(acme.enable_mtls(db(), {}, {.idempotency_key = "k3"}).state)}; });
  CHECK(acme.certificates(db()).items.size() == 2);
  eight([&] {
    const Bundle bundle = acme.issue_client(db(), {}, {.idempotency_key = "k4"});
    return bundle.record.id.text() + hex(bundle.key->public_key().spki_der());
  });
  CHECK(acme.certificates(db()).items.size() == 3);
  const CertificateId client{answers.front().substr(0, 36)};
  eight([&] { return acme.renew(client, {}, {.idempotency_key = "k5"}).record.id.text(); });
  CHECK(acme.certificates(db()).items.size() == 4);
  eight([&] { return text_of(acme.revoke(client, RevocationReason::superseded, {.idempotency_key = "k6"}).revocation->at); });
  eight([&] { return std::to_string(acme.rotate(RotationStep::prepare, {.idempotency_key = "k7"}).roots.size()); });
  CHECK(acme.describe().roots.size() == 2);
  eight([&] { return std::string{text_of(acme.disable_mtls(db(), {.idempotency_key = "k8"}).state)}; });
  authority->publish_pending(servers);
  eight([&] {
    acme.destroy_database(db(), {.idempotency_key = "k9"});
    return std::string{};
  });
  CHECK(broken() == std::vector<std::string>{});
}

// --- commits that are shared ---

class SharedCommits {
  TemporaryFolder folder_{FolderOn::memory};

 public:
  SharedCommits() {
    run_sqlite(file_, "VACUUM;");
    driver = faulty_driver_at(file_);
    commits.emplace(*driver);
    static constexpr sql::Migration kSchema{1, "CREATE TABLE things (id INT64 NOT NULL PRIMARY KEY) KEPT_BY_ROW;"};
    driver->migrate({&kSchema, 1});
  }
  std::set<std::int64_t> stored() {
    std::set<std::int64_t> found;
    driver->read()->each("SELECT id FROM things", {}, [&](const sql::Row& row) { found.insert(row.integer(0)); });
    return found;
  }
  static void add(sql::Transaction& tx, std::int64_t id) { tx.execute("INSERT INTO things (id) VALUES ($1)", {id}); }

  // Each of eight threads adds its number; the first leads, and is at work until all others stand in line.
  void add_beside_the_first(int thread) {
    if (thread != 0) come_in_line();
    commits->run([&](sql::Transaction& tx) {
      if (thread == 0) {
        leading = true;
        wait_for_all_in_line(7);
      }
      add(tx, thread);
    });
  }
  void come_in_line() {
    while (!leading) std::this_thread::yield();
    ++coming;
  }
  void wait_for_all_in_line(int count) const {
    while (coming < count) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  std::atomic<bool> leading = false;
  std::atomic<int> coming = 0;

  std::filesystem::path file_ = folder_.path() / "things.db";
  std::unique_ptr<FaultyDriver> driver;
  std::optional<store::GroupCommit> commits;
};

TEST_CASE_METHOD(SharedCommits, "a work that throws leaves its neighbours alone, and nothing of it stays", "[threads]") {
  std::atomic<int> thrown = 0;
  together(16, [&](int thread) {
    for (std::int64_t i = 0; i < 20; ++i) {
      const std::int64_t id = thread * 100 + i;
      const bool fails = (thread + i) % 3 == 0;
      try {
        commits->run([&](sql::Transaction& tx) {
          add(tx, id);
          if (fails && i % 2 == 0) throw std::runtime_error{std::to_string(id)};
          if (fails) add(tx, id);  // the engine refuses it, and the whole transaction with it
        });
        if (fails) throw std::logic_error{"it was taken"};
      } catch (const std::runtime_error& error) {
        // Its own failure and no neighbour's.
        if (!fails || (i % 2 == 0 && error.what() != std::to_string(id))) throw;
        ++thrown;
      }
    }
  });
  std::set<std::int64_t> expected;
  for (std::int64_t thread = 0; thread < 16; ++thread) {
    for (std::int64_t i = 0; i < 20; ++i) {
      if ((thread + i) % 3 != 0) expected.insert(thread * 100 + i);
    }
  }
  CHECK(stored() == expected);
  CHECK(thrown == 320 - static_cast<int>(expected.size()));
}

TEST_CASE_METHOD(SharedCommits, "a commit that fails is told to all who share it, and to nobody else", "[threads]") {
  const auto when = GENERATE(FaultWhen::before, FaultWhen::after);
  std::set<std::int64_t> told_good, told_bad;
  std::mutex mutex;
  driver->arm({.at = 1, .when = when, .commits_alone = true});
  together(8, [&](int thread) {
    try {
      add_beside_the_first(thread);
      const std::lock_guard lock{mutex};
      told_good.insert(thread);
    } catch (const sql::EngineError&) {
      const std::lock_guard lock{mutex};
      told_bad.insert(thread);
    }
  });
  CHECK(told_good.size() + told_bad.size() == 8);
  CHECK(told_bad.size() > 1);
  commits->run([&](sql::Transaction& tx) { add(tx, 8); });
  told_good.insert(8);
  std::set<std::int64_t> expected = told_good;
  if (when == FaultWhen::after) expected.insert(told_bad.begin(), told_bad.end());  // done, though it was not said
  CHECK(stored() == expected);
}

TEST_CASE_METHOD(SharedCommits, "a transaction that cannot begin is told to all who would share it, and nobody waits again",
                 "[threads]") {
  std::atomic<int> told_bad = 0;
  together(9, [&](int thread) {
    if (thread == 8) {
      // Who writes beside them, for so long that all the others wait to begin.
      const auto tx = driver->write();
      driver->arm({.at = 1, .when = FaultWhen::after, .failure = sql::Failure::busy});
      leading = true;
      wait_for_all_in_line(8);
      return;
    }
    come_in_line();
    try {
      commits->run([&](sql::Transaction& tx) { add(tx, thread); });
    } catch (const sql::EngineError& error) {
      if (error.code() != Errc::busy) throw;
      ++told_bad;
    }
  });
  CHECK(told_bad > 1);
  CHECK(stored().size() == static_cast<std::size_t>(8 - told_bad));
}

}  // namespace
}  // namespace spaceca::test
