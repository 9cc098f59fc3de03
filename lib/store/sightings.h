// Where certificates were seen in use.
#pragma once

#include <optional>
#include <vector>

#include "store/columns.h"
#include "store/sql.h"

namespace spaceca::store {

// A certificate at a database's server: how many sessions the last census counted, and when there was any.
struct Sighting {
  Id certificate;
  std::int64_t sessions;
};
// What a census of that server found; whoever is not among them has no session there now.
void record_census(sql::Transaction& tx, const Id& database, const std::vector<Sighting>& seen, Instant at);
[[nodiscard]] std::optional<Instant> census_at(sql::Transaction& tx, const Id& database);
// Nothing is served there any more.
void forget_sessions(sql::Transaction& tx, const Id& database);

[[nodiscard]] std::optional<Instant> first_seen(sql::Transaction& tx, const Id& certificate);  // anywhere
// A certificate of that root that has a session, if any has.
struct InUse {
  Id certificate;
  Id database;
};
[[nodiscard]] std::optional<InUse> any_session_of_root(sql::Transaction& tx, const Id& root);

}  // namespace spaceca::store
