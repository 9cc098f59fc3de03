// The Notifier that sends mail. The component "notify": link spaceca::notify.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/export.h>
#include <spaceca/notifier.h>

namespace spaceca {

enum class MailTls {
  implicit,  // from the first octet on (RFC 8314 3.3); port 465
  starttls,  // begun by STARTTLS; a server that does not offer it is sent nothing. Port 587
  none,      // only to this machine, and without a password. Port 25
};

struct MailNotifierOptions {
  std::string host;  // a DNS name or an address, which its certificate must hold
  MailTls tls = MailTls::implicit;
  std::uint16_t port = 0;     // 0: that of `tls`
  std::string user = {};      // empty: no AUTH
  SecretBytes password = {};  // for the best way of AUTH that the server offers
  std::string from;           // the sender's mail address
  // Who is told where a database has no contacts. Without any, such a notice is not delivered.
  std::vector<std::string> otherwise_to = {};
  std::filesystem::path roots = {};   // PEM, to verify the server by; otherwise the system's
  std::chrono::seconds patience{30};  // for one notice as a whole, and as long again to part; 1 to 120
  // Told what did not keep the others from their mail: a contact that the server refuses for good. Throws nothing.
  std::function<void(const std::string&)> warn = {};
};

// One message for all contacts of the database: multipart/alternative, text and HTML, with a Message-ID that is the notice's, so
// that it is the same each time. A contact that is refused for good (5xx) is left out, if others are taken; one that is refused for
// now (4xx) makes all wait. No proxy is used, and libcurl keeps the password in memory that it does not wipe.
//
// Errc::invalid_argument for options that cannot be right, policy for a password or a foreign host without TLS. Delivering fails
// with unreachable (no connection, or the time is up), policy (no TLS, or not verified; no contact), permission (the server refuses
// the password), not_taken (it refuses the message), invalid_argument (a contact is no mail address). No error holds the password.
[[nodiscard]] SPACECA_EXPORT std::unique_ptr<Notifier> mail_notifier(MailNotifierOptions options);

}  // namespace spaceca
