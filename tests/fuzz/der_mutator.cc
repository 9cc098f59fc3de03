#include "der_mutator.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "der_tree.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace spaceca::fuzz {
namespace {

std::size_t below(std::size_t limit, Dice& dice) { return dice() % limit; }

Bytes mutated_octets(ByteView octets, std::size_t most, Dice& dice) {
  Bytes buffer(octets.begin(), octets.end());
  buffer.resize(std::min(most, octets.size() + 1 + below(16, dice)));
  if (buffer.empty()) return buffer;
  buffer.resize(LLVMFuzzerMutate(buffer.data(), std::min(octets.size(), buffer.size()), buffer.size()));
  return buffer;
}

// Where a node hangs: its siblings, and which of them it is.
struct Place {
  std::vector<DerNode>* siblings;
  std::size_t at;
};

void collect(std::vector<DerNode>& siblings, std::vector<Place>& into) {
  for (std::size_t at = 0; at < siblings.size(); ++at) {
    into.push_back({&siblings, at});
    collect(siblings[at].children, into);
  }
}

// Tags that certificates, keys, requests and lists are made of.
constexpr std::uint8_t kTags[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A, 0x0C, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1C, 0x1E,
                                  0x30, 0x31, 0x80, 0x81, 0x82, 0x84, 0x86, 0x87, 0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0x24, 0x23};

void change_content(DerNode& node, Dice& dice) {
  if (node.children.empty()) node.content = mutated_octets(node.content, node.content.size() + 16, dice);
}

void change(Place place, const std::vector<Place>& all, Dice& dice) {
  std::vector<DerNode>& siblings = *place.siblings;
  const auto here = siblings.begin() + static_cast<std::ptrdiff_t>(place.at);
  const DerNode elsewhere = [&] {
    const Place other = all[below(all.size(), dice)];
    return (*other.siblings)[other.at];
  }();
  switch (below(12, dice)) {
    case 0: siblings.erase(here); break;
    case 1: siblings.insert(here, DerNode{*here}); break;
    case 2: std::swap(*here, siblings[below(siblings.size(), dice)]); break;
    case 3: *here = elsewhere; break;
    case 4: siblings.insert(here, elsewhere); break;
    case 5: here->tag = kTags[below(std::size(kTags), dice)]; break;
    case 6: {  // wrapped in another value
      DerNode inner = std::move(*here);
      *here = DerNode{kTags[below(std::size(kTags), dice)], {}, {}};
      here->children.push_back(std::move(inner));
      break;
    }
    case 7: *here = DerNode{here->tag, {}, {}}; break;
    default: change_content(*here, dice); break;
  }
}

}  // namespace

Bytes mutated_der(ByteView der, std::size_t most, Dice& dice) {
  auto tree = der_tree(der);
  if (!tree || below(4, dice) == 0) return mutated_octets(der, most, dice);
  std::vector<DerNode> root{std::move(*tree)};
  for (std::size_t changes = 1 + below(3, dice); changes > 0 && !root.empty(); --changes) {
    std::vector<Place> all;
    collect(root, all);
    change(all[below(all.size(), dice)], all, dice);
  }
  Bytes result;
  for (const DerNode& node : root) {
    const Bytes piece = der_of(node);
    result.insert(result.end(), piece.begin(), piece.end());
  }
  if (result.size() > most) return mutated_octets(der, most, dice);
  return result;
}

}  // namespace spaceca::fuzz
