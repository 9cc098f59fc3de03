#include "store/group_commit.h"

#include <algorithm>
#include <future>
#include <utility>

namespace spaceca::store {
namespace {

using Steady = std::chrono::steady_clock;

// The last commit may have waited for another process, for seconds: how long the next one takes it does not tell.
constexpr Steady::duration kLongestGathering = std::chrono::milliseconds{5};

// Whoever leads is woken for so many, not for each: that would cost as much as what each has to do.
constexpr std::size_t kAtOnce = 4;

}  // namespace

// Those who share a commit. The first of them leads; the others wait for one event, so that one call wakes them all.
struct GroupCommit::Batch {
  Group come;               // and were not taken yet
  std::promise<void> turn;  // the leader's: the batch before has ended
  std::promise<void> ended;
  std::shared_future<void> end = ended.get_future().share();
};

void GroupCommit::run(const Work& work) {
  std::exception_ptr failure;
  Group mine;
  mine.push_back({.work = &work, .failure = &failure});

  std::unique_lock lock{mutex_};
  const bool first = !open_;
  if (first) open_ = std::make_shared<Batch>();
  const std::shared_ptr<Batch> batch = open_;
  batch->come.splice(batch->come.end(), mine);
  const bool enough = awaited_ > 0 && batch->come.size() >= awaited_;
  const bool in_turn = first && !std::exchange(led_, true);
  lock.unlock();

  if (first) {
    if (!in_turn) batch->turn.get_future().wait();
    lead(*batch);
  } else {
    if (enough) come_.notify_one();
    batch->end.wait();
  }
  if (failure) std::rethrow_exception(std::move(failure));
}

void GroupCommit::lead(Batch& batch) {
  const std::size_t here = commit_those_who_come(batch).size();
  std::shared_ptr<Batch> next;
  {
    const std::lock_guard lock{mutex_};
    next = open_;
    led_ = next != nullptr;
    expected_ = here + (next ? next->come.size() : 0);
  }
  if (next) next->turn.set_value();
  if (here > 1) batch.ended.set_value();  // which calls the kernel, waiting or not
}

// The works of those who are here are done while others still prepare theirs.
GroupCommit::Group GroupCommit::commit_those_who_come(Batch& batch) {
  Group group;
  const auto fail_all = [&group] {
    for (Waiting& one : group) *one.failure = std::current_exception();
  };
  const auto until = Steady::now() + std::min(last_commit_ / 2, kLongestGathering);
  auto busy_since = Steady::now();
  Steady::duration busy{};
  std::unique_ptr<sql::Transaction> tx;
  try {
    tx = driver_.write();
  } catch (...) {
    group = close(batch);
    fail_all();  // each by itself would wait as long again
    return group;
  }
  for (Group come = more(batch, 0, until); !come.empty();) {
    auto one = come.begin();
    group.splice(group.end(), come);
    try {
      for (; one != group.end(); ++one) (*one->work)(*tx);
    } catch (...) {
      tx.reset();
      group.splice(group.end(), close(batch));
      if (group.size() == 1) {
        fail_all();
      } else {
        // One of them failed, and with it the transaction: each by itself, so that it is alone with its failure.
        for (Waiting& waiting : group) commit_alone(waiting);
      }
      return group;
    }
    busy += Steady::now() - busy_since;
    come = more(batch, group.size(), until);
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

// Those who were there a moment ago are likely to come again, and one commit for all costs each of them less than two in turns.
// Whoever is alone, and was alone before, waits for nobody. If nobody comes, the batch is closed; and it comes to that, since
// nobody is in one twice.
GroupCommit::Group GroupCommit::more(Batch& batch, std::size_t here, Steady::time_point until) {
  std::unique_lock lock{mutex_};
  if (batch.come.empty() && here < expected_) {
    awaited_ = std::min(expected_ - here, kAtOnce);
    come_.wait_until(lock, until, [&] { return batch.come.size() >= awaited_; });
    awaited_ = 0;
  }
  if (batch.come.empty()) open_ = nullptr;
  return std::exchange(batch.come, {});
}

// With those who have come and were not taken. Who comes later joins the next one.
GroupCommit::Group GroupCommit::close(Batch& batch) {
  const std::lock_guard lock{mutex_};
  open_ = nullptr;
  return std::exchange(batch.come, {});
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
