#include <spaceca/exporter.h>
#include <spaceca/files.h>

#include "export/credentials.h"
#include "support/child.h"
#include "support/files.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using namespace std::string_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using Names = std::vector<std::string>;

namespace {

std::size_t blocks_in(const std::string& pem) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = pem.find("-----BEGIN ", at)) != std::string::npos; ++at) ++count;
  return count;
}

std::string public_half_of_key(const std::string& pem) { return openssl({"pkey", "-pubout"}, pem); }
std::string public_half_of_leaf(const std::string& pem) { return openssl({"x509", "-pubkey", "-noout"}, pem); }

}  // namespace

TEST_CASE("what is written for libpq is the certificate, the key and the roots, each in its role", "[export]") {
  const FileSet set = exporter::libpq(client());
  CHECK(names_in(set) == Names{"postgresql.crt", "postgresql.key", "root.crt"});
  CHECK(set.at("postgresql.crt").role == FileRole::certificate);
  CHECK(set.at("postgresql.key").role == FileRole::key);
  CHECK(set.at("root.crt").role == FileRole::trust);
}

TEST_CASE("what is written for a holder of the key is the same without it", "[export]") {
  const Credential credential = client();
  const FileSet whole = exporter::libpq(credential, "demo_");
  const FileSet set = exporter::libpq(credential.chain(), credential.roots(), "demo_");
  CHECK(names_in(set) == Names{"demo_postgresql.crt", "demo_root.crt"});
  CHECK(text_of(set.at("demo_postgresql.crt").octets.reveal()) == text_of(whole.at("demo_postgresql.crt").octets.reveal()));
  CHECK(text_of(set.at("demo_root.crt").octets.reveal()) == text_of(whole.at("demo_root.crt").octets.reveal()));
  check_refused([&] { return exporter::libpq({}, credential.roots()); }, Errc::invalid_argument, "without a key");
  check_refused([&] { return exporter::libpq(credential.chain(), {}); }, Errc::invalid_argument, "at least one root");
}

TEST_CASE("what is written for a server is the certificate, the key and the roots, each in its role", "[export]") {
  const FileSet set = exporter::server(server());
  CHECK(names_in(set) == Names{"server.crt", "server.key", "root.crt"});
  CHECK(set.at("server.crt").role == FileRole::certificate);
  CHECK(set.at("server.key").role == FileRole::key);
  CHECK(set.at("root.crt").role == FileRole::trust);
}

TEST_CASE("what is written for pgjdbc besides is the key alone", "[export]") {
  const FileSet set = exporter::jdbc(client());
  CHECK(names_in(set) == Names{"postgresql.pk8"});
  CHECK(set.at("postgresql.pk8").role == FileRole::key);
}

TEST_CASE("a .p12 and a Kubernetes secret stand alone, and are secret", "[export]") {
  CHECK(exporter::pkcs12(client(), SecretBytes{"swordfish"}).at("postgresql.p12").role == FileRole::other);
  CHECK(exporter::kubernetes(client(), "acme").at("secret.yaml").role == FileRole::other);
}

TEST_CASE("on the disk every key and every file with one is 0600, certificates and roots are 0644", "[export]") {
  const TemporaryFolder folder;
  const Credential credential = client();
  files::write(folder.path(), exporter::libpq(credential) + exporter::jdbc(credential) +
                                  exporter::pkcs12(credential, SecretBytes{"swordfish"}) +
                                  exporter::kubernetes(credential, "acme"));
  const auto [name, mode] = GENERATE(table<std::string, unsigned>({{"postgresql.crt", 0644U},
                                                                   {"postgresql.key", 0600U},
                                                                   {"postgresql.pk8", 0600U},
                                                                   {"postgresql.p12", 0600U},
                                                                   {"root.crt", 0644U},
                                                                   {"secret.yaml", 0600U}}));
  INFO(name);
  CHECK(mode_of(folder.path() / name) == mode);
}

TEST_CASE("the chain file holds the leaf first, then its intermediates, and no root", "[export]") {
  const Credential credential = client_of_an_intermediate();
  CHECK(subjects_in(text_in(exporter::libpq(credential), "postgresql.crt")) == Names{"CN = app", "CN = Test Intermediate"});
  CHECK(subjects_in(text_in(exporter::libpq(credential), "root.crt")) == Names{"CN = Test Root"});
  CHECK(subjects_in(text_in(exporter::server(credential), "server.crt")) == Names{"CN = app", "CN = Test Intermediate"});
  CHECK(subjects_in(text_in(exporter::server(credential), "root.crt")) == Names{"CN = Test Root"});
  // Without an intermediate there is the leaf alone.
  CHECK(subjects_in(text_in(exporter::libpq(client()), "postgresql.crt")) == Names{"CN = app"});
}

TEST_CASE("root.crt holds every root that is trusted, in their order", "[export]") {
  const Credential credential = client_of_two_roots();
  const auto roots = subjects_in(text_in(exporter::libpq(credential), "root.crt"));
  REQUIRE(roots.size() == 2);
  CHECK_THAT(roots[0], StartsWith("CN = acme G1 "));
  CHECK_THAT(roots[1], StartsWith("CN = acme G2 "));
  CHECK(text_in(exporter::server(credential), "root.crt") == text_in(exporter::libpq(credential), "root.crt"));
  CHECK(blocks_in(text_in(exporter::libpq(credential), "postgresql.crt")) == 1);
}

TEST_CASE("each certificate of a file ends its line, so that files can be put together", "[export]") {
  const std::string pem = text_in(exporter::libpq(client_of_an_intermediate()), "postgresql.crt");
  CHECK(blocks_in(pem) == 2);
  CHECK(pem.ends_with("\n-----END CERTIFICATE-----\n"));
  CHECK_THAT(pem, ContainsSubstring("\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n"));
  CHECK(pem.find('\r') == std::string::npos);
}

TEST_CASE("the key is that of the leaf, in PKCS#8 without a passphrase: PEM for libpq, DER for pgjdbc", "[export]") {
  const auto algorithm = GENERATE(KeyAlgorithm::ecdsa_p256(), KeyAlgorithm::rsa_2048(), KeyAlgorithm::ed25519());
  const Credential credential = client(algorithm);
  const FileSet set = exporter::libpq(credential) + exporter::jdbc(credential);
  const std::string pem = text_in(set, "postgresql.key");
  CHECK(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
  CHECK(pem.ends_with("-----END PRIVATE KEY-----\n"));
  CHECK(blocks_in(pem) == 1);
  CHECK(public_half_of_key(pem) == public_half_of_leaf(text_in(set, "postgresql.crt")));

  const TemporaryFolder folder;
  files::write(folder.path(), set);
  const std::string pk8 = (folder.path() / "postgresql.pk8").string();
  CHECK(openssl({"pkcs8", "-inform", "DER", "-nocrypt", "-in", pk8}) == pem);
  // To the last octet: a trailing one makes some readers refuse it, and others not notice.
  CHECK((openssl({"pkcs8", "-topk8", "-nocrypt", "-outform", "DER"}, pem) == read_file(pk8)));
}

TEST_CASE("the server's key is that of its certificate", "[export]") {
  const FileSet set = exporter::server(server());
  CHECK(public_half_of_key(text_in(set, "server.key")) == public_half_of_leaf(text_in(set, "server.crt")));
}

TEST_CASE("openssl verifies the leaf with what is in the files and nothing else", "[export]") {
  const bool intermediate = GENERATE(false, true);
  const TemporaryFolder folder;
  files::write(folder.path(), exporter::libpq(intermediate ? client_of_an_intermediate() : client()));
  const auto at = [&folder](const char* name) { return (folder.path() / name).string(); };
  const Outcome outcome = run({"openssl", "verify", "-x509_strict", "-no_check_time", "-purpose", "sslclient", "-no-CApath",
                               "-no-CAstore", "-CAfile", at("root.crt"), "-untrusted", at("postgresql.crt"), at("postgresql.crt")});
  INFO(outcome.err);
  CHECK(outcome.out == at("postgresql.crt") + ": OK\n");
}

TEST_CASE("a prefix stands before every name", "[export]") {
  const auto prefix = GENERATE("acme-"s, "sales."s, "a b "s, "b\xC3\xBC"s, "."s, ".."s, "-"s);
  const Credential credential = client();
  CHECK(names_in(exporter::libpq(credential, prefix)) ==
        Names{prefix + "postgresql.crt", prefix + "postgresql.key", prefix + "root.crt"});
  CHECK(names_in(exporter::jdbc(credential, prefix)) == Names{prefix + "postgresql.pk8"});
  CHECK(names_in(exporter::pkcs12(credential, SecretBytes{"swordfish"}, prefix)) == Names{prefix + "postgresql.p12"});
  CHECK(names_in(exporter::kubernetes(credential, "acme", prefix)) == Names{prefix + "secret.yaml"});
}

TEST_CASE("a prefix that leads to another folder is refused, and the error says where the folder goes", "[export]") {
  const auto [prefix, shown] = GENERATE(table<std::string, std::string>({
      {"/", "/"},
      {"acme/", "acme/"},
      {"../", "../"},
      {"/etc/ssl/", "/etc/ssl/"},
      {"a/b", "a/b"},
      {"acme\0"s, "acme\\x00"},
      {"\0"s, "\\x00"},
  }));
  const Credential credential = client();
  const std::string& given = prefix;
  const std::string why = "prefix \"" + shown + "\": may not hold a slash or a NUL; the folder goes separately";
  INFO(shown);
  check_refused([&] { return exporter::libpq(credential, given); }, Errc::invalid_argument, why);
  check_refused([&] { return exporter::jdbc(credential, given); }, Errc::invalid_argument, why);
  check_refused([&] { return exporter::pkcs12(credential, SecretBytes{"swordfish"}, given); }, Errc::invalid_argument, why);
  check_refused([&] { return exporter::kubernetes(credential, "acme", given); }, Errc::invalid_argument, why);
}
