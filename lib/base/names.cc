#include <spaceca/names.h>

#include <arpa/inet.h>

#include <algorithm>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/hex.h"
#include "base/legible.h"
#include "base/printable.h"

namespace spaceca {
namespace {

constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kLongestHost = 253;
constexpr std::size_t kLongestRole = 63;  // NAMEDATALEN - 1
constexpr std::size_t kLongestActor = 255;

[[noreturn]] void refuse(std::string_view kind, std::string_view text, std::string_view why) {
  throw Error{Errc::invalid_argument, fmt::format("{} \"{}\": {}", kind, printable(text), why)};
}

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string checked_label(std::string_view kind, std::string_view text) {
  if (text.empty()) refuse(kind, text, "is empty; give 1 to 63 of a-z, 0-9 and the hyphen");
  if (text.size() > kLongestLabel) refuse(kind, text, fmt::format("has {} characters, the most is 63", text.size()));
  if (!is_lower(text.front())) refuse(kind, text, "must start with one of a-z");
  if (text.back() == '-') refuse(kind, text, "must not end with a hyphen");
  for (const char c : text) {
    if (!is_lower(c) && !is_digit(c) && c != '-') refuse(kind, text, "may hold only a-z, 0-9 and the hyphen");
  }
  return std::string{text};
}

std::string lower_case(std::string_view text) {
  std::string lower{text};
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

void check_dns_label(std::string_view label, std::string_view host) {
  if (label.empty()) refuse("host name", host, "has an empty label (two dots in a row, or a dot in front)");
  if (label.size() > kLongestLabel) {
    refuse("host name", host, fmt::format("has a label of {} characters, the most is 63", label.size()));
  }
  if (label.front() == '-' || label.back() == '-') refuse("host name", host, "has a label that starts or ends with a hyphen");
  for (const char c : label) {
    if (!is_lower(c) && !is_digit(c) && c != '-') {
      refuse("host name", host, "may hold only letters, digits, hyphens and dots");
    }
  }
}

void check_dns_name(std::string_view host, Wildcard wildcard) {
  if (host.size() > kLongestHost) refuse("host name", host, fmt::format("has {} characters, the most is 253", host.size()));
  if (host.back() == '.') refuse("host name", host, "ends with a dot; leave it out");

  std::string_view rest = host;
  if (host.find('*') != std::string_view::npos) {
    if (!host.starts_with("*.") || host.find('*', 1) != std::string_view::npos) {
      refuse("host name", host, "a wildcard must be the whole left-most label, as in *.example.com");
    }
    if (wildcard == Wildcard::refused) refuse("host name", host, "a wildcard is not allowed here; name the host");
    rest.remove_prefix(2);
    if (rest.find('.') == std::string_view::npos) refuse("host name", host, "a wildcard needs two labels or more after it");
  }

  std::string_view label;
  for (;;) {
    const auto dot = rest.find('.');
    label = rest.substr(0, dot);
    check_dns_label(label, host);
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  // RFC 1123 2.1: the highest label is alphabetic, so that a name and a dotted quad cannot be taken for each other.
  if (std::all_of(label.begin(), label.end(), is_digit)) {
    refuse("host name", host, "is neither an IPv4 address nor a name: its last label has only digits");
  }
}

// --- UUIDs ---

constexpr std::string_view kUuidForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";  // RFC 9562 4

std::array<std::uint8_t, 16> uuid_octets(std::string_view kind, std::string_view text) {
  const auto malformed = [kind, text] { refuse(kind, text, "is not a UUID: 8-4-4-4-12 hexadecimal digits"); };
  if (text.size() != kUuidForm.size()) malformed();
  std::array<std::uint8_t, 16> octets{};
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kUuidForm[i] == '-') {
      if (text[i] != '-') malformed();
      continue;
    }
    const auto value = hex_value(text[i]);
    if (!value) malformed();
    octets[digits / 2] = static_cast<std::uint8_t>(octets[digits / 2] << 4 | *value);
    ++digits;
  }
  return octets;
}

std::string uuid_text(const std::array<std::uint8_t, 16>& octets) {
  std::string text{kUuidForm};
  std::size_t digit = 0;
  for (char& c : text) {
    if (c == '-') continue;
    const std::uint8_t octet = octets.at(digit / 2);
    c = kLowerHexDigits[digit % 2 == 0 ? octet >> 4 : octet & 0x0F];
    ++digit;
  }
  return text;
}

}  // namespace

SpaceName::SpaceName(std::string_view text) : text_(checked_label("space name", text)) {}

DatabaseName::DatabaseName(std::string_view text) : text_(checked_label("database name", text)) {}

AppName::AppName(std::string_view text) : text_(checked_label("app name", text)) {}

HostName::HostName(std::string_view text, Wildcard wildcard) {
  if (text.empty()) refuse("host name", text, "is empty");
  if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    refuse("host name", text, "has characters beyond ASCII; give the form that starts with xn-- (A-labels, RFC 5890)");
  }
  if (text.find('\0') != std::string_view::npos) refuse("host name", text, "holds a NUL");
  const std::string given{text};

  if (inet_pton(AF_INET, given.c_str(), address_.data()) == 1) {
    kind_ = Kind::ipv4;
    text_ = given;  // inet_pton takes the canonical text alone: four decimal numbers without leading zeros
    return;
  }
  if (text.find(':') != std::string_view::npos) {
    if (text.front() == '[') refuse("host name", text, "an IPv6 address goes without brackets here");
    if (text.find('%') != std::string_view::npos) {
      refuse("host name", text, "an address with a zone has no meaning elsewhere; leave it out");
    }
    in6_addr address{};
    if (inet_pton(AF_INET6, given.c_str(), &address) != 1) {
      refuse("host name", text, "is not an IPv6 address, and a name has no colon");
    }
    if (IN6_IS_ADDR_V4MAPPED(&address)) refuse("host name", text, "is an IPv4 address in IPv6 clothes; give the IPv4 address");
    kind_ = Kind::ipv6;
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&address), address_.size(), address_.begin());
    std::array<char, INET6_ADDRSTRLEN> canonical{};
    text_ = inet_ntop(AF_INET6, &address, canonical.data(), canonical.size());
    return;
  }
  text_ = lower_case(text);
  check_dns_name(text_, wildcard);
}

ByteView HostName::octets() const noexcept {
  switch (kind_) {
    case Kind::ipv4: return ByteView{address_}.first(4);
    case Kind::ipv6: return address_;
    case Kind::dns: break;
  }
  return bytes_of(text_);
}

RoleName::RoleName(std::string_view text) : text_(text) {
  if (text.size() > kLongestRole) {
    refuse("role name", text, fmt::format("has {} bytes, the most that PostgreSQL keeps is 63", text.size()));
  }
  if (legible_characters("role name", text) == 0) refuse("role name", text, "is empty");
}

Actor::Actor(std::string_view text) : text_(text) {
  if (text.size() > kLongestActor) {
    refuse("actor", text, fmt::format("has {} bytes, the most is {}", text.size(), kLongestActor));
  }
  if (legible_characters("actor", text) == 0) refuse("actor", text, "is empty");
}

CertificateId::CertificateId(std::string_view text) : octets_(uuid_octets("certificate id", text)) {}
std::string CertificateId::text() const { return uuid_text(octets_); }

IpRuleId::IpRuleId(std::string_view text) : octets_(uuid_octets("IP rule id", text)) {}
std::string IpRuleId::text() const { return uuid_text(octets_); }

}  // namespace spaceca
