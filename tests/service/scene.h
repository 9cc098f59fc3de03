// An authority on a store of its own, under a clock that a test moves, with a server that is played.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <spaceca/authority.h>
#include <spaceca/sqlite_store.h>

#include "support/files.h"
#include "support/text.h"

namespace spaceca::test {

// Stands still until it is told.
class HandClock final : public Clock {
 public:
  explicit HandClock(Instant start) : now_(start) {}
  [[nodiscard]] Instant now() const override { return now_; }
  void set(Instant now) { now_ = now; }
  void advance(std::chrono::seconds by) { now_ += by; }

 private:
  Instant now_;
};

// Plays servers: takes what is published if its probes come out right by the library's own verify(), as a server would.
class PlayedServers final : public Publisher {
 public:
  struct Server {
    std::uint64_t number = 0;
    std::vector<Certificate> roots;
    std::vector<Crl> crls;
    std::vector<std::string> roles;
    std::vector<Cidr> rules;
    Access access;
    std::optional<Certificate> certificate;
    std::vector<LiveSession> sessions;
    int publications = 0;
  };
  explicit PlayedServers(const Clock& clock) : clock_(clock) {}

  Survey survey(const ServedDatabase& where, const Publication& what) override;
  void publish(const ServedDatabase& where, const Publication& what, const std::vector<Probe>& probes) override;
  void withdraw(const ServedDatabase& where) override;
  Served current(const ServedDatabase& where) override;
  std::vector<LiveSession> sessions(const ServedDatabase& where) override;
  std::vector<LiveSession> disconnect(const ServedDatabase& where, const std::vector<ShownCertificate>& shown) override;

  // What its administrator does with the files of a server that is not ours to write to.
  void install(const ServerFiles& files);
  // A session with it, which lives until it is ended.
  void open_session(const std::string& database, const Certificate& client);
  // Whether the server of that database lets a client in now.
  [[nodiscard]] bool lets_in(const std::string& database, const Certificate& client) const;
  // Whether a client with those roots takes the server.
  [[nodiscard]] bool is_taken_by(const std::string& database, const std::vector<Certificate>& roots) const;

  std::map<std::string, Server> servers;  // by our name of the database
  bool down = false;

 private:
  void answer() const;

  const Clock& clock_;
};

// Played servers as somebody else meets them: a test says what happens on the way.
class AroundServers : public Publisher {
 public:
  explicit AroundServers(PlayedServers& servers) : servers_(servers) {}

  Survey survey(const ServedDatabase& where, const Publication& what) override {
    before(where);
    return servers_.survey(where, what);
  }
  void publish(const ServedDatabase& where, const Publication& what, const std::vector<Probe>& probes) override {
    before(where);
    servers_.publish(where, what, probes);
    after_publishing();
  }
  void withdraw(const ServedDatabase& where) override {
    before(where);
    servers_.withdraw(where);
  }
  Served current(const ServedDatabase& where) override {
    before(where);
    return servers_.current(where);
  }
  std::vector<LiveSession> sessions(const ServedDatabase& where) override {
    before(where);
    return servers_.sessions(where);
  }
  std::vector<LiveSession> disconnect(const ServedDatabase& where, const std::vector<ShownCertificate>& shown) override {
    before(where);
    return servers_.disconnect(where, shown);
  }

 private:
  virtual void before(const ServedDatabase&) {}
  virtual void after_publishing() {}

  PlayedServers& servers_;
};

// Keeps what it delivers; refuses while `broken`.
class PlayedMail final : public Notifier {
 public:
  void deliver(const Notice& notice) override;

  std::vector<Notice> delivered;
  bool broken = false;
};

inline const Instant kStart = instant("2026-11-24T10:00:00Z");

// A request for a new key, as a client makes it with openssl.
inline constexpr const char* kRequest = R"(-----BEGIN CERTIFICATE REQUEST-----
MIHIMHACAQAwDjEMMAoGA1UEAwwDYXBwMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAEBJ9CS5G3MZTocqyrFeGlslGH08yCZXxHAnQWw1jKmrrn6MBfylAdQ8S6NE0u
V2HQ4CS1XMbJ3QtuVHUyqebOlKAAMAoGCCqGSM49BAMCA0gAMEUCIAuoxbagxZjt
zrxEFUEqjgRqW+nWqWp3wEv0Fp5TkJY1AiEA4DQYXzPl5B37lxw1p0GrZQKluDq5
+TBd2yeGzvLX5Ik=
-----END CERTIFICATE REQUEST-----
)";

struct Refused {
  Errc code;
  std::string text;
};
// Of work that must throw an Error.
[[nodiscard]] Refused refused(const std::function<void()>& work);

class AuthorityScene {
  TemporaryFolder folder_;

 public:
  explicit AuthorityScene(Instant start = kStart, FolderOn where = FolderOn::disk);

  // Another process would see the same: a second authority over the same file.
  [[nodiscard]] std::unique_ptr<Authority> another();
  [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "ca.db"; }
  [[nodiscard]] KeyFile key() const { return {folder_.path() / "ca.kek"}; }
  // Past the store and its constraints, by SQLite's own program.
  std::string sql(const std::string& text) const;

  // A space, and a database in it.
  Space space(const std::string& name = "acme");
  DatabaseRecord database(const Space& space, const std::string& name = "sales");
  [[nodiscard]] DatabaseSpec spec(const std::string& name = "sales") const;
  // Enabled and published.
  DatabaseRecord serve(const Space& space, const std::string& name = "sales");
  SweepReport sweep();
  // Puts a backup in the store's place, with the program started again. Spaces that were made before are of no use afterwards.
  void restore(const std::filesystem::path& backup);

  HandClock clock;
  std::unique_ptr<Store> store;
  std::unique_ptr<Vault> vault;
  std::unique_ptr<Authority> authority;
  PlayedServers servers;
  PlayedMail mail;
};

inline const Actor kOps{"ops"};
[[nodiscard]] inline DatabaseName db(const std::string& name = "sales") { return DatabaseName{name}; }

}  // namespace spaceca::test
