#include "diagnosis/due.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "diagnosis/chain.h"
#include "diagnosis/server.h"
#include "diagnosis/words.h"
#include "x509/certificate_impl.h"
#include "x509/name_match.h"

namespace spaceca::diagnosis {
namespace {

using Found = std::vector<Diagnosis>;

constexpr std::string_view kPublishes = "spaceca sweep publishes what is due";

}  // namespace

void judge_served_certificate(const ServerDue& due, const ServerSeen& server, const ClientUse& use, Found& found) {
  const Chain chain = chain_of(server);
  if (chain.empty()) return;
  const std::size_t before = found.size();
  std::ranges::move(
      all_faults_of(
          {.chain = chain, .anchors = due.roots, .purpose = Purpose::server, .now = use.now, .crls = {}, .host = use.host},
          server_text(server)),
      std::back_inserter(found));
  if (found.size() > before || std::ranges::count(due.certificates, chain.front().serial()) > 0) return;
  found.push_back(doubt(
      {.rule = "server-certificate-another",
       .text = fmt::format("{}: shows a certificate of the space with serial {}, which is none of this database's that are alive",
                           server_text(server), chain.front().serial().hex()),
       .source = kServer,
       .seen_as = {},
       .remedy = std::string{kPublishes}}));
}

void judge_served_roots(const ServerDue& due, const ServerSeen& server, Found& found) {
  if (!server.asks_for_certificate || server.issuers.empty()) return;
  for (const Certificate& root : due.roots) {
    const bool served =
        std::ranges::any_of(server.issuers, [&root](const Bytes& name) { return x509::same_name(name, root.subject_der()); });
    if (served) continue;
    found.push_back(fault(
        {.rule = "root-not-served",
         .text = fmt::format("{}: does not take certificates of the space's root {}", server_text(server), subject_text(root)),
         .source = kServer,
         .seen_as = seen::kUnknownCa,
         .remedy = std::string{kPublishes}}));
  }
  for (const Bytes& name : server.issuers) {
    const bool ours =
        std::ranges::any_of(due.roots, [&name](const Certificate& root) { return x509::same_name(name, root.subject_der()); });
    if (ours) continue;
    found.push_back(doubt({.rule = "root-foreign",
                           .text = fmt::format("{}: takes certificates of \"{}\" too, which is no root of the space",
                                               server_text(server), printable(x509::rfc2253(name))),
                           .source = kServer,
                           .seen_as = {},
                           .remedy = "if nobody is to come in by it: spaceca sweep publishes the space's roots alone"}));
  }
}

void judge_lists_in_force(const ServerDue& due, const ServerSeen& server, const std::vector<Crl>& in_force, Instant now,
                          Found& found) {
  if (in_force.empty()) {
    found.push_back(doubt({.rule = "lists-missing",
                           .text = server_text(server) + ": has no list of ours in force, so whoever is revoked is let in",
                           .source = kServer,
                           .seen_as = {},
                           .remedy = std::string{kPublishes}}));
    return;
  }
  for (Finding& finding : check_for_postgresql(in_force, due.roots, now)) {
    finding.text = fmt::format("{}: {}", server_text(server), finding.text);
    const Certainty certainty = finding.seen_as.empty() ? Certainty::doubt : Certainty::fault;
    found.push_back({.certainty = certainty, .finding = std::move(finding), .remedy = std::string{kPublishes}});
  }
  for (const Crl& latest : due.lists) {
    const auto served = std::ranges::find_if(
        in_force, [&latest](const Crl& list) { return std::ranges::equal(list.issuer_der(), latest.issuer_der()); });
    if (served == in_force.end()) continue;
    const std::size_t missing = compare(*served, latest).added.size();
    if (missing == 0) continue;
    found.push_back(doubt({.rule = "list-behind",
                           .text = fmt::format("{}: does not know yet that {} certificate{} of \"{}\" {} revoked, and lets {} in",
                                               server_text(server), missing, missing == 1 ? "" : "s", printable(latest.issuer()),
                                               missing == 1 ? "is" : "are", missing == 1 ? "it" : "them"),
                           .source = kServer,
                           .seen_as = {},
                           .remedy = std::string{kPublishes}}));
  }
}

void judge_roots_known(const ServerDue& due, const ClientFile& file, const std::vector<Certificate>& known, Found& found) {
  for (const Certificate& root : due.roots) {
    if (std::ranges::count(known, root) > 0) continue;
    found.push_back(doubt({.rule = "roots-behind",
                           .text = fmt::format("{}: lacks the space's root {}, which the server's certificate is or will be of",
                                               file_text(file.name), subject_text(root)),
                           .source = kLibpq,
                           .seen_as = seen::kVerifyFailed,
                           .remedy = "download the bundle again"}));
  }
}

}  // namespace spaceca::diagnosis
