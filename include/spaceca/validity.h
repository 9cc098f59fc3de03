// The thirteen months and the seventy-five days, as pure functions.
#pragma once

#include <chrono>

#include <spaceca/clock.h>
#include <spaceca/export.h>

namespace spaceca {

// Both ends belong to it (RFC 5280 4.1.2.5).
struct Validity {
  Instant not_before;
  Instant not_after;

  friend bool operator==(const Validity&, const Validity&) = default;
};

inline constexpr std::chrono::months kLeafLifetime{13};
inline constexpr std::chrono::months kRootLifetime{120};
inline constexpr std::chrono::days kRenewalWindow{75};
inline constexpr std::chrono::minutes kProbeLifetime{10};
inline constexpr std::chrono::minutes kBackdating{5};  // for clients whose clock is behind

// The same day and second of the n-th month after (before, if n is negative); the last of that month where it has no such day.
// By the calendar on purpose: `start + std::chrono::months{13}` adds thirteen average months and is wrong by hours.
[[nodiscard]] SPACECA_EXPORT Instant months_after(Instant start, std::chrono::months n);

// From `window` before the end, to the second, on; so also after the end.
[[nodiscard]] SPACECA_EXPORT bool is_due(Validity validity, Instant now, std::chrono::days window = kRenewalWindow);

// Backdated start, end counted from the creation: users are promised the months, and notBefore may lie earlier.
[[nodiscard]] SPACECA_EXPORT Validity validity_from(Instant creation, std::chrono::months lifetime);

}  // namespace spaceca
