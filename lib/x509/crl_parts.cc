#include "x509/crl_parts.h"

#include "x509/der_reader.h"

namespace spaceca::x509 {
namespace {

using der::Tag;

constexpr std::size_t kKeySize = 20;

Bytes key_of(ByteView serial) {
  if (serial.size() > kKeySize) serial = serial.last(kKeySize);  // a sign octet
  Bytes key(kKeySize - serial.size());
  key.insert(key.end(), serial.begin(), serial.end());
  return key;
}

// One serial in 1024, since they end in random octets: parts of some 40 KB.
bool begins_part(ByteView serial) { return serial.size() >= 2 && serial.back() == 0 && (serial[serial.size() - 2] & 0x03) == 0; }

// The entries of a list; nothing if it has none.
ByteView entries_of(ByteView list) {
  der::Reader outer{list, "revocation list"};
  der::Reader fields = outer.enter(Tag::sequence).enter(Tag::sequence);
  static_cast<void>(fields.small_integer());
  static_cast<void>(fields.read(Tag::sequence));  // signature
  static_cast<void>(fields.read(Tag::sequence));  // issuer
  static_cast<void>(fields.time());
  static_cast<void>(fields.time());
  return fields.next_is(Tag::sequence) ? fields.read(Tag::sequence) : ByteView{};
}

}  // namespace

std::vector<CrlPart> parts_of(ByteView list) {
  const ByteView entries = entries_of(list);
  if (entries.empty()) return {{.key = {}, .der = list}};
  const auto offset = static_cast<std::size_t>(entries.data() - list.data());
  std::vector<CrlPart> parts{{.key = {}, .der = list.first(offset)}};
  der::Reader rest{entries, "revocation list"};
  while (!rest.at_end()) {
    const ByteView entry = rest.read_whole(Tag::sequence);
    const ByteView serial = entry.subspan(4, entry[3]);  // both lengths have one octet
    if (parts.size() == 1 || begins_part(serial)) {
      parts.push_back({.key = key_of(serial), .der = entry});
    } else {
      parts.back().der = ByteView{parts.back().der.data(), parts.back().der.size() + entry.size()};
    }
  }
  parts.push_back({.key = {0xFF}, .der = list.subspan(offset + entries.size())});
  return parts;
}

}  // namespace spaceca::x509
