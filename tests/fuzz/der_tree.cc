#include "der_tree.h"

namespace spaceca::fuzz {
namespace {

constexpr int kDeepest = 32;
constexpr std::uint8_t kBitString = 0x03;
constexpr std::uint8_t kOctetString = 0x04;
constexpr std::uint8_t kConstructed = 0x20;

std::optional<std::vector<DerNode>> values_in(ByteView octets, int depth);

// Takes one value off the front.
std::optional<DerNode> take_value(ByteView& octets, int depth) {
  if (octets.size() < 2 || (octets[0] & 0x1F) == 0x1F) return std::nullopt;
  std::size_t length = octets[1];
  std::size_t header = 2;
  if (length >= 0x80) {
    const std::size_t count = length - 0x80;
    if (count == 0 || count > 3 || octets.size() < 2 + count) return std::nullopt;
    header += count;
    length = 0;
    for (std::size_t i = 2; i < header; ++i) length = length << 8 | octets[i];
  }
  if (length > octets.size() - header) return std::nullopt;
  DerNode node{octets[0], {}, {}};
  const ByteView content = octets.subspan(header, length);
  octets = octets.subspan(header + length);

  const bool wraps_bits = node.tag == kBitString && content.size() > 2 && content.front() == 0;
  std::optional<std::vector<DerNode>> children;
  if ((node.tag & kConstructed) != 0 || (node.tag == kOctetString && !content.empty())) children = values_in(content, depth + 1);
  if (wraps_bits) children = values_in(content.subspan(1), depth + 1);
  if (children && !children->empty()) {
    node.children = std::move(*children);
  } else {
    node.content.assign(content.begin(), content.end());
  }
  return node;
}

std::optional<std::vector<DerNode>> values_in(ByteView octets, int depth) {
  if (depth > kDeepest) return std::nullopt;
  std::vector<DerNode> values;
  while (!octets.empty()) {
    auto value = take_value(octets, depth);
    if (!value) return std::nullopt;
    values.push_back(std::move(*value));
  }
  return values;
}

void append(Bytes& der, const DerNode& node) {
  Bytes content = node.content;
  if (!node.children.empty()) {
    content.clear();
    if (node.tag == kBitString) content.push_back(0);
    for (const DerNode& child : node.children) append(content, child);
  }
  der.push_back(node.tag);
  if (content.size() < 0x80) {
    der.push_back(static_cast<std::uint8_t>(content.size()));
  } else {
    int count = 1;
    for (std::size_t rest = content.size() >> 8; rest != 0; rest >>= 8) ++count;
    der.push_back(static_cast<std::uint8_t>(0x80 | count));
    while (count-- > 0) der.push_back(static_cast<std::uint8_t>(content.size() >> (8 * count)));
  }
  der.insert(der.end(), content.begin(), content.end());
}

}  // namespace

std::optional<DerNode> der_tree(ByteView der) {
  auto value = take_value(der, 0);
  if (!der.empty()) return std::nullopt;
  return value;
}

Bytes der_of(const DerNode& node) {
  Bytes der;
  append(der, node);
  return der;
}

}  // namespace spaceca::fuzz
