#include "base/mail_address.h"

#include "support/text.h"

using namespace spaceca;

TEST_CASE("a plain mail address is taken", "[notify]") {
  const std::string address =
      GENERATE("owner@example.org", "a@b", "first.last+tag@db.acme.example", "o'neill@example.org", "ops@localhost",
               "0123456789012345678901234567890123456789012345678901234567890123@example.org", "A@EXAMPLE.ORG");
  INFO(address);
  CHECK(is_mail_address(address));
}

TEST_CASE("what could end a command or a header field, or is no mailbox everywhere, is no mail address", "[notify]") {
  using namespace std::string_literals;
  const std::string address = GENERATE(
      ""s, "@"s, "owner"s, "owner@"s, "@example.org"s, "a@b@c"s, "owner@example.org\r\nBcc: x@example.org"s, "owner@example.org\n"s,
      "a\r\nRCPT TO:<x@y>@example.org"s, "owner@example.org>"s, "<owner@example.org>"s, "a,b@example.org"s, "a;b@example.org"s,
      "a b@example.org"s, "\"a b\"@example.org"s, "a(x)@example.org"s, "a@example.org SIZE=1"s, "a\0@example.org"s,
      "owner@example.org\0"s, ".a@example.org"s, "a.@example.org"s, "a..b@example.org"s, "a@[127.0.0.1]"s, "a@127.0.0.1"s,
      "a@-x.org"s, "a@x..org"s, "\xC3\xB6@example.org"s, "a@ex\xC3\xB6mple.org"s, "a\x7F@example.org"s,
      "01234567890123456789012345678901234567890123456789012345678901234@example.org"s,
      "a@" + std::string(63, 'b') + '.' + std::string(63, 'b') + '.' + std::string(63, 'b') + '.' + std::string(61, 'b'));
  INFO(address);
  CHECK_FALSE(is_mail_address(address));
}
