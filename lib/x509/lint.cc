#include "x509/lint.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "ossl/check.h"
#include "ossl/encode.h"
#include "x509/certificate_impl.h"
#include "x509/lint_text.h"
#include "x509/oids.h"

namespace spaceca {
namespace x509 {
namespace {

using der::Tag;

constexpr std::string_view kIt = "it";  // "it: has a length that is not in its shortest form"

// --- taking a certificate apart ---

template <class Visit>
void for_each_attribute(ByteView name, Visit&& visit) {
  der::Reader outer{name, kIt};
  for (der::Reader names = outer.enter(Tag::sequence); !names.at_end();) {
    for (der::Reader relative = names.enter(Tag::set); !relative.at_end();) {
      der::Reader attribute = relative.enter(Tag::sequence);
      const ByteView type = attribute.read(Tag::object_identifier);
      const Tag tag = attribute.next();
      const ByteView value = attribute.read(tag);
      attribute.expect_end();
      visit(NameAttribute{type, tag, value});
    }
  }
}

std::vector<NameAttribute> read_name(ByteView name) {
  std::vector<NameAttribute> attributes;
  for_each_attribute(name, [&](const NameAttribute& attribute) { attributes.push_back(attribute); });
  return attributes;
}

std::vector<Extension> read_extensions(der::Reader list) {
  std::vector<Extension> extensions;
  while (!list.at_end()) {
    der::Reader extension = list.enter(Tag::sequence);
    Extension read{.oid = extension.read(Tag::object_identifier), .critical = {}, .value = {}};
    if (extension.next_is(Tag::boolean)) read.critical = extension.read(Tag::boolean);
    read.value = extension.read(Tag::octet_string);
    extension.expect_end();
    extensions.push_back(read);
  }
  return extensions;
}

BasicConstraints read_basic_constraints(der::Reader value) {
  BasicConstraints read{};
  der::Reader constraints = value.enter(Tag::sequence);
  if (constraints.next_is(Tag::boolean)) {
    read.ca_written = true;
    const ByteView content = constraints.read(Tag::boolean);
    read.ca = !content.empty() && content.front() != 0;
  }
  if (constraints.next_is(Tag::integer)) read.path_length = constraints.unsigned_integer();
  constraints.expect_end();
  value.expect_end();
  return read;
}

ByteView read_one(der::Reader value, Tag tag) {
  const ByteView content = value.read(tag);
  value.expect_end();
  return content;
}

std::vector<ByteView> read_purposes(der::Reader value) {
  std::vector<ByteView> purposes;
  for (der::Reader list = value.enter(Tag::sequence); !list.at_end();) purposes.push_back(list.read(Tag::object_identifier));
  value.expect_end();
  return purposes;
}

AuthorityKeyIdentifier read_authority_key(der::Reader value) {
  AuthorityKeyIdentifier read{};
  der::Reader fields = value.enter(Tag::sequence);
  if (fields.next_is(der::context(0))) read.key = fields.read(der::context(0));
  read.issuer_or_serial = !fields.at_end();
  value.expect_end();
  return read;
}

std::vector<GeneralName> read_general_names(der::Reader value) {
  constexpr unsigned kNumber = 0x1F;
  std::vector<GeneralName> names;
  for (der::Reader list = value.enter(Tag::sequence); !list.at_end();) {
    const Tag tag = list.next();
    names.push_back({static_cast<unsigned>(tag) & kNumber, list.read(tag)});
  }
  value.expect_end();
  return names;
}

void read_value(const Extension& extension, Specimen& into) {
  const der::Reader value{extension.value, kIt};
  if (extension.is(der::oids::kBasicConstraints)) {
    if (!into.basic_constraints) into.basic_constraints = read_basic_constraints(value);
  } else if (extension.is(der::oids::kKeyUsage)) {
    if (!into.key_usage) into.key_usage = read_one(value, Tag::bit_string);
  } else if (extension.is(der::oids::kExtendedKeyUsage)) {
    if (!into.purposes) into.purposes = read_purposes(value);
  } else if (extension.is(der::oids::kSubjectKeyIdentifier)) {
    if (!into.subject_key) into.subject_key = read_one(value, Tag::octet_string);
  } else if (extension.is(der::oids::kAuthorityKeyIdentifier)) {
    if (!into.authority_key) into.authority_key = read_authority_key(value);
  } else if (extension.is(der::oids::kSubjectAltName)) {
    if (!into.alternative_names) into.alternative_names = read_general_names(value);
  }
}

// `read`, whose refusal is an objection of the rule not-der and no failure.
template <class Read>
void note_refusal(Specimen& specimen, std::string_view what, Read&& read) {
  try {
    read();
  } catch (const Error& error) {
    specimen.not_der.push_back(fmt::format("{}: {}", what, error.what()));
  }
}

// --- rules that look at several ---

constexpr LintRule kRootsShareName{"roots-share-name", "NSS: SEC_ERROR_CRL_BAD_SIGNATURE"};
constexpr LintRule kSerialRepeated{"serial-repeated", "RFC 5280 4.1.2.2"};

Finding finding(const LintRule& rule, std::string text) {
  return {std::string{rule.name}, std::move(text), std::string{rule.source}};
}

std::string subject_of(const Certificate& certificate) { return printable(certificate.subject()); }

// "It MUST be unique for each certificate issued by a given CA." NSS refuses the second certificate.
void look_for_repeated_serials(const std::vector<Certificate>& certificates, std::vector<Finding>& findings) {
  std::map<std::pair<std::string_view, Serial>, const Certificate*> seen;
  for (const Certificate& certificate : certificates) {
    const auto [first, is_new] = seen.emplace(std::pair{text_of(certificate.issuer_der()), certificate.serial()}, &certificate);
    if (is_new || *first->second == certificate) continue;
    findings.push_back(
        finding(kSerialRepeated, fmt::format("\"{}\" and \"{}\" have the same issuer and the serial {}; each needs one of its own",
                                             subject_of(*first->second), subject_of(certificate), certificate.serial().hex())));
  }
}

// NSS looks a list's issuer up by its name, and holds the second root's list against the first root's key.
void look_for_shared_names(const std::vector<Certificate>& certificates, std::vector<Finding>& findings) {
  std::map<std::string_view, const Certificate*> seen;
  for (const Certificate& certificate : certificates) {
    if (!certificate.is_ca()) continue;
    const auto [first, is_new] = seen.emplace(text_of(certificate.subject_der()), &certificate);
    if (is_new || first->second->public_key() == certificate.public_key()) continue;
    findings.push_back(finding(
        kRootsShareName,
        fmt::format("two CAs with different keys are called \"{}\"; a new root needs a new name", subject_of(certificate))));
  }
}

std::array<std::span<const Rule>, 5> tables() {
  return {field_rules(), name_rules(), date_rules(), key_rules(), extension_rules()};
}

Finding finding(const Rule& rule, std::string text) {
  return {std::string{rule.name}, std::move(text), std::string{rule.source}, std::string{rule.seen_as}};
}

// There is one.
const Rule& rule_named(std::string_view name) {
  for (const auto& table : tables()) {
    const auto found = std::ranges::find(table, name, &Rule::name);
    if (found != table.end()) return *found;
  }
  throw Error{Errc::invalid_argument, fmt::format("lint: there is no rule \"{}\"", name)};
}

}  // namespace

bool Extension::is(const der::Oid& known) const { return std::ranges::equal(oid, known.octets()); }
bool NameAttribute::is(const der::Oid& known) const { return std::ranges::equal(type, known.octets()); }

Specimen::Specimen(const Certificate& its_certificate, const Certificate* its_issuer)
    : certificate(its_certificate), issuer(its_issuer) {
  parsed.reset(ossl::check(ossl::decoded(d2i_X509, X509_free, certificate.der()), "read a certificate"));
  // From the fields, not from the octets that d2i keeps.
  ossl::check(i2d_re_X509_tbs(parsed.get(), nullptr), "encode a certificate");
  written_again = ossl::encoded<Bytes>(i2d_X509, parsed.get(), "encode a certificate");

  der::Reader outer{certificate.der(), kIt};
  der::Reader whole = outer.enter(Tag::sequence);
  der::Reader tbs = whole.enter(Tag::sequence);
  static_cast<void>(tbs.read(der::context_constructed(0)));  // version
  static_cast<void>(tbs.read(Tag::integer));                 // serialNumber
  der::Reader algorithm = tbs.enter(Tag::sequence);
  for (int field = 0; field < 4; ++field) static_cast<void>(tbs.read(Tag::sequence));  // issuer, validity, subject, key
  for (const unsigned unique_id : {1U, 2U}) {
    if (!tbs.next_is(der::context(unique_id))) continue;
    unique_identifiers = true;
    static_cast<void>(tbs.read(der::context(unique_id)));
  }
  if (tbs.next_is(der::context_constructed(3))) {
    extensions = read_extensions(tbs.enter(der::context_constructed(3)).enter(Tag::sequence));
    extensions_empty = extensions.empty();
  }
  note_refusal(*this, "signature algorithm", [&] {
    signature_algorithm = algorithm.read(Tag::object_identifier);
    if (algorithm.at_end()) return;
    signature_parameters = algorithm.next();
    static_cast<void>(algorithm.read(*signature_parameters));
    algorithm.expect_end();
  });
  note_refusal(*this, "issuer", [this] { static_cast<void>(read_name(certificate.issuer_der())); });
  note_refusal(*this, "subject", [this] { subject = read_name(certificate.subject_der()); });
  for (const Extension& extension : extensions) {
    note_refusal(*this, object_name(extension.oid), [&] { read_value(extension, *this); });
  }

  const ByteView its_key = certificate.subject_key_identifier();
  const ByteView signers_key = certificate.authority_key_identifier();
  if (issuer == nullptr && is_self_issued() && (signers_key.empty() || std::ranges::equal(signers_key, its_key))) {
    issuer = &certificate;
  }
}

bool Specimen::is_ca() const { return basic_constraints && basic_constraints->ca; }

namespace {

bool holds(const std::optional<std::vector<ByteView>>& purposes, const der::Oid& purpose) {
  return purposes && std::ranges::any_of(*purposes, [&](ByteView oid) { return std::ranges::equal(oid, purpose.octets()); });
}

}  // namespace

bool Specimen::is_server() const { return !is_ca() && holds(purposes, der::oids::kServerAuth); }
bool Specimen::is_client() const { return !is_ca() && holds(purposes, der::oids::kClientAuth); }
bool Specimen::is_self_issued() const { return std::ranges::equal(certificate.subject_der(), certificate.issuer_der()); }

std::vector<ByteView> Specimen::common_names() const {
  std::vector<ByteView> names;
  for (const NameAttribute& attribute : subject) {
    if (attribute.is(der::oids::kCommonName)) names.push_back(attribute.value);
  }
  return names;
}

unsigned Specimen::usage_bits() const {
  if (!key_usage) return 0;
  const unsigned first = key_usage->size() > 1 ? (*key_usage)[1] : 0U;
  const unsigned second = key_usage->size() > 2 ? (*key_usage)[2] : 0U;
  return first << 8 | second;
}

std::vector<Finding> lint_all(const Certificate& certificate, const Certificate* issuer) {
  const ossl::QuietErrors quiet;  // an extension that OpenSSL cannot read is for a rule to name
  const Specimen specimen{certificate, issuer};
  std::vector<Finding> findings;
  for (const auto& table : tables()) {
    for (const Rule& rule : table) {
      if (Objection objection = rule.judge(specimen)) {
        findings.push_back(finding(rule, *std::move(objection)));
        if (rule.is_seen != nullptr && !rule.is_seen(specimen)) findings.back().seen_as.clear();
      }
    }
  }
  return findings;
}

void check_varying_fields(const LeafFields& fields) {
  const auto require = [](std::string_view name, Objection objection) {
    if (objection) refuse_findings("certificate", {finding(rule_named(name), *std::move(objection))});
  };
  require("serial-short", judge_serial(fields.serial));
  require("dates-reversed", judge_order(fields.validity));
  require("leaf-lifetime", judge_lifetime(fields.validity));
  // The one name that is not right by its type is a space's, taken from a root of others.
  for_each_attribute(fields.subject, [&](const NameAttribute& attribute) { require("name-length", judge_length(attribute)); });
}

void refuse_findings(std::string_view what, std::vector<Finding> findings) {
  if (findings.empty()) return;
  const std::string more = findings.size() > 1 ? fmt::format(" (and {} more)", findings.size() - 1) : "";
  const std::string text =
      fmt::format("{}: {}: {} ({}){}", what, findings.front().rule, findings.front().text, findings.front().source, more);
  throw Error{Errc::policy, text, std::move(findings)};
}

}  // namespace x509

std::vector<Finding> lint(const Certificate& certificate) { return x509::lint_all(certificate, nullptr); }

std::vector<Finding> lint(const Certificate& certificate, const Certificate& issuer) {
  return x509::lint_all(certificate, &issuer);
}

std::vector<Finding> lint_together(const std::vector<Certificate>& certificates) {
  std::vector<Finding> findings;
  x509::look_for_shared_names(certificates, findings);
  x509::look_for_repeated_serials(certificates, findings);
  return findings;
}

std::vector<LintRule> lint_rules() {
  std::vector<LintRule> rules;
  for (const auto& table : x509::tables()) {
    for (const x509::Rule& rule : table) rules.push_back({rule.name, rule.source});
  }
  rules.push_back(x509::kRootsShareName);
  rules.push_back(x509::kSerialRepeated);
  return rules;
}

}  // namespace spaceca
