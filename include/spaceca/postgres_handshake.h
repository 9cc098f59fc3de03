// Looks at a PostgreSQL server from outside, as one of its clients meets it. The component "postgres": link spaceca::postgres. Any
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <spaceca/diagnosis.h>
#include <spaceca/export.h>

namespace spaceca {

// Where a server is, and who seems to log in there.
struct PostgresVisit {
  std::string host;  // a name or an address
  std::uint16_t port = 5432;
  std::string role = {};      // empty: one that no server has
  std::string database = {};  // empty: of the role's name, as with libpq
  std::chrono::seconds patience{10};
};

// Shakes hands and begins to log in without a certificate, and once more with what is shown; what the server shows is believed of
// nobody. No password is ever sent: where the server wants none, a session begins and is dropped at once. Errc::unreachable if it
// does not answer in time, invalid_argument for a role or a database with a NUL.
[[nodiscard]] SPACECA_EXPORT ServerSeen look_at_postgres(const PostgresVisit& visit, const Shown* shown = nullptr);

}  // namespace spaceca
