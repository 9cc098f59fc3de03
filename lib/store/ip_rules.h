// The rows of IP rules: the addresses that a database's clients may come from.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/columns.h"
#include "store/sql.h"

namespace spaceca::store {

struct IpRuleRow {
  Id id;
  Id database;
  std::string database_name;
  std::int64_t slot = 0;  // 1 to 60, each held by one rule that is not deleted
  std::string cidr;
  std::string description;
  std::string state;
  Instant created_at;
  Instant updated_at;
};

// False if the slot, or the block, is another's.
[[nodiscard]] bool insert(sql::Transaction& tx, const IpRuleRow& rule);
[[nodiscard]] std::optional<IpRuleRow> find_ip_rule(sql::Transaction& tx, const Id& space, const Id& id);
// Those that are not deleted, as they were made.
[[nodiscard]] std::vector<IpRuleRow> ip_rules(sql::Transaction& tx, const Id& database);
// From behind `after` on, the deleted ones too.
[[nodiscard]] std::vector<IpRuleRow> ip_rule_history(sql::Transaction& tx, const Id& database, const Id& after, std::int64_t limit);

// False if it is deleted.
[[nodiscard]] bool update_ip_rule(sql::Transaction& tx, const IpRuleRow& rule);
[[nodiscard]] bool delete_ip_rule(sql::Transaction& tx, const Id& id, Instant at);
void delete_ip_rules(sql::Transaction& tx, const Id& database, Instant at);
// It is proved, if its block is still the one that was.
void mark_authorized(sql::Transaction& tx, const IpRuleRow& rule);
// Nothing of that database is served any more.
void mark_authorizing(sql::Transaction& tx, const Id& database);

}  // namespace spaceca::store
