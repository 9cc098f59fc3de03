#include "ossl/uuid.h"

#include <chrono>

namespace spaceca::ossl {
namespace {

Uuid stamped(Uuid octets, Instant now) {
  auto milliseconds = static_cast<std::uint64_t>(std::chrono::milliseconds{now.time_since_epoch()}.count());
  for (int i = 5; i >= 0; --i) {
    octets[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(milliseconds);
    milliseconds >>= 8;
  }
  octets[6] = static_cast<std::uint8_t>(0x70 | (octets[6] & 0x0F));
  octets[8] = static_cast<std::uint8_t>(0x80 | (octets[8] & 0x3F));
  return octets;
}

}  // namespace

Uuid draw_uuid(RandomPool& random, Instant now) {
  Uuid octets{};
  random.fill(octets);
  return stamped(octets, now);
}

Uuid draw_uuid(RandomPool& random, Instant now, std::uint16_t count) {
  Uuid octets = draw_uuid(random, now);
  octets[6] = static_cast<std::uint8_t>((octets[6] & 0xF0) | (count >> 8 & 0x0F));
  octets[7] = static_cast<std::uint8_t>(count);
  return octets;
}

Uuid draw_uuid(Instant now) {
  Uuid octets{};
  fill_random(octets);
  return stamped(octets, now);
}

}  // namespace spaceca::ossl
