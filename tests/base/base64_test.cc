#include "base/base64.h"

#include <string>

#include <openssl/evp.h>

#include "support/catch.h"

using namespace spaceca;

namespace {

using Write = std::uint8_t* (*)(std::uint8_t*, ByteView) noexcept;

// In blocks of exactly the octets and exactly the characters, so that the address sanitizer sees a step too far.
std::string written(Write write, ByteView octets) {
  const Bytes exact{octets.begin(), octets.end()};
  Bytes text(base64_size(exact.size()));
  const std::uint8_t* const end = write(text.data(), exact);
  REQUIRE(end == text.data() + text.size());
  return std::string{text.begin(), text.end()};
}

std::string by_openssl(const Bytes& octets) {
  std::string text(octets.size() / 3 * 4 + 5, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), octets.data(), static_cast<int>(octets.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace

TEST_CASE("base64 is as the examples of RFC 4648 have it") {
  const Write write = GENERATE(write_base64, write_base64_anywhere);
  CHECK(written(write, bytes_of("")).empty());
  CHECK(written(write, bytes_of("f")) == "Zg==");
  CHECK(written(write, bytes_of("fo")) == "Zm8=");
  CHECK(written(write, bytes_of("foo")) == "Zm9v");
  CHECK(written(write, bytes_of("foob")) == "Zm9vYg==");
  CHECK(written(write, bytes_of("fooba")) == "Zm9vYmE=");
  CHECK(written(write, bytes_of("foobar")) == "Zm9vYmFy");
}

TEST_CASE("base64 has the whole alphabet of RFC 4648, in its order") {
  const Write write = GENERATE(write_base64, write_base64_anywhere);
  Bytes octets;  // the sextets 0 to 63, four to three octets
  for (unsigned first = 0; first < 64; first += 4) {
    const unsigned bits = first << 18 | (first + 1) << 12 | (first + 2) << 6 | (first + 3);
    for (const unsigned shift : {16U, 8U, 0U}) octets.push_back(static_cast<std::uint8_t>(bits >> shift));
  }
  CHECK(written(write, octets) == "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
}

TEST_CASE("base64 of every length up to 200 octets is what OpenSSL writes") {
  const Write write = GENERATE(write_base64, write_base64_anywhere);
  for (std::size_t size = 0; size <= 200; ++size) {
    Bytes octets(size);
    for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<std::uint8_t>(i * 151 + size * 89 + i * i);
    if (written(write, octets) == by_openssl(octets)) continue;
    FAIL_CHECK("of " << size << " octets");
  }
}

TEST_CASE("base64 of every octet at every place of a step is what OpenSSL writes") {
  const Write write = GENERATE(write_base64, write_base64_anywhere);
  for (std::size_t place = 0; place < 48; ++place) {
    for (unsigned octet = 0; octet < 256; ++octet) {
      Bytes octets(48, 0x5A);
      octets[place] = static_cast<std::uint8_t>(octet);
      if (written(write, octets) == by_openssl(octets)) continue;
      FAIL_CHECK("octet " << octet << " at " << place);
    }
  }
}
