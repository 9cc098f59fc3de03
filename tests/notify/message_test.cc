// What notices say, to people.
#include <spaceca/notifier.h>

#include "notify/peer.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("the letter about a renewal says what ends when, and how to fetch the new one, switch and check", "[notify]") {
  const Message message = message_of(renewal());
  CHECK(message.subject == "A new client certificate of role app for sales is ready; the old one ends in 30 days");
  CHECK(message.text ==
        "The client certificate of role app for sales ends in 30 days, on 2026-12-24 10:00:01 UTC. A new one is ready; until then "
        "both "
        "are good.\n"
        "\n"
        "Fetch it; the command prints the lines for psql and JDBC:\n"
        "\n"
        "    spaceca data:mtls:certificates:download sales -a shop --space acme --id 0193a7c2-1f00-7abc-8def-0000000000b2 --prefix "
        "new_ "
        "--dir .\n"
        "\n"
        "Have your clients use it, in their own settings or by the environment, and restart them:\n"
        "\n"
        "    export PGSSLCERT=$PWD/new_postgresql.crt\n"
        "    export PGSSLKEY=$PWD/new_postgresql.key\n"
        "    export PGSSLROOTCERT=$PWD/new_root.crt\n"
        "\n"
        "Check it: the file's serial is 0B0000000000000000000000000000B2, and a new connection shows the same number as "
        "14621507953634074601941877663083790514:\n"
        "\n"
        "    openssl x509 -in new_postgresql.crt -noout -serial -enddate\n"
        "    psql -c 'SELECT client_serial FROM pg_stat_ssl WHERE pid = pg_backend_pid()'\n"
        "\n"
        "database         sales\n"
        "app              shop\n"
        "space            acme\n"
        "role             app\n"
        "old certificate  0193a7c2-1f00-7abc-8def-0000000000a1\n"
        "old serial       0A0000000000000000000000000000A1\n"
        "old ends         2026-12-24 10:00:01 UTC\n"
        "days left        30\n"
        "new certificate  0193a7c2-1f00-7abc-8def-0000000000b2\n"
        "new serial       0B0000000000000000000000000000B2\n"
        "new ends         2027-12-24 09:00:00 UTC\n");
}

TEST_CASE("days that are left count down to the second of the end", "[notify]") {
  auto [told, days, words] = GENERATE(table<std::string, long, std::string>({
      {"2026-12-22T10:00:01Z", 2, "ends in 2 days"},
      {"2026-12-22T10:00:02Z", 1, "ends in 1 day,"},
      {"2026-12-23T10:00:01Z", 1, "ends in 1 day,"},
      {"2026-12-23T10:00:02Z", 0, "ends in less than a day"},
      {"2026-12-24T10:00:01Z", 0, "ends in less than a day"},
      {"2026-12-24T10:00:02Z", -1, "has ended, on 2026-12-24 10:00:01 UTC"},
  }));
  Notice notice = renewal();
  notice.told_at = instant(told);
  CHECK(days_left(notice) == days);
  CHECK_THAT(message_of(notice).text, ContainsSubstring("The client certificate of role app for sales " + words));
}

TEST_CASE("who keeps his own key is told that it stays", "[notify]") {
  Notice notice = renewal();
  notice.key_is_kept = false;
  CHECK_THAT(message_of(notice).text,
             ContainsSubstring("The private key is the one that you have; it stays as it is:\n\n    export "
                               "PGSSLCERT=$PWD/new_postgresql.crt\n    export PGSSLROOTCERT="));
}

TEST_CASE("a reminder says that the old one is still in use, and from when on it is not let in", "[notify]") {
  Notice notice = renewal();
  notice.kind = NoticeKind::reminder;
  const Message message = message_of(notice);
  CHECK(message.subject == "Reminder: the client certificate of role app for sales ends in 30 days");
  CHECK_THAT(message.text,
             ContainsSubstring("its successor is ready and was not fetched. Whoever has not switched by then is not let in.") &&
                 ContainsSubstring("certificates:download sales") && ContainsSubstring("old serial"));
}

TEST_CASE("a reminder of a request says how to hand it in", "[notify]") {
  Notice notice = renewal();
  notice.kind = GENERATE(NoticeKind::reminder, NoticeKind::awaiting_request);
  notice.predecessor.reset();
  notice.predecessor_serial.reset();
  notice.predecessor_ends.reset();
  notice.told_at = instant("2027-12-23T08:00:00Z");
  const Message message = message_of(notice);
  CHECK_THAT(message.text, ContainsSubstring("ends in 1 day, on 2027-12-24 09:00:00 UTC") &&
                               ContainsSubstring("    spaceca data:mtls:certificates:renew sales -a shop --space acme --id "
                                                 "0193a7c2-1f00-7abc-8def-0000000000b2 --csr REQUEST.pem\n") &&
                               ContainsSubstring("\nserial       0B0000000000000000000000000000B2\n"));
}

TEST_CASE("every kind of notice has its words, its subject and both forms", "[notify]") {
  auto [kind, word, subject] = GENERATE(table<NoticeKind, std::string, std::string>({
      {NoticeKind::renewed, "renewed", "A new client certificate of role app for sales is ready; the old one ends in 30 days"},
      {NoticeKind::awaiting_request, "awaiting_request",
       "The client certificate of role app for sales needs a new request; it ends in 30 days"},
      {NoticeKind::reminder, "reminder", "Reminder: the client certificate of role app for sales ends in 30 days"},
      {NoticeKind::downloaded, "downloaded", "The client key of role app for sales was downloaded"},
      {NoticeKind::roots_changed, "roots_changed", "The trusted roots of acme change: fetch them for role app for sales"},
  }));
  Notice notice = renewal();
  notice.kind = kind;
  CHECK(text_of(kind) == word);
  const Message message = message_of(notice);
  CHECK(message.subject == subject);
  for (const std::string& form : {message.text, message.html}) {
    CHECK_THAT(form, ContainsSubstring("0B0000000000000000000000000000B2") && ContainsSubstring("2027-12-24 09:00:00 UTC"));
  }
}

TEST_CASE("a name is text in the page, never a tag", "[notify]") {
  const Message message = message_of(renewal("<img src=x onerror='a()'>&\"b\""));
  CHECK_THAT(message.html, ContainsSubstring("<td>&lt;img src=x onerror=&#39;a()&#39;&gt;&amp;&quot;b&quot;</td>"));
  CHECK_THAT(message.html, !ContainsSubstring("<img"));
  CHECK_THAT(message.text, ContainsSubstring("role             <img src=x onerror='a()'>&\"b\"\n"));
}

TEST_CASE("the page is whole, and fetches nothing", "[notify]") {
  const std::string html = message_of(renewal()).html;
  CHECK_THAT(html, Catch::Matchers::StartsWith(
                       "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"></head>\n<body>\n<p>The "
                       "client certificate of role app for sales ends in 30 days"));
  CHECK_THAT(html,
             Catch::Matchers::EndsWith("<tr><th align=\"left\" scope=\"row\">new ends</th><td>2027-12-24 09:00:00 UTC</td></tr>\n"
                                       "</table>\n</body>\n</html>\n"));
  CHECK_THAT(html, !ContainsSubstring("http:") && !ContainsSubstring("https:") && !ContainsSubstring("src=") &&
                       !ContainsSubstring("href="));
}
