#include "diagnosis/chain.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "diagnosis/words.h"
#include "x509/lint.h"

namespace spaceca::diagnosis {
namespace {

struct Remedy {
  std::string_view rule;
  std::string_view client;
  std::string_view server;
};

constexpr std::string_view kAgain = "download the bundle again";
constexpr std::string_view kAnotherServer = "have the server's certificate made anew";

constexpr std::array kRemedies = {
    Remedy{"expired",
           "renew the certificate (spaceca data:mtls:certificates:renew) and download its successor; if it has not ended, set this "
           "machine's clock",
           "have the server's certificate renewed (spaceca sweep); if it has not ended, set this machine's clock"},
    Remedy{"not-yet-valid", "set the clock: this machine's stands behind, or the certificate was made where one ran ahead",
           "set the clock: this machine's stands behind, or the certificate was made where one ran ahead"},
    Remedy{"purpose", "take a certificate for clients: extendedKeyUsage with clientAuth, keyUsage with digitalSignature",
           "have the server given a certificate for servers: extendedKeyUsage with serverAuth"},
    Remedy{"revoked", "create a new certificate (spaceca data:mtls:certificates:create); a revocation is for good",
           "have the server given a new certificate, or look into the list that says so (sslcrl)"},
    Remedy{"chain-incomplete", "put the intermediate certificates behind the client's own, each followed by its issuer",
           "take the root.crt that belongs to this server (download the bundle again); if the server leaves an intermediate "
           "certificate "
           "out, its ssl_cert_file needs that"},
    Remedy{"root-unknown", "take a certificate that was issued for this server's space",
           "take the root.crt that belongs to this server: download the bundle again"},
    Remedy{"signature", kAgain, "take the root.crt that belongs to this server: download the bundle again"},
    Remedy{"host",
           {},
           "connect to a name that the certificate bears, or have that host added to it; sslmode=verify-ca does not compare names"},
    Remedy{"crl-expired", {}, "put today's lists into sslcrl, or take that file away"},
    Remedy{"crl-missing", {}, "put a list of every CA of the server's chain, the root's too, into sslcrl, or take that file away"},
    Remedy{"crl-not-yet-valid", {}, "set the clock, or put today's lists into sslcrl"},
};

}  // namespace

std::vector<Certificate> self_signed_of(const std::vector<Certificate>& certificates) {
  std::vector<Certificate> roots;
  for (const Certificate& certificate : certificates) {
    if (std::ranges::equal(certificate.subject_der(), certificate.issuer_der())) roots.push_back(certificate);
  }
  return roots;
}

std::string common_name_of(const Certificate& certificate) {
  const x509::Specimen specimen{certificate, nullptr};
  const auto names = specimen.common_names();
  return names.empty() ? std::string{} : std::string{text_of(names.front())};
}

bool is_about_the_root(const Finding& finding) { return finding.rule == "chain-incomplete" || finding.rule == "root-unknown"; }

std::string remedy_for(std::string_view rule, Purpose purpose) {
  const auto* const row = std::ranges::find(kRemedies, rule, &Remedy::rule);
  const std::string_view otherwise = purpose == Purpose::client ? kAgain : kAnotherServer;
  if (row == kRemedies.end()) {
    return rule.starts_with("crl-") ? "put complete lists of today into sslcrl, or take that file away" : std::string{otherwise};
  }
  const std::string_view remedy = purpose == Purpose::client ? row->client : row->server;
  return std::string{remedy.empty() ? otherwise : remedy};
}

std::vector<Diagnosis> all_faults_of(const Verification& what, std::string_view whose) {
  std::vector<Diagnosis> found;
  for (Finding& finding : verify(what)) {
    finding.text = fmt::format("{}: {}", whose, finding.text);
    std::string remedy = remedy_for(finding.rule, what.purpose);
    const Certainty certainty = finding.seen_as.empty() ? Certainty::doubt : Certainty::fault;
    found.push_back({.certainty = certainty, .finding = std::move(finding), .remedy = std::move(remedy)});
  }
  return found;
}

std::vector<Diagnosis> faults_of(const Verification& what, std::string_view whose) {
  auto found = all_faults_of(what, whose);
  std::erase_if(found, [](const Diagnosis& one) { return is_about_the_root(one.finding); });
  return found;
}

}  // namespace spaceca::diagnosis
