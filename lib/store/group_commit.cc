#include "store/group_commit.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
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
  std::exception_ptr failure;
  const auto finish = [&failure] {
    if (failure) std::rethrow_exception(std::move(failure));
  };
  std::unique_lock lock{mutex_};
  queue_.push_back({.work = &work, .failure = &failure});
  if (std::exchange(led_, true)) {
    std::future<Now> told = queue_.back().told.get_future();
    const bool enough = awaited_ > 0 && queue_.size() >= awaited_;
    lock.unlock();
    if (enough) come_.notify_one();
    if (told.get() == Now::done) return finish();
  } else {
    lock.unlock();
  }

  Group group = commit_those_who_come();
  lock.lock();
  expected_ = group.size() + queue_.size();
  // Of those who came after the last one that it took, the first leads next.
  std::optional<std::promise<Now>> next;
  if (queue_.empty()) {
    led_ = false;
  } else {
    next = std::move(queue_.front().told);
  }
  lock.unlock();
  if (next) next->set_value(Now::lead);
  for (auto one = std::next(group.begin()); one != group.end(); ++one) one->told.set_value(Now::done);
  finish();
}

// The works of those who are here are done while others still prepare theirs.
GroupCommit::Group GroupCommit::commit_those_who_come() {
  Group group;
  const auto fail_all = [&group] {
    for (Waiting& one : group) *one.failure = std::current_exception();
  };
  const auto until = Steady::now() + std::min(last_commit_ / 2, kLongestGathering);
  auto busy_since = Steady::now();
  Steady::duration busy{};
  Group come = take();
  std::unique_ptr<sql::Transaction> tx;
  try {
    tx = driver_.write();
  } catch (...) {
    group = std::move(come);
    fail_all();  // each by itself would wait as long again
    return group;
  }
  while (!come.empty()) {
    auto one = come.begin();
    group.splice(group.end(), come);
    try {
      for (; one != group.end(); ++one) (*one->work)(*tx);
    } catch (...) {
      tx.reset();
      if (group.size() == 1) {
        fail_all();
      } else {
        // One of them failed, and with it the transaction: each by itself, so that it is alone with its failure.
        for (Waiting& waiting : group) commit_alone(waiting);
      }
      return group;
    }
    busy += Steady::now() - busy_since;
    come = more(group.size(), until);
    busy_since = Steady::now();
  }
  try {
    tx->commit();
  } catch (...) {
    fail_all();  // whether it was done may be unknown (Errc::io), so nobody tries again
  }
  tx.reset();
  last_commit_ = busy + (Steady::now() - busy_since);
  return group;
}

GroupCommit::Group GroupCommit::take() {
  const std::lock_guard lock{mutex_};
  return std::exchange(queue_, {});
}

// Those who were there a moment ago are likely to come again, and one commit for all costs each of them less than two in turns.
// Whoever is alone, and was alone before, waits for nobody; and whoever comes when all are here that were expected waits for the
// next commit.
GroupCommit::Group GroupCommit::more(std::size_t here, Steady::time_point until) {
  std::unique_lock lock{mutex_};
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
    (*one.work)(*tx);
    tx->commit();
  } catch (...) {
    *one.failure = std::current_exception();
  }
}

}  // namespace spaceca::store
