#include "support/text.h"

#include <cstdio>
#include <stdexcept>

#include <fmt/format.h>

namespace spaceca::test {

Instant instant(std::string_view rfc3339) {
  using namespace std::chrono;
  int y = 0;
  unsigned mo = 0, d = 0;
  int h = 0, mi = 0, s = 0;
  if (std::sscanf(std::string{rfc3339}.c_str(), "%d-%u-%uT%d:%d:%dZ", &y, &mo, &d, &h, &mi, &s) != 6) {
    throw std::invalid_argument{"not a time: " + std::string{rfc3339}};
  }
  return sys_days{year{y} / month{mo} / day{d}} + hours{h} + minutes{mi} + seconds{s};
}

std::string rfc3339(Instant instant) {
  std::string text = text_of(instant);
  text[10] = 'T';
  return text + "Z";
}

std::string hex(ByteView octets) {
  std::string text;
  for (const std::uint8_t octet : octets) text += fmt::format("{:02x}", octet);
  return text;
}

Bytes from_hex(std::string_view digits) {
  Bytes octets;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    octets.push_back(static_cast<std::uint8_t>(std::stoi(std::string{digits.substr(i, 2)}, nullptr, 16)));
  }
  return octets;
}

}  // namespace spaceca::test
