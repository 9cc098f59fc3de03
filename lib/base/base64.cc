#include "base/base64.h"

#if defined(__x86_64__)
#include <tmmintrin.h>
#endif

namespace spaceca {
namespace {

// A-Z, a-z, 0-9, + and / are five runs of ASCII; what is beyond the last of one run is shifted on to the next.
constexpr std::uint8_t character(unsigned sextet) noexcept {
  const auto beyond = [sextet](unsigned last) { return (last - sextet) >> 8; };  // its low octet: all ones, or zero
  return static_cast<std::uint8_t>(sextet + 'A' + (beyond(25) & ('a' - 'Z' - 1)) - (beyond(51) & ('z' - '0' + 1)) -
                                   (beyond(61) & ('9' - '+' + 1)) + (beyond(62) & ('/' - '+' - 1)));
}
static_assert(character(0) == 'A' && character(25) == 'Z' && character(26) == 'a' && character(51) == 'z' && character(52) == '0' &&
              character(61) == '9' && character(62) == '+' && character(63) == '/');

#if defined(__x86_64__)

constexpr std::size_t kAtOnce = 12;  // octets, which are sixteen characters

// Sixteen characters of the twelve octets that start at `in`'s octet `First`.
template <char First>
__attribute__((target("ssse3"))) __m128i characters(__m128i in) noexcept {
  // Each three octets a, b, c to a lane of b, a, c, b: two halves that hold two sextets each.
  const __m128i lanes = _mm_shuffle_epi8(
      in, _mm_setr_epi8(First + 1, First, First + 2, First + 1, First + 4, First + 3, First + 5, First + 4, First + 7, First + 6,
                        First + 8, First + 7, First + 10, First + 9, First + 11, First + 10));
  // A multiplication shifts each half by its own distance: to the right where the high part is kept, to the left where the low is.
  const __m128i even = _mm_mulhi_epu16(_mm_and_si128(lanes, _mm_set1_epi32(0x0FC0FC00)), _mm_set1_epi32(0x04000040));
  const __m128i odd = _mm_mullo_epi16(_mm_and_si128(lanes, _mm_set1_epi32(0x003F03F0)), _mm_set1_epi32(0x01000010));
  const __m128i sextets = _mm_or_si128(even, odd);

  // The run that each belongs to: 0 for a-z, 1 to 10 for a digit, 11 for +, 12 for /, 13 for A-Z; and what that run adds.
  const __m128i upper = _mm_and_si128(_mm_cmplt_epi8(sextets, _mm_set1_epi8(26)), _mm_set1_epi8(13));
  const __m128i run = _mm_or_si128(_mm_subs_epu8(sextets, _mm_set1_epi8(51)), upper);
  constexpr char kDigit = '0' - 52;
  const __m128i distance = _mm_setr_epi8('a' - 26, kDigit, kDigit, kDigit, kDigit, kDigit, kDigit, kDigit, kDigit, kDigit, kDigit,
                                         '+' - 62, '/' - 63, 'A', 0, 0);
  return _mm_add_epi8(sextets, _mm_shuffle_epi8(distance, run));
}

// As many octets as go in whole steps, if there are sixteen to be read at all; returns how many.
__attribute__((target("ssse3"))) std::size_t write_by_steps(std::uint8_t* out, ByteView octets) noexcept {
  const auto load = [](const std::uint8_t* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); };
  const auto store = [](std::uint8_t* to, __m128i text) { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), text); };
  constexpr std::size_t kRead = sizeof(__m128i);
  constexpr std::size_t kBefore = kRead - kAtOnce;
  std::size_t done = 0;
  for (; octets.size() - done >= kRead; done += kAtOnce, out += kRead) store(out, characters<0>(load(octets.data() + done)));
  if (done != 0 && octets.size() - done >= kAtOnce) {
    // The last twelve, read with the four before them in place of four behind.
    store(out, characters<kBefore>(load(octets.data() + done - kBefore)));
    done += kAtOnce;
  }
  return done;
}

#endif

}  // namespace

std::uint8_t* write_base64_anywhere(std::uint8_t* out, ByteView octets) noexcept {
  for (; octets.size() >= 3; octets = octets.subspan(3)) {
    const unsigned bits = unsigned{octets[0]} << 16 | unsigned{octets[1]} << 8 | octets[2];
    *out++ = character(bits >> 18);
    *out++ = character(bits >> 12 & 63);
    *out++ = character(bits >> 6 & 63);
    *out++ = character(bits & 63);
  }
  if (octets.empty()) return out;
  const unsigned bits = unsigned{octets[0]} << 16 | (octets.size() > 1 ? unsigned{octets[1]} << 8 : 0U);
  *out++ = character(bits >> 18);
  *out++ = character(bits >> 12 & 63);
  *out++ = octets.size() > 1 ? character(bits >> 6 & 63) : std::uint8_t{'='};
  *out++ = '=';
  return out;
}

std::uint8_t* write_base64(std::uint8_t* out, ByteView octets) noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("ssse3") != 0) {
    const std::size_t done = write_by_steps(out, octets);
    out += base64_size(done);
    octets = octets.subspan(done);
  }
#endif
  return write_base64_anywhere(out, octets);
}

}  // namespace spaceca
