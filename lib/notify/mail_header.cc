#include "notify/mail_header.h"

#include <array>

#include <fmt/format.h>

#include <spaceca/bytes.h>

#include "base/printable.h"
#include "base/utf8.h"

namespace spaceca::notify {
namespace {

constexpr std::size_t kLine = 78;  // RFC 5322 2.1.1
constexpr std::string_view kFold = "\r\n ";

// One character in the encoding "Q". Only what RFC 2047 5 (3) lets stand everywhere stands for itself.
std::string encoded(std::string_view character) {
  std::string text;
  for (const char c : character) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain) {
      text += c;
    } else {
      text += c == ' ' ? "_" : fmt::format("={:02X}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

// RFC 2047 2: a word has at most 75 characters, and 5 (3): it holds whole characters.
std::string encoded_words(std::string_view name, std::string_view value) {
  constexpr std::string_view kBegin = "=?UTF-8?Q?";
  constexpr std::string_view kEnd = "?=";
  constexpr std::size_t kLongestWord = 75;
  std::string field = fmt::format("{}: {}", name, kBegin);
  std::size_t used = field.size();  // of the line; the first word has the less room for the name before it
  while (!value.empty()) {
    std::string_view rest = value;
    if (!next_utf8(rest)) rest = value.substr(1);
    const std::string piece = encoded(value.substr(0, value.size() - rest.size()));
    value = rest;
    if (used + piece.size() + kEnd.size() > kLongestWord) {
      field.append(kEnd).append(kFold).append(kBegin);
      used = 1 + kBegin.size();
    }
    field += piece;
    used += piece.size();
  }
  return field.append(kEnd);
}

}  // namespace

std::string mail_date(Instant instant) {
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{instant - day};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", kDays.at(std::chrono::weekday{day}.c_encoding()),
                     static_cast<unsigned>(date.day()), kMonths.at(static_cast<unsigned>(date.month()) - 1),
                     static_cast<int>(date.year()), time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::string text_field(std::string_view name, std::string_view value) {
  if (!is_printable_ascii(bytes_of(value)) || value.find("=?") != std::string_view::npos) return encoded_words(name, value);
  std::string field = fmt::format("{}:", name);
  std::size_t used = field.size();
  while (!value.empty()) {
    const std::string_view word = value.substr(0, value.find(' ', 1));
    value.remove_prefix(word.size());
    const bool first = field.size() == name.size() + 1;
    // A blank that folds belongs to the value; the first one is the field's own.
    const std::string_view shown = first || word.front() != ' ' ? word : word.substr(1);
    if (!first && used + 1 + shown.size() >= kLine) {
      field += "\r\n";
      used = 0;
    }
    field.append(" ").append(shown);
    used += 1 + shown.size();
  }
  return field;
}

std::string address_field(std::string_view name, const std::vector<std::string>& addresses) {
  std::string field = fmt::format("{}:", name);
  for (const std::string& address : addresses) {
    if (field.size() > name.size() + 1) field.append(",\r\n");
    field.append(" ").append(address);
  }
  return field;
}

}  // namespace spaceca::notify
