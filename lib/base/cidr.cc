#include <spaceca/cidr.h>

#include <arpa/inet.h>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"

namespace spaceca {
namespace {

using Family = Cidr::Family;
using Octets = std::array<std::uint8_t, 16>;

struct Address {
  Family family;
  Octets octets;
};

constexpr unsigned kMappedPrefix = 96;  // ::ffff:0:0/96 (RFC 4291 2.5.5.2)

unsigned bits_of(Family family) { return family == Family::ipv4 ? 32 : 128; }
std::string_view name_of(Family family) { return family == Family::ipv4 ? "IPv4" : "IPv6"; }

// What is read, for refusals: the whole of it stands in each.
struct Input {
  std::string_view kind;
  std::string_view text;
  std::string_view example;

  [[noreturn]] void refuse(std::string_view why) const {
    throw Error{Errc::invalid_argument, fmt::format("{} \"{}\": {}", kind, printable(text), why)};
  }
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_visible_ascii(char c) { return c > ' ' && c <= '~'; }

// --- octets ---

std::string text_of(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(address.family == Family::ipv4 ? AF_INET : AF_INET6, address.octets.data(), text.data(), text.size());
}

Octets masked(Octets octets, unsigned prefix_length) {
  for (unsigned at = 0; at < octets.size(); ++at) {
    const unsigned kept = std::min(prefix_length - std::min(prefix_length, 8 * at), 8U);
    octets[at] = static_cast<std::uint8_t>(octets[at] & (0xFF00U >> kept));
  }
  return octets;
}

std::string text_of(const Address& address, unsigned prefix_length) {
  return fmt::format("{}/{}", text_of(Address{address.family, masked(address.octets, prefix_length)}), prefix_length);
}

bool is_mapped(const Address& address) {
  constexpr Octets kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  return address.family == Family::ipv6 && masked(address.octets, kMappedPrefix) == kMapped;
}

Address unmapped(const Address& address) {
  Address inner{Family::ipv4, {}};
  std::copy_n(address.octets.begin() + kMappedPrefix / 8, 4, inner.octets.begin());
  return inner;
}

// --- addresses ---

// inet_pton reads strictly: four decimal numbers without leading zeros, the forms of RFC 4291 2.2, no zone. The text holds no NUL.
std::optional<Address> address_in(std::string_view text) {
  const std::string given{text};
  Address address{Family::ipv4, {}};
  if (inet_pton(AF_INET, given.c_str(), address.octets.data()) == 1) return address;
  address = {Family::ipv6, {}};
  if (inet_pton(AF_INET6, given.c_str(), address.octets.data()) == 1) return address;
  return std::nullopt;
}

// Says what keeps digits and dots from being an IPv4 address.
[[noreturn]] void refuse_dotted(const Input& input, std::string_view text) {
  if (const auto dots = std::count(text.begin(), text.end(), '.'); dots != 3) {
    input.refuse(fmt::format("an IPv4 address has four numbers, not {}", dots + 1));
  }
  while (!text.empty()) {
    const std::string_view number = text.substr(0, text.find('.'));
    if (number.size() > 1 && number.front() == '0') {
      input.refuse(fmt::format("{} has a leading zero, which some read as octal; leave it out", printable(number)));
    }
    if (number.size() > 3 || (number.size() == 3 && number > "255")) {
      input.refuse(fmt::format("a number of an IPv4 address is 0 to 255, not {}", printable(number)));
    }
    text.remove_prefix(std::min(text.size(), number.size() + 1));
  }
  input.refuse("an IPv4 address has four numbers, and one of these is empty");
}

[[noreturn]] void refuse_address(const Input& input, std::string_view text) {
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    const std::string_view front = text.substr(0, colon);
    const bool is_port = std::all_of(text.begin() + static_cast<std::ptrdiff_t>(colon) + 1, text.end(), is_digit);
    if (is_port && address_in(front)) input.refuse(fmt::format("has a port, which says nothing here; give {}", front));
    input.refuse("is not an IPv6 address (RFC 4291 2.2)");
  }
  if (std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; })) refuse_dotted(input, text);
  input.refuse(fmt::format("is not an IP address; give one as {}", input.example));
}

Address read_address(const Input& input, std::string_view text) {
  const auto address = address_in(text);
  if (!address) refuse_address(input, text);
  return *address;
}

void check_characters(const Input& input) {
  const std::string_view text = input.text;
  if (text.empty()) input.refuse(fmt::format("is empty; give one as {}", input.example));
  if (!std::all_of(text.begin(), text.end(), is_visible_ascii)) {
    input.refuse("holds a blank, or another character that no address has; leave it out");
  }
  if (text.find_first_of("[]") != std::string_view::npos) input.refuse("an address goes without brackets here");
  if (const auto zone = text.find('%'); zone != std::string_view::npos) {
    input.refuse(fmt::format("has a zone, which means something on one machine alone; leave {} out",
                             printable(text.substr(zone, text.find('/', zone) - zone))));
  }
}

// --- prefixes ---

// The prefix length that a mask stands for, if its ones stand in front.
std::optional<unsigned> prefix_of_mask(const Address& mask) {
  for (unsigned length = 0; length <= bits_of(mask.family); ++length) {
    Octets ones{};
    ones.fill(0xFF);
    if (masked(ones, length) == mask.octets) return length;
  }
  return std::nullopt;
}

unsigned read_prefix(const Input& input, std::string_view text, Family family) {
  const unsigned most = bits_of(family);
  if (text.empty()) input.refuse(fmt::format("ends with its slash; give a prefix of 0 to {} behind it, or leave it out", most));
  if (text.find('/') != std::string_view::npos) input.refuse("has more than one slash; give one address and one prefix");
  if (!std::all_of(text.begin(), text.end(), is_digit)) {
    const auto mask = address_in(text);
    const auto length = mask && mask->family == family ? prefix_of_mask(*mask) : std::nullopt;
    if (length) input.refuse(fmt::format("has a mask for a prefix; give /{}", *length));
  } else if (text.size() > 1 && text.front() == '0') {
    input.refuse("its prefix has a leading zero; leave it out");
  } else if (text.size() <= 3) {
    unsigned length = 0;
    for (const char c : text) length = 10 * length + static_cast<unsigned>(c - '0');
    if (length <= most) return length;
  }
  input.refuse(fmt::format("an {} prefix is 0 to {}, not {}", name_of(family), most, printable(text)));
}

bool agree(const Octets& a, const Octets& b, unsigned prefix_length) {
  return masked(a, prefix_length) == masked(b, prefix_length);
}

}  // namespace

Cidr::Cidr(std::string_view text) {
  const Input input{"IP rule", text, "192.0.2.0/24 or 2001:db8::/32"};
  check_characters(input);
  const auto slash = text.find('/');
  if (slash == 0) input.refuse("has no address in front of its slash");
  const Address address = read_address(input, text.substr(0, slash));
  const unsigned length =
      slash == std::string_view::npos ? bits_of(address.family) : read_prefix(input, text.substr(slash + 1), address.family);
  if (is_mapped(address)) {
    input.refuse(fmt::format("is an IPv4 address in IPv6 clothes; give {}",
                             text_of(unmapped(address), length < kMappedPrefix ? 32 : length - kMappedPrefix)));
  }
  if (masked(address.octets, length) != address.octets) {
    input.refuse(fmt::format("has bits set behind its prefix; give {} for the block, or {} for the one address",
                             text_of(address, length), text_of(address, bits_of(address.family))));
  }
  family_ = address.family;
  octets_ = address.octets;
  prefix_length_ = static_cast<std::uint8_t>(length);
}

std::string Cidr::text() const { return text_of(Address{family_, octets_}, prefix_length_); }

bool Cidr::contains(std::string_view address) const {
  const Input input{"IP address", address, "192.0.2.1 or 2001:db8::1"};
  check_characters(input);
  if (address.find('/') != std::string_view::npos) input.refuse("has a slash; one address is asked for");
  const Address one = read_address(input, address);
  if (is_mapped(one)) input.refuse(fmt::format("is an IPv4 address in IPv6 clothes; give {}", text_of(unmapped(one))));
  return one.family == family_ && agree(one.octets, octets_, prefix_length_);
}

bool Cidr::contains(const Cidr& other) const noexcept { return prefix_length_ <= other.prefix_length_ && overlaps(other); }

bool Cidr::overlaps(const Cidr& other) const noexcept {
  return family_ == other.family_ && agree(octets_, other.octets_, std::min(prefix_length_, other.prefix_length_));
}

}  // namespace spaceca
