// What the store remembers of the clock.
#pragma once

#include <optional>

#include "store/columns.h"
#include "store/sql.h"

namespace spaceca::store {

struct TimeSeen {
  Instant latest;
  std::optional<Instant> ahead_since = {};   // since when, by itself, the clock has been far ahead of that
  std::optional<Instant> ahead_latest = {};  // what it showed last then
};

// None in a store that has never been used.
[[nodiscard]] std::optional<TimeSeen> time_seen(sql::Transaction& tx);
void begin_time(sql::Transaction& tx, const Id& store, Instant now);
void set_time_seen(sql::Transaction& tx, const TimeSeen& time);

}  // namespace spaceca::store
