// Signature, serial, unique identifiers: RFC 5280 4.1.1, 4.1.2.1 to 4.1.2.3, 4.1.2.8. Version 3, a serial that is positive and of
// 20 octets at most, two signature algorithms that agree: without these a Certificate is not even read.
#include "x509/lint.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/objects.h>

#include "x509/algorithms.h"
#include "x509/certificate_impl.h"
#include "x509/lint_text.h"
#include "x509/oids.h"
#include "x509/seen_as.h"

namespace spaceca::x509 {
namespace {

using der::Tag;

// "the certificate ... the ASN.1 distinguished encoding rules (DER)"
Objection not_der(const Specimen& specimen) {
  if (!specimen.not_der.empty()) return fmt::format("is not in DER: {}", specimen.not_der.front());
  if (std::ranges::equal(specimen.written_again, specimen.certificate.der())) return {};
  return "is not in DER: OpenSSL, which read it, writes it differently";
}

Objection serial_short(const Specimen& specimen) { return judge_serial(specimen.certificate.serial()); }

// "... the AlgorithmIdentifier for RSA MUST contain a NULL", "... MUST omit the parameters field" for ECDSA and Ed25519.
Objection signature_parameters(const Specimen& specimen) {
  constexpr der::Oid kPkcs1 = der::oid({1, 2, 840, 113549, 1, 1});
  constexpr der::Oid kEcdsa = der::oid({1, 2, 840, 10045, 4});
  constexpr std::uint8_t kPss = 10;
  const ByteView oid = specimen.signature_algorithm;
  const auto starts_with = [oid](const der::Oid& prefix) {
    return oid.size() > prefix.size && std::ranges::equal(oid.first(prefix.size), prefix.octets());
  };
  if (starts_with(kPkcs1) && oid.back() != kPss) {
    if (specimen.signature_parameters == Tag::null) return {};
    return fmt::format("the signature algorithm {} lacks its NULL", object_name(oid));
  }
  const bool has_none = starts_with(kEcdsa) || std::ranges::equal(oid, der::oids::kEd25519.octets());
  if (!has_none || !specimen.signature_parameters) return {};
  return fmt::format("the signature algorithm {} has parameters; it takes none", object_name(oid));
}

// SHA-1 is refused by OpenSSL at security level 2, GnuTLS, Go, Botan, Mbed TLS and Node; what is older, by all.
Objection signature_digest(const Specimen& specimen) {
  int digest = NID_undef;
  if (X509_get_signature_info(specimen.parsed.get(), &digest, nullptr, nullptr, nullptr) != 1) {
    return fmt::format("is signed by {}, which OpenSSL cannot verify", OBJ_nid2sn(X509_get_signature_nid(specimen.parsed.get())));
  }
  const bool hashes_by_itself = digest == NID_undef;
  if (hashes_by_itself || digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512) return {};
  return fmt::format("is signed over {}; SHA-256, SHA-384 or SHA-512 is needed", OBJ_nid2sn(digest));
}

// Nobody verifies the signature of a root, and SHA-224's 112 bits are enough for level 2.
bool is_too_weak_to_load(const Specimen& specimen) {
  constexpr int kFewestBits = 112;
  int bits = 0;
  return !specimen.is_self_issued() && X509_get_signature_info(specimen.parsed.get(), nullptr, nullptr, &bits, nullptr) == 1 &&
         bits < kFewestBits;
}

Objection signature_kind(const Specimen& specimen) {
  if (specimen.issuer == nullptr) return {};
  const Algorithm& signer = traits(specimen.issuer->public_key().algorithm());
  int key = NID_undef;
  if (X509_get_signature_info(specimen.parsed.get(), nullptr, &key, nullptr, nullptr) != 1) return {};
  const bool fits = signer.family == Family::ecdsa ? key == NID_X9_62_id_ecPublicKey
                    : signer.family == Family::rsa ? key == NID_rsaEncryption || key == NID_rsassaPss
                                                   : OBJ_nid2obj(key) != nullptr && key == OBJ_sn2nid(signer.openssl_type);
  if (fits) return {};
  return fmt::format("is signed by {}, its issuer's key is of kind {}", OBJ_nid2sn(X509_get_signature_nid(specimen.parsed.get())),
                     specimen.issuer->public_key().algorithm().name());
}

// "CAs conforming to this profile MUST NOT generate certificates with unique identifiers."
Objection unique_identifiers(const Specimen& specimen) {
  if (!specimen.unique_identifiers) return {};
  return "has an issuerUniqueID or a subjectUniqueID, which nobody uses";
}

constexpr std::array kFieldRules = {
    Rule{"not-der", "RFC 5280 4.1", not_der},
    Rule{"serial-short", "CA/Browser Forum Baseline Requirements 7.1", serial_short},
    Rule{"signature-parameters", "RFC 4055 5, RFC 5758 3.2, RFC 8410 3", signature_parameters},
    Rule{"signature-digest", "OpenSSL security level 2", signature_digest, seen::kWeakDigest, is_too_weak_to_load},
    Rule{"signature-kind", "RFC 5280 4.1.1.2", signature_kind},
    Rule{"unique-identifiers", "RFC 5280 4.1.2.8", unique_identifiers},
};

}  // namespace

// Fewer than eight octets cannot hold the 64 random bits that keep a serial from being guessed. (EJBCA's 63 made several CAs
// replace their certificates.)
Objection judge_serial(const Serial& serial) {
  constexpr std::size_t kFewest = 8;
  const std::size_t size = serial.octets().size();
  if (size >= kFewest) return {};
  return fmt::format("the serial {} has {} octets; 64 random bits take {}", serial.hex(), size, kFewest);
}

std::span<const Rule> field_rules() { return kFieldRules; }

}  // namespace spaceca::x509
