// A list in parts, few of which change when an entry comes or goes.
#pragma once

#include <vector>

#include <spaceca/bytes.h>

namespace spaceca::x509 {

struct CrlPart {
  Bytes key;     // parts in the order of their keys are the list
  ByteView der;  // borrowed
};

// Of a list as write_crl writes it, in DER. What stands before the entries has an empty key, what stands behind them an FF; a part
// of entries has the serial of its first one, with zeros in front of it to 20 octets. Where a part begins is decided by that serial
// alone, so lists that differ in one entry differ in one or two parts, beside the first and the last, whatever else is on them.
[[nodiscard]] std::vector<CrlPart> parts_of(ByteView list);

}  // namespace spaceca::x509
