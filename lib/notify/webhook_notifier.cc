#include <spaceca/webhook_notifier.h>

#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "notify/transfer.h"
#include "notify/webhook_body.h"

namespace spaceca {
namespace {

using notify::Patience;
using notify::SlistPtr;
using notify::Transfer;

constexpr std::size_t kShortestKey = 32;  // the length of the digest (RFC 2104 3)

[[noreturn]] void refuse(std::string_view why) { throw Error{Errc::invalid_argument, fmt::format("webhook: {}", why)}; }

struct UrlFree {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};
struct CurlFree {
  void operator()(char* text) const noexcept { curl_free(text); }
};

// "hooks.example.org", or with the port that it names. Refuses all but https://, in a text that quotes nothing of it.
std::string host_of(const SecretBytes& url) {
  constexpr std::string_view kScheme = "https://";
  const std::string_view text = text_of(url.reveal());
  if (!text.starts_with(kScheme)) refuse("its URL does not begin with https://");
  if (!is_printable_ascii(url.reveal()) || text.find(' ') != std::string_view::npos) {
    refuse("its URL holds a blank or what is not printable ASCII");
  }
  const std::unique_ptr<CURLU, UrlFree> parser{curl_url()};
  if (!parser) throw std::bad_alloc{};
  const SecretBytes ended = notify::zero_ended(url);
  const auto part = [&parser](CURLUPart which) {
    char* value = nullptr;
    static_cast<void>(curl_url_get(parser.get(), which, &value, 0));
    const std::unique_ptr<char, CurlFree> owned{value};
    return value == nullptr ? std::string{} : std::string{value};
  };
  const auto* const octets = reinterpret_cast<const char*>(ended.reveal().data());
  if (curl_url_set(parser.get(), CURLUPART_URL, octets, CURLU_DISALLOW_USER) != CURLUE_OK) {
    refuse("its URL is not of the form https://HOST[:PORT]/PATH, or has a user in it");
  }
  const std::string port = part(CURLUPART_PORT);
  return part(CURLUPART_HOST) + (port.empty() ? "" : ":" + port);
}

// What is answered says nothing that would change anything.
std::size_t drop(char*, std::size_t size, std::size_t count, void*) noexcept { return size * count; }

class WebhookNotifier final : public Notifier {
 public:
  explicit WebhookNotifier(WebhookNotifierOptions options)
      : options_(std::move(options)), what_(fmt::format("webhook at {}", host_of(options_.url))) {
    if (options_.key.size() < kShortestKey) {
      refuse(fmt::format("its key has {} octets; {} or more would do", options_.key.size(), kShortestKey));
    }
    Patience::check(options_.patience, "webhook");
  }

  void deliver(const Notice& notice) override {
    const std::string body = notify::webhook_body(notice);
    SlistPtr header;
    notify::add(header, "Content-Type: application/json");
    notify::add(header, "User-Agent: spaceca");
    notify::add(header, "Expect:");  // no round trip before so small a body
    notify::add(header, "Spaceca-Signature: " + notify::webhook_signature(options_.key, notice.told_at, body));

    Transfer transfer{what_, "https", options_.roots, Patience{options_.patience}};
    transfer.set_secret(CURLOPT_URL, options_.url);
    transfer.set(CURLOPT_HTTPHEADER, header.get());
    transfer.set(CURLOPT_POSTFIELDS, body.c_str());
    transfer.set(CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    transfer.set(CURLOPT_WRITEFUNCTION, &drop);
    transfer.perform();

    long status = 0;
    curl_easy_getinfo(transfer.handle(), CURLINFO_RESPONSE_CODE, &status);
    if (status / 100 != 2) throw Error{Errc::not_taken, fmt::format("{}: answers {}, not 2xx", what_, status)};
  }

 private:
  WebhookNotifierOptions options_;
  std::string what_;
};

}  // namespace

std::unique_ptr<Notifier> webhook_notifier(WebhookNotifierOptions options) {
  return std::make_unique<WebhookNotifier>(std::move(options));
}

}  // namespace spaceca
