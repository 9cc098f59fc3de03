// OpenSSL's i2d_* and d2i_* in our octets.
#pragma once

#include <string_view>

#include <openssl/crypto.h>

#include <spaceca/bytes.h>

#include "ossl/check.h"

namespace spaceca::ossl {

// i2d(object, &out) into a fresh Bytes or SecretBuffer.
template <class Buffer, class Object>
[[nodiscard]] Buffer encoded(int (*i2d)(const Object*, unsigned char**), const Object* object, std::string_view doing) {
  Buffer octets(static_cast<std::size_t>(check(i2d(object, nullptr), doing)));
  unsigned char* out = octets.data();
  check(i2d(object, &out), doing);
  return octets;
}

// d2i of all of `octets`; null if they are not that object or something follows it.
template <class Object>
[[nodiscard]] Object* decoded(Object* (*d2i)(Object**, const unsigned char**, long), void (*free)(Object*), ByteView octets) {
  const unsigned char* in = octets.data();
  Object* object = d2i(nullptr, &in, static_cast<long>(octets.size()));
  if (object != nullptr && in != octets.data() + octets.size()) {
    free(object);
    return nullptr;
  }
  return object;
}

}  // namespace spaceca::ossl
