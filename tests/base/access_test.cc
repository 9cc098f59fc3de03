#include <spaceca/access.h>

#include <spaceca/error.h>

#include "support/catch.h"

using namespace spaceca;
using Catch::Matchers::ContainsSubstring;

namespace {

using Choice = AccessChoice;

std::pair<Errc, std::string> refusal_of(const AccessChoice& choice, BoundTo unless_said = BoundTo::space) {
  try {
    static_cast<void>(access_of(choice, unless_said));
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  throw std::runtime_error{"it was not refused"};
}

}  // namespace

TEST_CASE("unless it is said, the certificate is a second factor beside the password", "[access]") {
  CHECK(access_of({}) == Access{AuthMethod::scram_sha_256, ClientCert::verify_ca, BoundTo::space});
}

TEST_CASE("what is said brings with it what PostgreSQL needs for it", "[access]") {
  auto [choice, access] = GENERATE(table<Choice, Access>({
      {{.method = AuthMethod::cert}, {AuthMethod::cert, ClientCert::verify_full, BoundTo::space}},
      {{.clientcert = ClientCert::verify_full}, {AuthMethod::scram_sha_256, ClientCert::verify_full, BoundTo::space}},
      {{.binding = BoundTo::database}, {AuthMethod::cert, ClientCert::verify_full, BoundTo::database}},
      {{.method = AuthMethod::cert, .clientcert = ClientCert::verify_full, .binding = BoundTo::database},
       {AuthMethod::cert, ClientCert::verify_full, BoundTo::database}},
  }));
  CHECK(access_of(choice) == access);
}

TEST_CASE("a space that binds unless it is told otherwise can be told otherwise", "[access]") {
  CHECK(access_of({}, BoundTo::database) == Access{AuthMethod::cert, ClientCert::verify_full, BoundTo::database});
  CHECK(access_of({.binding = BoundTo::space}, BoundTo::database) ==
        Access{AuthMethod::scram_sha_256, ClientCert::verify_ca, BoundTo::space});
  CHECK(refusal_of({.method = AuthMethod::scram_sha_256}, BoundTo::database).first == Errc::policy);
}

TEST_CASE("binding with a password is refused, since PostgreSQL allows a map with cert alone", "[access]") {
  const auto [code, text] = refusal_of({.method = AuthMethod::scram_sha_256, .binding = BoundTo::database});
  CHECK(code == Errc::policy);
  CHECK_THAT(text, ContainsSubstring("name map") && ContainsSubstring("method cert alone"));
}

TEST_CASE("method cert with verify-ca is refused, since PostgreSQL always compares the name", "[access]") {
  const auto [code, text] = refusal_of({.method = AuthMethod::cert, .clientcert = ClientCert::verify_ca});
  CHECK(code == Errc::policy);
  CHECK_THAT(text, ContainsSubstring("verify-full"));
}

TEST_CASE("the words are those of pg_hba.conf, and others are refused with them", "[access]") {
  CHECK(auth_method_of("scram-sha-256") == AuthMethod::scram_sha_256);
  CHECK(auth_method_of("cert") == AuthMethod::cert);
  CHECK(client_cert_of("verify-ca") == ClientCert::verify_ca);
  CHECK(client_cert_of("verify-full") == ClientCert::verify_full);
  CHECK(binding_of("space") == BoundTo::space);
  CHECK(binding_of("database") == BoundTo::database);
  for (const char* word : {"", "md5", "trust", "CERT", "scram", "cert "}) {
    CHECK_THROWS_WITH(auth_method_of(word), ContainsSubstring("is scram-sha-256 or cert"));
  }
  CHECK_THROWS_WITH(client_cert_of("1"), "clientcert \"1\": is verify-ca or verify-full");
  CHECK_THROWS_WITH(binding_of("role"), "binding \"role\": is space or database");
}
