// Certificate as it is read, and Credential as it is put together.
#include <spaceca/certificate.h>
#include <spaceca/issuer.h>

#include "support/child.h"
#include "support/text.h"
#include "support/x509_oracle.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

const Instant kNow = instant("2026-11-24T10:00:00Z");

Issuer acme() { return Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::generate(), kNow); }

Credential client(const Issuer& root) { return root.issue_with_key(ClientSubject{.role = RoleName{"app"}}, kNow); }

}  // namespace

TEST_CASE("what a certificate says is what openssl reads in it", "[certificate]") {
  const Certificate leaf = client(acme()).certificate();
  const auto shown =
      run({"openssl", "x509", "-noout", "-serial", "-subject", "-issuer", "-startdate", "-enddate", "-nameopt", "RFC2253"},
          {.input = leaf.pem()});
  CHECK(shown.out == "serial=" + leaf.serial().hex() + "\nsubject=" + leaf.subject() + "\nissuer=" + leaf.issuer() +
                         "\nnotBefore=Nov 24 09:55:00 2026 GMT\nnotAfter=Dec 24 10:00:00 2027 GMT\n");
  CHECK(rfc3339(leaf.validity().not_before) == "2026-11-24T09:55:00Z");
  CHECK(rfc3339(leaf.validity().not_after) == "2027-12-24T10:00:00Z");
  CHECK_FALSE(leaf.is_ca());
  CHECK_FALSE(leaf.may_sign_certificates());
  CHECK_FALSE(leaf.may_sign_crls());
}

TEST_CASE("a certificate goes to PEM as openssl writes it, and back", "[certificate]") {
  const Certificate leaf = client(acme()).certificate();
  CHECK(run({"openssl", "x509"}, {.input = leaf.pem()}).out == leaf.pem());
  CHECK(Certificate::from_pem(leaf.pem()) == leaf);
  CHECK(Certificate::from_der(leaf.der()) == leaf);
  CHECK(Certificate::from_pem("some text\r\n" + leaf.pem() + "more\n") == leaf);
}

TEST_CASE("a text that holds no certificate, or two, or something else is refused", "[certificate]") {
  const std::string pem = client(acme()).certificate().pem();
  for (const std::string& text : {std::string{}, std::string{"hello"}, pem + pem, pem.substr(0, pem.size() - 30),
                                  std::string{text_of(PrivateKey::generate().pkcs8_pem().reveal())}}) {
    CHECK_THROWS_AS(Certificate::from_pem(text), Error);
  }
  check_refused([&] { return Certificate::from_pem(pem + pem); }, Errc::malformed,
                "must hold one PEM block, BEGIN CERTIFICATE; it holds 2 blocks");
}

TEST_CASE("a certificate cut short, or with octets after it, is refused", "[certificate]") {
  const Certificate leaf = client(acme()).certificate();
  for (std::size_t size = 0; size < leaf.der().size(); ++size) {
    CHECK_THROWS_AS(Certificate::from_der(leaf.der().first(size)), Error);
  }
  Bytes longer{leaf.der().begin(), leaf.der().end()};
  longer.push_back(0);
  check_refused([&] { return Certificate::from_der(longer); }, Errc::malformed, "octets follow its end");
}

TEST_CASE("a certificate with one bit changed is refused or is another certificate, and nothing else happens", "[certificate]") {
  const Certificate leaf = client(acme()).certificate();
  Bytes der{leaf.der().begin(), leaf.der().end()};
  for (std::size_t bit = 0; bit < der.size() * 8; ++bit) {
    der[bit / 8] = static_cast<std::uint8_t>(der[bit / 8] ^ (1U << (bit % 8)));
    const auto same = [&] {
      try {
        return Certificate::from_der(der) == leaf;
      } catch (const Error&) {
        return false;
      }
    };
    CHECK_FALSE(same());
    der[bit / 8] = static_cast<std::uint8_t>(der[bit / 8] ^ (1U << (bit % 8)));
  }
}

TEST_CASE("a certificate of version 1 is refused", "[certificate]") {
  const auto v1 = run({"sh", "-c",
                       "t=$(mktemp -d) && cd $t && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x "
                       "-keyout k -out r 2>/dev/null && openssl x509 -req -in r -signkey k -days 9 2>/dev/null; rm -r $t"});
  check_refused([&] { return Certificate::from_pem(v1.out); }, Errc::malformed, "is of version 1; version 3 is needed");
}

TEST_CASE("a credential holds together: key to leaf, link to link, no root in the chain", "[credential]") {
  const Issuer root = acme();
  const Certificate leaf = client(root).certificate();
  check_refused(
      [&] {
        return Credential{{leaf}, PrivateKey::generate(), {root.certificate()}};
      },
      Errc::mismatch, "the key is not that of the first certificate");
  check_refused(
      [&] {
        return Credential{{}, PrivateKey::generate(), {root.certificate()}};
      },
      Errc::invalid_argument, "has no certificate");
  const auto with_own_key = [&](Chain more, std::vector<Certificate> roots) {
    const Credential whole = client(root);
    const SecretBytes key = whole.key().pkcs8_der();
    Chain chain{whole.certificate()};
    chain.insert(chain.end(), more.begin(), more.end());
    return Credential{chain, PrivateKey::from_pkcs8_der(key.reveal()), std::move(roots)};
  };
  check_refused([&] { return with_own_key({}, {}); }, Errc::invalid_argument, "has no root to trust");
  check_refused([&] { return with_own_key({root.certificate()}, {root.certificate()}); }, Errc::invalid_argument,
                "roots go separately");
  check_refused([&] { return with_own_key({leaf}, {root.certificate()}); }, Errc::mismatch, "the chain is not in order");
  CHECK(with_own_key({}, {root.certificate(), acme().certificate()}).roots().size() == 2);
}
