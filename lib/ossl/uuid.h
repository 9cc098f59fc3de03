// UUIDs of version 7 (RFC 9562 5.7): they sort by the millisecond in which they were made.
#pragma once

#include <array>
#include <cstdint>

#include <spaceca/clock.h>

#include "ossl/random.h"

namespace spaceca::ossl {

using Uuid = std::array<std::uint8_t, 16>;

[[nodiscard]] Uuid draw_uuid(RandomPool& random, Instant now);
[[nodiscard]] Uuid draw_uuid(Instant now);

}  // namespace spaceca::ossl
