#include "store/audit.h"

#include <algorithm>

namespace spaceca::store {
namespace {

AuditCode code_of(ByteView octets) {
  AuditCode code{};
  if (octets.size() != code.size()) throw sql::EngineError{sql::Failure::corrupt, "store: an audit code has not 32 octets"};
  std::ranges::copy(octets, code.begin());
  return code;
}

}  // namespace

AuditHead audit_head(sql::Transaction& tx, ByteView chain) {
  const auto rows = tx.execute("SELECT number, code FROM audit_heads WHERE chain = $1", {chain});
  if (rows.empty()) return {};
  return {rows[0].integer(0), code_of(rows[0].octets(1))};
}

void append(sql::Transaction& tx, ByteView chain, std::span<const AuditRow> rows) {
  std::vector<sql::Value> values;
  values.reserve(rows.size() * 5);
  for (const AuditRow& row : rows) {
    values.insert(values.end(), {chain, row.number, value_of(row.at), ByteView{row.record}, ByteView{row.code}});
  }
  tx.execute_many("INSERT INTO audit (chain, number, at, record, code) VALUES ($1, $2, $3, $4, $5)", values);
  tx.execute(
      "INSERT INTO audit_heads (chain, number, code) VALUES ($1, $2, $3) "
      "ON CONFLICT (chain) DO UPDATE SET number = $2, code = $3",
      {chain, rows.back().number, ByteView{rows.back().code}});
}

std::vector<AuditRow> audit_rows(sql::Transaction& tx, ByteView chain, std::int64_t after, std::int64_t limit) {
  std::vector<AuditRow> found;
  tx.each(
      "SELECT number, at, record, code FROM audit WHERE chain = $1 AND number > $2 ORDER BY number LIMIT $3", {chain, after, limit},
      [&found](const sql::Row& row) {
        const ByteView record = row.octets(2);
        found.push_back({row.integer(0), instant_of(row.integer(1)), Bytes{record.begin(), record.end()}, code_of(row.octets(3))});
      });
  return found;
}

std::vector<Bytes> audit_chains(sql::Transaction& tx) {
  std::vector<Bytes> found;
  tx.each("SELECT DISTINCT chain FROM audit UNION SELECT chain FROM audit_heads ORDER BY 1", {}, [&found](const sql::Row& row) {
    const ByteView chain = row.octets(0);
    found.emplace_back(chain.begin(), chain.end());
  });
  return found;
}

}  // namespace spaceca::store
