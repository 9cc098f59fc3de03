#include <spaceca/mail_notifier.h>

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>
#include <spaceca/names.h>

#include "base/mail_address.h"
#include "base/printable.h"
#include "notify/mail_header.h"
#include "notify/smtp_talk.h"
#include "notify/transfer.h"

namespace spaceca {
namespace {

using notify::Patience;
using notify::SlistPtr;
using notify::SmtpTalk;
using notify::Transfer;

std::uint16_t port_of(MailTls tls) {
  switch (tls) {
    case MailTls::implicit: return 465;
    case MailTls::starttls: return 587;
    case MailTls::none: break;
  }
  return 25;
}

bool is_this_machine(const HostName& host) {
  switch (host.kind()) {
    case HostName::Kind::dns: return host.text() == "localhost";  // libcurl resolves that to loopback, whatever resolvers say
    case HostName::Kind::ipv4: return host.text().starts_with("127.");
    case HostName::Kind::ipv6: break;
  }
  return host.text() == "::1";
}

[[noreturn]] void refuse(Errc code, std::string_view why) { throw Error{code, fmt::format("mail: {}", why)}; }

void check(const MailNotifierOptions& options) {
  const auto is_text = [](std::string_view text) { return is_printable_ascii(bytes_of(text)); };
  if (options.user.empty() != options.password.empty()) refuse(Errc::invalid_argument, "a user and a password go together");
  if (!is_text(options.user)) refuse(Errc::invalid_argument, "the user holds what is not printable ASCII");
  const std::string_view password = text_of(options.password.reveal());
  if (password.find('\0') != std::string_view::npos) refuse(Errc::invalid_argument, "the password holds a zero octet");
  if (!is_mail_address(options.from)) {
    refuse(Errc::invalid_argument,
           fmt::format("the sender \"{}\" is no mail address, such as ca@example.org", printable(options.from)));
  }
  for (const std::string& address : options.otherwise_to) {
    if (!is_mail_address(address)) {
      refuse(Errc::invalid_argument, fmt::format("\"{}\" is no mail address, such as ops@example.org", printable(address)));
    }
  }
  Patience::check(options.patience, "mail");
  const HostName host{options.host};
  if (options.tls != MailTls::none) return;
  if (!options.user.empty()) refuse(Errc::policy, "a password goes to nobody without TLS");
  if (!is_this_machine(host)) {
    refuse(Errc::policy, fmt::format("server {}: is not this machine, so mail goes there with TLS alone", host.text()));
  }
}

struct MimeFree {
  void operator()(curl_mime* mime) const noexcept { curl_mime_free(mime); }
};
using MimePtr = std::unique_ptr<curl_mime, MimeFree>;

// Line ends as mail has them: libcurl would encode bare line feeds as characters.
std::string with_crlf(std::string_view text) {
  std::string lines;
  for (const char c : text) {
    if (c == '\n') lines += '\r';
    lines += c;
  }
  return lines;
}

void add_part(curl_mime* mime, std::string_view text, const char* type) {
  curl_mimepart* const part = curl_mime_addpart(mime);
  const std::string lines = with_crlf(text);
  if (part == nullptr || curl_mime_data(part, lines.data(), lines.size()) != CURLE_OK || curl_mime_type(part, type) != CURLE_OK ||
      curl_mime_encoder(part, "quoted-printable") != CURLE_OK) {
    throw std::bad_alloc{};
  }
}

class MailNotifier final : public Notifier {
 public:
  explicit MailNotifier(MailNotifierOptions options)
      : options_(std::move(options)),
        host_(options_.host),
        server_(fmt::format("{}:{}", host_.kind() == HostName::Kind::ipv6 ? fmt::format("[{}]", host_.text()) : host_.text(),
                            options_.port == 0 ? port_of(options_.tls) : options_.port)) {}

  void deliver(const Notice& notice) override {
    const Patience patience{options_.patience};
    std::vector<std::string> recipients = recipients_of(notice);
    std::vector<std::string> refusals;
    while (const auto refused = send(notice, recipients, patience)) {
      std::erase(recipients, refused->recipient);
      refusals.push_back(fmt::format("mail server {}: refuses {}, a contact of {}: {}", server_, refused->recipient,
                                     notice.database.text(), printable(refused->answer)));
    }
    if (!options_.warn) return;
    for (const std::string& refusal : refusals) options_.warn(refusal);
  }

 private:
  [[nodiscard]] std::vector<std::string> recipients_of(const Notice& notice) const {
    const std::vector<std::string>& contacts = notice.contacts.empty() ? options_.otherwise_to : notice.contacts;
    if (contacts.empty()) {
      throw Error{Errc::policy,
                  fmt::format("database \"{}\": has no contact, so there is nobody to send mail to", notice.database.text())};
    }
    std::vector<std::string> recipients;
    for (const std::string& contact : contacts) {
      if (!is_mail_address(contact)) {
        throw Error{Errc::invalid_argument, fmt::format("database \"{}\": contact \"{}\" is no mail address that can be written to",
                                                        notice.database.text(), printable(contact))};
      }
      if (std::ranges::find(recipients, contact) == recipients.end()) recipients.push_back(contact);
    }
    return recipients;
  }

  [[nodiscard]] SlistPtr header_of(const Notice& notice, const Message& message) const {
    const std::vector<std::string>& contacts = notice.contacts.empty() ? options_.otherwise_to : notice.contacts;
    const std::string id = CertificateId{notice.id}.text();  // a UUID, or refused
    SlistPtr header;
    notify::add(header, fmt::format("Date: {}", notify::mail_date(notice.told_at)));
    notify::add(header, notify::address_field("From", {options_.from}));
    notify::add(header, notify::address_field("To", contacts));
    notify::add(header, fmt::format("Message-ID: <{}@{}>", id, options_.from.substr(options_.from.rfind('@') + 1)));
    notify::add(header, notify::text_field("Subject", message.subject));
    notify::add(header, "Auto-Submitted: auto-generated");  // RFC 3834: nobody's holiday is answered to us
    notify::add(header, "Content-Type: multipart/alternative");
    return header;
  }

  // Nothing if it was taken. A recipient who is refused for good, unless he is the last: then nobody was sent anything.
  [[nodiscard]] std::optional<SmtpTalk::Refusal> send(const Notice& notice, const std::vector<std::string>& recipients,
                                                      const Patience& patience) const {
    const Message message = message_of(notice);
    const SlistPtr header = header_of(notice, message);
    SlistPtr envelope;
    for (const std::string& recipient : recipients) notify::add(envelope, fmt::format("<{}>", recipient));

    const bool implicit = options_.tls == MailTls::implicit;
    SmtpTalk talk;
    Transfer transfer{fmt::format("mail server {}", server_), implicit ? "smtps" : "smtp", options_.roots, patience};
    const MimePtr mime{curl_mime_init(transfer.handle())};
    if (!mime) throw std::bad_alloc{};
    // The last is the one to show (RFC 2046 5.1.4).
    add_part(mime.get(), message.text, "text/plain; charset=utf-8");
    add_part(mime.get(), message.html, "text/html; charset=utf-8");

    transfer.set(CURLOPT_URL, fmt::format("{}://{}", implicit ? "smtps" : "smtp", server_).c_str());
    transfer.set(CURLOPT_USE_SSL, static_cast<long>(options_.tls == MailTls::none ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    if (!options_.user.empty()) {
      transfer.set(CURLOPT_USERNAME, options_.user.c_str());
      transfer.set_secret(CURLOPT_PASSWORD, options_.password);
    }
    transfer.set(CURLOPT_MAIL_FROM, fmt::format("<{}>", options_.from).c_str());
    transfer.set(CURLOPT_MAIL_RCPT, envelope.get());
    transfer.set(CURLOPT_HTTPHEADER, header.get());
    transfer.set(CURLOPT_MIMEPOST, mime.get());
    talk.listen_to(transfer);

    const CURLcode code = transfer.try_to();
    if (code == CURLE_OK) return std::nullopt;
    if (auto refused = talk.refusal(); refused && refused->is_for_good && recipients.size() > 1) return refused;
    transfer.fail(code, talk.refusing_answer());
  }

  MailNotifierOptions options_;
  HostName host_;
  std::string server_;
};

}  // namespace

std::unique_ptr<Notifier> mail_notifier(MailNotifierOptions options) {
  check(options);
  return std::make_unique<MailNotifier>(std::move(options));
}

}  // namespace spaceca
