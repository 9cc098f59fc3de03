// Random numbers that come again: keys, serials and identifiers of a story that is told twice are the same ones.
#pragma once

#include <cstdint>

namespace spaceca::test {

// While it lives, OpenSSL draws from a generator with this seed. One at a time; for tests alone, since whoever knows the seed knows
// all keys.
class ReplayedRandom {
 public:
  explicit ReplayedRandom(std::uint64_t seed);
  ~ReplayedRandom();
  ReplayedRandom(const ReplayedRandom&) = delete;
  ReplayedRandom& operator=(const ReplayedRandom&) = delete;
};

}  // namespace spaceca::test
