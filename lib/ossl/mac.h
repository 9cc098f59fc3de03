// HMAC-SHA-256 (RFC 2104) of many messages under one key, whose schedule is made once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <spaceca/bytes.h>

#include "ossl/handles.h"

namespace spaceca::ossl {

// One key. Belongs to one thread at a time.
class Hmac final {
 public:
  static constexpr std::size_t kSize = 32;

  explicit Hmac(ByteView key);

  void code(ByteView message, std::span<std::uint8_t, kSize> into);

 private:
  Mac algorithm_;
  MacContext keyed_;  // ready for a first octet
};

}  // namespace spaceca::ossl
