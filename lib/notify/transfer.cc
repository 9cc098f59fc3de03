#include "notify/transfer.h"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

namespace spaceca::notify {
namespace {

constexpr std::chrono::seconds kLongestPatience{120};  // two such must be over before a claim on a notice is

// For all of the process, once, before its first handle. OpenSSL, which libcurl uses, cleans up after itself.
void start_library() {
  static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kStarted != CURLE_OK) throw Error{Errc::io, fmt::format("libcurl: {}", curl_easy_strerror(kStarted))};
}

Errc errc_of(CURLcode code) {
  switch (code) {
    case CURLE_OUT_OF_MEMORY: throw std::bad_alloc{};
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_WEIRD_SERVER_REPLY: return Errc::unreachable;
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION: return Errc::policy;
    case CURLE_LOGIN_DENIED: return Errc::permission;
    case CURLE_SSL_CACERT_BADFILE: return Errc::not_found;
    default: return Errc::io;
  }
}

// One line, of what libcurl or a server said; both may quote strangers.
std::string one_line(std::string_view text) {
  constexpr std::size_t kLongest = 200;
  std::string line{text.substr(0, kLongest)};
  std::ranges::replace_if(
      line, [](char c) { return c < ' ' || c > '~'; }, '?');
  return line;
}

}  // namespace

void Patience::check(std::chrono::seconds patience, std::string_view what) {
  if (patience >= std::chrono::seconds{1} && patience <= kLongestPatience) return;
  throw Error{Errc::invalid_argument,
              fmt::format("{}: a patience of {} seconds; 1 to {} would do", what, patience.count(), kLongestPatience.count())};
}

Milliseconds Patience::left() const {
  return std::max(Milliseconds{0}, std::chrono::duration_cast<Milliseconds>(end_ - std::chrono::steady_clock::now()));
}

SecretBytes zero_ended(const SecretBytes& secret) {
  SecretBuffer text{secret.reveal().begin(), secret.reveal().end()};
  text.push_back(0);
  return SecretBytes{std::move(text)};
}

void add(SlistPtr& list, const std::string& line) {
  curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc{};
  static_cast<void>(list.release());
  list.reset(longer);
}

Transfer::Transfer(std::string what, const char* protocol, const std::filesystem::path& roots, const Patience& patience)
    : what_(std::move(what)) {
  start_library();
  handle_.reset(curl_easy_init());
  if (!handle_) throw std::bad_alloc{};
  // To libcurl 0 is no limit.
  const long left = std::clamp<long>(static_cast<long>(patience.left().count()), 1, std::numeric_limits<int>::max());
  set(CURLOPT_ERRORBUFFER, said_.data());
  set(CURLOPT_NOSIGNAL, 1L);  // and no SIGPIPE comes: libcurl sends without, from 7.87 on below TLS too
  set(CURLOPT_TIMEOUT_MS, left);
  set(CURLOPT_CONNECTTIMEOUT_MS, left);
  set(CURLOPT_SERVER_RESPONSE_TIMEOUT, 1 + (left - 1) / 1000);  // the one that counts when it parts from a server
  set(CURLOPT_PROTOCOLS_STR, protocol);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!roots.empty()) {
    set(CURLOPT_CAINFO, roots.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
}

void Transfer::set_secret(CURLoption option, const SecretBytes& secret) {
  const SecretBytes text = zero_ended(secret);
  set(option, reinterpret_cast<const char*>(text.reveal().data()));
}

void Transfer::perform() {
  if (const CURLcode code = try_to(); code != CURLE_OK) fail(code);
}

CURLcode Transfer::try_to() {
  said_.front() = '\0';
  return curl_easy_perform(handle_.get());
}

void Transfer::fail(CURLcode code, std::string_view answer) const {
  const char* const said = said_.front() == '\0' ? curl_easy_strerror(code) : said_.data();
  const Errc errc = errc_of(code);
  if (answer.empty()) throw Error{errc, fmt::format("{}: {}", what_, one_line(said))};
  throw Error{errc == Errc::policy ? errc : Errc::not_taken, fmt::format("{}: answers \"{}\"", what_, one_line(answer))};
}

void Transfer::check(CURLcode code) const {
  if (code != CURLE_OK) fail(code);
}

}  // namespace spaceca::notify
