// OpenSSL contexts are dear to make and must not be shared between threads, so the object that needs them keeps a list of idle
// ones: no thread_local, nothing global (their lives are bound to an object that everyone can see).
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "ossl/process_mark.h"

namespace spaceca::ossl {

// Any thread may borrow. In a forked child it throws Errc::wrong_process: two processes must not draw from copies of one state.
template <class Context>
class FreeList final {
 public:
  class Loan final {
   public:
    Loan(FreeList& owner, std::unique_ptr<Context> context) : owner_(&owner), context_(std::move(context)) {}
    Loan(Loan&&) = delete;
    ~Loan() { owner_->take_back(std::move(context_)); }
    Context* operator->() const noexcept { return context_.get(); }
    Context& operator*() const noexcept { return *context_; }

   private:
    FreeList* owner_;
    std::unique_ptr<Context> context_;
  };

  // An idle one, or what `make` returns.
  template <class Make>
  [[nodiscard]] Loan borrow(Make&& make) {
    process_.check();
    {
      const std::lock_guard lock{mutex_};
      if (!idle_.empty()) {
        auto context = std::move(idle_.back());
        idle_.pop_back();
        return Loan{*this, std::move(context)};
      }
    }
    return Loan{*this, make()};
  }

 private:
  void take_back(std::unique_ptr<Context> context) noexcept {
    try {
      const std::lock_guard lock{mutex_};
      idle_.push_back(std::move(context));
    } catch (...) {
      // No memory to remember it by: it is freed instead.
    }
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<Context>> idle_;
  ProcessMark process_;
};

}  // namespace spaceca::ossl
