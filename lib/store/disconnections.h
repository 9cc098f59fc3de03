// The rows of sessions that are still to be ended.
#pragma once

#include <cstdint>
#include <vector>

#include "store/columns.h"
#include "store/sql.h"

namespace spaceca::store {

// Sessions of one certificate, or of all of a root, that a database's server is to end once its list covers that mark.
struct Disconnection {
  Id root;
  Bytes serial;  // empty: all of the root
  std::int64_t mark;
};
void insert(sql::Transaction& tx, const Id& database, const Disconnection& disconnection);
[[nodiscard]] std::vector<Disconnection> disconnections(sql::Transaction& tx, const Id& database);
[[nodiscard]] bool has_disconnections(sql::Transaction& tx, const Id& database);
void forget(sql::Transaction& tx, const Id& database, const Disconnection& disconnection);

}  // namespace spaceca::store
