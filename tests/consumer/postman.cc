// A user's program that sends mail: postman PORT says whether a mail server of this machine is there.
#include <cstdlib>
#include <iostream>

#include <spaceca/error.h>
#include <spaceca/mail_notifier.h>

int main(int, char** arguments) {
  const auto notifier = spaceca::mail_notifier({.host = "127.0.0.1",
                                                .tls = spaceca::MailTls::none,
                                                .port = static_cast<std::uint16_t>(std::atoi(arguments[1])),
                                                .from = "ca@example.org"});
  try {
    notifier->deliver({.id = "61acf66f-0000-4000-8000-000000000000",
                       .kind = spaceca::NoticeKind::downloaded,
                       .created_at = {},
                       .told_at = {},
                       .space = spaceca::SpaceName{"acme"},
                       .database = spaceca::DatabaseName{"orders"},
                       .app = spaceca::AppName{"shop"},
                       .contacts = {"owner@example.org"},
                       .role = spaceca::RoleName{"app"},
                       .certificate = spaceca::CertificateId{"61acf66f-0000-4000-8000-000000000001"},
                       .serial = spaceca::Serial{"01AB"},
                       .not_after = {}});
    std::cout << "delivered\n";
  } catch (const spaceca::Error& error) {
    std::cout << (error.code() == spaceca::Errc::unreachable ? "not there" : error.what()) << '\n';
  }
}
