// diagnose: what a server's answers mean. tests/interop/doctor_test.cc shows that servers give these answers.
#include <chrono>
#include <functional>

#include "diagnosis/bundle.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;
using Kind = ServerAnswer::Kind;

namespace {

const Instant kNow = instant("2026-11-24T10:00:00Z");

Bytes der_of(const Certificate& certificate) { return {certificate.der().begin(), certificate.der().end()}; }
Bytes subject_of(const Certificate& certificate) { return {certificate.subject_der().begin(), certificate.subject_der().end()}; }

// A family, its client's files, and a server of its root that takes them.
struct Scene {
  Family family{kNow};
  PrivateKey server_key = PrivateKey::generate();
  CertificateParts server = server_parts({"db.acme.example"}, server_key.public_key(), family.root, kNow);
  ClientFiles files = client_files(family.credential());
  ClientUse use{.now = kNow, .host = HostName{"db.acme.example"}, .role = "app"};
  ServerSeen seen{.address = "db.acme.example:5432",
                  .certificates = {der_of(certificate_of(server, family.root.key))},
                  .asks_for_certificate = true,
                  .issuers = {subject_of(family.root.certificate)},
                  .with_none = ServerAnswer{Kind::error, "connection requires a valid client certificate"},
                  .with_shown = ServerAnswer{Kind::asks_password}};

  void show(const Chain& chain) { files.certificates->octets = SecretBytes{std::string_view{pem_of(chain)}}; }
  void renew_server() { seen.certificates = {der_of(certificate_of(server, family.root.key))}; }
  void alert(const std::string& words) { seen.with_shown = ServerAnswer{Kind::alert, words}; }
};

struct Row {
  std::string found;
  std::string text;
  std::string seen_as;
  std::function<void(Scene&)> spoil;
};

void check_found(const std::vector<Diagnosis>& found, const Row& row) {
  INFO(spaceca::test::text_of(found));
  CHECK(rules_of(found) == row.found);
  if (found.empty()) return;
  CHECK_THAT(found.front().finding.text, ContainsSubstring(row.text));
  CHECK(found.front().finding.seen_as == row.seen_as);
  for (const Diagnosis& one : found) {
    CHECK_FALSE(one.remedy.empty());
    CHECK_FALSE(one.finding.source.empty());
  }
}

void check(const Row& row) {
  Scene scene;
  row.spoil(scene);
  check_found(diagnose(scene.files, scene.seen, scene.use), row);
}

void check_server(const Row& row) {
  Scene scene;
  row.spoil(scene);
  check_found(diagnose(scene.seen, scene.use), row);
}

constexpr const char* kUnknownCa = "tlsv1 alert unknown ca";
constexpr const char* kNoneSent = "connection requires a valid client certificate";

}  // namespace

TEST_CASE("of a server that takes the client nothing is said", "[diagnosis]") {
  check({"", "", "", [](Scene&) {}});
  check({"", "", "", [](Scene& s) { s.seen.with_shown = ServerAnswer{Kind::lets_in}; }});
  check_server({"", "", "", [](Scene&) {}});
  check_server({"", "", "", [](Scene& s) {
                  s.use.role.clear(), s.seen.with_none = ServerAnswer{Kind::error, "no pg_hba.conf entry for host"};
                }});
}

TEST_CASE("a server by itself: TLS, its certificate, and whom it asks for one", "[diagnosis]") {
  check_server({"fault server-without-tls", "db.acme.example:5432", "server does not support SSL, but SSL was required",
                [](Scene& s) { s.seen = ServerSeen{.address = "db.acme.example:5432", .speaks_tls = false}; }});
  check_server({"doubt server-certificate-unreadable", "shows no certificate", "", [](Scene& s) {
                  s.seen.certificates = {{0x30, 0x00}};
                }});
  check_server({"doubt server-asks-for-none", "asks nobody", "", [](Scene& s) { s.seen.asks_for_certificate = false; }});
  check_server({"fault expired", "ended 2026-11-23 10:00:00", "certificate verify failed", [](Scene& s) {
                  s.server.validity = validity(kNow - std::chrono::days{9}, kNow - std::chrono::days{1});
                  s.renew_server();
                }});
  check_server({"fault host", "not for \"other.example\"",
                "server certificate for \"db.acme.example\" does not match host name \"other.example\"",
                [](Scene& s) { s.use.host = HostName{"other.example"}; }});
}

// A root that a package manager or openssl req -x509 made for a server: CA:TRUE, no keyUsage.
TEST_CASE("a server's self-signed certificate, however it was made, is no fault by itself", "[diagnosis]") {
  check_server({"", "", "", [](Scene& s) {
                  CertificateParts own = root_parts("db.acme.example", s.server_key, kNow);
                  own.remove(id::kKeyUsage);
                  own.set(id::kAlternativeName, alternative_names({dns_name("db.acme.example")}));
                  s.seen.certificates = {der_of(certificate_of(own, s.server_key))};
                }});
}

TEST_CASE("what a server says is shown as one line of text, cut between two characters", "[diagnosis]") {
  const auto [said, shown] = GENERATE(table<std::string, std::string>({
      {"role \"app\"\n\tis not permitted\r\n", "role \"app\" is not permitted"},
      {"a\xC2\x9B"
       "31mb",
       "a 31mb"},  // a C1 control, which some terminals obey
      {"a\xE2\x80\xAE"
       "b",
       "a b"},  // right-to-left override
      {"pr\xC3\xA9nom \xE7\x94\xA8", "pr\xC3\xA9nom \xE7\x94\xA8"},
      {"pr\xE9nom \xE7\x94", "pr?nom ??"},  // Latin-1, and cut short
      {std::string(399, 'a') + "\xC3\xA9", std::string(397, 'a') + "..."},
      {std::string(396, 'a') + "\xC3\xA9zz", std::string(396, 'a') + "\xC3\xA9zz"},
      {std::string(396, 'a') + "\xC3\xA9zzz", std::string(396, 'a') + "..."},
  }));
  Scene scene;
  scene.seen.with_none = ServerAnswer{Kind::error, said};
  const auto found = diagnose(scene.seen, scene.use);
  REQUIRE(rules_of(found) == "fault login-refused");
  CHECK(found.front().finding.seen_as == shown);
}

TEST_CASE("a server's certificate that is signed by Ed25519 breaks passwords", "[diagnosis]") {
  check_server({"fault server-signature", "ED25519", "could not find digest for NID UNDEF", [](Scene& s) {
                  const TestCa root = test_root("acme ed", kNow, PrivateKey::generate(KeyAlgorithm::ed25519()));
                  s.seen.certificates = {
                      der_of(certificate_of(server_parts({"db.acme.example"}, s.server_key.public_key(), root, kNow), root.key))};
                }});
}

TEST_CASE("without a certificate a role that is let in, or asked for a password alone, is a doubt", "[diagnosis]") {
  check_server({"doubt server-lets-in-without-certificate", "lets in role \"app\"", "",
                [](Scene& s) { s.seen.with_none = ServerAnswer{Kind::lets_in}; }});
  check_server({"doubt server-lets-in-without-certificate", "a password alone of role \"app\"", "",
                [](Scene& s) { s.seen.with_none = ServerAnswer{Kind::asks_password}; }});
  check_server({"", "", "", [](Scene& s) { s.seen.with_none = ServerAnswer{Kind::asks_password}, s.use.role.clear(); }});
}

TEST_CASE("what pg_hba.conf refuses is told apart from other refusals", "[diagnosis]") {
  const std::string entry = "no pg_hba.conf entry for host \"127.0.0.1\", user \"app\", database \"app\", SSL encryption";
  check_server({"fault hba-rejects", entry, entry, [&](Scene& s) { s.seen.with_none = ServerAnswer{Kind::error, entry}; }});
  check({"fault hba-rejects", "pg_hba.conf rejects", "pg_hba.conf rejects connection for host \"127.0.0.1\"", [](Scene& s) {
           s.seen.with_shown = ServerAnswer{Kind::error, "pg_hba.conf rejects connection for host \"127.0.0.1\""};
         }});
  check({"fault login-refused", "does not exist", "role \"app\" does not exist", [](Scene& s) {
           s.seen.with_shown = ServerAnswer{Kind::error, "role \"app\" does not exist"};
         }});
  check({"fault login-refused", "bell\x20", "bell\x20[2J", [](Scene& s) {
           s.seen.with_shown = ServerAnswer{Kind::error, "bell\x1b[2J"};
         }});
}

TEST_CASE("libpq's own judgement of the server goes by the client's roots, lists and host", "[diagnosis]") {
  check({"fault chain-incomplete", "server db.acme.example:5432", "certificate verify failed",
         [](Scene& s) { s.files.roots->octets = SecretBytes{std::string_view{test_root("other G1", kNow).certificate.pem()}}; }});
  check({"fault host", "not for \"10.0.0.7\"",
         "server certificate for \"db.acme.example\" (and 1 other name) does not match host name \"10.0.0.7\"",
         [](Scene& s) { s.use.host = HostName{"10.0.0.7"}; }});
  check({"fault revoked", "server db.acme.example:5432", "certificate verify failed", [](Scene& s) {
           const Certificate leaf = certificate_of(s.server, s.family.root.key);
           s.files.lists = client_file("root.crl", Crl::from_der(crl_of(s.family.root, kNow, {leaf.serial()})).pem());
         }});
}

TEST_CASE("unknown ca: a client of another root that is known is of the wrong CA", "[diagnosis]") {
  check({"fault wrong-ca, fault jdbc-sends-none",
         "takes certificates of \"CN=other G1\", and that in file \"postgresql.crt\" is of \"CN=acme G1\"", kUnknownCa,
         [](Scene& s) {
           s.seen.issuers = {subject_of(test_root("other G1", kNow).certificate)};
           s.alert("unknown CA");
         }});
}

TEST_CASE("unknown ca: an intermediate that the server shows is the one that is missing", "[diagnosis]") {
  check({"fault chain-incomplete, fault jdbc-sends-none", "the intermediate \"CN=acme G1 sub\", whose certificate is not sent",
         kUnknownCa, [](Scene& s) {
           s.show({s.family.certificate()});
           s.seen.certificates.push_back(der_of(s.family.middle.certificate));
           s.alert("unknown CA");
         }});
}

TEST_CASE("an intermediate in root.crt is sent by libpq and not by pgjdbc", "[diagnosis]") {
  check({"fault jdbc-sends-none", "file \"postgresql.crt\"", kNoneSent, [](Scene& s) {
           s.show({s.family.certificate()});
           s.files.roots->octets = SecretBytes{std::string_view{pem_of({s.family.root.certificate, s.family.middle.certificate})}};
         }});
}

TEST_CASE("unknown ca: an issuer that nobody knows may be either", "[diagnosis]") {
  check({"fault issuer-unknown, fault jdbc-sends-none", "issued by \"CN=acme G1 sub\", which is not known here", kUnknownCa,
         [](Scene& s) {
           s.show({s.family.certificate()});
           s.alert("unknown CA");
         }});
}

TEST_CASE("unknown ca: a server that trusts an intermediate alone needs its root", "[diagnosis]") {
  check({"fault server-root-missing",
         "trusts \"CN=acme G1 sub\", which is an intermediate certificate, but not its root \"CN=acme G1\"", kUnknownCa,
         [](Scene& s) {
           s.show({s.family.certificate()});
           s.files.roots->octets = SecretBytes{std::string_view{pem_of({s.family.root.certificate, s.family.middle.certificate})}};
           s.seen.issuers = {subject_of(s.family.middle.certificate)};
           s.alert("unknown CA");
         }});
}

TEST_CASE("unknown ca: a CA that was made anew under its name has another key", "[diagnosis]") {
  check({"fault chain-incomplete, fault issuer-key", "was issued by \"CN=acme G1\" with the key", "certificate verify failed",
         [](Scene& s) {
           // The client has the new root already, and its certificate is of the old one.
           s.files.roots->octets = SecretBytes{std::string_view{test_root("acme G1", kNow).certificate.pem()}};
           s.alert("unknown CA");
         }});
}

TEST_CASE("unknown ca: where all of that is right it is a list that is missing", "[diagnosis]") {
  check({"fault server-list-missing", "none that is good for each CA of the chain, the root too", kUnknownCa,
         [](Scene& s) { s.alert("unknown CA"); }});
}

TEST_CASE("certificate expired: the client's own, or else the server's list", "[diagnosis]") {
  check({"fault expired", "file \"postgresql.crt\"", "sslv3 alert certificate expired", [](Scene& s) {
           s.family.client.validity = validity(kNow - std::chrono::days{9}, kNow - std::chrono::days{1});
           s.show({s.family.certificate(), s.family.middle.certificate});
           s.alert("certificate expired");
         }});
  check({"fault server-list-expired", "it is the server's revocation list that has ended", "sslv3 alert certificate expired",
         [](Scene& s) { s.alert("certificate expired"); }});
}

TEST_CASE("bad certificate: the client's clock, or else the server's", "[diagnosis]") {
  check({"fault not-yet-valid", "file \"postgresql.crt\"", "sslv3 alert bad certificate", [](Scene& s) {
           s.family.client.validity = validity(kNow + std::chrono::days{1}, kNow + std::chrono::days{9});
           s.show({s.family.certificate(), s.family.middle.certificate});
           s.alert("bad certificate");
         }});
  check({"fault server-clock", "the server's clock stands behind", "sslv3 alert bad certificate",
         [](Scene& s) { s.alert("bad certificate"); }});
}

TEST_CASE("the other alerts", "[diagnosis]") {
  check({"fault revoked", "is revoked", "sslv3 alert certificate revoked", [](Scene& s) { s.alert("certificate revoked"); }});
  check({"fault server-list-unfit", "issuingDistributionPoint", "sslv3 alert certificate unknown",
         [](Scene& s) { s.alert("certificate unknown"); }});
  check({"fault server-list-unfit", "signed by another key", "tlsv1 alert decrypt error",
         [](Scene& s) { s.alert("decrypt error"); }});
  check({"fault refused", "handshake failure", "handshake failure", [](Scene& s) { s.alert("handshake failure"); }});
  check({"fault purpose", "not for a client", "sslv3 alert unsupported certificate", [](Scene& s) {
           s.family.client.set(id::kPurpose, purposes({id::kServerAuth}));
           s.show({s.family.certificate(), s.family.middle.certificate});
           s.alert("unsupported certificate");
         }});
  check({"doubt refused", "hung up", "server closed the connection unexpectedly",
         [](Scene& s) { s.seen.with_shown = ServerAnswer{Kind::cut_off}; }});
}

TEST_CASE("a role that the server does not take the certificate for is a fault, and said once", "[diagnosis]") {
  check({"fault role", "as role \"reader\"; its common name is \"app\"", "certificate authentication failed for user \"reader\"",
         [](Scene& s) {
           s.use.role = "reader";
           s.seen.with_shown = ServerAnswer{Kind::error, "certificate authentication failed for user \"reader\""};
         }});
  check({"fault none-sent", "took no notice", kNoneSent, [](Scene& s) {
           s.seen.with_shown = ServerAnswer{Kind::error, kNoneSent};
         }});
}

TEST_CASE("pgjdbc sends a certificate only if the server takes the last one's issuer", "[diagnosis]") {
  check({"fault jdbc-sends-none", "file \"postgresql.crt\": its last certificate was issued by \"CN=acme G1 sub\"", kNoneSent,
         [](Scene& s) { s.show({s.family.certificate()}); }});
  check({"", "", "", [](Scene& s) {
           s.show({s.family.certificate()});
           s.seen.issuers.push_back(subject_of(s.family.middle.certificate));
         }});
  check({"doubt jdbc-sends-none", "pgjdbc then sends none", kNoneSent, [](Scene& s) {
           s.show({s.family.certificate()});
           s.files.pk8.reset();
         }});
  check({"", "", "", [](Scene& s) {
           s.show({s.family.certificate()});
           s.seen.issuers.clear();
         }});
  check({"fault jdbc-sends-none", "file \"postgresql.p12\"", kNoneSent, [](Scene& s) {
           s.seen.issuers = {subject_of(s.family.middle.certificate)};
           s.show({s.family.certificate()});
           const SecretBytes key = s.family.key.pkcs8_der();
           const Credential whole{{s.family.certificate(), s.family.middle.certificate},
                                  PrivateKey::from_pkcs8_der(key.reveal()),
                                  {s.family.root.certificate}};
           add_pkcs12(s.files, whole);
         }});
}

TEST_CASE("a long list of issuers is cut, and a stranger's names move no cursor", "[diagnosis]") {
  Scene scene;
  scene.show({scene.family.certificate()});
  scene.seen.issuers.clear();
  for (const char* name : {"one", "two\x1b[2J", "three", "four", "five", "six", "seven"}) {
    scene.seen.issuers.push_back(common_name(name));
  }
  scene.alert("unknown CA");
  const auto found = diagnose(scene.files, scene.seen, scene.use);
  REQUIRE_FALSE(found.empty());
  CHECK_THAT(found.front().finding.text, ContainsSubstring("\"CN=five\" and 2 more"));
  CHECK(found.front().finding.text.find('\x1b') == std::string::npos);
}
