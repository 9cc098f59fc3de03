#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include <spaceca/authority.h>

#include "bundle_files.h"
#include "commands.h"
#include "failure.h"
#include "publishing.h"
#include "records.h"
#include "secrets.h"
#include "variables.h"

using namespace spaceca;

namespace {

// In the order of spaces, then as they were made; of --space alone if that is given, of --app alone likewise.
std::vector<DatabaseRecord> all_databases(Session& session) {
  std::vector<SpaceName> names;
  if (!session.arguments.space.empty()) {
    names.emplace_back(session.arguments.space);
  } else {
    for (const SpaceRecord& space : all_pages([&session](const PageRequest& page) { return session.authority().spaces(page); })) {
      names.push_back(space.name);
    }
  }
  std::vector<DatabaseRecord> found;
  for (const SpaceName& name : names) {
    const Space space = session.space(name);
    for (DatabaseRecord& database : all_pages([&space](const PageRequest& page) { return space.databases(page); })) {
      found.push_back(std::move(database));
    }
  }
  if (!session.arguments.app.empty()) {
    std::erase_if(found, [app = AppName{session.arguments.app}](const DatabaseRecord& database) { return database.app != app; });
  }
  return found;
}

std::vector<HostName> hosts_of(const Arguments& arguments) {
  std::vector<HostName> hosts;
  for (const std::string& host : arguments.hosts) hosts.emplace_back(host);
  return hosts;
}

std::filesystem::path data_directory_of(const Arguments& arguments) {
  return arguments.data_directory.empty() ? std::filesystem::path{} : std::filesystem::absolute(arguments.data_directory);
}

// Clients that verify the server's name would refuse it by that URL.
void warn_of_uncertified(const Session& session, const std::string& host, const DatabaseRecord& database) {
  std::string hosts;
  for (const HostName& known : database.hosts) hosts += fmt::format(" --host {}", shell_word(known.text()));
  session.note(
      fmt::format("warning: the URL's host \"{}\" is none of --host, so the server's certificate will not bear it and "
                  "clients verify the CA alone (sslmode=verify-ca)\n"
                  "hint: spaceca databases:update {}{}{} --host {}",
                  host, database.name.text(), flags_of(session.arguments, database), hosts, shell_word(one_line(host))));
}

void refuse_both(bool given, bool none, std::string_view flag, std::string_view no_flag) {
  if (!given || !none) return;
  throw Failure{Exit::usage, "usage", fmt::format("give either {} or {}", flag, no_flag), "spaceca databases:update --help"};
}

SecretBytes new_admin_url(const Arguments& arguments) {
  if (arguments.no_admin_url) return {};
  SecretBytes url = admin_url(arguments);
  if (!url.empty()) return url;
  throw Failure{Exit::usage, "invalid_argument", "--admin-url-file: is empty", "--no-admin-url, if the socket is meant"};
}

DatabaseChange change_of(const Arguments& arguments) {
  refuse_both(!arguments.admin_url_file.empty(), arguments.no_admin_url, "--admin-url-file", "--no-admin-url");
  refuse_both(!arguments.data_directory.empty(), arguments.no_data_directory, "--data-directory", "--no-data-directory");
  refuse_both(!arguments.contacts.empty(), arguments.no_contacts, "--contact", "--no-contacts");
  DatabaseChange change;
  if (!arguments.url.empty() || !arguments.url_file.empty()) change.url = database_url(arguments);
  if (!arguments.admin_url_file.empty() || arguments.no_admin_url) change.admin_url = new_admin_url(arguments);
  if (!arguments.hosts.empty()) change.hosts = hosts_of(arguments);
  if (!arguments.role.empty()) change.role = RoleName{arguments.role};
  if (!arguments.data_directory.empty() || arguments.no_data_directory) change.data_directory = data_directory_of(arguments);
  if (!arguments.contacts.empty() || arguments.no_contacts) change.contacts = arguments.contacts;
  if (change.url || change.admin_url || change.hosts || change.role || change.data_directory || change.contacts) return change;
  throw Failure{Exit::usage, "usage",
                "give what is to change: --url-file, --admin-url-file, --role, --host, --contact or --data-directory",
                "spaceca databases:update --help"};
}

// For people at once; for programs one answer, at the end.
Exit answer_and_publish(Session& session, const Place& place, const DatabaseRecord& changed) {
  if (!session.arguments.json) print(block(fields_of(changed)));
  Exit exit = Exit::done;
  const bool is_elsewhere = changed.data_directory.empty();
  if (changed.publication_pending && is_elsewhere && changed.state != DatabaseState::deprovisioning) {
    session.note(
        fmt::format("its server is not on this machine: spaceca data:mtls:server-files {}{} --dir DIR writes what it needs by now, "
                    "and the sweep sees it",
                    changed.name.text(), flags_of(session.arguments, changed)));
  } else if (changed.publication_pending && !is_elsewhere) {
    exit = publish(session, place, fmt::format("Publishing database {}", changed.name.text()));
  }
  if (session.arguments.json) print(json_text(json_of(place.space.find_database(changed.name).value_or(changed))));
  return exit;
}

}  // namespace

Exit databases::list(Session& session) {
  const auto found = all_databases(session);
  auto json = nlohmann::json::array();
  for (const DatabaseRecord& database : found) json.push_back(json_of(database));
  session.answer(json, table_of(found));
  return Exit::done;
}

Exit databases::create(Session& session) {
  const Arguments& arguments = session.arguments;
  const SpaceName space_name{arguments.space};
  DatabaseSpec spec{.name = DatabaseName{arguments.database},
                    .app = AppName{arguments.app},
                    .hosts = hosts_of(arguments),
                    .url = database_url(arguments),
                    .admin_url = admin_url(arguments),
                    .data_directory = data_directory_of(arguments),
                    .contacts = arguments.contacts};
  if (!arguments.role.empty()) spec.role = RoleName{arguments.role};
  const std::string host = spec.url.host();
  const bool is_certified = ::is_certified(spec.url, spec.hosts);
  const Space space = session.space(space_name);
  Progress progress = session.progress(fmt::format("Creating database {}", spec.name.text()));
  const DatabaseRecord made = space.create_database(std::move(spec));
  progress.done();
  session.answer(json_of(made), block(fields_of(made)));
  if (!is_certified) warn_of_uncertified(session, host, made);
  return Exit::done;
}

Exit databases::show(Session& session) {
  const Place place = session.place();
  session.answer(json_of(place.record), block(fields_of(place.record)));
  return Exit::done;
}

Exit databases::update(Session& session) {
  DatabaseChange change = change_of(session.arguments);
  const Place place = session.place();
  const std::vector<HostName> hosts = change.hosts.value_or(place.record.hosts);
  const std::string uncertified = change.url && !is_certified(*change.url, hosts) ? change.url->host() : std::string{};
  Progress progress = session.progress(fmt::format("Updating database {}", place.name().text()));
  const DatabaseRecord changed = place.space.update_database(place.name(), std::move(change));
  progress.done();
  if (!uncertified.empty()) warn_of_uncertified(session, uncertified, changed);
  return answer_and_publish(session, place, changed);
}

Exit databases::destroy(Session& session) {
  const Place place = session.place();
  const std::string& name = place.name().text();
  confirm(session.arguments, name,
          fmt::format("database \"{}\" and its keys would be forgotten, and its certificates revoked", name));
  Progress progress = session.progress(fmt::format("Destroying database {}", name));
  place.space.destroy_database(place.name());
  progress.done();
  session.answer({{"addon", name}, {"app", place.record.app.text()}, {"space", place.record.space.text()}}, "");
  // Its certificates stand on the list that the space's other servers read.
  return publish_space(session, place.space, fmt::format("Publishing space {}", place.record.space.text()));
}

Exit databases::config_get(Session& session) {
  const Arguments& arguments = session.arguments;
  static_cast<void>(AppName{arguments.app});
  const auto found = chosen_by(arguments.variable, all_databases(session));
  if (found.empty()) {
    throw Failure{
        Exit::not_found, "not_found",
        fmt::format("variable \"{}\" of app \"{}\": there is none", arguments.variable, arguments.app),
        fmt::format("spaceca databases --app {} lists its databases; a variable is NAME_URL, or DATABASE_URL of an app with one",
                    shell_word(arguments.app))};
  }
  if (found.size() > 1) {
    const auto names =
        each(found, [](const DatabaseRecord& one) { return fmt::format("{} in {}", one.name.text(), one.space.text()); });
    throw Failure{
        Exit::refused, "ambiguous",
        fmt::format("variable \"{}\" of app \"{}\": is in several spaces: {}", arguments.variable, arguments.app, joined(names)),
        fmt::format("--space {}", found.front().space.text())};
  }
  const DatabaseUrl url = session.space(found.front().space).url(found.front().name);
  const std::string text{text_of(url.text().reveal())};
  session.answer({{arguments.variable, text}}, text + "\n");
  return Exit::done;
}
