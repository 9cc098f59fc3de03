// Lists of revoked certificates (RFC 5280 5): what goes into one, one as it is read, what two differ by, and whether PostgreSQL can
// live with a set of them. An Issuer writes them (issuer.h). Values: as safe between threads as int is; a Crl copies cheaply.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/certificate.h>
#include <spaceca/clock.h>
#include <spaceca/error.h>
#include <spaceca/export.h>

namespace spaceca {

// RFC 5280 5.3.1, by its numbers. Without certificateHold and removeFromCRL: what is revoked here stays so.
enum class RevocationReason : std::uint8_t {
  unspecified = 0,  // never written: its absence says the same (RFC 5280 5.3.1)
  key_compromise = 1,
  ca_compromise = 2,
  affiliation_changed = 3,
  superseded = 4,
  cessation_of_operation = 5,
  privilege_withdrawn = 9,
  aa_compromise = 10,
};

struct RevokedEntry {
  Serial serial;
  Instant revoked_at;  // written as it is or, if that is earlier, as the list's own date: no entry may be younger than its list
  RevocationReason reason = RevocationReason::unspecified;

  friend bool operator==(const RevokedEntry&, const RevokedEntry&) = default;
};

// How long a list is good. As long as a leaf, since an expired list keeps every client out: servers that cannot be reached go on
// with the one they have. How often a new one is made is another matter (weekly does well).
inline constexpr std::chrono::months kCrlLifetime{13};

struct CrlOptions {
  // cRLNumber (RFC 5280 5.2.3): positive, and larger than that of every earlier list of the root, which is the caller's to know.
  std::uint64_t number;
  std::chrono::months lifetime = kCrlLifetime;  // to nextUpdate, in calendar months from `now`; at least one
};

// Where Issuer::write_crl takes its entries from: a store's cursor, a file, a vector. Used by one thread, and walked twice.
class SPACECA_EXPORT CrlSource {
 public:
  virtual ~CrlSource();
  // To the first entry; called at the start of each walk.
  virtual void rewind() = 0;
  // The next entries, by ascending serial, none twice; some hundreds at a time do well. They are borrowed until the next call; none
  // means the end. Throws what it likes.
  [[nodiscard]] virtual std::span<const RevokedEntry> next() = 0;
};

// Takes what is written, piece after piece, in order; borrowed during the call. Throws what it likes.
using CrlSink = std::function<void(ByteView)>;

enum class CrlForm {
  pem,  // what PostgreSQL and libpq read
  der,
};

// What was written.
struct CrlSummary {
  std::uint64_t entries;
  Instant this_update;
  Instant next_update;
};

// One CertificateList of version 1 or 2, read once. What a stranger hands in is read by OpenSSL first and must be DER. Its
// signature is not looked at here (check_for_postgresql does).
class SPACECA_EXPORT Crl final {
 public:
  // Errc::malformed; unsupported for an indirect list, whose entries are of several issuers.
  [[nodiscard]] static Crl from_der(ByteView der);
  // Exactly one X509 CRL block. The same, and Errc::policy beyond 256 MiB.
  [[nodiscard]] static Crl from_pem(std::string_view pem);

  [[nodiscard]] ByteView der() const;  // borrowed from this object
  [[nodiscard]] std::string pem() const;
  // Nothing if the list has none, or one of more than 64 bits; ours have one.
  [[nodiscard]] std::optional<std::uint64_t> number() const;
  [[nodiscard]] Instant this_update() const;
  // Nothing if the list never ends; ours do.
  [[nodiscard]] std::optional<Instant> next_update() const;
  // The issuer's name as DER, borrowed, and as RFC 2253 text.
  [[nodiscard]] ByteView issuer_der() const;
  [[nodiscard]] std::string issuer() const;
  // The keyid. Empty if there is none.
  [[nodiscard]] ByteView authority_key_identifier() const;

  // By serial, whatever their order in the list. certificateHold and reasons that RFC 5280 does not know read as unspecified
  // (PostgreSQL refuses who is on hold as it does the revoked); entries that say removeFromCRL are left out, since they revoke
  // nothing.
  [[nodiscard]] const std::vector<RevokedEntry>& entries() const;
  // The first entry of that serial; nothing if it is not on the list.
  [[nodiscard]] std::optional<RevokedEntry> find(const Serial& serial) const;
  friend SPACECA_EXPORT bool operator==(const Crl& a, const Crl& b);

  struct Impl;  // for the library
  explicit Crl(std::shared_ptr<const Impl> impl) noexcept : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

// What a newer list has and an older one has not, and the other way round; both in order. A serial that is removed although its
// certificate has not ended is let in again.
struct CrlDifference {
  std::vector<Serial> added;
  std::vector<Serial> removed;
};
// Errc::mismatch if the two are of different issuers, whose serials say nothing about each other.
[[nodiscard]] SPACECA_EXPORT CrlDifference compare(const Crl& older, const Crl& newer);

// What PostgreSQL would do wrong with these lists in its ssl_crl_file and these roots in its ssl_ca_file at `now`; an empty
// result means that all is well. Each finding says what would become of the clients. PostgreSQL sets OpenSSL's CRL_CHECK and
// CRL_CHECK_ALL, by which every CA in a chain, the root included, needs a good list of its own; one bad list can keep out
// everybody, or let in who is revoked. Signatures are checked. Errc::crypto if OpenSSL itself fails.
//
// What other authorities' lists may lack does no harm there and is no finding: a list of version 1, without cRLNumber, without
// authorityKeyIdentifier as long as one root alone has its issuer's name, without nextUpdate (it never ends), or with an entry
// dated after its thisUpdate revokes like any other.
//
// Rules: crl-expired, crl-not-yet-valid, crl-signature, crl-issuing-distribution-point, crl-delta, crl-critical-extension,
// crl-authority-key-identifier, crl-revokes-root, crl-twice, crl-without-root, root-without-crl, root-crl-sign; and crl-openssl,
// where OpenSSL under the same flags refuses a root for a reason that none of these explains.
[[nodiscard]] SPACECA_EXPORT std::vector<Finding> check_for_postgresql(const std::vector<Crl>& crls,
                                                                       const std::vector<Certificate>& roots, Instant now);

// The same for the octets of an ssl_crl_file, read as PostgreSQL reads it: every PEM block of it. More rules: crl-file-der,
// crl-file-empty, crl-file-unreadable, crl-file-certificate.
[[nodiscard]] SPACECA_EXPORT std::vector<Finding> check_for_postgresql(ByteView crl_file, const std::vector<Certificate>& roots,
                                                                       Instant now);

}  // namespace spaceca
