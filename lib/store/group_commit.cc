#include "store/group_commit.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace spaceca::store {
namespace {

// The last commit may have waited for another process, for seconds: how long the next one takes it does not tell.
constexpr std::chrono::steady_clock::duration kLongestGathering = std::chrono::milliseconds{5};

}  // namespace

void GroupCommit::run(const Work& work) {
  Waiting mine{work};
  std::unique_lock lock{mutex_};
  queue_.push_back(&mine);
  if (queue_.size() >= expected_) gathered_.notify_one();
  mine.changed.wait(lock, [&] { return mine.done || (!led_ && queue_.front() == &mine); });
  if (!mine.done) {
    // Whoever leads takes all that wait now; of those who come meanwhile the first leads next.
    led_ = true;
    gather(lock);
    std::deque<Waiting*> group = std::exchange(queue_, {});
    lock.unlock();
    const auto start = std::chrono::steady_clock::now();
    commit_together(group);
    lock.lock();
    last_commit_ = std::chrono::steady_clock::now() - start;
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

// Those who were there a moment ago are likely to come again, and one commit for all costs each of them less than two in turns.
// Whoever is alone, and was alone before, waits for nobody.
void GroupCommit::gather(std::unique_lock<std::mutex>& lock) {
  if (queue_.size() < expected_) {
    gathered_.wait_for(lock, std::min(last_commit_ / 2, kLongestGathering), [this] { return queue_.size() >= expected_; });
  }
}

void GroupCommit::commit_together(std::deque<Waiting*>& group) {
  const auto fail_all = [&group] {
    for (Waiting* const one : group) one->failure = std::current_exception();
  };
  std::unique_ptr<sql::Transaction> tx;
  try {
    tx = driver_.write();
  } catch (...) {
    fail_all();  // each by itself would wait as long again
    return;
  }
  try {
    for (Waiting* const one : group) one->work(*tx);
  } catch (...) {
    tx.reset();
    if (group.size() == 1) {
      fail_all();
      return;
    }
    // One of them failed, and with it the transaction: each by itself, so that it is alone with its failure.
    for (Waiting* const one : group) {
      std::deque<Waiting*> alone{one};
      commit_together(alone);
    }
    return;
  }
  try {
    tx->commit();
  } catch (...) {
    fail_all();  // whether it was done may be unknown (Errc::io), so nobody tries again
  }
}

}  // namespace spaceca::store
