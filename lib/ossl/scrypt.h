// scrypt (RFC 7914), which makes guessing a passphrase dear.
#pragma once

#include <cstddef>
#include <cstdint>

#include <spaceca/bytes.h>

namespace spaceca::ossl {

// It takes 128 * n * r octets and time by n * r * p.
struct ScryptCost {
  std::uint64_t n;  // a power of two above 1
  std::uint64_t r;
  std::uint64_t p;
};

// `size` octets. Errc::crypto if OpenSSL does not like the cost, or would need more than 256 MiB.
[[nodiscard]] SecretBytes scrypt(ByteView passphrase, ByteView salt, const ScryptCost& cost, std::size_t size);

}  // namespace spaceca::ossl
