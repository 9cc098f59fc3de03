#include <spaceca/database_url.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include <spaceca/error.h>

#include "base/hex.h"
#include "base/url_text.h"

namespace spaceca {
namespace {

// Quotes nothing: whatever part was taken for another may be the password.
[[noreturn]] void refuse(const std::string& why) {
  throw Error{Errc::invalid_argument, "database URL: " + why + "; right would be postgresql://USER:PASSWORD@HOST:PORT/DATABASE"};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// RFC 3986 2.1. `part` is a name of ours, such as "the user".
std::string decoded(std::string_view text, const std::string& part) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    const bool whole = i + 2 < text.size();
    const auto high = whole ? hex_value(text[i + 1]) : std::nullopt;
    const auto low = whole ? hex_value(text[i + 2]) : std::nullopt;
    if (!high || !low) refuse(part + " has a % that two hexadecimal digits do not follow");
    plain += static_cast<char>(*high << 4 | *low);
    i += 2;
  }
  if (plain.find('\0') != std::string::npos) refuse(part + " holds a NUL");
  return plain;
}

std::string named(std::string_view text, const std::string& part) {
  std::string plain = decoded(text, part);
  if (plain.empty()) refuse(part + " is missing");
  return plain;
}

std::uint16_t port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failure != std::errc{} || end != text.data() + text.size() || port == 0) refuse("the port is not a number from 1 to 65535");
  return port;
}

// What libpq would take from the parameters in place of what stands before them.
void refuse_parts_in(std::string_view parameters) {
  constexpr std::array<std::string_view, 6> kParts = {"user", "password", "host", "hostaddr", "port", "dbname"};
  while (!parameters.empty()) {
    const std::string_view parameter = parameters.substr(0, parameters.find('&'));
    const std::string name = decoded(parameter.substr(0, parameter.find('=')), "a parameter");
    const auto* const part = std::ranges::find(kParts, name);
    if (part != kParts.end()) {
      refuse("its parameter " + std::string{*part} + " would stand in place of what the URL says before; leave it out");
    }
    parameters.remove_prefix(std::min(parameter.size() + 1, parameters.size()));
  }
}

// RFC 3986 2.
void refuse_other_characters(std::string_view text) {
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet <= ' ' || octet == 0x7F) refuse("it holds a blank or a control character, which must be percent-encoded");
    if (octet >= 0x80) refuse("it holds a character beyond ASCII, whose octets must be percent-encoded");
  }
}

}  // namespace

DatabaseUrl::DatabaseUrl(SecretBytes text) : text_(trimmed(text_of(text.reveal()))) {
  std::string_view rest = text_of(text_.reveal());
  refuse_other_characters(rest);
  const auto skipped = [&rest](std::string_view scheme) {
    if (!rest.starts_with(scheme)) return false;
    rest.remove_prefix(scheme.size());
    return true;
  };
  if (!skipped("postgresql://") && !skipped("postgres://")) refuse("it begins neither with postgresql:// nor with postgres://");

  if (falls_apart(rest)) refuse(std::string{kFallsApart});
  const auto question = rest.find('?');
  if (question != std::string_view::npos) refuse_parts_in(rest.substr(question + 1));
  rest = rest.substr(0, question);
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) refuse("the database is missing");
  database_ = named(rest.substr(slash + 1), "the database");
  std::string_view authority = rest.substr(0, slash);

  const auto at = authority.find('@');
  if (at == std::string_view::npos) refuse("the user is missing");
  const std::string_view user = authority.substr(0, at);
  const auto colon = user.find(':');
  user_ = named(user.substr(0, colon), "the user");
  has_password_ = colon != std::string_view::npos && colon + 1 < user.size();
  authority.remove_prefix(at + 1);

  if (authority.find(',') != std::string_view::npos) refuse("it names several hosts; give one");
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto bracket = authority.find(']');
    if (bracket == std::string_view::npos) refuse("the bracket of the IPv6 address is not closed");
    host_ = named(authority.substr(1, bracket - 1), "the host");
    const std::string_view behind = authority.substr(bracket + 1);
    if (!behind.empty() && behind.front() != ':') refuse("something stands between the IPv6 address and the port");
    port = behind;
  } else {
    const auto before_port = authority.find(':');
    host_ = named(authority.substr(0, before_port), "the host");
    if (before_port != std::string_view::npos) port = authority.substr(before_port);
  }
  if (!port.empty()) port_ = port_of(port.substr(1));
}

}  // namespace spaceca
