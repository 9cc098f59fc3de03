// Random octets from OpenSSL's generators.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <spaceca/bytes.h>

namespace spaceca::ossl {

// For what will be public: serials, identifiers.
void fill_random(std::span<std::uint8_t> octets);

// For what stays secret: keys, passwords.
void fill_secret_random(std::span<std::uint8_t> octets);

// Public random octets drawn four kilobytes at a time: one call of the generator costs about as much for sixteen octets as for a
// thousand. Belongs to one thread at a time.
class RandomPool final {
 public:
  void fill(std::span<std::uint8_t> octets);

 private:
  std::array<std::uint8_t, 4096> octets_{};
  std::size_t used_ = octets_.size();
};

// The same for what stays secret, a few keys' worth at a time. What it hands out it forgets at once; what it still holds tells a
// reader of memory no more than the state of OpenSSL's own generator would. Belongs to one thread at a time, and to one process:
// whoever owns it sees to it that a forked child does not draw the same (FreeList does).
class SecretRandomPool final {
 public:
  void fill(std::span<std::uint8_t> octets);

 private:
  SecretBuffer octets_;  // taken from its end
};

}  // namespace spaceca::ossl
