// Names, parsed once: what holds one is known to be right, and one kind does not pass for another. Each constructor refuses with
// Errc::invalid_argument. Values: as safe between threads as int is.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include <spaceca/bytes.h>
#include <spaceca/export.h>

namespace spaceca {

// `[a-z][a-z0-9-]{0,62}`, no hyphen at the end.
class SPACECA_EXPORT SpaceName final {
 public:
  explicit SpaceName(std::string_view text);
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  friend auto operator<=>(const SpaceName&, const SpaceName&) = default;

 private:
  std::string text_;
};

// By the same rule as SpaceName.
class SPACECA_EXPORT DatabaseName final {
 public:
  explicit DatabaseName(std::string_view text);
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  friend auto operator<=>(const DatabaseName&, const DatabaseName&) = default;

 private:
  std::string text_;
};

enum class Wildcard { refused, allowed };

// The program that a database belongs to; by the same rule again.
class SPACECA_EXPORT AppName final {
 public:
  explicit AppName(std::string_view text);
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  friend auto operator<=>(const AppName&, const AppName&) = default;

 private:
  std::string text_;
};

// Who does something, for the audit: a person's or a service's name, 1 to 255 bytes of UTF-8 without control, bidirectional and
// zero-width characters.
class SPACECA_EXPORT Actor final {
 public:
  explicit Actor(std::string_view text);
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  friend auto operator<=>(const Actor&, const Actor&) = default;

 private:
  std::string text_;
};

// A DNS name (RFC 1123 2.1, RFC 5890: letters, digits and hyphens; A-labels, no U-labels; kept in lower case, no dot at the end) or
// an IP address (kept in its canonical text). A wildcard, where allowed, is the whole left-most label (RFC 6125 6.4.3) of three or
// more.
class SPACECA_EXPORT HostName final {
 public:
  enum class Kind { dns, ipv4, ipv6 };

  explicit HostName(std::string_view text, Wildcard wildcard = Wildcard::refused);

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  // What goes into the subjectAltName: the name's characters, or the 4 or 16 octets of the address (RFC 5280 4.2.1.6).
  [[nodiscard]] ByteView octets() const noexcept;
  friend bool operator==(const HostName& a, const HostName& b) noexcept { return a.text_ == b.text_; }

 private:
  std::string text_;
  Kind kind_ = Kind::dns;
  std::array<std::uint8_t, 16> address_{};
};

// A PostgreSQL role as a certificate can carry it: UTF-8, 1 to 63 bytes (PostgreSQL's limit, below X.520's 64 characters), case
// kept. Control, bidirectional and zero-width characters are refused: such a name looks like another one to whoever reads it.
class SPACECA_EXPORT RoleName final {
 public:
  explicit RoleName(std::string_view text);
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  friend auto operator<=>(const RoleName&, const RoleName&) = default;

 private:
  std::string text_;
};

// The identity of one client certificate, a UUID (RFC 9562); it stands in the certificate as urn:uuid:….
class SPACECA_EXPORT CertificateId final {
 public:
  explicit CertificateId(std::string_view text);  // 8-4-4-4-12 hexadecimal digits of either case
  explicit CertificateId(const std::array<std::uint8_t, 16>& octets) noexcept : octets_(octets) {}

  [[nodiscard]] std::string text() const;  // lower case
  [[nodiscard]] const std::array<std::uint8_t, 16>& octets() const noexcept { return octets_; }
  friend auto operator<=>(const CertificateId&, const CertificateId&) = default;

 private:
  std::array<std::uint8_t, 16> octets_;
};

// The identity of one rule of an allow-list, a UUID too.
class SPACECA_EXPORT IpRuleId final {
 public:
  explicit IpRuleId(std::string_view text);  // as of CertificateId
  explicit IpRuleId(const std::array<std::uint8_t, 16>& octets) noexcept : octets_(octets) {}

  [[nodiscard]] std::string text() const;
  [[nodiscard]] const std::array<std::uint8_t, 16>& octets() const noexcept { return octets_; }
  friend auto operator<=>(const IpRuleId&, const IpRuleId&) = default;

 private:
  std::array<std::uint8_t, 16> octets_;
};

}  // namespace spaceca
