// AES-256-GCM (NIST SP 800-38D), with the key set up once and the context reused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <spaceca/bytes.h>

#include "ossl/handles.h"

namespace spaceca::ossl {

// One key. Belongs to one thread at a time.
class AesGcm final {
 public:
  static constexpr std::size_t kKeySize = 32;
  static constexpr std::size_t kNonceSize = 12;
  static constexpr std::size_t kTagSize = 16;
  static constexpr std::size_t kMostOctets = std::size_t{1} << 30;  // far below what OpenSSL's int can say

  explicit AesGcm(ByteView key);

  // Ciphertext and tag, kTagSize octets more than `plain`, into `into`. A nonce serves once in the life of the key.
  void seal(ByteView nonce, ByteView also, ByteView plain, std::span<std::uint8_t> into);

  // The reverse; whether the tag is right. If it is not, `into` holds octets that nobody may look at.
  [[nodiscard]] bool open(ByteView nonce, ByteView also, ByteView sealed, std::span<std::uint8_t> into);

 private:
  enum class Way { open = 0, seal = 1 };
  void start(Way way, ByteView nonce, ByteView also);
  void crypt(ByteView from, std::uint8_t* into);

  CipherContext context_;
};

}  // namespace spaceca::ossl
