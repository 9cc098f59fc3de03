#include <spaceca/verify.h>

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/hex.h"
#include "base/printable.h"
#include "ossl/check.h"
#include "ossl/encode.h"
#include "ossl/handles.h"
#include "x509/certificate_impl.h"
#include "x509/host_match.h"
#include "x509/seen_as.h"

namespace spaceca {
namespace {

namespace seen = x509::seen;

constexpr int kSecurityLevel = 2;  // 112 bits; SSL_CTX_set_security_level(3)

struct Meaning {
  int error;  // X509_V_ERR_…
  std::string_view rule;
  std::string_view source;
  std::string_view alert;
};

constexpr std::string_view kCrlCheckAll = "PostgreSQL: X509_V_FLAG_CRL_CHECK_ALL";

constexpr Meaning kMeanings[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, "expired", "RFC 5280 6.1.3 (a)(2)", seen::kExpired},
    {X509_V_ERR_CERT_NOT_YET_VALID, "not-yet-valid", "RFC 5280 6.1.3 (a)(2)", seen::kBad},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "chain-incomplete", "RFC 5280 6.1", seen::kUnknownCa},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "chain-incomplete", "RFC 5280 6.1", seen::kUnknownCa},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "chain-incomplete", "RFC 5280 6.1", seen::kUnknownCa},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "root-unknown", "RFC 5280 6.1.1 (d)", seen::kUnknownCa},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "root-unknown", "RFC 5280 6.1.1 (d)", seen::kUnknownCa},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, "signature", "RFC 5280 6.1.3 (a)(1)", seen::kDecryptError},
    {X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, "signature", "RFC 5280 6.1.3 (a)(1)", seen::kBad},
    {X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, "signature", "RFC 5280 6.1.3 (a)(1)", seen::kBad},
    {X509_V_ERR_INVALID_PURPOSE, "purpose", "RFC 5280 4.2.1.3, 4.2.1.12", seen::kUnsupported},
    {X509_V_ERR_INVALID_CA, "not-a-ca", "RFC 5280 6.1.4 (k)", seen::kUnknownCa},
    {X509_V_ERR_INVALID_NON_CA, "not-a-ca", "RFC 5280 6.1.4 (k)", seen::kUnknownCa},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, "not-a-ca", "RFC 5280 6.1.4 (n)", seen::kCertificateUnknown},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, "path-length", "RFC 5280 6.1.4 (l)", seen::kUnknownCa},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG, "path-length", "OpenSSL: X509_VERIFY_PARAM_set_depth", seen::kUnknownCa},
    {X509_V_ERR_CERT_REVOKED, "revoked", "RFC 5280 6.1.3 (a)(3)", seen::kRevoked},
    {X509_V_ERR_UNABLE_TO_GET_CRL, "crl-missing", kCrlCheckAll, seen::kUnknownCa},
    {X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, "crl-missing", kCrlCheckAll, seen::kUnknownCa},
    {X509_V_ERR_CRL_HAS_EXPIRED, "crl-expired", "RFC 5280 6.3.3 (a)", seen::kExpired},
    {X509_V_ERR_CRL_NOT_YET_VALID, "crl-not-yet-valid", "RFC 5280 5.1.2.4", seen::kBad},
    {X509_V_ERR_CRL_SIGNATURE_FAILURE, "crl-signature", "RFC 5280 6.3.3 (g)", seen::kDecryptError},
    {X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE, "crl-signature", "RFC 5280 6.3.3 (g)", seen::kBad},
    {X509_V_ERR_DIFFERENT_CRL_SCOPE, "crl-issuing-distribution-point", "RFC 5280 6.3.3 (b)", seen::kCertificateUnknown},
    {X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION, "crl-critical-extension", "RFC 5280 5.2", seen::kCertificateUnknown},
    {X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, "crl-issuer-key-usage", "RFC 5280 6.3.3 (f)", seen::kCertificateUnknown},
    {X509_V_ERR_EE_KEY_TOO_SMALL, "weak-key", "OpenSSL security level 2", seen::kWeakKey},
    {X509_V_ERR_CA_KEY_TOO_SMALL, "weak-key", "OpenSSL security level 2", seen::kWeakCaKey},
    {X509_V_ERR_CA_MD_TOO_WEAK, "weak-digest", "OpenSSL security level 2", seen::kWeakDigest},
    {X509_V_ERR_PERMITTED_VIOLATION, "name-constraints", "RFC 5280 6.1.3 (b)", seen::kCertificateUnknown},
    {X509_V_ERR_EXCLUDED_VIOLATION, "name-constraints", "RFC 5280 6.1.3 (c)", seen::kCertificateUnknown},
    {X509_V_ERR_SUBTREE_MINMAX, "name-constraints", "RFC 5280 4.2.1.10", seen::kCertificateUnknown},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, "name-constraints", "RFC 5280 4.2.1.10", seen::kCertificateUnknown},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, "name-constraints", "RFC 5280 4.2.1.10", seen::kCertificateUnknown},
    {X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, "name-constraints", "RFC 5280 4.2.1.10", seen::kCertificateUnknown},
    {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, "critical-extension", "RFC 5280 6.1.4 (o), 6.1.5 (f)", seen::kCertificateUnknown},
    {X509_V_ERR_INVALID_EXTENSION, "malformed", "RFC 5280 4.2", seen::kCertificateUnknown},
};

// Where OpenSSL has another word for it.
Meaning meaning_of(int error) {
  const auto* const found = std::ranges::find(kMeanings, error, &Meaning::error);
  return found != std::end(kMeanings) ? *found : Meaning{error, "openssl", "OpenSSL: X509_verify_cert", seen::kCertificateUnknown};
}

std::string quoted(const X509_NAME* name) {
  return fmt::format("\"{}\"", printable(x509::rfc2253(ossl::encoded<Bytes>(i2d_X509_NAME, name, "encode a name"))));
}

// As a certificate or a list says it; what OpenSSL itself cannot read stays as it stands there.
std::string date(const ASN1_TIME* time) {
  using namespace std::chrono;
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return "at no time that can be read";
  const year_month_day day{year{parts.tm_year + 1900} / (parts.tm_mon + 1) / parts.tm_mday};
  return text_of(sys_days{day} + hours{parts.tm_hour} + minutes{parts.tm_min} + seconds{parts.tm_sec});
}

std::string serial(const X509* certificate) {
  const ASN1_INTEGER* const number = X509_get0_serialNumber(certificate);
  return hex_of({ASN1_STRING_get0_data(number), static_cast<std::size_t>(ASN1_STRING_length(number))}, HexCase::upper);
}

std::string key_identifier(const ASN1_OCTET_STRING* identifier) {
  return hex_of({ASN1_STRING_get0_data(identifier), static_cast<std::size_t>(ASN1_STRING_length(identifier))}, HexCase::lower);
}

class Judge final {
 public:
  explicit Judge(const Verification& what) : what_(what) {}

  [[nodiscard]] std::vector<Finding> findings();

 private:
  void load();
  void ask_openssl();
  void look_for_delta_lists();
  void look_at_other_lists();

  // OpenSSL's X509_STORE_CTX_verify_cb: notes what is wrong and has it go on, as `openssl s_client` does.
  static int note(int good, X509_STORE_CTX* context) noexcept;
  void note_error();
  [[nodiscard]] std::string text_for(int error) const;
  // What the callback's context speaks of; either may be null, whatever the error.
  [[nodiscard]] const X509* current() const { return X509_STORE_CTX_get_current_cert(at_); }
  [[nodiscard]] const X509_CRL* current_list() const { return X509_STORE_CTX_get0_current_crl(at_); }
  [[nodiscard]] std::string who() const;
  [[nodiscard]] std::string issuer() const { return current() != nullptr ? quoted(X509_get_issuer_name(current())) : "its issuer"; }
  [[nodiscard]] std::string whose_list() const;
  [[nodiscard]] std::string missing_issuer() const;
  [[nodiscard]] bool is_revoked_at(int depth) const { return std::ranges::find(revoked_, depth) != revoked_.end(); }
  void add(std::string_view rule, std::string text, std::string_view source, std::string_view alert);

  const Verification& what_;
  std::vector<ossl::X509Certificate> chain_;
  std::vector<ossl::X509Certificate> anchors_;
  std::vector<ossl::X509Crl> crls_;
  ossl::X509Store store_;
  ossl::X509StoreContext context_;
  X509_STORE_CTX* at_ = nullptr;  // the callback's: that, or one that OpenSSL made of it
  std::vector<Finding> findings_;
  std::vector<int> revoked_;     // the depths of certificates that are
  int out_of_scope_ = -1;        // the depth of the last certificate whose list is not for it
  bool is_incomplete_ = false;   // the chain ends without a root
  bool could_not_note_ = false;  // no memory
};

ossl::X509Certificate parsed(const Certificate& certificate) {
  return ossl::X509Certificate{ossl::check(ossl::decoded(d2i_X509, X509_free, certificate.der()), "read a certificate")};
}

void Judge::load() {
  store_.reset(ossl::check(X509_STORE_new(), "make a store"));
  for (const Certificate& certificate : what_.chain) chain_.push_back(parsed(certificate));
  for (const Certificate& anchor : what_.anchors) {
    anchors_.push_back(parsed(anchor));
    ossl::check(X509_STORE_add_cert(store_.get(), anchors_.back().get()), "add a root");
  }
  for (const ByteView der : what_.crls) {
    const ossl::QuietErrors quiet;
    ossl::X509Crl crl{ossl::decoded(d2i_X509_CRL, X509_CRL_free, der)};
    if (crl == nullptr) {
      add("crl-unreadable", "one of the lists is no revocation list in DER", "PostgreSQL: X509_STORE_load_locations", "");
      continue;
    }
    ossl::check(X509_STORE_add_crl(store_.get(), crl.get()), "add a list");
    crls_.push_back(std::move(crl));
  }
}

void Judge::ask_openssl() {
  const ossl::QuietErrors quiet;
  const ossl::X509Stack others{ossl::check(sk_X509_new_null(), "make a chain")};
  for (auto link = chain_.begin() + 1; link != chain_.end(); ++link) {
    ossl::check(sk_X509_push(others.get(), link->get()), "make a chain");
  }
  context_.reset(ossl::check(X509_STORE_CTX_new(), "prepare a verification"));
  X509_STORE_CTX* const context = context_.get();
  ossl::check(X509_STORE_CTX_init(context, store_.get(), chain_.front().get(), others.get()), "prepare a verification");
  // The defaults under which libssl verifies its peer: purpose and trust.
  ossl::check(X509_STORE_CTX_set_default(context, what_.purpose == Purpose::client ? "ssl_client" : "ssl_server"),
              "prepare a verification");
  X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_auth_level(parameters, kSecurityLevel);
  X509_VERIFY_PARAM_set_time(parameters, what_.now.time_since_epoch().count());
  if (!what_.crls.empty()) {
    ossl::check(X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL),
                "prepare a verification");
  }
  X509_STORE_CTX_set_verify_cb(context, note);
  ossl::check(X509_STORE_CTX_set_app_data(context, this), "prepare a verification");
  const int verdict = X509_verify_cert(context);
  if (could_not_note_) throw std::bad_alloc{};
  // Nothing bad was said, and yet it is not good: then it is bad.
  if (verdict <= 0 && findings_.empty()) {
    const Meaning meaning = meaning_of(X509_STORE_CTX_get_error(context));
    add(meaning.rule, X509_verify_cert_error_string(meaning.error), meaning.source, meaning.alert);
  }
}

int Judge::note(int good, X509_STORE_CTX* context) noexcept {
  if (good == 1) return 1;
  auto* const self = static_cast<Judge*>(X509_STORE_CTX_get_app_data(context));
  try {
    self->at_ = context;
    self->note_error();
    return 1;
  } catch (...) {
    self->could_not_note_ = true;
    return 0;
  }
}

void Judge::note_error() {
  const int error = X509_STORE_CTX_get_error(at_);
  const Meaning meaning = meaning_of(error);
  // Without an issuer there is no key to verify by and no list to look for; that has been said.
  const bool follows = meaning.rule == "chain-incomplete" || meaning.rule == "signature" || meaning.rule == "crl-missing";
  if (is_incomplete_ && follows) return;
  // OpenSSL goes on to look for a list that fits better, and says that there is none.
  const int depth = X509_STORE_CTX_get_error_depth(at_);
  if (error == X509_V_ERR_UNABLE_TO_GET_CRL && out_of_scope_ == depth) return;
  if (error == X509_V_ERR_DIFFERENT_CRL_SCOPE) out_of_scope_ = depth;
  if (meaning.rule == "chain-incomplete") is_incomplete_ = true;
  if (error == X509_V_ERR_CERT_REVOKED) revoked_.push_back(depth);
  add(meaning.rule, text_for(error), meaning.source, meaning.alert);
}

void Judge::add(std::string_view rule, std::string text, std::string_view source, std::string_view alert) {
  const std::string_view by_libpq = alert.empty()                  ? alert
                                    : alert == seen::kDecryptError ? seen::kSignatureFailed
                                                                   : seen::kVerifyFailed;
  const std::string_view seen_as = what_.purpose == Purpose::server ? by_libpq : alert;
  Finding finding{std::string{rule}, std::move(text), std::string{source}, std::string{seen_as}};
  const bool known = std::ranges::any_of(
      findings_, [&](const Finding& other) { return other.rule == finding.rule && other.text == finding.text; });
  if (!known) findings_.push_back(std::move(finding));
}

std::string Judge::who() const {
  return current() != nullptr ? "certificate " + quoted(X509_get_subject_name(current())) : "chain";
}

std::string Judge::whose_list() const {
  return "list of " + (current_list() != nullptr ? quoted(X509_CRL_get_issuer(current_list())) : issuer());
}

std::string Judge::text_for(int error) const {
  const std::string now = text_of(what_.now);
  const X509* const link = current();
  const X509_CRL* const list = current_list();
  const auto of_link = [link](const ASN1_TIME* (*get)(const X509*)) { return date(link != nullptr ? get(link) : nullptr); };
  const auto of_list = [list](const ASN1_TIME* (*get)(const X509_CRL*)) { return date(list != nullptr ? get(list) : nullptr); };
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return fmt::format("{}: ended {}, it is {}", who(), of_link(X509_get0_notAfter), now);
    case X509_V_ERR_CERT_NOT_YET_VALID: return fmt::format("{}: starts {}, it is {}", who(), of_link(X509_get0_notBefore), now);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return missing_issuer();
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: return who() + ": is self-signed and not among the roots";
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: return fmt::format("{}: its signature is not by the key of {}", who(), issuer());
    case X509_V_ERR_INVALID_PURPOSE:
      return fmt::format("{}: its keyUsage or extended key usage is not for a {}", who(),
                         what_.purpose == Purpose::client ? "client" : "server");
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
      return who() + ": has issued certificates, and is no CA for this purpose (basicConstraints, keyUsage)";
    case X509_V_ERR_PATH_LENGTH_EXCEEDED: return who() + ": has more CAs below it than its pathLenConstraint allows";
    case X509_V_ERR_CERT_REVOKED:
      return fmt::format("{}: its serial {} is revoked by the {} of {}", who(), link != nullptr ? serial(link) : "", whose_list(),
                         of_list(X509_CRL_get0_lastUpdate));
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
      return fmt::format("{}: there is no list of {} for it; with any list, each CA needs one, the root too", who(), issuer());
    case X509_V_ERR_CRL_HAS_EXPIRED:
      return fmt::format("{}: ended {}, it is {}", whose_list(), of_list(X509_CRL_get0_nextUpdate), now);
    case X509_V_ERR_CRL_NOT_YET_VALID:
      return fmt::format("{}: starts {}, it is {}", whose_list(), of_list(X509_CRL_get0_lastUpdate), now);
    case X509_V_ERR_CRL_SIGNATURE_FAILURE: return whose_list() + ": its signature is not by that issuer's key";
    case X509_V_ERR_DIFFERENT_CRL_SCOPE:
      return fmt::format("{}: its issuingDistributionPoint leaves out the {}; PostgreSQL needs a list without one", whose_list(),
                         who());
    case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION: return whose_list() + ": has a critical extension that OpenSSL does not know";
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN: return whose_list() + ": its issuer may not sign lists (keyUsage has no cRLSign)";
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION: return who() + ": has a critical extension that OpenSSL does not know";
    default: return fmt::format("{}: {}", who(), X509_verify_cert_error_string(error));
  }
}

// An issuer that is not there, one that is there with another key, or an intermediate certificate in a root's place.
std::string Judge::missing_issuer() const {
  if (current() == nullptr) return "chain: ends without a root";
  const auto is_current = [this](const auto& anchor) { return X509_cmp(anchor.get(), current()) == 0; };
  if (std::ranges::any_of(anchors_, is_current)) {
    return fmt::format("{}: is trusted but is no root; the self-signed certificate of {} is needed", who(), issuer());
  }
  const ASN1_OCTET_STRING* const wanted = X509_get0_authority_key_id(const_cast<X509*>(current()));
  for (const auto* some : {&anchors_, &chain_}) {
    for (const ossl::X509Certificate& other : *some) {
      const ASN1_OCTET_STRING* const its_key = X509_get0_subject_key_id(other.get());
      if (wanted == nullptr || its_key == nullptr ||
          X509_NAME_cmp(X509_get_subject_name(other.get()), X509_get_issuer_name(current())) != 0) {
        continue;
      }
      if (ASN1_OCTET_STRING_cmp(wanted, its_key) == 0) continue;
      return fmt::format("{}: was issued by {} with the key {}; the certificate of that name has the key {}", who(), issuer(),
                         key_identifier(wanted), key_identifier(its_key));
    }
  }
  return fmt::format("{}: its issuer {} is neither in the chain nor among the roots", who(), issuer());
}

// OpenSSL takes such a list for a complete one (seen with 3.0.19) or passes over it (3.0.22); it adds it to the full one only if it
// is told to, and nobody does.
void Judge::look_for_delta_lists() {
  for (const ossl::X509Crl& crl : crls_) {
    if (X509_CRL_get_ext_by_NID(crl.get(), NID_delta_crl, -1) < 0) continue;
    add("crl-delta",
        fmt::format("list of {}: is a delta list, which PostgreSQL does not add to the full one; publish full lists",
                    quoted(X509_CRL_get_issuer(crl.get()))),
        "PostgreSQL: no X509_V_FLAG_USE_DELTAS", "");
  }
}

// Of several lists of one issuer OpenSSL takes the newest, and lets in who stands on another one.
void Judge::look_at_other_lists() {
  const ossl::QuietErrors quiet;
  const STACK_OF(X509)* const links = X509_STORE_CTX_get0_chain(context_.get());
  for (int depth = 0; depth < sk_X509_num(links); ++depth) {
    X509* const link = sk_X509_value(links, depth);
    const X509* const issuer = sk_X509_value(links, std::min(depth + 1, sk_X509_num(links) - 1));
    if (is_revoked_at(depth)) continue;
    for (const ossl::X509Crl& crl : crls_) {
      if (X509_NAME_cmp(X509_CRL_get_issuer(crl.get()), X509_get_issuer_name(link)) != 0) continue;
      X509_REVOKED* entry = nullptr;
      const bool stands_there = X509_CRL_get0_by_cert(crl.get(), &entry, link) == 1;
      if (!stands_there || X509_CRL_verify(crl.get(), X509_get0_pubkey(issuer)) != 1) continue;
      add("revoked-on-another-list",
          fmt::format("certificate {}: its serial {} stands on the list that {} wrote {}, and OpenSSL looks at another one",
                      quoted(X509_get_subject_name(link)), serial(link), quoted(X509_CRL_get_issuer(crl.get())),
                      date(X509_CRL_get0_lastUpdate(crl.get()))),
          "OpenSSL: get_crl_sk", "");
    }
  }
}

std::vector<Finding> Judge::findings() {
  const ossl::QuietErrors quiet;  // what OpenSSL cannot read in a stranger's extension, it says as a verdict too
  load();
  ask_openssl();
  look_for_delta_lists();
  look_at_other_lists();
  if (what_.host) {
    if (auto mismatch = x509::host_mismatch(chain_.front().get(), *what_.host)) findings_.push_back(*std::move(mismatch));
  }
  return std::move(findings_);
}

}  // namespace

std::vector<Finding> verify(const Verification& what) {
  if (what.chain.empty()) throw Error{Errc::invalid_argument, "verification: the chain is empty; it starts with the leaf"};
  if (what.host && what.purpose == Purpose::client) {
    throw Error{Errc::invalid_argument,
                fmt::format("verification: host \"{}\" is given for a client; only servers have one", what.host->text())};
  }
  return Judge{what}.findings();
}

}  // namespace spaceca
