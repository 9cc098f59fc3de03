// What PostgreSQL would do with lists: one bad set a case, made on purpose. tests/interop/crl_test.cc shows that it does so.
#include <algorithm>
#include <functional>
#include <vector>

#include <openssl/err.h>

#include <spaceca/crl.h>
#include <spaceca/issuer.h>

#include "support/certificate_builder.h"
#include "support/child.h"
#include "support/crl_oracle.h"
#include "support/files.h"
#include "support/text.h"
#include "support/x509_oracle.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;

namespace {

const Instant kNow = instant("2026-11-24T10:00:00Z");

PrivateKey key() { return PrivateKey::from_pem(data("keys/good/p256-sec1.pem")); }
PrivateKey other_key() { return PrivateKey::from_pem(data("keys/good/p256-pkcs8-zero-x.pem")); }

Issuer root_of(unsigned generation = 1) {
  return Issuer::self_signed({.space = SpaceName{"acme"}, .generation = generation}, generation == 1 ? key() : other_key(), kNow);
}

Serial serial(std::string_view hex) { return Serial{"0x" + std::string{hex}}; }

using Extensions = std::vector<std::pair<std::string, std::string>>;
const Extensions kGood = {{"authorityKeyIdentifier", "keyid:always"}, {"crlNumber", "7"}};

// A list that only the oracle would make.
Crl odd(Extensions extensions, std::vector<OracleEntry> entries = {}) {
  return Crl::from_der(oracle_crl({.this_update = kNow - std::chrono::hours{1},
                                   .next_update = kNow + std::chrono::days{30},
                                   .entries = std::move(entries),
                                   .extensions = std::move(extensions)},
                                  root_of().certificate(), key()));
}
Crl good() { return root_of().crl({{serial("80"), kNow}}, {.number = 7}, kNow); }

// A root of any name and key usage.
Certificate odd_root(const std::string& name, const PrivateKey& its_key, const std::string& key_usage,
                     const std::string& number = "01") {
  Extensions extensions = {{"basicConstraints", "critical,CA:TRUE"}, {"subjectKeyIdentifier", "hash"}};
  if (!key_usage.empty()) extensions.emplace_back("keyUsage", key_usage);
  return Certificate::from_der(oracle_certificate({.serial = serial(number),
                                                   .validity = {kNow - std::chrono::days{1}, kNow + std::chrono::years{5}},
                                                   .issuer = {{"CN", name}},
                                                   .subject = {{"CN", name}},
                                                   .extensions = extensions},
                                                  its_key.public_key(), its_key, nullptr));
}

std::string rules(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    CHECK_FALSE(finding.text.empty());
    CHECK_FALSE(finding.source.empty());
    text += (text.empty() ? "" : " ") + finding.rule;
  }
  return text;
}

void check_one(const std::vector<Finding>& findings, const std::string& rule, const std::string& text) {
  CHECK(rules(findings) == rule);
  if (!findings.empty()) CHECK_THAT(findings.front().text, ContainsSubstring(text));
}

}  // namespace

TEST_CASE("our lists with our roots are good: one root, two, an empty list, a streamed one", "[crl][check]") {
  const Issuer first = root_of();
  const Issuer second = root_of(2);
  CHECK(rules(check_for_postgresql({first.crl({}, {.number = 1}, kNow)}, {first.certificate()}, kNow)) == "");
  CHECK(rules(check_for_postgresql({good()}, {first.certificate()}, kNow)) == "");
  CHECK(rules(check_for_postgresql({second.crl({}, {.number = 1}, kNow), good()}, {first.certificate(), second.certificate()},
                                   kNow)) == "");
  CHECK(rules(check_for_postgresql(std::vector<Crl>{}, {}, kNow)) == "");
  for (const std::string vector : {"p384-sec1", "rsa2048-pkcs1"}) {
    const Issuer other =
        Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::from_pem(data("keys/good/" + vector + ".pem")), kNow);
    CHECK(rules(check_for_postgresql({other.crl({{serial("80"), kNow}}, {.number = 1}, kNow)}, {other.certificate()}, kNow)) == "");
  }
}

// What the lists of other authorities lack, or have beside.
TEST_CASE("a list without a number, a key identifier or an end, of version 1, or with an entry of tomorrow is good",
          "[crl][check]") {
  const TestCa root = test_root("other G1", kNow);
  const auto list = [&](const std::function<void(CrlParts&)>& change) {
    CrlParts parts = crl_parts(root, kNow, {serial("80")});
    change(parts);
    return Crl::from_der(signed_by(root.key, parts));
  };
  const auto change = GENERATE(from_range(std::vector<std::function<void(CrlParts&)>>{
      [](CrlParts&) {},
      [](CrlParts& parts) { parts.extensions = {}; },
      [](CrlParts& parts) { parts.version = {}, parts.extensions = {}; },
      [](CrlParts& parts) {
        std::erase_if(parts.extensions, [](const Bytes& one) { return hex(one).find("551d14") != std::string::npos; });
      },
      [](CrlParts& parts) {
        std::erase_if(parts.extensions, [](const Bytes& one) { return hex(one).find("551d23") != std::string::npos; });
      },
      [](CrlParts& parts) { parts.next_update.reset(); },
      [](CrlParts& parts) {
        parts.revoked = {{serial("80"), kNow + std::chrono::days{1}}};
      },
  }));
  const Crl made = list(change);
  CHECK(made.find(serial("80")));
  CHECK(rules(check_for_postgresql({made}, {root.certificate}, kNow)) == "");
}

TEST_CASE("a list is good from its first second to its last", "[crl][check]") {
  const std::vector<Certificate> roots = {root_of().certificate()};
  CHECK(rules(check_for_postgresql({good()}, roots, instant("2026-11-24T09:55:00Z"))) == "");
  CHECK(rules(check_for_postgresql({good()}, roots, instant("2027-12-24T09:59:59Z"))) == "");
  check_one(check_for_postgresql({good()}, roots, instant("2026-11-24T09:54:59Z")), "crl-not-yet-valid",
            "starts 2026-11-24 09:55:00, and it is 2026-11-24 09:54:59: until then PostgreSQL refuses every client");
  check_one(check_for_postgresql({good()}, roots, instant("2027-12-24T10:00:00Z")), "crl-expired",
            "ends 2027-12-24 10:00:00, and it is 2027-12-24 10:00:00: PostgreSQL refuses every client of the root");
}

TEST_CASE("findings name the list by its number and issuer", "[crl][check]") {
  const auto findings = check_for_postgresql({good()}, {root_of().certificate()}, instant("2030-01-01T00:00:00Z"));
  REQUIRE(findings.size() == 1);
  CHECK(findings.front().text.starts_with("list 7 of \"" + root_of().certificate().subject() + "\": ends "));
}

TEST_CASE("an issuingDistributionPoint is found, whatever it says", "[crl][check]") {
  const std::string value = GENERATE("critical,fullname:URI:http://crl.example/root.crl", "critical,onlyuser:TRUE",
                                     "fullname:URI:http://crl.example/root.crl", "critical,indirectCRL:TRUE");
  Extensions extensions = kGood;
  extensions.emplace_back("issuingDistributionPoint", value);
  check_one(
      check_for_postgresql({odd(extensions)}, {root_of().certificate()}, kNow), "crl-issuing-distribution-point",
      "has an issuingDistributionPoint: PostgreSQL looks the root up too, which is out of its scope, and refuses every client");
}

// Found by tests/fuzz: OpenSSL takes such a list, and complains in its queue that it cannot read the extension.
TEST_CASE("an issuingDistributionPoint that cannot be read is found, and leaves nothing in OpenSSL's error queue", "[crl][check]") {
  Extensions extensions = kGood;
  extensions.emplace_back("2.5.29.28", "critical,DER:0C:00");
  const Crl list = odd(extensions);
  ERR_clear_error();
  CHECK(rules(check_for_postgresql({list}, {root_of().certificate()}, kNow)).starts_with("crl-issuing-distribution-point"));
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("a delta list is found, and stands for no list", "[crl][check]") {
  Extensions extensions = kGood;
  extensions.emplace_back("deltaCRL", "1");
  const Crl delta = odd(extensions, {{serial("05"), kNow - std::chrono::hours{2}}});
  check_one(check_for_postgresql({good(), delta}, {root_of().certificate()}, kNow), "crl-delta",
            "never adds to the full one: some who are revoked are let in");
  CHECK(rules(check_for_postgresql({delta}, {root_of().certificate()}, kNow)) == "crl-delta root-without-crl");
}

TEST_CASE("a critical extension that OpenSSL does not take in a list is found, others are not", "[crl][check]") {
  Extensions extensions = kGood;
  extensions.emplace_back("1.3.6.1.4.1.55555.1", "critical,DER:05:00");
  check_one(check_for_postgresql({odd(extensions)}, {root_of().certificate()}, kNow), "crl-critical-extension",
            "has the critical extension 1.3.6.1.4.1.55555.1, which OpenSSL does not take");
  extensions.back().second = "DER:05:00";
  CHECK(rules(check_for_postgresql({odd(extensions)}, {root_of().certificate()}, kNow)) == "");
}

TEST_CASE("a root without a list is found", "[crl][check]") {
  const Issuer second = root_of(2);
  check_one(check_for_postgresql({good()}, {root_of().certificate(), second.certificate()}, kNow), "root-without-crl",
            "root \"" + second.certificate().subject() +
                "\": has no list of its own: as soon as PostgreSQL has any list it refuses every client of this root");
  CHECK(rules(check_for_postgresql(std::vector<Crl>{}, {root_of().certificate(), second.certificate()}, kNow)) ==
        "root-without-crl root-without-crl");
}

TEST_CASE("a list without its root is found", "[crl][check]") {
  const Issuer second = root_of(2);
  const Crl stray = second.crl({}, {.number = 1}, kNow);
  check_one(check_for_postgresql({good(), stray}, {root_of().certificate()}, kNow), "crl-without-root",
            "list 1 of \"" + second.certificate().subject() + "\": its issuer is not among the roots, so it revokes nobody");
}

TEST_CASE("a list of a root's name and another key is no list of the root", "[crl][check]") {
  const Certificate one = odd_root("acme", key(), "critical,keyCertSign,cRLSign");
  const Certificate two = odd_root("acme", other_key(), "critical,keyCertSign,cRLSign");
  const Crl of_two = Issuer{two, other_key()}.crl({}, {.number = 1}, kNow);
  CHECK(rules(check_for_postgresql({of_two}, {one}, kNow)) == "crl-without-root root-without-crl");
}

TEST_CASE("a root without cRLSign is found, one without any key usage is good", "[crl][check]") {
  const auto list_of = [](const Certificate& root) {
    return Crl::from_der(
        oracle_crl({.this_update = kNow, .next_update = kNow + std::chrono::days{1}, .extensions = kGood}, root, key()));
  };
  const Certificate certificates_only = odd_root("x", key(), "critical,keyCertSign");
  check_one(check_for_postgresql({list_of(certificates_only)}, {certificates_only}, kNow), "root-crl-sign",
            "root \"CN=x\": may not sign lists (keyUsage has no cRLSign): as soon as PostgreSQL has any list it refuses every "
            "client of this root");
  const Certificate anything = odd_root("x", key(), "");
  CHECK(rules(check_for_postgresql({list_of(anything)}, {anything}, kNow)) == "");
}

TEST_CASE("a signature that is not the root's is found", "[crl][check]") {
  const Crl forged =
      Crl::from_der(oracle_crl({.this_update = kNow, .next_update = kNow + std::chrono::days{1}, .extensions = kGood},
                               root_of().certificate(), other_key()));
  check_one(check_for_postgresql({forged}, {root_of().certificate()}, kNow), "crl-signature", "its signature is not the root's");
  const Crl crl = good();
  Bytes der{crl.der().begin(), crl.der().end()};
  der.back() ^= 1;
  check_one(check_for_postgresql({Crl::from_der(der)}, {root_of().certificate()}, kNow), "crl-signature",
            "PostgreSQL refuses every client of the root");
}

TEST_CASE("a list without key identifier is found where two roots have its name, and is good where one has", "[crl][check]") {
  const Certificate one = odd_root("acme", key(), "critical,keyCertSign,cRLSign");
  const Certificate two = odd_root("acme", other_key(), "critical,keyCertSign,cRLSign", "02");
  const auto without_identifier = [](const Certificate& root, const PrivateKey& its_key) {
    return Crl::from_der(oracle_crl(
        {.this_update = kNow, .next_update = kNow + std::chrono::days{1}, .extensions = {{"crlNumber", "1"}}}, root, its_key));
  };
  CHECK(rules(check_for_postgresql({without_identifier(one, key())}, {one}, kNow)) == "");
  CHECK_THAT(rules(check_for_postgresql({without_identifier(one, key()), without_identifier(two, other_key())}, {one, two}, kNow)),
             ContainsSubstring("crl-authority-key-identifier crl-authority-key-identifier"));
  const auto with_identifier = [](const Certificate& root, PrivateKey its_key) {
    return Issuer{root, std::move(its_key)}.crl({}, {.number = 1}, kNow);
  };
  CHECK(rules(check_for_postgresql({with_identifier(one, key()), with_identifier(two, other_key())}, {one, two}, kNow)) == "");
}

TEST_CASE("a list that revokes its root is found", "[crl][check]") {
  const Serial of_root = root_of().certificate().serial();
  const Certificate root = odd_root("x", key(), "critical,keyCertSign,cRLSign");
  const Crl crl = Crl::from_der(oracle_crl(
      {.this_update = kNow, .next_update = kNow + std::chrono::days{1}, .entries = {{serial("01"), kNow}}, .extensions = kGood},
      root, key()));
  check_one(check_for_postgresql({crl}, {root}, kNow), "crl-revokes-root", "holds serial 01, the root's own");
  CHECK_FALSE(of_root == serial("01"));
}

TEST_CASE("two lists of one root are found: only the newest counts", "[crl][check]") {
  const Issuer root = root_of();
  check_one(
      check_for_postgresql({root.crl({}, {.number = 1}, kNow), root.crl({}, {.number = 2}, kNow)}, {root.certificate()}, kNow),
      "crl-twice", "has 2 lists, of which PostgreSQL takes the newest alone: who is revoked in another one only is let in");
}

TEST_CASE("several things wrong are all found", "[crl][check]") {
  Extensions extensions = {{"crlNumber", "7"}, {"issuingDistributionPoint", "critical,onlyuser:TRUE"}};
  const Crl bad = Crl::from_der(
      oracle_crl({.this_update = kNow - std::chrono::days{9}, .next_update = kNow - std::chrono::days{2}, .extensions = extensions},
                 root_of().certificate(), other_key()));
  CHECK(rules(check_for_postgresql({bad}, {root_of().certificate(), root_of(2).certificate()}, kNow)) ==
        "crl-issuing-distribution-point crl-expired crl-signature root-without-crl");
}

TEST_CASE("what no rule names, OpenSSL finds: an expired root, an identifier by issuer and serial", "[crl][check]") {
  const Issuer root = root_of();  // until 2036-11-24
  const Crl late = root.crl({}, {.number = 1}, instant("2036-11-24T09:00:00Z"));
  check_one(check_for_postgresql({late}, {root.certificate()}, instant("2037-01-01T00:00:00Z")), "crl-openssl",
            "certificate has expired");

  // A root that was issued anew under its name and key, with a list that points at the old one's serial.
  const Certificate old_one = odd_root("x", key(), "critical,keyCertSign,cRLSign", "01");
  const Certificate new_one = odd_root("x", key(), "critical,keyCertSign,cRLSign", "02");
  const Crl crl = Crl::from_der(oracle_crl({.this_update = kNow,
                                            .next_update = kNow + std::chrono::days{1},
                                            .extensions = {{"authorityKeyIdentifier", "keyid:always,issuer:always"}}},
                                           old_one, key()));
  check_one(check_for_postgresql({crl}, {new_one}, kNow), "crl-openssl", "unable to get certificate CRL");
}

// --- files ---

TEST_CASE("a file of our lists in PEM is good, with text and line ends as they come", "[crl][check]") {
  const Issuer second = root_of(2);
  const std::vector<Certificate> roots = {root_of().certificate(), second.certificate()};
  std::string text = good().pem() + "# the second\n" + second.crl({}, {.number = 1}, kNow).pem();
  CHECK(rules(check_for_postgresql(bytes_of(text), roots, kNow)) == "");
  std::string crlf;
  for (const char c : text) crlf += c == '\n' ? std::string{"\r\n"} : std::string{c};
  CHECK(rules(check_for_postgresql(bytes_of(crlf), roots, kNow)) == "");
}

TEST_CASE("a file in DER is found: PostgreSQL does not start with it", "[crl][check]") {
  check_one(check_for_postgresql(good().der(), {root_of().certificate()}, kNow), "crl-file-der",
            "list file: is DER, and PostgreSQL does not start with it, and at a reload keeps the lists it has; give PEM");
}

TEST_CASE("a file without a list is found", "[crl][check]") {
  const std::string text = GENERATE("", "\n", "hello\n", "-----BEGIN NONSENSE-----\nAAAA\n-----END NONSENSE-----\n");
  check_one(check_for_postgresql(bytes_of(text), {root_of().certificate()}, kNow), "crl-file-empty",
            "holds no list in PEM, and PostgreSQL does not start with it");
  check_one(check_for_postgresql(ByteView{}, {root_of().certificate()}, kNow), "crl-file-empty", "holds no list in PEM");
}

TEST_CASE("a file that OpenSSL cannot read is found", "[crl][check]") {
  const std::string pem = good().pem();
  const std::string text =
      GENERATE_COPY(pem.substr(0, pem.size() - 30), pem.substr(0, 100) + "!" + pem.substr(101), pem + pem.substr(0, 200));
  check_one(check_for_postgresql(bytes_of(text), {root_of().certificate()}, kNow), "crl-file-unreadable", "OpenSSL cannot read it");
}

TEST_CASE("certificates in a list file are found: PostgreSQL would trust them", "[crl][check]") {
  const std::string text = good().pem() + root_of(2).certificate().pem();
  check_one(check_for_postgresql(bytes_of(text), {root_of().certificate()}, kNow), "crl-file-certificate",
            "1 of its blocks are certificates, which PostgreSQL trusts as it does those of ssl_ca_file");
  CHECK(rules(check_for_postgresql(bytes_of(root_of().certificate().pem()), {root_of().certificate()}, kNow)) ==
        "crl-file-certificate root-without-crl");
}

TEST_CASE("an encrypted key that strayed into a list file asks nobody for a passphrase", "[crl][check]") {
  const std::string text = good().pem() + data("keys/good/p256-sec1.enc-traditional-aes128.pem");
  CHECK(rules(check_for_postgresql(bytes_of(text), {root_of().certificate()}, kNow)) == "");
}

TEST_CASE("what a file's lists lack is found as it is in lists", "[crl][check]") {
  CHECK(rules(check_for_postgresql(bytes_of(good().pem()), {root_of().certificate(), root_of(2).certificate()}, kNow)) ==
        "root-without-crl");
  CHECK(rules(check_for_postgresql(bytes_of(good().pem()), {root_of().certificate()}, instant("2030-01-01T00:00:00Z"))) ==
        "crl-expired");
}
