// Names, against naive readings of their rules and what OpenSSL's X.509 functions make of them. The first octet chooses the kind.
#include <algorithm>
#include <string>
#include <string_view>

#include <openssl/x509v3.h>

#include <spaceca/names.h>

#include "harness.h"

using namespace spaceca;
using namespace spaceca::fuzz;

namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_lower_digit_or_hyphen(char c) { return is_lower(c) || (c >= '0' && c <= '9') || c == '-'; }

// [a-z][a-z0-9-]{0,62}, no hyphen at the end.
bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= 63 && is_lower(text.front()) && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), is_lower_digit_or_hyphen);
}

template <class Name>
void check_label(std::string_view text) {
  const auto name = accepted([&] { return Name{text}; });
  require(name.has_value() == is_label(text), "just what the rule says is taken");
  if (name) require(name->text() == text && Name{name->text()} == *name, "a name is kept as it came");
}

// --- hosts ---

using GeneralNames = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

// A certificate with this subjectAltName and no more.
Owned<X509, X509_free> certificate_for(const HostName& host) {
  Owned<X509, X509_free> certificate{X509_new()};
  const GeneralNames names{sk_GENERAL_NAME_new_null()};
  GENERAL_NAME* const name = GENERAL_NAME_new();
  const bool is_dns = host.kind() == HostName::Kind::dns;
  ASN1_STRING* const value = ASN1_STRING_type_new(is_dns ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
  ASN1_STRING_set(value, host.octets().data(), static_cast<int>(host.octets().size()));
  GENERAL_NAME_set0_value(name, is_dns ? GEN_DNS : GEN_IPADD, value);
  sk_GENERAL_NAME_push(names.get(), name);
  require(X509_add1_ext_i2d(certificate.get(), NID_subject_alt_name, names.get(), 1, X509V3_ADD_DEFAULT) == 1,
          "the name fits into a certificate");
  return certificate;
}

// RFC 1123 2.1: labels of letters, digits and inner hyphens, one to 63 long, 253 in all, and no address.
void require_host_rules(std::string_view host) {
  require(host.size() <= 253, "a host has at most 253 characters");
  std::string_view label;
  for (std::size_t at = 0; at <= host.size(); at += label.size() + 1) {
    label = host.substr(at, host.find('.', at) - at);
    require(!label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-',
            "a label has a good length and good ends");
    require(std::all_of(label.begin(), label.end(), is_lower_digit_or_hyphen), "a label has good characters");
  }
  require(std::any_of(label.begin(), label.end(), is_lower) || label.find('-') != std::string_view::npos,
          "the last label is no number");
}

void check_dns(const HostName& host) {
  const std::string& text = host.text();
  require(text_of(host.octets()) == text, "the octets of a DNS name are its text");
  const bool is_wildcard = text.starts_with("*.");
  require_host_rules(is_wildcard ? std::string_view{text}.substr(2) : std::string_view{text});
  // OpenSSL's matcher is the one of libpq's peers: what we put into a certificate must match what it stands for.
  const std::string asked = is_wildcard ? "x" + text.substr(1) : text;
  const auto certificate = certificate_for(host);
  require(X509_check_host(certificate.get(), asked.data(), asked.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1,
          "OpenSSL finds the host in a certificate for it");
  const Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> address{a2i_IPADDRESS(text.c_str())};
  require(address == nullptr, "a DNS name is no address to OpenSSL");
}

void check_address(const HostName& host) {
  require(host.octets().size() == (host.kind() == HostName::Kind::ipv4 ? 4U : 16U), "an address has its octets");
  const Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> address{a2i_IPADDRESS(host.text().c_str())};
  require(address != nullptr, "OpenSSL reads the address");
  require(same(host.octets(), {ASN1_STRING_get0_data(address.get()), static_cast<std::size_t>(ASN1_STRING_length(address.get()))}),
          "OpenSSL reads the same octets");
  require(X509_check_ip_asc(certificate_for(host).get(), host.text().c_str(), 0) == 1,
          "OpenSSL finds the address in a certificate for it");
}

void check_host(std::string_view text, Wildcard wildcard) {
  const auto host = accepted([&] { return HostName{text, wildcard}; });
  if (!host) return;
  require(wildcard == Wildcard::allowed || host->text().find('*') == std::string::npos, "a wildcard must be allowed");
  const auto again = accepted([&] { return HostName{host->text(), wildcard}; });
  require(again && *again == *host && again->text() == host->text() && again->kind() == host->kind(),
          "what is shown is read again");
  require(same(again->octets(), host->octets()), "and has the same octets");
  host->kind() == HostName::Kind::dns ? check_dns(*host) : check_address(*host);
  ERR_clear_error();
}

// --- roles ---

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

void check_role(std::string_view text) {
  const auto role = accepted([&] { return RoleName{text}; });
  if (!role) return;
  require(role->text() == text && RoleName{role->text()} == *role, "a role is kept as it came");
  require(!text.empty() && text.size() <= 63, "a role has 1 to 63 bytes");
  require(std::none_of(text.begin(), text.end(), is_control), "no controls");
  // The common name that it becomes.
  const Owned<X509_NAME, X509_NAME_free> name{X509_NAME_new()};
  require(X509_NAME_add_entry_by_NID(name.get(), NID_commonName, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()), -1, 0) == 1,
          "OpenSSL takes the role as a common name");
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name.get(), 0)));
  require(size >= 0 && std::string_view(reinterpret_cast<char*>(utf8), static_cast<std::size_t>(size)) == text,
          "and gives it back");
  OPENSSL_free(utf8);
}

// --- actors ---

void check_actor(std::string_view text) {
  const auto actor = accepted([&] { return Actor{text}; });
  if (!actor) return;
  require(actor->text() == text && Actor{actor->text()} == *actor, "an actor is kept as it came");
  require(!text.empty() && text.size() <= 255, "an actor has 1 to 255 bytes");
  require(std::none_of(text.begin(), text.end(), is_control), "no controls");
  for (const unsigned char* in = reinterpret_cast<const unsigned char*>(text.data()); !text.empty();) {
    unsigned long character = 0;
    const int size = UTF8_getc(in, static_cast<int>(text.size()), &character);
    require(size > 0, "OpenSSL reads each character as UTF-8");
    in += size;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

// --- ids ---

template <class Id>
void check_id(std::string_view text) {
  const auto id = accepted([&] { return Id{text}; });
  if (!id) return;
  std::string lower{text};
  for (char& c : lower) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  require(id->text() == lower, "an id is shown as it came, in lower case");
  require(Id{id->text()} == *id && Id{id->octets()} == *id, "an id is read again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = text_of(ByteView{data, size}.subspan(1));
  switch (data[0] % 9) {
    case 0: check_label<SpaceName>(text); break;
    case 1: check_label<DatabaseName>(text); break;
    case 2: check_host(text, Wildcard::refused); break;
    case 3: check_host(text, Wildcard::allowed); break;
    case 4: check_role(text); break;
    case 5: check_id<CertificateId>(text); break;
    case 6: check_label<AppName>(text); break;
    case 7: check_actor(text); break;
    default: check_id<IpRuleId>(text); break;
  }
  return 0;
}
