// Roots and leaves: what stands in them, that OpenSSL would have written the same octets, and what is refused.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <set>
#include <thread>

#include <fmt/format.h>

#include <spaceca/issuer.h>

#include "support/child.h"
#include "support/files.h"
#include "support/text.h"
#include "support/x509_oracle.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

const Instant kNow = instant("2026-11-24T10:00:00Z");

const RootSubject kAcme{.space = SpaceName{"acme"}, .generation = 1};

PrivateKey key(const std::string& vector) { return PrivateKey::from_pem(data("keys/good/" + vector + ".pem")); }

Issuer acme(Instant now = kNow) { return Issuer::self_signed(kAcme, key("p256-sec1"), now); }

ServerSubject server(std::vector<std::string> hosts) {
  ServerSubject subject;
  for (const std::string& host : hosts) subject.hosts.emplace_back(host, Wildcard::allowed);
  return subject;
}

const CertificateId kId{"0193c1a8-7f00-7000-8000-0123456789ab"};

// The common name of a root, as the oracle needs it.
std::string common_name(const Certificate& root) { return root.subject().substr(3); }

using Names = std::vector<std::pair<std::string, std::string>>;

const Names kServerExtensions = {{"basicConstraints", "critical,CA:FALSE"},
                                 {"keyUsage", "critical,digitalSignature"},
                                 {"extendedKeyUsage", "serverAuth"},
                                 {"subjectKeyIdentifier", "hash"},
                                 {"authorityKeyIdentifier", "keyid:always"}};
const Names kClientExtensions = {{"basicConstraints", "critical,CA:FALSE"},
                                 {"keyUsage", "critical,digitalSignature"},
                                 {"extendedKeyUsage", "clientAuth"},
                                 {"subjectKeyIdentifier", "hash"},
                                 {"authorityKeyIdentifier", "keyid:always"}};

Names with(Names names, const std::string& type, const std::string& value) {
  names.emplace_back(type, value);
  return names;
}

// What a Certificate that was issued says of itself is what whoever reads it says.
void check_shown(const Certificate& ours) {
  const Certificate read = Certificate::from_der(ours.der());
  CHECK(ours.serial() == read.serial());
  CHECK(ours.validity() == read.validity());
  CHECK(ours.public_key() == read.public_key());
  CHECK(hex(ours.subject_der()) == hex(read.subject_der()));
  CHECK(hex(ours.issuer_der()) == hex(read.issuer_der()));
  CHECK(hex(ours.subject_key_identifier()) == hex(read.subject_key_identifier()));
  CHECK(hex(ours.authority_key_identifier()) == hex(read.authority_key_identifier()));
  CHECK(ours.is_ca() == read.is_ca());
  CHECK(ours.may_sign_certificates() == read.may_sign_certificates());
  CHECK(ours.may_sign_crls() == read.may_sign_crls());
}

// Ours and the oracle's: the whole where the signature is deterministic, all but the signature where it is not.
void check_same(const Certificate& ours, ByteView oracle, const PublicKey& signed_by) {
  CHECK(hex(tbs_of(ours.der())) == hex(tbs_of(oracle)));
  CHECK(openssl_verifies(ours.der(), signed_by));
  if (signed_by.algorithm().name().starts_with("rsa")) CHECK(hex(ours.der()) == hex(oracle));
  check_shown(ours);
}

}  // namespace

// --- what stands in a root ---

TEST_CASE("a root is a self-signed CA of version 3 with what verifiers insist on", "[root]") {
  const std::string vector = GENERATE("p256-sec1", "p384-sec1", "rsa2048-pkcs1", "rsa3072-pkcs1", "rsa4096-pkcs1");
  const Issuer root = Issuer::self_signed(kAcme, key(vector), kNow);
  const Certificate& certificate = root.certificate();
  CHECK(extension_text(certificate.der(), "basicConstraints") == "critical,CA:TRUE, pathlen:0");
  CHECK(extension_text(certificate.der(), "keyUsage") == "critical,Certificate Sign, CRL Sign");
  CHECK(extension_text(certificate.der(), "subjectKeyIdentifier") != "");
  CHECK(extension_text(certificate.der(), "authorityKeyIdentifier") == "");
  CHECK(extension_text(certificate.der(), "extendedKeyUsage") == "");
  CHECK(extension_text(certificate.der(), "subjectAltName") == "");
  CHECK(certificate.subject() == certificate.issuer());
  CHECK(openssl_verifies(certificate.der(), certificate.public_key()));
  CHECK(certificate.is_ca());
  CHECK(certificate.may_sign_certificates());
  CHECK(certificate.may_sign_crls());
}

TEST_CASE("a root starts five minutes before its making and ends ten years after it", "[root]") {
  auto [made, starts, ends] = GENERATE(table<std::string, std::string, std::string>({
      {"2026-11-24T10:00:00Z", "2026-11-24T09:55:00Z", "2036-11-24T10:00:00Z"},
      {"2028-02-29T00:00:00Z", "2028-02-28T23:55:00Z", "2038-02-28T00:00:00Z"},  // 2038 has no 29th of February
      {"2049-12-31T23:59:59Z", "2049-12-31T23:54:59Z", "2059-12-31T23:59:59Z"},
  }));
  const Validity validity = acme(instant(made)).certificate().validity();
  CHECK(rfc3339(validity.not_before) == starts);
  CHECK(rfc3339(validity.not_after) == ends);
}

TEST_CASE("a root's name is its space's first 24 characters, its generation and the start of its key identifier", "[root]") {
  auto [space, generation, start] = GENERATE(table<std::string, unsigned, std::string>({
      {"acme", 1, "CN=acme G1 "},
      {"a", 12, "CN=a G12 "},
      {"abcdefghijklmnopqrstuvwx", 1, "CN=abcdefghijklmnopqrstuvwx G1 "},
      {"abcdefghijklmnopqrstuvwxyz", 1, "CN=abcdefghijklmnopqrstuvwx G1 "},
      {"a12345678901234567890123456789012345678901234567890123456789012", 4294967295, "CN=a12345678901234567890123 G4294967295 "},
  }));
  const Issuer root = Issuer::self_signed({.space = SpaceName{space}, .generation = generation}, key("p256-sec1"), kNow);
  const std::string name = root.certificate().subject();
  CHECK(name == start + hex(root.certificate().subject_key_identifier()).substr(0, 8));
  CHECK(name.size() + 1 <= 63);  // "/CN=…": what pg_stat_ssl shows uncut
}

TEST_CASE("two generations of a space, and two spaces of the same first letters, never share a name", "[root]") {
  const auto name = [](const std::string& space, unsigned generation) {
    return Issuer::self_signed({.space = SpaceName{space}, .generation = generation}, PrivateKey::generate(), kNow)
        .certificate()
        .subject();
  };
  std::set<std::string> names;
  for (unsigned generation = 1; generation <= 20; ++generation) names.insert(name("abcdefghijklmnopqrstuvwx-one", generation));
  for (unsigned generation = 1; generation <= 20; ++generation) names.insert(name("abcdefghijklmnopqrstuvwx-two", generation));
  CHECK(names.size() == 40);
}

TEST_CASE("a root is what OpenSSL would have written", "[root][oracle]") {
  auto [vector, now] = GENERATE(table<std::string, std::string>({
      {"p256-sec1", "2026-11-24T10:00:00Z"},
      {"p384-sec1", "2026-11-24T10:00:00Z"},
      {"rsa2048-pkcs1", "2026-11-24T10:00:00Z"},
      {"rsa3072-pkcs1", "2039-12-31T23:59:59Z"},
      {"rsa4096-pkcs1", "2050-01-01T00:03:00Z"},
  }));
  const PrivateKey root_key = key(vector);
  const Certificate root = Issuer::self_signed(kAcme, key(vector), instant(now)).certificate();
  const Bytes oracle = oracle_certificate({.serial = root.serial(),
                                           .validity = root.validity(),
                                           .issuer = {{"CN", common_name(root)}},
                                           .subject = {{"CN", common_name(root)}},
                                           .extensions = {{"basicConstraints", "critical,CA:TRUE,pathlen:0"},
                                                          {"keyUsage", "critical,keyCertSign,cRLSign"},
                                                          {"subjectKeyIdentifier", "hash"}}},
                                          root_key.public_key(), root_key, nullptr);
  check_same(root, oracle, root_key.public_key());
}

// --- what stands in a leaf ---

TEST_CASE("a server certificate is what OpenSSL would have written, whatever its keys", "[server][oracle]") {
  const std::string root_vector = GENERATE("p256-sec1", "p384-sec1", "rsa2048-pkcs1", "rsa4096-pkcs1");
  const std::string leaf_vector = GENERATE("p256-zero-x", "rsa2048-e3-pkcs1", "rsa3072-pkcs1", "rsa4096-pkcs1");
  const std::string vector = leaf_vector == "p256-zero-x" ? "p256-pkcs8-zero-x" : leaf_vector;
  INFO(vector << " under " << root_vector);
  const PrivateKey root_key = key(root_vector);
  const Issuer root = Issuer::self_signed(kAcme, key(root_vector), kNow);
  const PublicKey leaf_key = key(vector).public_key();
  const Serial serial{std::string_view{"0x01000000000000000000000000000080"}};
  const Certificate leaf =
      root.issue(server({"db.acme.example", "127.0.0.1", "::1", "*.pool.acme.example"}), leaf_key, kNow, serial);
  Names extensions = kServerExtensions;
  if (vector.starts_with("rsa")) extensions[1].second = "critical,digitalSignature,keyEncipherment";
  const Bytes oracle = oracle_certificate(
      {.serial = serial,
       .validity = {instant("2026-11-24T09:55:00Z"), instant("2027-12-24T10:00:00Z")},
       .issuer = {{"CN", common_name(root.certificate())}},
       .subject = {{"CN", "db.acme.example"}},
       .extensions = with(extensions, "subjectAltName", "DNS:db.acme.example,IP:127.0.0.1,IP:::1,DNS:*.pool.acme.example")},
      leaf_key, root_key, &root.certificate());
  check_same(leaf, oracle, root_key.public_key());
}

TEST_CASE("a client certificate is what OpenSSL would have written, whatever its keys", "[client][oracle]") {
  const std::string root_vector = GENERATE("p256-sec1", "p384-sec1", "rsa2048-pkcs1", "rsa3072-pkcs1");
  const std::string vector = GENERATE("p256-sec1-zero-scalar", "ed25519-pkcs8", "rsa2048-pkcs1", "rsa4096-pkcs8");
  INFO(vector << " under " << root_vector);
  const PrivateKey root_key = key(root_vector);
  const Issuer root = Issuer::self_signed(kAcme, key(root_vector), kNow);
  const PublicKey leaf_key = key(vector).public_key();
  const Serial serial{std::string_view{"0x7F000000000000000000000000000000"}};
  const Certificate leaf =
      root.issue(ClientSubject{.role = RoleName{"app"}, .database = DatabaseName{"orders"}, .id = kId}, leaf_key, kNow, serial);
  const Bytes oracle = oracle_certificate(
      {.serial = serial,
       .validity = {instant("2026-11-24T09:55:00Z"), instant("2027-12-24T10:00:00Z")},
       .issuer = {{"CN", common_name(root.certificate())}},
       .subject = {{"OU", "orders"}, {"CN", "app"}},
       .extensions = with(kClientExtensions, "subjectAltName", "URI:urn:uuid:0193c1a8-7f00-7000-8000-0123456789ab")},
      leaf_key, root_key, &root.certificate());
  check_same(leaf, oracle, root_key.public_key());
}

TEST_CASE("under a root made elsewhere, with names and a key identifier of other lengths, it is what OpenSSL would have written",
          "[client][oracle]") {
  // With 64 characters each a name is longer than the 127 octets that one octet counts.
  const std::size_t length = GENERATE(std::size_t{1}, std::size_t{64});
  const std::string identifier = GENERATE("010203", "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F");
  INFO(length << " characters, " << identifier);
  const Names name = {{"O", std::string(length, 'o')}, {"OU", std::string(length, 'u')}, {"CN", std::string(length, 'c')}};
  const PrivateKey root_key = key("p256-sec1");
  const Certificate root_certificate =
      Certificate::from_der(oracle_certificate({.serial = Serial{std::string_view{"0x01"}},
                                                .validity = {kNow, kNow + std::chrono::years{5}},
                                                .issuer = name,
                                                .subject = name,
                                                .extensions = {{"basicConstraints", "critical,CA:TRUE"},
                                                               {"keyUsage", "critical,keyCertSign,cRLSign"},
                                                               {"subjectKeyIdentifier", identifier}}},
                                               root_key.public_key(), root_key, nullptr));
  const Issuer root{root_certificate, key("p256-sec1")};
  const std::string role(length - length / 64, 'r');
  const std::string database(length - length / 64, 'd');
  const PublicKey leaf_key = key("p256-pkcs8-zero-x").public_key();
  const Serial serial{std::string_view{"0x01000000000000000000000000000080"}};
  const Certificate leaf =
      root.issue(ClientSubject{.role = RoleName{role}, .database = DatabaseName{database}, .id = kId}, leaf_key, kNow, serial);
  const Bytes oracle = oracle_certificate(
      {.serial = serial,
       .validity = {instant("2026-11-24T09:55:00Z"), instant("2027-12-24T10:00:00Z")},
       .issuer = name,
       .subject = {{"OU", database}, {"CN", role}},
       .extensions = with(kClientExtensions, "subjectAltName", "URI:urn:uuid:0193c1a8-7f00-7000-8000-0123456789ab")},
      leaf_key, root_key, &root_certificate);
  check_same(leaf, oracle, root_key.public_key());
}

TEST_CASE("over random names, dates and keys OpenSSL would have written the same", "[oracle]") {
  const unsigned seed = GENERATE(1U, 2U, 3U, 4U);
  std::mt19937 random{seed};
  const auto pick = [&random](const std::vector<std::string>& from) { return from[random() % from.size()]; };
  const auto letters = [&](std::size_t most) {
    std::string text;
    for (std::size_t size = 1 + random() % most; text.size() < size;) text += static_cast<char>('a' + random() % 26);
    return text;
  };
  for (int round = 0; round < 40; ++round) {
    INFO("seed " << seed << ", round " << round);
    // 1960 to 2200, so that both forms of time and the change between them come up.
    const Instant made{std::chrono::seconds{-315'619'200 + static_cast<std::int64_t>(random()) * 1'763 % 7'573'000'000}};
    const std::string root_vector = pick({"p256-sec1", "p384-sec1", "rsa2048-pkcs1"});
    const PrivateKey root_key = key(root_vector);
    const Issuer root = Issuer::self_signed(
        {.space = SpaceName{letters(63)}, .generation = static_cast<unsigned>(1 + random() % 99)}, key(root_vector), made);
    const Instant now = made + std::chrono::seconds{random() % (8 * 365 * 86400)};
    const bool for_server = random() % 2 == 0;
    const std::string other_vector = pick({"rsa2048-pkcs1", "rsa3072-pkcs1", for_server ? "rsa4096-pkcs1" : "ed25519-pkcs8"});
    const PublicKey leaf_key = random() % 2 == 0 ? PrivateKey::generate().public_key() : key(other_vector).public_key();
    OracleCertificate expected{.serial = Serial::random(),
                               .validity = {now - std::chrono::minutes{5}, months_after(now, std::chrono::months{13})},
                               .issuer = {{"CN", common_name(root.certificate())}},
                               .subject = {},
                               .extensions = {}};
    if (for_server) {
      ServerSubject subject;
      std::string names;
      for (std::size_t n = 1 + random() % 5; subject.hosts.size() < n;) {
        const std::string own = std::to_string(subject.hosts.size());  // no two are the same
        const auto [kind, host] = std::vector<std::pair<std::string, std::string>>{
            {"IP:", fmt::format("10.0.{}.{}", random() % 256, own)},
            {"IP:", fmt::format("2001:db8:{:x}::{:x}:{}", 1 + random() % 0xFFFF, 1 + random() % 0xFFFF, own)},
            {"DNS:", fmt::format("*.{}.example", letters(63))},
            {"DNS:", fmt::format("{}.{}.example", letters(63), letters(63))}}[random() % 4];
        subject.hosts.emplace_back(host, Wildcard::allowed);
        names += (names.empty() ? "" : ",") + kind + subject.hosts.back().text();
      }
      subject.space = SpaceName{"given"};
      const std::string& first = subject.hosts.front().text();
      expected.subject = {first.size() <= 64 ? std::pair<std::string, std::string>{"CN", first}
                                             : std::pair<std::string, std::string>{"O", "given"}};
      expected.extensions = with(kServerExtensions, "subjectAltName", names);
      if (leaf_key.algorithm().name().starts_with("rsa")) {
        expected.extensions[1].second = "critical,digitalSignature,keyEncipherment";
      }
      check_same(root.issue(subject, leaf_key, now, expected.serial),
                 oracle_certificate(expected, leaf_key, root_key, &root.certificate()), root_key.public_key());
    } else {
      const std::string role = pick({letters(63), "Zo\xC3\xAB", "a b\"c\\d,e+f=g", "\xE6\x97\xA5\xE6\x9C\xAC", "/role", "#1"});
      const std::string database = letters(63);
      const CertificateId id{fmt::format("{:08x}-{:04x}-7{:03x}-8{:03x}-{:08x}{:04x}", random(), random() % 0x10000,
                                         random() % 0x1000, random() % 0x1000, random(), random() % 0x10000)};
      expected.subject = {{"OU", database}, {"CN", role}};
      expected.extensions = with(kClientExtensions, "subjectAltName", "URI:urn:uuid:" + id.text());
      const ClientSubject subject{.role = RoleName{role}, .database = DatabaseName{database}, .id = id};
      check_same(root.issue(subject, leaf_key, now, expected.serial),
                 oracle_certificate(expected, leaf_key, root_key, &root.certificate()), root_key.public_key());
    }
  }
}

TEST_CASE("a client certificate ends thirteen calendar months after its issue, to the second", "[profile]") {
  auto [issued, ends] = GENERATE(table<std::string, std::string>({
      {"2025-01-15T10:00:00Z", "2026-02-15T10:00:00Z"},
      {"2025-01-31T10:00:00Z", "2026-02-28T10:00:00Z"},  // February has no 31st
      {"2027-01-31T10:00:00Z", "2028-02-29T10:00:00Z"},  // unless it is a leap year, then it has a 29th
      {"2024-02-29T23:59:59Z", "2025-03-29T23:59:59Z"},
      {"2025-12-31T00:00:00Z", "2027-01-31T00:00:00Z"},
  }));
  const Issuer root = acme(instant("2024-01-01T00:00:00Z"));
  const Certificate leaf = root.issue_with_key(ClientSubject{.role = RoleName{"app"}}, instant(issued)).certificate();
  CHECK(rfc3339(leaf.validity().not_after) == ends);
  CHECK(leaf.validity().not_before == instant(issued) - std::chrono::minutes{5});
}

TEST_CASE("dates are UTCTime through 2049 and GeneralizedTime from 2050 on", "[profile]") {
  auto [issued, start, end] = GENERATE(table<std::string, std::string, std::string>({
      {"2048-11-30T23:59:59Z", "UTCTIME           :481130235459Z", "UTCTIME           :491230235959Z"},
      {"2048-12-01T00:00:00Z", "UTCTIME           :481130235500Z", "GENERALIZEDTIME   :20500101000000Z"},
      {"2050-01-01T00:04:59Z", "UTCTIME           :491231235959Z", "GENERALIZEDTIME   :20510201000459Z"},
      {"2050-01-01T00:05:00Z", "GENERALIZEDTIME   :20500101000000Z", "GENERALIZEDTIME   :20510201000500Z"},
  }));
  const Issuer root = acme(instant("2045-01-01T00:00:00Z"));
  const Certificate leaf = root.issue_with_key(ClientSubject{.role = RoleName{"app"}}, instant(issued)).certificate();
  const auto dump = run({"openssl", "asn1parse", "-inform", "DER"}, {.input = std::string{text_of(leaf.der())}});
  CHECK_THAT(dump.out, Catch::Matchers::ContainsSubstring(start));
  CHECK_THAT(dump.out, Catch::Matchers::ContainsSubstring(end));
}

TEST_CASE("a host of up to 64 characters is the common name; a longer one leaves the space as organization", "[server]") {
  const std::string label(60, 'a');
  auto [host, space, subject] = GENERATE_COPY(table<std::string, std::string, std::string>({
      {"db.example", "", "CN=db.example"},
      {"10.1.2.3", "", "CN=10.1.2.3"},
      {label + ".abc", "", "CN=" + label + ".abc"},  // 64
      {label + ".abcd", "", "O=acme"},               // 65, the space as the root shows it
      {label + ".abcd", "acme-eu", "O=acme-eu"},
      {label + ".abcd", "acme-of-a-very-long-name-in-europe", "O=acme-of-a-very-long-name-in-europe"},
  }));
  ServerSubject wanted = server({host});
  if (!space.empty()) wanted.space = SpaceName{space};
  const Certificate leaf = acme().issue_with_key(wanted, kNow).certificate();
  CHECK(leaf.subject() == subject);
  CHECK(extension_text(leaf.der(), "subjectAltName") == (host == "10.1.2.3" ? "IP Address:" : "DNS:") + host);
}

TEST_CASE("a client's name reads CN=role,OU=database as pg_hba.conf's clientname=DN compares it", "[client]") {
  auto [role, subject] = GENERATE(table<std::string, std::string>({
      {"app", "CN=app,OU=orders"},
      {"O'Brien", "CN=O'Brien,OU=orders"},
      {"a,b", "CN=a\\,b,OU=orders"},
      {"Zo\xC3\xAB", "CN=Zo\xC3\xAB,OU=orders"},
      {" x", "CN=\\ x,OU=orders"},
  }));
  const auto client = acme().issue_with_key(ClientSubject{.role = RoleName{role}, .database = DatabaseName{"orders"}}, kNow);
  CHECK(client.certificate().subject() == subject);
}

TEST_CASE("a client certificate without a given id carries a version 7 UUID of its issue", "[client]") {
  const auto client = acme().issue_with_key(ClientSubject{.role = RoleName{"app"}}, kNow);
  const std::string uri = extension_text(client.certificate().der(), "subjectAltName");
  // 2026-11-24T10:00:00Z is 1,795,514,400,000 ms, 0x01A20CFF7D00.
  CHECK(uri.starts_with("URI:urn:uuid:01a20cff-7d00-7"));
  CHECK(std::string{"89ab"}.find(uri[32]) != std::string::npos);
}

TEST_CASE("a leaf points at its root by key identifier alone, and the identifiers are SHA-1 of the keys", "[profile]") {
  const Issuer root = acme();
  const Credential leaf = root.issue_with_key(server({"db.example"}), kNow);
  CHECK(hex(leaf.certificate().authority_key_identifier()) == hex(root.certificate().subject_key_identifier()));
  const auto sha1 =
      run({"openssl", "dgst", "-sha1", "-r"}, {.input = std::string{text_of(leaf.certificate().public_key().key_octets())}});
  CHECK(hex(leaf.certificate().subject_key_identifier()) == sha1.out.substr(0, 40));
  const std::string text = extension_text(leaf.certificate().der(), "authorityKeyIdentifier");
  CHECK(text.find("DirName") == std::string::npos);
  CHECK(text.find("serial") == std::string::npos);
}

TEST_CASE("a serial is 01, the second of its issue, a count, and sixty-four bits that differ each time", "[profile]") {
  const Issuer root = acme();
  const PublicKey leaf_key = key("p256-sec1").public_key();
  const auto serial_at = [&](Instant now) {
    return root.issue(ClientSubject{.role = RoleName{"app"}}, leaf_key, now).serial().hex();
  };
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string serial = serial_at(kNow);
    CHECK(serial.size() == 32);
    CHECK(serial.substr(0, 16) == fmt::format("01006B056020{:04X}", i));
    seen.insert(serial.substr(16, 4));
  }
  CHECK(seen.size() > 90);  // of 65536 the first two of the random octets
  CHECK(serial_at(kNow + std::chrono::seconds{1}).starts_with("01006B0560210064"));
  const Issuer later = acme(instant("2036-11-23T10:00:00Z"));
  CHECK(later.issue_with_key(ClientSubject{.role = RoleName{"app"}}, instant("2036-11-23T10:00:00Z"))
            .certificate()
            .serial()
            .hex()
            .starts_with("01007DD406200000"));
}

TEST_CASE("serials sort as they were issued, until the count of one second is at its end", "[profile]") {
  const Issuer root = acme();
  const PublicKey leaf_key = key("p256-sec1").public_key();
  const auto draw = [&] { return root.issue(ClientSubject{.role = RoleName{"app"}}, leaf_key, kNow).serial(); };
  Serial before = draw();
  for (int i = 0; i < 600; ++i) {
    const Serial next = draw();
    CHECK(before < next);
    before = next;
  }
}

TEST_CASE("two certificates never have the same serial", "[profile]") {
  const Issuer root = acme();
  const PublicKey leaf_key = key("p256-sec1").public_key();
  std::set<Serial> serials;
  for (int i = 0; i < 500; ++i) {
    const Serial serial = root.issue(ClientSubject{.role = RoleName{"app"}}, leaf_key, kNow).serial();
    CHECK(serial.octets().size() == 16);
    CHECK(serial.octets().front() <= 0x7F);
    serials.insert(serial);
  }
  CHECK(serials.size() == 500);
}

TEST_CASE("issue_with_key gives the leaf, its key and the root to trust", "[issuer]") {
  const std::string algorithm = GENERATE("ecdsa-p256", "ed25519", "rsa-2048");
  const Issuer root = acme();
  const Credential client = root.issue_with_key(ClientSubject{.role = RoleName{"app"}}, kNow, KeyAlgorithm{algorithm});
  CHECK(client.key().algorithm().name() == algorithm);
  CHECK(client.key().public_key() == client.certificate().public_key());
  CHECK(client.chain().size() == 1);
  REQUIRE(client.roots().size() == 1);
  CHECK(client.roots().front() == root.certificate());
}

TEST_CASE("an Issuer made anew from its certificate and key goes on where the first one was", "[issuer]") {
  const Certificate root = acme().certificate();
  const Issuer again{Certificate::from_pem(root.pem()), key("p256-sec1")};
  const Certificate leaf = again.issue_with_key(server({"db.example"}), kNow).certificate();
  CHECK(leaf.issuer() == root.subject());
  CHECK(openssl_verifies(leaf.der(), root.public_key()));
}

TEST_CASE("eighteen threads issue with one Issuer, every certificate verifies and no serial is twice", "[issuer][threads]") {
  const Issuer root = acme();
  std::array<std::vector<Certificate>, 18> issued;
  {
    std::vector<std::thread> threads;
    for (auto& mine : issued) {
      threads.emplace_back([&root, &mine] {
        for (int i = 0; i < 20; ++i) {
          mine.push_back(root.issue_with_key(ClientSubject{.role = RoleName{"app"}}, kNow).certificate());
          mine.push_back(root.issue_with_key(server({"db.example"}), kNow).certificate());
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  std::set<Serial> serials;
  for (const auto& mine : issued) {
    for (const Certificate& leaf : mine) {
      serials.insert(leaf.serial());
      CHECK(openssl_verifies(leaf.der(), root.certificate().public_key()));
    }
  }
  CHECK(serials.size() == 18 * 40);
}

TEST_CASE("an Issuer refuses to work in a forked child", "[issuer]") {
  const Issuer root = acme();
  const pid_t child = fork();
  if (child == 0) {
    try {
      static_cast<void>(root.issue_with_key(ClientSubject{.role = RoleName{"app"}}, kNow));
    } catch (const Error& error) {
      _exit(error.code() == Errc::wrong_process ? 42 : 1);
    }
    _exit(2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 42);
}

// --- what is refused ---

TEST_CASE("a key of a kind that a root may not have is refused", "[root]") {
  check_refused([] { return Issuer::self_signed(kAcme, key("ed25519-pkcs8"), kNow); }, Errc::policy,
                "root key: ed25519 may not be a root's key; use ecdsa-p256, ecdsa-p384, rsa-2048, rsa-3072 or rsa-4096");
  check_refused([] { return Issuer::self_signed(kAcme, key("rsa2560-pkcs1"), kNow); }, Errc::policy,
                "root key: rsa-2560 may not be a root's key");
}

TEST_CASE("a kind of key that does not suit a leaf is refused, with those that do", "[profile]") {
  const Issuer root = Issuer::self_signed(kAcme, key("p384-sec1"), kNow);
  for (const std::string vector : {"ed25519-pkcs8", "p384-sec1", "rsa2560-pkcs1"}) {
    INFO(vector);
    check_refused([&] { return root.issue(server({"db.example"}), key(vector).public_key(), kNow); }, Errc::policy,
                  " does not suit; use ecdsa-p256, rsa-2048, rsa-3072 or rsa-4096");
  }
  for (const std::string vector : {"p384-sec1", "rsa2560-pkcs1"}) {
    INFO(vector);
    check_refused([&] { return root.issue(ClientSubject{.role = RoleName{"app"}}, key(vector).public_key(), kNow); }, Errc::policy,
                  " does not suit; use ecdsa-p256, ed25519, rsa-2048, rsa-3072 or rsa-4096");
  }
  check_refused([&] { return root.issue_with_key(server({"db.example"}), kNow, KeyAlgorithm::ed25519()); }, Errc::policy,
                "server key: ed25519");
}

TEST_CASE("a key that is not its certificate's makes no Issuer", "[issuer]") {
  check_refused(
      [] {
        return Issuer{acme().certificate(), key("rsa2048-pkcs1")};
      },
      Errc::mismatch, "the key is not the one in the certificate");
  check_refused(
      [] {
        return Issuer{acme().certificate(), PrivateKey::generate()};
      },
      Errc::mismatch, "the key is not the one in the certificate");
}

TEST_CASE("a certificate that is no root makes no Issuer, and the error says why", "[issuer]") {
  const PrivateKey root_key = key("p256-sec1");
  const Names ca = {
      {"basicConstraints", "critical,CA:TRUE"}, {"keyUsage", "critical,keyCertSign,cRLSign"}, {"subjectKeyIdentifier", "hash"}};
  const auto self_signed = [&](Names extensions, Names subject = {{"CN", "x"}}) {
    return Certificate::from_der(oracle_certificate({.serial = Serial{std::string_view{"0x01"}},
                                                     .validity = {kNow, kNow + std::chrono::years{5}},
                                                     .issuer = {{"CN", "x"}},
                                                     .subject = std::move(subject),
                                                     .extensions = std::move(extensions)},
                                                    root_key.public_key(), root_key, nullptr));
  };
  CHECK_NOTHROW(Issuer{self_signed(ca), key("p256-sec1")});
  auto [change, text] = GENERATE(table<int, std::string>({
      {0, "root \"CN=x\": is no CA (basicConstraints)"},
      {1, "may not sign certificates (keyUsage has no keyCertSign)"},
      {2, "may not sign certificates (keyUsage has no keyCertSign)"},
      {3, "has no subjectKeyIdentifier"},
      {4, "was issued by another CA"},
      {5, "is no CA (basicConstraints)"},
  }));
  Names extensions = ca;
  Names subject = {{"CN", "x"}};
  if (change == 0) extensions[0].second = "critical,CA:FALSE";
  if (change == 1) extensions[1].second = "critical,cRLSign";
  if (change == 2) extensions.erase(extensions.begin() + 1);
  if (change == 3) extensions.pop_back();
  if (change == 4) subject = {{"CN", "y"}};
  if (change == 5) extensions.erase(extensions.begin());
  check_refused([&] { return Issuer{self_signed(extensions, subject), key("p256-sec1")}; }, Errc::policy, text);
}

TEST_CASE("a leaf makes no Issuer", "[issuer]") {
  Credential leaf = acme().issue_with_key(server({"db.example"}), kNow);
  const SecretBytes leaf_key = leaf.key().pkcs8_der();
  check_refused(
      [&] {
        return Issuer{leaf.certificate(), PrivateKey::from_pkcs8_der(leaf_key.reveal())};
      },
      Errc::policy, "is no CA");
}

TEST_CASE("a root issues only while it is valid, to the second", "[issuer]") {
  const Issuer root = acme();  // 2026-11-24 09:55:00 to 2036-11-24 10:00:00
  const ServerSubject subject = server({"db.example"});
  CHECK_NOTHROW(root.issue_with_key(subject, instant("2026-11-24T09:55:00Z")));
  check_refused([&] { return root.issue_with_key(subject, instant("2026-11-24T09:54:59Z")); }, Errc::policy,
                "certificate for \"db.example\": at 2026-11-24 09:54:59 its root is not yet valid, it starts 2026-11-24 09:55:00");
  check_refused([&] { return root.issue_with_key(subject, instant("2036-11-24T10:00:01Z")); }, Errc::policy,
                "certificate for \"db.example\": at 2036-11-24 10:00:01 its root has expired, it ended 2036-11-24 10:00:00");
}

TEST_CASE("a leaf that would outlive its root is refused, not cut short", "[issuer]") {
  const Issuer root = acme();  // until 2036-11-24 10:00:00
  const ClientSubject app{.role = RoleName{"app"}};
  CHECK(root.issue_with_key(app, instant("2035-10-24T10:00:00Z")).certificate().validity().not_after ==
        instant("2036-11-24T10:00:00Z"));
  check_refused([&] { return root.issue_with_key(app, instant("2035-10-24T10:00:01Z")); }, Errc::policy,
                "certificate for \"app\": ends 2036-11-24 10:00:01, its root ends 2036-11-24 10:00:00");
  check_refused([&] { return root.issue(app, key("p256-sec1").public_key(), instant("2036-11-24T10:00:00Z")); }, Errc::policy,
                "ends 2037-12-24 10:00:00, its root ends 2036-11-24 10:00:00");
}

TEST_CASE("a server certificate without a host, or with one host twice, is refused", "[server]") {
  check_refused([] { return acme().issue_with_key(ServerSubject{.hosts = {}}, kNow); }, Errc::invalid_argument,
                "names no host; give at least one");
  check_refused(
      [] {
        return acme().issue_with_key(server({"a.example", "b.example", "A.example"}), kNow);
      },
      Errc::invalid_argument, "server certificate: names host \"a.example\" twice");
  check_refused(
      [] {
        return acme().issue_with_key(server({"::1", "0:0:0:0:0:0:0:1"}), kNow);
      },
      Errc::invalid_argument, "names host \"::1\" twice");
}

TEST_CASE("a root that no certificate could date is refused", "[root]") {
  CHECK_NOTHROW(acme(instant("1950-01-01T00:05:00Z")));
  CHECK_NOTHROW(acme(instant("9989-12-31T23:59:59Z")));
  check_refused([] { return acme(instant("1950-01-01T00:04:59Z")); }, Errc::invalid_argument, "a certificate can say 1950 to 9999");
  check_refused([] { return acme(instant("9990-01-01T00:00:00Z")); }, Errc::invalid_argument, "a certificate can say 1950 to 9999");
  check_refused([] { return Issuer::self_signed({.space = SpaceName{"acme"}, .generation = 0}, PrivateKey::generate(), kNow); },
                Errc::invalid_argument, "its generation is 0; the first is 1");
}

TEST_CASE("a probe is a client certificate of ten minutes", "[profile]") {
  const Credential probe = acme().issue_probe(ClientSubject{.role = RoleName{"app"}, .database = DatabaseName{"orders"}}, kNow);
  CHECK(rfc3339(probe.certificate().validity().not_before) == "2026-11-24T09:55:00Z");
  CHECK(rfc3339(probe.certificate().validity().not_after) == "2026-11-24T10:10:00Z");
  CHECK(probe.certificate().subject() == "CN=app,OU=orders");
}

TEST_CASE("a probe ends with its root", "[profile]") {
  const Issuer root = acme();
  CHECK(rfc3339(root.certificate().validity().not_after) == "2036-11-24T10:00:00Z");
  const Credential probe = root.issue_probe(ClientSubject{.role = RoleName{"app"}}, instant("2036-11-24T09:55:00Z"));
  CHECK(rfc3339(probe.certificate().validity().not_after) == "2036-11-24T10:00:00Z");
}
