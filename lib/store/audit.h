// The rows of audit chains.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "store/columns.h"
#include "store/sql.h"

namespace spaceca::store {

using AuditCode = std::array<std::uint8_t, 32>;

// A chain is named by its space's id; the store's own by nothing.
struct AuditHead {
  std::int64_t number = 0;
  AuditCode code{};
};
struct AuditRow {
  std::int64_t number;
  Instant at;
  Bytes record;
  AuditCode code;
};

// Zero for a chain that has not begun.
[[nodiscard]] AuditHead audit_head(sql::Transaction& tx, ByteView chain);
void append(sql::Transaction& tx, ByteView chain, std::span<const AuditRow> rows);  // and the head after them
[[nodiscard]] std::vector<AuditRow> audit_rows(sql::Transaction& tx, ByteView chain, std::int64_t after, std::int64_t limit);
// Every chain that has a row or a head.
[[nodiscard]] std::vector<Bytes> audit_chains(sql::Transaction& tx);

}  // namespace spaceca::store
