// The authority over a store of a million certificates, on the disk of the working folder. Yardsticks: "limit" is what OpenSSL
// needs for a key and a signature; "limit + sync" adds 4 KiB appended to a file and fdatasync.
#include <fcntl.h>
#include <sqlite3.h>
#include <time.h>
#include <unistd.h>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <openssl/evp.h>

#include <spaceca/authority.h>
#include <spaceca/sqlite_store.h>

#include "store/certificates.h"
#include "store/databases.h"
#include "store/store_over.h"
#include "yardsticks.h"

using namespace spaceca;

namespace {

using Seconds = std::chrono::duration<double>;
using Steady = std::chrono::steady_clock;

constexpr int kMany = 1'000'000;
constexpr int kDue = 1000;

double cpu_seconds() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::current_path() / "spaceca-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A space and a database with so many client certificates, of which a thousand are due, opened as a program opens its own: the
// root's key comes from the vault.
class Scene {
 public:
  explicit Scene(int certificates) {
    make();
    fill(certificates);
    store = open_sqlite_store(file());
    vault = sealed_vault(*store, key());
    authority = std::make_unique<Authority>(*store, *vault, clock);
    space.emplace(authority->space(SpaceName{"acme"}, Actor{"bench"}));
  }

  [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "ca.db"; }
  [[nodiscard]] KeyFile key() const { return {folder_.path() / "ca.kek"}; }
  [[nodiscard]] static Passphrase passphrase() { return {SecretBytes{std::string_view{"correct horse battery staple"}}}; }

  // Past the library: it takes seconds instead of minutes. Rows are as long as real ones.
  void run(const std::string& sql) const {
    sqlite3* connection = nullptr;
    char* message = nullptr;
    if (sqlite3_open(file().c_str(), &connection) != SQLITE_OK ||
        sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, &message) != SQLITE_OK) {
      std::fprintf(stderr, "sqlite: %s\n", message != nullptr ? message : "?");
      std::abort();
    }
    sqlite3_close(connection);
  }

  // With a log that begins anew, so that who is measured next pays for the copying of what it writes itself, and of nothing else.
  void settle() const {
    run("PRAGMA busy_timeout = 10000; PRAGMA wal_checkpoint(RESTART);");
    std::this_thread::sleep_for(std::chrono::milliseconds{300});  // disks go on writing what they have said is written
  }

  SystemClock clock;
  std::unique_ptr<Store> store;
  std::unique_ptr<Vault> vault;
  std::unique_ptr<Authority> authority;
  std::optional<Space> space;
  DatabaseName database{"sales"};

 private:
  void make() const {
    create_key_file(key().path);
    const auto made = create_sqlite_store(file());
    const auto sealed = create_sealed_vault(*made, key(), clock.now());
    rewrap_sealed_vault(*made, key(), passphrase(), OldWraps::keep, clock.now());
    Authority first{*made, *sealed, clock};
    Space acme = first.create_space(SpaceName{"acme"}, Actor{"bench"});
    acme.create_database({.name = database,
                          .app = AppName{"shop"},
                          .hosts = {HostName{"db.example.com"}},
                          .url = DatabaseUrl{SecretBytes{std::string_view{"postgresql://app@db.example.com/orders"}}}});
    static_cast<void>(acme.issue_client(database));  // the model of all rows
  }

  void fill(int certificates) const {
    const std::string now = std::to_string(clock.now().time_since_epoch().count());
    run("PRAGMA synchronous = OFF; BEGIN;"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
        std::to_string(certificates) +
        ") "
        "INSERT INTO certificates (id, root, serial, database, kind, state, role, custody, certificate, sealed_key, terms, "
        "bundle_generation, created_at, updated_at, not_after, due_at) "
        "SELECT CAST(printf('%08d', n.i) || substr(hex(randomblob(4)), 1, 8) AS BLOB), c.root, randomblob(16), c.database, "
        "'client', "
        "'ready', 'app', 'sealed', randomblob(length(c.certificate)), randomblob(length(c.sealed_key)), 1, 1, c.created_at, "
        "c.updated_at, c.not_after, CASE WHEN n.i % (" +
        std::to_string(certificates / kDue) + ") = 0 THEN " + now + " - n.i ELSE " + now +
        " + 1000000 + n.i END FROM n, (SELECT * FROM certificates LIMIT 1) c; COMMIT; PRAGMA wal_checkpoint(TRUNCATE);");
  }

  Folder folder_;
};

// Made once, when first asked for; gone at the end.
Scene& million() {
  static Scene scene{kMany};
  return scene;
}
Scene& ten_thousand() {
  static Scene scene{10'000};
  return scene;
}

// --- issuing ---

void issue_batch(benchmark::State& state) {
  Scene& scene = million();
  scene.settle();
  const std::vector<ClientRequest> requests(1000);
  benchmark::DoNotOptimize(scene.space->issue_client(scene.database));  // the root's key and template are in memory from now on
  for (auto _ : state) {
    const double before = cpu_seconds();
    benchmark::DoNotOptimize(scene.space->issue_clients(scene.database, requests));
    state.SetIterationTime((cpu_seconds() - before) / 1000);
  }
}
BENCHMARK(issue_batch)->Name("issue_clients of 1000, CPU a certificate/ours")->UseManualTime()->Iterations(3);

void issue_batch_limit(benchmark::State& state) {
  bench::Limit limit;
  limit.generate_p256();
  for (auto _ : state) {
    const double before = cpu_seconds();
    for (int i = 0; i < 1000; ++i) {
      limit.generate_p256();
      limit.sign();
    }
    state.SetIterationTime((cpu_seconds() - before) / 1000);
  }
}
BENCHMARK(issue_batch_limit)->Name("issue_clients of 1000, CPU a certificate/limit")->UseManualTime()->Iterations(3);

// So many commits fill a log, so that it is copied meanwhile.
constexpr int kLogFull = 1000;
constexpr int kByThreads = 4 * kLogFull;  // where sixteen share a commit

void issue_one(benchmark::State& state) {
  Scene& scene = million();
  scene.settle();
  bench::measure(state, [&] { benchmark::DoNotOptimize(scene.space->issue_client(scene.database)); });
}
BENCHMARK(issue_one)->Name("issue one at a time/ours")->UseRealTime()->Iterations(kLogFull);

class SyncedFile {
 public:
  SyncedFile() : fd_(open("spaceca-bench-sync", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)), page_(4096, '\1') {
    if (fd_ < 0) std::abort();
  }
  ~SyncedFile() {
    close(fd_);
    unlink("spaceca-bench-sync");
  }
  SyncedFile(const SyncedFile&) = delete;
  SyncedFile& operator=(const SyncedFile&) = delete;
  void write(ByteView octets) const {
    if (::write(fd_, octets.data(), octets.size()) != static_cast<ssize_t>(octets.size())) std::abort();
  }
  void sync() const {
    if (fdatasync(fd_) != 0) std::abort();
  }
  void append() const {
    write(bytes_of(page_));
    sync();
  }

 private:
  int fd_;
  std::string page_;
};

void issue_one_limit(benchmark::State& state) {
  bench::Limit limit;
  const SyncedFile file;
  bench::measure(state, [&] {
    limit.generate_p256();
    limit.sign();
    file.append();
  });
}
BENCHMARK(issue_one_limit)->Name("issue one at a time/limit + sync")->UseRealTime()->Iterations(300);

struct Waits {
  std::vector<double> each;
  double all;  // from the first call's beginning to the last one's end
};

// So many threads, each issuing one after the other. How long the calls took.
Waits issue_by_threads(int threads, int each) {
  Scene& scene = million();
  scene.settle();
  benchmark::DoNotOptimize(scene.space->issue_client(scene.database));
  std::vector<std::vector<double>> waits(static_cast<std::size_t>(threads));
  std::vector<std::thread> workers;
  const auto start = Steady::now();
  for (auto& mine : waits) {
    workers.emplace_back([&scene, &mine, each] {
      for (int i = 0; i < each; ++i) {
        const auto before = Steady::now();
        benchmark::DoNotOptimize(scene.space->issue_client(scene.database));
        mine.push_back(Seconds{Steady::now() - before}.count());
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  Waits waited{.each = {}, .all = Seconds{Steady::now() - start}.count()};
  for (const auto& mine : waits) waited.each.insert(waited.each.end(), mine.begin(), mine.end());
  return waited;
}

void issue_threads(benchmark::State& state) {
  const int threads = static_cast<int>(state.range(0));
  const int each = threads > 1 ? kByThreads / threads : kLogFull;
  for (auto _ : state) state.SetIterationTime(issue_by_threads(threads, each).all / (threads * each));
}
BENCHMARK(issue_threads)->Name("issue one at a time, by 16 threads/ours")->Arg(16)->UseManualTime()->Iterations(1);
BENCHMARK(issue_threads)->Name("issue one at a time, by 16 threads/one thread")->Arg(1)->UseManualTime()->Iterations(1);

void longest_wait(benchmark::State& state) {
  for (auto _ : state) {
    const auto waits = issue_by_threads(16, kByThreads / 16).each;
    state.SetIterationTime(*std::max_element(waits.begin(), waits.end()));
  }
}
BENCHMARK(longest_wait)->Name("longest wait of 4000 by 16 threads/ours")->UseManualTime()->Iterations(1);
void median_wait(benchmark::State& state) {
  for (auto _ : state) {
    auto waits = issue_by_threads(16, kByThreads / 16).each;
    const auto middle = waits.begin() + kByThreads / 2;
    std::nth_element(waits.begin(), middle, waits.end());
    state.SetIterationTime(*middle);
  }
}
BENCHMARK(median_wait)->Name("longest wait of 4000 by 16 threads/median wait")->UseManualTime()->Iterations(1);

// --- searching ---

void search_due(benchmark::State& state, Scene& (*scene_of)()) {
  Scene& scene = scene_of();
  sql::Driver& driver = detail::StoreAccess::driver(*scene.store);
  bench::measure(state, [&] {
    const auto tx = driver.read();
    std::size_t found = 0;
    for (const store::DatabasePlace& database : store::all_databases(*tx)) {
      store::DuePlace place;
      for (;;) {
        const auto rows = store::due_certificates(*tx, database.id, scene.clock.now(), place, 250);
        if (rows.empty()) break;
        found += rows.size();
        place = {*rows.back().due_at, rows.back().id};
      }
    }
    if (found < kDue) state.SkipWithError("too few are due");
  });
}
BENCHMARK_CAPTURE(search_due, , million)->Name("1000 due among 1,000,000/ours")->UseRealTime();
BENCHMARK_CAPTURE(search_due, , ten_thousand)->Name("1000 due among 1,000,000/among 10,000")->UseRealTime();

void page(benchmark::State& state, const CertificateQuery& query, const PageRequest& place = {}) {
  Scene& scene = million();
  bench::measure(state, [&] {
    const auto found = scene.space->certificates(scene.database, query, place);
    if (found.items.size() != 100) state.SkipWithError("the page is not full");
  });
}
BENCHMARK_CAPTURE(page, , CertificateQuery{})->Name("a page of 100 of 1,000,000/ours")->UseRealTime();
BENCHMARK_CAPTURE(page, , CertificateQuery{.order = CertificateOrder::expiry})
    ->Name("a page of 100 of 1,000,000, by expiry/ours")
    ->UseRealTime();
BENCHMARK_CAPTURE(page, , CertificateQuery{.state = CertificateState::ready})
    ->Name("a page of 100 of 1,000,000, those ready/ours")
    ->UseRealTime();

void later_page(benchmark::State& state) {
  static const std::string half_way = [] {
    PageRequest place{.limit = 1000};
    for (int i = 0; i < kMany / 2000; ++i) place.after = million().space->certificates(million().database, {}, place).next;
    return place.after;
  }();
  page(state, {}, {.after = half_way});
}
BENCHMARK(later_page)->Name("a page of 100 of 1,000,000, half-way/ours")->UseRealTime();

void by_serial(benchmark::State& state) {
  Scene& scene = million();
  const Serial serial = scene.space->issue_client(scene.database).record.serial;
  bench::measure(state, [&] {
    if (scene.space->find_by_serial(serial).size() != 1) state.SkipWithError("it is not found");
  });
}
BENCHMARK(by_serial)->Name("one of 1,000,000, by its serial/ours")->UseRealTime();

// --- revoking ---

Scene& revoked() {
  static Scene& scene = *new Scene{1000};
  static const bool filled = [] {
    scene.run(
        "BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
        "INSERT INTO revocations (root, serial, revoked_at, reason, mark, not_after) "
        "SELECT r.id, CAST(x'00000000' || randomblob(16) AS BLOB), r.created_at, 0, n.i, r.not_after FROM n, roots r; "
        "UPDATE roots SET mark = 100000; COMMIT; PRAGMA wal_checkpoint(TRUNCATE);");
    return true;
  }();
  static_cast<void>(filled);
  return scene;
}

void revoke_one(benchmark::State& state) {
  Scene& scene = revoked();
  const auto revoke = [&scene](const Bundle& client) {
    benchmark::DoNotOptimize(scene.space->revoke(client.record.id, RevocationReason::key_compromise));
  };
  revoke(scene.space->issue_client(scene.database));  // what is on the list is in memory from now on
  for (auto _ : state) {
    state.PauseTiming();
    const Bundle client = scene.space->issue_client(scene.database);
    state.ResumeTiming();
    revoke(client);
  }
}
BENCHMARK(revoke_one)->Name("revoke one among 100,000/ours")->UseRealTime()->Iterations(10);

class Listed final : public CrlSource {
 public:
  explicit Listed(std::vector<RevokedEntry> entries) : entries_(std::move(entries)) {}
  void rewind() override { left_ = entries_; }
  std::span<const RevokedEntry> next() override {
    const auto batch = left_.first(std::min<std::size_t>(left_.size(), 1000));
    left_ = left_.subspan(batch.size());
    return batch;
  }

 private:
  std::vector<RevokedEntry> entries_;
  std::span<const RevokedEntry> left_;
};

// To a file that is then synced, since ours is on the disk when it is done.
void write_list(benchmark::State& state) {
  Scene& scene = revoked();
  const Bundle client = scene.space->issue_client(scene.database);
  scene.space->revoke(client.record.id, RevocationReason::key_compromise);
  Listed entries{scene.space->crls().front().entries()};
  const Issuer issuer = Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::generate(), scene.clock.now());
  bench::measure(state, [&] {
    const SyncedFile file;
    issuer.write_crl(entries, {.number = 1}, scene.clock.now(), CrlForm::der, [&file](ByteView piece) { file.write(piece); });
    file.sync();
  });
}
BENCHMARK(write_list)->Name("revoke one among 100,000/writing that list")->UseRealTime();

// --- opening ---

void open_by(const VaultKey& key) {
  const auto store = open_sqlite_store(million().file());
  const auto vault = sealed_vault(*store, key);
  const Authority authority{*store, *vault, million().clock};
  benchmark::DoNotOptimize(&authority);
}

void open_by_key_file(benchmark::State& state) {
  const VaultKey key = million().key();
  bench::measure(state, [&key] { open_by(key); });
}
BENCHMARK(open_by_key_file)->Name("open a store, by a key file/ours")->UseRealTime();

void open_by_passphrase(benchmark::State& state) {
  const VaultKey key = million().passphrase();
  for (auto _ : state) open_by(key);
}
BENCHMARK(open_by_passphrase)->Name("open a store, by a passphrase/ours")->UseRealTime()->Iterations(1);

// scrypt with N = 2^17, r = 8, p = 1: what a passphrase costs by intention.
void derive_key(benchmark::State& state) {
  constexpr std::string_view kPassphrase = "correct horse battery staple";
  constexpr std::uint8_t kSalt[16] = {1};
  constexpr std::uint64_t kMostMemory = std::uint64_t{256} << 20;
  std::uint8_t key[32];
  for (auto _ : state) {
    if (EVP_PBE_scrypt(kPassphrase.data(), kPassphrase.size(), kSalt, sizeof kSalt, 1U << 17, 8, 1, kMostMemory, key, sizeof key) !=
        1) {
      std::abort();
    }
  }
}
BENCHMARK(derive_key)->Name("open a store, by a passphrase/key derivation")->UseRealTime()->Iterations(1);

}  // namespace
