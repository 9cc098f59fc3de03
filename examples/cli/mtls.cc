#include <fmt/format.h>

#include <spaceca/authority.h>
#include <spaceca/files.h>
#include <spaceca/postgres_publisher.h>

#include "commands.h"
#include "failure.h"
#include "publishing.h"
#include "records.h"
#include "secrets.h"

using namespace spaceca;

namespace {

// The reference's three lines.
Fields status_of(const DatabaseRecord& database) {
  return {{"addon", database.name.text()}, {"app", database.app.text()}, {"status", std::string{text_of(database.state)}}};
}

// They, and what a program asks next.
nlohmann::json json_status(const DatabaseRecord& database) {
  return {{"addon", database.name.text()},
          {"app", database.app.text()},
          {"space", database.space.text()},
          {"status", text_of(database.state)},
          {"method", text_of(database.access.method)},
          {"clientcert", text_of(database.access.clientcert)},
          {"bind", text_of(database.access.binding)},
          {"publication_pending", database.publication_pending},
          {"publication_error", database.publication_error}};
}

std::string described(const Survey::Line& line) { return fmt::format("  {}:{}: {}", line.file.string(), line.number, line.text); }

std::string described(const Survey::Session& session) {
  const std::string application = session.application.empty() ? "" : fmt::format(" ({})", session.application);
  return one_line(
      fmt::format("  pid {}: {} in {} from {}{}", session.pid, session.user, session.database, session.address, application));
}

MtlsOptions options_of(const Arguments& arguments) {
  MtlsOptions options;
  for (const std::string& text : arguments.keep) options.keep.emplace_back(text);
  if (!arguments.method.empty()) options.access.method = auth_method_of(arguments.method);
  if (!arguments.clientcert.empty()) options.access.clientcert = client_cert_of(arguments.clientcert);
  if (!arguments.bind.empty()) options.access.binding = binding_of(arguments.bind);
  return options;
}

bool says_nothing(const Arguments& arguments) {
  return arguments.keep.empty() && arguments.method.empty() && arguments.clientcert.empty() && arguments.bind.empty();
}

// Whose certificates open the door, and what else is asked.
std::string who_may_knock(const DatabaseRecord& database) {
  const std::string_view password =
      database.access.method == AuthMethod::cert ? "no password is asked" : "the password is asked too";
  if (database.access.binding == BoundTo::database) {
    return fmt::format(
        "who may knock: client certificates of {} alone, each as the role that it names; {}, since "
        "PostgreSQL binds by a name map, which it allows with method cert alone",
        database.name.text(), password);
  }
  const std::string_view which =
      database.access.clientcert == ClientCert::verify_full ? ", as the role that it names" : ", whatever role it names";
  return fmt::format(
      "who may knock: every client certificate of space {}{}; {} (--bind database with --method cert keeps it to this "
      "database's, and asks no password)",
      database.space.text(), which, password);
}

void tell_who_may_come(const Session& session, const Place& place) {
  session.note(who_may_knock(place.record));
  if (!session.arguments.keep.empty()) {
    session.note("and from the addresses of --keep whoever today's lines of pg_hba.conf let in, also without a certificate or TLS");
  }
  if (place.record.data_directory.empty()) {
    session.note(
        fmt::format("its server is not on this machine: spaceca data:mtls:server-files {}{} --dir DIR, and the sweep sees it",
                    place.name().text(), flags_of(session.arguments, place.record)));
  }
  if (place.space.ip_rules(place.name()).empty()) {
    session.note(fmt::format("from nowhere over TCP yet: spaceca data:mtls:ip-rules:create {}{} --cidr CIDR", place.name().text(),
                             flags_of(session.arguments, place.record)));
  }
}

Survey survey(Session& session, const Place& place, const MtlsOptions& options) {
  try {
    return place.space.survey(place.name(), session.publisher(), options);
  } catch (const Error& error) {
    if (error.code() != Errc::unreachable) throw;
    // Whoever says the name accepts what he cannot see.
    if (session.arguments.confirm == place.name().text()) return {};
    throw Failure{error,
                  fmt::format("nothing was changed; with --confirm {} it is enabled unseen, as soon as the server answers a sweep",
                              place.name().text())};
  }
}

nlohmann::json json_of(const Survey& survey) {
  auto overridden = nlohmann::json::array();
  for (const Survey::Line& line : survey.overridden) {
    overridden.push_back({{"file", line.file.string()}, {"line", line.number}, {"text", line.text}});
  }
  auto cut_off = nlohmann::json::array();
  for (const Survey::Session& live : survey.cut_off) {
    cut_off.push_back({{"pid", live.pid},
                       {"user", live.user},
                       {"database", live.database},
                       {"address", live.address},
                       {"application", live.application}});
  }
  return {{"overridden", std::move(overridden)}, {"cut_off", std::move(cut_off)}};
}

void tell(const Session& session, const std::string& name, const Survey& found) {
  if (!found.overridden.empty()) {
    session.note(fmt::format("no longer decide about {}:", name));
    for (const Survey::Line& line : found.overridden) session.note(described(line));
  }
  if (found.cut_off.empty()) return;
  std::vector<std::string> lines = {fmt::format("these sessions of {} could not come back:", name)};
  for (const Survey::Session& live : found.cut_off) lines.push_back(described(live));
  print_aside(joined(lines, "\n") + "\n");
}

// Says what the block in pg_hba.conf would override, and has it confirmed if somebody were cut off. For programs that is part of
// the answer, which this returns, or of the refusal.
nlohmann::json look_ahead(Session& session, const Place& place, const MtlsOptions& options) {
  const std::string& name = place.name().text();
  const Survey found = survey(session, place, options);
  nlohmann::json json = json_of(found);
  if (!session.arguments.json || has_terminal()) tell(session, name, found);  // who is asked must know why
  if (found.cut_off.empty()) return json;
  try {
    confirm(session.arguments, name,
            fmt::format(
                "database \"{}\": {} session{} could not come back without a certificate (--keep CIDR lets addresses go on as now)",
                name, found.cut_off.size(), found.cut_off.size() == 1 ? "" : "s"));
  } catch (Failure& failure) {
    throw std::move(failure).with(std::move(json));
  }
  return json;
}

// The reference's answer at once, for people; for programs one answer, at the end, with what is in `more`.
Exit answer_and_publish(Session& session, const Place& place, const DatabaseRecord& changed, const std::string& text,
                        const nlohmann::json& more = nlohmann::json::object()) {
  if (!session.arguments.json) print(block(status_of(changed)));
  const Exit exit = publish(session, place, text);
  if (session.arguments.json) {
    auto json = json_status(place.space.find_database(place.name()).value_or(changed));
    json.update(more);
    print(json_text(json));
  }
  return exit;
}

}  // namespace

Exit mtls::show(Session& session) {
  const Place place = session.place();
  session.answer(json_status(place.record), block(status_of(place.record)));
  if (!session.arguments.json && !place.record.publication_error.empty()) {
    session.note(fmt::format("the last attempt: {}", place.record.publication_error));
  }
  return Exit::done;
}

Exit mtls::create(Session& session) {
  const MtlsOptions options = options_of(session.arguments);
  static_cast<void>(access_of(options.access));  // what cannot be is refused before anybody is asked
  Place place = session.place();
  refuse_another_name(session.arguments, place.name().text());  // also where nobody would be asked
  const std::string text = fmt::format("Enabling MTLS on {}", place.name().text());
  auto more = nlohmann::json::object();
  // Begun before, and the server did not answer then: this goes on with it.
  const bool goes_on = place.record.state == DatabaseState::provisioning && says_nothing(session.arguments);
  if (!goes_on) {
    if (place.record.state == DatabaseState::disabled) more = look_ahead(session, place, options);
    place.record = place.space.enable_mtls(place.name(), options);
  }
  const Exit exit = answer_and_publish(session, place, place.record, text, more);
  if (exit == Exit::done && !session.arguments.json) tell_who_may_come(session, place);
  return exit;
}

Exit mtls::destroy(Session& session) {
  const Place place = session.place();
  const std::string text = fmt::format("Disabling MTLS on {}", place.name().text());
  if (session.arguments.gone) {
    confirm(session.arguments, place.name().text(),
            fmt::format("the server of database \"{}\" would be given up: it is not told, and what it serves stays",
                        place.name().text()));
    const DatabaseRecord disabled = place.space.disable_mtls(place.name(), {}, Withdrawal::given_up);
    session.answer(json_status(disabled), block(status_of(disabled)));
    // What waited for it alone goes on at the space's other servers.
    return publish_space(session, place.space, fmt::format("Publishing space {}", place.record.space.text()));
  }
  if (place.record.state == DatabaseState::deprovisioning) return answer_and_publish(session, place, place.record, text);
  confirm(session.arguments, place.name().text(),
          fmt::format("database \"{}\" would no longer be reached by certificate", place.name().text()));
  const Exit exit = answer_and_publish(session, place, place.space.disable_mtls(place.name()), text);
  if (place.record.data_directory.empty()) {
    session.note(
        "its server is not on this machine, and goes on with what it has: there take our lines out of pg_hba.conf and the "
        "include of spaceca.conf out of postgresql.conf, then reload");
  }
  return exit;
}

Exit mtls::server_files(Session& session) {
  const Arguments& arguments = session.arguments;
  const Place place = session.place();
  const std::filesystem::path folder = arguments.dir;
  // Asked for before they are made: whatever is made is what the sweep looks for from then on.
  for (const char* name : {"server.crt", "server.key", "root.crt", "root.crl", "spaceca.conf", "pg_hba.lines", "pg_ident.lines"}) {
    if (!arguments.force && std::filesystem::exists(std::filesystem::symlink_status(folder / name))) {
      throw Failure{Exit::refused, "exists", fmt::format("file \"{}\": exists already", (folder / name).string()), "--force"};
    }
  }
  Progress progress = session.progress(fmt::format("Writing the files of the server of {}", place.name().text()));
  const ServerFiles wanted = place.space.server_files(place.name());
  const FileSet set = postgres_server_files(wanted.where, wanted.what);
  files::write(folder, set, arguments.force ? files::Existing::replace : files::Existing::refuse);
  progress.done();
  auto names = nlohmann::json::array();
  std::string text = fmt::format("the server's files are now located in {}\n", folder.string());
  text +=
      "# on its machine, as its owner: server.crt, server.key (0600), root.crt and root.crl into the folder spaceca of the data "
      "directory;\n"
      "# spaceca.conf beside postgresql.conf, with include 'spaceca.conf' at the end of that; pg_hba.lines on top of pg_hba.conf";
  for (const File& file : set.files()) {
    names.push_back(file.name);
    if (file.name == "pg_ident.lines") text += ", pg_ident.lines of pg_ident.conf";
  }
  text += "; then reload.\n# The next sweep looks whether it serves them.\n";
  session.answer({{"dir", folder.string()}, {"files", std::move(names)}}, text);
  return Exit::done;
}
