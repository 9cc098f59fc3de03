// What we do not issue, before verifiers of others: why a certificate is made just as it is. Each case is one thing wrong, and says
// who notices and who does not.
#include <functional>

#include "support/certificate_builder.h"
#include "support/child.h"
#include "support/text.h"
#include "verifiers.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

const Instant kMade = instant("2026-11-24T10:00:00Z");
const Instant kLater = instant("2027-03-01T00:00:00Z");

// A root and a leaf of it, good until a test changes them and writes them.
struct Built : ChainOnDisk {
  TestCa root = test_root("acme G1", kMade);
  PrivateKey leaf_key = PrivateKey::generate();
  CertificateParts leaf;

  explicit Built(Purpose purpose)
      : leaf(purpose == Purpose::server ? server_parts({"localhost"}, leaf_key.public_key(), root, kMade)
                                        : client_parts("app", leaf_key.public_key(), root, kMade)) {}
  void write() const {
    write_file(certificate(), certificate_of(leaf, root.key).pem());
    write_file(key(), text_of(leaf_key.pkcs8_pem().reveal()));
    write_file(roots(), certificate_of(root.parts, root.key).pem());
  }
};

}  // namespace

TEST_CASE("openssl in its strict mode names each identifier and each mark that is missing", "[refusals]") {
  auto [error, change] = GENERATE(table<std::string, std::function<void(Built&)>>({
      {"error 85 at 0 depth lookup: Missing Authority Key Identifier", [](Built& chain) { chain.leaf.remove(id::kAuthorityKey); }},
      {"error 86 at 1 depth lookup: Missing Subject Key Identifier",
       [](Built& chain) { chain.root.parts.remove(id::kSubjectKey); }},
      {"error 89 at 1 depth lookup: Basic Constraints of CA cert not marked critical",
       [](Built& chain) { chain.root.parts.set(id::kBasicConstraints, basic_constraints(asn1::boolean(), Critical::no)); }},
      {"error 92 at 1 depth lookup: CA cert does not include key usage extension",
       [](Built& chain) { chain.root.parts.remove(id::kKeyUsage); }},
  }));
  Built chain{Purpose::server};
  chain.write();
  CHECK(openssl(chain, Purpose::server, kLater) == "accepted");
  change(chain);
  chain.write();
  CHECK_THAT(openssl(chain, Purpose::server, kLater), ContainsSubstring(error));
}

TEST_CASE("a key identifier that is not the root's: all refuse the chain but Go, which does not notice", "[refusals]") {
  Built chain{Purpose::server};
  chain.leaf.set(id::kAuthorityKey, authority_key(Bytes(20, 0x5A)));
  chain.write();
  CHECK_THAT(openssl(chain, Purpose::server, kLater),
             ContainsSubstring("error 20 at 0 depth lookup: unable to get local issuer certificate"));
  CHECK_THAT(gnutls(chain, Purpose::server, kLater), ContainsSubstring("Not verified") && ContainsSubstring("issuer is unknown"));
  CHECK_THAT(nss(chain, Purpose::server, kLater), ContainsSubstring("Chain is bad!"));
  CHECK_THAT(pkix(chain, Purpose::server, kLater), StartsWith("refused: "));
  CHECK_THAT(go(chain, Purpose::server, kLater), StartsWith("accepted: "));
}

TEST_CASE("NSS takes no second certificate of one issuer and serial", "[refusals]") {
  Built chain{Purpose::client};
  chain.write();
  const std::string database = nss_database(chain, {chain.roots()});
  const auto add = [&chain, &database](const std::string& nickname) {
    return run({"certutil", "-A", "-d", database, "-n", nickname, "-t", ",,", "-a", "-i", chain.certificate()});
  };
  CHECK(add("first").exit_code == 0);
  chain.leaf.subject = common_name("another");
  chain.write();
  CHECK_THAT(add("second").err, ContainsSubstring("SEC_ERROR_REUSED_ISSUER_AND_SERIAL"));
}

TEST_CASE("NSS takes the list of only one of two roots of one name", "[refusals][crl]") {
  const Instant now = SystemClock{}.now();  // crlutil knows no other time
  const ChainOnDisk place;
  std::vector<std::string> roots;
  std::vector<std::string> lists;
  for (const std::string name : {"first", "second"}) {
    const TestCa root = test_root("acme G1", now);
    roots.push_back((place.folder.path() / (name + ".crt")).string());
    lists.push_back((place.folder.path() / (name + ".crl")).string());
    write_file(roots.back(), root.certificate.pem());
    write_file(lists.back(), text_of(ByteView{crl_of(root, now)}));
  }
  const std::string database = nss_database(place, roots);
  const Outcome first = run({"crlutil", "-I", "-d", database, "-i", lists[0]});
  const Outcome second = run({"crlutil", "-I", "-d", database, "-i", lists[1]});
  CHECK((first.exit_code == 0) != (second.exit_code == 0));
  CHECK_THAT(first.err + second.err, ContainsSubstring("SEC_ERROR_CRL_BAD_SIGNATURE"));
}

TEST_CASE("a signature with SHA-1 is refused by GnuTLS and Go, and by openssl at its level 2 alone", "[refusals]") {
  Built chain{Purpose::server};
  chain.leaf.signature = signature_algorithm(chain.root.key, "SHA1");
  chain.leaf.digest = "SHA1";
  chain.write();
  CHECK(openssl(chain, Purpose::server, kLater, {"-auth_level", "0"}) == "accepted");
  CHECK_THAT(openssl(chain, Purpose::server, kLater, {"-auth_level", "2"}),
             ContainsSubstring("CA signature digest algorithm too weak"));
  CHECK_THAT(gnutls(chain, Purpose::server, kLater), ContainsSubstring("Not verified") && ContainsSubstring("insecure algorithm"));
  CHECK_THAT(go(chain, Purpose::server, kLater), StartsWith("refused: ") && ContainsSubstring("insecure algorithm ECDSA-SHA1"));
}

TEST_CASE("a client's certificate with both purposes stands as a server before every verifier", "[refusals]") {
  Built chain{Purpose::client};
  chain.leaf.set(id::kPurpose, purposes({id::kServerAuth, id::kClientAuth}));
  chain.write();
  CHECK(openssl(chain, Purpose::server, kLater) == "accepted");
  CHECK(gnutls(chain, Purpose::server, kLater) == kGnutlsTrusts);
  CHECK_THAT(nss(chain, Purpose::server, kLater), ContainsSubstring("Chain is good!"));
  CHECK_THAT(pkix(chain, Purpose::server, kLater), StartsWith("accepted: "));
  CHECK_THAT(go(chain, Purpose::server, kLater), StartsWith("accepted: "));
}

TEST_CASE("a server without a subjectAltName is known by its common name to openssl, and not to Go", "[refusals]") {
  Built chain{Purpose::server};
  chain.leaf.remove(id::kAlternativeName);
  chain.write();
  CHECK(openssl(chain, Purpose::server, kLater, {"-verify_hostname", "localhost"}) == "accepted");
  CHECK(go(chain, Purpose::server, kLater, {"-host", "localhost"}) ==
        "refused: x509: certificate relies on legacy Common Name field, use SANs instead\n");
}

TEST_CASE("openssl reads no SEC1 and no PKCS#1 where a PKCS#8 is asked for", "[refusals]") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "key").string();
  const auto pem = data_path(GENERATE("keys/good/p256-sec1.pem", "keys/good/rsa2048-pkcs1.pem"));
  const auto read = [&file] { return run({"openssl", "pkcs8", "-inform", "DER", "-nocrypt", "-in", file}).exit_code; };
  REQUIRE(run({"openssl", "asn1parse", "-in", pem.string(), "-noout", "-out", file}).exit_code == 0);  // what is in the PEM
  CHECK(read() == 1);
  write_file(file, text_of(pkcs8_der_from_pem(read_file(pem)).reveal()));
  CHECK(read() == 0);
}
