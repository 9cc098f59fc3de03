// DER as a tree that can be changed and written again: for the mutator, and for harnesses that ask OpenSSL about a part. Lengths
// take care of themselves. Independent of the library's reader on purpose.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <spaceca/bytes.h>

namespace spaceca::fuzz {

struct DerNode {
  std::uint8_t tag = 0;
  Bytes content;                  // if there are no children
  std::vector<DerNode> children;  // of a constructed value, or wrapped in an OCTET STRING or BIT STRING
};

// One value and nothing after it, with one-octet tags and definite lengths; nothing for anything else.
[[nodiscard]] std::optional<DerNode> der_tree(ByteView der);

[[nodiscard]] Bytes der_of(const DerNode& node);

}  // namespace spaceca::fuzz
