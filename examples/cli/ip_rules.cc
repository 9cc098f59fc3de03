#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include <spaceca/authority.h>

#include "commands.h"
#include "failure.h"
#include "publishing.h"
#include "records.h"
#include "secrets.h"

using namespace spaceca;

namespace {

constexpr std::string_view kBlanks = " \t\r";

AnyAddress any_of(const Arguments& arguments) { return arguments.allow_any ? AnyAddress::allowed : AnyAddress::refused; }

// "192.0.2.0/24 the office". Of a line that begins with no address nothing is repeated: it may be of a file that was not meant.
IpRuleSpec rule_of(const std::string& line, AnyAddress any) {
  const auto end = std::min(line.find_first_of(kBlanks), line.size());
  const auto description = std::min(line.find_first_not_of(kBlanks, end), line.size());
  const std::string block = line.substr(0, end);
  if (block.find_first_not_of("0123456789abcdefABCDEF.:/") != std::string::npos) {
    throw Error{Errc::invalid_argument, "begins with no address; a line is a block, a blank and a description"};
  }
  return {.cidr = Cidr{block}, .description = line.substr(description), .any = any};
}

// Lines that are blank or begin with # are none.
std::vector<IpRuleSpec> rules_in(const std::string& file, AnyAddress any) {
  const std::string name = file == "-" ? "standard input" : fmt::format("file \"{}\"", file);
  const SecretBytes octets = read_secret(file);  // from the standard input too
  std::istringstream lines{std::string{text_of(octets.reveal())}};
  std::vector<IpRuleSpec> rules;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const auto begin = line.find_first_not_of(kBlanks);
    if (begin == std::string::npos || line[begin] == '#') continue;
    try {
      rules.push_back(rule_of(line.substr(begin, line.find_last_not_of(kBlanks) + 1 - begin), any));
    } catch (const Error& error) {
      throw Error{error.code(), fmt::format("{}, line {}: {}", name, number, error.what())};
    }
  }
  if (rules.empty()) {
    throw Error{Errc::invalid_argument, fmt::format("{}: holds no rule; a line is a block, a blank and a description", name)};
  }
  return rules;
}

std::vector<IpRuleSpec> rules_asked_for(const Arguments& arguments) {
  if (arguments.file.empty() == arguments.cidr.empty()) {
    throw Failure{Exit::usage, "usage", "give either --cidr or --file", "spaceca data:mtls:ip-rules:create --help"};
  }
  if (!arguments.file.empty()) {
    if (arguments.description) throw Failure{Exit::usage, "usage", "--description: with --file each line has its own"};
    return rules_in(arguments.file, any_of(arguments));
  }
  return {{.cidr = Cidr{arguments.cidr}, .description = arguments.description.value_or(""), .any = any_of(arguments)}};
}

// Who asks for every address without saying that he means it learns how to say so.
template <class Work>
auto hinted(const Arguments& arguments, bool every, const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    if (error.code() != Errc::policy || !every || arguments.allow_any) throw;
    throw Failure{error, "--allow-any"};
  }
}

// Whoever reads "deleted" must not believe that an address is out which another rule lets in.
void warn_of_overlaps(const Session& session, const IpRule& rule, const std::vector<IpRule>& rules) {
  for (const IpRule& other : rules) {
    if (other.id == rule.id || !other.cidr.overlaps(rule.cidr)) continue;
    const bool within = other.cidr.contains(rule.cidr);
    session.note(fmt::format("warning: {} {} {}, of rule {}", rule.cidr.text(), within ? "lies in" : "holds", other.cidr.text(),
                             other.id.text()));
  }
}

IpRule rule_in(const Place& place, const Arguments& arguments) {
  const IpRuleId id{arguments.id};
  const auto found = place.space.find_ip_rule(id);
  if (found && found->database == place.name()) return *found;
  throw Failure{Exit::not_found, "not_found",
                fmt::format("IP rule {} of database \"{}\": there is none", id.text(), place.name().text()),
                fmt::format("spaceca data:mtls:ip-rules {}{}", place.name().text(), flags_of(arguments, place.record))};
}

// The reference's answer at once, for people; then the server, and what a program asks next.
Exit answer_and_publish(Session& session, const Place& place, const std::vector<IpRule>& changed, bool one) {
  std::string text;
  for (const IpRule& rule : changed) text += (text.empty() ? "" : "\n") + block(fields_of(rule));
  if (!session.arguments.json) print(text);
  // Without mTLS there is no server to be told.
  const auto record = place.space.find_database(place.name());
  const Exit exit = record && record->publication_pending
                        ? publish(session, place, fmt::format("Publishing database {}", place.name().text()))
                        : Exit::done;
  if (session.arguments.json) {
    auto json = nlohmann::json::array();
    for (const IpRule& rule : changed) json.push_back(json_of(place.space.find_ip_rule(rule.id).value_or(rule)));
    print(json_text(one ? json.front() : json));
  }
  return exit;
}

}  // namespace

Exit ip_rules::list(Session& session) {
  const Place place = session.place();
  const auto found = session.arguments.all
                         ? all_pages([&place](const PageRequest& page) { return place.space.ip_rule_history(place.name(), page); })
                         : place.space.ip_rules(place.name());
  auto json = nlohmann::json::array();
  for (const IpRule& rule : found) json.push_back(json_of(rule));
  session.answer(json, table_of(found));
  return Exit::done;
}

Exit ip_rules::create(Session& session) {
  const auto asked = rules_asked_for(session.arguments);
  const Place place = session.place();
  const bool one = session.arguments.file.empty();
  Progress progress =
      session.progress(fmt::format("Creating {} for database {}", one ? "IP Rule" : "IP Rules", place.name().text()));
  const bool every = std::ranges::any_of(asked, [](const IpRuleSpec& rule) { return rule.cidr.is_any(); });
  const auto made = hinted(session.arguments, every, [&] { return place.space.create_ip_rules(place.name(), asked); });
  progress.done();
  const auto all = place.space.ip_rules(place.name());
  for (const IpRule& rule : made) warn_of_overlaps(session, rule, all);
  return answer_and_publish(session, place, made, one);
}

Exit ip_rules::show(Session& session) {
  const Place place = session.place();
  const IpRule found = rule_in(place, session.arguments);
  session.answer(json_of(found), block(fields_of(found)));
  return Exit::done;
}

Exit ip_rules::update(Session& session) {
  const Arguments& arguments = session.arguments;
  IpRuleChange change{.cidr = {}, .description = arguments.description, .any = any_of(arguments)};
  if (!arguments.cidr.empty()) change.cidr.emplace(arguments.cidr);
  if (!change.cidr && !change.description) {
    throw Failure{Exit::usage, "usage", "give --cidr, --description or both", "spaceca data:mtls:ip-rules:update --help"};
  }
  const Place place = session.place();
  const IpRule before = rule_in(place, arguments);
  Progress progress = session.progress(fmt::format("Updating IP Rule for database {}", place.name().text()));
  const IpRule changed =
      hinted(arguments, change.cidr && change.cidr->is_any(), [&] { return place.space.update_ip_rule(before.id, change); });
  progress.done();
  if (changed.cidr != before.cidr) warn_of_overlaps(session, changed, place.space.ip_rules(place.name()));
  return answer_and_publish(session, place, {changed}, true);
}

Exit ip_rules::remove(Session& session) {
  const Place place = session.place();
  const IpRule before = rule_in(place, session.arguments);
  Progress progress = session.progress(fmt::format("Deleting IP Rule for database {}", place.name().text()));
  const IpRule deleted = place.space.delete_ip_rule(before.id);
  progress.done();
  for (const IpRule& other : place.space.ip_rules(place.name())) {
    if (other.cidr.overlaps(deleted.cidr)) {
      session.note(fmt::format("warning: {} of rule {} goes on to let in {}", other.cidr.text(), other.id.text(),
                               other.cidr.contains(deleted.cidr) ? "all of it" : "a part of it"));
    }
  }
  return answer_and_publish(session, place, {deleted}, true);
}
