#include <spaceca/error.h>

#include "support/catch.h"

using namespace spaceca;

TEST_CASE("only what the system may do better next time is worth the same call again", "[error]") {
  const auto [code, retryable] = GENERATE(table<Errc, bool>({
      {Errc::io, true},
      {Errc::no_space, true},
      {Errc::busy, true},
      {Errc::unreachable, true},
      {Errc::not_taken, false},
      {Errc::corrupt, false},
      {Errc::invalid_argument, false},
      {Errc::malformed, false},
      {Errc::passphrase_missing, false},
      {Errc::passphrase_wrong, false},
      {Errc::unsupported, false},
      {Errc::policy, false},
      {Errc::mismatch, false},
      {Errc::exists, false},
      {Errc::not_found, false},
      {Errc::permission, false},
      {Errc::crypto, false},
      {Errc::wrong_process, false},
  }));
  INFO(static_cast<int>(code));
  CHECK(Error{code, "x"}.retryable() == retryable);
}

TEST_CASE("an error keeps its code, its text and its findings, copied too", "[error]") {
  const Error error{Errc::policy, "root: is no CA", {{"ca", "basicConstraints is missing", "RFC 5280 4.2.1.9"}}};
  const Error copy = error;
  CHECK(copy.code() == Errc::policy);
  CHECK(copy.what() == std::string{"root: is no CA"});
  REQUIRE(copy.findings().size() == 1);
  CHECK(copy.findings()[0].rule == "ca");
  CHECK(copy.findings()[0].text == "basicConstraints is missing");
  CHECK(copy.findings()[0].source == "RFC 5280 4.2.1.9");
}

TEST_CASE("an error is caught as std::exception", "[error]") {
  try {
    throw Error{Errc::io, "x"};
  } catch (const std::exception& error) {
    CHECK(error.what() == std::string{"x"});
  }
}
