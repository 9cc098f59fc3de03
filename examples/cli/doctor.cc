#include <charconv>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include <spaceca/diagnosis.h>
#include <spaceca/error.h>
#include <spaceca/postgres_handshake.h>

#include "commands.h"
#include "doctor_files.h"
#include "doctor_records.h"
#include "output.h"

using namespace spaceca;

namespace {

[[noreturn]] void misunderstood(const std::string& text, const std::string& hint) {
  throw Failure{Exit::usage, "usage", text, hint};
}

// "db.example:5432", "[::1]:5432", "db.example".
PostgresVisit server_of(const std::string& text) {
  PostgresVisit visit{.host = text};
  const auto colon = text.rfind(':');
  const auto bracket = text.find(']');
  const bool bracketed = text.starts_with('[');
  const bool has_port = colon != std::string::npos && (bracketed ? colon == bracket + 1 : text.find(':') == colon);
  if (has_port) {
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + colon + 1, end, visit.port);
    if (read.ec != std::errc{} || read.ptr != end || visit.port == 0) {
      misunderstood(fmt::format("--connect \"{}\": the port is a number from 1 to 65535", text), "--connect HOST:PORT");
    }
    visit.host = text.substr(0, colon);
  }
  if (bracketed) {
    if (bracket == std::string::npos || bracket + 1 != visit.host.size()) {
      misunderstood(fmt::format("--connect \"{}\": is no HOST:PORT", text), "--connect [ADDRESS]:PORT");
    }
    visit.host = visit.host.substr(1, bracket - 1);
  }
  if (visit.host.empty()) misunderstood(fmt::format("--connect \"{}\": names no host", text), "--connect HOST:PORT");
  return visit;
}

// Nothing for what no certificate can bear.
std::optional<HostName> host_of(const std::string& text) {
  try {
    return HostName{text};
  } catch (const Error&) {
    return std::nullopt;
  }
}

nlohmann::json json_of(const Diagnosis& one) {
  return {{"rule", one.finding.rule},     {"certainty", one.certainty == Certainty::fault ? "fault" : "doubt"},
          {"text", one.finding.text},     {"seen_as", one.finding.seen_as},
          {"source", one.finding.source}, {"remedy", one.remedy}};
}

std::string text_of(const Diagnosis& one) {
  std::string text = fmt::format("{}: {}: {}\n", one.certainty == Certainty::fault ? "fault" : "doubt", one.finding.rule,
                                 one_line(one.finding.text));
  if (!one.finding.seen_as.empty()) text += fmt::format("  seen as: {}\n", one_line(one.finding.seen_as));
  return text + fmt::format("  to do:   {}\n", one_line(one.remedy));
}

// One run: what was looked at, and what was found so far.
class Examination final {
 public:
  explicit Examination(Session& session) : session_(session), arguments_(session.arguments), use_{.now = session.now()} {
    if (!arguments_.bundle.empty()) {
      files_ = client_files_in(arguments_.bundle, arguments_.prefix);
      shown_ = shown_of(*files_);
      looked_at_ = names_of(*files_);
    }
  }

  void of_files() {
    use_.role = arguments_.role;
    add(diagnose(*files_, use_));
  }

  void of_server() {
    PostgresVisit visit = server_of(arguments_.connect);
    visit.database = arguments_.login_database;
    if (const auto seen = look(std::move(visit), shown_ ? shown_->common_name : "")) add_server(*seen);
  }

  void of_database() {
    const Place place = session_.place();
    add(findings_of(session_, place));
    const DatabaseUrl url = place.space.url(place.name());
    const ServerDue due = due_of(place);
    if (files_) add(diagnose(due, *files_));
    if (shown_) add(findings_of(session_, place, shown_->chain.front()));
    const auto seen = look({.host = url.host(), .port = url.port(), .database = url.database()},
                           shown_ ? shown_->common_name : place.record.role.text());
    if (!seen) return;
    add_server(*seen);
    add(diagnose(due, *seen, lists_in_force(session_, place, url), use_));
  }

  Exit report() const {
    auto json = nlohmann::json{{"looked_at", looked_at_}, {"findings", nlohmann::json::array()}};
    std::string text;
    for (const Certainty certainty : {Certainty::fault, Certainty::doubt}) {
      for (const Diagnosis& one : found_) {
        if (one.certainty != certainty) continue;
        json["findings"].push_back(json_of(one));
        text += text_of(one);
      }
    }
    session_.answer(json, found_.empty() ? fmt::format("nothing is wrong with {}\n", joined(looked_at_)) : text);
    return unreachable_ ? Exit::unreachable : found_.empty() ? Exit::done : Exit::failed;
  }

 private:
  // Several looks may find the same.
  void add(std::vector<Diagnosis> more) {
    for (Diagnosis& one : more) {
      const bool known = std::any_of(found_.begin(), found_.end(), [&one](const Diagnosis& other) {
        return other.finding.rule == one.finding.rule && other.finding.text == one.finding.text;
      });
      if (!known) found_.push_back(std::move(one));
    }
  }

  void add_server(const ServerSeen& seen) { add(files_ ? diagnose(*files_, seen, use_) : diagnose(seen, use_)); }

  // Nothing if it does not answer; then that is what was found.
  std::optional<ServerSeen> look(PostgresVisit visit, const std::string& role) {
    use_.host = host_of(visit.host);
    use_.role = visit.role = arguments_.role.empty() ? role : arguments_.role;
    try {
      ServerSeen seen = look_at_postgres(visit, shown_ ? &*shown_ : nullptr);
      looked_at_.push_back(seen.address);
      return seen;
    } catch (const Error& error) {
      if (error.code() != Errc::unreachable) throw;
      unreachable_ = true;
      found_.push_back(
          {.certainty = Certainty::fault,
           .finding = {.rule = "server-unreachable", .text = error.what(), .source = "TCP"},
           .remedy = "see whether it runs, whether listen_addresses holds that address, and whether a firewall stands between"});
      if (files_) add(diagnose(*files_, use_));
      return std::nullopt;
    }
  }

  Session& session_;
  const Arguments& arguments_;
  ClientUse use_;
  std::optional<ClientFiles> files_;
  std::optional<Shown> shown_;
  std::vector<std::string> looked_at_;
  std::vector<Diagnosis> found_;
  bool unreachable_ = false;
};

void check(const Arguments& arguments) {
  const bool of_database = !arguments.database.empty();
  if (arguments.bundle.empty() && arguments.connect.empty() && !of_database) {
    misunderstood("what to look at is missing", "--bundle DIR, --connect HOST:PORT, or DATABASE --app APP");
  }
  if (of_database && !arguments.connect.empty()) {
    misunderstood("DATABASE and --connect: the database's own URL says where its server is", "give one of them");
  }
  if (of_database && arguments.app.empty()) misunderstood("--app is required", "spaceca doctor DATABASE --app APP");
}

}  // namespace

Exit doctor::diagnose(Session& session) {
  const Arguments& arguments = session.arguments;
  check(arguments);
  Examination examination{session};
  if (!arguments.database.empty()) {
    examination.of_database();
  } else if (!arguments.connect.empty()) {
    examination.of_server();
  } else {
    examination.of_files();
  }
  return examination.report();
}
