#include "base/mail_address.h"

#include <algorithm>

#include <spaceca/error.h>
#include <spaceca/names.h>

namespace spaceca {
namespace {

constexpr std::size_t kLongestAddress = 254;  // RFC 5321 4.5.3.1.3, without the angle brackets
constexpr std::size_t kLongestLocalPart = 64;

// RFC 5322 3.2.3, atext.
bool is_atom_character(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-/=?^_`{|}~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kOthers.find(c) != std::string_view::npos;
}

bool is_dot_string(std::string_view text) {
  if (text.empty() || text.size() > kLongestLocalPart || text.front() == '.' || text.back() == '.') return false;
  if (text.find("..") != std::string_view::npos) return false;
  return std::ranges::all_of(text, [](char c) { return c == '.' || is_atom_character(c); });
}

bool is_dns_name(std::string_view text) {
  try {
    return HostName{text}.kind() == HostName::Kind::dns;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

bool is_mail_address(std::string_view text) {
  const auto at = text.rfind('@');
  return at != std::string_view::npos && text.size() <= kLongestAddress && is_dot_string(text.substr(0, at)) &&
         is_dns_name(text.substr(at + 1));
}

}  // namespace spaceca
