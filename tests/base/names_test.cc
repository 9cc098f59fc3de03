#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <spaceca/names.h>

#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using namespace std::string_literals;

namespace {

std::string times(std::size_t n, std::string_view text) {
  std::string all;
  for (std::size_t i = 0; i < n; ++i) all += text;
  return all;
}

// labels({63, 61}): two labels of that many letters, with the dot between.
std::string labels(const std::vector<std::size_t>& sizes) {
  std::string name;
  for (const std::size_t size : sizes) name += (name.empty() ? "" : ".") + std::string(size, 'a');
  return name;
}

template <class Name, class... Rest>
void check_name_refused(const std::string& text, const std::string& why, Rest... rest) {
  INFO(text);
  check_refused([&] { return Name{text, rest...}; }, Errc::invalid_argument, why);
}

}  // namespace

// One kind of name does not pass for another, and no text becomes a name unseen.
static_assert(!std::is_constructible_v<DatabaseName, SpaceName>);
static_assert(!std::is_constructible_v<SpaceName, DatabaseName>);
static_assert(!std::is_constructible_v<RoleName, HostName>);
static_assert(!std::is_convertible_v<std::string_view, SpaceName>);
static_assert(!std::is_convertible_v<std::string_view, DatabaseName>);
static_assert(!std::is_convertible_v<std::string_view, HostName>);
static_assert(!std::is_convertible_v<std::string_view, RoleName>);
static_assert(!std::is_convertible_v<std::string_view, CertificateId>);

// ---------------------------------------------------------------- spaces and databases

TEST_CASE("a space or database name is one to 63 of a-z, 0-9 and the hyphen, starting with a letter", "[names]") {
  const auto text = GENERATE("a"s, "z9"s, "a-b"s, "a--b"s, "a0-0"s, "postgresql-rectangle-12345"s, "acme-eu"s, std::string(63, 'a'),
                             "a" + std::string(61, '-') + "z");
  INFO(text);
  CHECK(SpaceName{text}.text() == text);
  CHECK(DatabaseName{text}.text() == text);
}

TEST_CASE("any other space or database name is refused with the reason", "[names]") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"", "is empty; give 1 to 63 of a-z, 0-9 and the hyphen"},
      {std::string(64, 'a'), "has 64 characters, the most is 63"},
      {"Acme", "must start with one of a-z"},
      {"1acme", "must start with one of a-z"},
      {"-acme", "must start with one of a-z"},
      {"_acme", "must start with one of a-z"},
      {" acme", "must start with one of a-z"},
      {"äcme", "must start with one of a-z"},
      {"../acme", "must start with one of a-z"},
      {"-", "must start with one of a-z"},
      {"acme-", "must not end with a hyphen"},
      {"a-", "must not end with a hyphen"},
      {"acMe", "may hold only a-z, 0-9 and the hyphen"},
      {"ac_me", "may hold only a-z, 0-9 and the hyphen"},
      {"ac.me", "may hold only a-z, 0-9 and the hyphen"},
      {"ac me", "may hold only a-z, 0-9 and the hyphen"},
      {"acme ", "may hold only a-z, 0-9 and the hyphen"},
      {"acme\n", "may hold only a-z, 0-9 and the hyphen"},
      {"ac/me", "may hold only a-z, 0-9 and the hyphen"},
      {"ac\\me", "may hold only a-z, 0-9 and the hyphen"},
      {"ac'me", "may hold only a-z, 0-9 and the hyphen"},
      {"ac\"me", "may hold only a-z, 0-9 and the hyphen"},
      {"acmé", "may hold only a-z, 0-9 and the hyphen"},
      {"acme\0"s, "may hold only a-z, 0-9 and the hyphen"},
      {"acme\0eu"s, "may hold only a-z, 0-9 and the hyphen"},
  }));
  check_name_refused<SpaceName>(text, why);
  check_name_refused<DatabaseName>(text, why);
}

TEST_CASE("a refused name says which kind of name it is and quotes it", "[names]") {
  check_name_refused<SpaceName>("ac_me", "space name \"ac_me\": ");
  check_name_refused<DatabaseName>("ac_me", "database name \"ac_me\": ");
  check_name_refused<HostName>("ac_me", "host name \"ac_me\": ");
  check_name_refused<RoleName>("ac\nme", "role name \"ac\\x0Ame\": ");
  check_name_refused<CertificateId>("ac_me", "certificate id \"ac_me\": ");
}

TEST_CASE("a refused name reaches nobody's terminal: control characters, quotes and backslashes are escaped, a long one is cut",
          "[names]") {
  check_name_refused<SpaceName>("a\x1B[2J\r\n\"\\\x7Fé", "\"a\\x1B[2J\\x0D\\x0A\\x22\\x5C\\x7F\\xC3\\xA9\"");
  check_name_refused<SpaceName>(std::string(10000, 'a'), "space name \"" + std::string(80, 'a') + "...\": has 10000 characters");
}

TEST_CASE("names are ordered by their text", "[names]") {
  CHECK(SpaceName{"acme"} == SpaceName{"acme"});
  CHECK(SpaceName{"acme"} < SpaceName{"acme-eu"});
  CHECK(DatabaseName{"b"} > DatabaseName{"a"});
  CHECK(RoleName{"B"} < RoleName{"a"});
}

// ---------------------------------------------------------------- hosts: DNS names

TEST_CASE("a host name is kept in lower case", "[names][host]") {
  const auto [given, kept] = GENERATE(table<std::string, std::string>({
      {"db.acme.example", "db.acme.example"},
      {"DB.Acme.EXAMPLE", "db.acme.example"},
      {"localhost", "localhost"},
      {"a", "a"},
      {"db-1.acme.example", "db-1.acme.example"},
      {"1st.example", "1st.example"},  // RFC 1123 2.1: the first character may be a digit
      {"123.example", "123.example"},
      {"a--b.example", "a--b.example"},
      {"1.2.3.example", "1.2.3.example"},
      {"1.2.3.4.example", "1.2.3.4.example"},
      {"db.example.x1", "db.example.x1"},
      {"xn--bcher-kva.example", "xn--bcher-kva.example"},  // an A-label: bücher.example
      {"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
      {"db.xn--p1ai", "db.xn--p1ai"},
  }));
  const HostName host{given};
  CHECK(host.text() == kept);
  CHECK(host.kind() == HostName::Kind::dns);
}

TEST_CASE("a label of 63 characters and a name of 253 stay, one more is refused", "[names][host]") {
  CHECK(HostName{labels({63, 7})}.text().size() == 71);
  CHECK(HostName{labels({63, 63, 63, 61})}.text().size() == 253);
  CHECK(HostName{"*." + labels({63, 63, 63, 59}), Wildcard::allowed}.text().size() == 253);

  check_name_refused<HostName>(labels({64, 7}), "has a label of 64 characters, the most is 63");
  check_name_refused<HostName>(labels({7, 64}), "has a label of 64 characters, the most is 63");
  check_name_refused<HostName>(labels({63, 63, 63, 62}), "has 254 characters, the most is 253");
  check_name_refused<HostName>("*." + labels({63, 63, 63, 60}), "has 254 characters, the most is 253", Wildcard::allowed);
}

TEST_CASE("what is no DNS name is refused with the reason", "[names][host]") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"", "is empty"},
      {"db.example.", "ends with a dot; leave it out"},
      {".", "ends with a dot; leave it out"},
      {".example", "has an empty label"},
      {"db..example", "has an empty label"},
      {"-db.example", "starts or ends with a hyphen"},
      {"db-.example", "starts or ends with a hyphen"},
      {"db.-example", "starts or ends with a hyphen"},
      {"db.example-", "starts or ends with a hyphen"},
      {"-", "starts or ends with a hyphen"},
      {"db_1.example", "may hold only letters, digits, hyphens and dots"},
      {"_postgresql._tcp.example", "may hold only letters, digits, hyphens and dots"},
      {"db example", "may hold only letters, digits, hyphens and dots"},
      {" db.example", "may hold only letters, digits, hyphens and dots"},
      {"db.example ", "may hold only letters, digits, hyphens and dots"},
      {"db.example\n", "may hold only letters, digits, hyphens and dots"},
      {"db/example", "may hold only letters, digits, hyphens and dots"},
      {"/var/run/postgresql", "may hold only letters, digits, hyphens and dots"},
      {"user@db.example", "may hold only letters, digits, hyphens and dots"},
      {"db,example", "may hold only letters, digits, hyphens and dots"},
      {"db\x7F.example", "may hold only letters, digits, hyphens and dots"},
      {"db.example\0.evil.example"s, "holds a NUL"},
      {"db.example\0"s, "holds a NUL"},
      {"\0"s, "holds a NUL"},
      {"db.example:5432", "is not an IPv6 address, and a name has no colon"},
      {"https://db.example", "is not an IPv6 address, and a name has no colon"},
      {"DNS:db.example", "is not an IPv6 address, and a name has no colon"},
      {"[db.example]", "may hold only letters, digits, hyphens and dots"},
  }));
  check_name_refused<HostName>(text, why);
}

TEST_CASE("a U-label is refused, and the error asks for the form that starts with xn--", "[names][host]") {
  const auto text = GENERATE("bücher.example"s, "db.рф"s, "データ.example"s,
                             "db\u3002example"s,    // with the ideographic full stop
                             "b\374cher.example"s,  // in Latin-1
                             "db\u00AD.example"s);  // a soft hyphen
  check_name_refused<HostName>(text, "give the form that starts with xn-- (A-labels, RFC 5890)");
}

TEST_CASE("a name whose last label has only digits is refused, for a reader could take it for an address", "[names][host]") {
  const auto text = GENERATE("1"s, "127.1"s, "2130706433"s, "1.2.3"s, "1.2.3.4.5"s, "0127.0.0.1"s, "db.example.1"s, "0x7f.1"s);
  check_name_refused<HostName>(text, "is neither an IPv4 address nor a name: its last label has only digits");
}

// ---------------------------------------------------------------- hosts: wildcards

TEST_CASE("a wildcard stands for the whole left-most label of three or more, where it is allowed", "[names][host]") {
  const auto [given, kept] = GENERATE(table<std::string, std::string>({
      {"*.acme.example", "*.acme.example"},
      {"*.DB.Acme.Example", "*.db.acme.example"},
      {"*.xn--bcher-kva.example", "*.xn--bcher-kva.example"},
      {"db.acme.example", "db.acme.example"},  // allowed, not asked for
  }));
  const HostName host{given, Wildcard::allowed};
  CHECK(host.text() == kept);
  CHECK(host.kind() == HostName::Kind::dns);
  CHECK(text_of(host.octets()) == kept);
}

TEST_CASE("a wildcard is refused unless it is allowed", "[names][host]") {
  check_name_refused<HostName>("*.acme.example", "a wildcard is not allowed here; name the host");
}

TEST_CASE("a wildcard in another place is refused even where wildcards are allowed", "[names][host]") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"*", "a wildcard must be the whole left-most label, as in *.example.com"},
      {"db*.acme.example", "a wildcard must be the whole left-most label"},
      {"*db.acme.example", "a wildcard must be the whole left-most label"},
      {"d*b.acme.example", "a wildcard must be the whole left-most label"},
      {"db.*.example", "a wildcard must be the whole left-most label"},
      {"db.acme.*", "a wildcard must be the whole left-most label"},
      {"**.acme.example", "a wildcard must be the whole left-most label"},
      {"*.*.example", "a wildcard must be the whole left-most label"},
      {"xn--*.acme.example", "a wildcard must be the whole left-most label"},
      {"*.example", "a wildcard needs two labels or more after it"},
      {"*.com", "a wildcard needs two labels or more after it"},
      {"*.", "ends with a dot"},
      {"*..example", "has an empty label"},
      {"*.acme.example.", "ends with a dot"},
      {"*.0.0.1", "its last label has only digits"},
      {"*.127.0.0.1", "its last label has only digits"},
  }));
  check_name_refused<HostName>(text, why, Wildcard::allowed);
}

// ---------------------------------------------------------------- hosts: addresses

TEST_CASE("an IPv4 address is four decimal numbers", "[names][host]") {
  const auto [text, octets] = GENERATE(table<std::string, std::string>({
      {"127.0.0.1", "7f000001"},
      {"0.0.0.0", "00000000"},
      {"255.255.255.255", "ffffffff"},
      {"192.0.2.33", "c0000221"},
  }));
  const HostName host{text};
  CHECK(host.text() == text);
  CHECK(host.kind() == HostName::Kind::ipv4);
  CHECK(hex(host.octets()) == octets);
}

TEST_CASE("what only resembles an IPv4 address is refused", "[names][host]") {
  const auto text = GENERATE("256.0.0.1"s, "1.2.3.256"s, "1.2.3.999"s, "01.2.3.4"s, "1.2.3.04"s, "1.2.3.00"s, "1.2.3"s,
                             "1.2.3.4.5"s, "1..2.3"s, ".1.2.3"s, "1.2.3.4."s, " 1.2.3.4"s, "1.2.3.4 "s, "1.2.3.4\n"s, "+1.2.3.4"s,
                             "1.2.3.-4"s, "1.2.3.4/32"s, "1.2.3.4:5432"s, "[1.2.3.4]"s, "1.2.3.4\0"s, "\uFF11.2.3.4"s);
  check_name_refused<HostName>(text, "host name \"");
}

TEST_CASE("an IPv6 address is kept in its canonical text (RFC 5952)", "[names][host]") {
  const auto [given, kept, octets] = GENERATE(table<std::string, std::string, std::string>({
      {"::1", "::1", "00000000000000000000000000000001"},
      {"::", "::", "00000000000000000000000000000000"},
      {"0:0:0:0:0:0:0:1", "::1", "00000000000000000000000000000001"},
      {"2001:DB8::1", "2001:db8::1", "20010db8000000000000000000000001"},
      {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1", "20010db8000000000000000000000001"},
      {"2001:db8::aaaa:0:0:1", "2001:db8::aaaa:0:0:1", "20010db800000000aaaa000000000001"},  // the first of two equal runs
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", "20010db8000000000001000000000001"},
      {"1:0:0:2:0:0:0:3", "1:0:0:2::3", "00010000000000020000000000000003"},                // the longest run
      {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1", "20010db8000000010001000100010001"},  // one group is no run
      {"fe80::", "fe80::", "fe800000000000000000000000000000"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221", "0064ff9b0000000000000000c0000221"},
  }));
  const HostName host{given};
  CHECK(host.text() == kept);
  CHECK(host.kind() == HostName::Kind::ipv6);
  CHECK(hex(host.octets()) == octets);
}

TEST_CASE("what is no IPv6 address, or one that means nothing elsewhere, is refused with the reason", "[names][host]") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"[::1]", "an IPv6 address goes without brackets here"},
      {"[::1]:5432", "an IPv6 address goes without brackets here"},
      {"[2001:db8::1", "an IPv6 address goes without brackets here"},
      {"fe80::1%eth0", "an address with a zone has no meaning elsewhere; leave it out"},
      {"fe80::1%", "an address with a zone has no meaning elsewhere; leave it out"},
      {"fe80::1%25eth0", "an address with a zone has no meaning elsewhere; leave it out"},
      {"::ffff:192.0.2.1", "is an IPv4 address in IPv6 clothes; give the IPv4 address"},
      {"::FFFF:c000:201", "is an IPv4 address in IPv6 clothes; give the IPv4 address"},
      {"0:0:0:0:0:ffff:1.2.3.4", "is an IPv4 address in IPv6 clothes; give the IPv4 address"},
      {":", "is not an IPv6 address"},
      {":::", "is not an IPv6 address"},
      {"::1::", "is not an IPv6 address"},
      {"1::2::3", "is not an IPv6 address"},
      {":1", "is not an IPv6 address"},
      {"1:", "is not an IPv6 address"},
      {"1:2:3:4:5:6:7", "is not an IPv6 address"},
      {"1:2:3:4:5:6:7:8:9", "is not an IPv6 address"},
      {"1:2:3:4:5:6:7:8:", "is not an IPv6 address"},
      {"12345::", "is not an IPv6 address"},
      {"::g", "is not an IPv6 address"},
      {"::1.2.3", "is not an IPv6 address"},
      {"::1.2.3.256", "is not an IPv6 address"},
      {"::01.2.3.4", "is not an IPv6 address"},
      {"1.2.3.4::", "is not an IPv6 address"},
      {"2001:db8::1/64", "is not an IPv6 address"},
      {"::1 ", "is not an IPv6 address"},
      {" ::1", "is not an IPv6 address"},
      {"::1]", "is not an IPv6 address"},
      {"*:1", "is not an IPv6 address"},
      {"::1\0"s, "holds a NUL"},
  }));
  check_name_refused<HostName>(text, why);
}

TEST_CASE("the octets of a DNS name are its characters in lower case", "[names][host]") {
  CHECK(text_of(HostName{"DB.Acme.Example"}.octets()) == "db.acme.example");
}

TEST_CASE("the octets of a host live as long as the host itself, copied or moved", "[names][host]") {
  std::vector<HostName> hosts;
  {
    const HostName name{"a-name-too-long-to-lie-within-the-string.example"};
    const HostName address{"2001:db8::1"};
    hosts.push_back(name);
    hosts.push_back(address);
    hosts.push_back(HostName{"x.example"});
  }
  const std::vector<HostName> moved = std::move(hosts);
  CHECK(text_of(moved[0].octets()) == "a-name-too-long-to-lie-within-the-string.example");
  CHECK(hex(moved[1].octets()) == "20010db8000000000000000000000001");
  CHECK(text_of(moved[2].octets()) == "x.example");
}

TEST_CASE("hosts are equal if they are the same once folded", "[names][host]") {
  CHECK(HostName{"DB.example"} == HostName{"db.EXAMPLE"});
  CHECK(HostName{"2001:DB8:0::1"} == HostName{"2001:db8::1"});
  CHECK(HostName{"::127.0.0.1"} == HostName{"::7f00:1"});
  CHECK(HostName{"*.acme.example", Wildcard::allowed} == HostName{"*.ACME.example", Wildcard::allowed});
  CHECK_FALSE(HostName{"db.example"} == HostName{"db1.example"});
  CHECK_FALSE(HostName{"127.0.0.1"} == HostName{"127.0.0.2"});
  CHECK_FALSE(HostName{"127.0.0.1"} == HostName{"::127.0.0.1"});
  CHECK_FALSE(HostName{"*.acme.example", Wildcard::allowed} == HostName{"db.acme.example"});
}

// ---------------------------------------------------------------- roles

TEST_CASE("a role keeps every character that PostgreSQL takes and that shows, and its case", "[names][role]") {
  const auto text =
      GENERATE("app"s, "App"s, "my role"s, " lead"s, "trail "s, "o'brien"s, "say \"hi\""s, "a/b"s, "back\\slash"s, "a,b+c=d"s,
               "#1"s, "<>;"s, "all"s, "postgres"s, "12"s, "~!@$%^&*()[]{}|?`.:-_"s, "Müller"s, "用户"s, "🐘"s,
               "e\u0301"s);  // e with a combining accent
  CHECK(RoleName{text}.text() == text);
}

TEST_CASE("roles that differ in case are two roles", "[names][role]") { CHECK_FALSE(RoleName{"App"} == RoleName{"app"}); }

TEST_CASE("sixty-four bytes of a role are refused, whatever the characters, for PostgreSQL would cut them", "[names][role]") {
  const auto [text, bytes] = GENERATE(table<std::string, std::string>({
      {std::string(64, 'a'), "64"},
      {times(32, "é"), "64"},        // 32 characters of two bytes
      {times(21, "€") + "a", "64"},  // 22 characters
      {times(16, "🐘"), "64"},        // 16 characters
      {std::string(1000, 'a'), "1000"},
  }));
  check_name_refused<RoleName>(text, "has " + bytes + " bytes, the most that PostgreSQL keeps is 63");
}

TEST_CASE("sixty-three bytes of a role stay, whatever the characters", "[names][role]") {
  const auto kept = GENERATE(std::string(63, 'a'), times(31, "é") + "a", times(21, "€"), times(15, "🐘") + "abc");
  CHECK(RoleName{kept}.text().size() == 63);
}

TEST_CASE("an app has a name by the rule of spaces", "[names]") {
  CHECK(AppName{"example-app"}.text() == "example-app");
  check_name_refused<AppName>("Example", "app name \"Example\": must start with one of a-z");
  check_name_refused<AppName>("", "app name \"\": is empty");
}

TEST_CASE("an actor is whatever can be read as one line", "[names]") {
  CHECK(Actor{"Renée (ops)"}.text() == "Renée (ops)");
  CHECK(Actor{std::string(255, 'a')}.text().size() == 255);
  check_name_refused<Actor>("", "actor \"\": is empty");
  check_name_refused<Actor>(std::string(256, 'a'), "has 256 bytes, the most is 255");
  check_name_refused<Actor>("ops\nroot", "holds U+000A");
  check_name_refused<Actor>("\xff", "is not UTF-8");
}

TEST_CASE("an empty role is refused", "[names][role]") { check_name_refused<RoleName>("", "is empty"); }

TEST_CASE("a role that is not UTF-8 is refused", "[names][role]") {
  const auto [what, bytes] = GENERATE(table<std::string, std::string>({
      {"a follower without a lead", "\x80"},
      {"the last follower without a lead", "a\xBF"},
      {"a lead of two at the end", "a\xC3"},
      {"a lead of three at the end", "a\xE2"},
      {"three bytes cut after two", "a\xE2\x82"},
      {"a lead of four at the end", "a\xF0"},
      {"four bytes cut after three", "a\xF0\x9F\x90"},
      {"ASCII where a follower must be", "\xC3("},
      {"ASCII where the first of two followers must be", "\xE2(\xAC"},
      {"ASCII where the second of two followers must be", "\xE2\x82("},
      {"ASCII where the third of three followers must be", "\xF0\x9F\x90("},
      {"a lead where a follower must be", "\xC3\xC3\xA9"},
      {"overlong NUL", "a\xC0\x80"},
      {"overlong slash of two", "\xC0\xAF"},
      {"the highest overlong of two", "\xC1\xBF"},
      {"overlong slash of three", "\xE0\x80\xAF"},
      {"the highest overlong of three", "\xE0\x9F\xBF"},
      {"overlong slash of four", "\xF0\x80\x80\xAF"},
      {"the highest overlong of four", "\xF0\x8F\xBF\xBF"},
      {"the first surrogate", "\xED\xA0\x80"},
      {"the last surrogate", "\xED\xBF\xBF"},
      {"a pair of surrogates (CESU-8)", "\xED\xA0\xBD\xED\xB0\x98"},
      {"U+110000", "\xF4\x90\x80\x80"},
      {"a lead that only larger characters have", "\xF5\x80\x80\x80"},
      {"the largest of four bytes", "\xF7\xBF\xBF\xBF"},
      {"five bytes", "\xF8\x88\x80\x80\x80"},
      {"six bytes", "\xFC\x84\x80\x80\x80\x80"},
      {"FE", "\xFE"},
      {"FF", "\xFF"},
      {"Latin-1", "M\xFCller"},
      {"UTF-16 byte order mark", "\xFF\xFEz"},
  }));
  INFO(what);
  check_name_refused<RoleName>(bytes, "is not UTF-8");
}

TEST_CASE("the first and the last characters of each length are UTF-8", "[names][role]") {
  const auto text = GENERATE("~"s, "\xC2\xA1"s, "\xDF\xBF"s, "\xE0\xA0\x80"s, "\xED\x9F\xBB"s, "\xEE\x80\x80"s, "\xEF\xBF\xBD"s,
                             "\xF0\x90\x80\x80"s, "\xF4\x8F\xBF\xBD"s);
  CHECK(RoleName{text}.text() == text);
}

TEST_CASE("a role with a control character is refused, and the error names it", "[names][role]") {
  const char* const digits = "0123456789ABCDEF";
  for (unsigned c = 0; c <= 0x9F; ++c) {
    if (c >= 0x20 && c < 0x7F) continue;
    const std::string utf8 = c < 0x80 ? std::string(1, static_cast<char>(c)) : std::string{'\xC2', static_cast<char>(c)};
    const std::string name = std::string{"U+00"} + digits[c / 16] + digits[c % 16];
    check_name_refused<RoleName>("a" + utf8 + "b", "holds " + name + ", which does not show or changes how others show");
    check_name_refused<RoleName>(utf8, name);
  }
}

TEST_CASE("a role with a character that turns the direction of text is refused, and the error names it", "[names][role]") {
  const auto [utf8, name] = GENERATE(table<std::string, std::string>({
      {"\u061C", "U+061C"},  // Arabic letter mark
      {"\u200E", "U+200E"},  // left-to-right mark
      {"\u200F", "U+200F"},  // right-to-left mark
      {"\u202A", "U+202A"},  // embedding
      {"\u202B", "U+202B"},  // the other embedding
      {"\u202C", "U+202C"},  // pop
      {"\u202D", "U+202D"},  // override
      {"\u202E", "U+202E"},  // the other override
      {"\u2066", "U+2066"},  // isolate
      {"\u2067", "U+2067"},  // the other isolate
      {"\u2068", "U+2068"},  // first strong isolate
      {"\u2069", "U+2069"},  // pop
  }));
  check_name_refused<RoleName>("a" + utf8 + "b", "holds " + name + ", which does not show or changes how others show");
}

TEST_CASE("a role with a character of no width is refused, and the error names it", "[names][role]") {
  // What Unicode calls Default_Ignorable_Code_Point, besides those above: "app" with one of them reads as "app".
  const auto [utf8, name] = GENERATE(table<std::string, std::string>({
      {"\u00AD", "U+00AD"},       // soft hyphen
      {"\u034F", "U+034F"},       // combining grapheme joiner
      {"\u115F", "U+115F"},       // Hangul filler
      {"\u1160", "U+1160"},       // another
      {"\u180B", "U+180B"},       // Mongolian variation selectors
      {"\u180E", "U+180E"},       // Mongolian vowel separator
      {"\u200B", "U+200B"},       // zero width space
      {"\u200C", "U+200C"},       // zero width non-joiner
      {"\u200D", "U+200D"},       // zero width joiner
      {"\u2060", "U+2060"},       // word joiner
      {"\u2061", "U+2061"},       // invisible operators
      {"\u2064", "U+2064"},       // the last of them
      {"\u206A", "U+206A"},       // deprecated format characters
      {"\u206F", "U+206F"},       // the last of them
      {"\u3164", "U+3164"},       // Hangul filler
      {"\uFE00", "U+FE00"},       // variation selectors
      {"\uFE0F", "U+FE0F"},       // the last of them
      {"\uFEFF", "U+FEFF"},       // byte order mark
      {"\uFFA0", "U+FFA0"},       // halfwidth Hangul filler
      {"\U000E0001", "U+E0001"},  // tags
      {"\U000E0061", "U+E0061"},  // another
      {"\U000E0100", "U+E0100"},  // more variation selectors
  }));
  check_name_refused<RoleName>("app" + utf8, "holds " + name + ", which does not show or changes how others show");
}

TEST_CASE("a role with a line or paragraph separator is refused, and the error names it", "[names][role]") {
  check_name_refused<RoleName>("a\u2028b", "holds U+2028");
  check_name_refused<RoleName>("a\u2029b", "holds U+2029");
}

// ---------------------------------------------------------------- certificate ids

TEST_CASE("a certificate id is a UUID of either case, shown in lower case", "[names][id]") {
  const auto [given, shown] = GENERATE(table<std::string, std::string>({
      {"01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f", "01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f"},
      {"01936A4E-8F2B-7C3D-9E4F-0A1B2C3D4E5F", "01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f"},
      {"01936A4e-8f2B-7c3D-9E4f-0A1b2C3d4E5f", "01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f"},
      {"00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"},
      {"ffffffff-ffff-ffff-ffff-ffffffffffff", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
  }));
  const CertificateId id{std::string_view{given}};
  CHECK(id.text() == shown);
  CHECK(CertificateId{id.octets()} == id);
}

TEST_CASE("the octets of a certificate id are its digits in the order of the text", "[names][id]") {
  CHECK(hex(CertificateId{"01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f"}.octets()) == "01936a4e8f2b7c3d9e4f0a1b2c3d4e5f");
  CHECK(CertificateId{std::array<std::uint8_t, 16>{0x01, 0x93, 0x6a, 0x4e, 0x8f, 0x2b, 0x7c, 0x3d, 0x9e, 0x4f, 0x0a, 0x1b, 0x2c,
                                                   0x3d, 0x4e, 0x5f}}
            .text() == "01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f");
  CHECK(CertificateId{"01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f"} < CertificateId{"01936a4f-0000-7000-8000-000000000000"});
}

TEST_CASE("any other text is no certificate id", "[names][id]") {
  const auto text = GENERATE(
      ""s, "01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5"s, "01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f0"s, "01936a4e8f2b7c3d9e4f0a1b2c3d4e5f"s,
      "01936a4e8f2b7c3d9e4f0a1b2c3d4e5f0000"s, "01936a4e-8f2b-7c3d-9e4f0-a1b2c3d4e5f"s, "01936a4e_8f2b_7c3d_9e4f_0a1b2c3d4e5f"s,
      "{01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f}"s, "urn:uuid:01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f"s,
      " 1936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f"s, "01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5g"s, "01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f\n"s,
      "01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5\0"s, "0x936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f"s, "+1936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f"s,
      "--------------------------------------"s, "01936a4e-8f2b-7c3d-9e4f--a1b2c3d4e5f"s);
  INFO(text);
  check_refused([&] { return CertificateId{std::string_view{text}}; }, Errc::invalid_argument,
                "is not a UUID: 8-4-4-4-12 hexadecimal digits");
}
