#include "store/sqlite_checkpointer.h"

#include <signal.h>

#include <new>
#include <system_error>
#include <utility>

namespace spaceca::store {

SqliteCheckpointer::SqliteCheckpointer(SqliteFile file, std::chrono::milliseconds patience, Alone alone)
    : file_(std::move(file)), patience_(patience), alone_(std::move(alone)) {}

SqliteCheckpointer::~SqliteCheckpointer() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock{orders_->mutex};
    orders_->ending = true;
  }
  orders_->changed.notify_one();
  thread_.join();
}

void SqliteCheckpointer::start() noexcept {
  try {
    const std::lock_guard lock{orders_->mutex};
    orders_->wanted = true;
    if (!thread_.joinable()) {
      // Signals are for the program's own threads.
      sigset_t all;
      sigset_t before;
      sigfillset(&all);
      pthread_sigmask(SIG_SETMASK, &all, &before);
      try {
        thread_ = std::thread{[this] { work(); }};
      } catch (const std::system_error&) {
        // No thread to be had: the log grows until the driver copies it itself.
      }
      pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }
    orders_->changed.notify_one();
  } catch (const std::system_error&) {
    // As above, for want of a lock.
  }
}

int SqliteCheckpointer::copy_by(SqliteConnection& connection) {
  const std::lock_guard lock{copying_};
  return connection.checkpoint();
}

void SqliteCheckpointer::abandon() noexcept {
  if (!thread_.joinable()) return;
  // What stands for a thread that is not here may be neither joined nor detached, so it is left alone, as its orders are.
  static_cast<void>(new (std::nothrow) std::thread{std::move(thread_)});
  static_cast<void>(orders_.release());
}

void SqliteCheckpointer::work() {
  std::unique_lock lock{orders_->mutex};
  for (;;) {
    orders_->changed.wait(lock, [this] { return orders_->wanted || orders_->ending; });
    if (orders_->ending) return;
    orders_->wanted = false;
    lock.unlock();
    copy();
    lock.lock();
  }
}

void SqliteCheckpointer::copy() noexcept {
  try {
    SqliteConnection connection{file_, SqliteConnection::Access::write, patience_};
    // Beside the writers, again and again, until little is left of what they add meanwhile, or some and not much less than the last
    // time: each round's sync costs the writers some of theirs. That rest while they stand still, since only a log that is copied
    // to its end is begun anew.
    constexpr int kRounds = 8;
    constexpr int kLittle = 100;
    constexpr int kSome = 1000;
    int before = 0;
    int last_added = 0;
    for (int round = 0; round < kRounds; ++round) {
      const int now = copy_by(connection);
      connection.sync_file();
      const int added = now - std::exchange(before, now);  // while the round before was under way
      if (added <= kLittle || (added <= kSome && added > last_added / 2)) break;
      last_added = added;
    }
    alone_([&] { static_cast<void>(copy_by(connection)); });
  } catch (...) {
    // Whatever it is (a full disk, a file that is gone), nothing is lost: it is all in the log still, and whoever writes next is
    // told.
  }
}

}  // namespace spaceca::store
