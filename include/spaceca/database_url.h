// How clients reach a database: a connection URI of libpq's form (PostgreSQL manual 34.1.1.2). It may hold a password, so it is a
// secret as a whole; its parts are not. Moves; as safe between threads as int is.
#pragma once

#include <cstdint>
#include <string>

#include <spaceca/bytes.h>
#include <spaceca/export.h>

namespace spaceca {

// postgresql://USER[:PASSWORD]@HOST[:PORT]/DATABASE[?PARAMETERS], or postgres://…, percent-encoded where need be, so ASCII alone;
// one host. User, host and database must be there, since they end up in pg_hba.conf and in what clients paste; and there alone:
// none of them is given by a parameter, nor is the password. Errc::invalid_argument, with a text that quotes nothing of it.
class SPACECA_EXPORT DatabaseUrl final {
 public:
  explicit DatabaseUrl(SecretBytes text);  // blanks and line ends around it are cut off, as files have them
  DatabaseUrl(DatabaseUrl&&) noexcept = default;
  DatabaseUrl& operator=(DatabaseUrl&&) noexcept = default;

  [[nodiscard]] const SecretBytes& text() const noexcept { return text_; }
  [[nodiscard]] const std::string& user() const noexcept { return user_; }
  [[nodiscard]] const std::string& host() const noexcept { return host_; }  // an IPv6 address without its brackets
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }       // 5432 if it says none
  [[nodiscard]] const std::string& database() const noexcept { return database_; }
  [[nodiscard]] bool has_password() const noexcept { return has_password_; }

 private:
  SecretBytes text_;
  std::string user_;
  std::string host_;
  std::string database_;
  std::uint16_t port_ = 5432;
  bool has_password_ = false;
};

}  // namespace spaceca
