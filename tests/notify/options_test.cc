// What senders refuse before there is anything to send.
#include <functional>

#include <spaceca/mail_notifier.h>
#include <spaceca/webhook_notifier.h>

#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

MailNotifierOptions mail() { return {.host = "mail.example.org", .from = "ca@example.org"}; }

SecretBytes secret(const std::string& text) { return SecretBytes{std::string_view{text}}; }

WebhookNotifierOptions webhook(const std::string& url = "https://hooks.example.org/ca?token=s3cret", std::size_t key = 32) {
  return {.url = secret(url), .key = secret(std::string(key, 'k'))};
}

}  // namespace

TEST_CASE("mail is not sent with options that cannot be right", "[notify]") {
  struct Bad {
    std::function<void(MailNotifierOptions&)> spoil;
    Errc code;
    std::string text;
  };
  const std::vector<Bad> all{
      {[](auto& o) { o.host = ""; }, Errc::invalid_argument, "host"},
      {[](auto& o) { o.host = "mail.example.org\r\nX"; }, Errc::invalid_argument, "host"},
      {[](auto& o) { o.host = "mail.example.org/x"; }, Errc::invalid_argument, "host"},
      {[](auto& o) { o.host = "user@mail.example.org"; }, Errc::invalid_argument, "host"},
      {[](auto& o) { o.from = ""; }, Errc::invalid_argument, "sender"},
      {[](auto& o) { o.from = "ca@example.org\r\nBcc: x@example.org"; }, Errc::invalid_argument, "ca@example.org\\x0D\\x0ABcc"},
      {[](auto& o) { o.from = "CA <ca@example.org>"; }, Errc::invalid_argument, "sender"},
      {[](auto& o) { o.otherwise_to = {"ops"}; }, Errc::invalid_argument, "\"ops\" is no mail address"},
      {[](auto& o) { o.user = "ca"; }, Errc::invalid_argument, "go together"},
      {[](auto& o) { o.password = secret("s3cret"); }, Errc::invalid_argument, "go together"},
      {[](auto& o) { o.user = "ca\r\nX", o.password = secret("s3cret"); }, Errc::invalid_argument, "user"},
      {[](auto& o) {
         o.user = "ca", o.password = secret(std::string{"a\0b", 3});
       },
       Errc::invalid_argument, "zero octet"},
      {[](auto& o) { o.patience = std::chrono::seconds{0}; }, Errc::invalid_argument, "1 to 120"},
      {[](auto& o) { o.patience = std::chrono::seconds{121}; }, Errc::invalid_argument, "1 to 120"},
      {[](auto& o) { o.tls = MailTls::none; }, Errc::policy, "with TLS alone"},
      {[](auto& o) { o.tls = MailTls::none, o.host = "10.0.0.7"; }, Errc::policy, "with TLS alone"},
      {[](auto& o) { o.tls = MailTls::none, o.host = "127.0.0.1.example.org"; }, Errc::policy, "with TLS alone"},
      {[](auto& o) { o.tls = MailTls::none, o.host = "localhost", o.user = "ca", o.password = secret("s3cret"); }, Errc::policy,
       "a password goes to nobody without TLS"},
  };
  for (const Bad& bad : all) {
    MailNotifierOptions options = mail();
    bad.spoil(options);
    INFO(bad.text);
    check_refused([&] { return mail_notifier(std::move(options)); }, bad.code, bad.text);
  }
  CHECK(mail_notifier(mail()) != nullptr);
  for (const char* const host : {"localhost", "127.0.0.1", "127.1.2.3", "::1"}) {
    INFO(host);
    MailNotifierOptions options = mail();
    options.host = host;
    options.tls = MailTls::none;
    CHECK(mail_notifier(std::move(options)) != nullptr);
  }
}

TEST_CASE("a webhook is an https URL and a key of 32 octets, and a refusal quotes neither", "[notify]") {
  auto [url, text] = GENERATE(table<std::string, std::string>({
      {"", "https://"},
      {"http://hooks.example.org/ca?token=s3cret", "https://"},
      {"file:///etc/s3cret", "https://"},
      {"HTTPS://hooks.example.org/s3cret", "https://"},
      {"https://", "of the form"},
      {"https://user:s3cret@hooks.example.org/", "has a user in it"},
      {"https://hooks.example.org/s3cret\r\nX: y", "blank"},
      {"https://hooks.example.org/s3cret x", "blank"},
      {"https://hooks.example.org:99999/s3cret", "of the form"},
  }));
  INFO(url);
  try {
    static_cast<void>(webhook_notifier(webhook(url)));
    FAIL("was not refused");
  } catch (const Error& error) {
    CHECK(static_cast<int>(error.code()) == static_cast<int>(Errc::invalid_argument));
    CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring(text) && !Catch::Matchers::ContainsSubstring("s3cret"));
  }
}

TEST_CASE("a webhook's key is no shorter than its digest", "[notify]") {
  check_refused([] { return webhook_notifier(webhook("https://hooks.example.org/", 31)); }, Errc::invalid_argument,
                "its key has 31 octets; 32 or more would do");
  CHECK(webhook_notifier(webhook()) != nullptr);
  WebhookNotifierOptions hasty = webhook();
  hasty.patience = std::chrono::seconds{121};
  check_refused([&] { return webhook_notifier(std::move(hasty)); }, Errc::invalid_argument, "1 to 120");
}
