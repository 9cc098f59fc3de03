// Connections to a server that is published to, by libpq, and what its clients' URL says. Every wait for the server has an end;
// looking up a host's name has none but the resolver's own (resolv.conf(5): timeout, attempts), since it cannot be called off.
#pragma once

#include <chrono>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <libpq-fe.h>

#include <spaceca/bytes.h>

#include "publish/owner.h"

namespace spaceca::publish {

using Deadline = std::chrono::steady_clock::time_point;

// Waits until the descriptor may be read (or written), or until the deadline: then false.
enum class Until { readable, writable };
[[nodiscard]] bool wait_for(int descriptor, Until what, Deadline deadline);

// Where the clients connect.
struct Address {
  std::string host;     // a name or an address, as it is written
  std::string numeric;  // its hostaddr; empty: the host is looked up
  std::string port;
  std::string database;

  [[nodiscard]] std::string text() const;  // "db.example:5432", for errors
};
// Errc::invalid_argument if it is no URL of PostgreSQL's that names one host over TCP. No error quotes it.
[[nodiscard]] Address address_of(const SecretBytes& url);

// The server of a data directory, as its postmaster.pid tells.
struct Postmaster {
  std::string text;  // the whole file
  pid_t pid;
  std::string port;
  std::string socket_folder;  // empty if it has none
};
// Errc::unreachable if there is none; as content_of() if the file cannot be one.
[[nodiscard]] Postmaster postmaster_of(const std::filesystem::path& data_directory, const Owner& owner);

// A row of an answer: texts, or NULL.
using Row = std::vector<std::optional<std::string>>;

// One connection to one server, for one thread.
class Connection final {
 public:
  // As the owner, by the socket. Errc::unreachable; permission if the server does not let him in.
  Connection(const Owner& owner, const Postmaster& server, Deadline deadline);
  // As the URL says. Errors as above, and invalid_argument; they do not hold what is secret in it.
  Connection(const SecretBytes& url, Deadline deadline);

  // Errc::unreachable if the connection is lost or the deadline passes, permission if the role may not, io for other refusals.
  [[nodiscard]] std::vector<Row> ask(const char* statement, Deadline deadline,
                                     std::initializer_list<std::string_view> parameters = {});
  // The one text of an answer of one row and column; empty for NULL.
  [[nodiscard]] std::string ask_one(const char* statement, Deadline deadline,
                                    std::initializer_list<std::string_view> parameters = {});

  [[nodiscard]] int server_version() const { return PQserverVersion(connection_.get()); }  // 150018
  [[nodiscard]] std::string role() const;

 private:
  struct Finish {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
  };
  void open(const std::vector<const char*>& keywords, const std::vector<const char*>& values, Deadline deadline);
  [[noreturn]] void refuse_to_open() const;
  [[nodiscard]] std::string said() const;

  std::unique_ptr<PGconn, Finish> connection_;
  std::string whom_;                  // for errors
  std::vector<SecretBytes> secrets_;  // that no error may hold
};

}  // namespace spaceca::publish
