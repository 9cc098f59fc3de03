#include "store/group_commit.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace spaceca::store {
namespace {

using Steady = std::chrono::steady_clock;

// The last commit may have waited for another process, for seconds: how long the next one takes it does not tell.
constexpr Steady::duration kLongestGathering = std::chrono::milliseconds{5};

// Whoever leads is woken for so many, not for each: that would cost as much as what each has to do.
constexpr std::size_t kAtOnce = 4;

}  // namespace

void GroupCommit::run(const Work& work) {
  Waiting mine{work};
  std::unique_lock lock{mutex_};
  queue_.push_back(&mine);
  if (awaited_ > 0 && queue_.size() >= awaited_) come_.notify_one();
  mine.changed.wait(lock, [&] { return mine.done || (!led_ && queue_.front() == &mine); });
  if (!mine.done) {
    // Of those who come after the last one that it takes, the first leads next.
    led_ = true;
    const Group group = commit_those_who_come(lock);
    expected_ = group.size() + queue_.size();
    led_ = false;
    if (!queue_.empty()) queue_.front()->changed.notify_one();
    // Under the lock: once it is done, another thread may leave, and its part of this with it.
    for (Waiting* const one : group) {
      one->done = true;
      if (one != &mine) one->changed.notify_one();
    }
  }
  if (mine.failure) std::rethrow_exception(mine.failure);
}

// The works of those who are here are done while others still prepare theirs.
GroupCommit::Group GroupCommit::commit_those_who_come(std::unique_lock<std::mutex>& lock) {
  Group group;
  const auto fail_all = [&group] {
    for (Waiting* const one : group) one->failure = std::current_exception();
  };
  Group come = std::exchange(queue_, {});
  const auto until = Steady::now() + std::min(last_commit_ / 2, kLongestGathering);
  auto busy_since = Steady::now();
  Steady::duration busy{};
  lock.unlock();
  std::unique_ptr<sql::Transaction> tx;
  try {
    tx = driver_.write();
  } catch (...) {
    group = std::move(come);
    fail_all();  // each by itself would wait as long again
    lock.lock();
    return group;
  }
  do {
    group.insert(group.end(), come.begin(), come.end());
    try {
      for (Waiting* const one : come) one->work(*tx);
    } catch (...) {
      tx.reset();
      if (group.size() == 1) {
        fail_all();
      } else {
        // One of them failed, and with it the transaction: each by itself, so that it is alone with its failure.
        for (Waiting* const one : group) commit_alone(*one);
      }
      lock.lock();
      return group;
    }
    busy += Steady::now() - busy_since;
    lock.lock();
    come = more(lock, group.size(), until);
    lock.unlock();
    busy_since = Steady::now();
  } while (!come.empty());
  try {
    tx->commit();
  } catch (...) {
    fail_all();  // whether it was done may be unknown (Errc::io), so nobody tries again
  }
  tx.reset();
  lock.lock();
  last_commit_ = busy + (Steady::now() - busy_since);
  return group;
}

// Those who were there a moment ago are likely to come again, and one commit for all costs each of them less than two in turns.
// Whoever is alone, and was alone before, waits for nobody; and whoever comes when all are here that were expected waits for the
// next commit.
GroupCommit::Group GroupCommit::more(std::unique_lock<std::mutex>& lock, std::size_t here, Steady::time_point until) {
  if (here >= expected_) return {};
  if (queue_.empty()) {
    awaited_ = std::min(expected_ - here, kAtOnce);
    come_.wait_until(lock, until, [this] { return queue_.size() >= awaited_; });
    awaited_ = 0;
  }
  return std::exchange(queue_, {});
}

void GroupCommit::commit_alone(Waiting& one) {
  try {
    const auto tx = driver_.write();
    one.work(*tx);
    tx->commit();
  } catch (...) {
    one.failure = std::current_exception();
  }
}

}  // namespace spaceca::store
