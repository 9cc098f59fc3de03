#include "store/group_commit.h"

#include <memory>
#include <utility>

namespace spaceca::store {

void GroupCommit::run(const Work& work) {
  Waiting mine{work};
  std::unique_lock lock{mutex_};
  queue_.push_back(&mine);
  changed_.wait(lock, [&] { return mine.done || !led_; });
  if (!mine.done) {
    // Whoever leads takes all that wait now; those who come meanwhile find the next leader among themselves.
    led_ = true;
    std::deque<Waiting*> group = std::exchange(queue_, {});
    lock.unlock();
    commit_together(group);
    lock.lock();
    for (Waiting* const one : group) one->done = true;
    led_ = false;
    changed_.notify_all();
  }
  if (mine.failure) std::rethrow_exception(mine.failure);
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
