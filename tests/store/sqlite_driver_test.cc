// The driver for SQLite: the suite that every driver passes, and what is SQLite's own.
#include "store/sqlite_driver.h"

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "store/scene.h"
#include "store/sqlite_file.h"
#include "support/catch.h"
#include "support/files.h"

namespace spaceca::test {

class DriverUnderTest {
 public:
  DriverUnderTest() {
    write_file(file(), "");  // of no octets is an empty database
    driver_ = driver_at(file());
  }
  sql::Driver& driver() { return *driver_; }
  [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "a.db"; }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<store::SqliteDriver> driver_;
};

}  // namespace spaceca::test

#include "conformance/sql_suite.h"

namespace spaceca::test {
namespace {

std::string said(sql::Driver& driver, sql::Statement pragma) {
  const auto writing = driver.write();
  const auto rows = writing->execute(pragma);
  return rows[0].is_null(0) ? "null" : std::to_string(rows[0].integer(0));
}

TEST_CASE("every connection is in WAL mode, waits for the disk and holds to foreign keys", "[sqlite]") {
  DriverUnderTest scene;
  CHECK(scene.driver().write()->execute("PRAGMA journal_mode")[0].text(0) == "wal");
  CHECK(scene.driver().read()->execute("PRAGMA journal_mode")[0].text(0) == "wal");
  for (const bool writing : {true, false}) {
    const auto transaction = writing ? scene.driver().write() : scene.driver().read();
    CHECK(transaction->execute("PRAGMA synchronous")[0].integer(0) == 2);
    CHECK(transaction->execute("PRAGMA foreign_keys")[0].integer(0) == 1);
  }
}

TEST_CASE("a writer in another process is waited for, and then it is busy", "[sqlite]") {
  DriverUnderTest scene;
  const auto other = driver_at(scene.file(), std::chrono::milliseconds{0});
  const auto writing = scene.driver().write();
  const Refusal refusal = refusal_of([&] { static_cast<void>(other->write()); });
  CHECK(refusal.code == Errc::busy);
  CHECK_THAT(refusal.text,
             Catch::Matchers::ContainsSubstring("store \"a.db\": another process has kept it for more than 0 seconds"));
  CHECK(Error{refusal.code, refusal.text}.retryable());
  CHECK(other->read()->execute("SELECT 1").size() == 1);
}

TEST_CASE("after a wait in vain the turn is given back", "[sqlite]") {
  DriverUnderTest scene;
  const auto other = driver_at(scene.file(), std::chrono::milliseconds{0});
  {
    const auto writing = scene.driver().write();
    CHECK_THROWS_AS(other->write(), sql::EngineError);
    CHECK_THROWS_AS(other->write(), sql::EngineError);
  }
  other->write()->commit();
  scene.driver().write()->commit();
}

TEST_CASE("a process that did not see the store migrated writes no more", "[sqlite]") {
  DriverUnderTest scene;
  scene.driver().migrate({&kSuiteSchema, 1});
  const std::array steps{kSuiteSchema, sql::Migration{2, "CREATE TABLE more (id INT64) KEPT_BY_ROW;"}};
  driver_at(scene.file())->migrate(steps);
  const Refusal refusal = refusal_of([&] { static_cast<void>(scene.driver().write()); });
  CHECK(refusal.code == Errc::unsupported);
  CHECK_THAT(refusal.text, Catch::Matchers::ContainsSubstring("is now of version 2, and this process works with version 1"));
  scene.driver().migrate(steps);
  CHECK(said(scene.driver(), "PRAGMA user_version") == "2");
}

TEST_CASE("a driver, and what it began, refuse to work in a forked child and leave the parent's alone", "[sqlite]") {
  DriverUnderTest scene;
  scene.driver().migrate({&kSuiteSchema, 1});
  auto driver = driver_at(scene.file());
  driver->migrate({&kSuiteSchema, 1});
  auto writing = driver->write();
  writing->execute("INSERT INTO things (id) VALUES (1)");
  auto reading = driver->read();
  const int code = in_child([&] {
    int refused = 0;
    const auto refuses = [&refused](const std::function<void()>& work) {
      refused += refusal_of(work).code == Errc::wrong_process ? 1 : 0;
    };
    refuses([&] { static_cast<void>(driver->read()); });
    refuses([&] { static_cast<void>(driver->write()); });
    refuses([&] { static_cast<void>(driver->check()); });
    refuses([&] { driver->migrate({&kSuiteSchema, 1}); });
    refuses([&] { writing->execute("INSERT INTO things (id) VALUES (2)"); });
    refuses([&] { reading->commit(); });
    writing.reset();
    reading.reset();
    driver.reset();
    return refused;
  });
  CHECK(code == 6);
  writing->execute("INSERT INTO things (id) VALUES (3)");
  writing->commit();
  CHECK(driver->read()->execute("SELECT count(*) FROM things")[0].integer(0) == 2);
}

TEST_CASE("a full disk undoes the transaction, says so, and the store goes on", "[sqlite]") {
  DriverUnderTest scene;
  scene.driver().migrate({&kSuiteSchema, 1});
  // A store of at most so many pages fails as a full disk does, and everywhere.
  scene.driver().write()->execute("PRAGMA max_page_count = 40");
  const Bytes large(1U << 20U);
  {
    const auto writing = scene.driver().write();
    writing->execute("INSERT INTO things (id) VALUES (1)");
    const Refusal refusal =
        refusal_of([&] { writing->execute("INSERT INTO things (id, content) VALUES (2, $1)", {ByteView{large}}); });
    CHECK(refusal.code == Errc::no_space);
    CHECK_THAT(refusal.text, Catch::Matchers::ContainsSubstring("there is no room left for it"));
  }
  const auto writing = scene.driver().write();
  CHECK(writing->execute("SELECT id FROM things").empty());
  writing->execute("INSERT INTO things (id) VALUES (3)");
  writing->commit();
}

// --- the log ---

constexpr int kLogPages = 64;
constexpr std::uintmax_t kPage = 4096;

std::uintmax_t log_size(const DriverUnderTest& scene) { return std::filesystem::file_size(scene.file().string() + "-wal"); }

// Twenty pages a commit.
void write_some(sql::Driver& driver, int id) {
  const Bytes content(20 * kPage);
  const auto writing = driver.write();
  writing->execute("INSERT INTO things (id, content) VALUES ($1, $2)", {std::int64_t{id}, ByteView{content}});
  writing->commit();
}

TEST_CASE("a log is copied into the file and begun anew while others write and read", "[sqlite]") {
  DriverUnderTest scene;
  const auto driver = driver_at(scene.file(), std::chrono::seconds{10}, kLogPages);
  driver->migrate({&kSuiteSchema, 1});
  // As much as fifty logs.
  for (int i = 0; i < 160; ++i) {
    write_some(*driver, i);
    CHECK(driver->read()->execute("SELECT count(*) FROM things")[0].integer(0) == i + 1);
  }
  // Four times its length, when writers wait for the copying, and a commit.
  CHECK(log_size(scene) < (4 * kLogPages + 2 * 20) * (kPage + 24));
  CHECK(driver->check().empty());
}

// So many rows of a MiB each; the cache has sixteen.
constexpr std::uint8_t kLarge = 24;

void write_large(sql::Transaction& writing, sql::Statement statement, std::uint8_t plus) {
  for (std::uint8_t i = 0; i < kLarge; ++i) {
    const Bytes content(1U << 20U, static_cast<std::uint8_t>(i + plus));
    writing.execute(statement, {std::int64_t{i}, ByteView{content}});
  }
}

int large_that_are_whole(sql::Transaction& reading, std::uint8_t plus) {
  int whole = 0;
  reading.each("SELECT id, content FROM things WHERE id < 100", {}, [&](const sql::Row& row) {
    const Bytes right(1U << 20U, static_cast<std::uint8_t>(row.integer(0) + plus));
    if (std::ranges::equal(row.octets(1), right)) ++whole;
  });
  return whole;
}

constexpr sql::Statement kInsertLarge{"INSERT INTO things (id, content) VALUES ($1, $2)"};
constexpr sql::Statement kUpdateLarge{"UPDATE things SET content = $2 WHERE id = $1"};

TEST_CASE("a transaction that outgrew the cache reads what it wrote, and others read it once it is committed", "[sqlite]") {
  DriverUnderTest scene;
  scene.driver().migrate({&kSuiteSchema, 1});
  const auto other = driver_at(scene.file());
  const auto writing = scene.driver().write();
  write_large(*writing, kInsertLarge, 100);
  CHECK(large_that_are_whole(*writing, 100) == kLarge);
  CHECK(large_that_are_whole(*other->read(), 100) == 0);
  writing->commit();
  CHECK(large_that_are_whole(*other->read(), 100) == kLarge);
  CHECK(other->check().empty());
}

TEST_CASE("of a transaction that outgrew the cache and is undone nothing is written over what another process commits",
          "[sqlite]") {
  DriverUnderTest scene;
  scene.driver().migrate({&kSuiteSchema, 1});
  {
    const auto writing = scene.driver().write();
    write_large(*writing, kInsertLarge, 100);
    writing->commit();
  }
  const auto other = driver_at(scene.file());
  {
    const auto undone = scene.driver().write();
    write_large(*undone, kUpdateLarge, 200);
  }
  {
    const auto writing = other->write();
    write_large(*writing, kUpdateLarge, 150);
    writing->commit();
  }
  write_some(scene.driver(), 100);
  CHECK(large_that_are_whole(*driver_at(scene.file())->read(), 150) == kLarge);
  CHECK(other->check().empty());
}

TEST_CASE("what is committed is in the files at once, however many pages it has", "[sqlite]") {
  DriverUnderTest scene;
  scene.driver().migrate({&kSuiteSchema, 1});
  const TemporaryFolder crashed;
  // As they would be found after a power failure; 64 KiB are sixteen pages.
  for (int pages = 1; pages <= 40; ++pages) {
    const Bytes content(static_cast<std::size_t>(pages) * kPage - kPage / 2);
    const auto writing = scene.driver().write();
    writing->execute(kInsertLarge, {std::int64_t{pages}, ByteView{content}});
    writing->commit();
    const auto copy = crashed.path() / std::to_string(pages);
    std::filesystem::copy_file(scene.file(), copy);
    std::filesystem::copy_file(scene.file().string() + "-wal", copy.string() + "-wal");
    const auto found = driver_at(copy);
    CHECK(found->read()->execute("SELECT count(*) FROM things")[0].integer(0) == pages);
    CHECK(found->check().empty());
  }
}

TEST_CASE("a log that a reader still needs grows, and is copied when he is gone", "[sqlite]") {
  DriverUnderTest scene;
  const auto driver = driver_at(scene.file(), std::chrono::seconds{10}, kLogPages);
  driver->migrate({&kSuiteSchema, 1});
  {
    const auto reading = driver->read();
    CHECK(reading->execute("SELECT count(*) FROM things")[0].integer(0) == 0);
    for (int i = 0; i < 40; ++i) write_some(*driver, i);
    CHECK(reading->execute("SELECT count(*) FROM things")[0].integer(0) == 0);
    CHECK(log_size(scene) > 40 * 20 * kPage);
  }
  const std::uintmax_t grown = log_size(scene);
  for (int i = 40; i < 120; ++i) write_some(*driver, i);
  CHECK(log_size(scene) < grown + 20 * kLogPages * kPage);
  CHECK(driver->read()->execute("SELECT count(*) FROM things")[0].integer(0) == 120);
}

TEST_CASE("a driver whose thread copies a log can be left in a forked child", "[sqlite]") {
  DriverUnderTest scene;
  auto driver = driver_at(scene.file(), std::chrono::seconds{10}, 1);
  driver->migrate({&kSuiteSchema, 1});
  write_some(*driver, 1);
  CHECK(in_child([&] {
          driver.reset();
          return 7;
        }) == 7);
  write_some(*driver, 2);
  CHECK(driver->read()->execute("SELECT count(*) FROM things")[0].integer(0) == 2);
}

}  // namespace
}  // namespace spaceca::test
