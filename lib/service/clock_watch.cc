#include "service/clock_watch.h"

#include <algorithm>

#include <spaceca/error.h>

#include "service/audit_chain.h"
#include "store/spaces.h"
#include "store/time_seen.h"

namespace spaceca {
namespace service {
namespace {

constexpr std::chrono::minutes kBehind{10};
constexpr std::chrono::days kAhead{15};  // two weeks may lie between two sweeps
constexpr std::chrono::hours kAgreement{48};
constexpr std::chrono::days kMostBackdated{60};   // a store that nobody swept for years must not make certificates that have ended
constexpr std::chrono::days kLongestSilence{30};  // between two sweeps that agree

ClockVerdict verdict(const store::TimeSeen& seen, Instant now) {
  if (now < seen.latest - kBehind) return {.suspect = true, .behind = true, .surely_past = now};
  const bool ahead = now > seen.latest + kAhead;
  return {.suspect = ahead, .surely_past = ahead ? std::max(seen.latest, now - kMostBackdated) : now};
}

}  // namespace

ClockVerdict clock_verdict(sql::Transaction& tx, Instant now) {
  const auto seen = store::time_seen(tx);
  return seen ? verdict(*seen, now) : ClockVerdict{.surely_past = now};
}

Instant dated_for(sql::Transaction& tx, const Actor& actor, Instant now) {
  return actor.text() == sweeper().text() ? clock_verdict(tx, now).surely_past : now;
}

ClockVerdict look_at_clock(Core& core) {
  const Instant now = core.now();
  ClockVerdict found;
  core.commits.run([&](sql::Transaction& tx) {
    auto seen = store::time_seen(tx);
    found = {.surely_past = now};
    if (!seen) return;
    found = verdict(*seen, now);
    if (found.behind) return;
    if (found.suspect) {
      const bool agrees = seen->ahead_since && now >= *seen->ahead_since && now <= *seen->ahead_latest + kLongestSilence;
      if (!agrees) seen->ahead_since = now;
      seen->ahead_latest = now;
      if (now - *seen->ahead_since >= kAgreement) found = {.surely_past = now};
    }
    if (!found.suspect) seen = store::TimeSeen{.latest = std::max(seen->latest, now)};
    store::set_time_seen(tx, *seen);
  });
  return found;
}

}  // namespace service

bool Authority::clock_suspect() const {
  const auto tx = impl_->driver.read();
  return service::clock_verdict(*tx, impl_->now()).suspect;
}

void Authority::accept_clock(const Actor& actor) {
  const Instant now = impl_->now();
  impl_->commits.run([&](sql::Transaction& tx) {
    const auto seen = store::time_seen(tx);
    if (!seen) return;
    store::set_time_seen(tx, {.latest = now});
    service::record(tx, impl_->vault, {}, now, actor,
                    {.verb = "accept_clock", .object = text_of(now), .details = {{"seen", text_of(seen->latest)}}});
  });
}

}  // namespace spaceca
