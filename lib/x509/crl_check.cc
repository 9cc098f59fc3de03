#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <spaceca/crl.h>

#include "base/printable.h"
#include "ossl/check.h"
#include "ossl/encode.h"
#include "ossl/handles.h"
#include "x509/certificate_impl.h"
#include "x509/crl_impl.h"
#include "x509/seen_as.h"

namespace spaceca {
namespace {

namespace seen = x509::seen;

constexpr std::size_t kLongestFile = std::size_t{256} << 20;

// Who says so.
constexpr const char* kFlags = "PostgreSQL be-secure-openssl.c: X509_V_FLAG_CRL_CHECK and X509_V_FLAG_CRL_CHECK_ALL";
constexpr const char* kLoading = "PostgreSQL be-secure-openssl.c: X509_STORE_load_locations";

constexpr std::string_view kNothing;
// What the server logs.
constexpr const char* kNotLoaded = "could not load SSL certificate revocation list file";

// One list or root, read by OpenSSL too, as PostgreSQL does.
struct List {
  const Crl* crl;
  ossl::X509Crl parsed;
};
struct Root {
  const Certificate* certificate;
  ossl::X509Certificate parsed;
  std::size_t lists = 0;   // of its own, complete ones
  bool explained = false;  // something was found that keeps its clients out
};

List list_of(const Crl& crl) {
  return {&crl, ossl::X509Crl{ossl::check(ossl::decoded(d2i_X509_CRL, X509_CRL_free, crl.der()), "read a revocation list")}};
}
Root root_of(const Certificate& root) {
  return {.certificate = &root,
          .parsed = ossl::X509Certificate{ossl::check(ossl::decoded(d2i_X509, X509_free, root.der()), "read a certificate")}};
}

std::string name_of(const Crl& crl) {
  const std::string issuer = printable(crl.issuer());
  return crl.number() ? fmt::format("list {} of \"{}\"", *crl.number(), issuer) : fmt::format("list of \"{}\"", issuer);
}
std::string name_of(const Root& root) { return fmt::format("root \"{}\"", printable(root.certificate->subject())); }

bool has(const List& list, int nid) { return X509_CRL_get_ext_by_NID(list.parsed.get(), nid, -1) >= 0; }

// The first critical extension that OpenSSL does not take in a list (x_crl.c), as text.
std::optional<std::string> unknown_critical(const List& list) {
  for (int i = 0; i < X509_CRL_get_ext_count(list.parsed.get()); ++i) {
    X509_EXTENSION* const extension = X509_CRL_get_ext(list.parsed.get(), i);
    const ASN1_OBJECT* const object = X509_EXTENSION_get_object(extension);
    const int nid = OBJ_obj2nid(object);
    const bool taken = nid == NID_issuing_distribution_point || nid == NID_authority_key_identifier || nid == NID_delta_crl;
    if (X509_EXTENSION_get_critical(extension) == 0 || taken) continue;
    char text[80];
    OBJ_obj2txt(text, sizeof text, object, 1);
    return std::string{text};
  }
  return std::nullopt;
}

bool is_signed_by(const List& list, const Root& root) {
  const ossl::QuietErrors quiet;
  return X509_CRL_verify(list.parsed.get(), X509_get0_pubkey(root.parsed.get())) == 1;
}

class PostgresqlCheck final {
 public:
  PostgresqlCheck(const std::vector<Crl>& crls, const std::vector<Certificate>& roots, Instant now) : now_(now) {
    for (const Crl& crl : crls) lists_.push_back(list_of(crl));
    for (const Certificate& root : roots) roots_.push_back(root_of(root));
  }

  std::vector<Finding> run() {
    for (const List& list : lists_) judge(list);
    for (Root& root : roots_) judge(root);
    ask_openssl();
    return std::move(findings_);
  }

 private:
  void find(const char* rule, std::string_view who, std::string_view what, const char* source, std::string_view seen_as) {
    findings_.push_back(
        {.rule = rule, .text = fmt::format("{}: {}", who, what), .source = source, .seen_as = std::string{seen_as}});
  }

  // The roots that the list may be of: those of its issuer's name and, if it says, its key.
  std::vector<Root*> roots_of(const List& list) {
    std::vector<Root*> found;
    for (Root& root : roots_) {
      const ByteView key = root.certificate->subject_key_identifier();
      const ByteView wanted = list.crl->authority_key_identifier();
      const bool same_name = X509_NAME_cmp(X509_CRL_get_issuer(list.parsed.get()), X509_get_subject_name(root.parsed.get())) == 0;
      if (same_name && (wanted.empty() || key.empty() || std::ranges::equal(wanted, key))) found.push_back(&root);
    }
    return found;
  }

  void judge(const List& list) {
    const std::string name = name_of(*list.crl);
    if (has(list, NID_delta_crl)) {
      find("crl-delta", name,
           "is a delta list, which OpenSSL takes for a complete one (3.0.19) or passes over (3.0.22), and never adds to the full "
           "one: "
           "some who are revoked are let in; give complete lists",
           "RFC 5280 5.2.4", kNothing);
      return;
    }
    const std::size_t before = findings_.size();
    judge_extensions(list, name);
    judge_dates(*list.crl, name);
    const std::vector<Root*> owners = roots_of(list);
    if (owners.empty()) {
      find("crl-without-root", name, "its issuer is not among the roots, so it revokes nobody: PostgreSQL never asks it", kFlags,
           kNothing);
      return;
    }
    judge_owners(list, name, owners);
    for (Root* const owner : owners) {
      ++owner->lists;
      owner->explained = owner->explained || findings_.size() > before;
    }
  }

  void judge_extensions(const List& list, const std::string& name) {
    if (has(list, NID_issuing_distribution_point)) {
      find("crl-issuing-distribution-point", name,
           "has an issuingDistributionPoint: PostgreSQL looks the root up too, which is out of its scope, and refuses every client "
           "of the root; give a complete list without that extension",
           "RFC 5280 5.2.5", seen::kCertificateUnknown);
    }
    if (const auto unknown = unknown_critical(list)) {
      find("crl-critical-extension", name,
           fmt::format("has the critical extension {}, which OpenSSL does not take: PostgreSQL refuses every client of the root",
                       *unknown),
           "RFC 5280 5.2", seen::kCertificateUnknown);
    }
  }

  void judge_dates(const Crl& crl, const std::string& name) {
    if (now_ < crl.this_update()) {
      find("crl-not-yet-valid", name,
           fmt::format("starts {}, and it is {}: until then PostgreSQL refuses every client of the root",
                       text_of(crl.this_update()), text_of(now_)),
           "RFC 5280 5.1.2.4", seen::kBad);
    }
    if (crl.next_update() && now_ >= *crl.next_update()) {  // OpenSSL's X509_cmp_time takes the very second for past
      find("crl-expired", name,
           fmt::format(
               "ends {}, and it is {}: PostgreSQL refuses every client of the root, and tells it that a certificate has expired",
               text_of(*crl.next_update()), text_of(now_)),
           "RFC 5280 5.1.2.5", seen::kExpired);
    }
  }

  void judge_owners(const List& list, const std::string& name, const std::vector<Root*>& owners) {
    if (owners.size() > 1) {
      find("crl-authority-key-identifier", name,
           fmt::format("has no authorityKeyIdentifier, and {} roots have its issuer's name: PostgreSQL may take it for another "
                       "root's, and then refuses every client of that root",
                       owners.size()),
           "RFC 5280 5.2.1", seen::kDecryptError);
    }
    if (std::ranges::none_of(owners, [&](const Root* owner) { return is_signed_by(list, *owner); })) {
      find("crl-signature", name, "its signature is not the root's: PostgreSQL refuses every client of the root", "RFC 5280 6.3.3",
           seen::kDecryptError);
    }
    for (const Root* const owner : owners) {
      const Serial& serial = owner->certificate->serial();
      if (!list.crl->find(serial)) continue;
      find("crl-revokes-root", name,
           fmt::format("holds serial {}, the root's own: PostgreSQL looks the root up too and refuses every client of it",
                       serial.hex()),
           kFlags, seen::kRevoked);
    }
  }

  void judge(Root& root) {
    const std::string name = name_of(root);
    const bool has_key_usage = X509_get_key_usage(root.parsed.get()) != UINT32_MAX;
    if (has_key_usage && !root.certificate->may_sign_crls()) {
      find("root-crl-sign", name,
           "may not sign lists (keyUsage has no cRLSign): as soon as PostgreSQL has any list it refuses every client of this root",
           "RFC 5280 4.2.1.3", seen::kCertificateUnknown);
      root.explained = true;
    }
    if (root.lists == 0) {
      find("root-without-crl", name,
           "has no list of its own: as soon as PostgreSQL has any list it refuses every client of this root; give one for each "
           "root, even an empty one",
           kFlags, seen::kUnknownCa);
      root.explained = true;
    }
    if (root.lists > 1) {
      find("crl-twice", name,
           fmt::format(
               "has {} lists, of which PostgreSQL takes the newest alone: who is revoked in another one only is let in; give one",
               root.lists),
           "OpenSSL X509_verify_cert", kNothing);
    }
  }

  // The same flags as PostgreSQL's, with each root in its client's place: what we did not think of shows here. PARTIAL_CHAIN beside
  // them, since OpenSSL looks for a self-signed certificate by its name, of which two roots may be.
  void ask_openssl() {
    const ossl::QuietErrors quiet;
    const ossl::X509Store store{ossl::check(X509_STORE_new(), "make a store")};
    for (const Root& root : roots_) ossl::check(X509_STORE_add_cert(store.get(), root.parsed.get()), "add a root");
    for (const List& list : lists_) ossl::check(X509_STORE_add_crl(store.get(), list.parsed.get()), "add a revocation list");
    for (const Root& root : roots_) {
      if (root.explained) continue;
      const ossl::X509StoreContext context{ossl::check(X509_STORE_CTX_new(), "prepare a verification")};
      ossl::check(X509_STORE_CTX_init(context.get(), store.get(), root.parsed.get(), nullptr), "prepare a verification");
      X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL | X509_V_FLAG_PARTIAL_CHAIN);
      X509_STORE_CTX_set_time(context.get(), 0, now_.time_since_epoch().count());
      if (X509_verify_cert(context.get()) == 1) continue;
      const int error = X509_STORE_CTX_get_error(context.get());
      find("crl-openssl", name_of(root),
           fmt::format("OpenSSL, asked as PostgreSQL asks it, refuses it and with it every client of this root: {}",
                       X509_verify_cert_error_string(error)),
           kFlags, kNothing);
    }
  }

  Instant now_;
  std::vector<List> lists_;
  std::vector<Root> roots_;
  std::vector<Finding> findings_;
};

// Never asks on the terminal, as OpenSSL's own would for an encrypted key that strayed into the file.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

std::vector<Finding> check_for_postgresql(const std::vector<Crl>& crls, const std::vector<Certificate>& roots, Instant now) {
  const ossl::QuietErrors
      quiet;  // d2i_X509_CRL takes a list with an extension that it cannot read, and complains of it all the same
  return PostgresqlCheck{crls, roots, now}.run();
}

std::vector<Finding> check_for_postgresql(ByteView crl_file, const std::vector<Certificate>& roots, Instant now) {
  constexpr std::string_view kRefused = "PostgreSQL does not start with it, and at a reload keeps the lists it has";
  const auto alone = [](const char* rule, std::string text) {
    return std::vector<Finding>{{.rule = rule, .text = "list file: " + std::move(text), .source = kLoading, .seen_as = kNotLoaded}};
  };
  const auto without_list = [&] { return alone("crl-file-empty", fmt::format("holds no list in PEM, and {}", kRefused)); };
  if (crl_file.empty()) return without_list();  // OpenSSL makes no buffer of a null pointer
  if (crl_file.size() > kLongestFile) {
    return alone("crl-file-unreadable", fmt::format("has {} octets; up to {} are looked at here", crl_file.size(), kLongestFile));
  }
  const ossl::QuietErrors quiet;
  if (ossl::X509Crl{ossl::decoded(d2i_X509_CRL, X509_CRL_free, crl_file)} != nullptr) {
    return alone("crl-file-der", fmt::format("is DER, and {}; give PEM", kRefused));
  }
  const ossl::MemoryBio in{ossl::check(BIO_new_mem_buf(crl_file.data(), static_cast<int>(crl_file.size())), "make a buffer")};
  const ossl::X509InfoStack blocks{PEM_X509_INFO_read_bio(in.get(), nullptr, no_passphrase, nullptr)};
  if (blocks == nullptr) return alone("crl-file-unreadable", fmt::format("OpenSSL cannot read it, and {}", kRefused));

  std::vector<Finding> findings;
  std::vector<Crl> crls;
  std::size_t certificates = 0;
  for (int i = 0; i < sk_X509_INFO_num(blocks.get()); ++i) {
    const X509_INFO* const block = sk_X509_INFO_value(blocks.get(), i);
    if (block->x509 != nullptr) ++certificates;
    if (block->crl == nullptr) continue;
    try {
      crls.push_back(Crl::from_der(ossl::encoded<Bytes>(i2d_X509_CRL, block->crl, "encode a revocation list")));
    } catch (const Error& error) {
      findings.push_back(
          {.rule = "crl-file-unreadable", .text = fmt::format("list file: {}", error.what()), .source = "RFC 5280 5.1"});
    }
  }
  if (certificates == 0 && crls.empty() && findings.empty()) return without_list();
  if (certificates > 0) {
    findings.push_back(
        {.rule = "crl-file-certificate",
         .text = fmt::format("list file: {} of its blocks are certificates, which PostgreSQL trusts as it does those of "
                             "ssl_ca_file; give lists alone",
                             certificates),
         .source = kLoading});
  }
  std::ranges::move(check_for_postgresql(crls, roots, now), std::back_inserter(findings));
  return findings;
}

namespace x509 {

bool is_signed_by(const Crl& crl, const Certificate& root) { return spaceca::is_signed_by(list_of(crl), root_of(root)); }

}  // namespace x509
}  // namespace spaceca
