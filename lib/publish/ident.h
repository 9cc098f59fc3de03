// pg_ident.conf: the map by which a certificate opens its own database and no other (PostgreSQL manual 21.2). Pure.
#pragma once

#include <string>
#include <vector>

#include <spaceca/access.h>
#include <spaceca/names.h>

#include "publish/hba.h"

namespace spaceca::publish::ident {

// Where certificates are bound to their database.
[[nodiscard]] inline bool is_needed(const Access& access) { return access.binding == BoundTo::database; }

// "spaceca-orders"
[[nodiscard]] std::string map_name(const DatabaseName& database);

// A line a role: the whole name in the certificate, database included, and the role that may log in by it.
[[nodiscard]] std::string lines_of(const DatabaseName& database, const std::vector<RoleName>& roles, hba::Dialect dialect);

}  // namespace spaceca::publish::ident
