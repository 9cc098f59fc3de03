// What Cidr reads, refuses and answers. Python's ipaddress module is the oracle over random blocks and random mistakes.
#include <algorithm>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include <spaceca/cidr.h>

#include "support/child.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using namespace std::string_literals;

namespace {

void check_cidr_refused(const std::string& text, const std::string& why) {
  INFO(text);
  check_refused([&] { return Cidr{text}; }, Errc::invalid_argument, why);
}

bool is_cidr(const std::string& text) {
  try {
    static_cast<void>(Cidr{text});
    return true;
  } catch (const Error& error) {
    CHECK(error.code() == Errc::invalid_argument);
    return false;
  }
}

}  // namespace

// No text becomes a rule unseen.
static_assert(!std::is_convertible_v<std::string_view, Cidr>);

// ---------------------------------------------------------------- what is read

TEST_CASE("a block is kept in one text, whatever it was written as", "[cidr]") {
  const auto [given, kept] = GENERATE(table<std::string, std::string>({
      {"1.2.3.4/32", "1.2.3.4/32"},
      {"1.2.3.4", "1.2.3.4/32"},  // an address alone is a block of one
      {"0.0.0.0/0", "0.0.0.0/0"},
      {"0.0.0.0", "0.0.0.0/32"},
      {"255.255.255.255", "255.255.255.255/32"},
      {"10.0.0.0/8", "10.0.0.0/8"},
      {"128.0.0.0/1", "128.0.0.0/1"},
      {"192.0.2.128/25", "192.0.2.128/25"},
      {"192.0.2.254/31", "192.0.2.254/31"},
      {"::/0", "::/0"},
      {"::", "::/128"},
      {"::1", "::1/128"},
      {"8000::/1", "8000::/1"},
      {"2001:db8::/32", "2001:db8::/32"},
      {"2001:DB8::/32", "2001:db8::/32"},
      {"2001:0db8:0000:0000:0000:0000:0000:0000/32", "2001:db8::/32"},
      {"2001:db8:0:0:0:0:0:1/128", "2001:db8::1/128"},
      {"2001:db8:0:0:1:0:0:0/80", "2001:db8:0:0:1::/80"},    // the longest run of zeros (RFC 5952 4.2.3)
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1/128"},  // one group is no run (4.2.2)
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221/128"},
      {"2001:db8:ffff:ffff:ffff:ffff:ffff:fffe/127", "2001:db8:ffff:ffff:ffff:ffff:ffff:fffe/127"},
      {"::fffe:0:0/96", "::fffe:0:0/96"},  // beside the mapped ones
  }));
  INFO(given);
  CHECK(Cidr{given}.text() == kept);
  CHECK(Cidr{given} == Cidr{kept});
}

TEST_CASE("a block tells its family, its prefix and the octets of its first address", "[cidr]") {
  const Cidr v4{"192.0.2.0/24"};
  CHECK(v4.family() == Cidr::Family::ipv4);
  CHECK(v4.prefix_length() == 24);
  CHECK(hex(v4.octets()) == "c0000200");
  const Cidr v6{"2001:db8::/33"};
  CHECK(v6.family() == Cidr::Family::ipv6);
  CHECK(v6.prefix_length() == 33);
  CHECK(hex(v6.octets()) == "20010db8000000000000000000000000");
}

TEST_CASE("everybody is /0 of either family, and nothing else", "[cidr]") {
  CHECK(Cidr{"0.0.0.0/0"}.is_any());
  CHECK(Cidr{"::/0"}.is_any());
  const std::string text = GENERATE("0.0.0.0/1", "128.0.0.0/1", "0.0.0.0/32", "0.0.0.0", "::/1", "::", "::/128");
  INFO(text);
  CHECK_FALSE(Cidr{text}.is_any());
}

// ---------------------------------------------------------------- what is refused

TEST_CASE("bits behind the prefix are refused with the block and the address that may have been meant", "[cidr]") {
  const auto [given, block, address] = GENERATE(table<std::string, std::string, std::string>({
      {"1.2.3.4/24", "1.2.3.0/24", "1.2.3.4/32"},
      {"1.2.3.4/0", "0.0.0.0/0", "1.2.3.4/32"},
      {"1.2.3.5/31", "1.2.3.4/31", "1.2.3.5/32"},
      {"10.255.0.0/8", "10.0.0.0/8", "10.255.0.0/32"},
      {"128.0.0.0/0", "0.0.0.0/0", "128.0.0.0/32"},
      {"255.255.255.255/17", "255.255.128.0/17", "255.255.255.255/32"},
      {"2001:db8::1/64", "2001:db8::/64", "2001:db8::1/128"},
      {"2001:db8::1/127", "2001:db8::/127", "2001:db8::1/128"},
      {"::1/0", "::/0", "::1/128"},
      {"FE80::1/10", "fe80::/10", "fe80::1/128"},
  }));
  check_cidr_refused(given, "IP rule \"" + given + "\": has bits set behind its prefix; give " + block + " for the block, or " +
                                address + " for the one address");
  CHECK(is_cidr(block));
  CHECK(is_cidr(address));
}

TEST_CASE("a prefix that its family does not have is refused with the numbers seen and allowed", "[cidr]") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"1.2.3.4/33", "IP rule \"1.2.3.4/33\": an IPv4 prefix is 0 to 32, not 33"},
      {"1.2.3.4/128", "an IPv4 prefix is 0 to 32, not 128"},
      {"1.2.3.4/999", "an IPv4 prefix is 0 to 32, not 999"},
      {"1.2.3.4/4294967296", "an IPv4 prefix is 0 to 32, not 4294967296"},
      {"1.2.3.4/18446744073709551648", "an IPv4 prefix is 0 to 32, not 18446744073709551648"},
      {"::1/129", "an IPv6 prefix is 0 to 128, not 129"},
      {"::1/1000", "an IPv6 prefix is 0 to 128, not 1000"},
      {"1.2.3.4/-1", "an IPv4 prefix is 0 to 32, not -1"},
      {"1.2.3.4/+8", "an IPv4 prefix is 0 to 32, not +8"},
      {"1.2.3.4/x", "an IPv4 prefix is 0 to 32, not x"},
      {"1.2.3.4/0x18", "an IPv4 prefix is 0 to 32, not 0x18"},
      {"1.2.3.4/24.0", "an IPv4 prefix is 0 to 32, not 24.0"},
      {"1.2.3.4/24:5432", "an IPv4 prefix is 0 to 32, not 24:5432"},
      {"1.2.3.4/\"", "an IPv4 prefix is 0 to 32, not \\x22"},
      {"::1/ff", "an IPv6 prefix is 0 to 128, not ff"},
  }));
  check_cidr_refused(text, why);
}

TEST_CASE("a mask is refused with the prefix that it stands for", "[cidr]") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"10.1.0.0/255.255.0.0", "has a mask for a prefix; give /16"},
      {"10.1.0.0/255.255.255.255", "has a mask for a prefix; give /32"},
      {"0.0.0.0/0.0.0.0", "has a mask for a prefix; give /0"},
      {"10.0.0.0/255.224.0.0", "has a mask for a prefix; give /11"},
      {"2001:db8::/ffff:ffff::", "has a mask for a prefix; give /32"},
      {"::/::", "has a mask for a prefix; give /0"},
      {"10.1.0.0/0.0.255.255", "an IPv4 prefix is 0 to 32, not 0.0.255.255"},  // Cisco's wildcard
      {"10.1.0.0/255.0.255.0", "an IPv4 prefix is 0 to 32, not 255.0.255.0"},
      {"10.1.0.0/ffff::", "an IPv4 prefix is 0 to 32, not ffff::"},
      {"2001:db8::/255.255.0.0", "an IPv6 prefix is 0 to 128, not 255.255.0.0"},
  }));
  check_cidr_refused(text, why);
}

TEST_CASE("what surrounds an address elsewhere is refused with the reason", "[cidr]") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"", "IP rule \"\": is empty; give one as 192.0.2.0/24 or 2001:db8::/32"},
      {"/", "has no address in front of its slash"},
      {"/24", "has no address in front of its slash"},
      {"//", "has no address in front of its slash"},
      {"1.2.3.4/", "ends with its slash; give a prefix of 0 to 32 behind it, or leave it out"},
      {"::1/", "ends with its slash; give a prefix of 0 to 128 behind it, or leave it out"},
      {"1.2.3.4//32", "has more than one slash; give one address and one prefix"},
      {"1.2.3.4/32/32", "has more than one slash"},
      {"1.2.3.4/32/", "has more than one slash"},
      {" 1.2.3.4/32", "holds a blank, or another character that no address has; leave it out"},
      {"1.2.3.4/32 ", "holds a blank"},
      {"1.2.3.4 /32", "holds a blank"},
      {"1.2.3.4/ 32", "holds a blank"},
      {"1.2.3.4 255.255.255.255", "holds a blank"},
      {"1.2.3.4/32\n", "holds a blank"},
      {"1.2.3.4/32\r\n", "holds a blank"},
      {"\t1.2.3.4", "holds a blank"},
      {"\v::1", "holds a blank"},
      {" ", "holds a blank"},
      {"1.2.3.4\0/8"s, "holds a blank, or another character"},
      {"1.2.3.4/32\0"s, "another character"},
      {"\0"s, "another character"},
      {"\xC2\xA0"
       "1.2.3.4",
       "another character"},                              // a blank that does not break
      {"\xEF\xBC\x91.2.3.4", "another character"},        // a full-width 1
      {"1.2.3.4/\xD9\xA3\xD9\xA2", "another character"},  // 32 in Arabic digits
      {"1.2.3.4\x7F", "another character"},
      {"[::1]", "an address goes without brackets here"},
      {"[::1]/128", "an address goes without brackets here"},
      {"[::1/128]", "an address goes without brackets here"},
      {"[::1]:5432", "an address goes without brackets here"},
      {"[1.2.3.4]", "an address goes without brackets here"},
      {"::1/128]", "an address goes without brackets here"},
      {"fe80::1%eth0", "has a zone, which means something on one machine alone; leave %eth0 out"},
      {"fe80::1%eth0/64", "leave %eth0 out"},
      {"fe80::/64%eth0", "leave %eth0 out"},
      {"fe80::1%25eth0", "leave %25eth0 out"},
      {"fe80::1%1", "leave %1 out"},
      {"fe80::1%", "leave % out"},
      {"1.2.3.4%eth0", "leave %eth0 out"},
      {"1.2.3.4:5432", "has a port, which says nothing here; give 1.2.3.4"},
      {"1.2.3.4:5432/32", "has a port, which says nothing here; give 1.2.3.4"},
      {"1.2.3.4:", "has a port, which says nothing here; give 1.2.3.4"},
  }));
  check_cidr_refused(text, why);
}

TEST_CASE("leading zeros of decimal numbers are refused, for some read them as octal", "[cidr]") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"010.0.0.0/8", "010 has a leading zero, which some read as octal; leave it out"},
      {"10.0.0.00/8", "00 has a leading zero"},
      {"10.01.0.0/16", "01 has a leading zero"},
      {"1.2.3.004", "004 has a leading zero"},
      {"1.2.3.4/032", "its prefix has a leading zero; leave it out"},
      {"0.0.0.0/00", "its prefix has a leading zero; leave it out"},
      {"::/08", "its prefix has a leading zero; leave it out"},
      {"::01.2.3.4", "is not an IPv6 address"},
  }));
  check_cidr_refused(text, why);
}

TEST_CASE("an IPv4 address in IPv6 clothes is refused with the IPv4 form", "[cidr]") {
  const auto [text, right] = GENERATE(table<std::string, std::string>({
      {"::ffff:192.0.2.1", "192.0.2.1/32"},
      {"::ffff:192.0.2.1/128", "192.0.2.1/32"},
      {"::FFFF:C000:201", "192.0.2.1/32"},
      {"0:0:0:0:0:ffff:1.2.3.4", "1.2.3.4/32"},
      {"::ffff:192.0.2.0/120", "192.0.2.0/24"},
      {"::ffff:192.0.2.1/120", "192.0.2.0/24"},
      {"::ffff:0:0/96", "0.0.0.0/0"},
      {"::ffff:1.2.3.4/64", "1.2.3.4/32"},
  }));
  check_cidr_refused(text, "is an IPv4 address in IPv6 clothes; give " + right);
  CHECK(is_cidr(right));
}

TEST_CASE("what is no address is refused with what is wrong about it", "[cidr]") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"10/8", "an IPv4 address has four numbers, not 1"},
      {"10.0/16", "an IPv4 address has four numbers, not 2"},
      {"1.2.3/24", "an IPv4 address has four numbers, not 3"},
      {"1.2.3.4.5", "an IPv4 address has four numbers, not 5"},
      {"1.2.3.4.", "an IPv4 address has four numbers, not 5"},
      {"2130706433", "an IPv4 address has four numbers, not 1"},
      {"1..2.3", "an IPv4 address has four numbers, and one of these is empty"},
      {".1.2.3", "one of these is empty"},
      {"1.2.3.", "one of these is empty"},
      {"...", "one of these is empty"},
      {"256.0.0.1", "a number of an IPv4 address is 0 to 255, not 256"},
      {"1.2.3.1000", "a number of an IPv4 address is 0 to 255, not 1000"},
      {"1.2.3.300/24", "a number of an IPv4 address is 0 to 255, not 300"},
      {"0x7f.0.0.1", "is not an IP address; give one as 192.0.2.0/24 or 2001:db8::/32"},
      {"+1.2.3.4", "is not an IP address"},
      {"1.2.3.-4", "is not an IP address"},
      {"1.2.3.4-1.2.3.9", "is not an IP address"},
      {"1.2.3.4,1.2.3.5", "is not an IP address"},
      {"1.2.3.*", "is not an IP address"},
      {"!1.2.3.4", "is not an IP address"},
      {"db.acme.example", "is not an IP address"},
      {"localhost", "is not an IP address"},
      {"all", "is not an IP address"},
      {"samenet", "is not an IP address"},
      {".example.com", "is not an IP address"},
      {"\"1.2.3.4\"", "IP rule \"\\x221.2.3.4\\x22\": is not an IP address"},
      {":", "is not an IPv6 address (RFC 4291 2.2)"},
      {":::", "is not an IPv6 address"},
      {"::1::", "is not an IPv6 address"},
      {"1::2::3", "is not an IPv6 address"},
      {":1", "is not an IPv6 address"},
      {"1:", "is not an IPv6 address"},
      {"1:2:3:4:5:6:7", "is not an IPv6 address"},
      {"1:2:3:4:5:6:7:8:9", "is not an IPv6 address"},
      {"1:2:3:4::5:6:7:8", "is not an IPv6 address"},  // the run must stand for something
      {"12345::", "is not an IPv6 address"},
      {"::g", "is not an IPv6 address"},
      {"::1.2.3", "is not an IPv6 address"},
      {"::1.2.3.256", "is not an IPv6 address"},
      {"1.2.3.4::", "is not an IPv6 address"},
      {"::+1", "is not an IPv6 address"},
      {"db:5432", "is not an IPv6 address"},
      {"https://1.2.3.4", "is not an IPv6 address"},
  }));
  check_cidr_refused(text, why);
}

TEST_CASE("a refusal quotes little of a long text, and nothing that moves a cursor", "[cidr]") {
  for (const std::string& text : {std::string(100'000, '1'), std::string(100'000, '/'), "1.2.3.4/" + std::string(100'000, '9'),
                                  "::1%" + std::string(100'000, 'x'), std::string(100'000, '.'), "\x1B[2J1.2.3.4/99"s}) {
    try {
      static_cast<void>(Cidr{text});
      FAIL("was accepted");
    } catch (const Error& error) {
      const std::string_view shown{error.what()};
      CHECK(shown.size() < 300);
      CHECK(std::all_of(shown.begin(), shown.end(), [](char c) { return c >= ' ' && c <= '~'; }));
    }
  }
}

// ---------------------------------------------------------------- what is asked

TEST_CASE("a block contains its first and its last address, and not their neighbours", "[cidr]") {
  const auto [block, before, first, last, after] = GENERATE(table<std::string, std::string, std::string, std::string, std::string>({
      {"192.0.2.0/24", "192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
      {"192.0.2.8/29", "192.0.2.7", "192.0.2.8", "192.0.2.15", "192.0.2.16"},
      {"192.0.2.4", "192.0.2.3", "192.0.2.4", "192.0.2.4", "192.0.2.5"},
      {"64.0.0.0/2", "63.255.255.255", "64.0.0.0", "127.255.255.255", "128.0.0.0"},
      {"2001:db8::/32", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:DB8:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF",
       "2001:db9::"},
      {"2001:db8::8/125", "2001:db8::7", "2001:db8::8", "2001:db8::f", "2001:db8::10"},
      {"::1", "::", "::1", "::1", "::2"},
      {"4000::/3", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "5fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "6000::"},
  }));
  INFO(block);
  const Cidr cidr{block};
  CHECK(cidr.contains(first));
  CHECK(cidr.contains(last));
  CHECK_FALSE(cidr.contains(before));
  CHECK_FALSE(cidr.contains(after));
}

TEST_CASE("the families never meet", "[cidr]") {
  const Cidr all_v4{"0.0.0.0/0"};
  const Cidr all_v6{"::/0"};
  CHECK(all_v4.contains("255.255.255.255"));
  CHECK(all_v6.contains("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
  CHECK_FALSE(all_v4.contains("::1"));
  CHECK_FALSE(all_v6.contains("0.0.0.1"));
  CHECK_FALSE(all_v4.contains(all_v6));
  CHECK_FALSE(all_v6.contains(all_v4));
  CHECK_FALSE(all_v4.overlaps(all_v6));
  CHECK_FALSE(Cidr{"0.0.0.0"} == Cidr{"::"});
}

TEST_CASE("what is asked for must be an address", "[cidr]") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"", "IP address \"\": is empty; give one as 192.0.2.1 or 2001:db8::1"},
      {"1.2.3.4/32", "IP address \"1.2.3.4/32\": has a slash; one address is asked for"},
      {"1.2.3.4/", "has a slash"},
      {"1.2.3", "an IPv4 address has four numbers, not 3"},
      {"01.2.3.4", "01 has a leading zero"},
      {"1.2.3.4 ", "holds a blank"},
      {"1.2.3.4:5432", "has a port, which says nothing here; give 1.2.3.4"},
      {"[::1]", "goes without brackets"},
      {"fe80::1%eth0", "has a zone"},
      {"::ffff:1.2.3.4", "is an IPv4 address in IPv6 clothes; give 1.2.3.4"},
      {"[local]", "goes without brackets"},  // what PostgreSQL's logs say of a Unix socket
      {"db.example", "is not an IP address; give one as 192.0.2.1 or 2001:db8::1"},
  }));
  const Cidr block{GENERATE("0.0.0.0/0", "::/0")};
  INFO(text);
  check_refused([&, address = text] { return block.contains(address); }, Errc::invalid_argument, why);
}

TEST_CASE("two blocks are apart, or one contains the other", "[cidr]") {
  enum class How { apart, same, contains, contained };
  const auto [a, b, how] = GENERATE(table<std::string, std::string, How>({
      {"10.0.0.0/8", "10.0.0.0/8", How::same},
      {"10.0.0.0/8", "10.1.0.0/16", How::contains},
      {"10.0.0.0/8", "10.0.0.0/9", How::contains},
      {"10.0.0.0/8", "10.128.0.0/9", How::contains},
      {"10.0.0.0/8", "10.255.255.255", How::contains},
      {"10.0.0.0/9", "10.128.0.0/9", How::apart},
      {"10.0.0.0/8", "11.0.0.0/8", How::apart},
      {"10.0.0.0/8", "11.0.0.0/16", How::apart},
      {"10.1.2.3", "10.1.0.0/16", How::contained},
      {"0.0.0.0/0", "1.2.3.4", How::contains},
      {"1.2.3.4", "1.2.3.5", How::apart},
      {"2001:db8::/32", "2001:db8:8000::/33", How::contains},
      {"2001:db8::/33", "2001:db8:8000::/33", How::apart},
      {"::1", "::/0", How::contained},
      {"::/1", "8000::/1", How::apart},
  }));
  INFO(a << " and " << b);
  const Cidr left{a};
  const Cidr right{b};
  CHECK(left.overlaps(right) == (how != How::apart));
  CHECK(right.overlaps(left) == (how != How::apart));
  CHECK(left.contains(right) == (how == How::same || how == How::contains));
  CHECK(right.contains(left) == (how == How::same || how == How::contained));
}

TEST_CASE("blocks are ordered by family, first address and size, so that one stands before those that it contains", "[cidr]") {
  const std::vector<std::string> in_order = {"0.0.0.0/0",   "0.0.0.0/8",    "0.0.0.0/32",    "10.0.0.0/8",    "10.0.0.0/9",
                                             "10.0.0.1/32", "10.128.0.0/9", "127.0.0.0/8",   "200.0.0.0/8",   "::/0",
                                             "::/128",      "::1/128",      "2001:db8::/32", "2001:db8::/48", "fe80::/10"};
  std::vector<Cidr> blocks;
  for (const std::string& text : in_order) blocks.emplace_back(text);
  std::reverse(blocks.begin(), blocks.end());
  std::sort(blocks.begin(), blocks.end());
  std::vector<std::string> sorted;
  for (const Cidr& block : blocks) sorted.push_back(block.text());
  CHECK(sorted == in_order);
}

// ---------------------------------------------------------------- against Python's ipaddress

namespace {

// Answers each line in one of its own. "? TEXT" with "no", or with the family, the first address' octets, the prefix and the text;
// "= A B" with whether A contains B, overlaps it, comes before it, and contains B's first address.
constexpr std::string_view kOracle = R"py(
import ipaddress, socket, sys

def is_doubtful(text, network):
    """What ipaddress takes and Cidr does not: zones, masks, leading zeros of a prefix, mapped addresses."""
    _, _, prefix = text.partition("/")
    mapped = network.version == 6 and network.network_address.ipv4_mapped is not None
    return "%" in text or "." in prefix or ":" in prefix or (prefix[:1] == "0" and prefix != "0") or mapped

def text_of(network):
    packed = network.network_address.packed
    # glibc shows these with a dotted tail, ipaddress does not.
    dotted = network.version == 6 and not any(packed[:12]) and any(packed[12:14])
    address = socket.inet_ntop(socket.AF_INET6, packed) if dotted else str(network.network_address)
    return f"{address}/{network.prefixlen}"

def read(text):
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        return "no"
    if is_doubtful(text, network):
        return "no"
    return f"{network.version} {network.network_address.packed.hex()} {network.prefixlen} {text_of(network)}"

def compare(a, b):
    a, b = ipaddress.ip_network(a), ipaddress.ip_network(b)
    if a.version != b.version:
        answers = False, False, a.version < b.version, b.network_address in a
    else:
        answers = b.subnet_of(a), a.overlaps(b), a < b, b.network_address in a
    return " ".join(str(int(answer)) for answer in answers)

for line in sys.stdin.readlines():  # all of them first: run() writes the questions in one piece
    kind, _, rest = line.rstrip("\n").partition(" ")
    print(read(rest) if kind == "?" else compare(*rest.split(" ")))
)py";

std::vector<std::string> ask_python(const std::string& questions) {
  const Outcome answer = run({"/usr/bin/python3", "-c", std::string{kOracle}}, {.input = questions});
  INFO(answer.err);
  REQUIRE(answer.exit_code == 0);
  std::vector<std::string> lines;
  std::istringstream text{answer.out};
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

// The same numbers on every machine: the standard's distributions are not.
class Random final {
 public:
  unsigned below(unsigned limit) { return static_cast<unsigned>(engine_() % limit); }
  bool one_in(unsigned n) { return below(n) == 0; }
  char of(std::string_view alphabet) { return alphabet[below(static_cast<unsigned>(alphabet.size()))]; }

 private:
  std::mt19937_64 engine_{20261124};
};

struct Block {
  Bytes octets;
  unsigned prefix_length;
};

void clear_behind(Block& block) {
  for (unsigned bit = block.prefix_length; bit < 8 * block.octets.size(); ++bit) {
    block.octets[bit / 8] = static_cast<std::uint8_t>(block.octets[bit / 8] & ~(0x80U >> (bit % 8)));
  }
}

// Octets of 0x00 and 0xFF often: there the edges are.
Block some_block(Random& random) {
  Block block{Bytes(random.one_in(2) ? 4 : 16), 0};
  for (std::uint8_t& octet : block.octets) {
    octet = random.one_in(2) ? 0 : random.one_in(4) ? 0xFF : static_cast<std::uint8_t>(random.below(256));
  }
  block.prefix_length = random.below(static_cast<unsigned>(8 * block.octets.size()) + 1);
  clear_behind(block);
  return block;
}

std::string dotted(ByteView octets) { return fmt::format("{}.{}.{}.{}", octets[0], octets[1], octets[2], octets[3]); }

// One of the many spellings that RFC 4291 2.2 allows.
std::string spelled_ipv6(ByteView octets, Random& random) {
  const bool dotted_tail = random.one_in(6);
  std::vector<std::string> groups;
  for (std::size_t i = 0; i < (dotted_tail ? 12U : 16U); i += 2) {
    const unsigned group = octets[i] * 256U + octets[i + 1];
    std::string digits = random.one_in(2) ? fmt::format("{:x}", group) : fmt::format("{:X}", group);
    if (digits.size() < 4 && random.one_in(4)) digits.insert(0, 1 + random.below(static_cast<unsigned>(4 - digits.size())), '0');
    groups.push_back(digits);
  }
  if (dotted_tail) groups.push_back(dotted(octets.last(4)));
  // A run of zeros, anywhere and of any length, may go.
  const std::size_t from = random.below(static_cast<unsigned>(groups.size()));
  std::size_t to = from;
  while (to < groups.size() && groups[to].find_first_not_of('0') == std::string::npos) ++to;
  const bool shortened = to > from && !random.one_in(4);
  std::string text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (shortened && i == from) text += "::";
    if (shortened && i >= from && i < to) continue;
    if (!text.empty() && text.back() != ':') text += ':';
    text += groups[i];
  }
  return text;
}

std::string spelled(const Block& block, Random& random) {
  const std::string address = block.octets.size() == 4 ? dotted(block.octets) : spelled_ipv6(block.octets, random);
  if (block.prefix_length == 8 * block.octets.size() && random.one_in(2)) return address;
  return fmt::format("{}/{}", address, block.prefix_length);
}

std::string damaged(std::string text, Random& random) {
  for (unsigned edits = 1 + random.below(3); edits > 0; --edits) {
    const std::size_t at = random.below(static_cast<unsigned>(text.size()) + 1);
    const char c = random.of("0123456789abcdefABCDEF::::....////%[]-+x,");
    switch (random.below(4)) {
      case 0: text.insert(at, 1, c); break;
      case 1: text.erase(at, 1); break;
      case 2: text = text.substr(0, at) + c + text.substr(std::min(at + 1, text.size())); break;
      default: text = text.substr(0, at) + text.substr(at / 2); break;
    }
  }
  return text;
}

std::string reading_of(const std::string& text) {
  if (!is_cidr(text)) return "no";
  const Cidr cidr{text};
  return fmt::format("{} {} {} {}", cidr.family() == Cidr::Family::ipv4 ? 4 : 6, hex(cidr.octets()), cidr.prefix_length(),
                     cidr.text());
}

}  // namespace

TEST_CASE("every spelling of a block is read as Python reads it", "[cidr]") {
  Random random;
  std::vector<std::string> texts;
  std::string questions;
  for (int i = 0; i < 20'000; ++i) {
    texts.push_back(spelled(some_block(random), random));
    questions += "? " + texts.back() + "\n";
  }
  const auto answers = ask_python(questions);
  REQUIRE(answers.size() == texts.size());
  int read = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    INFO(texts[i]);
    const std::string reading = reading_of(texts[i]);
    if (reading != answers[i]) CHECK(reading == answers[i]);
    if (reading == "no") continue;
    ++read;
    if (!(Cidr{Cidr{texts[i]}.text()} == Cidr{texts[i]})) FAIL("its text names another block");
  }
  CHECK(read > 19'000);  // the others are mapped addresses
}

TEST_CASE("a damaged block is read as Python reads it, or refused as there", "[cidr]") {
  Random random;
  std::vector<std::string> texts;
  std::string questions;
  for (int i = 0; i < 40'000; ++i) {
    texts.push_back(damaged(spelled(some_block(random), random), random));
    questions += "? " + texts.back() + "\n";
  }
  const auto answers = ask_python(questions);
  REQUIRE(answers.size() == texts.size());
  std::size_t refused = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    INFO(texts[i]);
    const std::string reading = reading_of(texts[i]);
    if (reading != answers[i]) CHECK(reading == answers[i]);
    if (reading == "no") ++refused;
  }
  CHECK(refused > 20'000);
  CHECK(refused < 39'000);
}

TEST_CASE("two blocks contain, overlap and follow each other as Python says", "[cidr]") {
  Random random;
  std::vector<std::pair<Cidr, Cidr>> pairs;
  std::string questions;
  while (pairs.size() < 20'000) {
    const Block a = some_block(random);
    Block b = a;
    if (random.one_in(4)) b = some_block(random);
    b.prefix_length = random.below(static_cast<unsigned>(8 * b.octets.size()) + 1);
    const unsigned bit = random.below(static_cast<unsigned>(8 * b.octets.size()));
    b.octets[bit / 8] = static_cast<std::uint8_t>(b.octets[bit / 8] ^ (0x80U >> (bit % 8)));
    clear_behind(b);
    const std::string left = spelled(a, random);
    const std::string right = spelled(b, random);
    if (!is_cidr(left) || !is_cidr(right)) continue;  // mapped ones
    pairs.emplace_back(Cidr{left}, Cidr{right});
    questions += "= " + left + " " + right + "\n";
  }
  const auto answers = ask_python(questions);
  REQUIRE(answers.size() == pairs.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto& [a, b] = pairs[i];
    INFO(a.text() << " and " << b.text());
    const std::string first_of_b = b.text().substr(0, b.text().find('/'));
    const std::string ours = fmt::format("{:d} {:d} {:d} {:d}", a.contains(b), a.overlaps(b), a < b, a.contains(first_of_b));
    if (ours != answers[i]) CHECK(ours == answers[i]);
  }
}
