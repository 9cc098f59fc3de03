#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>
#include <spaceca/mail_notifier.h>
#include <spaceca/webhook_notifier.h>

#include "failure.h"
#include "notifying.h"
#include "secrets.h"
#include "settings.h"

using namespace spaceca;

namespace {

constexpr unsigned kPatience = 30;

Failure wrong(const std::string& name, const std::string& why) {
  return Failure{Exit::usage, "invalid_argument", fmt::format("{}: {}", name, why)};
}

std::string needed(const Settings& settings, const std::string& section, const std::string& key) {
  std::string value = settings.text(section, key);
  if (value.empty()) throw wrong(Settings::name(section, key), "is needed, and is not there");
  return value;
}

MailTls tls_of(const Settings& settings) {
  constexpr std::array kWords{std::pair{std::string_view{"implicit"}, MailTls::implicit},
                              std::pair{std::string_view{"starttls"}, MailTls::starttls},
                              std::pair{std::string_view{"none"}, MailTls::none}};
  const std::string said = settings.text("mail", "tls");
  if (said.empty()) return MailTls::implicit;
  for (const auto& [word, tls] : kWords) {
    if (word == said) return tls;
  }
  throw wrong("[mail] tls", fmt::format("\"{}\" is none of implicit, starttls, none", said));
}

std::uint16_t port_of(const Settings& settings) {
  const unsigned port = settings.number("mail", "port", 0);
  if (port > 65535) throw wrong("[mail] port", fmt::format("{} is more than 65535", port));
  return static_cast<std::uint16_t>(port);
}

std::unique_ptr<Notifier> mail(const Settings& settings, const Session& session) {
  MailNotifierOptions options{.host = needed(settings, "mail", "host"),
                              .tls = tls_of(settings),
                              .port = port_of(settings),
                              .user = settings.text("mail", "user"),
                              .from = needed(settings, "mail", "from"),
                              .otherwise_to = settings.list("mail", "otherwise-to"),
                              .roots = settings.path("mail", "roots-file"),
                              .patience = std::chrono::seconds{settings.number("mail", "patience", kPatience)},
                              .warn = [&session](const std::string& line) { session.note("warning: " + line); }};
  if (const auto file = settings.path("mail", "password-file"); !file.empty()) options.password = read_secret_line(file.string());
  return mail_notifier(std::move(options));
}

SecretBytes webhook_url(const Settings& settings) {
  const auto file = settings.path("webhook", "url-file");
  const std::string url = settings.text("webhook", "url");
  if (file.empty() == url.empty()) throw wrong("[webhook]", "url or url-file is needed, one of them");
  return file.empty() ? SecretBytes{url} : read_secret_line(file.string());
}

std::unique_ptr<Notifier> webhook(const Settings& settings) {
  needed(settings, "webhook", "key-file");
  return webhook_notifier({.url = webhook_url(settings),
                           .key = read_secret_line(settings.path("webhook", "key-file").string()),
                           .roots = settings.path("webhook", "roots-file"),
                           .patience = std::chrono::seconds{settings.number("webhook", "patience", kPatience)}});
}

}  // namespace

std::unique_ptr<Notifier> configured_notifier(const Session& session) {
  const Settings settings = Settings::read();
  const std::filesystem::path folder =
      session.arguments.notices.empty() ? settings.path("notices", "folder") : std::filesystem::path{session.arguments.notices};
  std::vector<Channel> channels;
  if (!folder.empty()) channels.push_back({"folder", folder_notifier(folder)});
  if (settings.has("mail")) channels.push_back({"mail", mail(settings, session)});
  if (settings.has("webhook")) channels.push_back({"webhook", webhook(settings)});
  return channels.empty() ? nullptr : notifier_of(std::move(channels));
}
