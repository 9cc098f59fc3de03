#include "store/group_commit.h"

#include <memory>
#include <utility>

namespace spaceca::store {

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
    gathered_.wait_for(lock, last_commit_ / 2, [this] { return queue_.size() >= expected_; });
  }
}

void GroupCommit::commit_together(std::deque<Waiting*>& group) {
  if (group.size() == 1) {
    commit_alone(*group.front());
    return;
  }
  std::unique_ptr<sql::Transaction> tx;
  try {
    tx = driver_.write();
    for (Waiting* const one : group) one->work(*tx);
  } catch (...) {
    // One of them failed, and with it the transaction: each by itself, so that it is alone with its failure.
    tx.reset();
    for (Waiting* const one : group) commit_alone(*one);
    return;
  }
  try {
    tx->commit();
  } catch (...) {
    // Whether it was done may be unknown (Errc::io), so nobody tries again.
    for (Waiting* const one : group) one->failure = std::current_exception();
  }
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
