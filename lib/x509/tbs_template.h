// Leaves of one root, one profile and one kind of key, with everything that does not vary encoded beforehand.
#pragma once

#include <functional>

#include <spaceca/bytes.h>
#include <spaceca/certificate.h>
#include <spaceca/key.h>
#include <spaceca/validity.h>

#include "x509/der.h"

namespace spaceca::x509 {

enum class Profile { server, client };

// Whether a leaf of that profile may have that kind of key (POSTGRESQL.md: a P-384 server key fails at TLS 1.2, and only clients
// can do with what TLS libraries know by name alone). Throws Errc::policy.
void check_leaf_key(Profile profile, KeyAlgorithm algorithm);

// What varies.
struct LeafFields {
  const Serial& serial;
  Validity validity;
  ByteView subject;           // a Name
  ByteView subject_alt_name;  // an Extension
  const PublicKey& key;
  ByteView subject_key_identifier;  // SHA-1 of the key's bits (RFC 5280 4.2.1.2, method 1)
};

class TbsTemplate final {
 public:
  using Sign = std::function<Bytes(ByteView tbs)>;

  // Fills in `sample` once, has OpenSSL and our own reader read the whole of it and every lint look at it, so that nothing constant
  // is wrong in any certificate. Errc::crypto; Errc::policy with the findings.
  TbsTemplate(const Certificate& root, Profile profile, const LeafFields& sample);

  // The certificate; its TBSCertificate is written to `tbs`, which the caller may use again. It is not read back: what stands where
  // is known. Errc::policy, with the finding, if what varies breaks a rule of lint.
  [[nodiscard]] Certificate certificate(const LeafFields& fields, der::Writer& tbs, const Sign& sign) const;

 private:
  // Where in the TBSCertificate stands what a Certificate shows of its octets.
  struct Place {
    std::size_t before_end;  // where it starts; counted from the front that changes when the outer length is written
    std::size_t size;
  };
  struct Shown {
    Place issuer;
    Place subject;
    Place subject_key_identifier;
    Place authority_key_identifier;
  };
  [[nodiscard]] Shown fill(der::Writer& w, const LeafFields& fields) const;
  void prove(const Certificate& root, Profile profile, const LeafFields& sample) const;

  Bytes signature_algorithm_;       // AlgorithmIdentifier
  Bytes issuer_;                    // Name
  Bytes usage_;                     // basicConstraints, keyUsage, extKeyUsage
  Bytes authority_;                 // authorityKeyIdentifier
  std::size_t authority_key_size_;  // of the identifier that it ends with
  std::uint8_t usage_bits_;         // keyUsage's
};

// Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
[[nodiscard]] Bytes signed_certificate(ByteView tbs, ByteView algorithm_identifier, ByteView signature);

// The TBSCertificate of a root, looked at by every lint. `subject` is a Name. Errc::policy with the findings.
[[nodiscard]] Bytes root_tbs(const Serial& serial, Validity validity, ByteView algorithm_identifier, ByteView subject,
                             const PublicKey& key, ByteView subject_key_identifier);

}  // namespace spaceca::x509
