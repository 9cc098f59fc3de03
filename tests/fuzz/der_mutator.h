// Changes DER and keeps it DER: of every hundred changes of single octets some ninety only break a length.
#pragma once

#include <random>

#include <spaceca/bytes.h>

namespace spaceca::fuzz {

using Dice = std::mt19937;

// `der` with a value changed, removed, doubled, moved or taken from elsewhere in it, lengths made right; or as libFuzzer changes
// any octets, if it is no DER or one time in four. At most `most` octets.
[[nodiscard]] Bytes mutated_der(ByteView der, std::size_t most, Dice& dice);

}  // namespace spaceca::fuzz
