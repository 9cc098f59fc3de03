// A real PostgreSQL, with a cluster of its own in a temporary folder, run as a user that is not root on free loopback ports.
#pragma once

#include <string>
#include <string_view>

#include <spaceca/certificate.h>
#include <spaceca/file_set.h>

#include "support/child.h"
#include "support/files.h"

namespace spaceca::test {

class Postgres final {
 public:
  // Makes a cluster with the role `app`, its password below and a database `app`, and serves `files` (server.crt, server.key,
  // root.crt); without any, TLS is off. `hba` are the lines for TCP, `ident` those of pg_ident.conf, `settings` more lines of
  // postgresql.conf; on the Unix socket the superuser is trusted. Listens on 127.0.0.1, 127.0.0.2 and ::1. Throws, with the
  // server's log, if it does not start.
  static constexpr std::string_view kAppByPassword =
      "hostssl all all 0.0.0.0/0 scram-sha-256 clientcert=verify-ca\n"
      "hostssl all all ::0/0 scram-sha-256 clientcert=verify-ca\n";
  explicit Postgres(const FileSet& files, std::string_view hba = kAppByPassword, std::string_view ident = {},
                    std::string_view settings = {});
  ~Postgres();
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;

  static constexpr std::string_view kPassword = "s3cret horse";

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::filesystem::path data() const { return folder_.path() / "data"; }
  [[nodiscard]] std::string socket_folder() const { return folder_.path().string(); }
  // As the superuser, by the Unix socket; throws if it fails.
  std::string sql(const std::string& text) const;
  [[nodiscard]] std::string log() const;
  void stop() const;
  void start_again();
  // A file of its data directory, written as its owner's; it is not told to read it again.
  void put(const std::filesystem::path& name, std::string_view content) const;
  // Replaces one of its files and has it read again; returns what it logged about that.
  std::string reload_with(const std::string& name, std::string_view content) const;

 private:
  void make_cluster(const FileSet& files, std::string_view hba, std::string_view ident, std::string_view settings);
  bool start();

  TemporaryFolder folder_;
  int port_ = 0;
};

// A client's files on disk, and psql with them.
class PsqlClient final {
 public:
  PsqlClient(const Credential& credential, const Postgres& server);

  // `select` on a connection to `host`; "sslcert" and "sslkey" are left out if `with_certificate` is false.
  struct Options {
    std::string host = "localhost";
    std::string sslmode = "verify-full";
    std::string user = "app";
    std::string extra = {};  // more of a connection string
    bool with_certificate = true;
  };
  [[nodiscard]] Outcome query(const std::string& select, const Options& options) const;
  [[nodiscard]] Outcome query(const std::string& select) const { return query(select, {}); }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
  int port_;
};

// A port of 127.0.0.1 that nobody listens on now.
[[nodiscard]] int free_port();

}  // namespace spaceca::test
