#include "support/certificate_builder.h"

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "support/text.h"

namespace spaceca::test {
namespace asn1 {

Bytes joined(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Bytes tlv(unsigned tag, ByteView content) {
  Bytes der{static_cast<std::uint8_t>(tag)};
  const std::size_t size = content.size();
  if (size < 0x80) {
    der.push_back(static_cast<std::uint8_t>(size));
  } else if (size < 0x100) {
    der.insert(der.end(), {0x81, static_cast<std::uint8_t>(size)});
  } else if (size < 0x10000) {
    der.insert(der.end(), {0x82, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)});
  } else {
    der.insert(der.end(), {0x83, static_cast<std::uint8_t>(size >> 16), static_cast<std::uint8_t>(size >> 8),
                           static_cast<std::uint8_t>(size)});
  }
  der.insert(der.end(), content.begin(), content.end());
  return der;
}

Bytes sequence(const std::vector<Bytes>& parts) { return tlv(0x30, joined(parts)); }
Bytes set(const std::vector<Bytes>& parts) { return tlv(0x31, joined(parts)); }
Bytes context(unsigned n, ByteView content) { return tlv(0x80 | n, content); }
Bytes context_constructed(unsigned n, ByteView content) { return tlv(0xA0 | n, content); }
Bytes integer(std::string_view hex) { return tlv(0x02, from_hex(hex)); }
Bytes null() { return tlv(0x05, {}); }
Bytes octet_string(ByteView content) { return tlv(0x04, content); }
Bytes utf8(std::string_view text) { return tlv(0x0C, bytes_of(text)); }
Bytes printable(std::string_view text) { return tlv(0x13, bytes_of(text)); }
Bytes teletex(std::string_view text) { return tlv(0x14, bytes_of(text)); }
Bytes ia5(std::string_view text) { return tlv(0x16, bytes_of(text)); }
Bytes utc_time(std::string_view text) { return tlv(0x17, bytes_of(text)); }
Bytes generalized_time(std::string_view text) { return tlv(0x18, bytes_of(text)); }

Bytes boolean(unsigned octet) {
  const Bytes content{static_cast<std::uint8_t>(octet)};
  return tlv(0x01, content);
}

Bytes bit_string(ByteView octets, unsigned unused_bits) {
  Bytes content{static_cast<std::uint8_t>(unused_bits)};
  content.insert(content.end(), octets.begin(), octets.end());
  return tlv(0x03, content);
}

Bytes oid(std::string_view dotted) {
  ASN1_OBJECT* const object = OBJ_txt2obj(std::string{dotted}.c_str(), 1);
  if (object == nullptr) throw std::invalid_argument{"not an object identifier: " + std::string{dotted}};
  const Bytes content{OBJ_get0_data(object), OBJ_get0_data(object) + OBJ_length(object)};
  ASN1_OBJECT_free(object);
  return tlv(0x06, content);
}

Bytes time(Instant instant) {
  std::string digits = text_of(instant);  // "2026-11-24 10:00:01"
  std::erase_if(digits, [](char c) { return c < '0' || c > '9'; });
  digits += 'Z';
  const bool utc = digits >= "1950" && digits < "2050";
  return utc ? utc_time(digits.substr(2)) : generalized_time(digits);
}

}  // namespace asn1

using namespace asn1;

Bytes name(const std::vector<std::pair<std::string, Bytes>>& attributes) {
  std::vector<Bytes> parts;
  for (const auto& [type, value] : attributes) parts.push_back(set({sequence({oid(type), value})}));
  return sequence(parts);
}

Bytes common_name(std::string_view text) { return name({{"2.5.4.3", utf8(text)}}); }

Bytes extension(std::string_view type, Critical critical, ByteView value) {
  const std::array<Bytes, 4> written = {Bytes{}, boolean(0xFF), boolean(0x00), boolean(0x01)};
  return sequence({oid(type), written.at(static_cast<std::size_t>(critical)), octet_string(value)});
}

Bytes basic_constraints(const Bytes& content, Critical critical) {
  return extension(id::kBasicConstraints, critical, tlv(0x30, content));
}

Bytes key_usage(unsigned octet, unsigned unused_bits, Critical critical) {
  const Bytes bits{static_cast<std::uint8_t>(octet)};
  return extension(id::kKeyUsage, critical, bit_string(bits, unused_bits));
}

Bytes purposes(const std::vector<std::string>& oids, Critical critical) {
  std::vector<Bytes> parts;
  for (const std::string& one : oids) parts.push_back(oid(one));
  return extension(id::kPurpose, critical, sequence(parts));
}

Bytes subject_key(ByteView identifier, Critical critical) { return extension(id::kSubjectKey, critical, octet_string(identifier)); }

Bytes authority_key(ByteView identifier, Critical critical) {
  return extension(id::kAuthorityKey, critical, sequence({context(0, identifier)}));
}

Bytes alternative_names(const std::vector<Bytes>& general_names, Critical critical) {
  return extension(id::kAlternativeName, critical, sequence(general_names));
}

Bytes dns_name(std::string_view text) { return context(2, bytes_of(text)); }
Bytes address(std::string_view hex) { return context(7, from_hex(hex)); }
Bytes uri(std::string_view text) { return context(6, bytes_of(text)); }

void CertificateParts::set(std::string_view type, const Bytes& extension) {
  const Bytes start = oid(type);
  for (Bytes& one : extensions) {
    const std::size_t at = one.at(1) < 0x80 ? 2U : 2U + (one.at(1) & 0x7FU);
    if (!std::equal(start.begin(), start.end(), one.begin() + static_cast<std::ptrdiff_t>(at))) continue;
    one = extension;
    return;
  }
  extensions.push_back(extension);
}

void CertificateParts::remove(std::string_view type) {
  set(type, {});
  std::erase(extensions, Bytes{});
}

Bytes validity(Instant not_before, Instant not_after) { return sequence({time(not_before), time(not_after)}); }

namespace {

using KeyHandle = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

KeyHandle openssl_key(const PrivateKey& key) {
  const SecretBytes der = key.pkcs8_der();
  const unsigned char* in = der.reveal().data();
  return {d2i_AutoPrivateKey(nullptr, &in, static_cast<long>(der.size())), EVP_PKEY_free};
}

bool hashes_by_itself(const PrivateKey& key) { return key.algorithm() == KeyAlgorithm::ed25519(); }

Bytes signature_over(ByteView message, const PrivateKey& key, const std::string& digest) {
  const KeyHandle handle = openssl_key(key);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
  Bytes signature(1024);
  std::size_t size = signature.size();
  if (EVP_DigestSignInit_ex(context.get(), nullptr, hashes_by_itself(key) ? nullptr : digest.c_str(), nullptr, nullptr,
                            handle.get(), nullptr) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1) {
    throw std::runtime_error{"the builder cannot sign with " + digest};
  }
  signature.resize(size);
  return signature;
}

Bytes with_signature(const Bytes& tbs, const Bytes& algorithm, const PrivateKey& key, const std::string& digest) {
  return sequence({tbs, algorithm, bit_string(signature_over(tbs, key, digest))});
}

Bytes random_serial() { return tlv(0x02, Serial::random().octets()); }
Bytes version_3() { return context_constructed(0, integer("02")); }

// From an old CA on, so that the leaves of the last year are within its life.
Bytes ca_validity(Instant now) { return validity(now - kLongAgo, now + std::chrono::days{3650}); }
Bytes leaf_validity(Instant now) { return validity(now - std::chrono::minutes{5}, now + std::chrono::days{390}); }

CertificateParts leaf_parts(const Bytes& subject, const PublicKey& key, const TestCa& issuer, Instant now, const char* purpose,
                            const Bytes& names) {
  const bool rsa_server = purpose == id::kServerAuth && key.algorithm().name().starts_with("rsa");
  return {.version = version_3(),
          .serial = random_serial(),
          .signature = signature_algorithm(issuer.key),
          .issuer = issuer.parts.subject,
          .validity = leaf_validity(now),
          .subject = subject,
          .key = Bytes{key.spki_der().begin(), key.spki_der().end()},
          .extensions = {basic_constraints({}), rsa_server ? key_usage(0xA0, 5) : key_usage(0x80, 7), purposes({purpose}),
                         subject_key(key_identifier(key)), authority_key(key_identifier(issuer.key.public_key())), names}};
}

CertificateParts ca_parts(std::string_view cn, const PublicKey& key, Bytes signature, Bytes issuer, Instant now,
                          const Bytes& path_length) {
  return {
      .version = version_3(),
      .serial = random_serial(),
      .signature = std::move(signature),
      .issuer = std::move(issuer),
      .validity = ca_validity(now),
      .subject = common_name(cn),
      .key = Bytes{key.spki_der().begin(), key.spki_der().end()},
      .extensions = {basic_constraints(joined({boolean(), path_length})), key_usage(0x06, 1), subject_key(key_identifier(key))}};
}

}  // namespace

Bytes signature_algorithm(const PrivateKey& key, const std::string& digest) {
  if (hashes_by_itself(key)) return sequence({oid("1.3.101.112")});
  const bool rsa = key.algorithm().name().starts_with("rsa");
  const std::vector<std::pair<std::string, std::string>> of_rsa = {{"MD5", "1.2.840.113549.1.1.4"},
                                                                   {"SHA1", "1.2.840.113549.1.1.5"},
                                                                   {"SHA256", "1.2.840.113549.1.1.11"},
                                                                   {"SHA384", "1.2.840.113549.1.1.12"}};
  const std::vector<std::pair<std::string, std::string>> of_ecdsa = {
      {"SHA1", "1.2.840.10045.4.1"}, {"SHA256", "1.2.840.10045.4.3.2"}, {"SHA384", "1.2.840.10045.4.3.3"}};
  for (const auto& [known, number] : rsa ? of_rsa : of_ecdsa) {
    if (known == digest) return rsa ? sequence({oid(number), null()}) : sequence({oid(number)});
  }
  throw std::invalid_argument{"no signature algorithm with " + digest};
}

Bytes key_identifier(const PublicKey& key) {
  Bytes digest(20);
  if (EVP_Q_digest(nullptr, "SHA1", nullptr, key.key_octets().data(), key.key_octets().size(), digest.data(), nullptr) != 1) {
    throw std::runtime_error{"the builder cannot hash"};
  }
  return digest;
}

Bytes signed_by(const PrivateKey& key, const CertificateParts& parts) {
  Bytes extensions;
  if (parts.write_extensions) extensions = context_constructed(3, sequence(parts.extensions));
  const Bytes tbs = sequence({parts.version, parts.serial, parts.signature, parts.issuer, parts.validity, parts.subject, parts.key,
                              parts.unique_ids, extensions});
  return with_signature(tbs, parts.outer_signature.empty() ? parts.signature : parts.outer_signature, key, parts.digest);
}

Certificate certificate_of(const CertificateParts& parts, const PrivateKey& signing_key) {
  return Certificate::from_der(signed_by(signing_key, parts));
}

CertificateParts root_parts(std::string_view cn, const PrivateKey& key, Instant now) {
  return ca_parts(cn, key.public_key(), signature_algorithm(key), common_name(cn), now, {});
}

CertificateParts intermediate_parts(std::string_view cn, const PublicKey& key, const TestCa& issuer, Instant now) {
  CertificateParts parts = ca_parts(cn, key, signature_algorithm(issuer.key), issuer.parts.subject, now, integer("00"));
  parts.extensions.push_back(authority_key(key_identifier(issuer.key.public_key())));
  return parts;
}

CertificateParts server_parts(const std::vector<std::string>& dns_names, const PublicKey& key, const TestCa& issuer, Instant now) {
  std::vector<Bytes> names;
  for (const std::string& one : dns_names) names.push_back(dns_name(one));
  return leaf_parts(common_name(dns_names.at(0)), key, issuer, now, id::kServerAuth, alternative_names(names));
}

CertificateParts client_parts(std::string_view role, const PublicKey& key, const TestCa& issuer, Instant now) {
  return leaf_parts(common_name(role), key, issuer, now, id::kClientAuth,
                    alternative_names({uri("urn:uuid:0193c1a8-7f00-7000-8000-0123456789ab")}));
}

TestCa test_root(std::string_view cn, Instant now, PrivateKey key) {
  CertificateParts parts = root_parts(cn, key, now);
  Certificate certificate = certificate_of(parts, key);
  return {std::move(key), std::move(parts), std::move(certificate)};
}

TestCa test_intermediate(std::string_view cn, const TestCa& issuer, Instant now, PrivateKey key) {
  CertificateParts parts = intermediate_parts(cn, key.public_key(), issuer, now);
  Certificate certificate = certificate_of(parts, issuer.key);
  return {std::move(key), std::move(parts), std::move(certificate)};
}

CrlParts crl_parts(const TestCa& ca, Instant now, const std::vector<Serial>& revoked) {
  CrlParts parts{
      .issuer = ca.parts.subject,
      .this_update = now - std::chrono::hours{1},
      .next_update = now + std::chrono::days{30},
      .extensions = {authority_key(key_identifier(ca.key.public_key())), extension("2.5.29.20", Critical::no, integer("01"))}};
  for (const Serial& serial : revoked) parts.revoked.emplace_back(serial, parts.this_update);
  return parts;
}

Bytes signed_by(const PrivateKey& key, const CrlParts& parts) {
  std::vector<Bytes> entries;
  for (const auto& [serial, at] : parts.revoked) {
    Bytes magnitude{serial.octets().begin(), serial.octets().end()};
    if (magnitude.front() >= 0x80) magnitude.insert(magnitude.begin(), 0);
    entries.push_back(sequence({tlv(0x02, magnitude), time(at)}));
  }
  const Bytes algorithm = signature_algorithm(key);
  const Bytes tbs = sequence({parts.version, algorithm, parts.issuer, time(parts.this_update),
                              parts.next_update ? time(*parts.next_update) : Bytes{}, entries.empty() ? Bytes{} : sequence(entries),
                              parts.extensions.empty() ? Bytes{} : context_constructed(0, sequence(parts.extensions))});
  return with_signature(tbs, algorithm, key, "SHA256");
}

Bytes crl_of(const TestCa& ca, Instant now, const std::vector<Serial>& revoked) {
  return signed_by(ca.key, crl_parts(ca, now, revoked));
}

}  // namespace spaceca::test
