// Whether the clock is to be believed. The store keeps the latest time that it has seen.
#pragma once

#include <spaceca/authority.h>

#include "service/core.h"
#include "store/sql.h"

namespace spaceca::service {

// How far ahead a clock may have run and been believed: fifteen days at once, more when it did so again before it was put right.
// What cannot be undone is done so much later; a new root begins so much earlier.
inline constexpr std::chrono::days kUnnoticed{45};

struct ClockVerdict {
  bool suspect = false;  // nothing is pruned and no root moves
  bool behind = false;   // and nothing is mailed
  // What sweeps and lists date what they make by, so that it does not lie in the future when a clock that ran ahead is put right:
  // the time seen last if the clock is far ahead of it, otherwise `now`.
  Instant surely_past = {};
};
[[nodiscard]] ClockVerdict clock_verdict(sql::Transaction& tx, Instant now);

// By when certificates are dated that this actor makes: the sweep's by what is surely past.
[[nodiscard]] Instant dated_for(sql::Transaction& tx, const Actor& actor, Instant now);

// What a sweep does first: it records the time, or since when that is in doubt. 48 hours of sweeps that agree are believed.
ClockVerdict look_at_clock(Core& core);

}  // namespace spaceca::service
