// Extensions: RFC 5280 4.2, in its order, and what OpenSSL and its users make of them. (Of the subjectAltName only that it stands
// once; what is in it is lint_names'.)
#include "x509/lint.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include "base/hex.h"
#include "x509/algorithms.h"
#include "x509/certificate_impl.h"
#include "x509/lint_text.h"
#include "x509/oids.h"
#include "x509/seen_as.h"

namespace spaceca::x509 {
namespace {

// 4.2.1
constexpr der::Oid kPolicyMappings = der::oid({2, 5, 29, 33});
constexpr der::Oid kSubjectDirectoryAttributes = der::oid({2, 5, 29, 9});
constexpr der::Oid kNameConstraints = der::oid({2, 5, 29, 30});
constexpr der::Oid kPolicyConstraints = der::oid({2, 5, 29, 36});
constexpr der::Oid kFreshestCrl = der::oid({2, 5, 29, 46});
constexpr der::Oid kInhibitAnyPolicy = der::oid({2, 5, 29, 54});
// 4.2.2
constexpr der::Oid kAuthorityInfoAccess = der::oid({1, 3, 6, 1, 5, 5, 7, 1, 1});
constexpr der::Oid kSubjectInfoAccess = der::oid({1, 3, 6, 1, 5, 5, 7, 1, 11});

bool is_one_of(const Extension& extension, std::span<const der::Oid> some) {
  return std::ranges::any_of(some, [&](const der::Oid& oid) { return extension.is(oid); });
}

// "digitalSignature, keyEncipherment", from the two octets of the bits.
std::string usage_text(unsigned bits) {
  constexpr std::string_view kNames[] = {"digitalSignature", "nonRepudiation", "keyEncipherment",
                                         "dataEncipherment", "keyAgreement",   "keyCertSign",
                                         "cRLSign",          "encipherOnly",   "decipherOnly"};
  std::string text;
  for (unsigned i = 0; i < std::size(kNames); ++i) {
    if ((bits & (0x8000U >> i)) == 0) continue;
    if (!text.empty()) text += ", ";
    text += kNames[i];
  }
  return text.empty() ? "none" : text;
}

// Exactly these bits; `who` says for whom.
Objection judge_usage(const Specimen& specimen, std::string_view who, unsigned wanted) {
  const unsigned bits = specimen.usage_bits();
  if (bits == wanted) return {};
  return fmt::format("keyUsage is {}; for {} it must be {}", usage_text(bits), who, usage_text(wanted));
}

constexpr unsigned kSignature = kDigitalSignature << 8;
constexpr unsigned kSignatureAndEncipherment = (kDigitalSignature | kKeyEncipherment) << 8;
constexpr unsigned kCaBits = (kKeyCertSign | kCrlSign) << 8;

// --- all of them ---

// "Extensions  ::=  SEQUENCE SIZE (1..MAX) OF Extension"
Objection extensions_empty(const Specimen& specimen) {
  if (!specimen.extensions_empty) return {};
  return "has a list of extensions with nothing in it";
}

// "A certificate MUST NOT include more than one instance of a particular extension."
Objection extension_twice(const Specimen& specimen) {
  std::vector<std::string_view> oids;
  for (const Extension& extension : specimen.extensions) oids.push_back(text_of(extension.oid));
  std::ranges::sort(oids);
  const auto again = std::ranges::adjacent_find(oids);
  if (again == oids.end()) return {};
  return fmt::format("has the extension {} twice", object_name(bytes_of(*again)));
}

// FALSE is the default, which DER does not write (X.690 11.5); TRUE is 0xFF (11.1).
Objection critical_encoding(const Specimen& specimen) {
  constexpr std::uint8_t kTrue[] = {0xFF};
  for (const Extension& extension : specimen.extensions) {
    if (!extension.critical || std::ranges::equal(*extension.critical, kTrue)) continue;
    return fmt::format("the extension {} writes critical as 0x{}; DER writes FF, or nothing at all", object_name(extension.oid),
                       hex_of(*extension.critical, HexCase::upper));
  }
  return {};
}

// "A certificate-using system MUST reject the certificate if it encounters a critical extension it does not recognize"
Objection critical_unknown(const Specimen& specimen) {
  for (int i = 0; i < X509_get_ext_count(specimen.parsed.get()); ++i) {
    X509_EXTENSION* const extension = X509_get_ext(specimen.parsed.get(), i);
    if (X509_EXTENSION_get_critical(extension) != 1 || X509_supported_extension(extension) == 1) continue;
    return fmt::format("has the critical extension {}, which OpenSSL does not know",
                       object_name(specimen.extensions.at(static_cast<std::size_t>(i)).oid));
  }
  return {};
}

// "Conforming CAs MUST mark this extension as non-critical."
Objection extension_critical(const Specimen& specimen) {
  constexpr der::Oid kNever[] = {der::oids::kAuthorityKeyIdentifier,
                                 der::oids::kSubjectKeyIdentifier,
                                 kSubjectDirectoryAttributes,
                                 kFreshestCrl,
                                 kAuthorityInfoAccess,
                                 kSubjectInfoAccess};
  for (const Extension& extension : specimen.extensions) {
    if (extension.is_critical() && is_one_of(extension, kNever)) {
      return fmt::format("{} is critical; it must not be", object_name(extension.oid));
    }
  }
  return {};
}

// "Conforming CAs MUST mark this extension as critical."; for keyUsage SHOULD; for a leaf's basicConstraints MAY.
Objection extension_not_critical(const Specimen& specimen) {
  constexpr der::Oid kAlways[] = {der::oids::kKeyUsage, kNameConstraints, kPolicyConstraints, kInhibitAnyPolicy};
  for (const Extension& extension : specimen.extensions) {
    const bool of_ca = specimen.is_ca() && extension.is(der::oids::kBasicConstraints);
    if (extension.is_critical() || (!of_ca && !is_one_of(extension, kAlways))) continue;
    return fmt::format("{} is not critical; it must be", object_name(extension.oid));
  }
  return {};
}

// "MUST be used only in a CA certificate", "can be used in certificates issued to CAs"
Objection ca_extension_in_leaf(const Specimen& specimen) {
  constexpr der::Oid kOfCas[] = {kNameConstraints, kPolicyMappings, kPolicyConstraints, kInhibitAnyPolicy};
  if (specimen.is_ca()) return {};
  for (const Extension& extension : specimen.extensions) {
    if (is_one_of(extension, kOfCas)) return fmt::format("has {}, which is for CAs", object_name(extension.oid));
  }
  return {};
}

// --- 4.2.1.1 authorityKeyIdentifier ---

// "The keyIdentifier field of the authorityKeyIdentifier extension MUST be included in all certificates generated by conforming
// CAs" - a self-signed one may do without.
Objection authority_key_missing(const Specimen& specimen) {
  if (specimen.authority_key || specimen.is_self_issued()) return {};
  return "has no authorityKeyIdentifier (openssl -x509_strict: error 85)";
}

Objection authority_key_without_keyid(const Specimen& specimen) {
  if (!specimen.authority_key || specimen.authority_key->key) return {};
  return "its authorityKeyIdentifier has no keyid";
}

// With issuer and serial in it, a root that is re-issued with its old key and name breaks its leaves (OpenSSL: error 31).
Objection authority_key_by_serial(const Specimen& specimen) {
  if (!specimen.authority_key || !specimen.authority_key->issuer_or_serial) return {};
  return "its authorityKeyIdentifier holds the issuer's name and serial; the keyid alone outlives a re-issue";
}

Objection authority_key_differs(const Specimen& specimen) {
  if (specimen.issuer == nullptr || !specimen.authority_key || !specimen.authority_key->key) return {};
  const ByteView wanted = specimen.issuer->subject_key_identifier();
  if (wanted.empty() || std::ranges::equal(*specimen.authority_key->key, wanted)) return {};
  return fmt::format("its authorityKeyIdentifier is {}, its issuer's subjectKeyIdentifier is {}",
                     hex_of(*specimen.authority_key->key, HexCase::lower), hex_of(wanted, HexCase::lower));
}

// --- 4.2.1.2 subjectKeyIdentifier ---

// "this extension MUST appear in all conforming CA certificates"
Objection ca_subject_key(const Specimen& specimen) {
  if (!specimen.is_ca() || (specimen.subject_key && !specimen.subject_key->empty())) return {};
  return "is a CA's and has no subjectKeyIdentifier for its leaves to point at";
}

// "this extension SHOULD be included in all end entity certificates"
Objection leaf_subject_key(const Specimen& specimen) {
  if (specimen.is_ca() || (specimen.subject_key && !specimen.subject_key->empty())) return {};
  return "has no subjectKeyIdentifier";
}

// --- 4.2.1.3 keyUsage ---

// keyCertSign to sign certificates, cRLSign since one list is enough to make PostgreSQL ask every CA for one of its own.
Objection ca_key_usage(const Specimen& specimen) {
  if (!specimen.is_ca()) return {};
  const unsigned bits = specimen.usage_bits();
  if ((bits & kCaBits) == kCaBits) return {};
  return fmt::format("keyUsage is {}; a CA needs {}", usage_text(bits), usage_text(kCaBits));
}

// An absent keyUsage forbids nothing (4.2.1.3), and without keyCertSign no leaf gets so far as to be looked up in a list.
bool lacks_crl_sign_alone(const Specimen& specimen) { return (specimen.usage_bits() & kCaBits) == (kKeyCertSign << 8); }

// "If the keyCertSign bit is asserted, then the cA bit in the basic constraints extension MUST also be asserted."
Objection cert_sign_without_ca(const Specimen& specimen) {
  if (specimen.is_ca() || (specimen.usage_bits() & kCaBits) == 0) return {};
  return fmt::format("keyUsage is {} although it is no CA's", usage_text(specimen.usage_bits()));
}

// RSA key exchange up to TLS 1.2 enciphers to the server's key; nothing else ever does.
Objection server_key_usage(const Specimen& specimen) {
  if (!specimen.is_server()) return {};
  const bool rsa = traits(specimen.certificate.public_key().algorithm()).family == Family::rsa;
  return judge_usage(specimen, rsa ? "a server with an RSA key" : "a server", rsa ? kSignatureAndEncipherment : kSignature);
}

// keyEncipherment is not consistent with clientAuth (4.2.1.12).
Objection client_key_usage(const Specimen& specimen) {
  if (!specimen.is_client() || specimen.is_server()) return {};
  return judge_usage(specimen, "a client", kSignature);
}

// "When the keyUsage extension appears in a certificate, at least one of the bits MUST be set to 1."
Objection key_usage_empty(const Specimen& specimen) {
  if (!specimen.key_usage || specimen.usage_bits() != 0) return {};
  return "has a keyUsage without a use";
}

// A named bit list ends with its last one bit (X.690 11.2.2).
Objection key_usage_encoding(const Specimen& specimen) {
  if (!specimen.key_usage) return {};
  const ByteView content = *specimen.key_usage;
  if (content.size() < 2) return {};  // key-usage-empty's
  const auto unused = static_cast<unsigned>(std::countr_zero(content.back()));
  if (content.back() != 0 && content.front() == unused) return {};
  return fmt::format("keyUsage is written as {}; DER ends it with its last one bit", hex_of(content, HexCase::upper));
}

// --- 4.2.1.9 basicConstraints ---

// Python's cryptography refuses the certificate, and every linter objects.
Objection basic_constraints_false(const Specimen& specimen) {
  if (!specimen.basic_constraints || !specimen.basic_constraints->ca_written || specimen.basic_constraints->ca) return {};
  return "basicConstraints writes cA FALSE, which is the default; DER writes an empty SEQUENCE";
}

// "CAs MUST NOT include the pathLenConstraint field unless the cA boolean is asserted"
Objection path_length_without_ca(const Specimen& specimen) {
  if (!specimen.basic_constraints || specimen.basic_constraints->ca || !specimen.basic_constraints->path_length) return {};
  return "basicConstraints has a pathLenConstraint although it is no CA's";
}

// "... the maximum number of non-self-issued intermediate certificates that may follow this certificate"
Objection path_length_of_issuer(const Specimen& specimen) {
  if (specimen.issuer == nullptr || specimen.issuer == &specimen.certificate || !specimen.is_ca() || specimen.is_self_issued()) {
    return {};
  }
  const Specimen issuer{*specimen.issuer, nullptr};
  if (!issuer.basic_constraints || !issuer.basic_constraints->path_length) return {};
  const ByteView most = *issuer.basic_constraints->path_length;
  if (std::ranges::any_of(most, [](std::uint8_t octet) { return octet != 0; })) return {};
  return "is a CA's, and its issuer may have leaves alone (pathLenConstraint 0)";
}

// --- 4.2.1.12 extKeyUsage ---

bool is_for(ByteView purpose, const der::Oid& known) { return std::ranges::equal(purpose, known.octets()); }

// With none, or with both, every verifier lets a client's certificate stand as the database server.
Objection purpose_missing(const Specimen& specimen) {
  if (specimen.is_ca() || (specimen.purposes && !specimen.purposes->empty())) return {};
  return "has no extended key usage, so a client's certificate passes for a server's";
}

Objection purpose_not_one(const Specimen& specimen) {
  if (specimen.is_ca() || !specimen.purposes || specimen.purposes->empty()) return {};
  const auto& purposes = *specimen.purposes;
  if (purposes.size() == 1 &&
      (is_for(purposes.front(), der::oids::kServerAuth) || is_for(purposes.front(), der::oids::kClientAuth))) {
    return {};
  }
  std::string seen;
  for (const ByteView purpose : purposes) seen += (seen.empty() ? "" : ", ") + object_name(purpose);
  return fmt::format("its extended key usage is {}; it must be serverAuth or clientAuth, and that alone", seen);
}

// OpenSSL holds a CA's against everything under it, although the RFC gives it no such meaning.
Objection ca_purpose(const Specimen& specimen) {
  if (!specimen.is_ca() || !specimen.purposes) return {};
  const auto has = [&](const der::Oid& purpose) {
    return std::ranges::any_of(*specimen.purposes, [&](ByteView one) { return is_for(one, purpose); });
  };
  if (has(der::oids::kServerAuth) && has(der::oids::kClientAuth)) return {};
  return "is a CA's with an extended key usage that is not both serverAuth and clientAuth; OpenSSL refuses the leaves that it "
         "leaves out";
}

constexpr std::array kExtensionRules = {
    Rule{"extensions-empty", "RFC 5280 4.1", extensions_empty},
    Rule{"extension-twice", "RFC 5280 4.2", extension_twice},
    Rule{"critical-encoding", "X.690 11.1, 11.5", critical_encoding},
    Rule{"critical-unknown", "RFC 5280 4.2", critical_unknown},
    Rule{"extension-critical", "RFC 5280 4.2.1.1, 4.2.1.2, 4.2.1.8, 4.2.1.15, 4.2.2", extension_critical},
    Rule{"extension-not-critical", "RFC 5280 4.2.1.3, 4.2.1.9, 4.2.1.10, 4.2.1.11, 4.2.1.14", extension_not_critical},
    Rule{"ca-extension-in-leaf", "RFC 5280 4.2.1.5, 4.2.1.10, 4.2.1.11, 4.2.1.14", ca_extension_in_leaf},
    Rule{"authority-key-missing", "RFC 5280 4.2.1.1", authority_key_missing},
    Rule{"authority-key-without-keyid", "RFC 5280 4.2.1.1", authority_key_without_keyid},
    Rule{"authority-key-by-serial", "OpenSSL: X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH", authority_key_by_serial},
    Rule{"authority-key-differs", "RFC 5280 4.2.1.1", authority_key_differs, seen::kUnknownCa},
    Rule{"ca-subject-key", "RFC 5280 4.2.1.2", ca_subject_key},
    Rule{"leaf-subject-key", "RFC 5280 4.2.1.2", leaf_subject_key},
    Rule{"ca-key-usage", "RFC 5280 4.2.1.3", ca_key_usage, seen::kCertificateUnknown, lacks_crl_sign_alone},
    Rule{"cert-sign-without-ca", "RFC 5280 4.2.1.3", cert_sign_without_ca},
    Rule{"server-key-usage", "RFC 5280 4.2.1.3, 4.2.1.12", server_key_usage},
    Rule{"client-key-usage", "RFC 5280 4.2.1.3, 4.2.1.12", client_key_usage},
    Rule{"key-usage-empty", "RFC 5280 4.2.1.3", key_usage_empty},
    Rule{"key-usage-encoding", "X.690 11.2.2", key_usage_encoding},
    Rule{"basic-constraints-false", "X.690 11.5", basic_constraints_false},
    Rule{"path-length-without-ca", "RFC 5280 4.2.1.9", path_length_without_ca},
    Rule{"path-length-of-issuer", "RFC 5280 4.2.1.9", path_length_of_issuer, seen::kUnknownCa},
    Rule{"purpose-missing", "RFC 5280 4.2.1.12", purpose_missing},
    Rule{"purpose-not-one", "RFC 5280 4.2.1.12", purpose_not_one},
    Rule{"ca-purpose", "OpenSSL: v3_purp.c", ca_purpose},
};

}  // namespace

std::span<const Rule> extension_rules() { return kExtensionRules; }

}  // namespace spaceca::x509
