// What every driver of store/sql.h must hold. Whoever includes this has defined before, in spaceca::test,
//   class DriverUnderTest { sql::Driver& driver(); };
// each of which is an empty database of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/error.h>

#include "store/sql.h"
#include "support/catch.h"

namespace spaceca::test {

inline constexpr sql::Migration kSuiteSchema{1, R"sql(
  CREATE TABLE owners (name TEXT NOT NULL PRIMARY KEY) KEPT_BY_ROW;
  CREATE TABLE things (
    id INT64 NOT NULL PRIMARY KEY,
    owner TEXT REFERENCES owners (name),
    label TEXT UNIQUE,
    size INT64 CHECK (size >= 0),
    content OCTETS
  ) KEPT_BY_ROW;
  CREATE TABLE by_key (key OCTETS NOT NULL PRIMARY KEY, value INT64) KEPT_BY_KEY;
)sql"};

// A database with the tables above.
class SqlSuite {
 protected:
  SqlSuite() { driver().migrate({&kSuiteSchema, 1}); }

  sql::Driver& driver() { return under_test_.driver(); }
  void commit(const std::function<void(sql::Transaction&)>& work) {
    const auto writing = driver().write();
    work(*writing);
    writing->commit();
  }
  std::int64_t count() { return driver().read()->execute("SELECT count(*) FROM things")[0].integer(0); }

  // What a statement that must fail says.
  sql::Failure failure_of(sql::Statement statement, std::initializer_list<sql::Value> arguments = {}) {
    const auto writing = driver().write();
    try {
      static_cast<void>(writing->execute(statement, arguments));
    } catch (const sql::EngineError& error) {
      CHECK(error.code() == sql::errc_of(error.failure()));
      CHECK(std::string_view{error.what()}.size() > 10);
      return error.failure();
    }
    throw std::runtime_error{"it was taken"};
  }
  void check_refused(const std::function<void()>& work, const std::string& words) {
    try {
      work();
    } catch (const Error& error) {
      CHECK(error.code() == Errc::invalid_argument);
      CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring(words));
      return;
    }
    FAIL("it was taken");
  }

 private:
  DriverUnderTest under_test_;
};

// --- values ---

TEST_CASE_METHOD(SqlSuite, "null, numbers, text and octets come back as they were given", "[sql]") {
  const Bytes octets{0x00, 0xFF, 0x00, 0x41, 0x00};
  const std::string text{"caf\xC3\xA9 'quoted' -- ; \xF0\x9F\x94\x91"};
  commit([&](sql::Transaction& to) {
    to.execute("INSERT INTO things (id, label, size, content) VALUES ($1, $2, $3, $4)",
               {std::int64_t{1}, text, std::int64_t{7}, ByteView{octets}});
    to.execute("INSERT INTO things (id, label, size, content) VALUES ($1, $2, $3, $4)",
               {std::int64_t{2}, sql::kNull, sql::kNull, sql::kNull});
  });
  const auto rows = driver().read()->execute("SELECT id, label, size, content FROM things ORDER BY id");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].size() == 4);
  CHECK(rows[0].integer(0) == 1);
  CHECK(rows[0].text(1) == text);
  CHECK(rows[0].integer(2) == 7);
  CHECK(Bytes(rows[0].octets(3).begin(), rows[0].octets(3).end()) == octets);
  for (const std::size_t column : {1U, 2U, 3U}) CHECK(rows[1].is_null(column));
}

TEST_CASE_METHOD(SqlSuite, "numbers have all sixty-four bits", "[sql]") {
  const auto number = GENERATE(values<std::int64_t>({std::numeric_limits<std::int64_t>::min(), -1, 0, std::int64_t{1} << 53U,
                                                     (std::int64_t{1} << 53U) + 1, std::numeric_limits<std::int64_t>::max()}));
  commit([&](sql::Transaction& to) { to.execute("INSERT INTO things (id) VALUES ($1)", {number}); });
  CHECK(driver().read()->execute("SELECT id FROM things")[0].integer(0) == number);
}

TEST_CASE_METHOD(SqlSuite, "what is empty is not null", "[sql]") {
  commit([](sql::Transaction& to) {
    to.execute("INSERT INTO things (id, label, content) VALUES ($1, $2, $3)", {std::int64_t{1}, std::string_view{}, ByteView{}});
  });
  const auto rows = driver().read()->execute("SELECT label, content FROM things");
  CHECK_FALSE(rows[0].is_null(0));
  CHECK_FALSE(rows[0].is_null(1));
  CHECK(rows[0].text(0).empty());
  CHECK(rows[0].octets(1).empty());
}

TEST_CASE_METHOD(SqlSuite, "a megabyte of octets comes back whole", "[sql]") {
  Bytes octets(1U << 20U);
  for (std::size_t i = 0; i < octets.size(); ++i) octets[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  commit([&](sql::Transaction& to) {
    to.execute("INSERT INTO things (id, content) VALUES ($1, $2)", {std::int64_t{1}, ByteView{octets}});
  });
  const auto rows = driver().read()->execute("SELECT content FROM things");
  CHECK(std::equal(octets.begin(), octets.end(), rows[0].octets(0).begin(), rows[0].octets(0).end()));
}

TEST_CASE_METHOD(SqlSuite, "an argument stands wherever its number does, and as often", "[sql]") {
  const auto rows =
      driver().read()->execute("SELECT id, size FROM (SELECT 3 AS id, 4 AS size) AS t WHERE size = $2 AND id = $1 AND id < $2",
                               {std::int64_t{3}, std::int64_t{4}});
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].integer(0) == 3);
}

TEST_CASE_METHOD(SqlSuite, "octets sort by their unsigned value, the shorter first", "[sql]") {
  const Bytes low{0x7F}, high{0x80}, longer{0x7F, 0x00};
  commit([&](sql::Transaction& to) {
    to.execute_many("INSERT INTO by_key (key, value) VALUES ($1, $2)",
                    std::vector<sql::Value>{ByteView{high}, std::int64_t{3}, ByteView{longer}, std::int64_t{2}, ByteView{low},
                                            std::int64_t{1}});
  });
  const auto rows = driver().read()->execute("SELECT value FROM by_key ORDER BY key");
  REQUIRE(rows.size() == 3);
  for (std::size_t row = 0; row < 3; ++row) CHECK(rows[row].integer(0) == static_cast<std::int64_t>(row + 1));
}

TEST_CASE_METHOD(SqlSuite, "a cell asked for as what it is not is damage", "[sql]") {
  const auto rows = driver().read()->execute("SELECT name, 5 FROM (SELECT 'x' AS name) AS t");
  CHECK_THROWS_AS(rows[0].integer(0), sql::EngineError);
  CHECK_THROWS_AS(rows[0].octets(0), sql::EngineError);
  CHECK_THROWS_AS(rows[0].text(1), sql::EngineError);
}

// --- what statements give ---

TEST_CASE_METHOD(SqlSuite, "RETURNING gives the rows that were touched, and their number", "[sql]") {
  const auto writing = driver().write();
  const auto made = writing->execute("INSERT INTO things (id, label) VALUES ($1, 'a'), ($2, 'b') RETURNING id",
                                     {std::int64_t{1}, std::int64_t{2}});
  REQUIRE(made.size() == 2);
  CHECK(made.changed() == 2);
  const auto moved = writing->execute("UPDATE things SET size = 5 WHERE label = $1 RETURNING id, size", {"b"});
  REQUIRE(moved.size() == 1);
  CHECK(moved[0].integer(0) == 2);
  CHECK(moved[0].integer(1) == 5);
  const auto none = writing->execute("UPDATE things SET size = 6 WHERE label = $1 RETURNING id", {"c"});
  CHECK(none.empty());
  CHECK(none.changed() == 0);
  CHECK(writing->execute("SELECT id FROM things").changed() == 0);
  CHECK(writing->execute("DELETE FROM things").changed() == 2);
}

TEST_CASE_METHOD(SqlSuite, "a conflict that is expected gives no row and no failure", "[sql]") {
  const auto writing = driver().write();
  CHECK(writing->execute("INSERT INTO things (id) VALUES (1) ON CONFLICT DO NOTHING RETURNING id").size() == 1);
  CHECK(writing->execute("INSERT INTO things (id) VALUES (1) ON CONFLICT DO NOTHING RETURNING id").empty());
  writing->commit();
  CHECK(count() == 1);
}

TEST_CASE_METHOD(SqlSuite, "each row is handed over in its order, however many they are", "[sql]") {
  std::vector<sql::Value> ids;
  for (std::int64_t id = 0; id < 5000; ++id) ids.emplace_back(id);
  commit([&](sql::Transaction& to) { CHECK(to.execute_many("INSERT INTO things (id) VALUES ($1)", ids) == 5000); });
  std::int64_t next = 100;
  driver().read()->each("SELECT id FROM things WHERE id >= $1 ORDER BY id", {std::int64_t{100}}, [&](sql::Row row) {
    if (row.integer(0) == next) ++next;
  });
  CHECK(next == 5000);
}

TEST_CASE_METHOD(SqlSuite, "what a visitor throws comes through, and the store goes on", "[sql]") {
  CHECK_THROWS_AS(driver().read()->each("SELECT 1", {}, [](sql::Row) { throw std::out_of_range{"enough"}; }), std::out_of_range);
  CHECK(count() == 0);
}

TEST_CASE_METHOD(SqlSuite, "many of nothing is nothing", "[sql]") {
  commit([](sql::Transaction& to) { CHECK(to.execute_many("INSERT INTO things (id) VALUES ($1)", {}) == 0); });
  CHECK(count() == 0);
}

TEST_CASE_METHOD(SqlSuite, "many are one and all or none", "[sql]") {
  {
    const auto writing = driver().write();
    CHECK_THROWS_AS(writing->execute_many("INSERT INTO things (id) VALUES ($1)",
                                          std::vector<sql::Value>{std::int64_t{1}, std::int64_t{2}, std::int64_t{1}}),
                    sql::EngineError);
    CHECK_THROWS_AS(writing->commit(), Error);
  }
  CHECK(count() == 0);
}

// --- failures, told apart ---

TEST_CASE_METHOD(SqlSuite, "each kind of bad row has a failure of its own", "[sql]") {
  commit([](sql::Transaction& to) {
    to.execute("INSERT INTO owners (name) VALUES ('me')");
    to.execute("INSERT INTO things (id, owner, label) VALUES (1, 'me', 'first')");
    to.execute("INSERT INTO by_key (key) VALUES ($1)", {bytes_of("k")});
  });
  CHECK(failure_of("INSERT INTO things (id) VALUES (1)") == sql::Failure::unique);
  CHECK(failure_of("INSERT INTO things (id, label) VALUES (2, 'first')") == sql::Failure::unique);
  CHECK(failure_of("INSERT INTO by_key (key) VALUES ($1)", {bytes_of("k")}) == sql::Failure::unique);
  CHECK(failure_of("INSERT INTO things (id, owner) VALUES (2, 'nobody')") == sql::Failure::foreign_key);
  CHECK(failure_of("DELETE FROM owners") == sql::Failure::foreign_key);
  CHECK(failure_of("INSERT INTO things (id, size) VALUES (2, -1)") == sql::Failure::check);
  CHECK(failure_of("INSERT INTO owners (name) VALUES (NULL)") == sql::Failure::not_null);
  CHECK(failure_of("INSERT INTO by_key (value) VALUES (1)") == sql::Failure::not_null);
  CHECK(failure_of("SELECT nothing FROM nowhere") == sql::Failure::other);
  CHECK(failure_of("SELEC") == sql::Failure::other);
  CHECK(count() == 1);
}

TEST_CASE_METHOD(SqlSuite, "a number is not text, nor text octets", "[sql]") {
  CHECK(failure_of("INSERT INTO things (id, size) VALUES (1, $1)", {"many"}) == sql::Failure::check);
  CHECK(failure_of("INSERT INTO things (id, content) VALUES (1, $1)", {"text"}) == sql::Failure::check);
}

TEST_CASE_METHOD(SqlSuite, "arguments that do not fit the placeholders are refused", "[sql]") {
  const auto with = [this](sql::Statement statement, std::vector<sql::Value> arguments) {
    return [this, statement, arguments = std::move(arguments)] { driver().write()->execute(statement, arguments); };
  };
  const std::int64_t one = 1;
  check_refused(with("SELECT id FROM things WHERE id = $1", {}), "1 placeholders and was given 0");
  check_refused(with("SELECT id FROM things WHERE id = $1", {one, one}), "1 placeholders and was given 2");
  check_refused(with("SELECT id FROM things", {one}), "0 placeholders and was given 1");
  check_refused(with("SELECT id FROM things WHERE id = $2", {one}), "placeholder");
  check_refused(with("SELECT id FROM things WHERE id = $0", {one}), "placeholder");
  check_refused(with("SELECT id FROM things WHERE id = ?", {one}), "placeholder");
  check_refused(with("SELECT 1; SELECT 2", {}), "more than one");
  check_refused(with("", {}), "empty");
  check_refused(
      [this] { driver().write()->execute_many("INSERT INTO things (id, size) VALUES ($1, $2)", std::vector<sql::Value>(3)); },
      "no whole number of rows");
  check_refused([this] { driver().write()->execute_many("INSERT INTO things (id) VALUES (1)", std::vector<sql::Value>(3)); },
                "no placeholder");
}

// --- transactions ---

TEST_CASE_METHOD(SqlSuite, "what is not committed never was", "[sql]") {
  static_cast<void>(driver().write()->execute("INSERT INTO things (id) VALUES (1)"));
  CHECK(count() == 0);
  try {
    const auto writing = driver().write();
    writing->execute("INSERT INTO things (id) VALUES (2)");
    throw std::out_of_range{"halfway"};
  } catch (const std::out_of_range&) {
  }
  CHECK(count() == 0);
}

TEST_CASE_METHOD(SqlSuite, "a transaction that failed does nothing more and undoes all", "[sql]") {
  {
    const auto writing = driver().write();
    writing->execute("INSERT INTO things (id) VALUES (1)");
    CHECK_THROWS_AS(writing->execute("INSERT INTO things (id) VALUES (1)"), sql::EngineError);
    check_refused([&] { writing->execute("INSERT INTO things (id) VALUES (2)"); }, "has failed");
    check_refused([&] { writing->commit(); }, "has failed");
  }
  CHECK(count() == 0);
}

TEST_CASE_METHOD(SqlSuite, "a transaction ends with its commit", "[sql]") {
  const auto writing = driver().write();
  writing->execute("INSERT INTO things (id) VALUES (1)");
  writing->commit();
  check_refused([&] { writing->execute("INSERT INTO things (id) VALUES (2)"); }, "was committed");
  check_refused([&] { writing->commit(); }, "was committed");
  CHECK(count() == 1);
}

TEST_CASE_METHOD(SqlSuite, "a statement inside another one's rows is refused", "[sql]") {
  const auto writing = driver().write();
  check_refused([&] { writing->each("SELECT 1", {}, [&](sql::Row) { writing->execute("SELECT 2"); }); },
                "at work on another statement");
}

TEST_CASE_METHOD(SqlSuite, "a thread that writes is refused a second writing, which would wait for the first", "[sql]") {
  {
    const auto writing = driver().write();
    check_refused([&] { static_cast<void>(driver().write()); }, "already");
    writing->execute("INSERT INTO things (id) VALUES (1)");
    writing->commit();
  }
  commit([](sql::Transaction& to) { to.execute("INSERT INTO things (id) VALUES (2)"); });
  CHECK(count() == 2);
}

TEST_CASE_METHOD(SqlSuite, "reading changes nothing", "[sql]") {
  for (const sql::Statement statement :
       {sql::Statement{"INSERT INTO things (id) VALUES (1)"}, sql::Statement{"DELETE FROM owners"}}) {
    try {
      static_cast<void>(driver().read()->execute(statement));
      FAIL("it was taken");
    } catch (const sql::EngineError& error) {
      CHECK(error.failure() == sql::Failure::read_only);
    }
  }
  CHECK(count() == 0);
}

TEST_CASE_METHOD(SqlSuite, "who reads sees one state, whatever others commit meanwhile", "[sql]") {
  const auto reading = driver().read();
  CHECK(reading->execute("SELECT count(*) FROM things")[0].integer(0) == 0);
  {
    const auto writing = driver().write();
    writing->execute("INSERT INTO things (id) VALUES (1)");
    CHECK(count() == 0);  // not committed yet
    writing->commit();
  }
  CHECK(reading->execute("SELECT count(*) FROM things")[0].integer(0) == 0);
  CHECK(count() == 1);
}

TEST_CASE_METHOD(SqlSuite, "threads that write at once lose nothing", "[sql]") {
  constexpr std::int64_t kThreads = 6;
  constexpr std::int64_t kTimes = 25;
  commit([](sql::Transaction& to) { to.execute("INSERT INTO things (id, size) VALUES (1, 0)"); });
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (std::int64_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, &failed] {
      try {
        for (std::int64_t time = 0; time < kTimes; ++time) {
          const auto writing = driver().write();
          const auto size = writing->execute("SELECT size FROM things WHERE id = 1")[0].integer(0);
          writing->execute("UPDATE things SET size = $1 WHERE id = 1", {size + 1});
          writing->commit();
          if (driver().read()->execute("SELECT size FROM things")[0].integer(0) <= size) ++failed;
        }
      } catch (const std::exception&) {
        ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(driver().read()->execute("SELECT size FROM things")[0].integer(0) == kThreads * kTimes);
}

// --- migrations ---

TEST_CASE_METHOD(SqlSuite, "a step that was taken is not taken again", "[sql]") {
  driver().migrate({&kSuiteSchema, 1});
  const std::array steps{kSuiteSchema, sql::Migration{2, "CREATE TABLE more (id INT64 NOT NULL PRIMARY KEY) KEPT_BY_ROW;"}};
  driver().migrate(steps);
  driver().migrate(steps);
  CHECK(driver().read()->execute("SELECT id FROM more").empty());
}

TEST_CASE_METHOD(SqlSuite, "steps are taken all or none", "[sql]") {
  const std::array steps{kSuiteSchema, sql::Migration{2, "CREATE TABLE more (id INT64) KEPT_BY_ROW;"},
                         sql::Migration{3, "CREATE TABLE last (id INT64) KEPT_BY_ROW; CREATE TABLE more (id INT64) KEPT_BY_ROW;"}};
  CHECK_THROWS_AS(driver().migrate(steps), sql::EngineError);
  CHECK_THROWS_AS(driver().read()->execute("SELECT id FROM more"), sql::EngineError);
  CHECK_THROWS_AS(driver().read()->execute("SELECT id FROM last"), sql::EngineError);
  driver().migrate({&kSuiteSchema, 1});
  CHECK(count() == 0);
}

TEST_CASE_METHOD(SqlSuite, "a store of a later version is refused, with both versions", "[sql]") {
  const std::array steps{kSuiteSchema, sql::Migration{2, "CREATE TABLE more (id INT64) KEPT_BY_ROW;"}};
  driver().migrate(steps);
  try {
    driver().migrate({&kSuiteSchema, 1});
    FAIL("it was taken");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::unsupported);
    CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring("is of version 2, and this library knows versions up to 1"));
  }
}

}  // namespace spaceca::test
