#include "store/spaces.h"

namespace spaceca::store {
namespace {

SpaceRow space_row(const sql::Row& row) {
  Reader read{row};
  SpaceRow space;
  space.id = read.id();
  space.name = read.text();
  space.kind = read.text();
  space.last_generation = read.integer();
  space.created_at = read.instant();
  return space;
}

}  // namespace

bool insert(sql::Transaction& tx, const SpaceRow& space) {
  return !tx.execute(
                "INSERT INTO spaces (id, name, kind, last_generation, created_at) VALUES ($1, $2, $3, $4, $5) "
                "ON CONFLICT (name) DO NOTHING RETURNING id",
                {value_of(space.id), space.name, space.kind, space.last_generation, value_of(space.created_at)})
              .empty();
}

std::optional<SpaceRow> find_space(sql::Transaction& tx, std::string_view name) {
  return first_of(tx, "SELECT id, name, kind, last_generation, created_at FROM spaces WHERE name = $1", {name}, space_row);
}

std::optional<SpaceRow> find_space(sql::Transaction& tx, const Id& id) {
  return first_of(tx, "SELECT id, name, kind, last_generation, created_at FROM spaces WHERE id = $1", {value_of(id)}, space_row);
}

SpaceRow space_of(sql::Transaction& tx, const Id& id) {
  auto space = find_space(tx, id);
  if (!space) throw sql::EngineError{sql::Failure::corrupt, "store: a row names a space that is not there"};
  return std::move(*space);
}

std::vector<SpaceRow> spaces(sql::Transaction& tx, std::string_view after, std::int64_t limit) {
  return collected(tx, "SELECT id, name, kind, last_generation, created_at FROM spaces WHERE name > $1 ORDER BY name LIMIT $2",
                   {after, limit}, space_row);
}

std::int64_t take_generation(sql::Transaction& tx, const Id& space) {
  return tx
      .execute("UPDATE spaces SET last_generation = last_generation + 1 WHERE id = $1 RETURNING last_generation",
               {value_of(space)})[0]
      .integer(0);
}

}  // namespace spaceca::store
