#include <spaceca/postgres_publisher.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>
#include <spaceca/exporter.h>

#include "base/printable.h"
#include "publish/config_file.h"
#include "publish/connection.h"
#include "publish/hba.h"
#include "publish/ident.h"
#include "publish/layout.h"
#include "publish/managed_block.h"
#include "publish/owned_file.h"
#include "publish/owner.h"
#include "publish/proof.h"
#include "publish/server.h"
#include "publish/server_log.h"
#include "publish/tls_probe.h"

namespace spaceca {
namespace publish {
namespace {

// --- what is asked for ---

bool is_of(const Certificate& leaf, const Certificate& root) {
  return std::ranges::equal(leaf.issuer_der(), root.subject_der()) &&
         std::ranges::equal(leaf.authority_key_identifier(), root.subject_key_identifier());
}

void refuse_unfit(const Publication& what, const std::vector<Probe>& probes) {
  if (what.number == 0) throw Error{Errc::invalid_argument, "publication: its number is 0; give 1 or more"};
  for (const Certificate& root : what.server.roots()) {
    const bool probed =
        std::any_of(probes.begin(), probes.end(), [&root](const Probe& probe) { return is_of(probe.good.chain().back(), root); });
    if (!probed) {
      throw Error{Errc::invalid_argument, fmt::format("publication {}: there is no probe for root \"{}\", so that nothing could "
                                                      "show that the server trusts it",
                                                      what.number, printable(root.subject()))};
    }
  }
}

void refuse_bad_lists(const Publication& what, Instant now) {
  auto findings = check_for_postgresql(what.crls, what.server.roots(), now);
  if (findings.empty()) return;
  const std::string first = findings.front().text;
  throw Error{Errc::policy, fmt::format("publication {}: PostgreSQL cannot live with its lists: {}", what.number, first),
              std::move(findings)};
}

std::string listed(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : "; ") + text;
  return all;
}

// --- where it goes ---

std::filesystem::path without_links(const std::filesystem::path& folder) {
  std::error_code error;
  auto path = std::filesystem::canonical(folder, error);
  if (!error) return path;
  const Errc code = error == std::errc::no_such_file_or_directory ? Errc::not_found
                    : error == std::errc::permission_denied       ? Errc::permission
                                                                  : Errc::io;
  throw Error{code, fmt::format("data directory \"{}\": {}", printable(folder.string()), error.message())};
}

Server::Maps maps_of(const Publication& what) {
  return ident::is_needed(what.access) ? Server::Maps::needed : Server::Maps::left_alone;
}

// The place and the server that one call is about.
class Site final {
 public:
  Site(const ServedDatabase& where, std::chrono::seconds patience)
      : where_(where),
        patience_(patience),
        address(address_of(where.url)),
        data(without_links(where.data_directory)),
        owner(data),
        layout(data, where, owner),
        server(connect()) {
    refuse_mark_of_another(hba_file(), content_of(hba_file(), owner).value_or(""));
    refuse_mark_of_another(config_file(), content_of(config_file(), owner).value_or(""));
    refuse_mark_of_another(ident_file(), content_of(ident_file(), owner).value_or(""));
  }
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  [[nodiscard]] std::chrono::seconds patience() const { return patience_; }
  [[nodiscard]] Deadline deadline() const { return std::chrono::steady_clock::now() + patience_; }
  [[nodiscard]] const std::filesystem::path& hba_file() const { return server.hba_file(); }
  [[nodiscard]] const std::filesystem::path& config_file() const { return server.config_file(); }
  [[nodiscard]] const std::filesystem::path& ident_file() const { return server.ident_file(); }
  // Whether the data directory is the folder that this path, which may have links in it, names first.
  [[nodiscard]] bool holds(const std::filesystem::path& file) const {
    const Acting as_owner{owner};
    std::error_code error;
    return std::filesystem::canonical(file.parent_path(), error) == data && !error;
  }
  [[nodiscard]] std::string mark() const { return opening_mark(where_.space, where_.database); }
  [[nodiscard]] hba::Outcome outcome(const Publication& what, const std::vector<hba::Rule>& rules) {
    return hba::outcome_of({.database = address.database,
                            .roles = what.roles,
                            .rules = what.rules,
                            .access = what.access,
                            .map = ident::map_name(where_.database),
                            .keep = what.keep,
                            .dialect = server.dialect()},
                           rules, server.matches(deadline()));
  }
  [[nodiscard]] std::string map_lines(const Publication& what) const {
    return ident::is_needed(what.access) ? ident::lines_of(where_.database, what.roles, server.dialect()) : std::string{};
  }
  // Nothing is written where the server would not read its files again anyway.
  void refuse_faults(Server::Maps maps) {
    const auto faults = server.faults(maps, deadline());
    if (faults.empty()) return;
    throw Error{Errc::policy, fmt::format("the server of \"{}\" would not take its files as they are: {}", printable(data.string()),
                                          listed(faults))};
  }
  // Who publishes must still come in afterwards, or nothing could be proved, and nothing changed again.
  void refuse_own_lock_out(const Publication& what) {
    const auto out = server.cut_off(address.database, what, Server::Whose::ours, deadline());
    if (out.empty()) return;
    throw Error{Errc::policy,
                fmt::format("the administrator (role \"{}\") comes to database \"{}\" over TCP from {}, and could not "
                            "come back: go by the Unix socket or by another database, or let that address in",
                            printable(out.front().user), printable(out.front().database), out.front().address)};
  }
  void refuse_what_maps_would_not_do(const Publication& what) {
    if (!ident::is_needed(what.access)) return;
    if (!server.shows_maps()) {
      throw Error{Errc::unsupported,
                  fmt::format("the server of \"{}\": is of a version before 15 and does not show what it reads of "
                              "pg_ident.conf, so binding certificates to a database could not be proved",
                              printable(data.string()))};
    }
    const auto others = server.others_in_map(ident::map_name(where_.database), deadline());
    if (others.empty()) return;
    throw Error{Errc::policy, fmt::format("map \"{}\" of pg_ident.conf: has lines that are not ours, and would let others in: {}",
                                          ident::map_name(where_.database), listed(others))};
  }

 private:
  Server connect() const {
    const auto version = content_of(data / "PG_VERSION", owner);
    if (!version) {
      throw Error{
          Errc::invalid_argument,
          fmt::format("data directory \"{}\": is none of PostgreSQL's, since it holds no PG_VERSION", printable(data.string()))};
    }
    layout.refuse_another();
    return Server{where_, data, owner, deadline()};
  }
  void refuse_mark_of_another(const std::filesystem::path& file, std::string_view content) const {
    const std::string found = managed(content, file.string()).mark;
    if (found.empty() || found == mark()) return;
    throw Error{Errc::policy, fmt::format("file \"{}\": its lines between marks are of another database: {}",
                                          printable(file.string()), printable(found))};
  }

  const ServedDatabase& where_;
  std::chrono::seconds patience_;

 public:
  const Address address;
  const std::filesystem::path data;
  const Owner owner;
  const Layout layout;
  Server server;
};

// --- publishing ---

class Publishing final {
 public:
  Publishing(Site& site, const Publication& what, const std::vector<Probe>& probes,
             const std::function<void(const std::string&)>& progress)
      : site_(site), what_(what), probes_(probes), progress_(progress) {}

  // Everything that can be refused before anything is written.
  void look();
  void write();
  void switch_tls();
  void switch_lines();
  void finish();
  // After a failure. What became of the server, in a phrase.
  [[nodiscard]] std::string go_back();

 private:
  void say(const std::string& text) const {
    if (progress_) progress_(text);
  }
  [[noreturn]] void not_taken(const std::string& why) const {
    throw Error{Errc::not_taken, fmt::format("publication {}: {}", what_.number, why)};
  }
  void open_files();
  void refuse_earlier() const;
  void write_maps();

  Site& site_;
  const Publication& what_;
  const std::vector<Probe>& probes_;
  const std::function<void(const std::string&)>& progress_;
  std::optional<ConfigFile> config_;
  std::optional<ConfigFile> hba_;
  std::optional<ConfigFile> ident_;  // where certificates are bound, or were
  files::Descriptor lock_;
  std::optional<ServerLog> log_;
  Bytes shown_before_;
  std::string settings_;
  std::optional<std::string> proved_before_;
};

void Publishing::open_files() {
  config_.emplace(site_.config_file(), site_.owner);
  hba_.emplace(site_.hba_file(), site_.owner);
  const auto maps = content_of(site_.ident_file(), site_.owner);
  const bool ours = maps && managed(*maps, site_.ident_file().string()).block;
  if (ours || ident::is_needed(what_.access)) ident_.emplace(site_.ident_file(), site_.owner);
}

void Publishing::refuse_earlier() const {
  const std::uint64_t in_force = Layout::number_in(site_.layout.current().value_or(""));
  if (in_force > what_.number) {
    throw Error{Errc::policy,
                fmt::format("publication {}: number {} was published before, and the later one stays", what_.number, in_force)};
  }
}

void Publishing::look() {
  open_files();
  refuse_earlier();
  refuse_bad_lists(what_, site_.server.now(site_.deadline()));
  site_.refuse_faults(maps_of(what_));
  site_.refuse_what_maps_would_not_do(what_);
  site_.refuse_own_lock_out(what_);
  const auto overriding = site_.server.overriding({}, site_.deadline());
  if (!overriding.empty()) {
    throw Error{Errc::policy, fmt::format("settings that are ours to make have the last word elsewhere: {}; take them out there "
                                          "(ALTER SYSTEM RESET …)",
                                          listed(overriding))};
  }
  site_.layout.check_may_write();
  config_->check_replaceable();
  hba_->check_replaceable();
  if (ident_) ident_->check_replaceable();
  shown_before_ = shake_hands(site_.address, nullptr, site_.deadline()).certificate;
}

void Publishing::write() {
  lock_ = site_.layout.lock(site_.deadline());
  // Whoever held it before may have published.
  open_files();
  refuse_earlier();
  say("writes server.crt, server.key, root.crt, root.crl");
  proved_before_ = site_.layout.proved();
  settings_ = site_.layout.write(what_.number, exporter::server(what_.server) + exporter::revocation_lists(what_.crls));
}

void Publishing::switch_tls() {
  log_.emplace(site_.server, site_.data, site_.owner, site_.deadline());
  say("switches to them, and has the server read them");
  site_.layout.put_current(settings_);
  // Beside postgresql.conf a path without a folder in front holds wherever the two are moved to. The server looks for it beside the
  // name that it was started with, links and all.
  const auto current = site_.layout.current_path();
  const bool together = config_->path().parent_path() == site_.data && site_.holds(site_.config_file());
  config_->replace(
      with_block_at_end(managed(config_->content(), config_->path().string()).rest, site_.mark(),
                        fmt::format("include_if_exists '{}'\n", together ? "spaceca/current.conf" : current.string())));
  const auto faults = site_.server.faults(Server::Maps::left_alone, site_.deadline());
  if (!faults.empty()) not_taken(listed(faults));
  const auto overriding = site_.server.overriding(current, site_.deadline());
  if (!overriding.empty()) not_taken("settings have the last word elsewhere: " + listed(overriding));
  site_.server.reload(site_.deadline());
  const auto elsewhere = site_.server.not_in_force(current, site_.deadline());
  if (!elsewhere.empty()) not_taken("settings are in force from elsewhere: " + listed(elsewhere));
  const Proof proof{site_.address, what_.number, site_.patience(), progress_};
  proof.certificate(what_.server.certificate());
  for (const Probe& probe : probes_) proof.probe(probe);
}

void Publishing::switch_lines() {
  say(fmt::format("writes the lines for database \"{}\" into pg_hba.conf", printable(site_.address.database)));
  const auto rules = site_.server.rules(site_.deadline());
  // A map is there before the lines that name it, and goes after them.
  if (ident::is_needed(what_.access)) write_maps();
  const std::string rest = managed(hba_->content(), hba_->path().string()).rest;
  hba_->replace(with_block_on_top(rest, site_.mark(), site_.outcome(what_, rules).lines));
  if (!ident::is_needed(what_.access) && ident_) write_maps();
  // Either alone proves nothing: the view shows what stands in the file, and the time moves even if the file was refused.
  const auto faults = site_.server.faults(maps_of(what_), site_.deadline());
  if (!faults.empty()) not_taken(listed(faults));
  site_.server.reload(site_.deadline());
}

void Publishing::write_maps() {
  const std::string rest = managed(ident_->content(), ident_->path().string()).rest;
  const std::string lines = site_.map_lines(what_);
  ident_->replace(lines.empty() ? rest : with_block_on_top(rest, site_.mark(), lines));
}

void Publishing::finish() {
  config_->keep();
  hba_->keep();
  if (ident_) ident_->keep();
  if (proved_before_ == settings_) return;
  site_.layout.put_proved(settings_);
  site_.layout.remove_others(settings_, proved_before_.value_or(""));
  say(fmt::format("publication {} is in force", what_.number));
}

std::string Publishing::go_back() {
  std::string log;
  std::vector<std::string> failures;
  // Each for itself: what cannot be put back keeps nothing else from it.
  const auto attempt = [&failures](const auto& step) {
    try {
      step();
    } catch (const std::exception& error) {
      failures.emplace_back(error.what());
    }
  };
  try {
    if (log_) log = log_->since();
    say("goes back to what was there before");
  } catch (...) {
    // Memory that ran out, or whoever listens, may be the reason for going back.
  }
  attempt([this] { hba_->put_back(); });
  // Lines that stay ask for TLS and for their map, which were proved before they were written: the map stays too, and TLS does
  // where there was none before.
  const bool lines_stay = !failures.empty();
  attempt([&] {
    if (ident_ && !lines_stay) ident_->put_back();
  });
  if (proved_before_ || !lines_stay) {
    attempt([this] { config_->put_back(); });
    attempt([this] {
      if (proved_before_) {
        site_.layout.put_current(*proved_before_);
      } else {
        site_.layout.remove_current();
      }
    });
  }
  bool is_shown = false;
  attempt([&] {
    site_.server.reload(site_.deadline());
    is_shown = shake_hands(site_.address, nullptr, site_.deadline()).certificate == shown_before_;
  });
  if (!failures.empty()) return fmt::format("and going back failed: {}; {}", listed(failures), log);
  return fmt::format(
      "{}; {}",
      is_shown ? "what was there before is in force again" : "what was there before was put back, but the server does not show it",
      log);
}

// --- the publisher ---

class PostgresPublisher final : public Publisher {
 public:
  explicit PostgresPublisher(PostgresPublisherOptions options) : options_(std::move(options)) {}

  [[nodiscard]] Survey survey(const ServedDatabase& where, const Publication& what) override;
  void publish(const ServedDatabase& where, const Publication& what, const std::vector<Probe>& probes) override;
  void withdraw(const ServedDatabase& where) override;
  [[nodiscard]] Served current(const ServedDatabase& where) override;
  [[nodiscard]] std::vector<LiveSession> sessions(const ServedDatabase& where) override;
  std::vector<LiveSession> disconnect(const ServedDatabase& where, const std::vector<ShownCertificate>& shown) override;

 private:
  void say(const std::string& text) const {
    if (options_.progress) options_.progress(text);
  }
  void look(const ServedDatabase& where, const Publication& what, const std::vector<Probe>& probes) const;
  void withdraw_lines(Site& site, ConfigFile& hba, ConfigFile* ident) const;
  void withdraw_tls(Site& site, ConfigFile& config) const;

  PostgresPublisherOptions options_;
};

Survey PostgresPublisher::survey(const ServedDatabase& where, const Publication& what) {
  Site site{where, options_.patience};
  site.refuse_faults(maps_of(what));
  const auto rules = site.server.rules(site.deadline());
  Survey survey;
  for (const hba::Rule* rule : site.outcome(what, rules).overridden) {
    survey.overridden.push_back({.file = rule->file, .number = rule->number, .text = rule->line.text});
  }
  survey.cut_off = site.server.cut_off(site.address.database, what, Server::Whose::others, site.deadline());
  return survey;
}

// What is not ours to write is proved as it is.
void PostgresPublisher::look(const ServedDatabase& where, const Publication& what, const std::vector<Probe>& probes) const {
  const Address address = address_of(where.url);
  const Proof proof{address, what.number, options_.patience, options_.progress};
  proof.certificate(what.server.certificate());
  for (const Probe& probe : probes) proof.probe(probe);
}

void PostgresPublisher::publish(const ServedDatabase& where, const Publication& what, const std::vector<Probe>& probes) {
  refuse_unfit(what, probes);
  if (where.data_directory.empty()) return look(where, what, probes);
  Site site{where, options_.patience};
  Publishing publishing{site, what, probes, options_.progress};
  publishing.look();
  publishing.write();
  try {
    publishing.switch_tls();
    publishing.switch_lines();
  } catch (const Error& error) {
    if (error.code() == Errc::unreachable) throw;  // what was written stays, and publishing again finishes it
    throw Error{error.code(), fmt::format("{}; {}", error.what(), publishing.go_back()), error.findings()};
  } catch (...) {
    // Not proved either, whatever it is: memory that ran out, or whoever is told of the progress.
    static_cast<void>(publishing.go_back());
    throw;
  }
  publishing.finish();
}

void PostgresPublisher::withdraw_lines(Site& site, ConfigFile& hba, ConfigFile* ident) const {
  const ManagedFile content = managed(hba.content(), hba.path().string());
  const std::string maps = ident != nullptr ? managed(ident->content(), ident->path().string()).rest : "";
  if (!content.block && (ident == nullptr || ident->content() == maps)) return;
  say("takes its lines out of pg_hba.conf");
  hba.check_replaceable();
  if (ident != nullptr) ident->check_replaceable();
  hba.replace(content.rest);
  if (ident != nullptr) ident->replace(maps);
  const auto faults = site.server.faults(Server::Maps::left_alone, site.deadline());
  if (!faults.empty()) {
    hba.put_back();
    if (ident != nullptr) ident->put_back();
    throw Error{Errc::not_taken, fmt::format("the server would not take pg_hba.conf without our lines: {}", listed(faults))};
  }
  site.server.reload(site.deadline());
}

void PostgresPublisher::withdraw_tls(Site& site, ConfigFile& config) const {
  const ManagedFile content = managed(config.content(), config.path().string());
  if (!content.block) return;
  say("takes its settings out of postgresql.conf");
  config.check_replaceable();
  const ServerLog log{site.server, site.data, site.owner, site.deadline()};
  const Bytes ours = shake_hands(site.address, nullptr, site.deadline()).certificate;
  config.replace(content.rest);
  site.server.reload(site.deadline());
  const bool in_use = site.server.uses(site.layout.current_path(), site.deadline());
  const Handshake seen = shake_hands(site.address, nullptr, site.deadline());
  if (!in_use && (seen.certificate.empty() || seen.certificate != ours)) return;
  config.put_back();
  site.server.reload(site.deadline());
  throw Error{Errc::not_taken, fmt::format("the server did not take the settings that were there before; {}", log.since())};
}

void PostgresPublisher::withdraw(const ServedDatabase& where) {
  if (where.data_directory.empty()) return;  // its administrator takes out what he put in
  Site site{where, options_.patience};
  site.refuse_faults(Server::Maps::left_alone);
  files::Descriptor lock;
  if (site.layout.is_there()) lock = site.layout.lock(site.deadline());
  ConfigFile hba{site.hba_file(), site.owner};
  ConfigFile config{site.config_file(), site.owner};
  std::optional<ConfigFile> ident;
  if (content_of(site.ident_file(), site.owner)) ident.emplace(site.ident_file(), site.owner);
  ConfigFile* const maps = ident ? &*ident : nullptr;
  withdraw_lines(site, hba, maps);
  try {
    withdraw_tls(site, config);
  } catch (const Error& error) {
    if (error.code() != Errc::not_taken) throw;
    hba.put_back();
    if (maps != nullptr) maps->put_back();
    site.server.reload(site.deadline());
    throw;
  }
  hba.keep();
  if (maps != nullptr) maps->keep();
  config.keep();
  if (site.layout.is_there()) site.layout.remove_all();
}

// The lists of a file, one after the other.
std::vector<Crl> lists_in(std::string_view file) {
  constexpr std::string_view kEnd = "-----END X509 CRL-----\n";
  std::vector<Crl> lists;
  for (auto end = file.find(kEnd); end != std::string_view::npos; end = file.find(kEnd)) {
    lists.push_back(Crl::from_pem(file.substr(0, end + kEnd.size())));
    file.remove_prefix(end + kEnd.size());
  }
  return lists;
}

Served PostgresPublisher::current(const ServedDatabase& where) {
  if (where.data_directory.empty()) return {};  // nothing is ours to be found there
  Site site{where, options_.patience};
  const std::string settings = site.layout.current().value_or("");
  Served served{.number = Layout::number_in(settings), .crls = {}, .server = {}};
  if (const auto lists = site.layout.file_of(settings, "root.crl")) served.crls = lists_in(*lists);
  const Handshake seen = shake_hands(site.address, nullptr, site.deadline());
  if (seen.certificate.empty()) return served;
  try {
    served.server = Certificate::from_der(seen.certificate);
  } catch (const Error&) {
    // Somebody else's, of a kind that is none of ours.
  }
  return served;
}

std::vector<LiveSession> PostgresPublisher::sessions(const ServedDatabase& where) {
  Site site{where, options_.patience};
  return site.server.live_sessions(site.deadline());
}

std::vector<LiveSession> PostgresPublisher::disconnect(const ServedDatabase& where, const std::vector<ShownCertificate>& shown) {
  Site site{where, options_.patience};
  std::vector<LiveSession> ended;
  for (const Deadline deadline = site.deadline();;) {
    std::vector<LiveSession> left = site.server.live_sessions(deadline);
    std::erase_if(left, [&shown](const LiveSession& session) {
      return std::ranges::none_of(shown, [&session](const ShownCertificate& one) { return one.opened(session); });
    });
    if (left.empty()) return ended;
    if (std::chrono::steady_clock::now() > deadline) {
      throw Error{Errc::not_taken, fmt::format("the server of \"{}\": was told to end session {} of role \"{}\", which goes on",
                                               printable(site.data.string()), left.front().pid, printable(left.front().user))};
    }
    for (LiveSession& session : left) {
      const bool is_new = std::ranges::none_of(
          ended, [&session](const LiveSession& one) { return one.pid == session.pid && one.since == session.since; });
      site.server.end_session(session, deadline);
      if (!is_new) continue;
      say(fmt::format("ends session {} of role \"{}\"", session.pid, printable(session.user)));
      ended.push_back(std::move(session));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{20});  // it ends when its backend looks up
  }
}

}  // namespace
}  // namespace publish

std::unique_ptr<Publisher> postgres_publisher(const PostgresPublisherOptions& options) {
  return std::make_unique<publish::PostgresPublisher>(options);
}

}  // namespace spaceca
