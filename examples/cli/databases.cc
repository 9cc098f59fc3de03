#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include <spaceca/authority.h>

#include "bundle_files.h"
#include "commands.h"
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
                    .hosts = {},
                    .url = database_url(arguments),
                    .admin_url = admin_url(arguments),
                    .contacts = arguments.contacts};
  for (const std::string& host : arguments.hosts) spec.hosts.emplace_back(host);
  if (!arguments.role.empty()) spec.role = RoleName{arguments.role};
  if (!arguments.data_directory.empty()) spec.data_directory = std::filesystem::absolute(arguments.data_directory);
  const std::string host = spec.url.host();
  const bool is_certified = ::is_certified(spec.url, spec.hosts);
  const Space space = session.space(space_name);
  Progress progress = session.progress(fmt::format("Creating database {}", spec.name.text()));
  const DatabaseRecord made = space.create_database(std::move(spec));
  progress.done();
  session.answer(json_of(made), block(fields_of(made)));
  if (!is_certified) {
    session.note(
        fmt::format("warning: the URL's host \"{}\" is none of --host, so the server's certificate will not bear it and "
                    "clients verify the CA alone (sslmode=verify-ca)\n"
                    "hint: spaceca databases:destroy {}{}, and create it with that --host as well",
                    host, made.name.text(), flags_of(arguments, made)));
  }
  return Exit::done;
}

Exit databases::show(Session& session) {
  const Place place = session.place();
  session.answer(json_of(place.record), block(fields_of(place.record)));
  return Exit::done;
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
