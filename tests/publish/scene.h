// A space of its own and a server for it, as the tests of the publisher need them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <spaceca/issuer.h>
#include <spaceca/postgres_publisher.h>

#include "support/postgres.h"

namespace spaceca::test {

// The work in a forked child, as that user if it has a name: its result, 200 if it threw.
[[nodiscard]] int in_child(const std::string& user, const std::function<int()>& work);

[[nodiscard]] SecretBytes secret(const std::string& text);

// A name as SQL has it, and a value as a connection string does.
[[nodiscard]] std::string quoted_in_sql(const std::string& name);
[[nodiscard]] std::string quoted_in_conninfo(const std::string& value);

// A space with one root, and what it hands out. Everything is issued by the machine's clock, since servers judge by it.
class Acme {
 public:
  explicit Acme(const std::string& space = "acme", Instant now = SystemClock{}.now());

  [[nodiscard]] Credential client(const std::string& role = "app") const;
  [[nodiscard]] Probe probe() const;
  // Two roots are given as a server's by the second.
  [[nodiscard]] Credential server(const std::vector<Certificate>& others = {}) const;
  // The list, with these on it and the probes that were made so far.
  [[nodiscard]] Crl crl(const std::vector<Serial>& revoked = {}) const;
  [[nodiscard]] Publication publication(std::uint64_t number, const std::vector<Serial>& revoked = {}) const;

  const Instant now;
  const SpaceName space;
  const Issuer root;

 private:
  mutable std::vector<Serial> probes_;
  mutable std::uint64_t crl_number_ = 1;
};

// psql that stays connected until it is ended, or this goes. Its application is called "till" unless it is named.
class Guest {
 public:
  // "host=127.0.0.1 user=app"
  Guest(const Postgres& server, const std::string& conninfo, const std::string& application = "till");
  // The role app, by its certificate.
  Guest(const Postgres& server, const Credential& credential, const std::string& application = "till");
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;
  ~Guest();

  [[nodiscard]] bool is_there() const;
  // What psql says when it has been ended.
  [[nodiscard]] std::string said() const;

 private:
  void enter(const std::string& conninfo);

  TemporaryFolder folder_;
  const Postgres& server_;
  std::string application_;
  int pid_ = 0;
};

// A PostgreSQL without TLS, and lines as initdb writes them.
inline constexpr std::string_view kFreshHba =
    "# TYPE  DATABASE        USER            ADDRESS                 METHOD\n"
    "\n"
    "host    all             all             127.0.0.1/32            scram-sha-256\n"
    "host    all             all             ::1/128                 scram-sha-256\n"
    "host    replication     all             127.0.0.1/32            scram-sha-256\n";

class Scene {
 public:
  explicit Scene(std::string_view hba = kFreshHba, std::string_view settings = {}) : server(FileSet{}, hba, {}, settings) {}

  [[nodiscard]] ServedDatabase where(const std::string& space = "acme", const std::string& database = "orders") const;
  [[nodiscard]] std::string url() const;
  void publish(const Publication& what) { publisher().publish(where(), what, probes_for(what)); }
  [[nodiscard]] Publisher& publisher() { return *publisher_; }
  // Probes first, since they are to be on the list of the publication.
  [[nodiscard]] Publication next(std::uint64_t number, const std::vector<Serial>& revoked = {});
  [[nodiscard]] const std::vector<Probe>& probes() const { return probes_; }

  [[nodiscard]] Outcome psql(const Credential& client, const PsqlClient::Options& options = {}) const {
    return PsqlClient{client, server}.query("select 1", options);
  }
  [[nodiscard]] std::string file(const std::string& name) const { return read_file(server.data() / name); }

  // What publishing it says; it must be refused.
  struct Refusal {
    Errc code;
    std::string text;
    std::vector<Finding> findings;
  };
  [[nodiscard]] static Refusal refusal_of(const std::function<void()>& work);

  Acme acme;
  Postgres server;

 private:
  [[nodiscard]] const std::vector<Probe>& probes_for(const Publication&) const { return probes_; }

  std::vector<Probe> probes_;
  std::unique_ptr<Publisher> publisher_ = postgres_publisher({.patience = std::chrono::seconds{20}});
};

}  // namespace spaceca::test
