// libcurl as our senders use it.
#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include <spaceca/bytes.h>

namespace spaceca::notify {

using Milliseconds = std::chrono::milliseconds;

// How long a delivery may take, counted from when it is made.
class Patience final {
 public:
  // Errc::invalid_argument if it is not 1 to 120 seconds; `what` names whose it is.
  static void check(std::chrono::seconds patience, std::string_view what);

  explicit Patience(std::chrono::seconds patience) : end_(std::chrono::steady_clock::now() + patience) {}
  // Not negative.
  [[nodiscard]] Milliseconds left() const;

 private:
  std::chrono::steady_clock::time_point end_;
};

struct SlistFree {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using SlistPtr = std::unique_ptr<curl_slist, SlistFree>;
// With a zero octet at the end, as C wants it.
[[nodiscard]] SecretBytes zero_ended(const SecretBytes& secret);
// Adds a line to the end.
void add(SlistPtr& list, const std::string& line);

// One transfer: verified TLS of version 1.2 or later wherever there is TLS, no redirect, no proxy, no .netrc, one protocol, and an
// end. Belongs to one thread.
class Transfer final {
 public:
  // `what` begins its errors; `protocol` is libcurl's word for the one that is allowed; `roots` of nothing are the system's.
  Transfer(std::string what, const char* protocol, const std::filesystem::path& roots, const Patience& patience);

  template <class T>
  void set(CURLoption option, T value) {
    check(curl_easy_setopt(handle_.get(), option, value));
  }
  // A copy, which libcurl does not wipe.
  void set_secret(CURLoption option, const SecretBytes& secret);
  [[nodiscard]] CURL* handle() const noexcept { return handle_.get(); }

  // Throws what Transfer::fail throws.
  void perform();
  // Without that: what became of it.
  [[nodiscard]] CURLcode try_to();
  // As an Error: unreachable, policy where TLS is not there or not verified, permission where the password is refused, not_taken
  // for an answer that refuses, otherwise io. `answer`: what the server said.
  [[noreturn]] void fail(CURLcode code, std::string_view answer = {}) const;

 private:
  void check(CURLcode code) const;

  struct Cleanup {
    void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
  };
  std::string what_;
  std::array<char, CURL_ERROR_SIZE> said_{};
  std::unique_ptr<CURL, Cleanup> handle_;
};

}  // namespace spaceca::notify
