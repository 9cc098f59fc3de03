#include "x509/der_reader.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include <spaceca/error.h>

namespace spaceca::der {

void Reader::refuse(std::string_view why) const {
  throw Error{Errc::malformed, fmt::format("{}: {} (at octet {} of {})", what_, why, all_.size() - rest_.size(), all_.size())};
}

Reader::Header Reader::header(Tag expected) const {
  if (rest_.empty()) refuse(fmt::format("ends where tag 0x{:02X} was to come", static_cast<unsigned>(expected)));
  if (rest_.front() != static_cast<std::uint8_t>(expected)) {
    refuse(fmt::format("tag 0x{:02X} stands where 0x{:02X} was to come", rest_.front(), static_cast<unsigned>(expected)));
  }
  if (rest_.size() < 2) refuse("ends before a length");
  Header header{rest_[0], 2, rest_[1]};
  if (header.length >= 0x80) {
    const std::size_t count = header.length & 0x7F;
    if (count == 0) refuse("has an indefinite length, which DER does not allow");
    if (count > 4) refuse("claims a length beyond 4 GiB");
    if (rest_.size() < 2 + count) refuse("ends inside a length");
    header.size += count;
    header.length = 0;
    for (std::size_t i = 0; i < count; ++i) header.length = header.length << 8 | rest_[2 + i];
    if (header.length < 0x80 || header.length >> (8 * (count - 1)) == 0) refuse("has a length that is not in its shortest form");
  }
  if (header.length > rest_.size() - header.size) {
    refuse(fmt::format("claims {} octets where {} are left", header.length, rest_.size() - header.size));
  }
  return header;
}

Tag Reader::next() const {
  if (rest_.empty()) refuse("ends where a value was to come");
  return static_cast<Tag>(rest_.front());
}

ByteView Reader::read(Tag tag) {
  const Header next = header(tag);
  const ByteView content = rest_.subspan(next.size, next.length);
  rest_ = rest_.subspan(next.size + next.length);
  return content;
}

ByteView Reader::read_whole(Tag tag) {
  const Header next = header(tag);
  const ByteView whole = rest_.first(next.size + next.length);
  rest_ = rest_.subspan(whole.size());
  return whole;
}

ByteView Reader::unsigned_integer() {
  const ByteView content = read(Tag::integer);
  if (content.empty()) refuse("has an empty INTEGER");
  if (content.front() >= 0x80) refuse("has a negative INTEGER");
  if (content.size() == 1 || content.front() != 0) return content;
  if (content[1] < 0x80) refuse("has an INTEGER that is not in its shortest form");
  return content.subspan(1);
}

ByteView Reader::octet_bits() {
  const ByteView content = read(Tag::bit_string);
  if (content.empty() || content.front() != 0) refuse("has a BIT STRING that is not whole octets");
  return content.subspan(1);
}

void Reader::expect_null() {
  if (!read(Tag::null).empty()) refuse("has a NULL with content");
}

std::uint8_t Reader::small_integer() {
  const ByteView content = read(Tag::integer);
  if (content.size() != 1 || content.front() >= 0x80) refuse("has an INTEGER outside 0 to 127");
  return content.front();
}

Instant Reader::time() {
  const bool utc = next_is(Tag::utc_time);
  const ByteView text = read(utc ? Tag::utc_time : Tag::generalized_time);
  if (text.size() != (utc ? 13U : 15U) || text.back() != 'Z') {
    refuse("has a time that is not in the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ");
  }
  std::size_t at = 0;
  const auto two_digits = [&] {
    const unsigned tens = text[at] - unsigned{'0'};
    const unsigned ones = text[at + 1] - unsigned{'0'};
    if (tens > 9 || ones > 9) refuse("has a time with something else than digits");
    at += 2;
    return tens * 10 + ones;
  };
  unsigned year = two_digits();
  year = utc ? year + (year < 50 ? 2000 : 1900) : year * 100 + two_digits();
  if (!utc && year >= 1950 && year <= 2049) refuse("has a GeneralizedTime before 2050, which must be a UTCTime (RFC 5280 4.1.2.5)");
  const unsigned month = two_digits();
  const unsigned day = two_digits();
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)}, std::chrono::month{month},
                                         std::chrono::day{day}};
  const unsigned hour = two_digits();
  const unsigned minute = two_digits();
  const unsigned second = two_digits();
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) refuse("has a time that no calendar or clock shows");
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second};
}

void Reader::expect_end() const {
  if (!rest_.empty()) refuse(fmt::format("has {} more octets than it should", rest_.size()));
}

}  // namespace spaceca::der
