#include "diagnosis/client_files.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include <spaceca/crl.h>
#include <spaceca/verify.h>

#include "diagnosis/chain.h"
#include "diagnosis/words.h"
#include "x509/name_match.h"

namespace spaceca::diagnosis {
namespace {

using Found = std::vector<Diagnosis>;

constexpr unsigned kOwnersAlone = 0600;
constexpr unsigned kRootsGroupToo = 0640;

// libpq's rule for a private key: 0600 or less, or 0640 or less if root owns it.
bool is_open(const ClientFile& file) {
  const unsigned allowed = file.owner == ClientFile::Owner::root ? kRootsGroupToo : kOwnersAlone;
  return file.state == ClientFile::State::read && (file.mode & 0077U & ~allowed) != 0;
}

std::string mode_text(const ClientFile& file) {
  return fmt::format("{}: has mode {:04o}, and others than its owner may read or change it", file_text(file.name), file.mode);
}

std::string chmod_of(const ClientFile& file) { return fmt::format("chmod 0600 {}", printable(file.name)); }

bool belongs(const Certificate& certificate, const PrivateKey& key) { return certificate.public_key() == key.public_key(); }

bool follows(const Certificate& link, const Certificate& issuer) {
  return x509::same_name(link.issuer_der(), issuer.subject_der());
}

// Each followed by its issuer.
bool is_in_order(const Chain& chain) {
  return std::ranges::adjacent_find(chain, [](const Certificate& a, const Certificate& b) { return !follows(a, b); }) ==
         chain.end();
}

// OpenSSL sends what its store of trusted certificates has above a certificate that comes alone (ssl_add_cert_chain), and libpq's
// store is root.crt.
Chain with_issuers(Chain chain, const std::vector<Certificate>& trusted) {
  while (chain.size() <= trusted.size() && !x509::same_name(chain.back().subject_der(), chain.back().issuer_der())) {
    const auto issuer = std::ranges::find_if(trusted, [&chain](const Certificate& other) { return follows(chain.back(), other); });
    if (issuer == trusted.end()) break;
    chain.push_back(*issuer);
  }
  return chain;
}

// The key is the first certificate's, or it is nobody's, or a later one's: then the order is wrong.
void judge_pair(const ClientFile& certificates, const Chain& chain, const ClientFile& key_file, const PrivateKey& key,
                std::string_view rule, std::string_view source, Found& found) {
  if (belongs(chain.front(), key)) return;
  const auto own = std::ranges::find_if(chain, [&key](const Certificate& other) { return belongs(other, key); });
  if (own == chain.end()) {
    found.push_back(fault({.rule = rule,
                           .text = fmt::format("{}: holds another key than that of the certificate {} in {}",
                                               file_text(key_file.name), subject_text(chain.front()), file_text(certificates.name)),
                           .source = source,
                           .seen_as = rule == "key-mismatch" ? kKeyMismatch : "Received fatal alert: decrypt_error",
                           .remedy = "put the two of one download together; a renewed certificate may have a new key"}));
    return;
  }
  found.push_back(fault(
      {.rule = "chain-order",
       .text = fmt::format("{}: begins with {}, and the key's own certificate {} is number {} in it", file_text(certificates.name),
                           subject_text(chain.front()), subject_text(*own), std::distance(chain.begin(), own) + 1),
       .source = source,
       .seen_as = kKeyMismatch,
       .remedy = "put the client's own certificate first, and behind each certificate its issuer"}));
}

}  // namespace

void judge_presence(const ClientFiles& files, Found& found) {
  const bool for_java_alone = files.pkcs12 && !files.certificates && !files.key;
  if (!files.certificates && !for_java_alone) {
    found.push_back(
        fault({.rule = "certificates-missing",
               .text = "the client's certificate (postgresql.crt) is not there, so none is sent",
               .source = kLibpq,
               .seen_as = kNoneSent,
               .remedy = "download the bundle, or give the prefix that its files have; clients find them by sslcert and sslkey"}));
  }
  if (files.certificates && !files.key && !files.pk8 && !files.pkcs12) {
    found.push_back(fault({.rule = "key-missing",
                           .text = fmt::format("{}: its key (postgresql.key) is not there", file_text(files.certificates->name)),
                           .source = kLibpq,
                           .seen_as = "certificate present, but not private key file",
                           .remedy = "put the key there; where the authority does not keep it, whoever made the request has it"}));
  }
  if (!files.roots) {
    found.push_back(
        fault({.rule = "roots-missing",
               .text = "the roots to trust (root.crt) are not there, so sslmode=verify-ca and verify-full connect to no server",
               .source = kLibpq,
               .seen_as = "root certificate file",
               .remedy = "download the bundle again; sslmode=require without that file would trust any server"}));
  }
}

void judge_permissions(const ClientFiles& files, Found& found) {
  if (files.key && is_open(*files.key)) {
    found.push_back(fault({.rule = "key-permissions",
                           .text = mode_text(*files.key) + "; libpq takes 0600 at most, or 0640 if root owns it",
                           .source = kLibpq,
                           .seen_as = "has group or world access",
                           .remedy = chmod_of(*files.key)}));
  }
  if (files.pk8 && is_open(*files.pk8)) {
    found.push_back(doubt({.rule = "pk8-permissions",
                           .text = mode_text(*files.pk8) + "; pgjdbc from 42.7.13 on takes 0600 at most, or 0640 if root owns it",
                           .source = "pgjdbc: BaseKeyManager",
                           .seen_as = {},
                           .remedy = chmod_of(*files.pk8)}));
  }
  if (files.pkcs12 && is_open(*files.pkcs12)) {
    found.push_back(doubt({.rule = "pkcs12-permissions",
                           .text = mode_text(*files.pkcs12) + "; no client looks at that, but the key is in it",
                           .source = kPkcs12KeyManager,
                           .seen_as = {},
                           .remedy = chmod_of(*files.pkcs12)}));
  }
}

void judge_keys(const ClientFiles& files, const Contents& contents, Found& found) {
  if (contents.certificates.empty()) return;
  const std::size_t before = found.size();
  if (contents.key) {
    judge_pair(*files.certificates, contents.certificates, *files.key, *contents.key, "key-mismatch", kLibpq, found);
  }
  if (contents.pk8 && found.size() == before) {
    judge_pair(*files.certificates, contents.certificates, *files.pk8, *contents.pk8, "pk8-mismatch", kLazyKeyManager, found);
  }
  if (found.size() > before || is_in_order(contents.certificates)) return;
  found.push_back(
      doubt({.rule = "chain-order",
             .text = fmt::format("{}: a certificate in it is not followed by its issuer; PostgreSQL sorts that out, but "
                                 "pgjdbc looks whether the server takes the issuer of the last one, {}",
                                 file_text(files.certificates->name), issuer_text(contents.certificates.back())),
             .source = kLazyKeyManager,
             .seen_as = kNoneSent,
             .remedy = "put behind each certificate its issuer"}));
}

void judge_pkcs12(const ClientFiles& files, const Contents& contents, Found& found) {
  if (!contents.pkcs12) return;
  const std::string who = file_text(files.pkcs12->name);
  const auto* const key = key_for_pgjdbc(*contents.pkcs12);
  if (key == nullptr) {
    const auto& keys = contents.pkcs12->keys;
    const std::string has = keys.empty()          ? "holds no private key"
                            : !keys.front().alias ? "its key has no alias (friendlyName)"
                                                  : fmt::format("its key has the alias \"{}\"", printable(*keys.front().alias));
    found.push_back(fault(
        {.rule = "pkcs12-alias",
         .text = fmt::format(
             "{}: {}, and pgjdbc asks for the alias \"user\" and no other; it says nothing and sends no certificate", who, has),
         .source = kPkcs12KeyManager,
         .seen_as = kNoneSent,
         .remedy = "openssl pkcs12 -export -name user …, or download the bundle again with --format pkcs12"}));
    return;
  }
  if (chain_for(*contents.pkcs12, key->key).empty()) {
    found.push_back(fault(
        {.rule = "pkcs12-chain",
         .text = who + ": the certificate of its key is not in it; pgjdbc does not look into sslcert then, and sends none",
         .source = kPkcs12KeyManager,
         .seen_as = kNoneSent,
         .remedy =
             "openssl pkcs12 -export -name user with -in the certificates and -inkey the key, or download the bundle again"}));
  }
}

void judge_roots(const ClientFiles& files, const Contents& contents, Found& found) {
  if (contents.roots.empty() || !self_signed_of(contents.roots).empty()) return;
  found.push_back(
      fault({.rule = "roots-without-root",
             .text = fmt::format("{}: holds {} and no self-signed certificate; libpq trusts nothing below a root (pgjdbc does)",
                                 file_text(files.roots->name), subject_text(contents.roots.front())),
             .source = "OpenSSL: no X509_V_FLAG_PARTIAL_CHAIN",
             .seen_as = seen::kVerifyFailed,
             .remedy = fmt::format("put the self-signed certificate of {} there", issuer_text(contents.roots.back()))}));
}

void judge_lists(const ClientFiles& files, const Contents& contents, Instant now, Found& found) {
  if (!files.lists || files.lists->state != ClientFile::State::read || contents.roots.empty()) return;
  for (Finding& finding : check_for_postgresql(files.lists->octets.reveal(), self_signed_of(contents.roots), now)) {
    // A file that it cannot read libpq passes over without a word.
    const bool passed_over = finding.rule.starts_with("crl-file-");
    const bool harmless = passed_over || finding.seen_as.empty();
    finding.text = fmt::format("{}, by which libpq judges servers as PostgreSQL does clients{}: {}", file_text(files.lists->name),
                               passed_over ? ", and which it passes over now" : "", finding.text);
    finding.seen_as = harmless ? "" : finding.seen_as == seen::kDecryptError ? seen::kSignatureFailed : seen::kVerifyFailed;
    found.push_back(
        {.certainty = harmless ? Certainty::doubt : Certainty::fault,
         .finding = std::move(finding),
         .remedy = "put today's lists there, one for each root, or take the file away: libpq finds it in ~/.postgresql unasked"});
  }
}

void judge_certificate(const ClientFiles& files, const Contents& contents, const ClientUse& use, Found& found) {
  const Chain chain = shown_chain(contents);
  if (chain.empty()) return;
  const std::string who = file_text(shown_file(files, contents));
  const Verification what{.chain = chain,
                          .anchors = self_signed_of(contents.roots),
                          .purpose = Purpose::client,
                          .now = use.now,
                          .crls = {},
                          .host = {}};
  std::ranges::move(faults_of(what, who), std::back_inserter(found));
  const std::string name = common_name_of(chain.front());
  if (use.role.empty() || use.role == name) return;
  found.push_back(
      doubt({.rule = "role",
             .text = fmt::format("{}: its common name is \"{}\", and role \"{}\" is to log in; where pg_hba.conf says cert or "
                                 "clientcert=verify-full without a map the two must be the same (beside a password it is that "
                                 "which is said to have failed)",
                                 who, printable(name), printable(use.role)),
             .source = kAuthentication,
             .seen_as = fmt::format("authentication failed for user \"{}\"", printable(use.role)),
             .remedy = fmt::format("log in as \"{}\", or create a certificate for that role", printable(name))}));
}

void judge_issuer(const ClientFiles& files, const Contents& contents, Instant now, Found& found) {
  const Chain chain = shown_chain(contents);
  if (chain.empty() || self_signed_of(contents.roots).empty()) return;
  const std::string who = file_text(shown_file(files, contents));
  for (Diagnosis& one : all_faults_of({.chain = chain,
                        .anchors = self_signed_of(contents.roots),
                        .purpose = Purpose::client,
                        .now = now,
                        .crls = {},
                        .host = {}},
                                      who)) {
    if (!is_about_the_root(one.finding)) continue;
    one.certainty = Certainty::doubt;  // a server may take clients of another root than its own
    one.remedy =
        "take a certificate of the server's space; if its issuer is an intermediate one, put that behind it; with --connect the "
        "server says whose it takes";
    found.push_back(std::move(one));
    return;
  }
}

Chain in_order(const Contents& contents) {
  Chain chain = contents.certificates;
  const PrivateKey* const key = contents.key ? &*contents.key : contents.pk8 ? &*contents.pk8 : nullptr;
  if (key == nullptr) return chain;
  const auto own = std::ranges::find_if(chain, [key](const Certificate& other) { return belongs(other, *key); });
  if (own != chain.end()) std::rotate(chain.begin(), own, own + 1);
  return chain;
}

const PrivateKey* shown_key(const Contents& contents) {
  if (!contents.certificates.empty()) {
    for (const auto* const key : {&contents.key, &contents.pk8}) {
      if (*key) return belongs(contents.certificates.front(), **key) ? &**key : nullptr;
    }
    return nullptr;
  }
  const auto* const key = contents.pkcs12 ? key_for_pgjdbc(*contents.pkcs12) : nullptr;
  return key == nullptr ? nullptr : &key->key;
}

Chain shown_chain(const Contents& contents) {
  if (contents.certificates.size() == 1 && contents.key) return with_issuers(contents.certificates, contents.roots);
  if (!contents.certificates.empty()) return in_order(contents);
  const auto* const key = contents.pkcs12 ? key_for_pgjdbc(*contents.pkcs12) : nullptr;
  return key == nullptr ? Chain{} : chain_for(*contents.pkcs12, key->key);
}

std::string shown_file(const ClientFiles& files, const Contents& contents) {
  return contents.certificates.empty() ? files.pkcs12->name : files.certificates->name;
}

}  // namespace spaceca::diagnosis
