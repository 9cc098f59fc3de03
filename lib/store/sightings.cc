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

void insert(sql::Transaction& tx, const Id& database, const Disconnection& disconnection) {
  tx.execute(
      "INSERT INTO disconnections (database, root, serial, mark) VALUES ($1, $2, $3, $4) ON CONFLICT (database, root, serial) "
      "DO NOTHING",
      {value_of(database), value_of(disconnection.root), ByteView{disconnection.serial}, disconnection.mark});
}

std::vector<Disconnection> disconnections(sql::Transaction& tx, const Id& database) {
  std::vector<Disconnection> found;
  tx.each("SELECT root, serial, mark FROM disconnections WHERE database = $1", {value_of(database)}, [&found](const sql::Row& row) {
    Reader read{row};
    const Id root = read.id();
    Bytes serial = read.octets();
    found.push_back({root, std::move(serial), read.integer()});
  });
  return found;
}

bool has_disconnections(sql::Transaction& tx, const Id& database) {
  return !tx.execute("SELECT 1 FROM disconnections WHERE database = $1 LIMIT 1", {value_of(database)}).empty();
}

void forget(sql::Transaction& tx, const Id& database, const Disconnection& disconnection) {
  tx.execute("DELETE FROM disconnections WHERE database = $1 AND root = $2 AND serial = $3",
             {value_of(database), value_of(disconnection.root), ByteView{disconnection.serial}});
}

}  // namespace spaceca::store
