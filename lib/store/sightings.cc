#include "store/sightings.h"

namespace spaceca::store {

void record_census(sql::Transaction& tx, const Id& database, const std::vector<Sighting>& seen, Instant at) {
  forget_sessions(tx, database);
  std::vector<sql::Value> values;
  for (const Sighting& one : seen) {
    values.insert(values.end(), {value_of(one.certificate), value_of(database), one.sessions, value_of(at)});
  }
  tx.execute_many(
      "INSERT INTO sightings (certificate, database, sessions, first_seen, last_seen) VALUES ($1, $2, $3, $4, $4) "
      "ON CONFLICT (certificate, database) DO UPDATE SET sessions = $3, "
      "last_seen = CASE WHEN sightings.last_seen > $4 THEN sightings.last_seen ELSE $4 END",
      values);
  tx.execute("UPDATE databases SET census_at = $2 WHERE id = $1", {value_of(database), value_of(at)});
}

std::optional<Instant> census_at(sql::Transaction& tx, const Id& database) {
  const auto rows = tx.execute("SELECT census_at FROM databases WHERE id = $1", {value_of(database)});
  return rows.empty() ? std::nullopt : Reader{rows[0]}.instant_or_none();
}

void forget_sessions(sql::Transaction& tx, const Id& database) {
  tx.execute("UPDATE sightings SET sessions = 0 WHERE database = $1 AND sessions > 0", {value_of(database)});
}

std::optional<Instant> first_seen(sql::Transaction& tx, const Id& certificate) {
  const auto rows = tx.execute("SELECT min(first_seen) FROM sightings WHERE certificate = $1", {value_of(certificate)});
  return Reader{rows[0]}.instant_or_none();
}

std::optional<InUse> any_session_of_root(sql::Transaction& tx, const Id& root) {
  const auto rows = tx.execute(
      "SELECT s.certificate, s.database FROM sightings s JOIN certificates c ON c.id = s.certificate "
      "WHERE s.sessions > 0 AND c.root = $1 LIMIT 1",
      {value_of(root)});
  if (rows.empty()) return std::nullopt;
  Reader read{rows[0]};
  const Id certificate = read.id();
  return InUse{certificate, read.id()};
}

}  // namespace spaceca::store
