#include "publish/connection.h"

#include "support/text.h"

using namespace spaceca;
using namespace spaceca::publish;
using namespace spaceca::test;

namespace {

// An error about a URL with this password; it may not show any piece of it.
void check_tells_nothing(const std::string& url) {
  INFO(url);
  try {
    static_cast<void>(address_of(SecretBytes{std::string_view{url}}));
  } catch (const Error& error) {
    CHECK(error.code() == Errc::invalid_argument);
    const std::string said = error.what();
    for (const std::string piece : {"hush", "sesame"}) CHECK(said.find(piece) == std::string::npos);
    return;
  }
  FAIL("it was taken");
}

}  // namespace

TEST_CASE("a URL of the clients' tells host, port and database", "[url]") {
  using Parts = std::tuple<std::string, std::string, std::string>;
  auto [url, expected] = GENERATE(table<std::string, Parts>({
      {"postgresql://app@db.example:6432/orders", {"db.example", "6432", "orders"}},
      {"postgres://app:pw@db.example/orders", {"db.example", "5432", "orders"}},
      {"postgresql://app@db.example", {"db.example", "5432", "app"}},
      {"postgresql://app@[2001:db8::1]:5433/my%20app", {"2001:db8::1", "5433", "my app"}},
      {"host=db.example dbname=orders user=app", {"db.example", "5432", "orders"}},
      {"postgresql://app:p%40ss%2Fword@db.example/orders?sslmode=verify-full", {"db.example", "5432", "orders"}},
  }));
  const Address address = address_of(SecretBytes{std::string_view{url}});
  CHECK(Parts{address.host, address.port, address.database} == expected);
}

TEST_CASE("a URL that names no one host over TCP is refused", "[url]") {
  auto [url, words] = GENERATE(table<std::string, std::string>({
      {"", "no connection URL"},
      {"gibberish", "no connection URL"},
      {"http://db.example/orders", "no connection URL"},
      {"postgresql:///orders", "names no host"},
      {"postgresql://app@/orders", "names no host"},
      {"postgresql://app@db.example:0/orders", "none of 1 to 65535"},
      {"postgresql://app@db.example:65536/orders", "none of 1 to 65535"},
      {"postgresql://app@db.example:5432x/orders", "none of 1 to 65535"},
      {"postgresql://app@one,two/orders", "several hosts"},
      {"postgresql://app@%2Fvar%2Frun%2Fpostgresql/orders", "Unix socket"},
      {"postgresql://db.example", "names no database"},
      {"postgresql://app@db.example/two%0Alines", "control characters"},
  }));
  INFO(url);
  const std::string_view text = url;  // clang 14 captures no structured binding
  check_refused([text] { return address_of(SecretBytes{text}); }, Errc::invalid_argument, words);
}

TEST_CASE("an error about a URL shows no piece of a password", "[url]") {
  check_tells_nothing("postgresql://app:hush@sesame@db.example/orders");
  check_tells_nothing("postgresql://app:hush/sesame@db.example/orders");
  check_tells_nothing("postgresql://app:hush?sesame@db.example/orders");
  check_tells_nothing("postgresql://app:hush:sesame@db.example:hush/orders");
  check_tells_nothing("postgresql://app:hush%zzsesame@db.example/orders");
  check_tells_nothing("host=db.example password=hush sesame");
  check_tells_nothing("host=db.example password='hush sesame");
  check_tells_nothing("hush=sesame");
}

TEST_CASE("an admin URL is refused as quietly", "[url]") {
  const std::string url = GENERATE(values<std::string>({"postgresql://admin:hush@sesame@db.example/postgres",
                                                        "postgresql://admin:hush/sesame@db.example/postgres", "hush sesame",
                                                        "postgresql://admin:hush%zzsesame@db.example/postgres"}));
  INFO(url);
  try {
    const Connection connection{SecretBytes{std::string_view{url}}, std::chrono::steady_clock::now()};
    FAIL("it was taken");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::invalid_argument);
    CHECK(std::string{error.what()}.find("hush") == std::string::npos);
    CHECK(std::string{error.what()}.find("sesame") == std::string::npos);
  }
}
