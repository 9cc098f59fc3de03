// What was handed out for servers that nothing is written to.
#pragma once

#include <vector>

#include "store/columns.h"
#include "store/sql.h"

namespace spaceca::store {

struct Sentinel {
  Id root;
  Id certificate;
  std::int64_t crl_number;  // of the list that was handed out
  std::int64_t crl_covers;
  Instant crl_next_update;
  Bytes content;
  Instant created_at;
};
// In place of those before.
void replace_sentinels(sql::Transaction& tx, const Id& database, const std::vector<Sentinel>& sentinels);
[[nodiscard]] std::vector<Sentinel> sentinels(sql::Transaction& tx, const Id& database);

}  // namespace spaceca::store
