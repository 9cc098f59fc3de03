// Copies the write-ahead log into the file beside those who write, so that no commit waits for it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "store/sqlite_connection.h"

namespace spaceca::store {

// Has a thread of its own from the first time that there is something to copy. SQLite would copy inside the commit that fills the
// log, and everyone would wait for that one (sqlite.org/wal.html, "Checkpointing").
class SqliteCheckpointer final {
 public:
  // Runs a piece of work while nobody of this process writes.
  using Alone = std::function<void(const std::function<void()>&)>;

  SqliteCheckpointer(SqliteFile file, std::chrono::milliseconds patience, Alone alone);
  // Waits for the copying that is under way.
  ~SqliteCheckpointer();
  SqliteCheckpointer(const SqliteCheckpointer&) = delete;
  SqliteCheckpointer& operator=(const SqliteCheckpointer&) = delete;

  // Any thread. Returns at once.
  void start() noexcept;
  // Copies in the caller's thread, by that connection: as SqliteConnection::checkpoint, but a copying that is under way in this
  // process is waited for, where SQLite would return with nothing done.
  int copy_by(SqliteConnection& connection);
  // In a forked child, where the thread is not.
  void abandon() noexcept;

 private:
  // What the thread waits for. Apart, since a forked child must not touch what the thread of its parent was waiting in.
  struct Orders {
    std::mutex mutex;
    std::condition_variable changed;
    bool wanted = false;
    bool ending = false;
  };
  void work();
  void copy() noexcept;

  SqliteFile file_;
  std::chrono::milliseconds patience_;
  Alone alone_;
  std::unique_ptr<Orders> orders_ = std::make_unique<Orders>();
  std::mutex copying_;  // of whoever copies; after the right to write
  std::thread thread_;
};

}  // namespace spaceca::store
