// libFuzzer's hook, for harnesses that take DER.
#include <algorithm>

#include "der_mutator.h"

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned int seed) {
  spaceca::fuzz::Dice dice{seed};
  const spaceca::Bytes result = spaceca::fuzz::mutated_der({data, size}, max_size, dice);
  std::copy(result.begin(), result.end(), data);
  return result.size();
}
