#include <array>
#include <utility>

#include <fmt/format.h>

#include <spaceca/notifier.h>

#include "notify/letter.h"

namespace spaceca {
namespace {

using notify::Commands;
using notify::Fields;
using notify::Letter;
using notify::Paragraph;

constexpr std::array kKinds{
    std::pair{NoticeKind::renewed, std::string_view{"renewed"}},
    std::pair{NoticeKind::awaiting_request, std::string_view{"awaiting_request"}},
    std::pair{NoticeKind::reminder, std::string_view{"reminder"}},
    std::pair{NoticeKind::downloaded, std::string_view{"downloaded"}},
    std::pair{NoticeKind::roots_changed, std::string_view{"roots_changed"}},
};

// --- the words ---

std::string utc(Instant instant) { return text_of(instant) + " UTC"; }

// When the certificate that clients have now ends.
Instant deadline(const Notice& notice) { return notice.predecessor_ends.value_or(notice.not_after); }

std::string when(const Notice& notice) {
  const long days = days_left(notice);
  if (days < 0) return "has ended";
  if (days == 0) return "ends in less than a day";
  return fmt::format("ends in {} day{}", days, days == 1 ? "" : "s");
}

std::string of_whom(const Notice& notice) { return fmt::format("role {} for {}", notice.role.text(), notice.database.text()); }

std::string days_text(const Notice& notice) {
  const long days = days_left(notice);
  return days < 0 ? "none" : fmt::to_string(days);
}

// --- what to type ---

Commands fetching(const Notice& notice) {
  return {{fmt::format("spaceca data:mtls:certificates:download {} -a {} --space {} --id {} --prefix new_ --dir .",
                       notice.database.text(), notice.app.text(), notice.space.text(), notice.certificate.text())}};
}

Commands handing_in(const Notice& notice) {
  return {{fmt::format("spaceca data:mtls:certificates:renew {} -a {} --space {} --id {} --csr REQUEST.pem", notice.database.text(),
                       notice.app.text(), notice.space.text(), notice.certificate.text())}};
}

Commands switching(const Notice& notice) {
  Commands commands{{"export PGSSLCERT=$PWD/new_postgresql.crt"}};
  if (notice.key_is_kept) commands.lines.emplace_back("export PGSSLKEY=$PWD/new_postgresql.key");
  commands.lines.emplace_back("export PGSSLROOTCERT=$PWD/new_root.crt");
  return commands;
}

Commands checking() {
  return {{"openssl x509 -in new_postgresql.crt -noout -serial -enddate",
           "psql -c 'SELECT client_serial FROM pg_stat_ssl WHERE pid = pg_backend_pid()'"}};
}

// --- the letters ---

Fields about(const Notice& notice) {
  Fields fields{{"database", notice.database.text()},
                {"app", notice.app.text()},
                {"space", notice.space.text()},
                {"role", notice.role.text()}};
  if (notice.predecessor && notice.predecessor_serial) {
    fields.emplace_back("old certificate", notice.predecessor->text());
    fields.emplace_back("old serial", notice.predecessor_serial->hex());
    fields.emplace_back("old ends", utc(deadline(notice)));
    fields.emplace_back("days left", days_text(notice));
    fields.emplace_back("new certificate", notice.certificate.text());
    fields.emplace_back("new serial", notice.serial.hex());
    fields.emplace_back("new ends", utc(notice.not_after));
    return fields;
  }
  fields.emplace_back("certificate", notice.certificate.text());
  fields.emplace_back("serial", notice.serial.hex());
  fields.emplace_back("ends", utc(notice.not_after));
  fields.emplace_back("days left", days_text(notice));
  return fields;
}

Message message(std::string subject, const Letter& letter) {
  return {std::move(subject), notify::text_of(letter), notify::html_of(letter)};
}

// How to go from the old one to the new one.
void add_switch(Letter& letter, const Notice& notice) {
  letter.emplace_back(Paragraph{"Fetch it; the command prints the lines for psql and JDBC:"});
  letter.emplace_back(fetching(notice));
  letter.emplace_back(
      Paragraph{notice.key_is_kept ? "Have your clients use it, in their own settings or by the environment, and restart them:"
                                   : "Have your clients use it, in their own settings or by the environment, and restart them. The "
                                     "private key is the one that you have; it stays as it is:"});
  letter.emplace_back(switching(notice));
  letter.emplace_back(Paragraph{fmt::format("Check it: the file's serial is {}, and a new connection shows the same number as {}:",
                                            notice.serial.hex(), notice.serial.decimal())});
  letter.emplace_back(checking());
}

Message renewed(const Notice& notice) {
  Letter letter{Paragraph{fmt::format("The client certificate of {} {}, on {}. A new one is ready; until then both are good.",
                                      of_whom(notice), when(notice), utc(deadline(notice)))}};
  add_switch(letter, notice);
  letter.emplace_back(about(notice));
  return message(fmt::format("A new client certificate of {} is ready; the old one {}", of_whom(notice), when(notice)), letter);
}

Message awaiting_request(const Notice& notice) {
  const Letter letter{Paragraph{fmt::format(
                          "The client certificate of {} {}, on {}. Its key is not kept here and was certified twice, so a new one "
                          "cannot be made without you.",
                          of_whom(notice), when(notice), utc(deadline(notice)))},
                      Paragraph{"Make a new key and a certificate request, and hand that in before that day:"}, handing_in(notice),
                      about(notice)};
  return message(fmt::format("The client certificate of {} needs a new request; it {}", of_whom(notice), when(notice)), letter);
}

Message reminder(const Notice& notice) {
  const std::string subject = fmt::format("Reminder: the client certificate of {} {}", of_whom(notice), when(notice));
  if (!notice.predecessor) {
    return message(
        subject, {Paragraph{fmt::format("The client certificate of {} {}, on {}, and no request for a new one has come. Its key is "
                                        "not kept here and was certified twice, so a new one cannot be made without you.",
                                        of_whom(notice), when(notice), utc(deadline(notice)))},
                  Paragraph{"Make a new key and a certificate request, and hand that in:"}, handing_in(notice), about(notice)});
  }
  Letter letter{Paragraph{
      fmt::format("The client certificate of {} {}, on {}, and as far as is known here it is still in use: its successor is "
                  "ready and was not fetched. Whoever has not switched by then is not let in.",
                  of_whom(notice), when(notice), utc(deadline(notice)))}};
  add_switch(letter, notice);
  letter.emplace_back(about(notice));
  return message(subject, letter);
}

Message downloaded(const Notice& notice) {
  const Letter letter{
      Paragraph{fmt::format("The private key of the client certificate of {} was downloaded. If that was not you or "
                            "one of yours, revoke it.",
                            of_whom(notice))},
      about(notice)};
  return message(fmt::format("The client key of {} was downloaded", of_whom(notice)), letter);
}

Message roots_changed(const Notice& notice) {
  const Letter letter{
      Paragraph{fmt::format("The space {} gets a new root certificate. Your copy of root.crt for {} does not hold it yet; once the "
                            "server's certificate is of that root, clients without it cannot verify the server.",
                            notice.space.text(), notice.database.text())},
      Paragraph{"Fetch the files again, and have your clients use new_root.crt in place of the old one:"}, fetching(notice),
      about(notice)};
  return message(fmt::format("The trusted roots of {} change: fetch them for {}", notice.space.text(), of_whom(notice)), letter);
}

}  // namespace

Notifier::~Notifier() = default;

std::string_view text_of(NoticeKind kind) {
  for (const auto& [value, word] : kKinds) {
    if (value == kind) return word;
  }
  return {};
}

long days_left(const Notice& notice) {
  return static_cast<long>(std::chrono::floor<std::chrono::days>(deadline(notice) - notice.told_at).count());
}

Message message_of(const Notice& notice) {
  switch (notice.kind) {
    case NoticeKind::renewed: return renewed(notice);
    case NoticeKind::awaiting_request: return awaiting_request(notice);
    case NoticeKind::reminder: return reminder(notice);
    case NoticeKind::downloaded: return downloaded(notice);
    case NoticeKind::roots_changed: break;
  }
  return roots_changed(notice);
}

}  // namespace spaceca
