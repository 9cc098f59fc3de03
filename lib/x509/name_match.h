// Distinguished names, compared as OpenSSL does it when it looks for an issuer: without regard to case and repeated blanks.
#pragma once

#include <spaceca/bytes.h>

namespace spaceca::x509 {

// Each a Name as DER; one that cannot be read is like no other.
[[nodiscard]] bool same_name(ByteView a, ByteView b);

}  // namespace spaceca::x509
