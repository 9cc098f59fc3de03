// An Issuer turns what was asked into certificates of one root, and lists those that are revoked. It does no I/O apart from its
// Signer, reads no clock (`now` is handed in), and may be used from several threads; it owns its key, or shares its Signer.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/certificate.h>
#include <spaceca/clock.h>
#include <spaceca/crl.h>
#include <spaceca/export.h>
#include <spaceca/key.h>
#include <spaceca/names.h>

namespace spaceca {

// A space's root: its subject is CN=<first 24 characters of the space> G<generation> <first 8 hexadecimal digits of its subject key
// identifier>, so that no two generations and no two spaces share a name.
struct RootSubject {
  SpaceName space;
  unsigned generation = 1;
};

// A server certificate (serverAuth). Its common name is the first host, if that fits into X.520's 64 characters; otherwise the
// subject is O=<space>, or, without `space`, O=<the space as the root's name shows it>.
struct ServerSubject {
  std::vector<HostName> hosts;  // at least one, no two the same
  std::optional<SpaceName> space = {};
};

// A client certificate (clientAuth): OU=<database>, CN=<role>, read CN=role,OU=database in pg_hba.conf's clientname=DN. The id
// stands in it as urn:uuid:…; without one the issuer draws a UUID of version 7.
struct ClientSubject {
  RoleName role;
  std::optional<DatabaseName> database = {};
  std::optional<CertificateId> id = {};
};

// What a Signer signs.
struct SignatureInput {
  // By its standard name: "ecdsa-with-SHA256", "ecdsa-with-SHA384" (RFC 5758 3.2), "sha256WithRSAEncryption" (RFC 8017 8.2).
  std::string_view algorithm;
  // The digest that the name says, not yet wrapped; for algorithms that hash by themselves (Ed25519, ML-DSA) the whole message.
  ByteView octets;
};

// A root's key, wherever it is: here, in a token, behind a service. Called from any thread. What it returns is verified against
// public_key() before anything leaves the Issuer.
class SPACECA_EXPORT Signer {
 public:
  virtual ~Signer();
  [[nodiscard]] virtual const PublicKey& public_key() const = 0;
  // The content of the certificate's signatureValue: an ECDSA-Sig-Value in DER (RFC 3279 2.2.3), or RSA's octets. Throws what it
  // likes; the Issuer lets it through.
  [[nodiscard]] virtual Bytes sign(const SignatureInput& input) const = 0;
};

// Whatever it makes: Errc::invalid_argument for a null signer, for no host or one twice, for a generation of 0 and for dates
// outside 1950 to 9999; crypto if OpenSSL fails, or if a signature does not fit the root's key; wrong_process in a child made by
// fork(); and what the Signer throws.
class SPACECA_EXPORT Issuer final {
 public:
  // A new root, valid for ten years from `now`, started five minutes back. The key: ECDSA P-256 or P-384, or RSA 2048, 3072 or 4096
  // (Errc::policy otherwise: PostgreSQL cannot do SCRAM with channel binding under an Ed25519 root).
  [[nodiscard]] static Issuer self_signed(const RootSubject& subject, PrivateKey key, Instant now);
  [[nodiscard]] static Issuer self_signed(const RootSubject& subject, std::shared_ptr<const Signer> signer, Instant now);
  [[nodiscard]] static Issuer self_signed(const RootSubject& subject, std::shared_ptr<const Signer> signer, Instant now,
                                          const Serial& serial);

  // A root made before. Errc::mismatch if the key is not the certificate's, Errc::policy if the certificate is no root, no CA, has
  // no keyCertSign, no subject key identifier, or a kind of key that a root may not have.
  Issuer(Certificate root, PrivateKey key);
  Issuer(Certificate root, std::shared_ptr<const Signer> signer);

  Issuer(Issuer&&) noexcept;
  Issuer& operator=(Issuer&&) noexcept;
  ~Issuer();

  [[nodiscard]] const Certificate& certificate() const;

  // A leaf for a key in hand, from five minutes before `now` to thirteen calendar months after it. Errc::policy if the root is not
  // valid at `now` or would end before the leaf (never cut short: a certificate that ends early is renewed early, for ever), or if
  // the kind of key does not suit: ECDSA P-256 and RSA of 2048, 3072 or 4096 bits suit all, Ed25519 and ML-DSA clients alone. The
  // serial, unless given, is 01, the second of `now` in five octets, a count of this issuer's in two and sixty-four random bits, so
  // serials sort as they were issued; who gives one sees to it that the root never used it before.
  [[nodiscard]] Certificate issue(const ServerSubject& subject, const PublicKey& key, Instant now) const;
  [[nodiscard]] Certificate issue(const ServerSubject& subject, const PublicKey& key, Instant now, const Serial& serial) const;
  [[nodiscard]] Certificate issue(const ClientSubject& subject, const PublicKey& key, Instant now) const;
  [[nodiscard]] Certificate issue(const ClientSubject& subject, const PublicKey& key, Instant now, const Serial& serial) const;

  // The same with a new key; the credential trusts this root.
  [[nodiscard]] Credential issue_with_key(const ServerSubject& subject, Instant now,
                                          KeyAlgorithm algorithm = KeyAlgorithm::ecdsa_p256()) const;
  [[nodiscard]] Credential issue_with_key(const ClientSubject& subject, Instant now,
                                          KeyAlgorithm algorithm = KeyAlgorithm::ecdsa_p256()) const;

  // A client certificate with a new key, for trying out whether a server lets its like in. It ends with the root if that is sooner.
  [[nodiscard]] Credential issue_probe(const ClientSubject& subject, Instant now,
                                       std::chrono::seconds lifetime = kProbeLifetime) const;

  // The root's list of revoked certificates, as PostgreSQL can live with it: complete, of version 2, with the root's key identifier
  // and a number, without issuingDistributionPoint, from five minutes before `now` on. Errc::policy if the root has no cRLSign or
  // is not valid at `now`, or if an entry is the root itself; invalid_argument for a serial that comes twice, the number 0, a
  // lifetime below one month, or dates outside 1950 to 9999. The entries may come in any order.
  [[nodiscard]] Crl crl(std::vector<RevokedEntry> entries, const CrlOptions& options, Instant now) const;

  // The same into a sink, in memory that does not grow with the list; invalid_argument also for entries out of order. The entries
  // are walked twice, for the lengths and for the octets. If this throws, by itself or by the source, the sink or the Signer, what
  // the sink got is no list. The length of an ECDSA signature is fixed beforehand, so a Signer is asked until one fits, twice on
  // average.
  CrlSummary write_crl(CrlSource& entries, const CrlOptions& options, Instant now, CrlForm form, const CrlSink& sink) const;

 private:
  struct Impl;
  explicit Issuer(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spaceca
