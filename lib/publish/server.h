// The server that is published to, as its administrator asks it: what it has read, and that it has read it again.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <spaceca/clock.h>
#include <spaceca/publisher.h>

#include "publish/connection.h"
#include "publish/hba.h"
#include "publish/owner.h"

namespace spaceca::publish {

class Server final {
 public:
  // Connects. The arguments are borrowed. Errc::unreachable, permission; mismatch if the admin URL leads to another server;
  // unsupported before PostgreSQL 14.
  Server(const ServedDatabase& where, const std::filesystem::path& data_directory, const Owner& owner, Deadline deadline);

  // A new connection, to the server of the data directory and no other.
  [[nodiscard]] Connection connect(Deadline deadline) const;
  [[nodiscard]] Connection& connection() noexcept { return connection_; }
  [[nodiscard]] const Postmaster& postmaster() const noexcept { return postmaster_; }

  [[nodiscard]] const std::filesystem::path& config_file() const noexcept { return config_file_; }
  [[nodiscard]] const std::filesystem::path& hba_file() const noexcept { return hba_file_; }
  [[nodiscard]] const std::filesystem::path& ident_file() const noexcept { return ident_file_; }
  [[nodiscard]] hba::Dialect dialect() const;
  [[nodiscard]] Instant now(Deadline deadline);  // by its clock, which is the one that judges certificates

  // --- what it would read ---

  // Lines that it would not take, so that it would not read the file again: "pg_hba.conf, line 7: invalid authentication method".
  enum class Maps { left_alone, needed };
  [[nodiscard]] std::vector<std::string> faults(Maps maps, Deadline deadline);
  // Whether it shows what it has read of pg_ident.conf: from PostgreSQL 15 on.
  [[nodiscard]] bool shows_maps() const;
  // Lines of a map that are not ours: "pg_ident.conf, line 7".
  [[nodiscard]] std::vector<std::string> others_in_map(const std::string& map, Deadline deadline);
  // Settings of ours that another file or the command line has the last word about: "ssl_cert_file: postgresql.auto.conf".
  // `by_file` is current.conf once it is included, and empty before.
  [[nodiscard]] std::vector<std::string> overriding(const std::filesystem::path& by_file, Deadline deadline);
  // The lines of pg_hba.conf (and what it includes) but for those of our block.
  [[nodiscard]] std::vector<hba::Rule> rules(Deadline deadline);
  [[nodiscard]] hba::Matches matches(Deadline deadline);
  // Sessions over TCP in that database that could not be opened again where this is served: others', or our own.
  enum class Whose { others, ours };
  [[nodiscard]] std::vector<Survey::Session> cut_off(const std::string& database, const Publication& what, Whose whose,
                                                     Deadline deadline);

  // --- who is connected ---

  [[nodiscard]] std::vector<LiveSession> live_sessions(Deadline deadline);
  // Asks it to end that session, if it is still the one that was seen.
  void end_session(const LiveSession& session, Deadline deadline);

  // --- what it has read ---

  // Has it read its files again, by SQL or else by signal, and waits until a new connection says that it has. It may still have
  // refused them. Errc::unreachable if that takes too long.
  void reload(Deadline deadline);
  // Settings of ours that are in force from elsewhere, as of overriding().
  [[nodiscard]] std::vector<std::string> not_in_force(const std::filesystem::path& by_file, Deadline deadline) const;
  // Whether any of its settings comes from that file.
  [[nodiscard]] bool uses(const std::filesystem::path& file, Deadline deadline) const;

 private:
  // Whether the server, which names files by the way that it was started, means that one, which is named without links.
  [[nodiscard]] bool is_same(const std::filesystem::path& named, const std::filesystem::path& file) const;

  const ServedDatabase& where_;
  const Owner& owner_;
  std::filesystem::path data_directory_;
  Postmaster postmaster_;
  Connection connection_;
  std::filesystem::path config_file_;
  std::filesystem::path hba_file_;
  std::filesystem::path ident_file_;
};

}  // namespace spaceca::publish
