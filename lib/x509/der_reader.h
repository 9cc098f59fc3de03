// A strict, bounded reader of DER: definite and shortest lengths, one-octet tags, exact ends, nothing that BER alone allows. It
// borrows the octets and allocates nothing but the text of a refusal.
#pragma once

#include <cstdint>
#include <string_view>

#include <spaceca/bytes.h>

#include "x509/der.h"

namespace spaceca::der {

class Reader final {
 public:
  // `what` names the thing in refusals ("RSA private key"); it must outlive the reader.
  Reader(ByteView input, std::string_view what) noexcept : rest_(input), all_(input), what_(what) {}

  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  [[nodiscard]] bool next_is(Tag tag) const noexcept { return !rest_.empty() && rest_.front() == static_cast<std::uint8_t>(tag); }

  // The tag of the next value, where any may come. Something must.
  [[nodiscard]] Tag next() const;

  // The content of the next value, which must have that tag.
  ByteView read(Tag tag);
  // The whole next value: tag, length and content.
  ByteView read_whole(Tag tag);
  // A reader of the next value's content.
  Reader enter(Tag tag) { return Reader{read(tag), what_}; }

  // A non-negative INTEGER: its magnitude without the sign octet (zero is one zero octet).
  ByteView unsigned_integer();
  // A BIT STRING of whole octets.
  ByteView octet_bits();
  // The next value must be NULL.
  void expect_null();
  std::uint8_t small_integer();  // 0 to 127
  Instant time();                // UTCTime or GeneralizedTime in the form of RFC 5280 4.1.2.5

  // Nothing may follow.
  void expect_end() const;

  [[noreturn]] void refuse(std::string_view why) const;

 private:
  struct Header {
    std::uint8_t tag;
    std::size_t size;    // of tag and length
    std::size_t length;  // of the content
  };
  [[nodiscard]] Header header(Tag expected) const;

  ByteView rest_;
  ByteView all_;
  std::string_view what_;
};

}  // namespace spaceca::der
