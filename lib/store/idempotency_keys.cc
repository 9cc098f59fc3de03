#include "store/idempotency_keys.h"

namespace spaceca::store {

std::optional<IdempotencyRow> find_idempotency_key(sql::Transaction& tx, ByteView scope, std::string_view key) {
  const auto rows =
      tx.execute("SELECT verb, actor, request_hash, result FROM idempotency_keys WHERE scope = $1 AND key = $2", {scope, key});
  if (rows.empty()) return std::nullopt;
  Reader read{rows[0]};
  IdempotencyRow row;
  row.verb = read.text();
  row.actor = read.text();
  row.request_hash = read.octets();
  row.result = read.octets();
  return row;
}

bool insert_idempotency_key(sql::Transaction& tx, ByteView scope, std::string_view key, const IdempotencyRow& row, Instant at) {
  return !tx.execute(
                "INSERT INTO idempotency_keys (scope, key, verb, actor, request_hash, result, created_at) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (scope, key) DO NOTHING RETURNING verb",
                {scope, key, row.verb, row.actor, ByteView{row.request_hash}, ByteView{row.result}, value_of(at)})
              .empty();
}

void forget_idempotency_keys(sql::Transaction& tx, Instant before) {
  tx.execute("DELETE FROM idempotency_keys WHERE created_at < $1", {value_of(before)});
}

}  // namespace spaceca::store
