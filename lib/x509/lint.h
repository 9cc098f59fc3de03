// The rules of lint(). A rule is one function that looks at a certificate taken apart and says what is wrong, if anything, and one
// line in the table of its file: lint_fields, lint_names, lint_keys, lint_dates, lint_extensions, in the order of RFC 5280 4.1
// and 4.2.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/certificate.h>
#include <spaceca/verify.h>

#include "ossl/handles.h"
#include "x509/der_reader.h"
#include "x509/tbs_template.h"

namespace spaceca::x509 {

// An Extension (RFC 5280 4.1).
struct Extension {
  ByteView oid;
  std::optional<ByteView> critical;  // the content of the BOOLEAN, if one is written
  ByteView value;

  [[nodiscard]] bool is_critical() const { return critical && !critical->empty() && critical->front() != 0; }
  [[nodiscard]] bool is(const der::Oid& known) const;
};

// One attribute of a distinguished name.
struct NameAttribute {
  ByteView type;
  der::Tag tag;
  ByteView value;

  [[nodiscard]] bool is(const der::Oid& known) const;
};

// GeneralName (RFC 5280 4.2.1.6), by the number of its tag.
struct GeneralName {
  static constexpr unsigned kEmail = 1;
  static constexpr unsigned kDns = 2;
  static constexpr unsigned kUri = 6;
  static constexpr unsigned kAddress = 7;

  unsigned kind;
  ByteView value;
};

struct BasicConstraints {
  bool ca;
  bool ca_written;  // a FALSE may not be
  std::optional<ByteView> path_length;
};

struct AuthorityKeyIdentifier {
  std::optional<ByteView> key;
  bool issuer_or_serial;
};

// A certificate taken apart. It borrows from both certificates.
struct Specimen {
  Specimen(const Certificate& certificate, const Certificate* issuer);

  const Certificate& certificate;
  const Certificate* issuer;  // null if it is not known; a root is its own

  ossl::X509Certificate parsed;
  Bytes written_again;  // by OpenSSL, from the fields
  bool unique_identifiers = false;
  bool extensions_empty = false;
  ByteView signature_algorithm;                  // its object identifier
  std::optional<der::Tag> signature_parameters;  // what they are, if there are any
  std::vector<NameAttribute> subject;
  std::vector<Extension> extensions;
  // Of the extensions that the rules look into; the first, if there are several of a kind.
  std::optional<BasicConstraints> basic_constraints;
  std::optional<ByteView> key_usage;  // the content of the BIT STRING
  std::optional<std::vector<ByteView>> purposes;
  std::optional<ByteView> subject_key;
  std::optional<AuthorityKeyIdentifier> authority_key;
  std::optional<std::vector<GeneralName>> alternative_names;
  std::vector<std::string> not_der;  // what the strict reader found in what it had not looked into before

  // What it says it is for. One that is neither a CA's nor for one of the two is nothing; one that is for both is both.
  [[nodiscard]] bool is_ca() const;
  [[nodiscard]] bool is_server() const;
  [[nodiscard]] bool is_client() const;
  [[nodiscard]] bool is_self_issued() const;

  [[nodiscard]] std::vector<ByteView> common_names() const;
  // The two octets of keyUsage's bits, the most significant one first; 0 if it is not there.
  [[nodiscard]] unsigned usage_bits() const;
};

// What is wrong; nothing if all is well.
using Objection = std::optional<std::string>;

struct Rule {
  std::string_view name;
  std::string_view source;
  Objection (*judge)(const Specimen& specimen);
  std::string_view seen_as = {};                        // as in Finding
  bool (*is_seen)(const Specimen& specimen) = nullptr;  // whether this one is; null if each is
};

[[nodiscard]] std::span<const Rule> field_rules();      // 4.1.1, 4.1.2.1 to 4.1.2.3, 4.1.2.8
[[nodiscard]] std::span<const Rule> name_rules();       // 4.1.2.4, 4.1.2.6, 4.2.1.6
[[nodiscard]] std::span<const Rule> date_rules();       // 4.1.2.5
[[nodiscard]] std::span<const Rule> key_rules();        // 4.1.2.7, and who may hold what
[[nodiscard]] std::span<const Rule> extension_rules();  // 4.2

// All rules over one certificate.
[[nodiscard]] std::vector<Finding> lint_all(const Certificate& certificate, const Certificate* issuer);

// The same judgements on single values, for what varies from leaf to leaf: no certificate is taken apart for them.
[[nodiscard]] Objection judge_serial(const Serial& serial);            // serial-short
[[nodiscard]] Objection judge_order(Validity validity);                // dates-reversed
[[nodiscard]] Objection judge_lifetime(Validity validity);             // leaf-lifetime
[[nodiscard]] Objection judge_length(const NameAttribute& attribute);  // name-length

// For the hot path, where a template that was linted stands for the rest: of what varies, all that is not right by its type. Throws
// Errc::policy with the finding.
void check_varying_fields(const LeafFields& fields);

// Throws Errc::policy if there are findings; `what` names the thing.
void refuse_findings(std::string_view what, std::vector<Finding> findings);

}  // namespace spaceca::x509
