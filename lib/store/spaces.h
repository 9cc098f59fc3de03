// The rows of spaces.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/columns.h"
#include "store/sql.h"

namespace spaceca::store {

struct SpaceRow {
  Id id;
  std::string name;
  std::string kind;
  std::int64_t last_generation;
  Instant created_at;
};

// False if the name is taken.
[[nodiscard]] bool insert(sql::Transaction& tx, const SpaceRow& space);
[[nodiscard]] std::optional<SpaceRow> find_space(sql::Transaction& tx, std::string_view name);
[[nodiscard]] std::optional<SpaceRow> find_space(sql::Transaction& tx, const Id& id);
[[nodiscard]] SpaceRow space_of(sql::Transaction& tx, const Id& id);
// By name, from behind `after` on.
[[nodiscard]] std::vector<SpaceRow> spaces(sql::Transaction& tx, std::string_view after, std::int64_t limit);
// The next generation of roots, taken once.
[[nodiscard]] std::int64_t take_generation(sql::Transaction& tx, const Id& space);

}  // namespace spaceca::store
