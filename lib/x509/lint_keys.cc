// Keys, by who may hold them: RFC 5280 4.1.2.7, and what PostgreSQL and its clients can use. RSA below 2048 bits, other curves and
// points that are not on their curve are no Certificate at all.
#include "x509/lint.h"

#include <array>
#include <string>

#include <fmt/format.h>
#include <openssl/objects.h>

#include <spaceca/error.h>

#include "x509/signature.h"

namespace spaceca::x509 {
namespace {

// What `check` refuses, in its own words.
template <class Check>
Objection refusal_of(Check&& check) {
  try {
    check();
    return {};
  } catch (const Error& error) {
    return std::string{error.what()};
  }
}

Objection server_key(const Specimen& specimen) {
  if (!specimen.is_server()) return {};
  return refusal_of([&] { check_leaf_key(Profile::server, specimen.certificate.public_key().algorithm()); });
}

Objection client_key(const Specimen& specimen) {
  if (!specimen.is_client()) return {};
  return refusal_of([&] { check_leaf_key(Profile::client, specimen.certificate.public_key().algorithm()); });
}

Objection ca_key(const Specimen& specimen) {
  if (!specimen.is_ca()) return {};
  return refusal_of([&] { static_cast<void>(signature_algorithm_of(specimen.certificate.public_key().algorithm())); });
}

// SCRAM with channel binding (RFC 5929 4.1) takes the digest of the server certificate's signature. Up to version 15 PostgreSQL and
// libpq ask OBJ_find_sigid_algs for it, which knows none for Ed25519, Ed448 and RSASSA-PSS.
Objection server_signature(const Specimen& specimen) {
  if (!specimen.is_server()) return {};
  const int signature = X509_get_signature_nid(specimen.parsed.get());
  int digest = NID_undef;
  if (OBJ_find_sigid_algs(signature, &digest, nullptr) == 1 && digest != NID_undef) return {};
  return fmt::format("is signed by {}, whose name says no digest; password logins with channel binding fail",
                     OBJ_nid2sn(signature));
}

constexpr std::array kKeyRules = {
    Rule{"server-key", "PostgreSQL: ssl_ecdh_curve, TLS 1.2", server_key},
    Rule{"client-key", "PostgreSQL and JDBC", client_key},
    Rule{"ca-key", "PostgreSQL: SCRAM with channel binding", ca_key},
    Rule{"server-signature", "RFC 5929 4.1, PostgreSQL: be_tls_get_certificate_hash", server_signature,
         "could not find digest for NID UNDEF"},
};

}  // namespace

std::span<const Rule> key_rules() { return kKeyRules; }

}  // namespace spaceca::x509
