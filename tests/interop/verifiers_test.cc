// What we issue before verifiers of others: chains of fixed dates at a fixed time. refusals_test.cc shows them what we do not
// issue.
#include <spaceca/exporter.h>
#include <spaceca/files.h>
#include <spaceca/issuer.h>

#include "java.h"
#include "support/child.h"
#include "support/files.h"
#include "support/text.h"
#include "verifiers.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

struct Issued : ChainOnDisk {
  Issuer root;
  Credential leaf;

  Issued(const std::string& root_key, const std::string& leaf_key, Purpose purpose, Instant now)
      : root(Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::generate(KeyAlgorithm{root_key}), now)),
        leaf(purpose == Purpose::server
                 ? root.issue_with_key(ServerSubject{.hosts = {HostName{"localhost"}, HostName{"127.0.0.1"}, HostName{"::1"}}}, now,
                                       KeyAlgorithm{leaf_key})
                 : root.issue_with_key(ClientSubject{.role = RoleName{"app"}, .database = DatabaseName{"orders"}}, now,
                                       KeyAlgorithm{leaf_key})) {
    files::write(folder.path(), exporter::libpq(leaf));
  }
};

const Instant kMade = instant("2026-11-24T10:00:00Z");
const Instant kLater = instant("2027-03-01T00:00:00Z");

}  // namespace

TEST_CASE("every verifier takes every kind of chain that we issue", "[verifiers]") {
  auto [root_key, leaf_key] = GENERATE(table<std::string, std::string>({
      {"ecdsa-p256", "ecdsa-p256"},
      {"ecdsa-p384", "ecdsa-p256"},
      {"rsa-2048", "rsa-2048"},
      {"rsa-4096", "rsa-3072"},
      {"ecdsa-p256", "rsa-4096"},
  }));
  const Purpose purpose = GENERATE(Purpose::server, Purpose::client);
  INFO(leaf_key << " under " << root_key << (purpose == Purpose::server ? ", server" : ", client"));
  const Issued chain{root_key, leaf_key, purpose, kMade};
  CHECK(openssl(chain, purpose, kLater) == "accepted");
  CHECK(gnutls(chain, purpose, kLater) == kGnutlsTrusts);
  CHECK_THAT(nss(chain, purpose, kLater), ContainsSubstring("Chain is good!"));
  CHECK_THAT(pkix(chain, purpose, kLater), StartsWith("accepted: serial=" + chain.leaf.certificate().serial().hex() +
                                                      " notBefore=2026-11-24T09:55:00Z notAfter=2027-12-24T10:00:00Z"));
  CHECK(go(chain, purpose, kLater) ==
        "accepted: serial=" + chain.leaf.certificate().serial().hex() + " notAfter=2027-12-24T10:00:00Z\n");
}

TEST_CASE("an Ed25519 client is taken by all but NSS, which does not know the kind", "[verifiers]") {
  const Issued chain{"ecdsa-p256", "ed25519", Purpose::client, kMade};
  CHECK(openssl(chain, Purpose::client, kLater) == "accepted");
  CHECK(gnutls(chain, Purpose::client, kLater) == kGnutlsTrusts);
  CHECK_THAT(pkix(chain, Purpose::client, kLater), StartsWith("accepted: "));
  CHECK_THAT(go(chain, Purpose::client, kLater), StartsWith("accepted: "));
}

TEST_CASE("no verifier takes a server's certificate for a client's, or the other way round", "[verifiers]") {
  auto [issued, asked] =
      GENERATE(table<Purpose, Purpose>({{Purpose::server, Purpose::client}, {Purpose::client, Purpose::server}}));
  const Issued chain{"ecdsa-p256", "ecdsa-p256", issued, kMade};
  CHECK_THAT(openssl(chain, asked, kLater), ContainsSubstring("error 26 at 0 depth lookup: unsuitable certificate purpose"));
  CHECK_THAT(gnutls(chain, asked, kLater),
             ContainsSubstring("Not verified") && ContainsSubstring("does not match the intended purpose"));
  CHECK_THAT(nss(chain, asked, kLater),
             ContainsSubstring("Chain is bad!") && ContainsSubstring("Certificate type not approved for application"));
  CHECK_THAT(pkix(chain, asked, kLater), StartsWith("refused: extended key usage"));
  CHECK(go(chain, asked, kLater) == "refused: x509: certificate specifies an incompatible key usage\n");
}

TEST_CASE("no verifier takes a chain of another root of the same space name", "[verifiers]") {
  const Issued chain{"ecdsa-p256", "ecdsa-p256", Purpose::server, kMade};
  const Issued other{"ecdsa-p256", "ecdsa-p256", Purpose::server, kMade};
  write_file(chain.roots(), other.root.certificate().pem());
  CHECK_THAT(openssl(chain, Purpose::server, kLater),
             ContainsSubstring("error 20 at 0 depth lookup: unable to get local issuer certificate"));
  CHECK_THAT(gnutls(chain, Purpose::server, kLater), ContainsSubstring("Not verified") && ContainsSubstring("issuer is unknown"));
  CHECK_THAT(nss(chain, Purpose::server, kLater),
             ContainsSubstring("Chain is bad!") && ContainsSubstring("issuer is not recognized"));
  CHECK_THAT(pkix(chain, Purpose::server, kLater), StartsWith("refused: Path does not chain with any of the trust anchors"));
  CHECK(go(chain, Purpose::server, kLater) == "refused: x509: certificate signed by unknown authority\n");
}

TEST_CASE("names and addresses of a server are matched, and others are not", "[verifiers]") {
  const Issued chain{"ecdsa-p256", "ecdsa-p256", Purpose::server, kMade};
  for (const std::string host : {"localhost", "127.0.0.1", "::1"}) {
    INFO(host);
    CHECK(openssl(chain, Purpose::server, kLater, {host == "localhost" ? "-verify_hostname" : "-verify_ip", host}) == "accepted");
    CHECK(gnutls(chain, Purpose::server, kLater, {"--verify-hostname", host}) == kGnutlsTrusts);
    CHECK_THAT(go(chain, Purpose::server, kLater, {"-host", host}), StartsWith("accepted: "));
  }
  CHECK_THAT(openssl(chain, Purpose::server, kLater, {"-verify_hostname", "db.example"}), ContainsSubstring("hostname mismatch"));
  CHECK_THAT(openssl(chain, Purpose::server, kLater, {"-verify_ip", "127.0.0.2"}), ContainsSubstring("IP address mismatch"));
  CHECK_THAT(gnutls(chain, Purpose::server, kLater, {"--verify-hostname", "db.example"}),
             ContainsSubstring("does not match the expected"));
  CHECK(go(chain, Purpose::server, kLater, {"-host", "db.example"}) ==
        "refused: x509: certificate is valid for localhost, not db.example\n");
  CHECK(go(chain, Purpose::server, kLater, {"-host", "127.0.0.2"}) ==
        "refused: x509: certificate is valid for 127.0.0.1, ::1, not 127.0.0.2\n");
}

TEST_CASE("all verifiers agree about the first and the last second, OpenSSL excepting the very last", "[verifiers]") {
  const Issued chain{"ecdsa-p256", "ecdsa-p256", Purpose::client, kMade};  // 2026-11-24 09:55:00 to 2027-12-24 10:00:00
  const Instant first = instant("2026-11-24T09:55:00Z");
  const Instant last = instant("2027-12-24T10:00:00Z");
  const std::chrono::seconds second{1};
  for (const Instant inside : {first, last - second}) {
    CHECK(openssl(chain, Purpose::client, inside) == "accepted");
    CHECK_THAT(pkix(chain, Purpose::client, inside), StartsWith("accepted: "));
    CHECK_THAT(go(chain, Purpose::client, inside), StartsWith("accepted: "));
  }
  CHECK_THAT(pkix(chain, Purpose::client, last), StartsWith("accepted: "));
  CHECK_THAT(go(chain, Purpose::client, last), StartsWith("accepted: "));
  CHECK_THAT(openssl(chain, Purpose::client, first - second), ContainsSubstring("certificate is not yet valid"));
  CHECK_THAT(openssl(chain, Purpose::client, last + second), ContainsSubstring("certificate has expired"));
  CHECK_THAT(pkix(chain, Purpose::client, first - second), StartsWith("refused: validity check failed"));
  CHECK_THAT(pkix(chain, Purpose::client, last + second), StartsWith("refused: validity check failed"));
  CHECK_THAT(go(chain, Purpose::client, first - second), StartsWith("refused: x509: certificate has expired or is not yet valid"));
  CHECK_THAT(go(chain, Purpose::client, last + second), StartsWith("refused: x509: certificate has expired or is not yet valid"));
}

TEST_CASE("dates around the turn to 2050 are read by all", "[verifiers]") {
  auto [made, at, not_after] = GENERATE(table<std::string, std::string, std::string>({
      {"2048-11-30T23:59:59Z", "2049-06-01T00:00:00Z", "2049-12-30T23:59:59Z"},  // two UTCTimes
      {"2049-06-01T00:00:00Z", "2049-12-31T00:00:00Z", "2050-07-01T00:00:00Z"},  // UTCTime and GeneralizedTime
      {"2050-03-01T00:00:00Z", "2050-06-01T00:00:00Z", "2051-04-01T00:00:00Z"},  // two GeneralizedTimes
  }));
  const Issued chain{"ecdsa-p256", "ecdsa-p256", Purpose::server, instant(made)};
  const Instant now = instant(at);
  CHECK(openssl(chain, Purpose::server, now) == "accepted");
  CHECK(gnutls(chain, Purpose::server, now) == kGnutlsTrusts);
  if (at < "2050") {
    CHECK_THAT(nss(chain, Purpose::server, now), ContainsSubstring("Chain is good!"));  // vfychain's -b ends with 2049
  }
  CHECK_THAT(pkix(chain, Purpose::server, now), ContainsSubstring("notAfter=" + not_after));
  CHECK_THAT(go(chain, Purpose::server, now), ContainsSubstring("notAfter=" + not_after));
}

TEST_CASE("the smallest and the largest first octet of a serial are read by all as they are", "[verifiers]") {
  auto [serial, keytool] = GENERATE(table<std::string, std::string>({
      {"01000000000000000000000000000080", "Serial number: 1000000000000000000000000000080\n"},
      {"7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "Serial number: 7fffffffffffffffffffffffffffffff\n"},
  }));
  Issued chain{"ecdsa-p256", "ecdsa-p256", Purpose::client, kMade};
  const Certificate leaf = chain.root.issue(ClientSubject{.role = RoleName{"app"}}, chain.leaf.key().public_key(), kMade,
                                            Serial{std::string_view{serial}});
  write_file(chain.certificate(), leaf.pem());
  CHECK(openssl(chain, Purpose::client, kLater) == "accepted");
  CHECK(run({"openssl", "x509", "-in", chain.certificate(), "-noout", "-serial"}).out == "serial=" + serial + "\n");
  CHECK(gnutls(chain, Purpose::client, kLater) == kGnutlsTrusts);
  CHECK_THAT(nss(chain, Purpose::client, kLater), ContainsSubstring("Chain is good!"));
  CHECK_THAT(pkix(chain, Purpose::client, kLater), StartsWith("accepted: serial=" + serial + " "));
  CHECK_THAT(go(chain, Purpose::client, kLater), StartsWith("accepted: serial=" + serial + " "));
  CHECK_THAT(run({"keytool", "-J-Duser.language=en", "-printcert", "-file", chain.certificate()}).out, ContainsSubstring(keytool));
}

TEST_CASE("Java's key store finds the alias user with its key and chain, and only with the password", "[verifiers]") {
  const std::string algorithm = GENERATE("ecdsa-p256", "rsa-2048", "ed25519");
  const Issued chain{"ecdsa-p256", algorithm, Purpose::client, kMade};
  FileSet set = exporter::pkcs12(chain.leaf, SecretBytes{std::string_view{"right"}});
  set.add({"right", FileRole::other, SecretBytes{std::string_view{"right"}}});
  set.add({"wrong", FileRole::other, SecretBytes{std::string_view{"wrong"}}});
  files::write(chain.folder.path(), set);
  const std::string store = (chain.folder.path() / "postgresql.p12").string();
  const auto probe = [&](const std::string& password) {
    return java("PkixProbe", {"--pkcs12", store, "--password-file", (chain.folder.path() / password).string()}).out;
  };
  const std::string kind = algorithm == "ecdsa-p256" ? "EC" : algorithm == "rsa-2048" ? "RSA" : "EdDSA";
  CHECK(probe("right") == "accepted: alias=user chain=1 key=" + kind + "\n");
  CHECK_THAT(probe("wrong"), StartsWith("refused: keystore password was incorrect"));
  const auto list = run({"keytool", "-J-Duser.language=en", "-list", "-alias", "user", "-storetype", "PKCS12", "-keystore", store,
                         "-storepass:file", (chain.folder.path() / "right").string()});
  CHECK(list.exit_code == 0);
  CHECK_THAT(list.out, StartsWith("user, ") && ContainsSubstring("PrivateKeyEntry"));
}

TEST_CASE("Java reads the .pk8 and writes the same octets", "[verifiers]") {
  auto [algorithm, asked, named] =
      GENERATE(table<std::string, std::string, std::string>({{"rsa-2048", "RSA", "RSA"}, {"ed25519", "Ed25519", "EdDSA"}}));
  const Issued chain{"ecdsa-p256", algorithm, Purpose::client, kMade};
  files::write(chain.folder.path(), exporter::jdbc(chain.leaf));
  CHECK(java("PkixProbe", {"--pk8", (chain.folder.path() / "postgresql.pk8").string(), "--algorithm", asked}).out ==
        "accepted: key=" + named + " roundtrip=same\n");
}

TEST_CASE("NSS, GnuTLS, node and Python open the .p12, and only with the password", "[verifiers]") {
  const Issued chain{"ecdsa-p256", GENERATE("ecdsa-p256", "rsa-2048"), Purpose::client, kMade};
  FileSet set = exporter::pkcs12(chain.leaf, SecretBytes{std::string_view{"right"}});
  set.add({"right", FileRole::other, SecretBytes{std::string_view{"right"}}});
  set.add({"wrong", FileRole::other, SecretBytes{std::string_view{"wrong"}}});
  files::write(chain.folder.path(), set);
  const std::string store = (chain.folder.path() / "postgresql.p12").string();
  const std::vector<std::vector<std::string>> readers = {
      {"pk12util", "-l", store, "-w"},
      {"sh", "-c", "certtool --p12-info --inder --infile \"$0\" --password \"$(cat \"$1\")\" | grep 'BEGIN CERTIFICATE'", store},
      {"node", "-e",
       "const [store, password] = process.argv.slice(1).map((name) => require('fs').readFileSync(name));"
       "require('tls').createSecureContext({pfx: store, passphrase: password.toString()});",
       store},
      {"/usr/bin/python3", "-c",
       "import sys; from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12\n"
       "store, password = (open(name, 'rb').read() for name in sys.argv[1:])\n"
       "assert load_pkcs12(store, password).cert.friendly_name == b'user'",
       store},
  };
  for (std::vector<std::string> reader : readers) {
    INFO(reader.front());
    reader.push_back((chain.folder.path() / "right").string());
    const Outcome opened = run(reader);
    INFO(opened.out << opened.err);
    CHECK(opened.exit_code == 0);
    reader.back() = (chain.folder.path() / "wrong").string();
    CHECK(run(reader).exit_code != 0);
  }
}

TEST_CASE("GnuTLS, NSS and Java take our lists in PEM and DER, and GnuTLS and Java no list of another root", "[verifiers][crl]") {
  const Instant now = SystemClock{}.now();  // crlutil knows no other time
  const Issued chain{"ecdsa-p256", "ecdsa-p256", Purpose::client, now};
  const Issued other{"ecdsa-p256", "ecdsa-p256", Purpose::client, now};
  const Crl list = chain.root.crl({{chain.leaf.certificate().serial(), now}}, {.number = 1}, now);
  const auto file = [&chain](const std::string& name, std::string_view content) {
    write_file(chain.folder.path() / name, content);
    return (chain.folder.path() / name).string();
  };
  const std::string pem = file("root.crl.pem", list.pem());
  const std::string der = file("root.crl.der", text_of(list.der()));
  const std::string root_der = file("root.crt.der", text_of(chain.root.certificate().der()));
  CHECK_THAT(run({"certtool", "--verify-crl", "--load-ca-certificate", chain.roots(), "--infile", pem}).out,
             ContainsSubstring("Verification output: Verified. The certificate is trusted."));
  CHECK_THAT(run({"certtool", "--verify-crl", "--inder", "--load-ca-certificate", root_der, "--infile", der}).out,
             ContainsSubstring("Verification output: Verified. The certificate is trusted."));
  CHECK_THAT(run({"certtool", "--verify-crl", "--load-ca-certificate", other.roots(), "--infile", pem}).out,
             ContainsSubstring("Verification output: Not verified."));
  const auto reads = [](const std::string& crl, const std::string& roots) {
    return java("PkixProbe", {"--crl", crl, "--root", roots}).out;
  };
  const std::string says = "accepted: entries=1 first=" + chain.leaf.certificate().serial().hex() + "\n";
  CHECK(reads(pem, chain.roots()) == says);
  CHECK(reads(der, chain.roots()) == says);
  CHECK_THAT(reads(der, other.roots()), StartsWith("refused: "));
  const std::string database = nss_database(chain, {chain.roots()});
  CHECK(run({"crlutil", "-I", "-d", database, "-i", der}).exit_code == 0);
  CHECK_THAT(run({"crlutil", "-L", "-d", database, "-n", chain.roots()}).out, ContainsSubstring("Serial Number"));
}
