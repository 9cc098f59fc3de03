// What must hold of a store whatever happened to it.
#pragma once

#include <string>
#include <vector>

#include <spaceca/authority.h>

#include "store/sql.h"

namespace spaceca::test {

// What does not hold, a line each; empty is good. `driver`: on the same store, past the authority. Takes as long as reading all of
// it does.
[[nodiscard]] std::vector<std::string> broken_invariants(sql::Driver& driver, const Authority& authority);

// All rows of all tables, to be compared: nothing was done if it is the same.
[[nodiscard]] std::string content_of(sql::Driver& driver);

}  // namespace spaceca::test
