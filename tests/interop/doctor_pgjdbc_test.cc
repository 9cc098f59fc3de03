// What pgjdbc does otherwise than psql, made on purpose: it sends no certificate without a word, and reads keys in its own forms.
#include <functional>

#include "interop/doctor_scene.h"

namespace spaceca::test::doctor {
namespace {

using namespace spaceca::test::asn1;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("pgjdbc sends nothing, and does not say so, where psql's certificate is taken", "[doctor][jdbc]") {
  Scene scene;
  // The server sorts the chain out; pgjdbc looks at the last one alone.
  const TestCa stray = test_intermediate("stray", test_root("other G1", kNow), kNow);
  scene.crt += stray.certificate.pem();
  server().serve(scene);
  const Client client{scene};
  CHECK(client.psql().out == "1\n");
  CHECK(client.pgjdbc() == "refused: FATAL: connection requires a valid client certificate\n");
  const auto found = client.diagnosis();
  INFO(text_of_all(found));
  CHECK(rules_of(found) == "jdbc-sends-none, chain-order");
  CHECK(found.front().finding.seen_as == "connection requires a valid client certificate");
}

TEST_CASE("pgjdbc sends nothing of a file that begins with the intermediate, where psql says key values mismatch",
          "[doctor][jdbc]") {
  Scene scene;
  scene.crt = pem_of({scene.middle.certificate, scene.leaf()});
  server().serve(scene);
  const Client client{scene};
  CHECK(client.pgjdbc() == "refused: FATAL: connection requires a valid client certificate\n");
  CHECK(rules_of(client.diagnosis()) == "chain-order, jdbc-sends-none");
}

TEST_CASE("psql sends an intermediate that it finds in root.crt, and pgjdbc does not", "[doctor][jdbc]") {
  Scene scene;
  scene.crt = scene.leaf().pem();
  scene.root_crt += scene.middle.certificate.pem();
  server().serve(scene);
  const Client client{scene};
  CHECK(client.psql().out == "1\n");
  CHECK(client.pgjdbc() == "refused: FATAL: connection requires a valid client certificate\n");
  CHECK(rules_of(client.diagnosis()) == "jdbc-sends-none");
}

TEST_CASE("a leaf alone is taken by a server that has the intermediate, and pgjdbc sends it", "[doctor][jdbc]") {
  Scene scene;
  scene.crt = scene.leaf().pem();
  scene.ca_file += scene.middle.certificate.pem();
  server().serve(scene);
  const Client client{scene};
  CHECK(client.psql().out == "1\n");
  CHECK_THAT(client.pgjdbc(), Catch::Matchers::StartsWith("accepted:"));
  CHECK(text_of_all(client.diagnosis()).empty());
}

TEST_CASE("pgjdbc's own keys: PEM in a .pk8, PBES2 on Java 17, and another certificate's key", "[doctor][jdbc]") {
  const SecretBytes passphrase{Postgres::kPassword};
  struct KeyRow {
    std::string rule;
    std::string seen;
    std::function<void(Scene&)> spoil;
  };
  const std::vector<KeyRow> rows = {
      {"pk8-pem", "Could not read SSL key file", [](Scene& s) { s.pk8 = s.key; }},
      {"pk8-encrypted", "Cannot find any provider supporting PBES2",
       [&](Scene& s) { s.pk8 = text(s.client_key.encrypted_pkcs8_der(passphrase, EncryptionFor::modern)); }},
      {"pk8-mismatch", "Received fatal alert: decrypt_error", [](Scene& s) { s.pk8 = text(PrivateKey::generate().pkcs8_der()); }},
      {"pk8-unreadable", "Could not read SSL key file", [](Scene& s) { s.pk8 = "hello"; }},
  };
  for (const KeyRow& row : rows) {
    Scene scene;
    row.spoil(scene);
    server().serve(scene);
    const Client client{scene};
    CHECK(client.psql().out == "1\n");
    CHECK_THAT(client.pgjdbc(), ContainsSubstring(row.seen));
    const auto found = client.diagnosis();
    INFO(text_of_all(found));
    CHECK(rules_of(found) == row.rule);
    CHECK(found.front().finding.seen_as == row.seen);
  }
}

TEST_CASE("a .p12 with another alias, or without the certificate, is sent by nobody, and a wrong password opens nothing",
          "[doctor][jdbc][pkcs12]") {
  struct P12Row {
    std::string rules;
    std::string seen;
    std::vector<std::string> words;  // for openssl pkcs12 -export
    std::string password = "swordfish";
  };
  const std::vector<P12Row> rows = {
      {"", "accepted:", {"-in", "@chain", "-inkey", "@postgresql.key", "-name", "user"}},
      {"pkcs12-alias",
       "connection requires a valid client certificate",
       {"-in", "@chain", "-inkey", "@postgresql.key", "-name", "app"}},
      {"pkcs12-alias", "connection requires a valid client certificate", {"-in", "@chain", "-inkey", "@postgresql.key"}},
      {"pkcs12-chain",
       "connection requires a valid client certificate",
       {"-nocerts", "-in", "@postgresql.key", "-inkey", "@postgresql.key", "-name", "user"}},
      {"pkcs12-password",
       "keystore password was incorrect",
       {"-in", "@chain", "-inkey", "@postgresql.key", "-name", "user"},
       "haddock"},
      {"jdbc-sends-none",
       "connection requires a valid client certificate",
       {"-in", "@leaf", "-inkey", "@postgresql.key", "-name", "user"}},
  };
  for (const P12Row& row : rows) {
    Scene scene;
    server().serve(scene);
    Client client{scene};
    client.put("chain", scene.crt, 0644);
    client.put("leaf", scene.leaf().pem(), 0644);
    client.put("postgresql.p12.pass", row.password, 0600);
    std::vector<std::string> command = {"openssl",  "pkcs12",        "-export", "-out", client.path("postgresql.p12"),
                                        "-passout", "pass:swordfish"};
    for (const std::string& word : row.words) command.push_back(word.starts_with("@") ? client.path(word.substr(1)) : word);
    REQUIRE(run(command).exit_code == 0);
    INFO(row.rules);
    CHECK_THAT(client.pgjdbc("postgresql.p12", "postgresql.p12.pass"), ContainsSubstring(row.seen));
    const auto found = client.diagnosis();
    INFO(text_of_all(found));
    CHECK(rules_of(found) == row.rules);
    if (!found.empty()) CHECK(found.front().finding.seen_as == row.seen);
  }
}

}  // namespace
}  // namespace spaceca::test::doctor
