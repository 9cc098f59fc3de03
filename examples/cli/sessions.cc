#include <algorithm>

#include <fmt/format.h>

#include "commands.h"
#include "failure.h"
#include "records.h"
#include "sessions.h"

using namespace spaceca;

namespace {

std::string counted(std::size_t count) { return fmt::format("{} session{}", count, count == 1 ? "" : "s"); }

// Those that it opened and that are open now, at every server of the space that can be asked.
struct Left {
  bool is_asked = false;  // there are servers
  std::vector<LiveSession> sessions;
  std::vector<std::string> missed;
};
Left left_of(Session& session, const Space& space, unsigned generation, const Serial& serial) {
  Left left;
  const SpaceRecord record = space.describe();
  const auto root = std::ranges::find(record.roots, generation, &RootRecord::generation);
  const Census census = space.census(session.publisher());
  for (const Attendance& one : census.found) {
    if (one.serial != serial || root == record.roots.end() || one.issuer != root->certificate.subject()) continue;
    left.sessions.insert(left.sessions.end(), one.sessions.begin(), one.sessions.end());
  }
  for (const Adoption::Missed& missed : census.missed) left.missed.push_back(missed.database.text());
  const auto databases = all_pages([&space](const PageRequest& page) { return space.databases(page); });
  for (const DatabaseRecord& one : databases) {
    if (one.state != DatabaseState::provisioning && one.state != DatabaseState::operational) continue;
    left.is_asked = true;
    if (one.data_directory.empty()) left.missed.push_back(one.name.text());
  }
  return left;
}

Instant first_of(const std::vector<LiveSession>& sessions) {
  return std::ranges::min_element(sessions, {}, &LiveSession::since)->since;
}

std::string attendance_table(const std::vector<std::pair<SpaceName, Attendance>>& found) {
  const auto row_of = [](const std::pair<SpaceName, Attendance>& where) {
    const auto& [space, one] = where;
    const auto& certificate = one.certificate;
    return Row{space.text(),
               one.database.text(),
               certificate ? certificate->id.text() : "unknown here",
               certificate && certificate->role ? certificate->role->text() : "",
               certificate ? std::string{text_of(certificate->state)} : "",
               fmt::to_string(one.sessions.size()),
               time_text(first_of(one.sessions)),
               one.serial.hex(),
               one.issuer};
  };
  return table({"Space", "Server Of", "id", "Role", "Status", "Sessions", "Since", "Serial", "Issuer"}, each(found, row_of));
}

nlohmann::json attendance_json(const SpaceName& space, const Attendance& one, Instant now) {
  auto sessions = nlohmann::json::array();
  for (const LiveSession& session : one.sessions) sessions.push_back(json_of(session));
  return {{"space", space.text()},
          {"addon", one.database.text()},
          {"serial", one.serial.hex()},
          {"issuer", one.issuer},
          {"certificate", one.certificate ? json_of(*one.certificate, now) : nlohmann::json()},
          {"sessions", std::move(sessions)}};
}

}  // namespace

OpenSessions open_sessions(const Arguments& arguments) {
  if (arguments.disconnect && arguments.no_disconnect) {
    throw Failure{Exit::usage, "usage", "--disconnect and --no-disconnect: give one of them"};
  }
  if (arguments.disconnect) return OpenSessions::end;
  return arguments.no_disconnect ? OpenSessions::live_on : OpenSessions::as_usual;
}

nlohmann::json json_of(const LiveSession& session) {
  return {{"pid", session.pid},
          {"user", session.user},
          {"database", session.database},
          {"address", session.address},
          {"application", session.application},
          {"since", rfc3339(session.since)}};
}

std::string text_of(const LiveSession& session) {
  const std::string from = session.address.empty() ? "by the socket" : "from " + session.address;
  const std::string application = session.application.empty() ? "" : fmt::format(" ({})", session.application);
  return one_line(fmt::format("pid {}: {} in {} {}{}", session.pid, session.user, session.database, from, application));
}

nlohmann::json tell_sessions(Session& session, const Space& space, const Ended& ended, unsigned generation, const Serial& serial) {
  const Left left = left_of(session, space, generation, serial);
  auto json = nlohmann::json{{"ended", nlohmann::json::array()}, {"live", left.sessions.size()}, {"not_asked", left.missed}};
  for (const SweepPart::EndedSession& one : ended) json["ended"].push_back(json_of(one.session));
  if (session.arguments.json) return json;
  std::string text;
  if (!ended.empty()) text += fmt::format("{} ended:\n", counted(ended.size()));
  for (const SweepPart::EndedSession& one : ended) text += fmt::format("  {}\n", text_of(one.session));
  if (!left.sessions.empty()) {
    text += fmt::format("{} {} on (--disconnect ends them):\n", counted(left.sessions.size()),
                        left.sessions.size() == 1 ? "lives" : "live");
  }
  for (const LiveSession& one : left.sessions) text += fmt::format("  {}\n", text_of(one));
  if (text.empty() && left.is_asked && left.missed.empty()) text = "no sessions are open by it\n";
  if (!left.missed.empty()) {
    text += fmt::format("whether sessions are open by it at the servers of {} is not known\n", joined(left.missed));
  }
  print(text);
  return json;
}

Exit sessions::census(Session& session) {
  std::vector<SpaceName> names;
  if (session.arguments.space.empty()) {
    for (const SpaceRecord& space : all_pages([&session](const PageRequest& page) { return session.authority().spaces(page); })) {
      names.push_back(space.name);
    }
  } else {
    names.emplace_back(session.arguments.space);
  }
  std::vector<std::pair<SpaceName, Attendance>> found;
  std::vector<Failure> missed;
  for (const SpaceName& name : names) {
    Census census = session.space(name).census(session.publisher());
    for (Attendance& one : census.found) found.emplace_back(name, std::move(one));
    for (const Adoption::Missed& one : census.missed) {
      missed.emplace_back(Error{one.code, fmt::format("database \"{}\": {}", one.database.text(), one.why)},
                          hint_of(Errc::unreachable));
    }
  }
  auto json = nlohmann::json::array();
  for (const auto& [space, one] : found) json.push_back(attendance_json(space, one, session.now()));
  session.answer(json, attendance_table(found));
  return complain(session, missed);
}
