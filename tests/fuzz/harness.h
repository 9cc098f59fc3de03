// What every harness shares. A harness hands one input to the library, holds what comes out against somebody else's reading of the
// same input (OpenSSL's, or a naive one), and aborts where they differ. It is built twice: by the preset fuzz with libFuzzer, and
// in the tests with replay_main.cc, which feeds it the files of corpus/NAME.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include <spaceca/bytes.h>
#include <spaceca/error.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace spaceca::fuzz {

// Ends the process, which libFuzzer takes note of, unless `holds`.
void require(bool holds, std::string_view what);

// A refusal can be shown on a terminal and in a log, and is short.
void require_presentable(std::string_view refusal);

// What `call` returns, or nothing if it refuses. Any other exception than Error ends the process, as does an entry that is left in
// OpenSSL's error queue.
template <class Call>
[[nodiscard]] auto accepted(Call&& call) -> std::optional<decltype(call())> {
  std::optional<decltype(call())> result;
  ERR_clear_error();
  try {
    result.emplace(std::forward<Call>(call)());
  } catch (const Error& error) {
    require_presentable(error.what());
  }
  require(ERR_peek_error() == 0, "OpenSSL's error queue is empty afterwards");
  return result;
}

[[nodiscard]] bool same(ByteView a, ByteView b);

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Deleter<Free>>;

// OpenSSL's d2i_X of all the octets: null if they are not that, or something follows.
template <class T, auto Free, class D2i>
[[nodiscard]] Owned<T, Free> read_whole(D2i d2i, ByteView der) {
  const unsigned char* in = der.data();
  Owned<T, Free> object{d2i(nullptr, &in, static_cast<long>(der.size()))};
  if (object != nullptr && in != der.data() + der.size()) object.reset();
  return object;
}

// OpenSSL's i2d_X.
template <class I2d, class T>
[[nodiscard]] Bytes written(I2d i2d, T* object) {
  unsigned char* out = nullptr;
  const int size = i2d(object, &out);
  require(size > 0, "OpenSSL writes what it has read");
  Bytes der(out, out + size);
  OPENSSL_free(out);
  return der;
}

}  // namespace spaceca::fuzz
