#include "store/ip_rules.h"

namespace spaceca::store {
namespace {

constexpr sql::Literal kIpRuleColumns{
    "r.id, r.database, d.name, r.slot, r.cidr, r.description, r.state, r.created_at, r.updated_at "
    "FROM ip_rules r JOIN databases d ON d.id = r.database"};

IpRuleRow ip_rule_row(const sql::Row& row) {
  Reader read{row};
  IpRuleRow rule;
  rule.id = read.id();
  rule.database = read.id();
  rule.database_name = read.text();
  rule.slot = read.integer();
  rule.cidr = read.text();
  rule.description = read.text_or_empty();
  rule.state = read.text();
  rule.created_at = read.instant();
  rule.updated_at = read.instant();
  return rule;
}

}  // namespace

bool insert(sql::Transaction& tx, const IpRuleRow& rule) {
  return !tx.execute(
                "INSERT INTO ip_rules (id, database, slot, cidr, description, state, created_at, updated_at) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING RETURNING id",
                {value_of(rule.id), value_of(rule.database), rule.slot, rule.cidr, text_or_null(rule.description), rule.state,
                 value_of(rule.created_at)})
              .empty();
}

std::optional<IpRuleRow> find_ip_rule(sql::Transaction& tx, const Id& space, const Id& id) {
  return first_of(tx, sql::kJoined<"SELECT ", kIpRuleColumns, " WHERE r.id = $1 AND d.space = $2">, {value_of(id), value_of(space)},
                  ip_rule_row);
}

std::vector<IpRuleRow> ip_rules(sql::Transaction& tx, const Id& database) {
  return collected(tx, sql::kJoined<"SELECT ", kIpRuleColumns, " WHERE r.database = $1 AND r.state <> 'deleted' ORDER BY r.id">,
                   {value_of(database)}, ip_rule_row);
}

std::vector<IpRuleRow> ip_rule_history(sql::Transaction& tx, const Id& database, const Id& after, std::int64_t limit) {
  return collected(tx, sql::kJoined<"SELECT ", kIpRuleColumns, " WHERE r.database = $1 AND r.id > $2 ORDER BY r.id LIMIT $3">,
                   {value_of(database), value_of(after), limit}, ip_rule_row);
}

bool update_ip_rule(sql::Transaction& tx, const IpRuleRow& rule) {
  return tx.execute(
               "UPDATE ip_rules SET cidr = $2, description = $3, state = $4, updated_at = $5 WHERE id = $1 AND state <> 'deleted'",
               {value_of(rule.id), rule.cidr, text_or_null(rule.description), rule.state, value_of(rule.updated_at)})
             .changed() == 1;
}

bool delete_ip_rule(sql::Transaction& tx, const Id& id, Instant at) {
  return tx.execute("UPDATE ip_rules SET state = 'deleted', updated_at = $2 WHERE id = $1 AND state <> 'deleted'",
                    {value_of(id), value_of(at)})
             .changed() == 1;
}

void delete_ip_rules(sql::Transaction& tx, const Id& database, Instant at) {
  tx.execute("UPDATE ip_rules SET state = 'deleted', updated_at = $2 WHERE database = $1 AND state <> 'deleted'",
             {value_of(database), value_of(at)});
}

void mark_authorized(sql::Transaction& tx, const IpRuleRow& rule) {
  tx.execute("UPDATE ip_rules SET state = 'Authorized' WHERE id = $1 AND cidr = $2 AND state = 'Authorizing'",
             {value_of(rule.id), rule.cidr});
}

void mark_authorizing(sql::Transaction& tx, const Id& database) {
  tx.execute("UPDATE ip_rules SET state = 'Authorizing' WHERE database = $1 AND state = 'Authorized'", {value_of(database)});
}

}  // namespace spaceca::store
