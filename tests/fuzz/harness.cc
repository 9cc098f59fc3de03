#include "harness.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace spaceca::fuzz {

void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", std::string{what}.c_str());
  std::abort();
}

void require_presentable(std::string_view refusal) {
  const bool printable = std::all_of(refusal.begin(), refusal.end(), [](char c) { return c >= ' ' && c <= '~'; });
  require(printable, "a refusal is printable ASCII");
  require(!refusal.empty() && refusal.size() <= 800, "a refusal says something, and not too much");
}

bool same(ByteView a, ByteView b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

}  // namespace spaceca::fuzz
