// Serial numbers from octets and from texts, against OpenSSL's big numbers. The first octet chooses.
//
// What is shown is read again, apart from two forms that the header warns of: hex() of a short serial can be digits alone, which
// read as decimal (so the harness puts 0x in front), and decimal() can have 31 or 32 digits, which read as hexadecimal.
#include <string>
#include <string_view>

#include <openssl/bn.h>

#include <spaceca/certificate.h>

#include "harness.h"

using namespace spaceca;
using namespace spaceca::fuzz;

namespace {

using Number = Owned<BIGNUM, BN_free>;

Number number_of(const Serial& serial) {
  return Number{BN_bin2bn(serial.octets().data(), static_cast<int>(serial.octets().size()), nullptr)};
}

std::string printed(char* (*print)(const BIGNUM*), const Number& number) {
  char* const text = print(number.get());
  const std::string copy{text};
  OPENSSL_free(text);
  return copy;
}

void check(const Serial& serial) {
  require(!serial.octets().empty() && serial.octets().front() != 0, "a serial has no leading zero");
  require(
      serial.octets().size() < Serial::kLongest || (serial.octets().size() == Serial::kLongest && serial.octets().front() < 0x80),
      "a serial has at most 20 octets with its sign");
  const Number number = number_of(serial);
  require(serial.hex() == printed(BN_bn2hex, number), "hex() is what OpenSSL prints");
  require(serial.decimal() == printed(BN_bn2dec, number), "decimal() is what OpenSSL prints");
  require(Serial{serial.octets()} == serial, "its octets are read again");
  require(Serial{std::string_view{"0x" + serial.hex()}} == serial, "its hexadecimal text is read again");
  const std::string decimal = serial.decimal();
  if (decimal.size() != 31 && decimal.size() != 32) {
    require(Serial{std::string_view{decimal}} == serial, "its decimal text is read again");
  }
  if (serial.octets().size() == Serial::kOurSize) {
    require(Serial{std::string_view{serial.hex()}} == serial, "ours are read again as they are shown");
  }
}

void check_order(const Serial& a, const Serial& b) {
  const int order = BN_cmp(number_of(a).get(), number_of(b).get());
  require((a < b) == (order < 0) && (a == b) == (order == 0) && (a > b) == (order > 0), "serials are ordered by number");
}

// The naive reading: which base, then OpenSSL's number.
void check_text(std::string_view text, const Serial& serial) {
  std::string digits;
  for (const char c : text) {
    if (c != ':') digits += c;
  }
  const bool prefixed = digits.starts_with("0x") || digits.starts_with("0X");
  const bool decimal =
      !prefixed && text.size() != 31 && text.size() != 32 && text.find_first_not_of("0123456789") == std::string_view::npos;
  BIGNUM* read = nullptr;
  const std::string number = prefixed ? digits.substr(2) : digits;
  const int used = decimal ? BN_dec2bn(&read, number.c_str()) : BN_hex2bn(&read, number.c_str());
  const Number theirs{read};
  require(used == static_cast<int>(number.size()), "OpenSSL reads all the digits that we read");
  require(BN_cmp(theirs.get(), number_of(serial).get()) == 0, "OpenSSL reads the same number");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest = ByteView{data, size}.subspan(1);
  const auto serial = data[0] % 2 == 0 ? accepted([&] { return Serial{rest}; }) : accepted([&] { return Serial{text_of(rest)}; });
  if (!serial) return 0;
  check(*serial);
  if (data[0] % 2 != 0) check_text(text_of(rest), *serial);
  check_order(*serial, Serial{ByteView{data, 1}.front() != 0 ? ByteView{data, 1} : rest});
  return 0;
}
