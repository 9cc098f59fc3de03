// Databases as verbs meet them.
#pragma once

#include <spaceca/authority.h>

#include "service/core.h"
#include "store/databases.h"

namespace spaceca::service {

// Errc::not_found.
[[nodiscard]] store::DatabaseRow get_database(sql::Transaction& tx, const Id& space, const DatabaseName& name);
[[nodiscard]] DatabaseRecord record_of(sql::Transaction& tx, const store::DatabaseRow& row);
// How a publisher reaches its server.
[[nodiscard]] ServedDatabase served(Core& core, sql::Transaction& tx, const store::DatabaseRow& row);
[[nodiscard]] bool is_enabled(const store::DatabaseRow& row);  // Provisioning or Operational
[[nodiscard]] Access access_of(const store::DatabaseRow& row);
// What a space's databases are bound to unless that is said.
[[nodiscard]] BoundTo usual_binding(sql::Transaction& tx, const Id& space);

}  // namespace spaceca::service
