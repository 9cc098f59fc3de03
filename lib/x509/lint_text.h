// How findings show what they found.
#pragma once

#include <string>

#include <spaceca/bytes.h>

namespace spaceca::x509 {

// The content of an OBJECT IDENTIFIER by OpenSSL's short name ("basicConstraints"), or as dotted numbers.
[[nodiscard]] std::string object_name(ByteView oid);

// Octets as they are, made safe to print.
[[nodiscard]] std::string quoted(ByteView text);

}  // namespace spaceca::x509
