// lint: for each rule a certificate that is good and the same one made bad, and that nothing which an Issuer makes has a finding.
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <openssl/err.h>

#include <spaceca/issuer.h>
#include <spaceca/verify.h>

#include "support/certificate_builder.h"
#include "support/child.h"
#include "support/files.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using namespace spaceca::test::asn1;
using Catch::Matchers::ContainsSubstring;

namespace {

const Instant kNow = instant("2026-11-24T10:00:00Z");

PrivateKey key(const std::string& vector) { return PrivateKey::from_pem(data("keys/good/" + vector + ".pem")); }

Bytes spki(const PrivateKey& key) { return {key.public_key().spki_der().begin(), key.public_key().spki_der().end()}; }

enum class Kind { root, intermediate, server, client };

// A certificate and who issues it, both as parts that a row of the table may change.
struct Scene {
  explicit Scene(Kind what) : kind(what), issuer(test_root("acme G1", kNow, key("p256-sec1"))), parts(made(what)) {}

  [[nodiscard]] CertificateParts made(Kind what) const {
    const PrivateKey own = key("p256-pkcs8");
    switch (what) {
      case Kind::root: return root_parts("acme G2", own, kNow);
      case Kind::intermediate: return intermediate_parts("acme G1 sub", own.public_key(), issuer, kNow);
      case Kind::server: return server_parts({"db.acme.example", "*.pool.acme.example"}, own.public_key(), issuer, kNow);
      case Kind::client: return client_parts("app", own.public_key(), issuer, kNow);
    }
    throw std::logic_error{"no such kind"};
  }

  [[nodiscard]] std::vector<Finding> linted() const {
    if (kind == Kind::root) return lint(certificate_of(parts, key("p256-pkcs8")));
    return lint(certificate_of(parts, issuer.key), certificate_of(issuer.parts, issuer.key));
  }

  Kind kind;
  TestCa issuer;
  CertificateParts parts;
};

struct Row {
  std::string rule;
  Kind kind;
  std::function<void(Scene&)> change;
  std::string text;                    // what the finding says of it
  std::vector<std::string> also = {};  // other rules that cannot but object too
};

// What users see of the rows with these texts, and of no other row.
const std::map<std::string, std::string> kSeen = {
    {"is signed over SHA1; SHA-256", "ca md too weak"},
    {"names the issuer \"CN=acme G2\", whose own certificate says \"CN=acme G1\"", "tlsv1 alert unknown ca"},
    {"or says it in other octets", "tlsv1 alert unknown ca"},
    {"is no CA (basicConstraints)", "tlsv1 alert unknown ca"},
    {"may not sign certificates", "tlsv1 alert unknown ca"},
    {"has no common name; PostgreSQL compares it with the role", "certificate authentication failed for user"},
    {"the common name has 64 bytes; a role's name has 63 at most", "certificate authentication failed for user"},
    {"an iPAddress has 5 octets, not 4 or 16", "certificate contains IP address with invalid length"},
    {"is signed by ED25519, whose name says no digest", "could not find digest for NID UNDEF"},
    {"its authorityKeyIdentifier is 0102, its issuer's subjectKeyIdentifier is ", "tlsv1 alert unknown ca"},
    {"keyUsage is keyCertSign; a CA needs keyCertSign, cRLSign", "sslv3 alert certificate unknown"},
    {"its issuer may have leaves alone", "tlsv1 alert unknown ca"},
};

Bytes dn(const std::string& type, const Bytes& value) { return name({{type, value}}); }

void name_host(Scene& s, const Bytes& general_name, const std::string& cn = "") {
  s.parts.subject = cn.empty() ? dn("2.5.4.10", utf8("acme")) : common_name(cn);
  s.parts.set(id::kAlternativeName, alternative_names({general_name}));
}

void use_key(Scene& s, const std::string& vector) {
  const PrivateKey other = key(vector);
  s.parts.key = spki(other);
  s.parts.set(id::kSubjectKey, subject_key(key_identifier(other.public_key())));
}

const std::vector<Row> kRows = {
    // --- lint_fields ---
    {"not-der",
     Kind::server,
     [](Scene& s) {
       s.parts.set(id::kPurpose, extension(id::kPurpose, Critical::no, joined({sequence({oid(id::kServerAuth)}), null()})));
     },
     "extendedKeyUsage: it: has 2 more octets",
     {"purpose-missing"}},
    {"not-der",
     Kind::server,
     [](Scene& s) {
       s.parts.set(id::kAlternativeName,
                   extension(id::kAlternativeName, Critical::no, from_hex("308111820f64622e61636d652e6578616d706c65")));
     },
     "subjectAltName: it:",
     {"server-common-name", "san-missing"}},
    {"not-der", Kind::server, [](Scene& s) { s.parts.signature = from_hex("300b0681082a8648ce3d040302"); },
     "signature algorithm: it: has a length that is not in its shortest form"},
    {"not-der",
     Kind::server,
     [](Scene& s) { s.parts.issuer = from_hex("30133111300f06035504030c810761636d65204731"); },
     "issuer: it: has a length",
     {"issuer-differs"}},
    {"not-der",
     Kind::server,
     [](Scene& s) { s.parts.unique_ids = context(2, from_hex("07ff")); },
     "OpenSSL, which read it, writes it differently",
     {"unique-identifiers"}},
    {"not-der",
     Kind::client,
     [](Scene& s) { s.parts.subject = from_hex("3010310e300c060355040316810461707031"); },
     "subject: it:",
     {"client-common-name", "san-criticality"}},
    {"serial-short", Kind::server, [](Scene& s) { s.parts.serial = integer("01020304050607"); },
     "has 7 octets; 64 random bits take 8"},
    {"signature-parameters", Kind::server,
     [](Scene& s) {
       s.parts.signature = sequence({oid("1.2.840.10045.4.3.2"), null()});
     },
     "the signature algorithm ecdsa-with-SHA256 has parameters; it takes none"},
    {"signature-parameters", Kind::server,
     [](Scene& s) {
       s.issuer = test_root("acme G1", kNow, key("rsa2048-pkcs1"));
       s.parts.signature = sequence({oid("1.2.840.113549.1.1.11")});
       s.parts.set(id::kAuthorityKey, authority_key(key_identifier(s.issuer.key.public_key())));
     },
     "the signature algorithm RSA-SHA256 lacks its NULL"},
    {"signature-digest", Kind::server,
     [](Scene& s) {
       s.parts.signature = signature_algorithm(s.issuer.key, "SHA1");
       s.parts.digest = "SHA1";
     },
     "is signed over SHA1; SHA-256"},
    {"signature-kind", Kind::server,
     [](Scene& s) {
       s.parts.signature = sequence({oid("1.2.840.113549.1.1.11"), null()});
     },
     "is signed by RSA-SHA256, its issuer's key is of kind ecdsa-p256"},
    {"unique-identifiers", Kind::server, [](Scene& s) { s.parts.unique_ids = context(2, from_hex("0001")); }, "subjectUniqueID"},

    // --- lint_names ---
    {"issuer-empty", Kind::server, [](Scene& s) { s.issuer.parts.subject = s.issuer.parts.issuer = s.parts.issuer = sequence({}); },
     "names no issuer"},
    {"issuer-differs", Kind::server, [](Scene& s) { s.parts.issuer = common_name("acme G2"); },
     "names the issuer \"CN=acme G2\", whose own certificate says \"CN=acme G1\""},
    {"issuer-differs", Kind::server, [](Scene& s) { s.parts.issuer = dn("2.5.4.3", printable("acme G1")); },
     "or says it in other octets"},
    {"issuer-is-no-ca", Kind::server, [](Scene& s) { s.issuer.parts.set(id::kBasicConstraints, basic_constraints({})); },
     "is no CA (basicConstraints)"},
    {"issuer-is-no-ca", Kind::server, [](Scene& s) { s.issuer.parts.set(id::kKeyUsage, key_usage(0x02, 1)); },
     "may not sign certificates"},
    {"subject-empty",
     Kind::intermediate,
     [](Scene& s) { s.parts.subject = sequence({}); },
     "is a CA's and names no subject",
     {"san-criticality"}},
    {"name-string-type", Kind::client, [](Scene& s) { s.parts.subject = dn("2.5.4.3", teletex("app")); },
     "CN is a string of tag 0x14; it must be a UTF8String or a PrintableString"},
    {"name-string-type", Kind::client,
     [](Scene& s) {
       s.parts.subject = name({{"2.5.4.6", utf8("DE")}, {"2.5.4.3", utf8("app")}});
     },
     "C is a string of tag 0x0C; it must be a PrintableString"},
    {"name-characters", Kind::client, [](Scene& s) { s.parts.subject = dn("2.5.4.3", printable("app_1")); },
     "CN \"app_1\" has a character that a PrintableString may not hold"},
    {"name-characters", Kind::client, [](Scene& s) { s.parts.subject = common_name("app\n"); }, "holds a control character"},
    {"name-characters", Kind::client,
     [](Scene& s) {
       s.parts.subject = name({{"1.2.840.113549.1.9.1", ia5("b\xFC@acme.example")}, {"2.5.4.3", utf8("app")}});
     },
     "is not ASCII"},
    {"name-length",
     Kind::client,
     [](Scene& s) { s.parts.subject = common_name(std::string(65, 'a')); },
     "has 65 characters; it may have 1 to 64",
     {"client-common-name-length"}},
    {"name-length", Kind::client,
     [](Scene& s) {
       s.parts.subject = name({{"2.5.4.11", utf8("")}, {"2.5.4.3", utf8("app")}});
     },
     "OU \"\" has 0 characters; it may have 1 to 64"},
    {"name-length", Kind::client,
     [](Scene& s) {
       s.parts.subject = name({{"2.5.4.6", printable("DEU")}, {"2.5.4.3", utf8("app")}});
     },
     "C \"DEU\" has 3 characters; it may have 2 to 2"},
    {"common-name-repeated", Kind::client,
     [](Scene& s) {
       s.parts.subject = name({{"2.5.4.3", utf8("app")}, {"2.5.4.3", utf8("root")}});
     },
     "has 2 common names"},
    {"server-common-name", Kind::server, [](Scene& s) { s.parts.subject = common_name("other.example"); },
     "the common name \"other.example\" is not among the subjectAltName's names"},
    {"client-common-name", Kind::client, [](Scene& s) { s.parts.subject = dn("2.5.4.11", utf8("orders")); },
     "has no common name; PostgreSQL compares it with the role"},
    {"client-common-name-length", Kind::client, [](Scene& s) { s.parts.subject = common_name(std::string(64, 'a')); },
     "the common name has 64 bytes; a role's name has 63 at most"},
    {"san-missing",
     Kind::server,
     [](Scene& s) { s.parts.remove(id::kAlternativeName); },
     "names no host in a subjectAltName",
     {"server-common-name"}},
    {"san-missing",
     Kind::server,
     [](Scene& s) { s.parts.set(id::kAlternativeName, alternative_names({uri("urn:x:y")})); },
     "names no host in a subjectAltName",
     {"server-common-name"}},
    {"san-empty", Kind::client, [](Scene& s) { s.parts.set(id::kAlternativeName, alternative_names({})); },
     "has a subjectAltName without a name"},
    {"san-criticality", Kind::server, [](Scene& s) { s.parts.subject = sequence({}); },
     "names no subject and has no critical subjectAltName instead"},
    {"san-criticality", Kind::client,
     [](Scene& s) { s.parts.set(id::kAlternativeName, alternative_names({uri("urn:x:y")}, Critical::yes)); },
     "has a critical subjectAltName beside a subject"},
    {"san-ascii",
     Kind::server,
     [](Scene& s) { name_host(s, dns_name("b\xC3\xBC.example")); },
     "\"b\\xC3\\xBC.example\" is not ASCII",
     {"dns-name"}},
    {"dns-name", Kind::server, [](Scene& s) { name_host(s, dns_name("a_b.example")); },
     "may hold only letters, digits, hyphens and dots"},
    {"dns-name", Kind::server, [](Scene& s) { name_host(s, dns_name("a..example")); }, "has an empty label"},
    {"dns-name", Kind::server, [](Scene& s) { name_host(s, dns_name("db.example.")); }, "ends with a dot"},
    {"dns-name", Kind::server, [](Scene& s) { name_host(s, dns_name("w*.a.example")); },
     "a wildcard must be the whole left-most label"},
    {"dns-name", Kind::server, [](Scene& s) { name_host(s, dns_name("*.example")); },
     "a wildcard needs two labels or more after it"},
    {"dns-name", Kind::server, [](Scene& s) { name_host(s, dns_name("")); }, "is empty"},
    {"dns-name", Kind::server,
     [](Scene& s) {
       name_host(s, dns_name(std::string(50, 'a') + "." + std::string(50, 'b') + "." + std::string(50, 'c') + "." +
                             std::string(50, 'd') + "." + std::string(50, 'e')));
     },
     "has 254 characters, the most is 253"},
    {"dns-label-length", Kind::server, [](Scene& s) { name_host(s, dns_name(std::string(64, 'a') + ".example")); },
     "has a label of more than 63 octets"},
    {"dns-name-is-address", Kind::server, [](Scene& s) { name_host(s, dns_name("10.0.0.7")); },
     "the address \"10.0.0.7\" stands as dNSName"},
    {"dns-name-is-address", Kind::server, [](Scene& s) { name_host(s, dns_name("::1")); }, "the address \"::1\" stands as dNSName"},
    {"ip-address-octets", Kind::server, [](Scene& s) { name_host(s, address("0a00000700")); },
     "an iPAddress has 5 octets, not 4 or 16"},
    {"uri", Kind::client, [](Scene& s) { s.parts.set(id::kAlternativeName, alternative_names({uri("/users/app")})); },
     "the URI \"/users/app\" is relative"},
    {"uri", Kind::client, [](Scene& s) { s.parts.set(id::kAlternativeName, alternative_names({uri("urn:a b")})); },
     "must be written as %XX"},
    {"email", Kind::client,
     [](Scene& s) { s.parts.set(id::kAlternativeName, alternative_names({context(1, bytes_of("app.example"))})); },
     "is not of the form local@domain"},

    // --- lint_dates ---
    {"dates-reversed", Kind::server, [](Scene& s) { s.parts.validity = validity(kNow, kNow - std::chrono::seconds{1}); },
     "starts 2026-11-24 10:00:00 and ends before that, 2026-11-24 09:59:59"},
    {"outlives-issuer", Kind::server, [](Scene& s) { s.issuer.parts.validity = validity(kNow, kNow + std::chrono::days{389}); },
     "ends 2027-12-19 10:00:00, its issuer ends 2027-12-18 10:00:00"},
    {"leaf-lifetime", Kind::client, [](Scene& s) { s.parts.validity = validity(kNow, kNow + std::chrono::days{398}); },
     "is good for 398 days and 1 seconds, the most is 398 days"},

    // --- lint_keys ---
    {"server-key", Kind::server, [](Scene& s) { use_key(s, "p384-sec1"); }, "server key: ecdsa-p384 does not suit"},
    {"server-key", Kind::server, [](Scene& s) { use_key(s, "ed25519-pkcs8"); }, "server key: ed25519 does not suit"},
    {"client-key", Kind::client, [](Scene& s) { use_key(s, "p384-sec1"); }, "client key: ecdsa-p384 does not suit"},
    {"ca-key", Kind::intermediate, [](Scene& s) { use_key(s, "ed25519-pkcs8"); }, "root key: ed25519 may not be a root's key"},
    {"server-signature", Kind::server,
     [](Scene& s) {
       s.issuer = test_root("acme G1", kNow, key("ed25519-pkcs8"));
       s.parts.signature = signature_algorithm(s.issuer.key);
       s.parts.set(id::kAuthorityKey, authority_key(key_identifier(s.issuer.key.public_key())));
     },
     "is signed by ED25519, whose name says no digest"},

    // --- lint_extensions ---
    {"extensions-empty",
     Kind::client,
     [](Scene& s) { s.parts.extensions = {}; },
     "has a list of extensions with nothing in it",
     {"authority-key-missing", "leaf-subject-key", "purpose-missing"}},
    {"extension-twice", Kind::client, [](Scene& s) { s.parts.extensions.push_back(purposes({id::kServerAuth})); },
     "has the extension extendedKeyUsage twice"},
    {"critical-encoding", Kind::client,
     [](Scene& s) { s.parts.set(id::kPurpose, purposes({id::kClientAuth}, Critical::written_no)); },
     "the extension extendedKeyUsage writes critical as 0x00"},
    {"critical-encoding", Kind::client,
     [](Scene& s) { s.parts.set(id::kBasicConstraints, basic_constraints({}, Critical::ber_yes)); },
     "the extension basicConstraints writes critical as 0x01"},
    {"critical-unknown", Kind::client,
     [](Scene& s) { s.parts.extensions.push_back(extension("1.3.6.1.4.1.99999.1", Critical::yes, null())); },
     "has the critical extension 1.3.6.1.4.1.99999.1"},
    {"extension-critical",
     Kind::client,
     [](Scene& s) { s.parts.set(id::kSubjectKey, subject_key(from_hex("0102"), Critical::yes)); },
     "subjectKeyIdentifier is critical; it must not be",
     {"critical-unknown"}},
    {"extension-critical",
     Kind::client,
     [](Scene& s) { s.parts.set(id::kAuthorityKey, authority_key(key_identifier(s.issuer.key.public_key()), Critical::yes)); },
     "authorityKeyIdentifier is critical; it must not be",
     {"critical-unknown"}},
    {"extension-not-critical", Kind::root,
     [](Scene& s) { s.parts.set(id::kBasicConstraints, basic_constraints(boolean(), Critical::no)); },
     "basicConstraints is not critical; it must be"},
    {"extension-not-critical", Kind::root, [](Scene& s) { s.parts.set(id::kKeyUsage, key_usage(0x06, 1, Critical::no)); },
     "keyUsage is not critical; it must be"},
    {"extension-not-critical", Kind::root,
     [](Scene& s) {
       s.parts.set(id::kNameConstraints, extension(id::kNameConstraints, Critical::no,
                                                   sequence({context_constructed(0, sequence({dns_name("example")}))})));
     },
     "nameConstraints is not critical; it must be"},
    {"ca-extension-in-leaf", Kind::client,
     [](Scene& s) {
       s.parts.set(id::kNameConstraints, extension(id::kNameConstraints, Critical::yes,
                                                   sequence({context_constructed(0, sequence({dns_name("example")}))})));
     },
     "has nameConstraints, which is for CAs"},
    {"authority-key-missing", Kind::client, [](Scene& s) { s.parts.remove(id::kAuthorityKey); }, "has no authorityKeyIdentifier"},
    {"authority-key-missing", Kind::intermediate, [](Scene& s) { s.parts.remove(id::kAuthorityKey); },
     "has no authorityKeyIdentifier"},
    {"authority-key-without-keyid", Kind::client,
     [](Scene& s) { s.parts.set(id::kAuthorityKey, extension(id::kAuthorityKey, Critical::no, sequence({}))); },
     "its authorityKeyIdentifier has no keyid"},
    {"authority-key-by-serial", Kind::client,
     [](Scene& s) {
       s.parts.set(id::kAuthorityKey, extension(id::kAuthorityKey, Critical::no,
                                                sequence({context(0, key_identifier(s.issuer.key.public_key())),
                                                          context_constructed(1, context_constructed(4, s.issuer.parts.subject)),
                                                          context(2, from_hex("01"))})));
     },
     "holds the issuer's name and serial"},
    {"authority-key-differs", Kind::client, [](Scene& s) { s.parts.set(id::kAuthorityKey, authority_key(from_hex("0102"))); },
     "its authorityKeyIdentifier is 0102, its issuer's subjectKeyIdentifier is "},
    {"ca-subject-key", Kind::root, [](Scene& s) { s.parts.remove(id::kSubjectKey); }, "is a CA's and has no subjectKeyIdentifier"},
    {"leaf-subject-key", Kind::server, [](Scene& s) { s.parts.remove(id::kSubjectKey); }, "has no subjectKeyIdentifier"},
    {"ca-key-usage", Kind::root, [](Scene& s) { s.parts.set(id::kKeyUsage, key_usage(0x04, 2)); },
     "keyUsage is keyCertSign; a CA needs keyCertSign, cRLSign"},
    {"ca-key-usage", Kind::intermediate, [](Scene& s) { s.parts.set(id::kKeyUsage, key_usage(0x02, 1)); },
     "keyUsage is cRLSign; a CA needs keyCertSign, cRLSign"},
    {"ca-key-usage", Kind::intermediate, [](Scene& s) { s.parts.remove(id::kKeyUsage); },
     "keyUsage is none; a CA needs keyCertSign, cRLSign"},
    {"cert-sign-without-ca",
     Kind::client,
     [](Scene& s) { s.parts.set(id::kKeyUsage, key_usage(0x84, 2)); },
     "keyUsage is digitalSignature, keyCertSign although it is no CA's",
     {"client-key-usage"}},
    {"server-key-usage", Kind::server, [](Scene& s) { s.parts.set(id::kKeyUsage, key_usage(0xA0, 5)); },
     "keyUsage is digitalSignature, keyEncipherment; for a server it must be digitalSignature"},
    {"server-key-usage", Kind::server, [](Scene& s) { use_key(s, "rsa2048-pkcs1"); },
     "for a server with an RSA key it must be digitalSignature, keyEncipherment"},
    {"client-key-usage", Kind::client,
     [](Scene& s) {
       use_key(s, "rsa2048-pkcs1");
       s.parts.set(id::kKeyUsage, key_usage(0xA0, 5));
     },
     "keyUsage is digitalSignature, keyEncipherment; for a client it must be digitalSignature"},
    {"key-usage-empty",
     Kind::client,
     [](Scene& s) { s.parts.set(id::kKeyUsage, extension(id::kKeyUsage, Critical::yes, bit_string({}))); },
     "has a keyUsage without a use",
     {"client-key-usage"}},
    {"key-usage-encoding", Kind::client, [](Scene& s) { s.parts.set(id::kKeyUsage, key_usage(0x80, 0)); },
     "keyUsage is written as 0080"},
    {"key-usage-encoding", Kind::client,
     [](Scene& s) { s.parts.set(id::kKeyUsage, extension(id::kKeyUsage, Critical::yes, bit_string(from_hex("8000")))); },
     "keyUsage is written as 008000"},
    {"basic-constraints-false", Kind::client, [](Scene& s) { s.parts.set(id::kBasicConstraints, basic_constraints(boolean(0))); },
     "basicConstraints writes cA FALSE, which is the default"},
    {"path-length-without-ca", Kind::client, [](Scene& s) { s.parts.set(id::kBasicConstraints, basic_constraints(integer("00"))); },
     "has a pathLenConstraint although it is no CA's"},
    {"path-length-of-issuer", Kind::intermediate,
     [](Scene& s) {
       s.issuer.parts.set(id::kBasicConstraints, basic_constraints(joined({boolean(), integer("00")})));
     },
     "its issuer may have leaves alone"},
    {"purpose-missing", Kind::client, [](Scene& s) { s.parts.remove(id::kPurpose); },
     "has no extended key usage, so a client's certificate passes for a server's"},
    {"purpose-not-one",
     Kind::client,
     [](Scene& s) {
       s.parts.set(id::kPurpose, purposes({id::kClientAuth, id::kServerAuth}));
     },
     "its extended key usage is clientAuth, serverAuth; it must be serverAuth or clientAuth, and that alone",
     {"server-common-name", "san-missing"}},
    {"purpose-not-one", Kind::client, [](Scene& s) { s.parts.set(id::kPurpose, purposes({"2.5.29.37.0"})); },
     "its extended key usage is anyExtendedKeyUsage"},
    {"purpose-not-one", Kind::client, [](Scene& s) { s.parts.set(id::kPurpose, purposes({"1.3.6.1.5.5.7.3.8"})); },
     "its extended key usage is timeStamping"},
    {"ca-purpose", Kind::intermediate, [](Scene& s) { s.parts.set(id::kPurpose, purposes({id::kServerAuth})); },
     "an extended key usage that is not both serverAuth and clientAuth"},
};

std::string rules_of(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) text += finding.rule + ": " + finding.text + " (" + finding.source + ")\n";
  return text;
}

std::set<std::string> names_of(const std::vector<Finding>& findings) {
  std::set<std::string> names;
  for (const Finding& finding : findings) names.insert(finding.rule);
  return names;
}

void check_clean(const std::vector<Finding>& findings) { CHECK(rules_of(findings) == ""); }

}  // namespace

TEST_CASE("a good root, intermediate, server or client has no finding, with its issuer and without", "[lint]") {
  for (const Kind kind : {Kind::root, Kind::intermediate, Kind::server, Kind::client}) {
    const Scene scene{kind};
    check_clean(scene.linted());
    if (kind != Kind::root) check_clean(lint(certificate_of(scene.parts, scene.issuer.key)));
  }
}

TEST_CASE("each rule objects to its bad certificate and no other rule does", "[lint]") {
  for (const Row& row : kRows) {
    Scene scene{row.kind};
    row.change(scene);
    INFO("row " << row.rule << " (" << row.text << ")");
    const auto findings = scene.linted();
    INFO(rules_of(findings));
    std::set<std::string> expected{row.also.begin(), row.also.end()};
    expected.insert(row.rule);
    CHECK(names_of(findings) == expected);
    const auto finding = std::ranges::find(findings, row.rule, &Finding::rule);
    CHECK_THAT(finding != findings.end() ? finding->text : "nothing", ContainsSubstring(row.text));
    const auto seen = kSeen.find(row.text);
    CHECK((finding != findings.end() ? finding->seen_as : "nothing") == (seen == kSeen.end() ? "" : seen->second));
  }
}

TEST_CASE("nobody sees that a root is signed over SHA-1", "[lint]") {
  Scene scene{Kind::root};
  scene.parts.signature = signature_algorithm(key("p256-pkcs8"), "SHA1");
  scene.parts.digest = "SHA1";
  const auto findings = scene.linted();
  CHECK(names_of(findings) == std::set<std::string>{"signature-digest"});
  CHECK(findings.front().seen_as.empty());
}

// Comparing each with each took seconds.
TEST_CASE("a certificate with tens of thousands of extensions is linted as others are", "[lint]") {
  Scene scene{Kind::server};
  for (int i = 0; i < 30'000; ++i) {
    scene.parts.extensions.push_back(extension("1.3.6.1.4.1.99999." + std::to_string(i), Critical::no, null()));
  }
  check_clean(scene.linted());
  scene.parts.extensions.push_back(extension("1.3.6.1.4.1.99999.17", Critical::no, null()));
  const auto findings = scene.linted();
  CHECK(names_of(findings) == std::set<std::string>{"extension-twice"});
  CHECK_THAT(findings.front().text, ContainsSubstring("has the extension 1.3.6.1.4.1.99999.17 twice"));
}

TEST_CASE("every rule has a bad certificate here", "[lint]") {
  std::set<std::string> tested;
  for (const Row& row : kRows) tested.insert(row.rule);
  tested.insert({"roots-share-name", "serial-repeated"});  // below
  std::set<std::string> rules;
  for (const LintRule& rule : lint_rules()) {
    CHECK(rules.emplace(rule.name).second);
    CHECK_FALSE(rule.source.empty());
  }
  CHECK(rules == tested);
  CHECK(rules.size() == 61);
}

TEST_CASE("what is at the limit of a rule is good", "[lint]") {
  auto [kind, change] = GENERATE(table<Kind, std::function<void(Scene&)>>({
      {Kind::client, [](Scene& s) { s.parts.serial = integer("0102030405060708"); }},
      {Kind::client, [](Scene& s) { s.parts.serial = integer("7fffffffffffffffffffffffffffffffffffffff"); }},
      {Kind::client, [](Scene& s) { s.parts.serial = integer("00ffffffffffffffffffffffffffffffffffffff"); }},
      {Kind::client, [](Scene& s) { s.parts.subject = common_name(std::string(63, 'a')); }},
      {Kind::client, [](Scene& s) { s.parts.subject = dn("2.5.4.3", printable("app (1)")); }},
      {Kind::client, [](Scene& s) { s.parts.subject = name({{"2.5.4.6", printable("DE")}, {"2.5.4.11", utf8(std::string(64, 'a'))}, {"2.5.4.3", utf8("Zo\xC3\xAB")}}); }},
      {Kind::client, [](Scene& s) { s.parts.validity = validity(kNow, kNow + std::chrono::days{398} - std::chrono::seconds{1}); }},
      {Kind::client, [](Scene& s) { use_key(s, "ed25519-pkcs8"); }},
      {Kind::client, [](Scene& s) { use_key(s, "rsa4096-pkcs1"); }},
      {Kind::client, [](Scene& s) { s.parts.remove(id::kAlternativeName); }},
      {Kind::client, [](Scene& s) { s.parts.remove(id::kBasicConstraints); }},
      {Kind::client, [](Scene& s) { s.parts.set(id::kPurpose, purposes({id::kClientAuth}, Critical::yes)); }},
      {Kind::client, [](Scene& s) { s.parts.set(id::kAlternativeName, alternative_names({context(1, bytes_of("app@acme.example"))})); }},
      {Kind::server, [](Scene& s) { name_host(s, dns_name("DB.example"), "db.example"); }},
      {Kind::server, [](Scene& s) { name_host(s, address("0a000007"), "10.0.0.7"); }},
      {Kind::server, [](Scene& s) { name_host(s, address("00000000000000000000000000000001"), "::1"); }},
      {Kind::server, [](Scene& s) { name_host(s, dns_name(std::string(63, 'a') + ".example")); }},
      {Kind::server,
       [](Scene& s) {
         s.parts.subject = sequence({});
         s.parts.set(id::kAlternativeName, alternative_names({dns_name("db.example")}, Critical::yes));
       }},
      {Kind::server,
       [](Scene& s) {
         use_key(s, "rsa3072-pkcs1");
         s.parts.set(id::kKeyUsage, key_usage(0xA0, 5));
       }},
      {Kind::server, [](Scene& s) { s.issuer.parts.validity = validity(kNow, kNow + std::chrono::days{390}); }},
      {Kind::intermediate, [](Scene& s) { use_key(s, "p384-sec1"); }},
      {Kind::intermediate, [](Scene& s) { s.parts.set(id::kPurpose, purposes({id::kServerAuth, id::kClientAuth})); }},
      {Kind::intermediate, [](Scene& s) { s.issuer.parts.set(id::kBasicConstraints, basic_constraints(joined({boolean(), integer("01")}))); }},
      {Kind::root, [](Scene& s) { s.parts.set(id::kAuthorityKey, authority_key(key_identifier(key("p256-pkcs8").public_key()))); }},
      {Kind::root, [](Scene& s) { s.parts.set(id::kBasicConstraints, basic_constraints(joined({boolean(), integer("00")}))); }},
  }));
  Scene scene{kind};
  change(scene);
  check_clean(scene.linted());
}

TEST_CASE("what breaks a rule that reading keeps is no certificate at all", "[lint]") {
  using Change = std::function<void(Scene&)>;
  auto [change, text] = GENERATE(table<Change, std::string>({
      {[](Scene& s) { s.parts.version = {}; }, "is of version 1; version 3 is needed"},
      {[](Scene& s) { s.parts.version = context_constructed(0, integer("01")); }, "is not of version 3"},
      {[](Scene& s) { s.parts.version = context_constructed(0, integer("03")); }, "is not of version 3"},
      {[](Scene& s) { s.parts.serial = integer("00"); }, "has a serial number that is zero, or longer than 20 octets"},
      {[](Scene& s) { s.parts.serial = integer("80"); }, "has a negative INTEGER"},
      {[](Scene& s) { s.parts.serial = integer("010000000000000000000000000000000000000000"); },
       "has a serial number that is zero, or longer than 20 octets"},
      {[](Scene& s) { s.parts.serial = integer("00ffffffffffffffffffffffffffffffffffffffff"); },
       "has a serial number that is zero, or longer than 20 octets"},
      {[](Scene& s) { s.parts.serial = integer("0001"); }, "OpenSSL cannot read it"},
      {[](Scene& s) { s.parts.outer_signature = sequence({oid("1.2.840.10045.4.3.3")}); },
       "names two different signature algorithms"},
      {[](Scene& s) {
         s.parts.validity = sequence({generalized_time("20261124095500Z"), utc_time("271124095500Z")});
       },
       "has a GeneralizedTime before 2050"},
      {[](Scene& s) {
         s.parts.validity = sequence({utc_time("2611240955Z"), utc_time("271124095500Z")});
       },
       "not in the form YYMMDDHHMMSSZ"},
      {[](Scene& s) {
         s.parts.validity = sequence({utc_time("261124095500+0100"), utc_time("271124095500Z")});
       },
       "not in the form YYMMDDHHMMSSZ"},
      {[](Scene& s) {
         s.parts.validity = sequence({utc_time("261124095500Z"), generalized_time("20500101000000.5Z")});
       },
       "YYYYMMDDHHMMSSZ"},
      {[](Scene& s) {
         s.parts.validity = sequence({utc_time("260229095500Z"), utc_time("271124095500Z")});
       },
       "has a time that no calendar or clock shows"},
      {[](Scene& s) {
         s.parts.key = sequence({sequence({oid("1.2.840.10045.2.1"), oid("1.3.132.0.35")}), bit_string(from_hex("04"))});
       },
       "its curve is neither P-256 nor P-384"},
      {[](Scene& s) {
         s.parts.key = sequence(
             {sequence({oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")}), bit_string(from_hex("02" + std::string(64, '1')))});
       },
       "is no uncompressed point"},
      {[](Scene& s) { s.parts.subject = common_name("Zo\xEB"); }, "OpenSSL cannot read it"},
      {[](Scene& s) {
         s.parts.extensions.push_back(sequence({oid("1.2.3"), octet_string({}), null()}));
       },
       "OpenSSL cannot read it"},
  }));
  Scene scene{Kind::server};
  change(scene);
  CHECK_THROWS_WITH(certificate_of(scene.parts, scene.issuer.key), ContainsSubstring(text));
}

TEST_CASE("a weak RSA key is no certificate at all", "[lint]") {
  Scene scene{Kind::server};
  const auto weak =
      run({"openssl", "pkey", "-in", data_path("keys/bad/kind-rsa1024-pkcs8.pem").string(), "-pubout", "-outform", "DER"});
  scene.parts.key = Bytes{weak.out.begin(), weak.out.end()};
  check_refused([&] { return certificate_of(scene.parts, scene.issuer.key); }, Errc::policy, "RSA of 1024 bits; the least is 2048");
}

TEST_CASE("basicConstraints with FALSE written out make no CA", "[lint][certificate]") {
  Scene scene{Kind::client};
  scene.parts.set(id::kBasicConstraints, basic_constraints(boolean(0)));
  CHECK_FALSE(certificate_of(scene.parts, scene.issuer.key).is_ca());
  scene.parts.set(id::kBasicConstraints, basic_constraints(boolean(1)));  // BER, and means TRUE
  CHECK(certificate_of(scene.parts, scene.issuer.key).is_ca());
}

// Found by tests/fuzz: they were read without a look at what follows.
TEST_CASE("basicConstraints that OpenSSL cannot read, or that stand there twice, make no CA", "[lint][certificate]") {
  Scene scene{Kind::root};
  REQUIRE(certificate_of(scene.parts, scene.issuer.key).is_ca());
  scene.parts.set(id::kBasicConstraints, basic_constraints(joined({boolean(), tlv(0x1C, from_hex("00"))})));
  CHECK_FALSE(certificate_of(scene.parts, scene.issuer.key).is_ca());
  scene.parts.set(id::kBasicConstraints, basic_constraints(boolean()));
  scene.parts.extensions.push_back(basic_constraints(boolean()));
  CHECK_FALSE(certificate_of(scene.parts, scene.issuer.key).is_ca());
}

TEST_CASE("keyUsage has only the bits that its BIT STRING counts, and key identifiers are whole", "[lint][certificate]") {
  Scene scene{Kind::root};
  scene.parts.set(id::kKeyUsage, key_usage(0x06, 2));  // cRLSign is one of the two that are unused
  CHECK(certificate_of(scene.parts, scene.issuer.key).may_sign_certificates());
  CHECK_FALSE(certificate_of(scene.parts, scene.issuer.key).may_sign_crls());
  scene.parts.set(id::kAuthorityKey,
                  extension(id::kAuthorityKey, Critical::no, sequence({context_constructed(0, octet_string(from_hex("0102")))})));
  check_refused([&] { return certificate_of(scene.parts, scene.issuer.key); }, Errc::malformed, "a key identifier in pieces");
}

TEST_CASE("a finding names its rule, its source and what a user sees", "[lint]") {
  Scene scene{Kind::server};
  scene.issuer = test_root("acme G1", kNow, key("ed25519-pkcs8"));
  scene.parts.signature = signature_algorithm(scene.issuer.key);
  scene.parts.set(id::kAuthorityKey, authority_key(key_identifier(scene.issuer.key.public_key())));
  const auto findings = scene.linted();
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].rule == "server-signature");
  CHECK(findings[0].source == "RFC 5929 4.1, PostgreSQL: be_tls_get_certificate_hash");
  CHECK(findings[0].seen_as == "could not find digest for NID UNDEF");
}

TEST_CASE("what a certificate says is quoted without moving a terminal's cursor", "[lint]") {
  Scene scene{Kind::client};
  scene.parts.subject = common_name("a\x1B[31m\"");
  const auto findings = scene.linted();
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].text == "CN \"a\\x1B[31m\\x22\" holds a control character");
}

// Found by tests/fuzz: OpenSSL reads extensions only when it is first asked about one.
TEST_CASE("an extension that OpenSSL cannot read leaves nothing in its error queue", "[lint]") {
  Scene scene{Kind::client};
  scene.parts.set(id::kPurpose, extension(id::kPurpose, Critical::no, {}));
  const Certificate certificate = certificate_of(scene.parts, scene.issuer.key);
  ERR_clear_error();
  CHECK_FALSE(lint(certificate).empty());
  CHECK(ERR_peek_error() == 0);
}

// --- several at once ---

TEST_CASE("two roots of one name are a finding, two certificates of one root are not", "[lint]") {
  const TestCa first = test_root("acme G1", kNow);
  const TestCa second = test_root("acme G1", kNow);
  const TestCa third = test_root("acme G2", kNow);
  check_clean(lint_together({first.certificate, third.certificate, first.certificate}));
  check_clean(lint_together({first.certificate, certificate_of(root_parts("acme G1", first.key, kNow), first.key)}));  // re-issued
  const auto findings = lint_together({first.certificate, third.certificate, second.certificate});
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].rule == "roots-share-name");
  CHECK(findings[0].text == "two CAs with different keys are called \"CN=acme G1\"; a new root needs a new name");
}

TEST_CASE("one serial twice under one issuer is a finding, under two it is not", "[lint]") {
  const TestCa ca = test_root("acme G1", kNow);
  const TestCa other = test_root("acme G2", kNow);
  const PrivateKey own = PrivateKey::generate();
  CertificateParts app = client_parts("app", own.public_key(), ca, kNow);
  CertificateParts bi = client_parts("bi", own.public_key(), ca, kNow);
  CertificateParts elsewhere = client_parts("app", own.public_key(), other, kNow);
  bi.serial = elsewhere.serial = app.serial;
  const Certificate a = certificate_of(app, ca.key);
  check_clean(lint_together({a, a, certificate_of(elsewhere, other.key)}));
  const auto findings = lint_together({a, certificate_of(bi, ca.key)});
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].rule == "serial-repeated");
  CHECK(findings[0].text ==
        "\"CN=app\" and \"CN=bi\" have the same issuer and the serial " + a.serial().hex() + "; each needs one of its own");
}

// --- what an Issuer makes ---

TEST_CASE("nothing that an Issuer makes has a finding", "[lint][issuer]") {
  const std::string root_key = GENERATE("p256-sec1", "p384-sec1", "rsa2048-pkcs1", "rsa3072-pkcs1", "rsa4096-pkcs1");
  const std::string made = GENERATE("2026-01-31T10:00:00Z", "2028-02-29T00:00:00Z", "2048-12-01T00:00:00Z", "2051-06-01T12:00:00Z");
  INFO(root_key << " " << made);
  const Instant now = instant(made);
  const Issuer root = Issuer::self_signed({.space = SpaceName{"acme"}, .generation = 7}, key(root_key), now);
  check_clean(lint(root.certificate()));
  std::vector<Certificate> all{root.certificate()};
  const auto check = [&](const Certificate& leaf) {
    check_clean(lint(leaf));
    check_clean(lint(leaf, root.certificate()));
    check_clean(lint(Certificate::from_der(leaf.der()), root.certificate()));
    all.push_back(leaf);
  };
  const std::string label(63, 'a');
  for (const std::string vector : {"p256-sec1", "rsa2048-e3-pkcs1", "rsa3072-pkcs1", "rsa4096-pkcs1", "ed25519-pkcs8"}) {
    const PublicKey leaf_key = key(vector).public_key();
    for (const std::string role : {"app", "Zo\xC3\xAB", "a b\"c\\d,e+f=g", "/role", "#1", label.c_str()}) {
      check(root.issue(ClientSubject{.role = RoleName{role}}, leaf_key, now));
      check(root.issue(ClientSubject{.role = RoleName{role}, .database = DatabaseName{"orders"}}, leaf_key, now));
    }
    if (vector == "ed25519-pkcs8") continue;
    const std::vector<std::vector<HostName>> servers = {
        {HostName{"db"}},
        {HostName{"DB.acme.example"}, HostName{"127.0.0.1"}, HostName{"::1"}},
        {HostName{"10.0.0.7"}},
        {HostName{"2001:db8::1"}, HostName{"db.example"}},
        {HostName{"*.pool.acme.example", Wildcard::allowed}},
        {HostName{label + "." + label + ".example"}},
        {HostName{label + "." + label + "." + label + "." + std::string(61, 'b')}},
    };
    for (const auto& hosts : servers) {
      check(root.issue(ServerSubject{.hosts = hosts}, leaf_key, now));
      check(root.issue(ServerSubject{.hosts = hosts, .space = SpaceName{label}}, leaf_key, now));
    }
  }
  check_clean(lint_together(all));
}

TEST_CASE("a given serial that is too short to be random is refused, and the error carries the finding", "[lint][issuer]") {
  const Issuer root = Issuer::self_signed({.space = SpaceName{"acme"}}, key("p256-sec1"), kNow);
  const PublicKey leaf_key = key("p256-pkcs8").public_key();
  const ClientSubject app{.role = RoleName{"app"}};
  try {
    static_cast<void>(root.issue(app, leaf_key, kNow, Serial{std::string_view{"0x01"}}));
    FAIL("was not refused");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::policy);
    CHECK(std::string{error.what()} ==
          "certificate: serial-short: the serial 01 has 1 octets; 64 random bits take 8 (CA/Browser Forum Baseline Requirements "
          "7.1)");
    REQUIRE(error.findings().size() == 1);
    CHECK(error.findings()[0].rule == "serial-short");
  }
  // The template that was then not compiled, and the one that is by now.
  CHECK_NOTHROW(root.issue(app, leaf_key, kNow));
  check_refused([&] { return root.issue(app, leaf_key, kNow, Serial{std::string_view{"0x01"}}); }, Errc::policy, "serial-short");
  CHECK_NOTHROW(root.issue(app, leaf_key, kNow, Serial{std::string_view{"0x0102030405060708"}}));
}

TEST_CASE("under a root of others, whose name is what it is, nothing leaves that has a finding", "[lint][issuer]") {
  const auto root_called = [](const Bytes& subject) {
    CertificateParts parts = root_parts("x", key("p256-sec1"), kNow);
    parts.subject = parts.issuer = subject;
    return Issuer{certificate_of(parts, key("p256-sec1")), key("p256-sec1")};
  };
  const PublicKey leaf_key = key("p256-pkcs8").public_key();
  const ServerSubject long_host{.hosts = {HostName{std::string(60, 'a') + ".example"}}};  // no common name, so O is the root's
  const Issuer good = root_called(common_name(std::string(64, 'r')));
  check_clean(lint(good.issue(long_host, leaf_key, kNow), good.certificate()));
  const Issuer bad = root_called(common_name(std::string(65, 'r')));
  check_refused([&] { return bad.issue(long_host, leaf_key, kNow); }, Errc::policy, "name-length: O \"rrr");
  CHECK_NOTHROW(bad.issue(ServerSubject{.hosts = {HostName{"db.example"}}}, leaf_key, kNow));
  check_refused([&] { return bad.issue(long_host, leaf_key, kNow); }, Errc::policy, "name-length");
  const Issuer nameless = root_called(sequence({}));
  check_refused([&] { return nameless.issue(ClientSubject{.role = RoleName{"app"}}, leaf_key, kNow); }, Errc::policy,
                "issuer-empty: names no issuer");
}

TEST_CASE("a root with a serial that is too short is never signed", "[lint][issuer]") {
  class Counting final : public Signer {
   public:
    [[nodiscard]] const PublicKey& public_key() const override { return key_.public_key(); }
    [[nodiscard]] Bytes sign(const SignatureInput&) const override {
      ++asked;
      return {};
    }
    mutable int asked = 0;

   private:
    PrivateKey key_ = key("p256-sec1");
  };
  const auto signer = std::make_shared<Counting>();
  check_refused([&] { return Issuer::self_signed({.space = SpaceName{"acme"}}, signer, kNow, Serial{std::string_view{"0x2A"}}); },
                Errc::policy, "root: serial-short: the serial 2A has 1 octets");
  CHECK(signer->asked == 0);
}
