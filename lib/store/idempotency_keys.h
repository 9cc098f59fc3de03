// The rows of the keys that make a request count once.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/columns.h"
#include "store/sql.h"

namespace spaceca::store {

struct IdempotencyRow {
  std::string verb;
  std::string actor;
  Bytes request_hash;
  Bytes result;  // identifiers, one after the other
};
[[nodiscard]] std::optional<IdempotencyRow> find_idempotency_key(sql::Transaction& tx, ByteView scope, std::string_view key);
// False if the key is taken.
[[nodiscard]] bool insert_idempotency_key(sql::Transaction& tx, ByteView scope, std::string_view key, const IdempotencyRow& row,
                                          Instant at);
void forget_idempotency_keys(sql::Transaction& tx, Instant before);

}  // namespace spaceca::store
