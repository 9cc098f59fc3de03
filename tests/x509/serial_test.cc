#include <set>

#include <spaceca/certificate.h>

#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;

TEST_CASE("a random serial has sixteen octets, the first from 0x01 to 0x7F", "[serial]") {
  std::set<Serial> seen;
  std::set<int> first_octets;
  for (int i = 0; i < 10000; ++i) {
    const Serial serial = Serial::random();
    CHECK(serial.octets().size() == 16);
    CHECK(serial.octets().front() >= 0x01);
    CHECK(serial.octets().front() <= 0x7F);
    first_octets.insert(serial.octets().front());
    seen.insert(serial);
  }
  CHECK(seen.size() == 10000);
  CHECK(first_octets.size() == 127);  // all of them: one missing would be a chance of 10^-32
}

TEST_CASE("every text form of a serial that people copy names the same serial", "[serial]") {
  // What openssl x509 -serial prints for it, and what select client_serial from pg_stat_ssl shows.
  const Serial serial{std::string_view{"0AF3B1000000000000000000000000C4"}};
  CHECK(serial.hex() == "0AF3B1000000000000000000000000C4");
  CHECK(serial.decimal() == "14557598080972968188436019874281554116");
  for (const std::string text :
       {"0af3b1000000000000000000000000c4", "0xAF3B1000000000000000000000000C4", "0X0af3b1000000000000000000000000C4",
        "AF3B1000000000000000000000000C4", "0A:F3:B1:00:00:00:00:00:00:00:00:00:00:00:00:C4",
        "0a:f3:b1:00:00:00:00:00:00:00:00:00:00:00:00:c4", "14557598080972968188436019874281554116"}) {
    INFO(text);
    CHECK(Serial{std::string_view{text}} == serial);
  }
}

TEST_CASE("digits alone are hexadecimal if they are as many as our serials have, decimal otherwise", "[serial]") {
  CHECK(Serial{std::string_view{"01020304050607080910111213141516"}}.hex() == "01020304050607080910111213141516");
  CHECK(Serial{std::string_view{"1020304050607080910111213141516"}}.hex() == "01020304050607080910111213141516");
  CHECK(Serial{std::string_view{"10"}}.hex() == "0A");
  CHECK(Serial{std::string_view{"0x10"}}.hex() == "10");
  CHECK(Serial{std::string_view{"128"}}.hex() == "80");
  CHECK(Serial{std::string_view{"00012"}}.decimal() == "12");
}

TEST_CASE("a serial of 0x80 and above keeps its value", "[serial]") {
  CHECK(Serial{std::string_view{"0x80"}}.decimal() == "128");
  CHECK(Serial{std::string_view{"0xFF00000000000000000000000000000001"}}.decimal() == "86772003564839308183160524895100893921281");
  CHECK(Serial{ByteView{from_hex("00ff")}}.hex() == "FF");
}

TEST_CASE("serials are ordered by number", "[serial]") {
  CHECK(Serial{std::string_view{"0x80"}} < Serial{std::string_view{"0x0100"}});
  CHECK(Serial{std::string_view{"0x0100"}} < Serial{std::string_view{"0x0101"}});
}

TEST_CASE("twenty octets with the sign are the most that a serial may have", "[serial]") {
  CHECK_NOTHROW(Serial{std::string_view{"0x7fffffffffffffffffffffffffffffffffffffff"}});
  CHECK(Serial{std::string_view{"730750818665451459101842416358141509827966271487"}}.hex() ==
        "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
  for (const std::string text :
       {"0x8000000000000000000000000000000000000000", "0x010000000000000000000000000000000000000000",
        "730750818665451459101842416358141509827966271488", "99999999999999999999999999999999999999999999999999999"}) {
    INFO(text);
    check_refused([&] { return Serial{std::string_view{text}}; }, Errc::invalid_argument, "positive and of 20 octets at most");
  }
}

TEST_CASE("what is no serial is refused and quoted", "[serial]") {
  for (const std::string text : {"", "0", "0x", "0x0", "00:00", "foobar", "-1", "+1", "1 2", " 12", "12\n", "0A::F3", ":0A",
                                 "0A:", "0A F3", "1e5g", "12.5", "\xC3\xA4"}) {
    INFO(text);
    check_refused([&] { return Serial{std::string_view{text}}; }, Errc::invalid_argument, "serial \"");
  }
}
