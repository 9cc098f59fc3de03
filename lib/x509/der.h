// A writer of DER (X.690), in the shape of the ASN.1: what is nested in the standard is nested in the code.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include <spaceca/bytes.h>
#include <spaceca/clock.h>

#include "x509/oids.h"

namespace spaceca::der {

enum class Tag : std::uint8_t {
  boolean = 0x01,
  integer = 0x02,
  bit_string = 0x03,
  octet_string = 0x04,
  null = 0x05,
  object_identifier = 0x06,
  enumerated = 0x0A,
  utf8_string = 0x0C,
  utc_time = 0x17,
  generalized_time = 0x18,
  sequence = 0x30,
  set = 0x31,
};

// [n], primitive (an IMPLICIT string) or constructed (EXPLICIT, or an IMPLICIT SEQUENCE).
[[nodiscard]] constexpr Tag context(unsigned n) { return static_cast<Tag>(0x80 | n); }
[[nodiscard]] constexpr Tag context_constructed(unsigned n) { return static_cast<Tag>(0xA0 | n); }

// Buffer is Bytes, or SecretBuffer where the content is secret. Nesting is by callbacks:
//   w.nest(Tag::sequence, [&] { w.object(oids::kP256); w.null(); });
template <class Buffer>
class BasicWriter final {
 public:
  explicit BasicWriter(std::size_t expected = 128) : octets_(expected) {}

  // A constructed value, or a string that wraps DER: the tag, the length, and what `content` writes.
  template <class Content>
  void nest(Tag tag, Content&& content) {
    put(static_cast<std::uint8_t>(tag));
    put(0);
    const std::size_t start = size_;
    std::forward<Content>(content)();
    set_length(start);
  }
  template <class Content>
  void sequence(Content&& content) {
    nest(Tag::sequence, std::forward<Content>(content));
  }
  // A BIT STRING of whole octets: no unused bits.
  template <class Content>
  void bit_string(Content&& content) {
    nest(Tag::bit_string, [&] {
      put(0);
      std::forward<Content>(content)();
    });
  }

  // The tag and the length of a value whose content comes afterwards, or goes elsewhere.
  void header(Tag tag, std::size_t length) {
    put(static_cast<std::uint8_t>(tag));
    if (length < 0x80) {
      put(static_cast<std::uint8_t>(length));
      return;
    }
    const std::size_t count = length_octets(length);
    put(static_cast<std::uint8_t>(0x80 | count));
    for (std::size_t i = count; i-- > 0;) put(static_cast<std::uint8_t>(length >> (8 * i)));
  }

  // A primitive value from its content octets.
  void value(Tag tag, ByteView content) {
    nest(tag, [&] { raw(content); });
  }
  // Ready DER, or content inside a nest.
  void raw(ByteView der) {
    if (der.empty()) return;
    make_room(der.size());
    std::memcpy(octets_.data() + size_, der.data(), der.size());
    size_ += der.size();
  }

  void object(const Oid& oid) { value(Tag::object_identifier, oid.octets()); }
  void null() { value(Tag::null, {}); }
  void boolean_true() { value(Tag::boolean, kTrue); }
  void small_integer(std::uint8_t n) { value(Tag::integer, {&n, 1}); }  // 0 to 127
  void utf8(std::string_view text) { value(Tag::utf8_string, bytes_of(text)); }
  // A non-negative INTEGER from its magnitude, leading zeros allowed.
  void integer(ByteView magnitude) {
    while (magnitude.size() > 1 && magnitude.front() == 0) magnitude = magnitude.subspan(1);
    nest(Tag::integer, [&] {
      if (magnitude.empty() || magnitude.front() >= 0x80) put(0);
      raw(magnitude);
    });
  }
  // UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 4.1.2.5).
  void time(Instant instant);

  // What is written so far, borrowed; clear() forgets it and keeps the room.
  [[nodiscard]] ByteView written() const noexcept { return ByteView{octets_}.first(size_); }
  void clear() noexcept { size_ = 0; }

  [[nodiscard]] Buffer take() {
    octets_.resize(size_);
    return std::move(octets_);
  }

 private:
  // Grown by hand: element by element a vector with an allocator of its own moves one octet at a time.
  void make_room(std::size_t more) {
    if (octets_.size() - size_ >= more) return;
    Buffer larger(2 * octets_.size() + more);
    std::memcpy(larger.data(), octets_.data(), size_);
    octets_.swap(larger);
  }
  void put(std::uint8_t octet) {
    make_room(1);
    octets_[size_++] = octet;
  }
  void set_length(std::size_t start) {
    const std::size_t length = size_ - start;
    if (length < 0x80) {
      octets_[start - 1] = static_cast<std::uint8_t>(length);
      return;
    }
    // The long form: the content makes room for it.
    const std::size_t count = length_octets(length);
    make_room(count);
    size_ += count;
    std::memmove(octets_.data() + start + count, octets_.data() + start, length);
    octets_[start - 1] = static_cast<std::uint8_t>(0x80 | count);
    for (std::size_t i = 0; i < count; ++i) octets_[start + i] = static_cast<std::uint8_t>(length >> (8 * (count - 1 - i)));
  }

  // Of the long form, behind the one that counts them.
  [[nodiscard]] static constexpr std::size_t length_octets(std::size_t length) noexcept {
    std::size_t count = 0;
    for (; length != 0; length >>= 8) ++count;
    return count;
  }

  static constexpr std::uint8_t kTrue[] = {0xFF};
  Buffer octets_;  // the first size_ are written
  std::size_t size_ = 0;
};

template <class Buffer>
void BasicWriter<Buffer>::time(Instant instant) {
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{instant - day};
  const int year = static_cast<int>(date.year());
  const bool utc = year >= 1950 && year <= 2049;
  std::array<std::uint8_t, 15> text;
  auto* at = text.data();
  const auto two_digits = [&at](unsigned n) {
    *at++ = static_cast<std::uint8_t>('0' + n / 10 % 10);
    *at++ = static_cast<std::uint8_t>('0' + n % 10);
  };
  if (!utc) two_digits(static_cast<unsigned>(year) / 100);
  two_digits(static_cast<unsigned>(year) % 100);
  two_digits(static_cast<unsigned>(date.month()));
  two_digits(static_cast<unsigned>(date.day()));
  two_digits(static_cast<unsigned>(clock.hours().count()));
  two_digits(static_cast<unsigned>(clock.minutes().count()));
  two_digits(static_cast<unsigned>(clock.seconds().count()));
  *at++ = 'Z';
  value(utc ? Tag::utc_time : Tag::generalized_time, {text.data(), at});
}

using Writer = BasicWriter<Bytes>;
using SecretWriter = BasicWriter<SecretBuffer>;

}  // namespace spaceca::der
