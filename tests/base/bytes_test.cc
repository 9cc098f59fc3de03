#include <cstring>
#include <sstream>
#include <string>
#include <type_traits>

#include <fmt/format.h>

#include <spaceca/bytes.h>

#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

template <class T>
concept Streamable = requires(std::ostream& stream, const T& value) {
  stream << value;
};

}  // namespace

static_assert(!std::is_copy_constructible_v<SecretBytes>, "never copied by accident");
static_assert(!std::is_copy_assignable_v<SecretBytes>);
static_assert(std::is_nothrow_move_constructible_v<SecretBytes>);
static_assert(std::is_nothrow_move_assignable_v<SecretBytes>);
static_assert(!std::is_convertible_v<std::string_view, SecretBytes>);
static_assert(!Streamable<SecretBytes>, "nothing prints a secret");
static_assert(!fmt::is_formattable<SecretBytes>::value, "nothing formats a secret");

TEST_CASE("bytes and text are two views of the same octets", "[bytes]") {
  const std::string text{"a\0\xFF", 3};
  CHECK(hex(bytes_of(text)) == "6100ff");
  CHECK(text_of(bytes_of(text)) == text);
  CHECK(bytes_of("").empty());
}

TEST_CASE("a secret is what it was made of, and a copy is asked for by name", "[bytes]") {
  const SecretBytes secret{"hunter2"};
  const SecretBytes copy = secret.copy();
  CHECK(text_of(secret.reveal()) == "hunter2");
  CHECK(text_of(copy.reveal()) == "hunter2");
  CHECK(copy.reveal().data() != secret.reveal().data());
  CHECK(secret.size() == 7);
  CHECK_FALSE(secret.empty());
  CHECK(SecretBytes{}.empty());
}

TEST_CASE("wiping overwrites all the octets and no others", "[bytes]") {
  std::string text = "beforesecretafter";
  wipe(text.data() + 6, 6);
  CHECK(text == std::string{"before\0\0\0\0\0\0after", 17});
  wipe(text.data(), 0);
  wipe(nullptr, 0);
  CHECK(text.starts_with("before"));
}
