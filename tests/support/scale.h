// How much the long tests do, and from which seed. SPACECA_TEST_SCALE is a factor, 1 unless it is set; SPACECA_TEST_SEED makes a
// failure happen again.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

// There where a sanitizer's runtime is linked.
extern "C" {
void __asan_init() __attribute__((weak));
void __tsan_init() __attribute__((weak));
}

namespace spaceca::test {

[[nodiscard]] inline bool is_under_sanitizer() { return __asan_init != nullptr || __tsan_init != nullptr; }

inline std::uint64_t number_of_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::stoull(text);
}

[[nodiscard]] inline int scale_of_tests() { return static_cast<int>(number_of_environment("SPACECA_TEST_SCALE", 1)); }
[[nodiscard]] inline std::uint64_t seed_of_tests() { return number_of_environment("SPACECA_TEST_SEED", 1); }

}  // namespace spaceca::test
