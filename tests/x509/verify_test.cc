// verify: each thing that PostgreSQL or libpq refuses a chain for, made on purpose. tests/interop/verdicts_test.cc shows the same
// chains to a real server and to psql.
#include <array>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <openssl/err.h>

#include <spaceca/issuer.h>
#include <spaceca/verify.h>

#include "support/certificate_builder.h"
#include "support/files.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using namespace spaceca::test::asn1;
using Catch::Matchers::ContainsSubstring;

namespace {

const Instant kNow = instant("2026-11-24T10:00:00Z");

PrivateKey key(const std::string& vector) { return PrivateKey::from_pem(data("keys/good/" + vector + ".pem")); }

std::string text_of_all(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) text += finding.rule + ": " + finding.text + "\n";
  return text;
}

void check_taken(const Verification& what) { CHECK(text_of_all(verify(what)) == ""); }

// Refused for one reason alone.
void check_refused_for(const Verification& what, const std::string& rule, const std::string& text, const std::string& seen_as) {
  const auto findings = verify(what);
  INFO(text_of_all(findings));
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].rule == rule);
  CHECK_THAT(findings[0].text, ContainsSubstring(text));
  CHECK(findings[0].seen_as == seen_as);
  CHECK_FALSE(findings[0].source.empty());
}

// A root, an intermediate under it, and a leaf of each kind under that.
struct Family {
  TestCa root = test_root("acme G1", kNow, key("p256-sec1"));
  TestCa middle = test_intermediate("acme G1 sub", root, kNow, key("p256-pkcs8"));
  PrivateKey leaf_key = PrivateKey::generate();
  CertificateParts client = client_parts("app", leaf_key.public_key(), middle, kNow);
  CertificateParts server = server_parts({"db.acme.example"}, leaf_key.public_key(), middle, kNow);

  [[nodiscard]] Certificate client_certificate() const { return certificate_of(client, middle.key); }
  [[nodiscard]] Verification by_server() const {
    return {.chain = {client_certificate(), middle.certificate},
            .anchors = {root.certificate},
            .purpose = Purpose::client,
            .now = kNow};
  }
  [[nodiscard]] Verification by_libpq() const {
    return {.chain = {certificate_of(server, middle.key), middle.certificate},
            .anchors = {root.certificate},
            .purpose = Purpose::server,
            .now = kNow};
  }
};

// The same with a list of the root and one of the intermediate, both of which a test may change. Borrowed from here.
struct Listed {
  Family family;
  CrlParts root_list = crl_parts(family.root, kNow);
  CrlParts middle_list = crl_parts(family.middle, kNow);
  std::vector<Bytes> lists = {};

  [[nodiscard]] Verification by_server() {
    if (lists.empty()) lists = {signed_by(family.root.key, root_list), signed_by(family.middle.key, middle_list)};
    Verification what = family.by_server();
    what.crls.assign(lists.begin(), lists.end());
    return what;
  }
};

const Bytes kIdpWithUri =
    extension("2.5.29.28", Critical::yes,
              sequence({context_constructed(0, context_constructed(0, context(6, bytes_of("http://ca.example/1.crl"))))}));
const Bytes kIdpOnlyUsers = extension("2.5.29.28", Critical::yes, sequence({context(1, from_hex("ff"))}));
const Bytes kIdpOnlyCas = extension("2.5.29.28", Critical::yes, sequence({context(2, from_hex("ff"))}));
const Bytes kDelta = extension("2.5.29.27", Critical::yes, integer("01"));

}  // namespace

// --- chains ---

TEST_CASE("a good chain has no finding, for a client and for a server", "[verify]") {
  const Family family;
  check_taken(family.by_server());
  check_taken(family.by_libpq());
}

TEST_CASE("eighteen threads verify and lint the same certificates, and each finds what one alone finds",
          "[verify][lint][threads]") {
  Listed good;
  Listed revoked;
  revoked.middle_list = crl_parts(revoked.family.middle, kNow, {revoked.family.client_certificate().serial()});
  Family expired;
  expired.client.validity = validity(kNow - std::chrono::days{9}, kNow - std::chrono::days{1});
  expired.client.remove(id::kSubjectKey);
  const std::vector<Verification> all = {good.by_server(), revoked.by_server(), expired.by_server(), good.family.by_libpq()};
  const auto look = [&all] {
    std::string found;
    for (const Verification& what : all) {
      found += text_of_all(verify(what)) + text_of_all(lint(what.chain.front(), what.chain.back())) + "-\n";
    }
    return found;
  };
  const std::string alone = look();
  CHECK_THAT(alone, ContainsSubstring("revoked: ") && ContainsSubstring("expired: ") && ContainsSubstring("leaf-subject-key: "));
  std::array<std::string, 18> found;
  {
    std::vector<std::thread> threads;
    for (std::string& mine : found) {
      threads.emplace_back([&look, &mine, &alone] {
        for (int round = 0; round < 10 && (round == 0 || mine == alone); ++round) mine = look();
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  for (const std::string& one : found) CHECK(one == alone);
}

TEST_CASE("what an Issuer makes is taken, with its list and without", "[verify][issuer]") {
  const std::string vector = GENERATE("p256-sec1", "p384-sec1", "rsa2048-pkcs1");
  const Issuer root = Issuer::self_signed({.space = SpaceName{"acme"}}, key(vector), kNow);
  const Certificate client = root.issue_with_key(ClientSubject{.role = RoleName{"app"}}, kNow).certificate();
  const Certificate server =
      root.issue_with_key(ServerSubject{.hosts = {HostName{"db.example"}, HostName{"::1"}}}, kNow).certificate();
  const Crl list = root.crl({}, {.number = 1}, kNow);
  const Instant at = GENERATE(kNow - std::chrono::minutes{5}, kNow, instant("2027-12-24T09:59:59Z"));
  for (const bool listed : {false, true}) {
    const std::vector<ByteView> crls = listed ? std::vector<ByteView>{list.der()} : std::vector<ByteView>{};
    check_taken({.chain = {client}, .anchors = {root.certificate()}, .purpose = Purpose::client, .now = at, .crls = crls});
    check_taken({.chain = {server},
                 .anchors = {root.certificate()},
                 .purpose = Purpose::server,
                 .now = at,
                 .crls = crls,
                 .host = HostName{"::1"}});
  }
}

TEST_CASE("the chain's intermediates may come in any order, and the root may be among them", "[verify]") {
  const Family family;
  const TestCa other = test_root("other", kNow);
  Verification what = family.by_server();
  what.chain = {what.chain[0], other.certificate, family.root.certificate, what.chain[1]};
  check_taken(what);
}

TEST_CASE("an intermediate among the anchors saves the client from sending it", "[verify]") {
  Verification what = Family{}.by_server();
  what.anchors.push_back(what.chain.back());
  what.chain.pop_back();
  check_taken(what);
}

TEST_CASE("a chain without its intermediate is incomplete", "[verify]") {
  Verification what = Family{}.by_server();
  what.chain.pop_back();
  check_refused_for(what, "chain-incomplete",
                    "certificate \"CN=app\": its issuer \"CN=acme G1 sub\" is neither in the chain nor among the roots",
                    "tlsv1 alert unknown ca");
}

TEST_CASE("an intermediate alone is no anchor, however trusted", "[verify]") {
  Verification what = Family{}.by_server();
  what.anchors = {what.chain.back()};
  check_refused_for(
      what, "chain-incomplete",
      "certificate \"CN=acme G1 sub\": is trusted but is no root; the self-signed certificate of \"CN=acme G1\" is needed",
      "tlsv1 alert unknown ca");
}

TEST_CASE("a chain to another CA is refused, also to one that bears the same name", "[verify]") {
  const Family family;
  Verification what = family.by_server();
  what.anchors = {test_root("other G1", kNow).certificate};
  check_refused_for(what, "chain-incomplete", "its issuer \"CN=acme G1\" is neither in the chain nor among the roots",
                    "tlsv1 alert unknown ca");
  what.anchors = {test_root("acme G1", kNow).certificate};
  check_refused_for(what, "chain-incomplete",
                    "was issued by \"CN=acme G1\" with the key " + hex(family.root.certificate.subject_key_identifier()),
                    "tlsv1 alert unknown ca");
  what.anchors = {};
  check_refused_for(what, "chain-incomplete", "neither in the chain nor among the roots", "tlsv1 alert unknown ca");
}

TEST_CASE("a root that nobody trusts is refused", "[verify]") {
  const Family family;
  Verification what = family.by_server();
  what.chain.push_back(family.root.certificate);
  what.anchors = {test_root("other G1", kNow).certificate};
  check_refused_for(what, "root-unknown", "certificate \"CN=acme G1\": is self-signed and not among the roots",
                    "tlsv1 alert unknown ca");
}

TEST_CASE("a signature that is not the issuer's is refused", "[verify]") {
  const Family family;
  Verification what = family.by_server();
  what.chain[0] = certificate_of(family.client, family.leaf_key);
  check_refused_for(what, "signature", "certificate \"CN=app\": its signature is not by the key of \"CN=acme G1 sub\"",
                    "tlsv1 alert decrypt error");
}

TEST_CASE("a leaf is good from its first second to the one before its last, which OpenSSL does not count", "[verify][dates]") {
  Family family;
  family.client.validity = validity(kNow, kNow + std::chrono::days{30});
  Verification what = family.by_server();
  check_taken(what);
  what.now = kNow + std::chrono::days{30} - std::chrono::seconds{1};
  check_taken(what);
  what.now += std::chrono::seconds{1};
  check_refused_for(what, "expired", "certificate \"CN=app\": ended 2026-12-24 10:00:00, it is 2026-12-24 10:00:00",
                    "sslv3 alert certificate expired");
  what.now = kNow - std::chrono::seconds{1};
  check_refused_for(what, "not-yet-valid", "certificate \"CN=app\": starts 2026-11-24 10:00:00, it is 2026-11-24 09:59:59",
                    "sslv3 alert bad certificate");
}

TEST_CASE("an intermediate or a root that has expired is refused, the root too", "[verify][dates]") {
  const std::string which = GENERATE("root", "middle");
  Family family;
  TestCa& ca = which == "root" ? family.root : family.middle;
  ca.parts.validity = validity(kNow - std::chrono::days{3}, kNow - std::chrono::seconds{1});
  ca.certificate = certificate_of(ca.parts, family.root.key);
  check_refused_for(family.by_server(), "expired",
                    which == "root" ? "\"CN=acme G1\": ended 2026-11-24 09:59:59" : "\"CN=acme G1 sub\": ended",
                    "sslv3 alert certificate expired");
}

TEST_CASE("dates after 2049 and after 2038 are read as they are", "[verify][dates]") {
  Family family;
  family.root.parts.validity = family.middle.parts.validity = validity(kNow, instant("2099-01-01T00:00:00Z"));
  family.root.certificate = certificate_of(family.root.parts, family.root.key);
  family.middle.certificate = certificate_of(family.middle.parts, family.root.key);
  family.client.validity = validity(kNow, instant("2060-01-01T00:00:00Z"));
  Verification what = family.by_server();
  what.now = instant("2059-12-31T23:59:59Z");
  check_taken(what);
  what.now += std::chrono::seconds{1};
  check_refused_for(what, "expired", "ended 2060-01-01 00:00:00", "sslv3 alert certificate expired");
}

TEST_CASE("a server's certificate is no client's, and a client's no server's", "[verify][purpose]") {
  Family family;
  std::swap(family.client, family.server);
  check_refused_for(family.by_server(), "purpose", "\"CN=db.acme.example\": its keyUsage or extended key usage is not for a client",
                    "sslv3 alert unsupported certificate");
  check_refused_for(family.by_libpq(), "purpose", "\"CN=app\": its keyUsage or extended key usage is not for a server",
                    "certificate verify failed");
}

TEST_CASE("a certificate without extended key usage passes for both, which is why lint objects", "[verify][purpose]") {
  Family family;
  family.client.remove(id::kPurpose);
  family.server = family.client;
  check_taken(family.by_server());
  check_taken(family.by_libpq());
}

TEST_CASE("a client that may not sign is refused", "[verify][purpose]") {
  Family family;
  family.client.set(id::kKeyUsage, key_usage(0x20, 5));  // keyEncipherment
  check_refused_for(family.by_server(), "purpose", "is not for a client", "sslv3 alert unsupported certificate");
}

TEST_CASE("a leaf that issues is found out, whether its basicConstraints or its keyUsage says so", "[verify]") {
  const auto change = GENERATE(values<std::function<void(CertificateParts&)>>({
      [](CertificateParts& parts) { parts.set(id::kBasicConstraints, basic_constraints({})); },
      [](CertificateParts& parts) { parts.remove(id::kBasicConstraints); },
      [](CertificateParts& parts) { parts.set(id::kKeyUsage, key_usage(0x80, 7)); },
  }));
  Family family;
  change(family.middle.parts);
  family.middle.certificate = certificate_of(family.middle.parts, family.root.key);
  const auto findings = verify(family.by_server());
  INFO(text_of_all(findings));
  REQUIRE_FALSE(findings.empty());
  CHECK(findings[0].rule == "not-a-ca");
  CHECK(findings[0].seen_as == "tlsv1 alert unknown ca");
}

TEST_CASE("more intermediates than the root allows are refused", "[verify]") {
  Family family;
  family.root.parts.set(id::kBasicConstraints, basic_constraints(joined({boolean(), integer("00")})));
  family.root.certificate = certificate_of(family.root.parts, family.root.key);
  check_refused_for(family.by_server(), "path-length",
                    "certificate \"CN=acme G1\": has more CAs below it than its pathLenConstraint allows",
                    "tlsv1 alert unknown ca");
}

TEST_CASE("a critical extension that OpenSSL does not know is refused, one that is not critical is not", "[verify]") {
  Family family;
  family.client.extensions.push_back(extension("1.3.6.1.4.1.99999.1", Critical::no, null()));
  check_taken(family.by_server());
  family.client.extensions.back() = extension("1.3.6.1.4.1.99999.1", Critical::yes, null());
  check_refused_for(family.by_server(), "critical-extension", "has a critical extension that OpenSSL does not know",
                    "sslv3 alert certificate unknown");
}

TEST_CASE("a server outside its CA's name constraints is refused", "[verify]") {
  Family family;
  family.middle.parts.set(
      id::kNameConstraints,
      extension(id::kNameConstraints, Critical::yes, sequence({context_constructed(0, sequence({dns_name("other.example")}))})));
  family.middle.certificate = certificate_of(family.middle.parts, family.root.key);
  check_refused_for(family.by_libpq(), "name-constraints", "permitted subtree violation", "certificate verify failed");
}

TEST_CASE("a signature over SHA-1 is refused, the root's own apart", "[verify]") {
  Family family;
  const auto by_sha1 = [](CertificateParts& parts, const PrivateKey& signer) {
    parts.signature = signature_algorithm(signer, "SHA1");
    parts.digest = "SHA1";
  };
  by_sha1(family.root.parts, family.root.key);
  family.root.certificate = certificate_of(family.root.parts, family.root.key);
  check_taken(family.by_server());
  by_sha1(family.client, family.middle.key);
  check_refused_for(family.by_server(), "weak-digest", "CA signature digest algorithm too weak", "ca md too weak");
}

TEST_CASE("several things that are wrong are all told, what the peer stops at first", "[verify]") {
  Listed listed;
  listed.family.client.validity = validity(kNow - std::chrono::days{9}, kNow - std::chrono::days{1});
  listed.family.client.set(id::kPurpose, purposes({id::kServerAuth}));
  listed.middle_list = crl_parts(listed.family.middle, kNow, {listed.family.client_certificate().serial()});
  const auto findings = verify(listed.by_server());
  INFO(text_of_all(findings));
  REQUIRE(findings.size() == 3);
  CHECK(findings[0].rule == "purpose");
  CHECK(findings[1].rule == "revoked");
  CHECK(findings[2].rule == "expired");
}

TEST_CASE("a chain with an extension that OpenSSL cannot read is refused, and leaves nothing in its error queue", "[verify]") {
  Family family;
  family.root.parts.set(id::kNameConstraints, extension(id::kNameConstraints, Critical::no, {}));
  family.client.set(id::kPurpose, extension(id::kPurpose, Critical::no, {}));
  Verification what = family.by_server();
  what.anchors = {certificate_of(family.root.parts, family.root.key)};
  ERR_clear_error();
  CHECK_FALSE(verify(what).empty());  // OpenSSL finds no issuer for such a certificate
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("what a stranger's name holds is quoted without moving a terminal's cursor", "[verify]") {
  Family family;
  family.client.subject = common_name("a\x1B[31m");
  Verification what = family.by_server();
  what.chain.pop_back();
  CHECK_THAT(verify(what).at(0).text, ContainsSubstring("certificate \"CN=a\\x5C1B[31m\""));
}

TEST_CASE("a verification without a chain, or of a client's host, is a mistake of the caller", "[verify]") {
  Verification what = Family{}.by_server();
  what.host = HostName{"db.example"};
  check_refused([&] { return verify(what); }, Errc::invalid_argument,
                "host \"db.example\" is given for a client; only servers have one");
  what.chain = {};
  what.host = {};
  check_refused([&] { return verify(what); }, Errc::invalid_argument, "the chain is empty; it starts with the leaf");
}

// --- lists ---

TEST_CASE("with a list of every CA a good client is let in and a revoked one is not", "[verify][crl]") {
  Listed good;
  check_taken(good.by_server());
  Listed revoked;
  const Serial serial = revoked.family.client_certificate().serial();
  revoked.middle_list = crl_parts(revoked.family.middle, kNow, {Serial::random(), serial});
  check_refused_for(
      revoked.by_server(), "revoked",
      "certificate \"CN=app\": its serial " + serial.hex() + " is revoked by the list of \"CN=acme G1 sub\" of 2026-11-24 09:00:00",
      "sslv3 alert certificate revoked");
}

TEST_CASE("a revoked intermediate keeps out its clients", "[verify][crl]") {
  Listed listed;
  listed.root_list = crl_parts(listed.family.root, kNow, {listed.family.middle.certificate.serial()});
  check_refused_for(listed.by_server(), "revoked", "certificate \"CN=acme G1 sub\": its serial", "sslv3 alert certificate revoked");
}

TEST_CASE("a serial with the highest bit set is found on the list", "[verify][crl]") {
  Listed listed;
  listed.family.client.serial = integer("00ff000000000000000000000000000001");
  listed.middle_list = crl_parts(listed.family.middle, kNow, {Serial{std::string_view{"0xFF000000000000000000000000000001"}}});
  check_refused_for(listed.by_server(), "revoked", "its serial FF000000000000000000000000000001",
                    "sslv3 alert certificate revoked");
}

TEST_CASE("a CA without a list keeps everybody out as soon as there is any list, the root too", "[verify][crl]") {
  Listed listed;
  listed.lists = {signed_by(listed.family.middle.key, listed.middle_list)};
  const auto findings = verify(listed.by_server());
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].rule == "crl-missing");
  CHECK_THAT(findings[0].text, ContainsSubstring("certificate \"CN=acme G1 sub\": there is no list of \"CN=acme G1\" for it"));
  CHECK(findings[0].seen_as == "tlsv1 alert unknown ca");
  CHECK_THAT(findings[1].text, ContainsSubstring("certificate \"CN=acme G1\": there is no list of \"CN=acme G1\" for it"));
  listed.lists = {signed_by(listed.family.root.key, listed.root_list)};
  check_refused_for(listed.by_server(), "crl-missing", "certificate \"CN=app\": there is no list of \"CN=acme G1 sub\" for it",
                    "tlsv1 alert unknown ca");
}

TEST_CASE("two roots trusted and a list of one: clients of the other are kept out", "[verify][crl]") {
  const TestCa old_root = test_root("acme G1", kNow);
  const TestCa new_root = test_root("acme G2", kNow);
  const PrivateKey own = PrivateKey::generate();
  const Bytes list = crl_of(old_root, kNow);
  const auto client_of = [&](const TestCa& root) {
    return Verification{.chain = {certificate_of(client_parts("app", own.public_key(), root, kNow), root.key)},
                        .anchors = {old_root.certificate, new_root.certificate},
                        .purpose = Purpose::client,
                        .now = kNow,
                        .crls = {list}};
  };
  check_taken(client_of(old_root));
  const auto findings = verify(client_of(new_root));
  REQUIRE(findings.size() == 2);  // one for the leaf, one for the root itself
  CHECK(findings[0].rule == "crl-missing");
  CHECK(findings[0].seen_as == "tlsv1 alert unknown ca");
}

TEST_CASE("a list past its end keeps everybody out, to the second", "[verify][crl]") {
  Listed listed;
  listed.middle_list.next_update = kNow + std::chrono::seconds{1};
  check_taken(listed.by_server());
  Listed expired;
  expired.middle_list.next_update = kNow;
  check_refused_for(expired.by_server(), "crl-expired",
                    "list of \"CN=acme G1 sub\": ended 2026-11-24 10:00:00, it is 2026-11-24 10:00:00",
                    "sslv3 alert certificate expired");
}

TEST_CASE("a list that has not begun keeps everybody out, to the second", "[verify][crl]") {
  Listed listed;
  listed.root_list.this_update = kNow;
  check_taken(listed.by_server());
  Listed early;
  early.middle_list.this_update = kNow + std::chrono::seconds{1};
  check_refused_for(early.by_server(), "crl-not-yet-valid",
                    "list of \"CN=acme G1 sub\": starts 2026-11-24 10:00:01, it is 2026-11-24 10:00:00",
                    "sslv3 alert bad certificate");
}

TEST_CASE("a list without an end never ends", "[verify][crl]") {
  Listed listed;
  listed.middle_list.next_update = {};
  check_taken(listed.by_server());
}

TEST_CASE("a list that another key signed is refused", "[verify][crl]") {
  Listed listed;
  listed.lists = {signed_by(listed.family.root.key, listed.root_list), signed_by(listed.family.leaf_key, listed.middle_list)};
  check_refused_for(listed.by_server(), "crl-signature", "list of \"CN=acme G1 sub\": its signature is not by that issuer's key",
                    "tlsv1 alert decrypt error");
}

TEST_CASE("a list with an issuingDistributionPoint keeps out those that it leaves out, the root first", "[verify][crl]") {
  Listed listed;
  listed.root_list.extensions.push_back(GENERATE_COPY(Bytes{kIdpWithUri}, Bytes{kIdpOnlyUsers}));
  const auto findings = verify(listed.by_server());
  INFO(text_of_all(findings));
  REQUIRE_FALSE(findings.empty());
  REQUIRE(findings.size() == 2);
  for (const Finding& finding : findings) {
    CHECK(finding.rule == "crl-issuing-distribution-point");
    CHECK(finding.seen_as == "sslv3 alert certificate unknown");
  }
  CHECK_THAT(
      findings[0].text,
      ContainsSubstring("list of \"CN=acme G1\": its issuingDistributionPoint leaves out the certificate \"CN=acme G1 sub\""));
}

TEST_CASE("a list for CAs alone does for the intermediates and keeps out the leaves", "[verify][crl]") {
  Listed listed;
  listed.root_list.extensions.push_back(kIdpOnlyCas);
  check_taken(listed.by_server());
  Listed leaves;
  leaves.middle_list.extensions.push_back(kIdpOnlyCas);
  check_refused_for(leaves.by_server(), "crl-issuing-distribution-point", "leaves out the certificate \"CN=app\"",
                    "sslv3 alert certificate unknown");
}

TEST_CASE("a critical extension of a list that OpenSSL does not know is refused", "[verify][crl]") {
  Listed listed;
  listed.middle_list.extensions.push_back(extension("1.3.6.1.4.1.99999.1", Critical::yes, null()));
  check_refused_for(listed.by_server(), "crl-critical-extension", "list of \"CN=acme G1 sub\": has a critical extension",
                    "sslv3 alert certificate unknown");
}

TEST_CASE("a root that may not sign lists keeps out everybody once there is one", "[verify][crl]") {
  Listed listed;
  listed.family.root.parts.set(id::kKeyUsage, key_usage(0x04, 2));  // keyCertSign alone, as CloudNativePG's roots have it
  listed.family.root.certificate = certificate_of(listed.family.root.parts, listed.family.root.key);
  const auto findings = verify(listed.by_server());
  INFO(text_of_all(findings));
  REQUIRE_FALSE(findings.empty());
  CHECK(findings[0].rule == "crl-issuer-key-usage");
}

TEST_CASE("a delta list is told, since PostgreSQL does not add it", "[verify][crl]") {
  Listed listed;
  CrlParts delta = crl_parts(listed.family.middle, kNow, {listed.family.client_certificate().serial()});
  delta.extensions.push_back(kDelta);
  delta.this_update = GENERATE(kNow - std::chrono::hours{2}, kNow - std::chrono::minutes{1});
  listed.lists = {signed_by(listed.family.root.key, listed.root_list), signed_by(listed.family.middle.key, listed.middle_list),
                  signed_by(listed.family.middle.key, delta)};
  const auto findings = verify(listed.by_server());
  INFO(text_of_all(findings));
  CHECK(std::ranges::count(findings, "crl-delta", &Finding::rule) == 1);
}

TEST_CASE("who stands on an older list of an issuer than the newest is told, although PostgreSQL lets him in", "[verify][crl]") {
  Listed listed;
  CrlParts older = crl_parts(listed.family.middle, kNow, {listed.family.client_certificate().serial()});
  older.this_update = kNow - std::chrono::hours{2};
  older.revoked[0].second = older.this_update;
  listed.lists = {signed_by(listed.family.root.key, listed.root_list), signed_by(listed.family.middle.key, older),
                  signed_by(listed.family.middle.key, listed.middle_list)};
  check_refused_for(listed.by_server(), "revoked-on-another-list",
                    "stands on the list that \"CN=acme G1 sub\" wrote 2026-11-24 08:00:00, and OpenSSL looks at another one", "");
  // A list that anybody wrote says nothing.
  listed.lists[1] = signed_by(listed.family.leaf_key, older);
  check_taken(listed.by_server());
}

TEST_CASE("two roots of one name do not disturb each other as long as their lists carry key identifiers", "[verify][crl]") {
  const TestCa one = test_root("acme", kNow);
  const TestCa two = test_root("acme", kNow);
  const PrivateKey own = PrivateKey::generate();
  const std::vector<Bytes> lists = {crl_of(one, kNow), crl_of(two, kNow)};
  for (const TestCa* root : {&one, &two}) {
    check_taken({.chain = {certificate_of(client_parts("app", own.public_key(), *root, kNow), root->key)},
                 .anchors = {one.certificate, two.certificate},
                 .purpose = Purpose::client,
                 .now = kNow,
                 .crls = {lists.begin(), lists.end()}});
  }
}

TEST_CASE("octets that are no list are told, whatever else there is", "[verify][crl]") {
  Listed listed;
  const Bytes whole = signed_by(listed.family.root.key, listed.root_list);
  const Bytes bad = GENERATE_COPY(Bytes{}, Bytes{0x30, 0x00}, Bytes{whole.begin(), whole.end() - 1}, joined({whole, Bytes{0}}),
                                  Bytes{'-', '-', '-', '-', '-', 'B'});
  listed.lists = {whole, signed_by(listed.family.middle.key, listed.middle_list), bad};
  check_refused_for(listed.by_server(), "crl-unreadable", "one of the lists is no revocation list in DER", "");
}

TEST_CASE("a list with one bit changed never lets a revoked client in", "[verify][crl]") {
  Listed listed;
  listed.middle_list = crl_parts(listed.family.middle, kNow, {listed.family.client_certificate().serial()});
  Bytes list = signed_by(listed.family.middle.key, listed.middle_list);
  const Bytes root_list = signed_by(listed.family.root.key, listed.root_list);
  Verification what = listed.family.by_server();
  for (std::size_t bit = 0; bit < list.size() * 8; ++bit) {
    list[bit / 8] = static_cast<std::uint8_t>(list[bit / 8] ^ (1U << (bit % 8)));
    what.crls = {root_list, list};
    INFO("bit " << bit);
    CHECK_FALSE(verify(what).empty());
    list[bit / 8] = static_cast<std::uint8_t>(list[bit / 8] ^ (1U << (bit % 8)));
  }
}

// --- hosts, by libpq's rules ---

namespace {

// A server with that common name ("" for none) and those alternative names ("dns:x", "ip:hex"), asked for as `host`.
std::vector<Finding> judged_host(const std::string& cn, const std::vector<std::string>& names, const std::string& host) {
  const Family family;
  CertificateParts parts = family.server;
  parts.subject = cn.empty() ? name({{"2.5.4.10", utf8("acme")}}) : common_name(cn);
  std::vector<Bytes> alternatives;
  for (const std::string& one : names) {
    alternatives.push_back(one.starts_with("ip:")    ? address(one.substr(3))
                           : one.starts_with("dns:") ? dns_name(one.substr(4))
                                                     : uri(one));
  }
  parts.remove(id::kAlternativeName);
  if (!names.empty()) parts.set(id::kAlternativeName, alternative_names(alternatives));
  Verification what = family.by_libpq();
  what.chain[0] = certificate_of(parts, family.middle.key);
  what.host = HostName{host};
  return verify(what);
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a host that libpq would find in the certificate is found", "[verify][host]") {
  auto [cn, names, host] = GENERATE(table<std::string, Names, std::string>({
      {"", {"dns:db.example"}, "db.example"},
      {"", {"dns:DB.Example"}, "db.example"},
      {"", {"dns:a.example", "dns:db.example"}, "db.example"},
      {"", {"dns:*.example.com"}, "db.example.com"},
      {"", {"dns:*.EXAMPLE.com"}, "db.example.com"},
      {"", {"dns:*.example"}, "db.example"},
      {"", {"dns:localhost"}, "localhost"},
      {"", {"ip:0a000007"}, "10.0.0.7"},
      {"", {"dns:10.0.0.7"}, "10.0.0.7"},  // an address in a dNSName
      {"", {"ip:20010db8000000000000000000000001"}, "2001:db8::1"},
      {"db.example", {}, "db.example"},  // the common name, if there is no other
      {"*.example.com", {}, "db.example.com"},
      {"10.0.0.7", {}, "10.0.0.7"},
      {"db.example", {"ip:0a000007"}, "db.example"},  // or none of the host's kind
      {"10.0.0.7", {"dns:db.example"}, "10.0.0.7"},
      {"db.example", {"urn:x:y"}, "db.example"},
  }));
  INFO("CN " << cn << ", host " << host);
  CHECK(text_of_all(judged_host(cn, names, host)) == "");
}

TEST_CASE("a host that libpq would not find is a finding, in libpq's words", "[verify][host]") {
  auto [cn, names, host, seen_as] = GENERATE(table<std::string, Names, std::string, std::string>({
      {"", {"dns:db.example"}, "other.example", "server certificate for \"db.example\" does not match host name \"other.example\""},
      {"",
       {"dns:a.example", "dns:b.example"},
       "c.example",
       "server certificate for \"a.example\" (and 1 other name) does not match host name \"c.example\""},
      {"",
       {"dns:a.example", "ip:0a000007", "dns:b.example"},
       "c.example",
       "server certificate for \"a.example\" (and 2 other names) does not match host name \"c.example\""},
      {"",
       {"ip:0a000007", "dns:a.example"},
       "10.0.0.8",
       "server certificate for \"10.0.0.7\" (and 1 other name) does not match host name \"10.0.0.8\""},
      {"db.example",
       {"dns:a.example"},
       "db.example",
       "server certificate for \"a.example\" does not match host name \"db.example\""},
      {"10.0.0.7", {"ip:0a000008"}, "10.0.0.7", "server certificate for \"10.0.0.8\" does not match host name \"10.0.0.7\""},
      {"",
       {"ip:20010db8000000000000000000000001"},
       "2001:db8::2",
       "server certificate for \"2001:db8::1\" does not match host name \"2001:db8::2\""},
      {"",
       {"dns:*.example.com"},
       "example.com",
       "server certificate for \"*.example.com\" does not match host name \"example.com\""},
      {"",
       {"dns:*.example.com"},
       "a.b.example.com",
       "server certificate for \"*.example.com\" does not match host name \"a.b.example.com\""},
      {"",
       {"dns:d*.example.com"},
       "db.example.com",
       "server certificate for \"d*.example.com\" does not match host name \"db.example.com\""},
      {"", {"dns:db.*.com"}, "db.example.com", "server certificate for \"db.*.com\" does not match host name \"db.example.com\""},
      {"", {"dns:*"}, "db", "server certificate for \"*\" does not match host name \"db\""},
      {"", {"dns:*."}, "db", "server certificate for \"*.\" does not match host name \"db\""},
      {"", {"dns:db.example."}, "db.example", "server certificate for \"db.example.\" does not match host name \"db.example\""},
      {"", {"dns:"}, "db.example", "server certificate for \"\" does not match host name \"db.example\""},
      {"db.example", {}, "a.example", "server certificate for \"db.example\" does not match host name \"a.example\""},
      {"", {}, "db.example", "could not get server's host name from server certificate"},
      {"", {"urn:x:y"}, "db.example", "could not get server's host name from server certificate"},
      {"", {std::string{"dns:db.example\0.evil.example", 27}}, "db.example", "SSL certificate's name contains embedded null"},
      {std::string{"db.example\0.evil.example", 23}, {}, "db.example", "SSL certificate's name contains embedded null"},
      {"", {"ip:0a000007ff"}, "10.0.0.7", "certificate contains IP address with invalid length 5"},
      {"10.0.0.7", {"ip:"}, "10.0.0.7", "certificate contains IP address with invalid length 0"},
  }));
  INFO("CN " << cn << ", host " << host);
  const auto findings = judged_host(cn, names, host);
  INFO(text_of_all(findings));
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].rule == "host");
  CHECK(findings[0].seen_as == seen_as);
}

TEST_CASE("without a host none is looked for, as with sslmode=verify-ca", "[verify][host]") { check_taken(Family{}.by_libpq()); }
