#include "publish/server.h"

#include <signal.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <sstream>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "publish/managed_block.h"
#include "publish/owned_file.h"

namespace spaceca::publish {
namespace {

constexpr std::string_view kOurSettings = "{ssl,ssl_cert_file,ssl_key_file,ssl_ca_file,ssl_crl_file,ssl_crl_dir}";

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream{text};
  for (std::string word; std::getline(stream, word, '\x1F');) words.push_back(word);
  return words;
}

const std::string& text_at(const Row& row, std::size_t column) {
  static const std::string kNone;
  return row.at(column) ? *row.at(column) : kNone;
}

int number_at(const Row& row, std::size_t column) {
  const std::string& text = text_at(row, column);
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Of Unix seconds.
Instant instant_of(const std::string& text) {
  std::int64_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return Instant{std::chrono::seconds{seconds}};
}

// Nothing for what can be none of ours, though a client's root could have made it.
std::optional<Serial> serial_in(const std::string& text) {
  try {
    return Serial{text};
  } catch (const Error&) {
    return std::nullopt;
  }
}

// What stays the same while a server runs: all but the last line, its state.
std::string identity_in(const std::string& pid_file) {
  std::string text;
  std::istringstream lines{pid_file};
  std::string line;
  for (int i = 0; i < 7 && std::getline(lines, line); ++i) text += line + "\n";
  return text;
}

}  // namespace

Server::Server(const ServedDatabase& where, const std::filesystem::path& data_directory, const Owner& owner, Deadline deadline)
    : where_(where),
      owner_(owner),
      data_directory_(data_directory),
      postmaster_(postmaster_of(data_directory, owner)),
      connection_(connect(deadline)) {
  if (connection_.server_version() < 140000) {
    throw Error{Errc::unsupported, fmt::format("the server of \"{}\": is of version {}; it takes 14 or later",
                                               printable(data_directory.string()), connection_.server_version() / 10000)};
  }
  const auto paths = connection_.ask(
      "SELECT pg_catalog.current_setting('config_file'), pg_catalog.current_setting('hba_file'), "
      "pg_catalog.current_setting('ident_file')",
      deadline);
  config_file_ = text_at(paths.at(0), 0);
  hba_file_ = text_at(paths.at(0), 1);
  ident_file_ = text_at(paths.at(0), 2);
}

Connection Server::connect(Deadline deadline) const {
  Connection made = where_.admin_url.empty() ? Connection{owner_, postmaster_, deadline} : Connection{where_.admin_url, deadline};
  const std::string seen = [&] {
    try {
      return made.ask_one("SELECT pg_catalog.pg_read_file('postmaster.pid')", deadline);
    } catch (const Error& error) {
      if (error.code() != Errc::permission) throw;
      throw Error{Errc::permission,
                  fmt::format("role \"{}\": is no superuser, and does not see what a server has read", printable(made.role()))};
    }
  }();
  if (identity_in(seen) == identity_in(postmaster_.text)) return made;
  throw Error{Errc::mismatch, fmt::format("the admin URL leads to another server than that of data directory \"{}\"",
                                          printable(data_directory_.string()))};
}

hba::Dialect Server::dialect() const {
  return connection_.server_version() >= 160000 ? hba::Dialect::regular_expressions : hba::Dialect::plain;
}

Instant Server::now(Deadline deadline) {
  return instant_of(
      connection_.ask_one("SELECT pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.clock_timestamp()))::bigint", deadline));
}

std::vector<std::string> Server::faults(Maps maps, Deadline deadline) {
  std::vector<std::string> found;
  const auto add = [&found](const std::string& file, const Row& row) {
    found.push_back(fmt::format("{}, line {}: {}", std::filesystem::path{file}.filename().string(), number_at(row, 1),
                                printable(text_at(row, 2))));
  };
  for (const Row& row :
       connection_.ask("SELECT sourcefile, sourceline, error FROM pg_catalog.pg_file_settings WHERE error IS NOT NULL "
                       "AND error <> 'setting could not be applied' ORDER BY seqno",
                       deadline)) {
    add(text_at(row, 0), row);
  }
  // A line that has a type was read; its error is a warning: "hostssl record cannot match because SSL is disabled".
  const bool names_files = dialect() == hba::Dialect::regular_expressions;
  for (const Row& row : connection_.ask(
           names_files
               ? "SELECT file_name, line_number, error FROM pg_catalog.pg_hba_file_rules WHERE error IS NOT NULL AND type IS NULL"
               : "SELECT '', line_number, error FROM pg_catalog.pg_hba_file_rules WHERE error IS NOT NULL AND type IS NULL",
           deadline)) {
    add(names_files ? text_at(row, 0) : hba_file_.string(), row);
  }
  if (maps == Maps::left_alone || !shows_maps()) return found;
  for (const Row& row : connection_.ask(
           names_files ? "SELECT file_name, line_number, error FROM pg_catalog.pg_ident_file_mappings WHERE error IS NOT NULL"
                       : "SELECT '', line_number, error FROM pg_catalog.pg_ident_file_mappings WHERE error IS NOT NULL",
           deadline)) {
    add(names_files ? text_at(row, 0) : ident_file_.string(), row);
  }
  return found;
}

bool Server::shows_maps() const { return connection_.server_version() >= 150000; }

std::vector<std::string> Server::others_in_map(const std::string& map, Deadline deadline) {
  const bool names_files = dialect() == hba::Dialect::regular_expressions;
  const std::string content = content_of(ident_file_, owner_).value_or("");
  const BlockLines ours = lines_of_block(content, ident_file_.string());
  std::vector<std::string> found;
  for (const Row& row :
       connection_.ask(names_files ? "SELECT file_name, line_number FROM pg_catalog.pg_ident_file_mappings WHERE map_name = $1"
                                   : "SELECT '', line_number FROM pg_catalog.pg_ident_file_mappings WHERE map_name = $1",
                       deadline, {map})) {
    const std::string file = names_files ? text_at(row, 0) : ident_file_.string();
    const int number = number_at(row, 1);
    if (file == ident_file_.string() && ours.hold(number)) continue;
    found.push_back(fmt::format("{}, line {}", printable(std::filesystem::path{file}.filename().string()), number));
  }
  return found;
}

std::vector<std::string> Server::overriding(const std::filesystem::path& by_file, Deadline deadline) {
  std::vector<std::string> found;
  for (const Row& row : connection_.ask("SELECT name, source FROM pg_catalog.pg_settings WHERE name = ANY ($1::text[]) "
                                        "AND source IN ('command line', 'environment variable', 'override')",
                                        deadline, {kOurSettings})) {
    found.push_back(fmt::format("{}: {}", text_at(row, 0), text_at(row, 1)));
  }
  std::map<std::string, std::string> last;
  for (const Row& row : connection_.ask("SELECT name, sourcefile FROM pg_catalog.pg_file_settings WHERE name = ANY ($1::text[]) "
                                        "ORDER BY seqno",
                                        deadline, {kOurSettings})) {
    last[text_at(row, 0)] = text_at(row, 1);
  }
  for (const auto& [name, file] : last) {
    // What ALTER SYSTEM writes is read behind everything else.
    const bool always = std::filesystem::path{file}.filename() == "postgresql.auto.conf";
    if (always || (!by_file.empty() && !is_same(file, by_file))) {
      found.push_back(fmt::format("{}: {}", name, printable(std::filesystem::path{file}.filename().string())));
    }
  }
  return found;
}

bool Server::is_same(const std::filesystem::path& named, const std::filesystem::path& file) const {
  if (named == file) return true;
  const Acting as_owner{owner_};
  std::error_code error;
  return std::filesystem::canonical(named, error) == file && !error;
}

std::vector<hba::Rule> Server::rules(Deadline deadline) {
  const bool names_files = dialect() == hba::Dialect::regular_expressions;
  const char* const statement = names_files
                                    ? "SELECT file_name, line_number, type, pg_catalog.array_to_string(database, E'\\x1F'), "
                                      "pg_catalog.array_to_string(user_name, E'\\x1F'), address, netmask "
                                      "FROM pg_catalog.pg_hba_file_rules WHERE type IS NOT NULL ORDER BY rule_number"
                                    : "SELECT '', line_number, type, pg_catalog.array_to_string(database, E'\\x1F'), "
                                      "pg_catalog.array_to_string(user_name, E'\\x1F'), address, netmask "
                                      "FROM pg_catalog.pg_hba_file_rules WHERE type IS NOT NULL ORDER BY line_number";
  struct Read {
    std::vector<hba::Line> lines;
    BlockLines ours;
  };
  std::map<std::string, Read> files;
  const auto read = [&](const std::string& file) -> const Read& {
    const auto found = files.find(file);
    if (found != files.end()) return found->second;
    Read made;
    const std::string content = content_of(file, owner_).value_or("");
    made.lines = hba::lines_of(content);
    made.ours = lines_of_block(content, file);
    return files.emplace(file, std::move(made)).first->second;
  };
  std::vector<hba::Rule> rules;
  for (const Row& row : connection_.ask(statement, deadline)) {
    const std::string file = names_files ? text_at(row, 0) : hba_file_.string();
    const int number = number_at(row, 1);
    const Read& there = read(file);
    if (there.ours.hold(number)) continue;
    const auto line =
        std::find_if(there.lines.begin(), there.lines.end(), [number](const hba::Line& l) { return l.number == number; });
    rules.push_back({.file = file,
                     .number = number,
                     .type = text_at(row, 2),
                     .databases = words_of(text_at(row, 3)),
                     .users = words_of(text_at(row, 4)),
                     .address = text_at(row, 5),
                     .netmask = text_at(row, 6),
                     .line = line != there.lines.end() ? *line : hba::Line{.number = number, .text = {}, .fields = {}}});
  }
  return rules;
}

hba::Matches Server::matches(Deadline deadline) {
  return [this, deadline](const std::string& expression, const std::string& text) {
    return connection_.ask_one("SELECT $2::text OPERATOR(pg_catalog.~) $1::text", deadline, {expression, text}) == "t";
  };
}

namespace {

bool holds(const std::vector<Cidr>& blocks, const std::string& address) {
  return std::any_of(blocks.begin(), blocks.end(), [&address](const Cidr& block) {
    try {
      return block.contains(address);
    } catch (const Error&) {
      return false;  // an address with a zone
    }
  });
}

// A session as pg_stat_activity and pg_stat_ssl show it.
struct Seen {
  Survey::Session session;
  std::string issuer;
  std::string subject;
};

// Whether such a one could be opened where this is served, as far as the server shows.
bool could_come(const Seen& seen, const Publication& what, std::string_view our_name) {
  if (holds(what.keep, seen.session.address)) return true;
  if (!holds(what.rules, seen.session.address)) return false;
  if (std::ranges::find(what.roles, seen.session.user, &RoleName::text) == what.roles.end()) return false;
  // A root's name is one CN, of less than the 63 octets where pg_stat_ssl cuts.
  const bool of_a_root =
      std::ranges::any_of(what.server.roots(), [&seen](const Certificate& root) { return seen.issuer == "/" + root.subject(); });
  if (!of_a_root || what.access.clientcert == ClientCert::verify_ca) return of_a_root;
  constexpr std::size_t kCut = 63;
  const std::string named = "/CN=" + seen.session.user;
  if (what.access.binding == BoundTo::space) return seen.subject.ends_with(named) || seen.subject.size() >= kCut;
  return seen.subject == fmt::format("/OU={}{}", our_name, named).substr(0, kCut);
}

}  // namespace

std::vector<Survey::Session> Server::cut_off(const std::string& database, const Publication& what, Whose whose, Deadline deadline) {
  std::vector<Survey::Session> found;
  for (const Row& row :
       connection_.ask("SELECT a.usename, a.datname, pg_catalog.host(a.client_addr), a.application_name, a.pid, s.issuer_dn, "
                       "s.client_dn FROM pg_catalog.pg_stat_activity a LEFT JOIN pg_catalog.pg_stat_ssl s ON s.pid = a.pid "
                       "WHERE a.datname = $1 AND a.client_addr IS NOT NULL AND a.backend_type = 'client backend' "
                       "AND (a.pid = pg_catalog.pg_backend_pid()) = $2::boolean ORDER BY a.pid",
                       deadline, {database, whose == Whose::ours ? "true" : "false"})) {
    Seen seen{.session = {.user = text_at(row, 0),
                          .database = text_at(row, 1),
                          .address = text_at(row, 2),
                          .application = text_at(row, 3),
                          .pid = number_at(row, 4)},
              .issuer = text_at(row, 5),
              .subject = text_at(row, 6)};
    if (!could_come(seen, what, where_.database.text())) found.push_back(std::move(seen.session));
  }
  return found;
}

std::vector<LiveSession> Server::live_sessions(Deadline deadline) {
  std::vector<LiveSession> found;
  for (const Row& row : connection_.ask(
           "SELECT a.pid, a.usename, a.datname, pg_catalog.host(a.client_addr), a.application_name, s.client_serial::text, "
           "s.issuer_dn, pg_catalog.floor(EXTRACT(epoch FROM a.backend_start))::bigint FROM pg_catalog.pg_stat_ssl s "
           "JOIN pg_catalog.pg_stat_activity a ON a.pid = s.pid WHERE s.client_serial IS NOT NULL ORDER BY a.pid",
           deadline)) {
    const auto serial = serial_in(text_at(row, 5));
    if (!serial) continue;
    std::string issuer = text_at(row, 6);
    if (issuer.starts_with('/')) issuer.erase(0, 1);  // the name of a root of ours is one attribute
    found.push_back({.pid = number_at(row, 0),
                     .user = text_at(row, 1),
                     .database = text_at(row, 2),
                     .address = text_at(row, 3),
                     .application = text_at(row, 4),
                     .serial = *serial,
                     .issuer = std::move(issuer),
                     .since = instant_of(text_at(row, 7))});
  }
  return found;
}

void Server::end_session(const LiveSession& session, Deadline deadline) {
  static_cast<void>(connection_.ask(
      "SELECT pg_catalog.pg_terminate_backend(s.pid) FROM pg_catalog.pg_stat_ssl s JOIN pg_catalog.pg_stat_activity a "
      "ON a.pid = s.pid WHERE s.pid = $1::int AND s.client_serial = $2::numeric "
      "AND pg_catalog.floor(EXTRACT(epoch FROM a.backend_start))::bigint = $3::bigint",
      deadline, {fmt::to_string(session.pid), session.serial.decimal(), fmt::to_string(session.since.time_since_epoch().count())}));
}

void Server::reload(Deadline deadline) {
  // Both times are the server's; the postmaster notes when it read its files, and hands that to the connections it then takes.
  std::string before;
  try {
    before = connection_.ask_one("SELECT (EXTRACT(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint", deadline);
    static_cast<void>(connection_.ask("SELECT pg_catalog.pg_reload_conf()", deadline));
  } catch (const Error&) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();  // its clock is this machine's
    before = fmt::to_string(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
    const Postmaster running = postmaster_of(data_directory_, owner_);
    const Acting as_owner{owner_};
    if (kill(running.pid, SIGHUP) != 0) throw;
  }
  for (std::string last = "it answers, and has not read its files again";;) {
    try {
      Connection fresh = connect(deadline);
      const std::string later = fresh.ask_one(
          "SELECT (EXTRACT(epoch FROM pg_catalog.pg_conf_load_time()) * 1000000)::bigint > $1::bigint", deadline, {before});
      if (later == "t") {
        connection_ = std::move(fresh);
        return;
      }
    } catch (const Error& error) {
      if (error.code() != Errc::unreachable) throw;
      last = error.what();
    }
    if (std::chrono::steady_clock::now() > deadline) {
      throw Error{Errc::unreachable, fmt::format("the server of \"{}\": {}", printable(data_directory_.string()), last)};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
}

std::vector<std::string> Server::not_in_force(const std::filesystem::path& by_file, Deadline deadline) const {
  std::vector<std::string> found;
  Connection fresh = connect(deadline);
  for (const Row& row : fresh.ask("SELECT name, sourcefile, source FROM pg_catalog.pg_settings "
                                  "WHERE name = ANY ($1::text[]) ORDER BY name",
                                  deadline, {kOurSettings})) {
    if (!is_same(text_at(row, 1), by_file)) {
      found.push_back(fmt::format("{}: {}", text_at(row, 0), printable(row.at(1) ? text_at(row, 1) : text_at(row, 2))));
    }
  }
  return found;
}

bool Server::uses(const std::filesystem::path& file, Deadline deadline) const {
  const auto named =
      connect(deadline).ask("SELECT DISTINCT sourcefile FROM pg_catalog.pg_settings WHERE sourcefile IS NOT NULL", deadline);
  return std::ranges::any_of(named, [&](const Row& row) { return is_same(text_at(row, 0), file); });
}

}  // namespace spaceca::publish
