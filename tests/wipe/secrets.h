// What must not stay behind: pieces of a private key's secret numbers, as octets and as base64.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <spaceca/bytes.h>

namespace spaceca::test {

using Needles = std::vector<std::string>;

// Pieces from the beginning, the middle and the end of every secret number of the key, which OpenSSL reads. Pieces that could be
// anything's (mostly one octet) are left out, so a key with the scalar 1 has none.
[[nodiscard]] Needles secrets_of_pkcs8(ByteView der);
// The same of a PEM file in any unencrypted form that OpenSSL reads; none if it reads none.
[[nodiscard]] Needles secrets_of_pem(std::string_view pem);

// One more, as it is.
[[nodiscard]] Needles with(Needles needles, std::string_view another);

// The first needle in there, in hexadecimal digits; "none".
[[nodiscard]] std::string found_in(std::string_view octets, const Needles& needles);

}  // namespace spaceca::test
