// OpenSSL contexts are dear to make and must not be shared between threads, so the object that needs them keeps lists of idle
// ones: no thread_local, nothing global (their lives are bound to an object that everyone can see).
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "ossl/process_mark.h"

namespace spaceca::ossl {

// Any thread may borrow. In a forked child it throws Errc::wrong_process: two processes must not draw from copies of one state.
template <class Context>
class FreeList final {
  // Each thread has a shelf that it rarely shares: a lock and a context that two processors took in turns would be fetched from one
  // another's cache each time, which costs two threads 4 % of issuing. What is idle is kept up to so many times over.
  struct alignas(64) Shelf {
    std::mutex mutex;
    std::vector<std::unique_ptr<Context>> idle;
  };
  static constexpr std::size_t kShelves = 16;

 public:
  class Loan final {
   public:
    Loan(Shelf& shelf, std::unique_ptr<Context> context) : shelf_(&shelf), context_(std::move(context)) {}
    Loan(Loan&&) = delete;
    ~Loan() { give_back(*shelf_, std::move(context_)); }
    Context* operator->() const noexcept { return context_.get(); }
    Context& operator*() const noexcept { return *context_; }

   private:
    Shelf* shelf_;
    std::unique_ptr<Context> context_;
  };

  // An idle one, or what `make` returns.
  template <class Make>
  [[nodiscard]] Loan borrow(Make&& make) {
    process_.check();
    Shelf& shelf = shelves_[std::hash<std::thread::id>{}(std::this_thread::get_id()) % kShelves];
    {
      const std::lock_guard lock{shelf.mutex};
      if (!shelf.idle.empty()) {
        auto context = std::move(shelf.idle.back());
        shelf.idle.pop_back();
        return Loan{shelf, std::move(context)};
      }
    }
    return Loan{shelf, make()};
  }

 private:
  static void give_back(Shelf& shelf, std::unique_ptr<Context> context) noexcept {
    try {
      const std::lock_guard lock{shelf.mutex};
      shelf.idle.push_back(std::move(context));
    } catch (...) {
      // No memory to remember it by: it is freed instead.
    }
  }

  std::array<Shelf, kShelves> shelves_;
  ProcessMark process_;
};

}  // namespace spaceca::ossl
