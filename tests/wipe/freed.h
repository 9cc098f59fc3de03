// What the blocks of the heap held when they were given back. freed.cc replaces operator new and operator delete, in all their
// forms, for the whole process; what C code (OpenSSL's) takes from malloc is not seen.
#pragma once

#include <string_view>

namespace spaceca::test {

// Begins to remember, ends, and gives the octets of all blocks freed between, one after the other with zeros in between; they stay
// good until the next beginning. A block starts as zeros, so that what is found in it was written by who had it.
void begin_watching();
[[nodiscard]] std::string_view end_watching();

template <class Call>
[[nodiscard]] std::string_view freed_by(Call&& call) {
  begin_watching();
  call();
  return end_watching();
}

}  // namespace spaceca::test
