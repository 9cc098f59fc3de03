// The one way to OpenSSL's random numbers that needs no provider of one's own is deprecated.
#undef OPENSSL_NO_DEPRECATED
#undef OPENSSL_API_COMPAT
#define OPENSSL_SUPPRESS_DEPRECATED

#include "support/replayed_random.h"

#include <openssl/rand.h>

#include <random>
#include <stdexcept>

namespace spaceca::test {
namespace {

std::mt19937_64& generator() {
  static std::mt19937_64 one;
  return one;
}

int draw(unsigned char* octets, int count) {
  for (int i = 0; i < count; ++i) octets[i] = static_cast<unsigned char>(generator()() & 0xFF);
  return 1;
}

int is_seeded() { return 1; }

}  // namespace

ReplayedRandom::ReplayedRandom(std::uint64_t seed) {
  static const RAND_METHOD method{nullptr, draw, nullptr, nullptr, draw, is_seeded};
  generator().seed(seed);
  if (RAND_set_rand_method(&method) != 1) throw std::runtime_error{"OpenSSL takes no other random numbers"};
}

ReplayedRandom::~ReplayedRandom() { RAND_set_rand_method(RAND_OpenSSL()); }

}  // namespace spaceca::test
