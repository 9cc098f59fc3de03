// One alert has many causes; those that the files, the server's list of issuers and the clock rule out are not named.
#include "diagnosis/answer.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "diagnosis/chain.h"
#include "diagnosis/client_files.h"
#include "diagnosis/server.h"
#include "diagnosis/words.h"
#include "x509/certificate_impl.h"
#include "x509/name_match.h"

namespace spaceca::diagnosis {
namespace {

using Found = std::vector<Diagnosis>;

constexpr std::string_view kCheckAll = "PostgreSQL: X509_V_FLAG_CRL_CHECK_ALL";
constexpr std::string_view kNoPartialChain = "OpenSSL: no X509_V_FLAG_PARTIAL_CHAIN";

struct AlertWords {
  std::string_view alert;  // RFC 8446 6.2
  std::string_view seen_as;
};
constexpr std::array kAlerts = {
    AlertWords{"unknown CA", seen::kUnknownCa},        AlertWords{"certificate expired", seen::kExpired},
    AlertWords{"bad certificate", seen::kBad},         AlertWords{"unsupported certificate", seen::kUnsupported},
    AlertWords{"certificate revoked", seen::kRevoked}, AlertWords{"certificate unknown", seen::kCertificateUnknown},
    AlertWords{"decrypt error", seen::kDecryptError},
};

std::string_view seen_as(std::string_view alert) {
  const auto* const row = std::ranges::find(kAlerts, alert, &AlertWords::alert);
  return row == kAlerts.end() ? alert : row->seen_as;
}

std::string names_text(const std::vector<Bytes>& names) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) {
    text += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", printable(x509::rfc2253(names[i])));
  }
  if (names.size() > kShown) text += fmt::format(" and {} more", names.size() - kShown);
  return text.empty() ? "nobody" : text;
}

// One refusal by alert.
class Refusal final {
 public:
  Refusal(const ServerSeen& server, const ClientFiles& files, const Contents& contents, const ClientUse& use, Found& found)
      : server_(server),
        use_(use),
        found_(found),
        alert_(server.with_shown->text),
        chain_(shown_chain(contents)),
        who_(file_text(shown_file(files, contents))),
        where_(server_text(server)) {
    known_ = contents.roots;
    for (const Chain& more : {chain_of(server), chain_}) known_.insert(known_.end(), more.begin(), more.end());
  }

  void judge();

 private:
  void unknown_ca();
  void issuer_is_trusted(const Certificate& top);
  void issuer_is_not_trusted(const Certificate& top);
  void expired();
  void bad();
  void unfit_list();
  void add(std::string_view rule, std::string text, std::string_view source, std::string remedy) {
    found_.push_back(fault({.rule = rule,
                            .text = fmt::format("{}: {}", where_, text),
                            .source = source,
                            .seen_as = seen_as(alert_),
                            .remedy = std::move(remedy)}));
  }
  // Something that explains this alert has been found in the files already.
  [[nodiscard]] bool is_explained() const {
    return std::ranges::any_of(found_, [this](const Diagnosis& one) { return one.finding.seen_as == seen_as(alert_); });
  }
  [[nodiscard]] bool is_taken(ByteView issuer) const {
    return std::ranges::any_of(server_.issuers, [issuer](const Bytes& name) { return x509::same_name(name, issuer); });
  }
  [[nodiscard]] const Certificate* known(ByteView subject) const {
    const auto at =
        std::ranges::find_if(known_, [subject](const Certificate& one) { return x509::same_name(one.subject_der(), subject); });
    return at == known_.end() ? nullptr : &*at;
  }
  // Going up from the client's own, the first certificate whose issuer the server says it takes; otherwise the last one there is.
  [[nodiscard]] const Certificate& top() const;

  const ServerSeen& server_;
  const ClientUse& use_;
  Found& found_;
  std::string_view alert_;
  Chain chain_;
  std::string who_;
  std::string where_;
  std::vector<Certificate> known_;
};

bool is_root(const Certificate& certificate) { return x509::same_name(certificate.subject_der(), certificate.issuer_der()); }

const Certificate& Refusal::top() const {
  const Certificate* at = &chain_.front();
  for (std::size_t steps = 0; steps < chain_.size() && !is_taken(at->issuer_der()) && !is_root(*at); ++steps) {
    const auto next =
        std::ranges::find_if(chain_, [at](const Certificate& one) { return x509::same_name(one.subject_der(), at->issuer_der()); });
    if (next == chain_.end()) break;
    at = &*next;
  }
  return *at;
}

void Refusal::judge() {
  if (is_explained()) return;
  if (alert_ == "unknown CA") return unknown_ca();
  if (alert_ == "certificate expired") return expired();
  if (alert_ == "bad certificate") return bad();
  if (alert_ == "certificate unknown" || alert_ == "decrypt error") return unfit_list();
  if (alert_ == "certificate revoked") {
    return add("revoked",
               fmt::format("says that the certificate {} with serial {} in {} is revoked", subject_text(chain_.front()),
                           chain_.front().serial().hex(), who_),
               "RFC 5280 6.1.3 (a)(3)", remedy_for("revoked", Purpose::client));
  }
  add("refused", fmt::format("refuses the certificate in {}: {}", who_, printable(alert_)), kServer,
      "look into the server's log, which from PostgreSQL 16 on says which certificate it refused and why");
}

void Refusal::unknown_ca() {
  const Certificate& last = top();
  if (is_taken(last.issuer_der())) {
    issuer_is_trusted(last);
  } else {
    issuer_is_not_trusted(last);
  }
}

// The server has a certificate of that name, and yet it does not do.
void Refusal::issuer_is_trusted(const Certificate& top) {
  const Certificate* const issuer = known(top.issuer_der());
  if (issuer != nullptr && !is_root(*issuer) && !is_taken(issuer->issuer_der())) {
    return add("server-root-missing",
               fmt::format("trusts {}, which is an intermediate certificate, but not its root {}", subject_text(*issuer),
                           issuer_text(*issuer)),
               kNoPartialChain,
               fmt::format("have the self-signed certificate of {} added to its ssl_ca_file", issuer_text(*issuer)));
  }
  const ByteView wanted = top.authority_key_identifier();
  const ByteView has = issuer != nullptr ? issuer->subject_key_identifier() : ByteView{};
  if (!wanted.empty() && !has.empty() && !std::ranges::equal(wanted, has)) {
    return add("issuer-key",
               fmt::format("trusts {}, but {} was issued by another key of that name: that of a CA that was made anew",
                           issuer_text(top), who_),
               "RFC 5280 4.2.1.1", "take a certificate of the CA as it is now: download the bundle again, or create a new one");
  }
  add("server-list-missing",
      fmt::format("trusts {}, the issuer of {}, and refuses its clients all the same: it has revocation lists, but none that is "
                  "good for each "
                  "CA of the chain, the root too",
                  issuer_text(top), who_),
      kCheckAll,
      "have a list of every CA put into its ssl_crl_file, even an empty one, or into ssl_crl_dir under its hash (spaceca sweep "
      "publishes "
      "them)");
}

void Refusal::issuer_is_not_trusted(const Certificate& top) {
  const Certificate* const issuer = known(top.issuer_der());
  const std::string takes = fmt::format("takes certificates of {}", names_text(server_.issuers));
  if (is_root(top) || (issuer != nullptr && is_root(*issuer))) {
    return add("wrong-ca", fmt::format("{}, and that in {} is of {}", takes, who_, issuer_text(top)), "RFC 5280 6.1.1 (d)",
               "take a certificate of this server's space; if it should take this one, have its root added to ssl_ca_file");
  }
  if (issuer != nullptr && is_taken(issuer->issuer_der())) {
    return add("chain-incomplete",
               fmt::format("{}, and that in {} was issued by the intermediate {}, whose certificate is not sent", takes, who_,
                           issuer_text(top)),
               "RFC 5246 7.4.2", fmt::format("append the certificate {} to the client's", subject_text(*issuer)));
  }
  add("issuer-unknown",
      fmt::format(
          "{}, and that in {} was issued by {}, which is not known here: it is of another CA, or an intermediate certificate is "
          "missing behind it",
          takes, who_, issuer_text(top)),
      "RFC 5280 6.1",
      fmt::format(
          "if {} is an intermediate of one of those, append its certificate; otherwise take a certificate of this server's space",
          issuer_text(top)));
}

void Refusal::expired() {
  add("server-list-expired",
      fmt::format(
          "says that a certificate has expired, but by this machine's clock ({}) all those in {} are good: it is the server's "
          "revocation list that has ended, which keeps everybody out, or its clock runs ahead",
          text_of(use_.now), who_),
      "RFC 5280 6.3.3 (a)", "have today's list published (spaceca sweep), and compare the server's clock: select now()");
}

void Refusal::bad() {
  add("server-clock",
      fmt::format(
          "takes the certificate {} in {} for one that is not valid yet, which by this machine's clock ({}) it is since {}: the "
          "server's clock stands behind, or its revocation list begins in the future",
          subject_text(chain_.front()), who_, text_of(use_.now), text_of(chain_.front().validity().not_before)),
      "RFC 5280 6.1.3 (a)(2)", "have the server's clock set; compare: select now()");
}

void Refusal::unfit_list() {
  add("server-list-unfit",
      fmt::format(
          "cannot judge the certificate in {} by the revocation lists it has: one is limited by an issuingDistributionPoint, has a "
          "critical extension, is signed by another key than the CA's, or its CA may not sign lists",
          who_),
      "RFC 5280 6.3.3", "have complete lists without issuingDistributionPoint published, made by the CA itself (spaceca sweep)");
}

}  // namespace

Diagnosis judged_error(const std::string& message, const std::string& where) {
  const bool by_lines = message.find("pg_hba.conf") != std::string::npos;
  return fault(
      {.rule = by_lines ? "hba-rejects" : "login-refused",
       .text = fmt::format("{}: {}", where, line_of(message)),
       .source = kAuthentication,
       .seen_as = line_of(message),
       .remedy = by_lines ? "have a line for this address, role and database put into pg_hba.conf above the one that rejects "
                            "(spaceca data:mtls:ip-rules:create)"
                          : "the certificate is not the reason: look for the role, the database and whether the server is ready"});
}

void judge_answer(const ServerSeen& server, const ClientFiles& files, const Contents& contents, const ClientUse& use,
                  Found& found) {
  using Kind = ServerAnswer::Kind;
  if (!server.with_shown || shown_chain(contents).empty()) return;
  const ServerAnswer& answer = *server.with_shown;
  switch (answer.kind) {
    case Kind::asks_password:
    case Kind::lets_in: return;
    case Kind::alert: Refusal{server, files, contents, use, found}.judge(); return;
    case Kind::cut_off:
      found.push_back(doubt({.rule = "refused",
                             .text = server_text(server) + ": hung up when it was shown the certificate, and did not say why",
                             .source = kServer,
                             .seen_as = "server closed the connection unexpectedly",
                             .remedy = "try again; then look into the server's log"}));
      return;
    case Kind::error: break;
  }
  if (answer.text.find("certificate authentication failed") != std::string::npos) {
    // What was a doubt is none any more.
    std::erase_if(found, [](const Diagnosis& one) { return one.finding.rule == "role"; });
    const std::string name = common_name_of(shown_chain(contents).front());
    found.push_back(
        fault({.rule = "role",
               .text = fmt::format("{}: does not let the certificate {} in as role \"{}\"; its common name is \"{}\"",
                                   server_text(server), subject_text(shown_chain(contents).front()), printable(use.role),
                                   printable(name)),
               .source = kAuthentication,
               .seen_as = line_of(answer.text),
               .remedy = fmt::format("log in as \"{}\", create a certificate for the role, or have a line put into pg_ident.conf "
                                     "where pg_hba.conf names a map",
                                     printable(name))}));
    return;
  }
  if (answer.text.find(kNoneSent) != std::string::npos) {
    found.push_back(fault({.rule = "none-sent",
                           .text = server_text(server) + ": was shown a certificate and took no notice of it",
                           .source = kAuthentication,
                           .seen_as = kNoneSent,
                           .remedy = "have its ssl_ca_file looked at"}));
    return;
  }
  found.push_back(judged_error(answer.text, server_text(server)));
}

}  // namespace spaceca::diagnosis
