// Databases as verbs meet them.
#pragma once

#include <string_view>

#include <spaceca/authority.h>

#include "service/core.h"
#include "store/databases.h"

namespace spaceca::service {

[[noreturn]] void refuse_database(const DatabaseName& name, std::string_view why);  // Errc::policy
// Errc::not_found.
[[nodiscard]] store::DatabaseRow get_database(sql::Transaction& tx, const Id& space, const DatabaseName& name);
[[nodiscard]] DatabaseRecord record_of(sql::Transaction& tx, const store::DatabaseRow& row);
[[nodiscard]] DatabaseRecord described(Core& core, const Id& space, const DatabaseName& name);  // as it is now
// How a publisher reaches its server.
[[nodiscard]] ServedDatabase served(Core& core, sql::Transaction& tx, const store::DatabaseRow& row);
[[nodiscard]] bool is_enabled(const store::DatabaseRow& row);  // Provisioning or Operational
[[nodiscard]] Access access_of(const store::DatabaseRow& row);
// What a space's databases are bound to unless that is said.
[[nodiscard]] BoundTo usual_binding(sql::Transaction& tx, const Id& space);

}  // namespace spaceca::service
