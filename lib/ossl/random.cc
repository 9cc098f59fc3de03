#include "ossl/random.h"

#include <algorithm>
#include <utility>

#include <openssl/rand.h>

#include "ossl/check.h"

namespace spaceca::ossl {

void fill_random(std::span<std::uint8_t> octets) {
  check(RAND_bytes(octets.data(), static_cast<int>(octets.size())), "draw random octets");
}

void fill_secret_random(std::span<std::uint8_t> octets) {
  check(RAND_priv_bytes(octets.data(), static_cast<int>(octets.size())), "draw random octets");
}

void RandomPool::fill(std::span<std::uint8_t> octets) {
  if (octets.size() > octets_.size() - used_) {
    fill_random(octets_);
    used_ = 0;
  }
  std::copy_n(octets_.begin() + static_cast<std::ptrdiff_t>(used_), octets.size(), octets.begin());
  used_ += octets.size();
}

void SecretRandomPool::fill(std::span<std::uint8_t> octets) {
  constexpr std::size_t kDrawnAtOnce = 256;
  if (octets.size() > octets_.size()) {
    SecretBuffer drawn(std::max(octets.size(), kDrawnAtOnce));
    fill_secret_random(drawn);
    octets_ = std::move(drawn);
  }
  const std::size_t left = octets_.size() - octets.size();
  std::copy_n(octets_.begin() + static_cast<std::ptrdiff_t>(left), octets.size(), octets.begin());
  wipe(octets_.data() + left, octets.size());
  octets_.resize(left);
}

}  // namespace spaceca::ossl
