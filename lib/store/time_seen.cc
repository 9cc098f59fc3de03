#include "store/time_seen.h"

namespace spaceca::store {

std::optional<TimeSeen> time_seen(sql::Transaction& tx) {
  const auto rows = tx.execute("SELECT latest_time_seen, clock_ahead_since, clock_ahead_latest FROM store WHERE id = 1");
  if (rows.empty()) return std::nullopt;
  Reader read{rows[0]};
  TimeSeen time;
  time.latest = read.instant();
  time.ahead_since = read.instant_or_none();
  time.ahead_latest = read.instant_or_none();
  return time;
}

void begin_time(sql::Transaction& tx, const Id& store, Instant now) {
  tx.execute("INSERT INTO store (id, uuid, created_at, latest_time_seen) VALUES (1, $1, $2, $2) ON CONFLICT (id) DO NOTHING",
             {value_of(store), value_of(now)});
}

void set_time_seen(sql::Transaction& tx, const TimeSeen& time) {
  tx.execute("UPDATE store SET latest_time_seen = $1, clock_ahead_since = $2, clock_ahead_latest = $3 WHERE id = 1",
             {value_of(time.latest), value_of(time.ahead_since), value_of(time.ahead_latest)});
}

}  // namespace spaceca::store
