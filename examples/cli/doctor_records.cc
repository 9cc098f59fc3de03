#include <algorithm>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "doctor_records.h"

using namespace spaceca;

namespace {

constexpr const char* kSource = "spaceca: the store";

Diagnosis made_of(Certainty certainty, std::string rule, std::string text, std::string seen_as, std::string remedy) {
  return {.certainty = certainty,
          .finding = {.rule = std::move(rule), .text = std::move(text), .source = kSource, .seen_as = std::move(seen_as)},
          .remedy = std::move(remedy)};
}

bool is_trusted(const RootRecord& root) {
  return root.state == RootState::next || root.state == RootState::active || root.state == RootState::retiring;
}

}  // namespace

std::vector<Diagnosis> findings_of(Session& session, const Place& place) {
  const std::string who = fmt::format("database \"{}\"", place.name().text());
  const std::string flags = flags_of(session.arguments, place.record);
  std::vector<Diagnosis> found;
  if (session.authority().clock_suspect()) {
    found.push_back(made_of(
        Certainty::doubt, "clock-suspect",
        fmt::format("this machine's clock ({}) stands behind or far ahead of what the store has seen", time_text(session.now())),
        "", "set the clock; if it is right: spaceca clock:accept" + store_flags(session.arguments)));
  }
  if (place.record.state == DatabaseState::disabled) {
    found.push_back(made_of(Certainty::doubt, "mtls-disabled",
                            who + ": mTLS is disabled, so its server asks for no certificate of ours", "",
                            fmt::format("spaceca data:mtls:create {}{}", place.name().text(), flags)));
  }
  if (place.record.publication_pending) {
    const std::string& error = place.record.publication_error;
    found.push_back(made_of(Certainty::doubt, "publication-pending",
                            fmt::format("{}: its server does not serve yet what it should{}{}", who,
                                        error.empty() ? "" : "; the last attempt: ", error),
                            "",
                            place.record.data_directory.empty()
                                ? fmt::format("spaceca data:mtls:server-files {}{} --dir DIR, for the server's administrator",
                                              place.name().text(), flags)
                                : fmt::format("spaceca sweep{}, which tries again", store_flags(session.arguments))));
  }
  return found;
}

std::vector<Diagnosis> findings_of(const Session& session, const Place& place, const Certificate& certificate) {
  const std::string named = place.name().text() + flags_of(session.arguments, place.record);
  const std::string serial = certificate.serial().hex();
  const auto roots = place.space.describe().roots;
  for (const CertificateRecord& record : place.space.find_by_serial(certificate.serial())) {
    const bool same_root = std::any_of(roots.begin(), roots.end(), [&](const RootRecord& root) {
      return root.generation == record.generation && root.certificate.subject() == certificate.issuer();
    });
    if (!same_root) continue;
    const std::string who = fmt::format("certificate {} with serial {}", record.id.text(), serial);
    if (record.revocation) {
      return {made_of(Certainty::fault, "certificate-revoked",
                      fmt::format("{}: was revoked {}", who, time_text(record.revocation->at)), "sslv3 alert certificate revoked",
                      fmt::format("spaceca data:mtls:certificates:create {}, and download that one", named))};
    }
    if (record.database != place.name()) {
      return {made_of(Certainty::doubt, "certificate-of-another-database",
                      fmt::format("{}: is of database \"{}\"", who, record.database.text()), "",
                      "look whether the right files are in that folder")};
    }
    if (record.state == CertificateState::pending) {
      return {made_of(Certainty::fault, "certificate-pending",
                      fmt::format("{}: the server is not proved to trust its root yet", who), "tlsv1 alert unknown ca",
                      "spaceca sweep" + store_flags(session.arguments))};
    }
    if (record.successor) {
      return {
          made_of(Certainty::doubt, "certificate-superseded",
                  fmt::format("{}: ends {}, and its successor is {}", who, time_text(record.not_after), record.successor->text()),
                  "", fmt::format("spaceca data:mtls:certificates:download {} --id {}", named, record.successor->text()))};
    }
    return {};
  }
  return {
      made_of(Certainty::fault, "certificate-unknown",
              fmt::format("serial {} of \"{}\": is not of space \"{}\"", serial, certificate.issuer(), place.record.space.text()),
              "tlsv1 alert unknown ca",
              fmt::format("take a certificate of this space; after a restore of the store: spaceca spaces:adopt {}{}, and a new "
                          "certificate",
                          place.record.space.text(), store_flags(session.arguments)))};
}

ServerDue due_of(const Place& place) {
  ServerDue due{.roots = {}, .lists = place.space.crls(), .certificates = {}};
  for (const RootRecord& root : place.space.describe().roots) {
    if (is_trusted(root)) due.roots.push_back(root.certificate);
  }
  const auto fetch = [&place](const PageRequest& page) { return place.space.certificates(place.name(), {}, page); };
  for (const CertificateRecord& record : all_pages(fetch)) {
    if (record.kind == CertificateKind::server && !record.revocation) due.certificates.push_back(record.serial);
  }
  return due;
}

std::optional<std::vector<Crl>> lists_in_force(Session& session, const Place& place, const DatabaseUrl& url) {
  if (place.record.data_directory.empty() || place.record.state != DatabaseState::operational) return std::nullopt;
  try {
    // By the socket, since the doctor only looks.
    return session.publisher()
        .current({.space = place.record.space,
                  .database = place.name(),
                  .data_directory = place.record.data_directory,
                  .url = url.text().copy(),
                  .admin_url = {}})
        .crls;
  } catch (const Error& error) {
    session.note(fmt::format("warning: the lists that the server has in force were not looked at: {}", error.what()));
    return std::nullopt;
  }
}
