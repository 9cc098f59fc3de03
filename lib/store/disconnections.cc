#include "store/disconnections.h"

#include <utility>

namespace spaceca::store {

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
