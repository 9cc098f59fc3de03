// The rows of roots, each with its latest list.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/columns.h"
#include "store/sql.h"

namespace spaceca::store {

struct RootRow {
  Id id;
  Id space;
  std::int64_t generation;
  std::string state;
  std::int64_t epoch = 0;
  Bytes certificate;
  Bytes key_handle;  // empty once it is destroyed
  Instant not_after;
  std::int64_t mark = 0;  // of the latest revocation
  std::int64_t crl_number = 0;
  std::int64_t crl_covers = 0;  // the latest mark that is on the list
  Instant crl_this_update;
  Instant crl_next_update;
  Instant created_at;
  Instant updated_at;
};

// A list as it is stored; borrowed.
struct CrlRow {
  ByteView der;
  ByteView before = {};  // the one in its place, where that is at hand: what they have in common is not written again
  std::int64_t number;
  std::int64_t covers;
  Instant this_update;
  Instant next_update;
};

// False if another root of the space is in that state, where only one may be.
[[nodiscard]] bool insert(sql::Transaction& tx, const RootRow& root, const CrlRow& crl);
[[nodiscard]] std::vector<RootRow> roots_of(sql::Transaction& tx, const Id& space);  // by generation
[[nodiscard]] std::optional<RootRow> find_root(sql::Transaction& tx, const Id& id);
// Whether it is active and its epoch is still that one.
[[nodiscard]] bool is_active(sql::Transaction& tx, const Id& root, std::int64_t epoch);
// What its bundles hold has changed: whoever is issuing begins again.
void move_epoch(sql::Transaction& tx, const Id& space);
[[nodiscard]] std::optional<RootRow> active_root(sql::Transaction& tx, const Id& space);
// Every root that still signs lists, by id.
[[nodiscard]] std::vector<RootRow> signing_roots(sql::Transaction& tx);
[[nodiscard]] Bytes crl_of(sql::Transaction& tx, const Id& root);

// The mark of a revocation that is being written.
[[nodiscard]] std::int64_t take_mark(sql::Transaction& tx, const Id& root);
// Only where the list is still the one of number `old`, and covers no more than the new one: two builders who each wrote "their"
// list would lose a serial.
[[nodiscard]] bool replace_crl(sql::Transaction& tx, const Id& root, std::int64_t old, const CrlRow& crl);
// Only where it is still in the state `from`. Its epoch moves, so whoever is issuing begins again.
[[nodiscard]] bool move_root(sql::Transaction& tx, const Id& root, std::string_view from, std::string_view to, Instant at);
void forget_key(sql::Transaction& tx, const Id& root);

}  // namespace spaceca::store
