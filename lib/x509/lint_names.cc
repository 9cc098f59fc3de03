// Names: RFC 5280 4.1.2.4, 4.1.2.6, 4.2.1.6 and the bounds of its appendix A.1, and what PostgreSQL and its clients look for in
// them.
#include "x509/lint.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include <spaceca/error.h>
#include <spaceca/names.h>

#include "base/printable.h"
#include "x509/certificate_impl.h"
#include "x509/lint_text.h"
#include "x509/oids.h"
#include "x509/seen_as.h"

namespace spaceca::x509 {
namespace {

using der::Tag;

constexpr Tag kNumericString{0x12};
constexpr Tag kPrintableString{0x13};
constexpr Tag kIa5String{0x16};
constexpr Tag kUniversalString{0x1C};
constexpr Tag kBmpString{0x1E};

// What an attribute's value may be.
enum class Form {
  directory,  // DirectoryString: of its five choices UTF8String and PrintableString alone (4.1.2.4)
  printable,
  ia5,
};

struct KnownAttribute {
  der::Oid type;
  Form form;
  std::size_t least;
  std::size_t most;  // characters
};

constexpr KnownAttribute kAttributes[] = {
    {der::oids::kCommonName, Form::directory, 1, 64},
    {der::oids::kOrganization, Form::directory, 1, 64},
    {der::oids::kOrganizationalUnit, Form::directory, 1, 64},
    {der::oid({2, 5, 4, 6}), Form::printable, 2, 2},                      // countryName
    {der::oid({2, 5, 4, 7}), Form::directory, 1, 128},                    // localityName
    {der::oid({2, 5, 4, 8}), Form::directory, 1, 128},                    // stateOrProvinceName
    {der::oid({2, 5, 4, 5}), Form::printable, 1, 64},                     // serialNumber
    {der::oid({2, 5, 4, 12}), Form::directory, 1, 64},                    // title
    {der::oid({2, 5, 4, 65}), Form::directory, 1, 128},                   // pseudonym
    {der::oid({2, 5, 4, 4}), Form::directory, 1, 32768},                  // surname
    {der::oid({2, 5, 4, 42}), Form::directory, 1, 32768},                 // givenName
    {der::oid({2, 5, 4, 43}), Form::directory, 1, 32768},                 // initials
    {der::oid({2, 5, 4, 44}), Form::directory, 1, 32768},                 // generationQualifier
    {der::oid({2, 5, 4, 46}), Form::printable, 1, 32768},                 // dnQualifier
    {der::oid({1, 2, 840, 113549, 1, 9, 1}), Form::ia5, 1, 255},          // emailAddress
    {der::oid({0, 9, 2342, 19200300, 100, 1, 25}), Form::ia5, 1, 32768},  // domainComponent
};

const KnownAttribute* known(const NameAttribute& attribute) {
  const auto* const found = std::ranges::find_if(kAttributes, [&](const KnownAttribute& row) { return attribute.is(row.type); });
  return found != std::end(kAttributes) ? found : nullptr;
}

// In characters. That the octets are text of their type OpenSSL has seen to: it reads no name that it cannot compare.
std::size_t length(const NameAttribute& attribute) {
  const std::size_t size = attribute.value.size();
  if (attribute.tag == kBmpString) return size / 2;
  if (attribute.tag == kUniversalString) return size / 4;
  if (attribute.tag != Tag::utf8_string) return size;
  return static_cast<std::size_t>(
      std::ranges::count_if(attribute.value, [](std::uint8_t octet) { return (octet & 0xC0) != 0x80; }));
}

bool is_printable_string(ByteView text) {
  constexpr std::string_view kSigns = " '()+,-./:=?";
  return std::ranges::all_of(text, [&](std::uint8_t c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           kSigns.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool is_ascii(ByteView text) {
  return std::ranges::all_of(text, [](std::uint8_t c) { return c < 0x80; });
}

bool has_controls(const NameAttribute& attribute) {
  if (attribute.tag == kBmpString || attribute.tag == kUniversalString) return false;
  return std::ranges::any_of(attribute.value, [](std::uint8_t c) { return c < 0x20 || c == 0x7F; });
}

std::span<const GeneralName> alternatives(const Specimen& specimen) {
  if (!specimen.alternative_names) return {};
  return *specimen.alternative_names;
}

// The first objection to one of the alternative names of that kind.
template <class Judge>
Objection first_of(const Specimen& specimen, unsigned kind, Judge&& judge) {
  for (const GeneralName& name : alternatives(specimen)) {
    if (name.kind != kind) continue;
    if (Objection objection = judge(name.value)) return objection;
  }
  return {};
}

// Nothing if it is no host at all.
std::optional<HostName> host_in(ByteView text) {
  try {
    return HostName{text_of(text), Wildcard::allowed};
  } catch (const Error&) {
    return {};
  }
}

bool has_long_label(ByteView name) {
  constexpr std::size_t kLongest = 63;
  for (std::string_view rest = text_of(name);;) {
    const std::size_t dot = rest.find('.');
    if (rest.substr(0, dot).size() > kLongest) return true;
    if (dot == std::string_view::npos) return false;
    rest.remove_prefix(dot + 1);
  }
}

// --- issuer and subject ---

// "The issuer field MUST contain a non-empty distinguished name (DN)."
Objection issuer_empty(const Specimen& specimen) {
  constexpr std::size_t kEmptySequence = 2;
  if (specimen.certificate.issuer_der().size() > kEmptySequence) return {};
  return "names no issuer";
}

// Octet for octet, as every verifier finds it: some compare names by 7.1, some do not.
Objection issuer_differs(const Specimen& specimen) {
  if (specimen.issuer == nullptr || std::ranges::equal(specimen.certificate.issuer_der(), specimen.issuer->subject_der())) {
    return {};
  }
  return fmt::format("names the issuer \"{}\", whose own certificate says \"{}\", or says it in other octets",
                     printable(specimen.certificate.issuer()), printable(specimen.issuer->subject()));
}

Objection issuer_is_no_ca(const Specimen& specimen) {
  if (specimen.issuer == nullptr) return {};
  if (!specimen.issuer->is_ca()) {
    return fmt::format("its issuer \"{}\" is no CA (basicConstraints)", printable(specimen.issuer->subject()));
  }
  if (specimen.issuer->may_sign_certificates()) return {};
  return fmt::format("its issuer \"{}\" may not sign certificates (keyUsage has no keyCertSign)",
                     printable(specimen.issuer->subject()));
}

// "If the subject is a CA ..., then the subject field MUST be populated with a non-empty distinguished name"
Objection subject_empty(const Specimen& specimen) {
  if (!specimen.is_ca() || !specimen.subject.empty()) return {};
  return "is a CA's and names no subject";
}

// "... MUST use either the PrintableString or UTF8String encoding of DirectoryString"
Objection name_string_type(const Specimen& specimen) {
  for (const NameAttribute& attribute : specimen.subject) {
    const KnownAttribute* const row = known(attribute);
    if (row == nullptr) continue;
    const bool fits = row->form == Form::directory   ? attribute.tag == Tag::utf8_string || attribute.tag == kPrintableString
                      : row->form == Form::printable ? attribute.tag == kPrintableString
                                                     : attribute.tag == kIa5String;
    if (fits) continue;
    constexpr std::string_view kWanted[] = {"a UTF8String or a PrintableString", "a PrintableString", "an IA5String"};
    return fmt::format("{} is a string of tag 0x{:02X}; it must be {}", object_name(attribute.type),
                       static_cast<unsigned>(attribute.tag), kWanted[static_cast<std::size_t>(row->form)]);
  }
  return {};
}

Objection name_characters(const Specimen& specimen) {
  for (const NameAttribute& attribute : specimen.subject) {
    const auto bad = [&](std::string_view why) {
      return fmt::format("{} {} {}", object_name(attribute.type), quoted(attribute.value), why);
    };
    if (has_controls(attribute)) return bad("holds a control character");
    if (attribute.tag == kPrintableString && !is_printable_string(attribute.value)) {
      return bad("has a character that a PrintableString may not hold");
    }
    if ((attribute.tag == kIa5String || attribute.tag == kNumericString) && !is_ascii(attribute.value)) return bad("is not ASCII");
  }
  return {};
}

Objection name_length(const Specimen& specimen) {
  for (const NameAttribute& attribute : specimen.subject) {
    if (Objection objection = judge_length(attribute)) return objection;
  }
  return {};
}

// be_tls_open_server and libpq take the first, others the last.
Objection common_name_repeated(const Specimen& specimen) {
  const std::size_t count = specimen.common_names().size();
  if (count < 2) return {};
  return fmt::format("has {} common names; who reads it takes the first, or the last", count);
}

Objection server_common_name(const Specimen& specimen) {
  const auto names = specimen.common_names();
  if (!specimen.is_server() || names.empty()) return {};
  const auto host = host_in(names.front());
  const bool stands_there = host && std::ranges::any_of(alternatives(specimen), [&](const GeneralName& name) {
                              if (name.kind == GeneralName::kAddress) {
                                return host->kind() != HostName::Kind::dns && std::ranges::equal(name.value, host->octets());
                              }
                              return name.kind == GeneralName::kDns && host_in(name.value) == host;
                            });
  if (stands_there) return {};
  return fmt::format("the common name {} is not among the subjectAltName's names, where most clients look", quoted(names.front()));
}

Objection client_common_name(const Specimen& specimen) {
  if (!specimen.is_client() || specimen.is_server() || !specimen.common_names().empty()) return {};
  return "has no common name; PostgreSQL compares it with the role";
}

// NAMEDATALEN - 1 bytes are what PostgreSQL keeps of a role's name.
Objection client_common_name_length(const Specimen& specimen) {
  constexpr std::size_t kLongestRole = 63;
  if (!specimen.is_client()) return {};
  for (const ByteView name : specimen.common_names()) {
    if (name.size() > kLongestRole) {
      return fmt::format("the common name has {} bytes; a role's name has {} at most", name.size(), kLongestRole);
    }
  }
  return {};
}

// --- subjectAltName ---

Objection san_missing(const Specimen& specimen) {
  if (!specimen.is_server()) return {};
  const bool any = std::ranges::any_of(alternatives(specimen), [](const GeneralName& name) {
    return name.kind == GeneralName::kDns || name.kind == GeneralName::kAddress;
  });
  if (any) return {};
  return "names no host in a subjectAltName; Go, pgx and pgbouncer look nowhere else";
}

// "the sequence MUST contain at least one entry"
Objection san_empty(const Specimen& specimen) {
  if (!specimen.alternative_names || !specimen.alternative_names->empty()) return {};
  return "has a subjectAltName without a name";
}

// "If the subject field contains an empty sequence, then the issuing CA MUST include a subjectAltName extension that is marked as
// critical." - otherwise "SHOULD mark the subjectAltName extension as non-critical"
Objection san_criticality(const Specimen& specimen) {
  const auto extension =
      std::ranges::find_if(specimen.extensions, [](const Extension& one) { return one.is(der::oids::kSubjectAltName); });
  const bool critical = extension != specimen.extensions.end() && extension->is_critical();
  if (specimen.subject.empty() && !critical) return "names no subject and has no critical subjectAltName instead";
  if (!specimen.subject.empty() && critical) return "has a critical subjectAltName beside a subject";
  return {};
}

// rfc822Name, dNSName and uniformResourceIdentifier are IA5Strings.
Objection san_ascii(const Specimen& specimen) {
  for (const GeneralName& name : alternatives(specimen)) {
    const bool is_text = name.kind == GeneralName::kDns || name.kind == GeneralName::kUri || name.kind == GeneralName::kEmail;
    if (is_text && !is_ascii(name.value)) return fmt::format("the alternative name {} is not ASCII", quoted(name.value));
  }
  return {};
}

// "... MUST be stored in the dNSName (an IA5String). The name MUST be in the "preferred name syntax", as specified by Section 3.5
// of [RFC1034] and as modified by Section 2.1 of [RFC1123]."
Objection dns_name(const Specimen& specimen) {
  return first_of(specimen, GeneralName::kDns, [](ByteView name) -> Objection {
    if (has_long_label(name)) return {};  // dns-label-length's
    try {
      static_cast<void>(HostName{text_of(name), Wildcard::allowed});
      return {};
    } catch (const Error& error) {
      return fmt::format("a dNSName is none: {}", error.what());
    }
  });
}

Objection dns_label_length(const Specimen& specimen) {
  return first_of(specimen, GeneralName::kDns, [](ByteView name) -> Objection {
    if (!has_long_label(name)) return {};
    return fmt::format("the dNSName {} has a label of more than 63 octets", quoted(name));
  });
}

Objection dns_name_is_address(const Specimen& specimen) {
  return first_of(specimen, GeneralName::kDns, [](ByteView name) -> Objection {
    const auto host = host_in(name);
    if (!host || host->kind() == HostName::Kind::dns) return {};
    return fmt::format("the address {} stands as dNSName; it must be an iPAddress", quoted(name));
  });
}

// "... the octet string MUST contain exactly four octets", "exactly sixteen"
Objection ip_address_octets(const Specimen& specimen) {
  return first_of(specimen, GeneralName::kAddress, [](ByteView address) -> Objection {
    if (address.size() == 4 || address.size() == 16) return {};
    return fmt::format("an iPAddress has {} octets, not 4 or 16", address.size());
  });
}

// "The name MUST NOT be a relative URI, and it MUST follow the URI syntax and encoding rules specified in [RFC3986]."
Objection uri(const Specimen& specimen) {
  return first_of(specimen, GeneralName::kUri, [](ByteView octets) -> Objection {
    const std::string_view text = text_of(octets);
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto of_scheme = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'; };
    const std::size_t colon = text.find(':');
    const bool absolute = colon != std::string_view::npos && colon > 0 && colon + 1 < text.size() && is_letter(text.front()) &&
                          std::ranges::all_of(text.substr(0, colon), of_scheme);
    if (!absolute) return fmt::format("the URI {} is relative; it must start with a scheme", quoted(octets));
    constexpr std::string_view kNever = " <>\"{}|\\^`";
    if (is_printable_ascii(octets) && text.find_first_of(kNever) == std::string_view::npos) return {};
    return fmt::format("the URI {} holds a character that must be written as %XX", quoted(octets));
  });
}

// "Local-part@Domain"
Objection email(const Specimen& specimen) {
  return first_of(specimen, GeneralName::kEmail, [](ByteView octets) -> Objection {
    const std::string_view text = text_of(octets);
    const std::size_t at = text.find('@');
    const bool fits = at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
                      text.find('@', at + 1) == std::string_view::npos && is_printable_ascii(octets) &&
                      text.find(' ') == std::string_view::npos;
    if (fits) return {};
    return fmt::format("the rfc822Name {} is not of the form local@domain", quoted(octets));
  });
}

constexpr std::array kNameRules = {
    Rule{"issuer-empty", "RFC 5280 4.1.2.4", issuer_empty},
    Rule{"issuer-differs", "RFC 5280 4.1.2.4", issuer_differs, seen::kUnknownCa},
    Rule{"issuer-is-no-ca", "RFC 5280 6.1.4", issuer_is_no_ca, seen::kUnknownCa},
    Rule{"subject-empty", "RFC 5280 4.1.2.6", subject_empty},
    Rule{"name-string-type", "RFC 5280 4.1.2.4, appendix A.1", name_string_type},
    Rule{"name-characters", "X.680 41", name_characters},
    Rule{"name-length", "RFC 5280 appendix A.1", name_length},
    Rule{"common-name-repeated", "PostgreSQL: be_tls_open_server", common_name_repeated},
    Rule{"server-common-name", "CA/Browser Forum Baseline Requirements 7.1.4.2.2", server_common_name},
    Rule{"client-common-name", "PostgreSQL: clientcert=verify-full", client_common_name,
         "certificate authentication failed for user"},
    Rule{"client-common-name-length", "PostgreSQL: NAMEDATALEN", client_common_name_length,
         "certificate authentication failed for user"},
    Rule{"san-missing", "RFC 6125 6.4.4", san_missing},
    Rule{"san-empty", "RFC 5280 4.2.1.6", san_empty},
    Rule{"san-criticality", "RFC 5280 4.2.1.6", san_criticality},
    Rule{"san-ascii", "RFC 5280 4.2.1.6", san_ascii},
    Rule{"dns-name", "RFC 5280 4.2.1.6", dns_name},
    Rule{"dns-label-length", "RFC 1034 3.5", dns_label_length},
    Rule{"dns-name-is-address", "RFC 5280 4.2.1.6", dns_name_is_address},
    Rule{"ip-address-octets", "RFC 5280 4.2.1.6", ip_address_octets, "certificate contains IP address with invalid length"},
    Rule{"uri", "RFC 5280 4.2.1.6", uri},
    Rule{"email", "RFC 5280 4.2.1.6", email},
};

}  // namespace

Objection judge_length(const NameAttribute& attribute) {
  const KnownAttribute* const row = known(attribute);
  if (row == nullptr) return {};
  const std::size_t characters = length(attribute);
  if (characters >= row->least && characters <= row->most) return {};
  return fmt::format("{} {} has {} characters; it may have {} to {}", object_name(attribute.type), quoted(attribute.value),
                     characters, row->least, row->most);
}

std::span<const Rule> name_rules() { return kNameRules; }

}  // namespace spaceca::x509
