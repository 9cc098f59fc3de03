// Commits shared by threads that write at the same time: one leads and commits for those who wait, as LevelDB's writers do, since a
// commit costs much more than what is committed. While it waits for more it holds the write transaction, for a few milliseconds at
// most.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>

#include "store/sql.h"

namespace spaceca::store {

// Any thread.
class GroupCommit final {
 public:
  explicit GroupCommit(sql::Driver& driver) noexcept : driver_(driver) {}

  // Runs the work in a write transaction, perhaps beside others' in the same, and returns when it is durable. What the work throws
  // is thrown here, and then nothing of it stays; so is it if no transaction can be begun. It may run more than once (when a
  // neighbour in its transaction failed), so it must set its results anew each time; and on another thread, so it must not wait for
  // this one.
  using Work = std::function<void(sql::Transaction&)>;
  void run(const Work& work);

 private:
  struct Waiting {
    const Work* work;
    std::exception_ptr* failure;  // with who waits, written before the end is told
  };
  using Group = std::list<Waiting>;  // a list, since joining two needs no memory
  struct Batch;

  void lead(Batch& batch);
  [[nodiscard]] Group commit_those_who_come(Batch& batch);
  [[nodiscard]] Group more(Batch& batch, std::size_t here, std::chrono::steady_clock::time_point until);
  [[nodiscard]] Group close(Batch& batch);
  void commit_alone(Waiting& one);

  sql::Driver& driver_;
  std::mutex mutex_;             // of what follows; nobody is woken under it, who would only wait for it again
  std::shared_ptr<Batch> open_;  // that whoever comes now joins; none if nobody has come since the last one was closed
  bool led_ = false;
  std::condition_variable come_;
  std::size_t awaited_ = 0;   // by the leader; none are when it is 0
  std::size_t expected_ = 1;  // as many as were here when the last commit ended

  std::chrono::steady_clock::duration last_commit_{};  // without the time that it waited for others; the leader's
};

}  // namespace spaceca::store
