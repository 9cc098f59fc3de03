#include "notify/mail_header.h"

#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using notify::address_field;
using notify::mail_date;
using notify::text_field;

TEST_CASE("a date is written as mail has it, in UTC", "[notify]") {
  // Expected: date -u -R -d TIME.
  auto [time, written] = GENERATE(table<std::string, std::string>({
      {"2026-11-24T10:00:00Z", "Tue, 24 Nov 2026 10:00:00 +0000"},
      {"2028-02-29T23:59:59Z", "Tue, 29 Feb 2028 23:59:59 +0000"},
      {"2027-01-03T00:00:00Z", "Sun, 03 Jan 2027 00:00:00 +0000"},
      {"2026-08-01T07:08:09Z", "Sat, 01 Aug 2026 07:08:09 +0000"},
  }));
  CHECK(mail_date(instant(time)) == written);
}

TEST_CASE("printable ASCII stands as it is, folded at blanks before the seventy-eighth column", "[notify]") {
  CHECK(text_field("Subject", "two words") == "Subject: two words");
  CHECK(text_field("Subject", "") == "Subject:");
  CHECK(text_field("Subject", "two  blanks ") == "Subject: two  blanks ");
  CHECK(text_field("Subject", std::string(40, 'a') + ' ' + std::string(40, 'b')) ==
        "Subject: " + std::string(40, 'a') + "\r\n " + std::string(40, 'b'));
  CHECK(text_field("Subject", std::string(100, 'a')) == "Subject: " + std::string(100, 'a'));
}

TEST_CASE("everything else becomes encoded words of whole characters, at most 75 columns each", "[notify]") {
  CHECK(text_field("Subject", "r\xC3\xB4le a-z") == "Subject: =?UTF-8?Q?r=C3=B4le_a=2Dz?=");
  CHECK(text_field("Subject", "=?UTF-8?Q?x?=") == "Subject: =?UTF-8?Q?=3D=3FUTF=2D8=3FQ=3Fx=3F=3D?=");
  std::string kanji;
  for (int i = 0; i < 13; ++i) kanji += "\xE6\xBC\xA2";
  const std::string word = "=E6=BC=A2";
  const std::string six = word + word + word + word + word + word;
  CHECK(text_field("Subject", kanji) ==
        "Subject: =?UTF-8?Q?" + six + "?=\r\n =?UTF-8?Q?" + six + "?=\r\n =?UTF-8?Q?" + word + "?=");
}

TEST_CASE("a line end in a value does not end its field", "[notify]") {
  CHECK(text_field("Subject", "x\r\nBcc: y@example.org") == "Subject: =?UTF-8?Q?x=0D=0ABcc=3A_y=40example=2Eorg?=");
  CHECK(text_field("Subject", "x\n\nbody") == "Subject: =?UTF-8?Q?x=0A=0Abody?=");
  CHECK(text_field("Subject", std::string{"x\0y", 3}) == "Subject: =?UTF-8?Q?x=00y?=");
  CHECK(text_field("Subject", "x\xFFy") == "Subject: =?UTF-8?Q?x=FFy?=");
}

TEST_CASE("addresses stand a line each", "[notify]") {
  CHECK(address_field("To", {"a@example.org"}) == "To: a@example.org");
  CHECK(address_field("To", {"a@example.org", "b@example.org"}) == "To: a@example.org,\r\n b@example.org");
}
