#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include <spaceca/authority.h>

#include "commands.h"
#include "failure.h"
#include "publishing.h"
#include "records.h"
#include "secrets.h"
#include "sessions.h"

using namespace spaceca;

namespace {

const RootRecord* root_in(const SpaceRecord& space, RootState state) {
  const auto found =
      std::find_if(space.roots.begin(), space.roots.end(), [state](const RootRecord& root) { return root.state == state; });
  return found == space.roots.end() ? nullptr : &*found;
}

// Of --generation, or that of the active root.
unsigned generation(const Arguments& arguments, const SpaceRecord& space) {
  const std::string& text = arguments.generation;
  if (text.empty()) {
    const RootRecord* active = root_in(space, RootState::active);
    if (active == nullptr) throw Error{Errc::not_found, fmt::format("space \"{}\": has no active root", space.name.text())};
    return active->generation;
  }
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0) {
    throw Error{Errc::invalid_argument, fmt::format("--generation \"{}\": is no number of a root", text)};
  }
  return number;
}

// The step that comes next in a root's life.
RotationStep next_step(const SpaceRecord& space) {
  if (root_in(space, RootState::next) != nullptr) return RotationStep::activate;
  if (root_in(space, RootState::retiring) != nullptr) return RotationStep::retire;
  return RotationStep::prepare;
}

RotationStep step_of(const Arguments& arguments, const SpaceRecord& space) {
  const std::string& text = arguments.step;
  if (text.empty()) return next_step(space);
  if (text == "prepare") return RotationStep::prepare;
  if (text == "activate") return RotationStep::activate;
  if (text == "retire") return RotationStep::retire;
  if (text == "rollback") return RotationStep::rollback;
  throw Error{Errc::invalid_argument, fmt::format("step \"{}\": is none of prepare, activate, retire, rollback, distrust", text)};
}

// For programs with what is in `more`.
Exit answer_and_publish(Session& session, const Space& space, const nlohmann::json& more = nlohmann::json::object()) {
  if (!session.arguments.json) print(text_of(space.describe()));
  const Exit exit = publish_space(session, space, fmt::format("Publishing space {}", space.name().text()));
  if (!session.arguments.json) return exit;
  auto json = json_of(space.describe());
  json.update(more);
  print(json_text(json));
  return exit;
}

Exit distrust(Session& session, const Space& space) {
  const std::string& name = space.name().text();
  const unsigned number = generation(session.arguments, space.describe());
  confirm(session.arguments, name,
          fmt::format("root {} of space \"{}\" would leave every bundle, and all certificates under it would be replaced; clients "
                      "cannot connect until they have fetched theirs",
                      number, name));
  Progress progress = session.progress(fmt::format("Distrusting root {} of space {}", number, name));
  const auto successors = space.distrust(number);
  progress.done();
  auto json = nlohmann::json::array();
  for (const CertificateRecord& certificate : successors) json.push_back(json_of(certificate, session.now()));
  const Exit exit = answer_and_publish(session, space, {{"successors", std::move(json)}});
  if (!session.arguments.json) print("\n" + table_of(successors, session.now()));
  return exit;
}

}  // namespace

Exit spaces::list(Session& session) {
  const auto found = all_pages([&session](const PageRequest& page) { return session.authority().spaces(page); });
  auto json = nlohmann::json::array();
  for (const SpaceRecord& space : found) json.push_back(json_of(space));
  session.answer(json, table_of(found));
  return Exit::done;
}

Exit spaces::create(Session& session) {
  const Arguments& arguments = session.arguments;
  const SpaceName name{arguments.space};
  const bool shield = arguments.kind == text_of(SpaceKind::shield);
  if (!shield && arguments.kind != text_of(SpaceKind::private_space)) {
    throw Error{Errc::invalid_argument, fmt::format("kind \"{}\": is private or shield", arguments.kind)};
  }
  Authority& authority = session.authority();
  Progress progress = session.progress(fmt::format("Creating space {}", name.text()));
  const SpaceRecord made =
      authority.create_space(name, session.actor(), shield ? SpaceKind::shield : SpaceKind::private_space).describe();
  progress.done();
  session.answer(json_of(made), text_of(made));
  return Exit::done;
}

Exit spaces::show(Session& session) {
  const SpaceRecord space = session.space(SpaceName{session.arguments.space}).describe();
  session.answer(json_of(space), text_of(space));
  return Exit::done;
}

Exit spaces::rotate(Session& session) {
  const Arguments& arguments = session.arguments;
  const bool is_distrust = arguments.step == "distrust";
  if (!arguments.generation.empty() && !is_distrust) {
    throw Error{Errc::invalid_argument, "--generation: names the root to distrust, and goes with --step distrust alone"};
  }
  if (!arguments.confirm.empty() && !is_distrust && arguments.force_server.empty()) {
    throw Error{Errc::invalid_argument, "--confirm: goes with --step distrust or --force-server; the other steps keep nobody out"};
  }
  const Space space = session.space(SpaceName{arguments.space});
  if (!arguments.force_server.empty()) {
    if (!arguments.step.empty()) throw Error{Errc::invalid_argument, "--step and --force-server: one at a time"};
    const DatabaseName database{arguments.force_server};
    confirm(arguments, space.name().text(),
            fmt::format("clients of database \"{}\" that have not fetched the new root would refuse its server", database.text()));
    space.force_server(database);
    return answer_and_publish(session, space);
  }
  if (is_distrust) return distrust(session, space);
  const RotationStep step = step_of(arguments, space.describe());
  Progress progress = session.progress(fmt::format("Rotating the root of space {}", space.name().text()));
  static_cast<void>(space.rotate(step));
  progress.done();
  return answer_and_publish(session, space);
}

Exit spaces::adopt(Session& session) {
  const Space space = session.space(SpaceName{session.arguments.space});
  Progress progress = session.progress(fmt::format("Adopting what the servers of space {} know", space.name().text()));
  const Adoption adoption = space.adopt(session.publisher());
  progress.done();
  auto missed = nlohmann::json::array();
  Fields fields = {{"adopted", fmt::to_string(adoption.entries)}};
  std::vector<std::string> names;
  for (const Adoption::Missed& server : adoption.missed) {
    missed.push_back({{"database", server.database.text()}, {"error", server.why}, {"code", word_of(server.code)}});
    names.push_back(server.database.text());
    session.note(
        fmt::format("warning: database \"{}\": its lists could not be read: {}", server.database.text(), one_line(server.why)));
  }
  if (!names.empty()) {
    fields.emplace_back("missed", joined(names));
    session.note(fmt::format("hint: when they answer, spaceca spaces:adopt {} again", space.name().text()));
  }
  session.answer({{"adopted", adoption.entries}, {"missed", std::move(missed)}}, block(std::move(fields)));
  return publish_space(session, space, fmt::format("Publishing space {}", space.name().text()));
}

Exit spaces::revoke_serial(Session& session) {
  const Arguments& arguments = session.arguments;
  const Serial serial{arguments.serial};
  const RevocationReason reason = reason_of(arguments.reason);
  const OpenSessions sessions = open_sessions(arguments);
  const Space space = session.space(SpaceName{arguments.space});
  const unsigned root = generation(arguments, space.describe());
  for (const CertificateRecord& known : space.find_by_serial(serial)) {
    if (known.generation != root) continue;
    const auto database = space.find_database(known.database);
    throw Failure{Exit::refused, "exists",
                  fmt::format("serial {}: is that of certificate {} of database \"{}\"", serial.hex(), known.id.text(),
                              known.database.text()),
                  database ? fmt::format("spaceca data:mtls:certificates:delete {} --id {}{}", database->name.text(),
                                         known.id.text(), flags_of(arguments, *database))
                           : std::string{}};
  }
  Progress progress = session.progress(fmt::format("Revoking serial {} of space {}", serial.hex(), space.name().text()));
  space.revoke_serial(root, serial, reason, {}, sessions);
  progress.done();
  if (!arguments.json) {
    print(block({{"serial", serial.hex()}, {"generation", fmt::to_string(root)}, {"reason", std::string{word_of(reason)}}}));
  }
  Ended ended;
  const Exit exit = publish_space(session, space, fmt::format("Publishing space {}", space.name().text()), &ended);
  const auto told = tell_sessions(session, space, ended, root, serial);
  if (arguments.json) {
    print(json_text({{"serial", serial.hex()}, {"generation", root}, {"reason", word_of(reason)}, {"open_sessions", told}}));
  }
  return exit;
}
