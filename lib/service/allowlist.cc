// IP rules: from where a database's clients may come.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <spaceca/authority.h>
#include <spaceca/error.h>

#include "base/legible.h"
#include "ossl/uuid.h"
#include "service/aftermath.h"
#include "service/audit_chain.h"
#include "service/core.h"
#include "service/databases.h"
#include "service/idempotency.h"
#include "service/words.h"
#include "store/ip_rules.h"

namespace spaceca {
namespace service {
namespace {

constexpr std::size_t kLongestDescription = 255;  // characters

[[noreturn]] void refuse(Errc code, const Cidr& cidr, std::string_view why) {
  throw Error{code, fmt::format("IP rule \"{}\": {}", cidr.text(), why)};
}

void check(const Cidr& cidr, const std::string& description, AnyAddress any) {
  if (cidr.is_any() && any == AnyAddress::refused) {
    refuse(Errc::policy, cidr, "lets every address in; say so if it is meant, or give a block");
  }
  const std::size_t length = legible_characters("description", description);
  if (length > kLongestDescription) {
    refuse(Errc::invalid_argument, cidr,
           fmt::format("its description has {} characters, the most is {}", length, kLongestDescription));
  }
}

IpRule rule_of(const store::IpRuleRow& row) {
  return {.id = IpRuleId{row.id},
          .database = DatabaseName{row.database_name},
          .cidr = Cidr{row.cidr},
          .description = row.description,
          .state = ip_rule_state_of(row.state),
          .created_at = row.created_at,
          .updated_at = row.updated_at};
}

std::vector<IpRule> rules_of(Core& core, const Id& space, std::span<const Id> ids) {
  const auto tx = core.driver.read();
  std::vector<IpRule> found;
  for (const Id& id : ids) {
    if (const auto row = store::find_ip_rule(*tx, space, id)) found.push_back(rule_of(*row));
  }
  return found;
}

[[noreturn]] void refuse_known(const Cidr& cidr, const store::IpRuleRow& known) {
  refuse(Errc::exists, cidr,
         fmt::format("database \"{}\" has it already, by rule {}", known.database_name, IpRuleId{known.id}.text()));
}

std::vector<std::pair<std::string_view, std::string>> details_of(const store::IpRuleRow& row) {
  return {{"database", row.database_name}, {"cidr", row.cidr}};
}

// Within a transaction: rows of these rules, each in a slot that is free.
std::vector<store::IpRuleRow> insert_rules(sql::Transaction& tx, const store::DatabaseRow& database,
                                           std::span<const IpRuleSpec> rules, std::span<const Id> ids, Instant now) {
  const auto known = store::ip_rules(tx, database.id);
  std::array<bool, kMaxIpRules + 1> taken{};
  for (const store::IpRuleRow& row : known) taken.at(static_cast<std::size_t>(row.slot)) = true;
  if (known.size() + rules.size() > kMaxIpRules) {
    throw Error{Errc::policy,
                rules.size() == 1
                    ? fmt::format("database \"{}\" has {} IP rules, the most it may have", database.name, kMaxIpRules)
                    : fmt::format("database \"{}\" has {} IP rules, and {} more would be {}; the most "
                                  "it may have is {}",
                                  database.name, known.size(), rules.size(), known.size() + rules.size(), kMaxIpRules)};
  }
  std::vector<store::IpRuleRow> made;
  std::int64_t slot = 1;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const Cidr& cidr = rules[i].cidr;
    const auto same = std::ranges::find(known, cidr.text(), &store::IpRuleRow::cidr);
    if (same != known.end()) refuse_known(cidr, *same);
    if (std::ranges::find(made, cidr.text(), &store::IpRuleRow::cidr) != made.end()) {
      refuse(Errc::exists, cidr, "stands there twice");
    }
    while (taken.at(static_cast<std::size_t>(slot))) ++slot;
    made.push_back({.id = ids[i],
                    .database = database.id,
                    .database_name = database.name,
                    .slot = slot++,
                    .cidr = cidr.text(),
                    .description = rules[i].description,
                    .state = "Authorizing",
                    .created_at = now,
                    .updated_at = now});
    if (!store::insert(tx, made.back())) {
      throw Error{Errc::busy, fmt::format("database \"{}\": somebody else changed its IP rules at the same moment", database.name)};
    }
  }
  return made;
}

store::IpRuleRow get_rule(sql::Transaction& tx, const Id& space, const Id& id) {
  auto row = store::find_ip_rule(tx, space, id);
  if (!row) throw Error{Errc::not_found, fmt::format("IP rule {}: is not there", IpRuleId{id}.text())};
  if (row->state == "deleted") {
    throw Error{Errc::policy, fmt::format("IP rule {} ({} of database \"{}\"): was deleted {}", IpRuleId{id}.text(), row->cidr,
                                          row->database_name, text_of(row->updated_at))};
  }
  return std::move(*row);
}

}  // namespace
}  // namespace service

std::vector<IpRule> Space::create_ip_rules(const DatabaseName& database, std::span<const IpRuleSpec> rules,
                                           const WriteOptions& options) const {
  service::Core& core = impl_->authority;
  std::string text = database.text();
  for (const IpRuleSpec& rule : rules) {
    service::check(rule.cidr, rule.description, rule.any);
    text += fmt::format("\n{} {}", rule.cidr.text(), rule.description);
  }
  const service::Once once{impl_->id, options, "create_ip_rules", impl_->actor, text};
  const auto perform = [&](const service::Once& request) {
    const Instant now = core.now();
    service::Ids ids;
    for (std::size_t i = 0; i < rules.size(); ++i) ids.push_back(ossl::draw_uuid(now));
    std::ranges::sort(ids);  // as they were given
    core.commits.run([&](sql::Transaction& tx) {
      const store::DatabaseRow row = service::get_database(tx, impl_->id, database);
      std::vector<service::AuditEvent> events;
      for (const store::IpRuleRow& made : service::insert_rules(tx, row, rules, ids, now)) {
        events.push_back({.verb = "create_ip_rule", .object = IpRuleId{made.id}.text(), .details = service::details_of(made)});
      }
      if (!ids.empty()) store::want_publication(tx, row.id);
      request.record(tx, ids, now);
      service::record(tx, core.vault, impl_->id, now, impl_->actor, events);
    });
    return service::after(fmt::format("database \"{}\": its IP rules are made", database.text()),
                          [&] { return service::rules_of(core, impl_->id, ids); });
  };
  return once.run(core.driver, perform, [&](const service::Ids& before) { return service::rules_of(core, impl_->id, before); });
}

IpRule Space::create_ip_rule(const DatabaseName& database, const IpRuleSpec& rule, const WriteOptions& options) const {
  return create_ip_rules(database, std::span{&rule, 1}, options).front();
}

std::vector<IpRule> Space::ip_rules(const DatabaseName& database) const {
  const auto tx = impl_->authority.driver.read();
  std::vector<IpRule> found;
  for (const store::IpRuleRow& row : store::ip_rules(*tx, service::get_database(*tx, impl_->id, database).id)) {
    found.push_back(service::rule_of(row));
  }
  std::ranges::sort(found, {}, &IpRule::cidr);
  return found;
}

Page<IpRule> Space::ip_rule_history(const DatabaseName& database, const PageRequest& page) const {
  const std::int64_t limit = service::checked_limit(page);
  service::check_name_cursor<IpRuleId>(page, "IP rules");
  const auto tx = impl_->authority.driver.read();
  const service::Id after = page.after.empty() ? service::Id{} : IpRuleId{page.after}.octets();
  const auto rows = store::ip_rule_history(*tx, service::get_database(*tx, impl_->id, database).id, after, limit);
  Page<IpRule> found;
  for (const store::IpRuleRow& row : rows) found.items.push_back(service::rule_of(row));
  if (rows.size() == static_cast<std::size_t>(limit)) found.next = found.items.back().id.text();
  return found;
}

std::optional<IpRule> Space::find_ip_rule(const IpRuleId& id) const {
  const auto tx = impl_->authority.driver.read();
  const auto row = store::find_ip_rule(*tx, impl_->id, id.octets());
  if (!row) return std::nullopt;
  return service::rule_of(*row);
}

IpRule Space::update_ip_rule(const IpRuleId& id, const IpRuleChange& change, const WriteOptions& options) const {
  service::Core& core = impl_->authority;
  const std::string text = fmt::format("{}\n{}\n{}", id.text(), change.cidr ? change.cidr->text() : "",
                                       change.description ? "=" + *change.description : "");
  const service::Once once{impl_->id, options, "update_ip_rule", impl_->actor, text};
  const auto perform = [&](const service::Once& request) {
    const Instant now = core.now();
    core.commits.run([&](sql::Transaction& tx) {
      store::IpRuleRow row = service::get_rule(tx, impl_->id, id.octets());
      const std::string before = row.cidr;
      if (change.cidr) row.cidr = change.cidr->text();
      if (change.description) row.description = *change.description;
      service::check(Cidr{row.cidr}, row.description, row.cidr == before ? AnyAddress::allowed : change.any);
      auto details = service::details_of(row);
      if (row.cidr != before) {
        for (const store::IpRuleRow& other : store::ip_rules(tx, row.database)) {
          if (other.cidr == row.cidr) service::refuse_known(Cidr{row.cidr}, other);
        }
        details.emplace_back("before", before);
        row.state = "Authorizing";
        store::want_publication(tx, row.database);
      }
      row.updated_at = now;
      static_cast<void>(store::update_ip_rule(tx, row));
      request.record(tx, std::span{&row.id, 1}, now);
      service::record(tx, core.vault, impl_->id, now, impl_->actor,
                      {.verb = "update_ip_rule", .object = id.text(), .details = details});
    });
    return service::after(fmt::format("IP rule {}: is changed", id.text()), [&] { return find_ip_rule(id).value(); });
  };
  return once.run(core.driver, perform, [&](const service::Ids&) { return find_ip_rule(id).value(); });
}

IpRule Space::delete_ip_rule(const IpRuleId& id, const WriteOptions& options) const {
  service::Core& core = impl_->authority;
  const service::Once once{impl_->id, options, "delete_ip_rule", impl_->actor, id.text()};
  const auto perform = [&](const service::Once& request) {
    const Instant now = core.now();
    core.commits.run([&](sql::Transaction& tx) {
      const store::IpRuleRow row = service::get_rule(tx, impl_->id, id.octets());
      static_cast<void>(store::delete_ip_rule(tx, row.id, now));
      store::want_publication(tx, row.database);
      request.record(tx, std::span{&row.id, 1}, now);
      service::record(tx, core.vault, impl_->id, now, impl_->actor,
                      {.verb = "delete_ip_rule", .object = id.text(), .details = service::details_of(row)});
    });
    return service::after(fmt::format("IP rule {}: is deleted", id.text()), [&] { return find_ip_rule(id).value(); });
  };
  return once.run(core.driver, perform, [&](const service::Ids&) { return find_ip_rule(id).value(); });
}

}  // namespace spaceca
