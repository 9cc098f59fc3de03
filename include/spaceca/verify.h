// Judges certificates: verify() says whether PostgreSQL, or a client of it, would take a chain, and lint() whether a certificate
// is made as it should be. Both give findings; an empty result means that all is well. Nothing here reads a clock, a file or
// the network; any thread may call it.
//
// verify() is OpenSSL's X509_verify_cert with what PostgreSQL and libpq set around it (be-secure-openssl.c,
// fe-secure-openssl.c), and libpq's own comparison of host names; so its "no" is theirs, and each finding tells what their user
// sees.
//
// Deviations from RFC 5280
//
// - 4.1.2.5, 5.1.2.5: the second of notAfter is over, and that of a list's nextUpdate; by the RFC both are still in.
// - 6.1: certificate policies are not processed, by PostgreSQL no more than by us: what policyConstraints or inhibitAnyPolicy
//   forbid is not noticed.
// - 6.1.1 (d): a trust anchor is a self-signed certificate, never an intermediate one; its dates, its keyUsage and its path
//   length count, its signature does not.
// - 6.3: without any list nothing is looked up; with one, every certificate of the chain needs one, the root too. Lists are
//   complete and signed by the key that signed the certificate: an indirect list, one for some reasons or one for a distribution
//   point lets nobody in. A delta list is a finding by itself, since PostgreSQL does not add it to the full one.
// - 6.3.3: of several lists of one issuer OpenSSL takes the newest alone. Whoever stands on another of them gets a finding here,
//   though PostgreSQL lets him in.
// - 7.1: names are compared as OpenSSL does, without regard to case and repeated blanks.
// - Keys and digests below 112 bits of security are refused (RSA under 2048 bits, SHA-1), as by OpenSSL at its security level 2,
//   which is Debian's and from OpenSSL 3.2 on everybody's; a PostgreSQL at level 1 takes them.
// - A host is compared by libpq's rules, not by RFC 6125's: an IP address may stand in a dNSName, and the common name counts if
//   the subjectAltName holds no name of the host's kind.
//
// Duties of the caller
//
// - A chain proves nothing until its holder has shown that he has the leaf's key; in a connection TLS does that.
// - `now` must be right.
// - The lists must be the newest there are. Nobody can tell an old list from a new one as long as it has not ended.
// - Which role a client may be is a question to pg_hba.conf and pg_ident.conf, and not asked here.
// - Sessions that are open go on, whatever is found afterwards.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/certificate.h>
#include <spaceca/clock.h>
#include <spaceca/error.h>
#include <spaceca/export.h>
#include <spaceca/names.h>

namespace spaceca {

// Who is judged.
enum class Purpose {
  client,  // a client, as the server judges it
  server,  // a server, as libpq does with sslmode=verify-ca, or verify-full if a host is given
};

// What is shown, who judges it by what, and when.
struct Verification {
  Chain chain;                       // what the peer sends, the leaf first
  std::vector<Certificate> anchors;  // ssl_ca_file of the server, sslrootcert of the client
  Purpose purpose;
  Instant now;
  std::vector<ByteView> crls = {};    // ssl_crl_file or sslcrl, each list as DER; borrowed until verify() returns
  std::optional<HostName> host = {};  // for a server: what the client was told to connect to
};

// What keeps the chain from being taken, in the order in which the peer meets it: the first is what it stops at, and each says in
// `seen_as` what is seen where it is the only one. Errc::invalid_argument for an empty chain and for a host beside a client,
// Errc::crypto if OpenSSL itself fails.
//
// Rules: expired, not-yet-valid, chain-incomplete, root-unknown, signature, purpose, not-a-ca, path-length, revoked, crl-missing,
// crl-expired, crl-not-yet-valid, crl-signature, crl-issuing-distribution-point, crl-delta, crl-critical-extension,
// crl-issuer-key-usage, crl-unreadable, revoked-on-another-list, weak-key, weak-digest, name-constraints, critical-extension,
// malformed, host, and openssl for what is none of these, with OpenSSL's own words.
[[nodiscard]] SPACECA_EXPORT std::vector<Finding> verify(const Verification& what);

// What is wrong with a certificate as it is made, whoever made it and whatever the time: by RFC 5280, by what other software was
// seen to refuse, and by what PostgreSQL cannot use. A certificate is judged as a CA's, a server's or a client's by what it says
// itself. With its issuer's certificate, what the two must agree on is looked at too (not the signature: that is verify's). A
// finding's `seen_as` is empty where nobody notices. Errc::crypto if OpenSSL itself fails.
[[nodiscard]] SPACECA_EXPORT std::vector<Finding> lint(const Certificate& certificate);
[[nodiscard]] SPACECA_EXPORT std::vector<Finding> lint(const Certificate& certificate, const Certificate& issuer);

// What certificates that are good by themselves must not have in common: two roots of one name, two serials of one issuer.
[[nodiscard]] SPACECA_EXPORT std::vector<Finding> lint_together(const std::vector<Certificate>& certificates);

// One of the things that lint and lint_together look for.
struct LintRule {
  std::string_view name;    // Finding::rule
  std::string_view source;  // Finding::source
};
// All of them, in the order in which they are looked at.
[[nodiscard]] SPACECA_EXPORT std::vector<LintRule> lint_rules();

}  // namespace spaceca
