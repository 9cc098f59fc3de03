// The driver for SQLite: one connection that writes, as many that read as threads do at once, all in WAL mode.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "ossl/process_mark.h"
#include "store/sql.h"
#include "store/sqlite_checkpointer.h"
#include "store/sqlite_connection.h"

namespace spaceca::store {

// Threads of this process take turns in the order in which they came, since SQLite's own waiting (it sleeps and tries again) lets
// some starve; other processes are waited for by SQLite, as long as `patience`.
class SqliteDriver final : public sql::Driver {
 public:
  // `log_pages`: how long the write-ahead log may become before it is copied into the file. Commits write the last page of an index
  // again and again, so a long log saves copying.
  explicit SqliteDriver(SqliteFile file, std::chrono::milliseconds patience = std::chrono::seconds{10}, int log_pages = 8192);
  ~SqliteDriver() override;

  [[nodiscard]] std::unique_ptr<sql::Transaction> read() override;
  [[nodiscard]] std::unique_ptr<sql::Transaction> write() override;
  void migrate(std::span<const sql::Migration> steps) override;
  [[nodiscard]] std::vector<Finding> check() override;
  void backup(const std::filesystem::path& file) override;

 private:
  class Turn;
  class Reading;
  class Writing;

  [[nodiscard]] std::unique_ptr<SqliteConnection> borrow_reader();
  void give_back(std::unique_ptr<SqliteConnection> reader) noexcept;
  void require_version() const;
  void run_steps(std::span<const sql::Migration> steps);
  void keep_log_short();

  SqliteFile file_;
  std::chrono::milliseconds patience_;
  int log_pages_;
  ossl::ProcessMark process_;

  std::mutex readers_mutex_;
  std::vector<std::unique_ptr<SqliteConnection>> readers_;  // idle

  std::unique_ptr<SqliteConnection> writer_;  // of whoever has the turn
  std::atomic<std::uint32_t> next_turn_ = 0;
  std::atomic<std::uint32_t> turn_ = 0;
  std::atomic<std::thread::id> writing_ = std::thread::id{};
  std::atomic<std::int64_t> version_;  // that the statements of this process are written for

  SqliteCheckpointer checkpointer_;  // last: it takes turns until it ends
};

}  // namespace spaceca::store
