// Digests, with the algorithm fetched once and the context reused.
#pragma once

#include <array>
#include <cstdint>

#include <spaceca/bytes.h>

#include "ossl/handles.h"

namespace spaceca::ossl {

// Belongs to one thread at a time.
class Hasher final {
 public:
  explicit Hasher(const char* name);  // "SHA1", "SHA256", "SHA384"

  // The digest of `octets`; borrowed from this object until the next call, so not to be had of a temporary one.
  [[nodiscard]] ByteView digest(ByteView octets) &;

  // The same for what comes piece by piece. A digest that was begun and not finished is forgotten.
  void start();
  void add(ByteView octets);
  [[nodiscard]] ByteView finish() &;

 private:
  Digest algorithm_;
  DigestContext context_;
  std::array<std::uint8_t, 64> value_{};
};

}  // namespace spaceca::ossl
