// One OpenSSL call, one check: the message says what we were doing, OpenSSL's queue says why, and the queue is left empty.
#pragma once

#include <string_view>

namespace spaceca::ossl {

// Throws Errc::crypto with `doing` and the reasons in the queue.
[[noreturn]] void fail(std::string_view doing);

// For calls that return a new object or null.
template <class T>
[[nodiscard]] T* check(T* made, std::string_view doing) {
  if (made == nullptr) fail(doing);
  return made;
}

// For calls that return 1 and above on success, 0 or less on failure.
inline int check(int result, std::string_view doing) {
  if (result <= 0) fail(doing);
  return result;
}

// For a call whose failure is an answer: what it leaves in the queue is dropped when this goes.
class QuietErrors final {
 public:
  QuietErrors();
  ~QuietErrors();
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;
};

}  // namespace spaceca::ossl
