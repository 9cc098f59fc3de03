// Each row of "what a user sees", made on purpose: psql goes to a real server with spoilt files, and what it prints is looked for
// beside what the diagnosis of the same files and of the same server says.
#include <functional>

#include "interop/doctor_scene.h"

namespace spaceca::test::doctor {
namespace {

using namespace spaceca::test::asn1;
using Catch::Matchers::ContainsSubstring;

struct Row {
  std::string rules;  // that are found, in order
  std::string seen;   // what psql prints; empty if it gets in
  std::function<void(Scene&)> spoil;
};

// The first finding says what psql prints.
void check_psql(const Row& row) {
  Scene scene;
  row.spoil(scene);
  server().serve(scene);
  const Client client{scene};
  const auto found = client.diagnosis();
  const Outcome outcome = client.psql();
  INFO("psql: " << outcome.out << outcome.err << "diagnosis:\n" << text_of_all(found));
  CHECK(rules_of(found) == row.rules);
  if (row.seen.empty()) {
    CHECK(outcome.out == "1\n");
    return;
  }
  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.err, ContainsSubstring(row.seen));
  REQUIRE_FALSE(found.empty());
  CHECK(found.front().certainty == Certainty::fault);
  CHECK_THAT(outcome.err, ContainsSubstring(found.front().finding.seen_as));
}

const Bytes kIdp =
    extension("2.5.29.28", Critical::yes,
              sequence({context_constructed(0, context_constructed(0, context(6, bytes_of("http://ca.example/1.crl"))))}));

TEST_CASE("of a client that is let in, by psql and by pgjdbc, nothing is said", "[doctor]") {
  Scene scene;
  server().serve(scene);
  const Client client{scene};
  CHECK(client.psql().out == "1\n");
  CHECK_THAT(client.pgjdbc(), Catch::Matchers::StartsWith("accepted:"));
  CHECK(text_of_all(client.diagnosis()).empty());
  scene.lists = {crl_of(scene.root, kNow), crl_of(scene.middle, kNow)};
  server().serve(scene);
  CHECK(client.psql().out == "1\n");
  CHECK(text_of_all(client.diagnosis()).empty());
}

TEST_CASE("unknown ca has six causes, and each is told from the others", "[doctor]") {
  const TestCa other = test_root("other G1", kNow);
  const std::string unknown_ca = "tlsv1 alert unknown ca";
  check_psql({"wrong-ca, jdbc-sends-none", unknown_ca, [&](Scene& s) {
                s.crt = pem_of_parts(client_parts("app", s.client_key.public_key(), other, kNow), other.key);
                s.root_crt += other.certificate.pem();
              }});
  check_psql({"issuer-unknown, jdbc-sends-none", unknown_ca,
              [&](Scene& s) { s.crt = pem_of_parts(client_parts("app", s.client_key.public_key(), other, kNow), other.key); }});
  check_psql({"chain-incomplete, jdbc-sends-none", unknown_ca, [](Scene& s) {
                s.crt = s.leaf().pem();
                s.server_crt =
                    pem_of({certificate_of(server_parts({"localhost"}, s.server_key.public_key(), s.middle, kNow), s.middle.key),
                            s.middle.certificate});
              }});
  check_psql({"issuer-unknown, jdbc-sends-none", unknown_ca, [](Scene& s) { s.crt = s.leaf().pem(); }});
  check_psql({"server-root-missing", unknown_ca, [](Scene& s) {
                s.crt = s.leaf().pem();
                s.ca_file = s.middle.certificate.pem();
                s.root_crt += s.middle.certificate.pem();
              }});
  check_psql({"server-list-missing", unknown_ca, [](Scene& s) { s.lists = {crl_of(s.middle, kNow)}; }});
  check_psql({"server-list-missing", unknown_ca, [](Scene& s) { s.lists = {crl_of(s.root, kNow)}; }});
  check_psql({"server-list-missing", unknown_ca, [](Scene& s) { s.empty_list_folder = true; }});
}

TEST_CASE("certificate expired is the client's own, or the server's list", "[doctor]") {
  check_psql({"expired", "sslv3 alert certificate expired", [](Scene& s) {
                s.client.validity = validity(kNow - 9 * kDay, kNow - kDay);
                s.renew();
              }});
  check_psql({"server-list-expired", "sslv3 alert certificate expired", [](Scene& s) {
                s.lists = {crl_of(s.root, kNow - 60 * kDay), crl_of(s.middle, kNow)};
              }});
}

TEST_CASE("bad certificate is a clock: the client's by which it is not valid yet, or the server's that stands behind", "[doctor]") {
  check_psql({"not-yet-valid", "sslv3 alert bad certificate", [](Scene& s) {
                s.client.validity = validity(kNow + kDay, kNow + 9 * kDay);
                s.renew();
              }});
  // The server's clock is two days behind ours, and the certificate was made yesterday by it.
  check_psql({"server-clock", "sslv3 alert bad certificate", [](Scene& s) {
                s.client.validity = validity(kNow + kDay, kNow + 9 * kDay);
                s.renew();
                s.our_clock_is_ahead = 2 * kDay;
              }});
  check_psql({"server-clock", "sslv3 alert bad certificate", [](Scene& s) {
                s.lists = {crl_of(s.root, kNow), crl_of(s.middle, kNow + kDay)};
              }});
}

TEST_CASE("a certificate for servers, and one that is revoked", "[doctor]") {
  check_psql({"purpose", "sslv3 alert unsupported certificate", [](Scene& s) {
                s.client.set(id::kPurpose, purposes({id::kServerAuth}));
                s.renew();
              }});
  check_psql({"revoked", "sslv3 alert certificate revoked", [](Scene& s) {
                s.lists = {crl_of(s.root, kNow), crl_of(s.middle, kNow, {s.leaf().serial()})};
                s.crt = pem_of({s.leaf(), s.middle.certificate});
              }});
}

TEST_CASE("lists that PostgreSQL cannot judge by are told from those that are missing", "[doctor]") {
  check_psql({"server-list-unfit", "sslv3 alert certificate unknown", [](Scene& s) {
                s.lists = {crl_of(s.root, kNow), signed_by(s.middle.key, with(crl_parts(s.middle, kNow), kIdp))};
              }});
  check_psql({"server-list-unfit", "tlsv1 alert decrypt error", [](Scene& s) {
                s.lists = {crl_of(s.root, kNow), signed_by(s.root.key, crl_parts(s.middle, kNow))};
              }});
}

TEST_CASE("no certificate, or one for another role", "[doctor]") {
  check_psql({"certificates-missing", "connection requires a valid client certificate", [](Scene& s) { s.crt.clear(); }});
  check_psql({"role", "certificate authentication failed for user \"reader\"", [](Scene& s) { s.role = "reader"; }});
}

TEST_CASE("what libpq says of the files before it asks a server", "[doctor]") {
  check_psql({"key-mismatch", "key values mismatch", [](Scene& s) {
                s.client = client_parts("app", PrivateKey::generate().public_key(), s.middle, kNow);
                s.renew();
              }});
  check_psql({"chain-order, jdbc-sends-none", "key values mismatch", [](Scene& s) {
                s.crt = pem_of({s.middle.certificate, s.leaf()});
              }});
  check_psql({"certificates-der", "no start line", [](Scene& s) { s.crt = der_text(s.leaf()); }});
  check_psql({"key-permissions", "has group or world access", [](Scene& s) { s.key_mode = 0644; }});
  check_psql({"key-missing", "certificate present, but not private key file", [](Scene& s) { s.key.clear(), s.pk8.clear(); }});
  check_psql({"key-unreadable", "could not load private key file", [](Scene& s) { s.key = "hello"; }});
  check_psql({"roots-missing", "root certificate file", [](Scene& s) { s.root_crt.clear(); }});
  check_psql({"roots-der", "no certificate or crl found", [](Scene& s) { s.root_crt = der_text(s.root.certificate); }});
}

TEST_CASE("what libpq says of a server", "[doctor]") {
  const TestCa other = test_root("other G1", kNow);
  const std::string failed = "certificate verify failed";
  check_psql({"root-unknown", failed, [&](Scene& s) { s.root_crt = other.certificate.pem(); }});
  check_psql({"roots-without-root", failed, [](Scene& s) { s.root_crt = s.middle.certificate.pem(); }});
  check_psql({"chain-incomplete", failed, [](Scene& s) {
                s.server_crt = pem_of_parts(server_parts({"localhost"}, s.server_key.public_key(), s.middle, kNow), s.middle.key);
              }});
  check_psql({"expired", failed, [](Scene& s) {
                s.server.validity = validity(kNow - 9 * kDay, kNow - kDay);
                s.server_crt = pem_of_parts(s.server, s.root.key);
              }});
  check_psql({"host", "does not match host name \"127.0.0.1\"", [](Scene& s) {
                s.server_crt = pem_of_parts(server_parts({"localhost"}, s.server_key.public_key(), s.root, kNow), s.root.key);
                s.host = "127.0.0.1";
              }});
  check_psql({"crl-expired", failed, [](Scene& s) { s.root_crl = pem_of_lists({crl_of(s.root, kNow - 60 * kDay)}); }});
  check_psql({"", "", [](Scene& s) { s.root_crl = pem_of_lists({crl_of(s.root, kNow)}); }});
}

TEST_CASE("an intermediate's list alone in root.crl breaks every connection", "[doctor]") {
  check_psql({"root-without-crl, crl-without-root", "certificate verify failed", [](Scene& s) {
                s.server_crt =
                    pem_of({certificate_of(server_parts({"localhost"}, s.server_key.public_key(), s.middle, kNow), s.middle.key),
                            s.middle.certificate});
                s.root_crl = pem_of_lists({crl_of(s.middle, kNow)});
              }});
}

TEST_CASE("a server's certificate that Ed25519 signed lets no password in", "[doctor]") {
  check_psql({"server-signature", "could not find digest for NID UNDEF", [](Scene& s) {
                const TestCa ed = test_root("acme ed", kNow, PrivateKey::generate(KeyAlgorithm::ed25519()));
                s.server_crt = pem_of_parts(server_parts({"localhost"}, s.server_key.public_key(), ed, kNow), ed.key);
                s.root_crt += ed.certificate.pem();
                s.role = "scram";
                s.client = client_parts("scram", s.client_key.public_key(), s.middle, kNow);
                s.renew();
              }});
}

TEST_CASE("an address, role or database that no line of pg_hba.conf lets in", "[doctor]") {
  check_psql({"hba-rejects, role", "no pg_hba.conf entry for host \"127.0.0.1\", user \"postgres\"",
              [](Scene& s) { s.role = "postgres"; }});
}

TEST_CASE("a server without TLS, and one that asks nobody", "[doctor]") {
  const Postgres plain{FileSet{}, "host all all 127.0.0.1/32 trust\n"};
  const ServerSeen seen = look_at_postgres({.host = "localhost", .port = static_cast<std::uint16_t>(plain.port()), .role = "app"});
  CHECK(rules_of(diagnose(seen, {.now = kNow, .host = {}, .role = "app"})) == "server-without-tls");
  const Outcome outcome = run(
      {"psql", "-X", "-w", "-d", fmt::format("host=localhost port={} user=app dbname=app sslmode=require", plain.port()), "-c", ""},
      {.environment = {"HOME=/nonexistent"}});
  CHECK_THAT(outcome.err, ContainsSubstring("server does not support SSL, but SSL was required"));
}

TEST_CASE("a server that does not answer is out of reach, whatever is there instead", "[doctor]") {
  check_refused([] { return look_at_postgres({.host = "localhost", .port = static_cast<std::uint16_t>(free_port())}); },
                Errc::unreachable, "localhost");
  check_refused([] { return look_at_postgres({.host = "nosuch.invalid"}); }, Errc::unreachable, "nosuch.invalid:5432");
  check_refused(
      [] {
        return look_at_postgres({.host = "localhost", .role = std::string{"a\0b", 3}});
      },
      Errc::invalid_argument, "NUL");
}

}  // namespace
}  // namespace spaceca::test::doctor
