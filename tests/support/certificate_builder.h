// Certificates and lists with anything wrong in them on purpose, after mozilla::pkix's test builders. What is built is what its
// parts say, octet for octet, and nothing is checked: each part is raw DER, the ready sets of parts make a good certificate, and a
// test replaces one. The signature is right for what was built.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/certificate.h>
#include <spaceca/clock.h>
#include <spaceca/key.h>

namespace spaceca::test {

// A writer of DER that shares nothing with the library's, and writes BER if told to.
namespace asn1 {

[[nodiscard]] Bytes tlv(unsigned tag, ByteView content);
[[nodiscard]] Bytes joined(const std::vector<Bytes>& parts);
[[nodiscard]] Bytes sequence(const std::vector<Bytes>& parts);
[[nodiscard]] Bytes set(const std::vector<Bytes>& parts);
[[nodiscard]] Bytes context(unsigned n, ByteView content);              // [n], primitive
[[nodiscard]] Bytes context_constructed(unsigned n, ByteView content);  // [n], constructed
[[nodiscard]] Bytes oid(std::string_view dotted);
[[nodiscard]] Bytes integer(std::string_view hex);  // the content octets as they are: "00ff", "80" (negative), "" (none)
[[nodiscard]] Bytes boolean(unsigned octet = 0xFF);
[[nodiscard]] Bytes null();
[[nodiscard]] Bytes octet_string(ByteView content);
[[nodiscard]] Bytes bit_string(ByteView octets, unsigned unused_bits = 0);
[[nodiscard]] Bytes utf8(std::string_view text);
[[nodiscard]] Bytes printable(std::string_view text);
[[nodiscard]] Bytes ia5(std::string_view text);
[[nodiscard]] Bytes teletex(std::string_view text);
[[nodiscard]] Bytes utc_time(std::string_view text);          // "261124095500Z"
[[nodiscard]] Bytes generalized_time(std::string_view text);  // "20261124095500Z"
[[nodiscard]] Bytes time(Instant instant);                    // the one that RFC 5280 wants

}  // namespace asn1

// A Name, one attribute for each RelativeDistinguishedName: name({{"2.5.4.3", asn1::utf8("app")}}).
[[nodiscard]] Bytes name(const std::vector<std::pair<std::string, Bytes>>& attributes);
[[nodiscard]] Bytes common_name(std::string_view text);  // CN=text, UTF8String

// Extensions, by their dotted numbers and as whole values.
namespace id {
inline constexpr const char* kSubjectKey = "2.5.29.14";
inline constexpr const char* kKeyUsage = "2.5.29.15";
inline constexpr const char* kAlternativeName = "2.5.29.17";
inline constexpr const char* kBasicConstraints = "2.5.29.19";
inline constexpr const char* kNameConstraints = "2.5.29.30";
inline constexpr const char* kAuthorityKey = "2.5.29.35";
inline constexpr const char* kPurpose = "2.5.29.37";
inline constexpr const char* kServerAuth = "1.3.6.1.5.5.7.3.1";
inline constexpr const char* kClientAuth = "1.3.6.1.5.5.7.3.2";
}  // namespace id

enum class Critical { no, yes, written_no, ber_yes };  // absent, FF, 00, 01
[[nodiscard]] Bytes extension(std::string_view oid, Critical critical, ByteView value);
[[nodiscard]] Bytes basic_constraints(const Bytes& content, Critical critical = Critical::yes);          // what is in the SEQUENCE
[[nodiscard]] Bytes key_usage(unsigned octet, unsigned unused_bits, Critical critical = Critical::yes);  // 0x80: digitalSignature
[[nodiscard]] Bytes purposes(const std::vector<std::string>& oids, Critical critical = Critical::no);
[[nodiscard]] Bytes subject_key(ByteView identifier, Critical critical = Critical::no);
[[nodiscard]] Bytes authority_key(ByteView identifier, Critical critical = Critical::no);
[[nodiscard]] Bytes alternative_names(const std::vector<Bytes>& general_names, Critical critical = Critical::no);
[[nodiscard]] Bytes dns_name(std::string_view text);
[[nodiscard]] Bytes address(std::string_view hex);
[[nodiscard]] Bytes uri(std::string_view text);

// A TBSCertificate in parts; the optional ones are left out if they are empty.
struct CertificateParts {
  Bytes version;  // [0] EXPLICIT
  Bytes serial;
  Bytes signature;  // the AlgorithmIdentifier inside
  Bytes issuer;
  Bytes validity;
  Bytes subject;
  Bytes key;
  Bytes unique_ids = {};          // [1] and [2]
  std::vector<Bytes> extensions;  // each whole
  bool write_extensions = true;   // also where there is none
  Bytes outer_signature = {};     // the AlgorithmIdentifier outside; empty: the same
  std::string digest = "SHA256";  // that is really used

  void set(std::string_view oid, const Bytes& extension);  // in place of the one of that number, or at the end
  void remove(std::string_view oid);
};

[[nodiscard]] Bytes validity(Instant not_before, Instant not_after);
// As `key` signs with that digest ("SHA1", "SHA256", …); Ed25519 has none.
[[nodiscard]] Bytes signature_algorithm(const PrivateKey& key, const std::string& digest = "SHA256");
[[nodiscard]] Bytes key_identifier(const PublicKey& key);  // SHA-1 of its bits

[[nodiscard]] Bytes signed_by(const PrivateKey& key, const CertificateParts& parts);
// The same as the library reads it.
[[nodiscard]] Certificate certificate_of(const CertificateParts& parts, const PrivateKey& signing_key);

// Who issues: a name and a key, with the certificate that goes with them.
struct TestCa {
  PrivateKey key;
  CertificateParts parts;
  Certificate certificate;
};

inline constexpr std::chrono::days kLongAgo{400};  // when the CAs below begin, before the `now` they get

// Good ones, valid at `now` as the library's own would be.
[[nodiscard]] CertificateParts root_parts(std::string_view cn, const PrivateKey& key, Instant now);
[[nodiscard]] CertificateParts intermediate_parts(std::string_view cn, const PublicKey& key, const TestCa& issuer, Instant now);
[[nodiscard]] CertificateParts server_parts(const std::vector<std::string>& dns_names, const PublicKey& key, const TestCa& issuer,
                                            Instant now);
[[nodiscard]] CertificateParts client_parts(std::string_view role, const PublicKey& key, const TestCa& issuer, Instant now);
[[nodiscard]] TestCa test_root(std::string_view cn, Instant now, PrivateKey key = PrivateKey::generate());
[[nodiscard]] TestCa test_intermediate(std::string_view cn, const TestCa& issuer, Instant now,
                                       PrivateKey key = PrivateKey::generate());

// A TBSCertList in parts.
struct CrlParts {
  Bytes issuer;
  Instant this_update;
  std::optional<Instant> next_update;
  std::vector<std::pair<Serial, Instant>> revoked = {};
  std::vector<Bytes> extensions = {};
  Bytes version = asn1::integer("01");  // 2; a list of version 1 has none
};

// The complete list of a CA, good from an hour before `now` to a month after it.
[[nodiscard]] CrlParts crl_parts(const TestCa& ca, Instant now, const std::vector<Serial>& revoked = {});
[[nodiscard]] Bytes signed_by(const PrivateKey& key, const CrlParts& parts);
[[nodiscard]] Bytes crl_of(const TestCa& ca, Instant now, const std::vector<Serial>& revoked = {});

}  // namespace spaceca::test
