// Mail that arrives, or does not: with Debian's aiosmtpd, read by Python's email package.
#include <spaceca/mail_notifier.h>

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <spaceca/error.h>

#include "notify/peer.h"
#include "support/postgres.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

namespace {

const std::string kPassword = "correct horse";

const PeerFiles& files() {
  static const PeerFiles kFiles;
  return kFiles;
}

// A server with a certificate for localhost.
class MailServer final {
 public:
  explicit MailServer(const Words& more = {"--tls", "implicit"}, const PeerFiles& its = files())
      : peer_("mail_server.py", arguments(more, its)) {}

  [[nodiscard]] MailNotifierOptions options(MailTls tls = MailTls::implicit) const {
    return {.host = "localhost",
            .tls = tls,
            .port = peer_.port(),
            .from = "ca@acme.example",
            .roots = files().roots(),
            .patience = std::chrono::seconds{60}};
  }
  [[nodiscard]] Json mail(int number = 1) const {
    return Json::parse(answer_of("read_mail.py", {(folder_.path() / (std::to_string(number) + ".eml")).string()}));
  }
  [[nodiscard]] Json envelope(int number = 1) const {
    return Json::parse(read_file(folder_.path() / (std::to_string(number) + ".json")));
  }
  [[nodiscard]] std::string octets() const { return read_file(folder_.path() / "1.eml"); }
  [[nodiscard]] std::string log() const { return read_file(folder_.path() / "log"); }
  [[nodiscard]] bool has_mail(int number = 1) const {
    return std::filesystem::exists(folder_.path() / (std::to_string(number) + ".eml"));
  }

 private:
  [[nodiscard]] Words arguments(const Words& more, const PeerFiles& its) const {
    Words all{folder_.path().string(), "--certificate", its.certificate(), "--key", its.key()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  TemporaryFolder folder_;
  Peer peer_;
};

MailNotifierOptions with_password(MailNotifierOptions options, const std::string& password = kPassword) {
  options.user = "ca";
  options.password = SecretBytes{std::string_view{password}};
  return options;
}

}  // namespace

TEST_CASE("mail arrives by TLS, by STARTTLS, and on this machine without", "[notify]") {
  auto [word, tls] = GENERATE(
      table<std::string, MailTls>({{"implicit", MailTls::implicit}, {"starttls", MailTls::starttls}, {"none", MailTls::none}}));
  INFO(word);
  const MailServer server{{"--tls", word}};
  mail_notifier(server.options(tls))->deliver(renewal());
  const Json envelope = server.envelope();
  CHECK(envelope["from"] == "ca@acme.example");
  CHECK(envelope["to"] == Words{"owner@example.com", "second@example.org"});
  CHECK(envelope["tls"] == (tls != MailTls::none));
  CHECK_FALSE(server.has_mail(2));
}

TEST_CASE("a password is given by AUTH, behind TLS", "[notify]") {
  auto [word, tls] = GENERATE(table<std::string, MailTls>({{"implicit", MailTls::implicit}, {"starttls", MailTls::starttls}}));
  const MailServer server{{"--tls", word, "--user", "ca", "--password", kPassword}};
  mail_notifier(with_password(server.options(tls)))->deliver(renewal());
  CHECK(server.envelope()["user"] == "ca");
  CHECK(server.envelope()["tls"] == true);
}

TEST_CASE("a mail is read as it was meant: header, text and page", "[notify]") {
  const MailServer server;
  const Notice notice = renewal();
  mail_notifier(server.options())->deliver(notice);
  const Json mail = server.mail();
  CHECK(mail["defects"] == Json::array());
  CHECK(mail["headers"]["from"] == "ca@acme.example");
  CHECK(mail["to"] == Words{"owner@example.com", "second@example.org"});
  CHECK(mail["headers"]["subject"] == "A new client certificate of role app for sales is ready; the old one ends in 30 days");
  CHECK(mail["date"] == "2026-11-24T10:00:00+00:00");
  CHECK(mail["headers"]["message-id"] == "<0193a7c2-1f00-7abc-8def-000000000001@acme.example>");
  CHECK(mail["headers"]["auto-submitted"] == "auto-generated");
  CHECK(mail["headers"]["mime-version"] == "1.0");
  CHECK(mail["type"] == "multipart/alternative");
  CHECK(mail["longest_line"] < 100);  // libcurl's own, with the boundary
  CHECK(mail["bare_line_feeds"] == 0);
  CHECK(mail["ascii"] == true);

  const Message message = message_of(notice);
  REQUIRE(mail["parts"].size() == 2);
  CHECK(mail["parts"][0]["type"] == "text/plain");
  CHECK(mail["parts"][0]["charset"] == "utf-8");
  CHECK(mail["parts"][0]["text"] == message.text);
  CHECK(mail["parts"][1]["type"] == "text/html");
  CHECK(mail["parts"][1]["charset"] == "utf-8");
  CHECK(mail["parts"][1]["text"] == message.html);
  Words names = mail["names"];
  std::ranges::sort(names);
  CHECK(names == Words{"Auto-Submitted", "Content-Type", "Date", "From", "Message-ID", "Mime-Version", "Subject", "To"});
}

TEST_CASE("a role in any letters arrives as it is written", "[notify]") {
  const MailServer server;
  const std::string role = "r\xC3\xB4le \xE6\xBC\xA2\xE5\xAD\x97 <b>. \xF0\x9F\x90\x98";
  mail_notifier(server.options())->deliver(renewal(role));
  const Json mail = server.mail();
  CHECK(mail["defects"] == Json::array());
  CHECK(mail["ascii"] == true);
  CHECK(mail["headers"]["subject"] ==
        "A new client certificate of role " + role + " for sales is ready; the old one ends in 30 days");
  CHECK_THAT(mail["parts"][0]["text"].get<std::string>(), ContainsSubstring("role             " + role + "\n"));
}

TEST_CASE("a notice that is sent again has the same Message-ID, and the date of that day", "[notify]") {
  const MailServer server;
  const auto notifier = mail_notifier(server.options());
  Notice notice = renewal();
  notifier->deliver(notice);
  notice.told_at = instant("2026-11-25T10:00:00Z");
  notifier->deliver(notice);
  CHECK(server.mail(1)["headers"]["message-id"] == server.mail(2)["headers"]["message-id"]);
  CHECK(server.mail(2)["date"] == "2026-11-25T10:00:00+00:00");
}

TEST_CASE("many contacts stand in one header, and each gets the mail once", "[notify]") {
  const MailServer server;
  Notice notice = renewal();
  notice.contacts.clear();
  for (int i = 0; i < 20; ++i) {
    notice.contacts.push_back(fmt::format("{}{}@{}.example", std::string(50, 'a'), i, std::string(60, 'b')));
  }
  mail_notifier(server.options())->deliver(notice);
  CHECK(server.mail()["to"] == notice.contacts);
  CHECK(server.envelope()["to"] == notice.contacts);
}

TEST_CASE("where a database has no contact, the operators are told, or nobody and that is an error", "[notify]") {
  const MailServer server;
  Notice notice = renewal();
  notice.contacts.clear();
  const Refusal refusal = refusal_of(*mail_notifier(server.options()), notice);
  CHECK(static_cast<int>(refusal.code) == static_cast<int>(Errc::policy));
  CHECK(refusal.text == "database \"sales\": has no contact, so there is nobody to send mail to");
  MailNotifierOptions options = server.options();
  options.otherwise_to = {"ops@acme.example"};
  mail_notifier(std::move(options))->deliver(notice);
  CHECK(server.envelope()["to"] == Words{"ops@acme.example"});
  CHECK(server.mail()["to"] == Words{"ops@acme.example"});
}

// --- what must not go out ---

TEST_CASE("without STARTTLS nothing is sent, neither mail nor password", "[notify]") {
  const MailServer server{{"--tls", "none", "--user", "ca", "--password", kPassword}};
  const Refusal refusal = refusal_of(*mail_notifier(with_password(server.options(MailTls::starttls))));
  CHECK(static_cast<int>(refusal.code) == static_cast<int>(Errc::policy));
  CHECK_THAT(refusal.text, ContainsSubstring("mail server localhost:") && ContainsSubstring("STARTTLS"));
  CHECK(server.log() == "connected\n");
}

TEST_CASE("a server that is not proved to be the one that was named is sent nothing", "[notify]") {
  static const PeerFiles kOther{"other.example"};
  const bool other_host = GENERATE(true, false);
  auto [word, tls] = GENERATE(table<std::string, MailTls>({{"implicit", MailTls::implicit}, {"starttls", MailTls::starttls}}));
  const PeerFiles stranger;  // for localhost, of another root
  const MailServer server{{"--tls", word}, other_host ? kOther : stranger};
  MailNotifierOptions options = server.options(tls);
  if (other_host) options.roots = kOther.roots();
  const Refusal refusal = refusal_of(*mail_notifier(std::move(options)));
  CHECK(static_cast<int>(refusal.code) == static_cast<int>(Errc::policy));
  CHECK_THAT(refusal.text, ContainsSubstring("certificate"));
  CHECK_THAT(server.log(), !ContainsSubstring("MAIL"));
}

TEST_CASE("the system's roots do not help where others are named", "[notify]") {
  const MailServer server;
  MailNotifierOptions options = server.options();
  options.roots = "/nonexistent/roots.pem";
  CHECK(static_cast<int>(refusal_of(*mail_notifier(std::move(options))).code) == static_cast<int>(Errc::not_found));
}

TEST_CASE("a contact that would add a command, a header or a parameter is refused, and nothing is sent", "[notify]") {
  const std::string contact =
      GENERATE("owner@example.com\r\nBcc: victim@example.org", "owner@example.com>\r\nRCPT TO:<victim@example.org",
               "owner@example.com, victim@example.org", "owner@example.com\n.\nQUIT", "a\r\nSubject: x\r\n\r\nbody@example.com",
               "owner@example.com> SIZE=1", "\"x\"@example.com", "\xC3\xB6@example.com");
  INFO(contact);
  const MailServer server;
  Notice notice = renewal();
  notice.contacts.push_back(contact);
  const Refusal refusal = refusal_of(*mail_notifier(server.options()), notice);
  CHECK(static_cast<int>(refusal.code) == static_cast<int>(Errc::invalid_argument));
  CHECK_THAT(refusal.text, ContainsSubstring("is no mail address that can be written to") && !ContainsSubstring("\n"));
  CHECK_FALSE(server.has_mail());
}

TEST_CASE("a notice whose id is no UUID does not get into a header", "[notify]") {
  const MailServer server;
  Notice notice = renewal();
  notice.id = "x>\r\nBcc: victim@example.org\r\nX-Y: <z";
  CHECK(static_cast<int>(refusal_of(*mail_notifier(server.options()), notice).code) == static_cast<int>(Errc::invalid_argument));
  CHECK_FALSE(server.has_mail());
}

// --- what the server does not take ---

TEST_CASE("a wrong password is refused, and no error holds one", "[notify]") {
  const MailServer server{{"--tls", "implicit", "--user", "ca", "--password", kPassword, "--echo-password"}};
  const Refusal refusal = refusal_of(*mail_notifier(with_password(server.options(), "wrong battery")));
  CHECK(static_cast<int>(refusal.code) == static_cast<int>(Errc::permission));
  CHECK_THAT(refusal.text, ContainsSubstring("mail server localhost:") && !ContainsSubstring("battery"));
  CHECK_THAT(server.log(), ContainsSubstring("AUTH") && !ContainsSubstring("MAIL"));
}

TEST_CASE("a message that is refused, for now or for good, is an error with the server's words", "[notify]") {
  const std::string answer = GENERATE("451 4.3.0 try again later", "554 5.7.1 looks like spam", "452 4.2.2 mailbox full");
  const MailServer server{{"--tls", "implicit", "--message", answer}};
  const Refusal refusal = refusal_of(*mail_notifier(server.options()));
  CHECK(static_cast<int>(refusal.code) == static_cast<int>(Errc::not_taken));
  CHECK_THAT(refusal.text, ContainsSubstring("answers \"" + answer + "\""));
}

TEST_CASE("a contact that is refused for good keeps no other from the mail, and somebody is warned", "[notify]") {
  const MailServer server{{"--tls", "implicit", "--recipient", "second@example.org=550 5.1.1 no such mailbox"}};
  Words warnings;
  MailNotifierOptions options = server.options();
  options.warn = [&warnings](const std::string& line) { warnings.push_back(line); };
  mail_notifier(std::move(options))->deliver(renewal());
  CHECK(server.envelope()["to"] == Words{"owner@example.com"});
  CHECK_FALSE(server.has_mail(2));
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], ContainsSubstring("refuses second@example.org, a contact of sales: 550 5.1.1 no such mailbox"));
}

TEST_CASE("a contact that is refused for now makes all wait, so that nobody gets it twice", "[notify]") {
  const MailServer server{{"--tls", "implicit", "--recipient", "second@example.org=450 4.2.0 greylisted"}};
  const Refusal refusal = refusal_of(*mail_notifier(server.options()));
  CHECK(static_cast<int>(refusal.code) == static_cast<int>(Errc::not_taken));
  CHECK_THAT(refusal.text, ContainsSubstring("450 4.2.0 greylisted"));
  CHECK_FALSE(server.has_mail());
}

TEST_CASE("where every contact is refused for good nothing is delivered", "[notify]") {
  const MailServer server{{"--tls", "implicit", "--recipient", "second@example.org=550 5.1.1 unknown", "--recipient",
                           "owner@example.com=551 5.1.1 moved away"}};
  const Refusal refusal = refusal_of(*mail_notifier(server.options()));
  CHECK(static_cast<int>(refusal.code) == static_cast<int>(Errc::not_taken));
  CHECK_FALSE(server.has_mail());
}

// --- servers that are not there ---

TEST_CASE("a server that is down, breaks off, or says nothing in time is unreachable", "[notify]") {
  struct Gone {
    Words how;
    MailTls tls;
  };
  const auto gone = GENERATE(
      Gone{{"--tls", "none", "--reset", "greeting"}, MailTls::none}, Gone{{"--tls", "none", "--reset", "data"}, MailTls::none},
      Gone{{"--tls", "implicit", "--reset", "data"}, MailTls::implicit}, Gone{{"--tls", "none", "--mute"}, MailTls::none},
      Gone{{"--tls", "starttls", "--mute"}, MailTls::starttls}, Gone{{"--tls", "implicit", "--mute"}, MailTls::implicit});
  const MailServer server{gone.how};
  MailNotifierOptions options = server.options(gone.tls);
  options.patience = std::chrono::seconds{gone.how.back() == "--mute" ? 1 : 60};
  const Refusal refusal = refusal_of(*mail_notifier(std::move(options)));
  INFO(refusal.text);
  CHECK(static_cast<int>(refusal.code) == static_cast<int>(Errc::unreachable));
  CHECK_FALSE(server.has_mail());
}

TEST_CASE("a port where nobody listens is unreachable", "[notify]") {
  MailNotifierOptions options{.host = "localhost", .tls = MailTls::starttls, .from = "ca@acme.example"};
  options.port = static_cast<std::uint16_t>(free_port());
  const Refusal refusal = refusal_of(*mail_notifier(std::move(options)));
  CHECK(static_cast<int>(refusal.code) == static_cast<int>(Errc::unreachable));
}
