#include "store/sqlite_driver.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/printable.h"
#include "store/sqlite_file.h"

namespace spaceca::store {
namespace {

// A schema in SQLite's words.
std::string translated(std::string_view schema) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kWords{{
      {"OCTETS", "BLOB"},
      {"INT64", "INTEGER"},
      {"KEPT_BY_ROW", "STRICT"},
      {"KEPT_BY_KEY", "STRICT, WITHOUT ROWID"},
  }};
  std::string text{schema};
  for (const auto& [word, ours] : kWords) {
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + ours.size())) {
      text.replace(at, word.size(), ours);
    }
  }
  return text;
}

std::vector<Finding> findings_of(SqliteConnection& connection) {
  std::vector<Finding> findings;
  const auto add = [&findings](std::string text) {
    findings.push_back({.rule = "store.damaged", .text = std::move(text), .source = "SQLite"});
  };
  try {
    connection.each("PRAGMA integrity_check", {}, [&add](sql::Row row) {
      if (row.text(0) != "ok") add(printable(row.text(0)));
    });
    connection.each("PRAGMA foreign_key_check", {}, [&add](sql::Row row) {
      add(fmt::format("a row of {} names one of {} that is not there", row.text(0), row.text(2)));
    });
  } catch (const sql::EngineError& error) {
    // Too damaged to be read to the end.
    if (error.failure() != sql::Failure::corrupt && error.failure() != sql::Failure::not_a_database) throw;
    add(error.what());
  }
  return findings;
}

}  // namespace

// The right to use writer_, until this goes.
class SqliteDriver::Turn final {
 public:
  explicit Turn(SqliteDriver& driver) : driver_(driver) {
    driver.process_.check();
    if (driver.writing_ == std::this_thread::get_id()) {
      throw Error{Errc::invalid_argument, "transaction: this thread is writing in another one already, which it would wait for"};
    }
    const std::uint32_t mine = driver.next_turn_++;
    for (std::uint32_t now = driver.turn_; now != mine; now = driver.turn_) driver.turn_.wait(now);
    driver.writing_ = std::this_thread::get_id();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    driver_.writing_ = std::thread::id{};
    ++driver_.turn_;
    driver_.turn_.notify_all();
  }

 private:
  SqliteDriver& driver_;
};

class SqliteDriver::Reading final : public sql::Transaction {
 public:
  Reading(SqliteDriver& driver, std::unique_ptr<SqliteConnection> connection)
      : driver_(driver), connection_(std::move(connection)) {
    connection_->begin(SqliteConnection::Access::read);
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() override {
    if (!driver_.process_.is_here()) {
      connection_->abandon();
    } else if (connection_->roll_back()) {
      driver_.give_back(std::move(connection_));
    }
  }

 private:
  sql::Rows do_execute(sql::Statement statement, sql::Arguments arguments) override {
    driver_.process_.check();
    return connection_->execute(statement, arguments);
  }
  std::int64_t do_execute_many(sql::Statement statement, sql::Arguments values) override {
    driver_.process_.check();
    return connection_->execute_many(statement, values);
  }
  void do_each(sql::Statement statement, sql::Arguments arguments, const sql::Visit& visit) override {
    driver_.process_.check();
    connection_->each(statement, arguments, visit);
  }
  void do_commit() override {
    driver_.process_.check();
    connection_->commit();
  }

  SqliteDriver& driver_;
  std::unique_ptr<SqliteConnection> connection_;
};

class SqliteDriver::Writing final : public sql::Transaction {
 public:
  explicit Writing(SqliteDriver& driver) : driver_(driver), turn_(driver) {
    driver.writer_->begin(SqliteConnection::Access::write);
    try {
      driver.require_version();
    } catch (...) {
      undo();
      throw;
    }
  }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;
  ~Writing() override { undo(); }

 private:
  void undo() noexcept {
    // If it cannot be undone now, the next BEGIN fails and says so.
    if (driver_.process_.is_here()) static_cast<void>(driver_.writer_->roll_back());
  }
  sql::Rows do_execute(sql::Statement statement, sql::Arguments arguments) override {
    driver_.process_.check();
    return driver_.writer_->execute(statement, arguments);
  }
  std::int64_t do_execute_many(sql::Statement statement, sql::Arguments values) override {
    driver_.process_.check();
    return driver_.writer_->execute_many(statement, values);
  }
  void do_each(sql::Statement statement, sql::Arguments arguments, const sql::Visit& visit) override {
    driver_.process_.check();
    driver_.writer_->each(statement, arguments, visit);
  }
  void do_commit() override {
    driver_.process_.check();
    driver_.writer_->commit();
    driver_.keep_log_short();
  }

  SqliteDriver& driver_;
  Turn turn_;
};

SqliteDriver::SqliteDriver(SqliteFile file, std::chrono::milliseconds patience, int log_pages)
    : file_(std::move(file)),
      patience_(patience),
      log_pages_(log_pages),
      writer_(std::make_unique<SqliteConnection>(file_, SqliteConnection::Access::write, patience)),
      checkpointer_(file_, patience, [this](const std::function<void()>& work) {
        const Turn turn{*this};
        work();
      }) {
  writer_->run("PRAGMA journal_mode = WAL");
  // Reads the first page as a table, which a PRAGMA alone does not.
  static_cast<void>(writer_->number("SELECT count(*) FROM sqlite_master"));
  version_ = writer_->number("PRAGMA user_version");
}

SqliteDriver::~SqliteDriver() {
  if (process_.is_here()) return;
  checkpointer_.abandon();
  writer_->abandon();
  for (const auto& reader : readers_) reader->abandon();
}

std::unique_ptr<sql::Transaction> SqliteDriver::read() {
  process_.check();
  return std::make_unique<Reading>(*this, borrow_reader());
}

std::unique_ptr<sql::Transaction> SqliteDriver::write() { return std::make_unique<Writing>(*this); }

std::unique_ptr<SqliteConnection> SqliteDriver::borrow_reader() {
  {
    const std::lock_guard lock{readers_mutex_};
    if (!readers_.empty()) {
      auto reader = std::move(readers_.back());
      readers_.pop_back();
      return reader;
    }
  }
  return std::make_unique<SqliteConnection>(file_, SqliteConnection::Access::read, patience_);
}

void SqliteDriver::give_back(std::unique_ptr<SqliteConnection> reader) noexcept {
  try {
    const std::lock_guard lock{readers_mutex_};
    readers_.push_back(std::move(reader));
  } catch (...) {
    // No memory to remember it by: it is closed instead.
  }
}

// Another process of a later version may have migrated it under us; what we would write is no longer what it means.
void SqliteDriver::require_version() const {
  const std::int64_t version = writer_->number("PRAGMA user_version");
  if (version == version_) return;
  throw Error{Errc::unsupported,
              fmt::format("store \"{}\": is now of version {}, and this process works with version {}; start it again",
                          printable(file_.shown), version, version_.load())};
}

// What was committed is durable, whatever becomes of this.
void SqliteDriver::keep_log_short() {
  if (writer_->log_pages() < log_pages_) return;
  checkpointer_.start();
  // It does not keep up, or there is none: then writers wait after all, or the log would fill the disk.
  constexpr int kTooLong = 4;
  if (writer_->log_pages() / kTooLong < log_pages_) return;
  try {
    static_cast<void>(checkpointer_.copy_by(*writer_));
  } catch (const sql::EngineError&) {
    // The next one who writes is told.
  }
}

void SqliteDriver::migrate(std::span<const sql::Migration> steps) {
  const Turn turn{*this};
  const int latest = steps.empty() ? 0 : steps.back().version;
  // Nobody is kept waiting for a store that is up to date.
  if (writer_->number("PRAGMA user_version") != latest) {
    writer_->begin(SqliteConnection::Access::write);
    try {
      run_steps(steps);
      writer_->commit();
    } catch (...) {
      static_cast<void>(writer_->roll_back());
      throw;
    }
  }
  version_ = latest;
}

void SqliteDriver::run_steps(std::span<const sql::Migration> steps) {
  const std::int64_t version = writer_->number("PRAGMA user_version");
  const int latest = steps.empty() ? 0 : steps.back().version;
  if (version < 0 || version > latest) {
    throw Error{Errc::unsupported,
                fmt::format("store \"{}\": is of version {}, and this library knows versions up to {}; use a later library",
                            printable(file_.shown), version, latest)};
  }
  for (const sql::Migration& step : steps) {
    if (step.version <= version) continue;
    writer_->run(translated(step.text));
    writer_->run(fmt::format("PRAGMA user_version = {}", step.version));
  }
}

std::vector<Finding> SqliteDriver::check() {
  process_.check();
  auto reader = borrow_reader();
  auto findings = findings_of(*reader);
  give_back(std::move(reader));
  return findings;
}

void SqliteDriver::backup(const std::filesystem::path& file) {
  process_.check();
  NewSqliteFile made{file};
  {
    SqliteConnection copy{{.path = std::filesystem::absolute(made.path()).string(), .shown = file.string()},
                          SqliteConnection::Access::write,
                          patience_};
    copy.run("PRAGMA synchronous = OFF");  // nobody knows the file before it is synced and named
    auto reader = borrow_reader();
    reader->copy_to(copy);
    give_back(std::move(reader));
    if (const auto findings = findings_of(copy); !findings.empty()) {
      throw Error{
          Errc::corrupt,
          fmt::format("store \"{}\": is damaged, so no backup was made of it: {}", printable(file_.shown), findings.front().text),
          findings};
    }
  }
  made.put_in_place();
}

}  // namespace spaceca::store
