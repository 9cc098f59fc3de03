// diagnose: a server beside what its authority means it to serve.
#include <chrono>
#include <functional>

#include <spaceca/issuer.h>

#include "diagnosis/bundle.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;

namespace {

const Instant kNow = instant("2026-11-24T10:00:00Z");

Bytes der_of(const Certificate& certificate) { return {certificate.der().begin(), certificate.der().end()}; }
Bytes subject_of(const Certificate& certificate) { return {certificate.subject_der().begin(), certificate.subject_der().end()}; }

Issuer root(unsigned generation = 1) {
  return Issuer::self_signed({.space = SpaceName{"acme"}, .generation = generation}, PrivateKey::generate(), kNow);
}

Certificate server_of(const Issuer& issuer) {
  return issuer.issue(ServerSubject{.hosts = {HostName{"db.acme.example"}}}, PrivateKey::generate().public_key(), kNow);
}

// A space of two roots whose server serves all that it should.
struct Scene {
  Issuer first = root(1);
  Issuer second = root(2);
  Certificate server = server_of(first);
  Crl list = first.crl({}, {.number = 7}, kNow);
  Crl second_list = second.crl({}, {.number = 7}, kNow);
  ServerDue due{
      .roots = {first.certificate(), second.certificate()}, .lists = {list, second_list}, .certificates = {server.serial()}};
  ServerSeen seen{.address = "db.acme.example:5432",
                  .certificates = {der_of(server)},
                  .asks_for_certificate = true,
                  .issuers = {subject_of(first.certificate()), subject_of(second.certificate())}};
  std::optional<std::vector<Crl>> in_force = std::vector<Crl>{list, second_list};
  ClientUse use{.now = kNow, .host = HostName{"db.acme.example"}};
};

struct Row {
  std::string found;
  std::string text;
  std::string seen_as;
  std::function<void(Scene&)> spoil;
};

void check(const Row& row) {
  Scene scene;
  row.spoil(scene);
  const auto found = diagnose(scene.due, scene.seen, scene.in_force, scene.use);
  INFO(spaceca::test::text_of(found));
  CHECK(rules_of(found) == row.found);
  if (found.empty()) return;
  CHECK_THAT(found.front().finding.text, ContainsSubstring(row.text));
  CHECK(found.front().finding.seen_as == row.seen_as);
  CHECK_FALSE(found.front().remedy.empty());
}

}  // namespace

TEST_CASE("of a server that serves what it should nothing is said", "[diagnosis][due]") {
  check({"", "", "", [](Scene&) {}});
  check({"", "", "", [](Scene& s) { s.in_force.reset(); }});
  check({"", "", "", [](Scene& s) { s.seen.asks_for_certificate = false, s.seen.issuers.clear(); }});
}

TEST_CASE("a server's certificate of another root, or of an earlier issue, is found", "[diagnosis][due]") {
  check({"fault chain-incomplete", "neither in the chain nor among the roots", "certificate verify failed",
         [](Scene& s) { s.seen.certificates = {der_of(server_of(root(3)))}; }});
  check({"fault host", "not for \"other.example\"",
         "server certificate for \"db.acme.example\" does not match host name \"other.example\"",
         [](Scene& s) { s.use.host = HostName{"other.example"}; }});
  check({"doubt server-certificate-another", "none of this database's that are alive", "",
         [](Scene& s) { s.seen.certificates = {der_of(server_of(s.first))}; }});
}

TEST_CASE("a root that is not served, and one that is no root of the space, are found", "[diagnosis][due]") {
  check({"fault root-not-served", "root \"CN=acme G2 ", "tlsv1 alert unknown ca", [](Scene& s) { s.seen.issuers.pop_back(); }});
  check({"doubt root-foreign", "\"CN=stranger\" too", "", [](Scene& s) { s.seen.issuers.push_back(common_name("stranger")); }});
}

TEST_CASE("lists that are not there, have ended or are behind are found", "[diagnosis][due]") {
  check({"doubt lists-missing", "whoever is revoked is let in", "", [](Scene& s) { s.in_force->clear(); }});
  check({"fault root-without-crl", "CN=acme G2", "tlsv1 alert unknown ca", [](Scene& s) { s.in_force->pop_back(); }});
  check({"fault crl-expired, fault crl-expired", "ends 2027-12-24", "sslv3 alert certificate expired",
         [](Scene& s) { s.use.now = kNow + std::chrono::days{400}, s.seen.certificates.clear(); }});
  check({"doubt list-behind", "does not know yet that 1 certificate of \"CN=acme G1 ", "",
         [](Scene& s) { s.due.lists[0] = s.first.crl({{.serial = Serial{"01AB"}, .revoked_at = kNow}}, {.number = 8}, kNow); }});
  check({"", "", "",
         [](Scene& s) { (*s.in_force)[0] = s.first.crl({{.serial = Serial{"01AB"}, .revoked_at = kNow}}, {.number = 8}, kNow); }});
}

TEST_CASE("a client that lacks a root of the space is found", "[diagnosis][due]") {
  const Scene scene;
  ClientFiles files{.roots = client_file("root.crt", pem_of(scene.due.roots))};
  CHECK(rules_of(diagnose(scene.due, files)).empty());
  files.roots = client_file("root.crt", scene.first.certificate().pem());
  const auto found = diagnose(scene.due, files);
  CHECK(rules_of(found) == "doubt roots-behind");
  CHECK_THAT(found.front().finding.text, ContainsSubstring("lacks the space's root \"CN=acme G2 "));
  files.roots.reset();
  CHECK(rules_of(diagnose(scene.due, files)).empty());
}
