// Time as a value. The core never reads a clock: whoever calls hands `now` down. Only services hold a Clock.
#pragma once

#include <chrono>
#include <string>

#include <spaceca/export.h>

namespace spaceca {

// UTC, to the second, since that is what certificates can say.
using Instant = std::chrono::sys_seconds;

// Where a service gets its time from; a test gives one that stands still. Called from any thread.
class SPACECA_EXPORT Clock {
 public:
  virtual ~Clock();
  [[nodiscard]] virtual Instant now() const = 0;
};

// The machine's clock, cut to the second.
class SPACECA_EXPORT SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override;
};

// "2036-11-24 10:00:01", UTC.
[[nodiscard]] SPACECA_EXPORT std::string text_of(Instant instant);

}  // namespace spaceca
