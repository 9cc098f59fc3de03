// UUIDs of version 7 (RFC 9562 5.7): they sort by the time at which they were made.
#pragma once

#include <array>
#include <cstdint>

#include <spaceca/clock.h>

#include "ossl/random.h"

namespace spaceca::ossl {

using Uuid = std::array<std::uint8_t, 16>;

[[nodiscard]] Uuid draw_uuid(RandomPool& random, Instant now);
// With the last twelve bits of a counter behind the time, so that those of one second sort as it counts (RFC 9562 6.2, method 1).
[[nodiscard]] Uuid draw_uuid(RandomPool& random, Instant now, std::uint16_t count);
[[nodiscard]] Uuid draw_uuid(Instant now);

}  // namespace spaceca::ossl
