// After fe-secure-common.c and fe-secure-openssl.c of PostgreSQL 15. Older ones look at dNSNames alone.
#include "x509/host_match.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include <spaceca/bytes.h>

#include "base/printable.h"
#include "ossl/handles.h"

namespace spaceca::x509 {
namespace {

ByteView octets_of(const ASN1_STRING* text) {
  return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

// pg_strcasecmp, for ASCII.
bool same_but_for_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// "We only match the '*' character as wildcard", "only wildcards at the start of the string", "The '*' character does *not* match
// '.'".
bool wildcard_fits(std::string_view pattern, std::string_view host) {
  if (pattern.size() < 3 || !pattern.starts_with("*.") || pattern.size() > host.size()) return false;
  if (!same_but_for_case(pattern.substr(1), host.substr(host.size() - pattern.size() + 1))) return false;
  return host.find('.') >= host.size() - pattern.size();
}

class Comparison final {
 public:
  explicit Comparison(const HostName& host) : host_(host) {}

  // Each looks at one name of the certificate. False once there is nothing more to look for.
  bool look_at_name(ByteView name) {
    ++examined_;
    const std::string_view text = text_of(name);
    if (text.find('\0') != std::string_view::npos) return fail("SSL certificate's name contains embedded null");
    remember(text);
    matched_ = same_but_for_case(text, host_.text()) || wildcard_fits(text, host_.text());
    return !matched_;
  }

  bool look_at_address(ByteView address) {
    ++examined_;
    const bool v4 = address.size() == 4;
    if (!v4 && address.size() != 16) {
      return fail(fmt::format("certificate contains IP address with invalid length {}", address.size()));
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    remember(inet_ntop(v4 ? AF_INET : AF_INET6, address.data(), text.data(), text.size()));
    matched_ = host_.kind() != HostName::Kind::dns && std::ranges::equal(address, host_.octets());
    return !matched_;
  }

  [[nodiscard]] std::optional<Finding> finding() const {
    if (matched_) return {};
    const std::string source = "PostgreSQL: fe-secure-common.c";
    if (!failure_.empty()) return Finding{"host", failure_, source, failure_};
    if (examined_ == 0) {
      return Finding{"host", fmt::format("the certificate names no host, and \"{}\" was to come", host_.text()), source,
                     "could not get server's host name from server certificate"};
    }
    const int others = examined_ - 1;
    const std::string more = others == 0 ? "" : fmt::format(" (and {} other name{})", others, others == 1 ? "" : "s");
    const std::string seen_as =
        fmt::format("server certificate for \"{}\"{} does not match host name \"{}\"", printable(first_), more, host_.text());
    return Finding{"host", fmt::format("the certificate is for \"{}\"{}, not for \"{}\"", printable(first_), more, host_.text()),
                   source, seen_as};
  }

 private:
  bool fail(std::string why) {
    failure_ = std::move(why);
    return false;
  }
  void remember(std::string_view name) {
    if (examined_ == 1) first_ = name;
  }

  const HostName& host_;
  int examined_ = 0;
  bool matched_ = false;
  std::string first_;
  std::string failure_;
};

}  // namespace

std::optional<Finding> host_mismatch(const X509* certificate, const HostName& host) {
  Comparison comparison{host};
  const int kind_of_host = host.kind() == HostName::Kind::dns ? GEN_DNS : GEN_IPADD;
  bool common_name_counts = true;
  const ossl::GeneralNames names{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == kind_of_host) common_name_counts = false;
    const bool more = name->type == GEN_DNS     ? comparison.look_at_name(octets_of(name->d.dNSName))
                      : name->type == GEN_IPADD ? comparison.look_at_address(octets_of(name->d.iPAddress))
                                                : true;
    if (!more) return comparison.finding();
  }
  if (common_name_counts) {
    const X509_NAME* const subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0) comparison.look_at_name(octets_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
  }
  return comparison.finding();
}

}  // namespace spaceca::x509
