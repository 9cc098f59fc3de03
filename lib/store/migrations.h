// The steps of the schema, from nothing to what this version of the library knows. A step that was released never changes; a later
// schema is another step.
#pragma once

#include <span>

#include "store/sql.h"

namespace spaceca {

[[nodiscard]] std::span<const sql::Migration> migrations() noexcept;

}  // namespace spaceca
