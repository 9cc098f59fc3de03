// What was done, in chains that nobody without the vault can forge: each entry's code is over the code before it and its own
// octets.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <spaceca/authority.h>

#include "store/audit.h"

namespace spaceca::service {

struct AuditEvent {
  std::string_view verb;
  std::string object;
  std::vector<std::pair<std::string_view, std::string>> details = {};
};

// Within the transaction of what they tell; last before its commit. `chain`: a space's id, or nothing for the store's own.
void record(sql::Transaction& tx, const Vault& vault, ByteView chain, Instant at, const Actor& actor,
            std::span<const AuditEvent> events);
void record(sql::Transaction& tx, const Vault& vault, ByteView chain, Instant at, const Actor& actor, const AuditEvent& event);

[[nodiscard]] AuditEntry entry_of(const store::AuditRow& row);
[[nodiscard]] Page<AuditEntry> audit_page(sql::Driver& driver, ByteView chain, const PageRequest& page);

}  // namespace spaceca::service
