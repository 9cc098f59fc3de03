// What a client certificate calls its holder: OU = database, then CN = role.
#pragma once

#include <optional>

#include <spaceca/names.h>

#include "x509/der.h"

namespace spaceca::x509 {

void write_client_name(der::Writer& w, const std::optional<DatabaseName>& database, const RoleName& role);

}  // namespace spaceca::x509
