#include "diagnosis/server.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include <spaceca/verify.h>

#include "diagnosis/answer.h"
#include "diagnosis/chain.h"
#include "diagnosis/client_files.h"
#include "diagnosis/words.h"
#include "x509/name_match.h"

namespace spaceca::diagnosis {
namespace {

using Found = std::vector<Diagnosis>;

// The one of lint's rules that a user of PostgreSQL notices and verify() does not look at.
void judge_signature(const ServerSeen& server, const Certificate& leaf, Found& found) {
  std::vector<Finding> findings = lint(leaf);
  const auto finding = std::ranges::find(findings, "server-signature", &Finding::rule);
  if (finding == findings.end()) return;
  finding->text = fmt::format("{}: its certificate {}", server_text(server), finding->text);
  found.push_back({.certainty = Certainty::fault,
                   .finding = std::move(*finding),
                   .remedy = "have the server's certificate signed by an ECDSA or RSA root; until then channel_binding=disable"});
}

bool is_taken(const ServerSeen& server, ByteView issuer) {
  return std::ranges::any_of(server.issuers, [issuer](const Bytes& name) { return x509::same_name(name, issuer); });
}

}  // namespace

std::string server_text(const ServerSeen& server) { return fmt::format("server {}", printable(server.address)); }

Chain chain_of(const ServerSeen& server) {
  Chain chain;
  for (const Bytes& der : server.certificates) {
    try {
      chain.push_back(Certificate::from_der(der));
    } catch (const Error&) {
      break;  // what stands behind it is of no use without it
    }
  }
  return chain;
}

void judge_server(const ServerSeen& server, const ClientUse& use, Found& found) {
  if (!server.speaks_tls) {
    found.push_back(fault({.rule = "server-without-tls",
                           .text = server_text(server) + ": has TLS switched off",
                           .source = kServer,
                           .seen_as = "server does not support SSL, but SSL was required",
                           .remedy = "have it given a certificate and ssl = on (spaceca data:mtls:create does both)"}));
    return;
  }
  const Chain chain = chain_of(server);
  if (chain.empty()) {
    found.push_back(doubt({.rule = "server-certificate-unreadable",
                           .text = server_text(server) + ": shows no certificate that can be read here",
                           .source = "RFC 5280 4.1",
                           .seen_as = {},
                           .remedy = "look at it: openssl s_client -starttls postgres -connect HOST:PORT"}));
    return;
  }
  // By its own roots nobody is to be judged: of which root it must be, the client's roots say.
  std::ranges::move(faults_of({.chain = chain,
                               .anchors = self_signed_of(chain),
                               .purpose = Purpose::server,
                               .now = use.now,
                               .crls = {},
                               .host = use.host},
                              server_text(server)),
                    std::back_inserter(found));
  judge_signature(server, chain.front(), found);
  if (server.asks_for_certificate) return;
  found.push_back(doubt({.rule = "server-asks-for-none",
                         .text = server_text(server) + ": asks nobody for a certificate, so none is sent and none is checked",
                         .source = kServer,
                         .seen_as = {},
                         .remedy = "have ssl_ca_file set and clientcert in pg_hba.conf (spaceca data:mtls:create does both)"}));
}

void judge_answer_to_none(const ServerSeen& server, const ClientUse& use, Found& found) {
  if (!server.with_none || use.role.empty()) return;
  using Kind = ServerAnswer::Kind;
  if (server.with_none->kind == Kind::error && server.with_none->text.find(kNoneSent) == std::string::npos) {
    found.push_back(judged_error(server.with_none->text, server_text(server)));
  }
  if (server.with_none->kind != Kind::asks_password && server.with_none->kind != Kind::lets_in) return;
  const bool password = server.with_none->kind == Kind::asks_password;
  found.push_back(
      doubt({.rule = "server-lets-in-without-certificate",
             .text = fmt::format("{}: {} role \"{}\" from here without a certificate", server_text(server),
                                 password ? "asks for a password alone of" : "lets in", printable(use.role)),
             .source = kAuthentication,
             .seen_as = {},
             .remedy = "if it should not: the first line of pg_hba.conf that fits needs clientcert=verify-ca or method cert"}));
}

void judge_trust_in_server(const ServerSeen& server, const Contents& contents, const ClientUse& use, Found& found) {
  const Chain chain = chain_of(server);
  const auto roots = self_signed_of(contents.roots);
  if (chain.empty() || roots.empty()) return;
  const std::vector<ByteView> lists{contents.lists.begin(), contents.lists.end()};
  for (Diagnosis& one : all_faults_of(
           {.chain = chain, .anchors = contents.roots, .purpose = Purpose::server, .now = use.now, .crls = lists, .host = use.host},
           server_text(server))) {
    // The dates and the host were looked at without the roots, and the lists without the server.
    const bool of_lists = one.finding.rule.starts_with("crl-");
    const bool known = std::ranges::any_of(found, [&](const Diagnosis& other) {
      const bool lists_too = other.certainty == Certainty::fault && other.finding.rule.find("crl") != std::string::npos;
      return other.finding.text == one.finding.text || (of_lists && lists_too);
    });
    if (!known) found.push_back(std::move(one));
  }
}

void judge_pgjdbc(const ServerSeen& server, const ClientFiles& files, const Contents& contents, Found& found) {
  if (!server.asks_for_certificate || server.issuers.empty()) return;
  const auto judge = [&](const std::string& name, const Chain& chain, Certainty certainty, std::string_view source) {
    if (chain.empty() || is_taken(server, chain.back().issuer_der())) return;
    found.push_back(
        made_of(certainty,
                {.rule = "jdbc-sends-none",
                 .text = fmt::format("{}: its last certificate was issued by {}, which is not among those whose certificates {} "
                                     "says it takes; pgjdbc then sends none, and says nothing",
                                     file_text(name), issuer_text(chain.back()), server_text(server)),
                 .source = source,
                 .seen_as = kNoneSent,
                 .remedy = "put the intermediate certificates behind the client's own, each followed by its issuer, up to the one "
                           "whose issuer the server takes; or have the intermediate added to its ssl_ca_file"}));
  };
  if (files.certificates) {
    judge(files.certificates->name, contents.certificates, files.pk8 ? Certainty::fault : Certainty::doubt, kLazyKeyManager);
  }
  const auto* const key = contents.pkcs12 ? key_for_pgjdbc(*contents.pkcs12) : nullptr;
  if (key != nullptr) judge(files.pkcs12->name, chain_for(*contents.pkcs12, key->key), Certainty::fault, kPkcs12KeyManager);
}

}  // namespace spaceca::diagnosis
