#include <exception>
#include <optional>

#include <fmt/format.h>

#include <spaceca/authority.h>

#include "bundle_files.h"
#include "commands.h"
#include "publishing.h"
#include "records.h"
#include "secrets.h"
#include "sessions.h"
#include "variables.h"

using namespace spaceca;

namespace {

// The certificate of --id, which is one of this database.
CertificateRecord certificate_in(const Place& place, const Arguments& arguments) {
  const CertificateId id{arguments.id};
  const auto found = place.space.find_certificate(id);
  if (found && found->database == place.name()) return *found;
  throw Failure{Exit::not_found, "not_found",
                fmt::format("certificate {} of database \"{}\": there is none", id.text(), place.name().text()),
                fmt::format("spaceca data:mtls:certificates {}{}", place.name().text(), flags_of(arguments, place.record))};
}

std::optional<CertificateRequest> request_in(const std::string& file) {
  if (file.empty()) return std::nullopt;
  const SecretBytes octets = read_secret(file);
  const std::string_view text = text_of(octets.reveal());
  const bool pem = text.find("-----BEGIN ") != std::string_view::npos;
  return pem ? CertificateRequest::from_pem(text) : CertificateRequest::from_der(octets.reveal());
}

ClientRequest client_request(const Arguments& arguments) {
  ClientRequest request{.csr = request_in(arguments.csr), .counts = BundleCounts::once_confirmed};
  if (!arguments.role.empty()) request.role = RoleName{arguments.role};
  if (!arguments.key_algorithm.empty()) request.key_algorithm = KeyAlgorithm{arguments.key_algorithm};
  if (arguments.custody == "once") request.custody = Custody::once;
  if (arguments.custody != "once" && arguments.custody != "sealed") {
    throw Error{Errc::invalid_argument,
                fmt::format("custody \"{}\": is sealed (kept here) or once (handed out now, and not kept)", arguments.custody)};
  }
  if (request.csr && (request.custody == Custody::once || !arguments.key_algorithm.empty())) {
    throw Error{Errc::invalid_argument,
                "--csr: the key is the requester's; neither --custody once nor --key-algorithm goes with it"};
  }
  return request;
}

// Where the new certificate's files go, if they are to be written at once.
std::optional<BundlePlan> plan_for(const Arguments& arguments, const ClientRequest& request) {
  const bool once = request.custody == Custody::once;
  if (arguments.dir.empty()) {
    if (!once) return std::nullopt;
    throw Failure{Exit::usage, "invalid_argument",
                  "--custody once: the key is handed out now or never, so --dir must say where it goes"};
  }
  BundlePlan plan = plan_of(arguments, !request.csr);
  if (once && !holds_key(plan)) {
    throw Failure{Exit::usage, "invalid_argument", "--custody once: none of the formats holds the key, which would be lost"};
  }
  return plan;
}

std::string url_command(const Place& place, const Arguments& arguments) {
  return fmt::format("spaceca config:get {}{}", variable_of(place.name()), flags_of(arguments, place.record));
}

// Writes the files, and says where they are and how to use them.
std::string hand_out(const Place& place, const Arguments& arguments, const BundlePlan& plan, Bundle bundle) {
  const DatabaseUrl url = place.space.url(place.name());
  const auto connection = connection_of(plan, place.record, url, bundle.record);
  std::string text;
  if (!is_certified(url, place.record.hosts)) {
    text = fmt::format("# the server's certificate does not bear the URL's host \"{}\", so its CA alone is verified\n", url.host());
  }
  text += fmt::format("your certs are now located in {}\n{}", plan.folder.string(),
                      lines_for(plan, connection, url, url_command(place, arguments)));
  if (!plan.with_key) {
    text += fmt::format("# the key is its holder's: it belongs into {}, with mode 0600\n",
                        shell_word((std::filesystem::path{connection.folder} / (plan.prefix + "postgresql.key")).string()));
  }
  write(plan, std::move(bundle), connection);
  return text;
}

// To where the files of this command go.
std::string download_command(const Session& session, const Place& place, const CertificateId& id) {
  const Arguments& given = session.arguments;
  std::string command = fmt::format("spaceca data:mtls:certificates:download {} --id {}{}", place.name().text(), id.text(),
                                    flags_of(given, place.record));
  if (!given.dir.empty()) command += " --dir " + shell_word(given.dir);
  if (!given.prefix.empty()) command += " --prefix " + shell_word(given.prefix);
  for (const std::string& format : given.formats) command += " --format " + shell_word(format);
  return command;
}

// Once its files are in place, and not before: from then on the server may move to a root that is in them.
void confirm_files(const Session& session, const Place& place, const CertificateId& id, unsigned generation) {
  try {
    place.space.confirm_bundle(id, generation);
  } catch (const Error& error) {
    throw Failure{Error{error.code(), fmt::format("certificate {}: its files are written, and do not count as fetched yet: {}",
                                                  id.text(), error.what())},
                  download_command(session, place, id) + " --force"};
  }
}

nlohmann::json files_json(const BundlePlan& plan) { return {{"dir", plan.folder.string()}, {"prefix", plan.prefix}}; }

void warn_of_plain_names(const Session& session, const BundlePlan& plan) {
  if (!goes_everywhere(plan.folder, plan.prefix)) return;
  session.note(
      "warning: without a prefix in ~/.postgresql libpq sends this certificate to all databases; --prefix keeps it to this one");
}

// A key that nobody holds is not left good. Does not return.
[[noreturn]] void give_up(Session& session, const Place& place, const CertificateRecord& made, const std::string& why) {
  if (made.custody != Custody::once) {
    throw Failure{Exit::failed, "io", fmt::format("certificate {} is made, its files are not: {}", made.id.text(), why),
                  download_command(session, place, made.id)};
  }
  try {
    place.space.revoke(made.id, RevocationReason::cessation_of_operation);
  } catch (const std::exception& error) {
    throw Failure{Exit::failed, "io",
                  fmt::format("certificate {} is made, its files are not ({}), and revoking it failed: {}", made.id.text(), why,
                              error.what()),
                  fmt::format("spaceca data:mtls:certificates:delete {} --id {}{}", place.name().text(), made.id.text(),
                              flags_of(session.arguments, place.record))};
  }
  static_cast<void>(publish_space(session, place.space, fmt::format("Publishing space {}", place.record.space.text())));
  throw Failure{Exit::failed, "io",
                fmt::format("certificate {} is revoked, since its files could not be written: {}", made.id.text(), why)};
}

}  // namespace

Exit certificates::list(Session& session) {
  const Place place = session.place();
  auto found =
      all_pages([&place](const PageRequest& page) { return place.space.certificates(place.name(), CertificateQuery{}, page); });
  if (!session.arguments.all) {
    std::erase_if(found, [](const CertificateRecord& certificate) { return certificate.kind != CertificateKind::client; });
  }
  auto json = nlohmann::json::array();
  for (const CertificateRecord& certificate : found) json.push_back(json_of(certificate, session.now()));
  session.answer(json, table_of(found, session.now()));
  return Exit::done;
}

Exit certificates::create(Session& session) {
  const Arguments& arguments = session.arguments;
  const ClientRequest request = client_request(arguments);
  const auto plan = plan_for(arguments, request);
  const Place place = session.place();
  if (plan) warn_of_plain_names(session, *plan);

  Progress progress = session.progress(fmt::format("Creating certificate for database {}", place.name().text()));
  Bundle bundle = place.space.issue_client(place.name(), request);
  const CertificateRecord made = bundle.record;
  const unsigned generation = bundle.latest_generation;
  std::string handed;
  if (plan) {
    try {
      handed = hand_out(place, arguments, *plan, std::move(bundle));
    } catch (const std::exception& error) {
      give_up(session, place, made, error.what());
    }
    confirm_files(session, place, made.id, generation);
  }
  progress.done();

  if (!arguments.json) {
    print(block(fields_of(made, session.now())));
    if (plan) print(handed);
  }
  const auto brought = place.space.find_database(place.name());
  const Exit exit = brought && brought->publication_pending
                        ? publish(session, place, fmt::format("Publishing database {}", place.name().text()))
                        : Exit::done;
  if (arguments.json) {
    auto json = json_of(place.space.find_certificate(made.id).value_or(made), session.now());
    if (plan) json["files"] = files_json(*plan);
    print(json_text(json));
  }
  return exit;
}

Exit certificates::show(Session& session) {
  const Place place = session.place();
  const CertificateRecord found = certificate_in(place, session.arguments);
  session.answer(json_of(found, session.now()), block(fields_of(found, session.now())));
  return Exit::done;
}

Exit certificates::download(Session& session) {
  const Arguments& arguments = session.arguments;
  const Place place = session.place();
  const CertificateRecord found = certificate_in(place, arguments);
  if (found.kind == CertificateKind::server) {
    throw Failure{Exit::refused, "policy",
                  fmt::format("certificate {}: is the server's, which gets it by publication", found.id.text())};
  }
  const BundlePlan plan = plan_of(arguments, found.custody == Custody::sealed);
  warn_of_plain_names(session, plan);
  Progress progress = session.progress(fmt::format("Downloading certificates for database {}", place.name().text()));
  Bundle bundle = place.space.download(found.id, {}, BundleCounts::once_confirmed);
  const unsigned generation = bundle.latest_generation;
  std::string handed;
  try {
    handed = hand_out(place, arguments, plan, std::move(bundle));
  } catch (const Error& error) {
    throw Error{error.code(), fmt::format("certificate {}: its files are not written, and do not count as fetched: {}",
                                          found.id.text(), error.what())};
  }
  confirm_files(session, place, found.id, generation);
  progress.done();
  auto json = json_of(found, session.now());
  json["files"] = files_json(plan);
  session.answer(json, handed);
  return Exit::done;
}

Exit certificates::renew(Session& session) {
  const auto request = request_in(session.arguments.csr);
  const Place place = session.place();
  const CertificateRecord found = certificate_in(place, session.arguments);
  Progress progress = session.progress(fmt::format("Renewing certificate for database {}", place.name().text()));
  const CertificateRecord made = place.space.renew(found.id, request, {}, BundleCounts::once_confirmed).record;
  progress.done();
  session.answer(json_of(made, session.now()), block(fields_of(made, session.now())));
  return publish_space(session, place.space, fmt::format("Publishing space {}", place.record.space.text()));
}

Exit certificates::revoke(Session& session) {
  const Arguments& arguments = session.arguments;
  const RevocationReason reason = reason_of(arguments.reason);
  const OpenSessions sessions = open_sessions(arguments);
  const Place place = session.place();
  const CertificateRecord found = certificate_in(place, arguments);
  const std::string& name = place.name().text();
  confirm(arguments, name,
          fmt::format("certificate {} of database \"{}\" would be revoked, which cannot be undone", found.id.text(), name));
  if (found.revocation && found.revocation->reason != reason) {
    session.note(fmt::format("warning: certificate {}: was revoked {} already, for the reason {}; that stands", found.id.text(),
                             time_text(found.revocation->at), word_of(found.revocation->reason)));
  }
  Progress progress = session.progress(fmt::format("Deleting certificate for database {}", name));
  const CertificateRecord revoked = place.space.revoke(found.id, reason, {}, sessions);
  progress.done();
  if (!arguments.json) print(block(fields_of(revoked, session.now())));
  Ended ended;
  const Exit exit = publish_space(session, place.space, fmt::format("Publishing space {}", place.record.space.text()), &ended);
  const auto told = tell_sessions(session, place.space, ended, found.generation, found.serial);
  if (arguments.json) {
    auto json = json_of(place.space.find_certificate(found.id).value_or(revoked), session.now());
    json["open_sessions"] = told;
    print(json_text(json));
  }
  return exit;
}
