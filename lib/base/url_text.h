// Connection URLs whose parts a reader could take for one another.
#pragma once

#include <string_view>

namespace spaceca {

// A password with a bare @, / or ? in it falls apart, and a piece of it would be taken for a host, a port or a database, and shown
// as one: libpq ends it at the first @, others at the last. Then there is an @ where none belongs. `behind_scheme` is what follows
// the ://.
[[nodiscard]] bool falls_apart(std::string_view behind_scheme);

inline constexpr std::string_view kFallsApart =
    "it has an @ where none belongs; in a password write @, / and ? as %40, %2F and %3F";

}  // namespace spaceca
