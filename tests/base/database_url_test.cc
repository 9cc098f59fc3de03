// How clients reach a database. Expected values as psql 15 reads the same text (conninfo of \conninfo, and its errors).
#include <spaceca/database_url.h>

#include <string>
#include <type_traits>

#include "support/text.h"

namespace spaceca::test {
namespace {

static_assert(!std::is_copy_constructible_v<DatabaseUrl>);

DatabaseUrl url(std::string_view text) { return DatabaseUrl{SecretBytes{text}}; }

TEST_CASE("a URL has a user, a host, a port and a database", "[url]") {
  const DatabaseUrl plain = url("postgresql://app:pw@db.example:6432/orders?sslmode=verify-full");
  CHECK(plain.user() == "app");
  CHECK(plain.host() == "db.example");
  CHECK(plain.port() == 6432);
  CHECK(plain.database() == "orders");
  CHECK(plain.has_password());
}

TEST_CASE("other parameters are kept as they are", "[url]") {
  const std::string text = "postgresql://app@db.example/orders?sslmode=verify-full&application_name=user&options=-c%20x%3Dport";
  CHECK(text_of(url(text).text().reveal()) == text);
}

TEST_CASE("postgres:// says the same, and the port is 5432 unless it is said", "[url]") {
  const DatabaseUrl plain = url("postgres://app@db.example/orders");
  CHECK(plain.port() == 5432);
  CHECK_FALSE(plain.has_password());
}

TEST_CASE("what a file puts around it is cut off, and the text is kept as it was", "[url]") {
  CHECK(text_of(url("  postgresql://app:p%40w@db.example/orders\r\n").text().reveal()) ==
        "postgresql://app:p%40w@db.example/orders");
}

TEST_CASE("parts that are percent-encoded are read as libpq reads them", "[url]") {
  const DatabaseUrl encoded = url("postgresql://my%20app:p%40w%3A@db.example/my%2Forders");
  CHECK(encoded.user() == "my app");
  CHECK(encoded.database() == "my/orders");
}

TEST_CASE("an IPv6 address stands in brackets, and is given without them", "[url]") {
  const DatabaseUrl address = url("postgresql://app@[2001:db8::1]:5433/orders");
  CHECK(address.host() == "2001:db8::1");
  CHECK(address.port() == 5433);
}

TEST_CASE("a URL that lacks something, or could be read in two ways, is refused without quoting it", "[url]") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"", "it begins neither with postgresql:// nor with postgres://"},
      {"host=db.example user=app password=hunter2", "a blank or a control character"},
      {"mysql://app:hunter2@db.example/orders", "it begins neither"},
      {"postgresql://app:hunter2@db.example", "the database is missing"},
      {"postgresql://app:hunter2@db.example/", "the database is missing"},
      {"postgresql://db.example/orders", "the user is missing"},
      {"postgresql://:hunter2@db.example/orders", "the user is missing"},
      {"postgresql://app:hunter2@/orders", "the host is missing"},
      {"postgresql://app:hunter2@a.example,b.example/orders", "it names several hosts"},
      {"postgresql://app:hunter2@db.example:0/orders", "the port is not a number from 1 to 65535"},
      {"postgresql://app:hunter2@db.example:65536/orders", "the port is not a number from 1 to 65535"},
      {"postgresql://app:hunter2@db.example:x/orders", "the port is not a number from 1 to 65535"},
      {"postgresql://app:hunter2@[2001:db8::1/orders", "the bracket of the IPv6 address is not closed"},
      {"postgresql://app:hunter2@[2001:db8::1]x/orders", "something stands between"},
      {"postgresql://app:hunter2@db.example/ord%2", "two hexadecimal digits do not follow"},
      {"postgresql://app:hunter2@db.example/ord%zz", "two hexadecimal digits do not follow"},
      {"postgresql://app:hunter2@db.example/ord%00ers", "the database holds a NUL"},
      {"postgresql://app:hunt er2@db.example/orders", "a blank or a control character"},
      {"postgresql://app:hunter2@db.example/orders\x7F", "a blank or a control character"},
      {"postgresql://app:hunter2\xC3\xA4@db.example/orders", "a character beyond ASCII, whose octets must be percent-encoded"},
      {"postgresql://app:hunter2@db.example/\xFF", "a character beyond ASCII"},
      {"postgresql://app:p@hunter2@db.example/orders", "it has an @ where none belongs; in a password write @, / and ? as %40"},
      {"postgresql://app:hunter2/x@db.example/orders", "it has an @ where none belongs"},
      {"postgresql://app:hunter2?x@db.example/orders", "it has an @ where none belongs"},
      {"postgresql://app:hunter2@db.example/orders@x", "it has an @ where none belongs"},
      {"postgresql://app@db.example/orders?password=hunter2", "its parameter password would stand in place of"},
      {"postgresql://app@db.example/orders?sslmode=require&user=hunter2", "its parameter user would stand in place of"},
      {"postgresql://app@db.example/orders?dbname=hunter2", "its parameter dbname would"},
      {"postgresql://app@db.example/orders?host=hunter2", "its parameter host would"},
      {"postgresql://app@db.example/orders?hostaddr=10.0.0.1", "its parameter hostaddr would"},
      {"postgresql://app@db.example/orders?port=1", "its parameter port would"},
      {"postgresql://app@db.example/orders?p%6Frt=1", "its parameter port would"},
  }));
  CAPTURE(text);
  try {
    static_cast<void>(url(text));
    FAIL("taken");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::invalid_argument);
    CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring(why));
    CHECK_THAT(error.what(), !Catch::Matchers::ContainsSubstring("hunter2"));
  }
}

}  // namespace
}  // namespace spaceca::test
