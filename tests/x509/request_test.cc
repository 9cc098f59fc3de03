// Requests of strangers: what is taken from them, which is the key alone, and what is refused.
#include <spaceca/issuer.h>

#include "support/child.h"
#include "support/files.h"
#include "support/text.h"
#include "support/x509_oracle.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

const Instant kNow = instant("2026-11-24T10:00:00Z");

// A request made by openssl with a key of tests/data and more of its arguments.
std::string request(const std::string& key, std::vector<std::string> more = {}) {
  std::vector<std::string> command = {
      "openssl", "req", "-new", "-key", data_path("keys/good/" + key + ".pem").string(), "-subj", "/O=Evil/CN=root"};
  command.insert(command.end(), more.begin(), more.end());
  return run(command).out;
}

std::string with_challenge_password() {
  const TemporaryFolder folder;
  write_file(folder.path() / "req.cnf",
             "[req]\nprompt=no\ndistinguished_name=dn\nattributes=at\n[dn]\nCN=x\n[at]\nchallengePassword=hunter22\n");
  return run({"openssl", "req", "-new", "-key", data_path("keys/good/p256-sec1.pem").string(), "-config",
              (folder.path() / "req.cnf").string()})
      .out;
}

Bytes der_of(const std::string& pem) {
  const auto out = run({"openssl", "req", "-outform", "DER"}, {.input = pem});
  return {out.out.begin(), out.out.end()};
}

}  // namespace

TEST_CASE("a request gives the public key that signed it, from PEM and from DER", "[request]") {
  const std::string key = GENERATE("p256-sec1", "p384-sec1", "rsa2048-pkcs1", "rsa4096-pkcs1", "ed25519-pkcs8");
  const PublicKey expected = PrivateKey::from_pem(data("keys/good/" + key + ".pem")).public_key();
  const std::string pem = request(key);
  CHECK(CertificateRequest::from_pem(pem).public_key() == expected);
  CHECK(CertificateRequest::from_der(der_of(pem)).public_key() == expected);
  CHECK(CertificateRequest::from_pem("text before\n" + request(key, {"-newhdr"}) + "and after\n").public_key() == expected);
}

TEST_CASE("nothing else that a request asks for changes the certificate", "[request]") {
  const Issuer root =
      Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::from_pem(data("keys/good/rsa2048-pkcs1.pem")), kNow);
  const ClientSubject app{.role = RoleName{"app"}, .id = CertificateId{"0193c1a8-7f00-7000-8000-0123456789ab"}};
  const Serial serial{std::string_view{"0x01000000000000000000000000000001"}};
  const auto issued = [&](const std::string& pem) {
    return hex(root.issue(app, CertificateRequest::from_pem(pem).public_key(), kNow, serial).der());
  };
  const std::string plain = issued(request("p256-sec1"));
  const std::string wish = GENERATE("basicConstraints=critical,CA:TRUE", "subjectAltName=DNS:bank.example,IP:10.0.0.1",
                                    "extendedKeyUsage=serverAuth,anyExtendedKeyUsage", "keyUsage=critical,keyCertSign,cRLSign",
                                    "nsCertType=sslCA", "1.2.3.4=ASN1:UTF8String:anything");
  CHECK(issued(request("p256-sec1", {"-addext", wish})) == plain);
  CHECK(issued(request("p256-sec1", {"-subj", "/CN=postgres"})) == plain);
  CHECK(issued(with_challenge_password()) == plain);
  CHECK(plain.find("62616e6b") == std::string::npos);  // "bank"
}

TEST_CASE("a challenge password is neither needed nor kept", "[request]") {
  const std::string pem = with_challenge_password();
  REQUIRE(run({"openssl", "req", "-noout", "-text"}, {.input = pem}).out.find("hunter22") != std::string::npos);
  CHECK(CertificateRequest::from_pem(pem).public_key() == PrivateKey::from_pem(data("keys/good/p256-sec1.pem")).public_key());
}

TEST_CASE("a request whose signature is not its key's is refused", "[request]") {
  const std::string key = GENERATE("p256-sec1", "rsa2048-pkcs1", "ed25519-pkcs8");
  Bytes der = der_of(request(key));
  der.back() ^= 1;
  check_refused([&] { return CertificateRequest::from_der(der); }, Errc::mismatch,
                "certificate request: its signature is not that of its key");
}

TEST_CASE("a request with any one bit changed is refused", "[request]") {
  Bytes der = der_of(request("p256-sec1"));
  for (std::size_t bit = 0; bit < der.size() * 8; ++bit) {
    der[bit / 8] = static_cast<std::uint8_t>(der[bit / 8] ^ (1U << (bit % 8)));
    INFO("bit " << bit);
    CHECK_THROWS_AS(CertificateRequest::from_der(der), Error);
    der[bit / 8] = static_cast<std::uint8_t>(der[bit / 8] ^ (1U << (bit % 8)));
  }
}

TEST_CASE("requests with rare names, attributes and signatures are read too", "[request]") {
  const PublicKey expected = PrivateKey::from_pem(data("keys/good/p256-sec1.pem")).public_key();
  CHECK(CertificateRequest::from_pem(request("p256-sec1", {"-subj", "/CN=a+OU=b/O=Zo\xC3\xAB", "-multivalue-rdn", "-utf8"}))
            .public_key() == expected);
  CHECK(CertificateRequest::from_pem(request("p256-sec1", {"-sha512", "-addext", "subjectAltName=DNS:x.example"})).public_key() ==
        expected);
  CHECK(CertificateRequest::from_pem(request("rsa2048-pkcs1", {"-sigopt", "rsa_padding_mode:pss"})).public_key() ==
        PrivateKey::from_pem(data("keys/good/rsa2048-pkcs1.pem")).public_key());
}

TEST_CASE("a request with a weak key, an unknown kind or a weak digest is refused", "[request]") {
  const auto fresh = [](const std::vector<std::string>& key, const std::string& digest) {
    std::vector<std::string> command = {"openssl", "req",     "-new",      "-nodes", "-subj",
                                        "/CN=x",   "-keyout", "/dev/null", digest,   "-newkey"};
    command.insert(command.end(), key.begin(), key.end());
    return run(command).out;
  };
  check_refused([&] { return CertificateRequest::from_pem(fresh({"rsa:1024"}, "-sha256")); }, Errc::policy,
                "RSA of 1024 bits; the least is 2048");
  check_refused(
      [&] {
        return CertificateRequest::from_pem(fresh({"ec", "-pkeyopt", "ec_paramgen_curve:P-521"}, "-sha512"));
      },
      Errc::policy, "neither P-256 nor P-384");
  check_refused([&] { return CertificateRequest::from_pem(fresh({"ed448"}, "-sha256")); }, Errc::unsupported,
                "none of ECDSA, RSA and Ed25519");
  check_refused([&] { return CertificateRequest::from_pem(request("p256-sec1", {"-sha1"})); }, Errc::policy,
                "is signed with SHA1; SHA-256 or stronger is needed");
  const auto in_pss = [](const std::string& digest) {
    return request("rsa2048-pkcs1", {"-sigopt", "rsa_padding_mode:pss", digest});
  };
  check_refused([&] { return CertificateRequest::from_pem(in_pss("-sha1")); }, Errc::policy,
                "is signed with SHA1; SHA-256 or stronger is needed");
  CHECK_NOTHROW(CertificateRequest::from_pem(in_pss("-sha384")));
}

TEST_CASE("what is no request, is cut short or goes on is refused", "[request]") {
  const std::string pem = request("p256-sec1");
  check_refused([&] { return CertificateRequest::from_pem(""); }, Errc::malformed,
                "must hold one PEM block, BEGIN CERTIFICATE REQUEST; it holds 0 blocks");
  check_refused([&] { return CertificateRequest::from_pem(pem + pem); }, Errc::malformed, "it holds 2 blocks");
  check_refused([&] { return CertificateRequest::from_pem(data("keys/good/p256-sec1.pem")); }, Errc::malformed,
                "1 blocks of another kind");
  Bytes der = der_of(pem);
  for (std::size_t size = 0; size < der.size(); ++size) {
    CHECK_THROWS_AS(CertificateRequest::from_der(ByteView{der}.first(size)), Error);
  }
  der.push_back(0);
  check_refused([&] { return CertificateRequest::from_der(der); }, Errc::malformed, "has 1 more octets than it should");
  der.resize((1U << 20) + 1);
  check_refused([&] { return CertificateRequest::from_der(der); }, Errc::policy, "has 1048577 octets, the most is 1048576");
}
