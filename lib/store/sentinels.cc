#include "store/sentinels.h"

namespace spaceca::store {

void replace_sentinels(sql::Transaction& tx, const Id& database, const std::vector<Sentinel>& sentinels) {
  tx.execute("DELETE FROM sentinels WHERE database = $1", {value_of(database)});
  for (const Sentinel& one : sentinels) {
    tx.execute(
        "INSERT INTO sentinels (database, root, certificate, crl_number, crl_covers, crl_next_update, content, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        {value_of(database), value_of(one.root), value_of(one.certificate), one.crl_number, one.crl_covers,
         value_of(one.crl_next_update), ByteView{one.content}, value_of(one.created_at)});
  }
}

std::vector<Sentinel> sentinels(sql::Transaction& tx, const Id& database) {
  std::vector<Sentinel> found;
  tx.each(
      "SELECT root, certificate, crl_number, crl_covers, crl_next_update, content, created_at FROM sentinels WHERE database = $1",
      {value_of(database)}, [&found](const sql::Row& row) {
        Reader read{row};
        Sentinel one;
        one.root = read.id();
        one.certificate = read.id();
        one.crl_number = read.integer();
        one.crl_covers = read.integer();
        one.crl_next_update = read.instant();
        one.content = read.octets();
        one.created_at = read.instant();
        found.push_back(std::move(one));
      });
  return found;
}

}  // namespace spaceca::store
