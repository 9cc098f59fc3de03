// Blocks of addresses, against a naive reading bit by bit and OpenSSL's reading of the address. One block a line; of the first two
// lines that are blocks, what they say about each other.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/x509v3.h>

#include <spaceca/cidr.h>

#include "harness.h"

using namespace spaceca;
using namespace spaceca::fuzz;

namespace {

std::vector<bool> bits_of(const Cidr& block) {
  std::vector<bool> bits;
  for (const std::uint8_t octet : block.octets()) {
    for (unsigned bit = 0; bit < 8; ++bit) bits.push_back(((octet >> (7 - bit)) & 1U) != 0);
  }
  return bits;
}

bool naively_contains(const Cidr& outer, const Cidr& inner) {
  if (outer.family() != inner.family() || outer.prefix_length() > inner.prefix_length()) return false;
  const auto a = bits_of(outer);
  const auto b = bits_of(inner);
  return std::equal(a.begin(), a.begin() + outer.prefix_length(), b.begin());
}

std::string address_of(const Cidr& block) {
  const std::string text = block.text();
  return text.substr(0, text.find('/'));
}

void check_one(std::string_view text, const Cidr& block) {
  const auto bits = bits_of(block);
  require(bits.size() == (block.family() == Cidr::Family::ipv4 ? 32U : 128U), "a block has the octets of its family");
  require(block.prefix_length() <= bits.size(), "a prefix is within the family's");
  for (std::size_t bit = block.prefix_length(); bit < bits.size(); ++bit) require(!bits[bit], "no bit is set behind the prefix");

  const std::string given_address{text.substr(0, text.find('/'))};
  const Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> theirs{a2i_IPADDRESS(given_address.c_str())};
  require(theirs != nullptr, "OpenSSL reads the address that we read");
  require(same(block.octets(), {ASN1_STRING_get0_data(theirs.get()), static_cast<std::size_t>(ASN1_STRING_length(theirs.get()))}),
          "OpenSSL reads the same octets");

  const auto again = accepted([&] { return Cidr{block.text()}; });
  require(again && *again == block && again->text() == block.text(), "what is shown is read again");
  require(block.contains(block) && block.overlaps(block), "a block contains itself");
  require(accepted([&] { return block.contains(std::string_view{address_of(block)}); }) == true,
          "a block contains its first address");
  require(block.is_any() == (block.prefix_length() == 0), "everybody is /0");
  require(Cidr{address_of(block)}.prefix_length() == bits.size(), "an address alone is a block of one");
}

void check_two(const Cidr& a, const Cidr& b) {
  require(a.contains(b) == naively_contains(a, b), "contains");
  require(a.overlaps(b) == (naively_contains(a, b) || naively_contains(b, a)), "two blocks are apart, or one contains the other");
  require(a.overlaps(b) == b.overlaps(a), "overlapping is mutual");
  require((a == b) == (a.contains(b) && b.contains(a)), "only a block itself contains and is contained");
  require((a == b) == (a.text() == b.text()), "a block has one text");
  if (a != b && a.contains(b)) require(a < b, "a block stands before those that it contains");
  require(a.contains(std::string_view{address_of(b)}) == naively_contains(a, Cidr{address_of(b)}), "contains an address");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<Cidr> blocks;
  for (std::string_view rest = text_of(ByteView{data, size}); !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const auto block = accepted([&] { return Cidr{line}; });
    const bool is_address = accepted([&] { return Cidr{"0.0.0.0/0"}.contains(line); }).has_value();
    require(!is_address || block, "an address is a block of one");
    if (!block) continue;
    check_one(line, *block);
    require(is_address == (line.find('/') == std::string_view::npos), "a block without a slash is an address");
    blocks.push_back(*block);
  }
  if (blocks.size() >= 2) check_two(blocks[0], blocks[1]);
  ERR_clear_error();
  return 0;
}
