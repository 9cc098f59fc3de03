// How tests write and read values.
#pragma once

#include <string>
#include <string_view>

#include <spaceca/bytes.h>
#include <spaceca/clock.h>
#include <spaceca/error.h>

#include "support/catch.h"

namespace spaceca::test {

// "2026-11-24T10:00:00Z".
[[nodiscard]] Instant instant(std::string_view rfc3339);
[[nodiscard]] std::string rfc3339(Instant instant);

[[nodiscard]] std::string hex(ByteView octets);  // lower case
[[nodiscard]] Bytes from_hex(std::string_view digits);

// Runs `call`, which must throw an Error of that code whose text holds `text`.
template <class Call>
void check_refused(Call&& call, Errc code, const std::string& text) {
  try {
    static_cast<void>(call());
  } catch (const Error& error) {
    CHECK(static_cast<int>(error.code()) == static_cast<int>(code));
    CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring(text));
    return;
  }
  FAIL("was not refused; expected: " << text);
}

}  // namespace spaceca::test
