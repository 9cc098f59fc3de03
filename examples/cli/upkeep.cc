#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <fstream>
#include <memory>
#include <sstream>

#include <fmt/format.h>

#include <spaceca/authority.h>
#include <spaceca/files.h>
#include <spaceca/sqlite_store.h>
#include <spaceca/vault.h>

#include "commands.h"
#include "notifying.h"
#include "output.h"
#include "records.h"
#include "secrets.h"
#include "sessions.h"

using namespace spaceca;

namespace {

constexpr const char* kStoreChain = "-";  // of the store's own audit chain, whose name is empty

void make_folder_of(const std::filesystem::path& file) {
  const auto folder = file.parent_path();
  std::error_code error;
  if (folder.empty() || std::filesystem::exists(folder, error)) return;
  std::filesystem::create_directories(folder, error);
  if (error) throw Error{Errc::io, fmt::format("folder \"{}\": {}", folder.string(), error.message())};
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
}

// One that is there without a key was begun by an init that did not come to its end.
std::unique_ptr<Store> new_or_keyless_store(const std::filesystem::path& file) {
  make_folder_of(file);
  try {
    return create_sqlite_store(file);
  } catch (const Error& error) {
    if (error.code() != Errc::exists) throw;
  }
  return open_sqlite_store(file);
}

// --- sweep ---

constexpr std::array<std::pair<const char*, SweepPart SweepReport::*>, 6> kParts = {{{"census", &SweepReport::census},
                                                                                     {"renewals", &SweepReport::renewals},
                                                                                     {"crls", &SweepReport::crls},
                                                                                     {"roots", &SweepReport::roots},
                                                                                     {"publications", &SweepReport::publications},
                                                                                     {"notices", &SweepReport::notices}}};

std::string text_of(const SweepReport& report) {
  std::vector<Row> rows;
  const auto add = [&rows](const char* part, const char* result, const std::vector<SweepPart::Item>& items) {
    for (const SweepPart::Item& item : items) rows.push_back({part, result, item.space.text(), item.object, item.what});
  };
  for (const auto& [name, part] : kParts) {
    add(name, "done", (report.*part).done);
    for (const SweepPart::EndedSession& one : (report.*part).ended) {
      rows.push_back({name, "done", one.space.text(), one.database.text(), "session ended: " + ::text_of(one.session)});
    }
    add(name, "late", (report.*part).late);
    add(name, "failed", (report.*part).failed);
    if ((report.*part).unfinished) rows.push_back({name, "unfinished", "", "", "the rest waits for the next sweep"});
  }
  return rows.empty() ? std::string{} : table({"Part", "Result", "Space", "Object", "What"}, rows);
}

nlohmann::json json_of(const SweepReport& report) {
  auto json = nlohmann::json::object();
  for (const auto& [name, part] : kParts) json[name] = ::json_of(report.*part);
  json["clock_suspect"] = report.clock_suspect;
  return json;
}

// Whether somebody must look: also where the deadline came first, or the clock is in doubt, since what waits may be overdue.
bool is_good(const SweepReport& report) {
  for (const auto& [name, part] : kParts) {
    if (!(report.*part).failed.empty() || (report.*part).unfinished) return false;
  }
  return !report.clock_suspect;
}

bool is_unfinished(const SweepReport& report) {
  return std::any_of(kParts.begin(), kParts.end(), [&report](const auto& part) { return (report.*part.second).unfinished; });
}

// --- audit ---

std::string text_of(const std::vector<AuditAnchor>& anchors) {
  return table({"Chain", "Number", "Code"}, each(anchors, [](const AuditAnchor& anchor) {
                 return Row{anchor.chain.empty() ? kStoreChain : anchor.chain, fmt::to_string(anchor.number), anchor.code};
               }));
}

std::vector<AuditAnchor> anchors_in_json(std::istream& stream, const std::string& file) {
  std::vector<AuditAnchor> anchors;
  try {
    const auto document = nlohmann::json::parse(stream);
    for (const auto& one : document.at("anchors")) {
      anchors.push_back({one.at("chain"), one.at("number"), one.at("code")});
    }
  } catch (const nlohmann::json::exception&) {
    throw Error{Errc::malformed, fmt::format("file \"{}\": is not what spaceca audit:verify --json prints", file)};
  }
  return anchors;
}

// What audit:verify printed, as it was kept: the table, or with --json the document.
std::vector<AuditAnchor> anchors_in(const std::string& file) {
  if (file.empty()) return {};
  std::ifstream stream{file};
  if (!stream) throw Error{Errc::not_found, fmt::format("file \"{}\": cannot be read", file)};
  if (stream.peek() == '{') return anchors_in_json(stream, file);
  std::vector<AuditAnchor> anchors;
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    std::istringstream words{line};
    AuditAnchor anchor{};
    std::string rest;
    if (line.empty() || line.starts_with("Chain ")) continue;
    if (!(words >> anchor.chain >> anchor.number >> anchor.code) || words >> rest) {
      throw Error{Errc::malformed, fmt::format("file \"{}\" line {}: is not a chain, a number and a code", file, number)};
    }
    if (anchor.chain == kStoreChain) anchor.chain.clear();
    anchors.push_back(std::move(anchor));
  }
  return anchors;
}

std::string text_of(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) text += fmt::format("{}: {}\n", finding.rule, finding.text);
  return text;
}

// --- pkcs8 ---

SecretBytes pkcs8_der(const Arguments& arguments, std::string_view pem) {
  if (!arguments.passphrase_file.empty()) return pkcs8_der_from_pem(pem, read_secret_line(arguments.passphrase_file));
  try {
    return pkcs8_der_from_pem(pem);
  } catch (const Error& error) {
    if (error.code() != Errc::passphrase_missing) throw;
    if (!has_terminal()) throw Failure{error, "give --passphrase-file"};
  }
  return pkcs8_der_from_pem(pem, ask_secret("Passphrase of the key: "));
}

}  // namespace

Exit upkeep::init(Session& session) {
  const auto file = session.store_path();
  const NewKey fresh = new_vault_key(session.arguments);
  std::unique_ptr<Store> store;
  try {
    store = new_or_keyless_store(file);
  } catch (...) {
    fresh.take_back();
    throw;
  }
  try {
    static_cast<void>(create_sealed_vault(*store, fresh.key, session.now()));
  } catch (const Error& error) {
    if (error.code() != Errc::exists) throw;  // it may be what opens the store
    fresh.take_back();
    throw Failure{Exit::refused, "exists", fmt::format("store \"{}\": is there already", file.string()),
                  "--store sqlite:PATH makes another"};
  }
  Fields fields = {{"store", file.string()}};
  nlohmann::json json = {{"store", file.string()}};
  if (const KeyFile* key_file = std::get_if<KeyFile>(&fresh.key)) {
    fields.emplace_back("key_file", key_file->path.string());
    json["key_file"] = key_file->path.string();
  }
  session.answer(json, block(std::move(fields)));
  session.note("without its passphrase or key file the store opens to nobody: keep that apart from the backups");
  return Exit::done;
}

Exit upkeep::sweep(Session& session) {
  const Arguments& arguments = session.arguments;
  // Lasting settings by which nobody can be told keep nothing else from being done.
  std::unique_ptr<Notifier> notifier;
  std::exception_ptr nobody_is_told;
  try {
    notifier = configured_notifier(session);
  } catch (...) {
    if (!arguments.notices.empty()) throw;
    nobody_is_told = std::current_exception();
  }
  SweepOptions options{.publisher = &session.publisher(), .notifier = notifier.get()};
  if (arguments.revoke_abandoned_after) options.revoke_abandoned_after = std::chrono::days{*arguments.revoke_abandoned_after};
  if (arguments.deadline) options.deadline = std::chrono::steady_clock::now() + std::chrono::seconds{*arguments.deadline};
  const SweepReport report = session.authority().sweep(options);
  session.answer(json_of(report), text_of(report));
  if (report.clock_suspect) {
    session.note(
        "warning: the clock stands behind or far ahead of what the store has seen; pruning, rotation and perhaps mail wait\n"
        "hint: if it is right, spaceca clock:accept");
  }
  if (is_unfinished(report)) session.note("warning: the sweep did not come to its end; the next one goes on");
  if (nobody_is_told) std::rethrow_exception(nobody_is_told);
  return is_good(report) ? Exit::done : Exit::failed;
}

Exit upkeep::audit(Session& session) {
  const std::string& name = session.arguments.space;
  const auto fetch = [&session, &name](const PageRequest& page) {
    return name.empty() ? session.authority().audit(page) : session.space(SpaceName{name}).audit(page);
  };
  const auto entries = all_pages(fetch);
  auto json = nlohmann::json::array();
  for (const AuditEntry& entry : entries) json.push_back(json_of(entry));
  session.answer(json, table_of(entries));
  return Exit::done;
}

Exit upkeep::audit_verify(Session& session) {
  const auto given = anchors_in(session.arguments.anchors);
  const auto findings = session.authority().verify_audit(given);
  const auto anchors = session.authority().audit_anchors();
  auto json = nlohmann::json{{"findings", nlohmann::json::array()}, {"anchors", nlohmann::json::array()}};
  for (const Finding& finding : findings) json["findings"].push_back({{"rule", finding.rule}, {"text", finding.text}});
  for (const AuditAnchor& anchor : anchors) {
    json["anchors"].push_back({{"chain", anchor.chain}, {"number", anchor.number}, {"code", anchor.code}});
  }
  std::vector<std::string> loose;
  for (const AuditAnchor& anchor : anchors) {
    if (std::ranges::find(given, anchor.chain, &AuditAnchor::chain) != given.end()) continue;
    loose.push_back(anchor.chain.empty() ? kStoreChain : anchor.chain);
  }
  if (!loose.empty()) {
    session.note(fmt::format("warning: whether entries were cut off at the end is not known without --anchors: {}", joined(loose)));
  }
  // What is found goes beside the anchors, which are to be kept.
  if (!session.arguments.json) std::fputs(text_of(findings).c_str(), stderr);
  session.answer(json, text_of(anchors));
  return findings.empty() ? Exit::done : Exit::failed;
}

Exit upkeep::backup(Session& session) {
  const std::string& file = session.arguments.to;
  Progress progress = session.progress(fmt::format("Copying {} to {}", session.store_path().string(), file));
  session.store().backup(file);
  progress.done();
  session.answer({{"backup", file}}, "");
  return Exit::done;
}

Exit upkeep::vault_rewrap(Session& session) {
  Store& store = session.store();
  const VaultKey current = vault_key(session.arguments);
  const NewKey fresh = fresh_vault_key(session.arguments);
  Progress progress = session.progress("Rewrapping the store's key");
  try {
    rewrap_sealed_vault(store, current, fresh.key, session.arguments.keep_old ? OldWraps::keep : OldWraps::remove, session.now());
  } catch (const Error& error) {
    // Refused by a rule or for the old key's sake, it opens nothing. After any other failure it may be what opens the store.
    constexpr std::array kBefore = {Errc::policy, Errc::passphrase_wrong, Errc::not_found, Errc::malformed};
    if (std::ranges::find(kBefore, error.code()) != kBefore.end()) fresh.take_back();
    throw;
  }
  progress.done();
  session.answer({{"old", session.arguments.keep_old ? "kept" : "removed"}}, "");
  return Exit::done;
}

Exit upkeep::clock_accept(Session& session) {
  Authority& authority = session.authority();
  authority.accept_clock(session.actor());
  session.answer({{"accepted", rfc3339(session.now())}}, block({{"accepted", time_text(session.now())}}));
  return Exit::done;
}

Exit upkeep::pkcs8(Session& session) {
  const Arguments& arguments = session.arguments;
  const std::filesystem::path out = arguments.to;
  const SecretBytes pem = read_secret(arguments.from);
  FileSet set;
  set.add({out.filename().string(), FileRole::key, pkcs8_der(arguments, text_of(pem.reveal()))});
  const auto folder = out.has_parent_path() ? out.parent_path() : std::filesystem::path{"."};
  files::write(folder, set, arguments.force ? files::Existing::replace : files::Existing::refuse);
  session.answer({{"file", out.string()}}, "");
  return Exit::done;
}
