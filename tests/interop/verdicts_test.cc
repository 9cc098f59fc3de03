// What verify() predicts is what happens: the same chains and lists are shown to a real PostgreSQL by psql, and to psql by a real
// PostgreSQL, and the first finding's words are looked for in what the user sees.
#include <chrono>
#include <functional>
#include <thread>

#include <fmt/format.h>

#include <spaceca/verify.h>

#include "support/certificate_builder.h"
#include "support/child.h"
#include "support/files.h"
#include "support/postgres.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using namespace spaceca::test::asn1;
using Catch::Matchers::ContainsSubstring;

namespace {

// The server and psql read the machine's clock.
const Instant kNow = SystemClock{}.now();

std::string pem_of(const std::vector<Certificate>& certificates) {
  std::string pem;
  for (const Certificate& certificate : certificates) pem += certificate.pem();
  return pem;
}

std::string pem_of_lists(const std::vector<Bytes>& lists) {
  std::string pem;
  for (const Bytes& list : lists) {
    pem += run({"openssl", "crl", "-inform", "DER"}, {.input = std::string{text_of(ByteView{list})}}).out;
  }
  return pem;
}

FileSet server_files(const std::string& certificates, const PrivateKey& key, const std::string& roots) {
  FileSet files;
  files.add({"root.crt", FileRole::trust, SecretBytes{std::string_view{roots}}});
  files.add({"server.key", FileRole::key, key.pkcs8_pem()});
  files.add({"server.crt", FileRole::certificate, SecretBytes{std::string_view{certificates}}});
  return files;
}

// A row is a chain of three and its lists, and what is done to them before they are signed.
struct Scene {
  TestCa root = test_root("acme G1", kNow);
  TestCa middle = test_intermediate("acme G1 sub", root, kNow);
  CertificateParts leaf;
  std::vector<Certificate> anchors{root.certificate};
  Chain above{middle.certificate};  // what is sent with the leaf
  bool by_other_key = false;        // signs the leaf
  std::vector<Bytes> lists = {};

  [[nodiscard]] Serial serial_of_leaf() const { return certificate_of(leaf, middle.key).serial(); }
  void renew_root() {
    root.certificate = certificate_of(root.parts, root.key);
    anchors = {root.certificate};
  }
  void renew_middle() {
    middle.certificate = certificate_of(middle.parts, root.key);
    above = {middle.certificate};
  }
  [[nodiscard]] Chain chain() const {
    Chain chain{certificate_of(leaf, by_other_key ? root.key : middle.key)};
    chain.insert(chain.end(), above.begin(), above.end());
    return chain;
  }
};

// What PostgreSQL makes of a row's finding.
enum class Acted {
  yes,
  no,          // it lets in all the same
  by_version,  // that of OpenSSL decides, and the finding need not be the first
};

struct Row {
  std::string rule;  // that is first; empty if all is well
  std::function<void(Scene&)> change;
  Acted acted = Acted::yes;
};

CrlParts with(CrlParts parts, const Bytes& extension) {
  parts.extensions.push_back(extension);
  return parts;
}

std::vector<Bytes> lists_of(const Scene& s, const CrlParts& of_root, const CrlParts& of_middle) {
  return {signed_by(s.root.key, of_root), signed_by(s.middle.key, of_middle)};
}

const Bytes kIdp =
    extension("2.5.29.28", Critical::yes,
              sequence({context_constructed(0, context_constructed(0, context(6, bytes_of("http://ca.example/1.crl"))))}));
const Bytes kStranger = extension("1.3.6.1.4.1.99999.1", Critical::yes, null());

const std::vector<Row> kChains = {
    {"", [](Scene&) {}},
    {"chain-incomplete", [](Scene& s) { s.above = {}; }},
    {"", [](Scene& s) { s.anchors.push_back(s.middle.certificate), s.above = {}; }},
    {"chain-incomplete", [](Scene& s) { s.anchors = {s.middle.certificate}; }},
    {"chain-incomplete", [](Scene& s) { s.anchors = {test_root("other G1", kNow).certificate}; }},
    {"chain-incomplete", [](Scene& s) { s.anchors = {test_root("acme G1", kNow).certificate}; }},
    {"root-unknown",
     [](Scene& s) {
       s.anchors = {test_root("other G1", kNow).certificate};
       s.above.push_back(s.root.certificate);
     }},
    {"signature", [](Scene& s) { s.by_other_key = true; }},
    {"expired", [](Scene& s) { s.leaf.validity = validity(kNow - std::chrono::days{9}, kNow - std::chrono::days{1}); }},
    {"not-yet-valid", [](Scene& s) { s.leaf.validity = validity(kNow + std::chrono::days{1}, kNow + std::chrono::days{9}); }},
    {"expired",
     [](Scene& s) {
       s.root.parts.validity = validity(kNow - std::chrono::days{9}, kNow - std::chrono::days{1});
       s.renew_root();
     }},
    {"purpose", [](Scene& s) { s.leaf.set(id::kPurpose, purposes({"1.3.6.1.5.5.7.3.8"})); }},
    {"", [](Scene& s) { s.leaf.remove(id::kPurpose); }},
    {"not-a-ca",
     [](Scene& s) {
       s.middle.parts.set(id::kBasicConstraints, basic_constraints({}));
       s.renew_middle();
     }},
    {"path-length",
     [](Scene& s) {
       s.root.parts.set(id::kBasicConstraints, basic_constraints(joined({boolean(), integer("00")})));
       s.renew_root();
     }},
    {"critical-extension", [](Scene& s) { s.leaf.extensions.push_back(kStranger); }},
    {"weak-digest",
     [](Scene& s) {
       s.leaf.signature = signature_algorithm(s.middle.key, "SHA1");
       s.leaf.digest = "SHA1";
     }},
};

const std::vector<Row> kLists = {
    {"", [](Scene& s) { s.lists = lists_of(s, crl_parts(s.root, kNow), crl_parts(s.middle, kNow)); }},
    {"revoked", [](Scene& s) { s.lists = lists_of(s, crl_parts(s.root, kNow), crl_parts(s.middle, kNow, {s.serial_of_leaf()})); }},
    {"revoked",
     [](Scene& s) { s.lists = lists_of(s, crl_parts(s.root, kNow, {s.middle.certificate.serial()}), crl_parts(s.middle, kNow)); }},
    {"crl-missing", [](Scene& s) { s.lists = {crl_of(s.middle, kNow)}; }},
    {"crl-missing", [](Scene& s) { s.lists = {crl_of(s.root, kNow)}; }},
    {"crl-expired",
     [](Scene& s) {
       s.lists = {crl_of(s.root, kNow), crl_of(s.middle, kNow - std::chrono::days{60})};
     }},
    {"crl-expired",
     [](Scene& s) {
       s.lists = {crl_of(s.root, kNow - std::chrono::days{60}), crl_of(s.middle, kNow)};
     }},
    {"crl-not-yet-valid",
     [](Scene& s) {
       s.lists = {crl_of(s.root, kNow), crl_of(s.middle, kNow + std::chrono::days{1})};
     }},
    {"crl-signature",
     [](Scene& s) {
       s.lists = {crl_of(s.root, kNow), signed_by(s.root.key, crl_parts(s.middle, kNow))};
     }},
    {"crl-issuing-distribution-point",
     [](Scene& s) { s.lists = lists_of(s, with(crl_parts(s.root, kNow), kIdp), crl_parts(s.middle, kNow)); }},
    {"crl-issuing-distribution-point",
     [](Scene& s) { s.lists = lists_of(s, crl_parts(s.root, kNow), with(crl_parts(s.middle, kNow), kIdp)); }},
    {"crl-critical-extension",
     [](Scene& s) { s.lists = lists_of(s, crl_parts(s.root, kNow), with(crl_parts(s.middle, kNow), kStranger)); }},
    {"crl-issuer-key-usage",
     [](Scene& s) {
       s.root.parts.set(id::kKeyUsage, key_usage(0x04, 2));
       s.renew_root();
       s.lists = lists_of(s, crl_parts(s.root, kNow), crl_parts(s.middle, kNow));
     }},
    {"crl-delta",
     [](Scene& s) {
       const Bytes delta = signed_by(s.middle.key, with(crl_parts(s.middle, kNow, {s.serial_of_leaf()}),
                                                        extension("2.5.29.27", Critical::yes, integer("01"))));
       s.lists = {crl_of(s.root, kNow), crl_of(s.middle, kNow - std::chrono::hours{1}), delta};
     },
     Acted::by_version},
    {"revoked-on-another-list",
     [](Scene& s) {
       s.lists = {crl_of(s.root, kNow), crl_of(s.middle, kNow - std::chrono::hours{2}, {s.serial_of_leaf()}),
                  crl_of(s.middle, kNow)};
     },
     Acted::no},
};

// Its files are changed and it is told to read them again, row by row.
class Server final {
 public:
  Server(const FileSet& files, const char* hba) : postgres_(files, hba), data_(postgres_.sql("show data_directory")) {}

  void serve(const std::string& file, const std::string& content) const { write_file(data_ / file, content); }
  // The postmaster logs the signal, and takes no connection before it has read all.
  void reload(const std::string& crl_file = "") const {
    const std::size_t before = logged("received SIGHUP");
    postgres_.sql(fmt::format("alter system set ssl_crl_file = '{}'; select pg_reload_conf()", crl_file));
    for (int i = 0; i < 500; ++i) {
      if (logged("received SIGHUP") > before) return;
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    throw std::runtime_error{"the server does not reload: " + postgres_.log()};
  }
  // What PostgreSQL cannot load it says in its log alone, and goes on with what it had.
  [[nodiscard]] bool loaded_all() const { return logged("SSL configuration was not reloaded") == 0; }
  [[nodiscard]] Outcome psql(const std::string& connection) const {
    return run({"psql", "-X", "-At", "-w", "-d",
                fmt::format("port={} dbname=app user=app connect_timeout=60 {}", postgres_.port(), connection), "-c", "select 1"},
               {.environment = {"HOME=/nonexistent"}});
  }

 private:
  [[nodiscard]] std::size_t logged(const std::string& words) const {
    const std::string log = postgres_.log();
    std::size_t count = 0;
    for (std::size_t at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) ++count;
    return count;
  }

  Postgres postgres_;
  std::filesystem::path data_;
};

void check_outcome(const Outcome& outcome, const std::vector<Finding>& findings, const Row& row) {
  INFO("predicted: " << (findings.empty() ? "nothing" : findings[0].rule + ": " + findings[0].text));
  if (row.acted == Acted::by_version) {
    CHECK(std::ranges::count(findings, row.rule, &Finding::rule) == 1);
  } else {
    CHECK((findings.empty() ? "" : findings[0].rule) == row.rule);
    CHECK((findings.empty() || findings[0].seen_as.empty()) == (row.rule.empty() || row.acted == Acted::no));
  }
  if (findings.empty() || findings[0].seen_as.empty()) {
    CHECK(outcome.out == "1\n");
    CHECK(outcome.err == "");
    return;
  }
  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.err, ContainsSubstring(findings[0].seen_as));
  // "SSL error" is in front of whatever libpq refuses; by itself it stands for a signature that does not fit, of which OpenSSL says
  // more.
  if (findings[0].seen_as == "SSL error") CHECK_THAT(outcome.err, !ContainsSubstring("certificate verify failed"));
}

}  // namespace

TEST_CASE("of each bad client chain or list, PostgreSQL says what verify said it would", "[verdicts]") {
  const TestCa own = test_root("server's own", kNow);
  const PrivateKey server_key = PrivateKey::generate();
  const Certificate server_certificate = certificate_of(server_parts({"localhost"}, server_key.public_key(), own, kNow), own.key);
  const Server server{server_files(server_certificate.pem(), server_key, own.certificate.pem()),
                      "hostssl all all 127.0.0.1/32 trust clientcert=verify-ca\n"};
  const TemporaryFolder client;
  const PrivateKey client_key = PrivateKey::generate();
  write_file(client.path() / "client.key", text_of(client_key.pkcs8_pem().reveal()));
  std::filesystem::permissions(client.path() / "client.key", std::filesystem::perms::owner_read);
  write_file(client.path() / "root.crt", own.certificate.pem());
  for (const auto* rows : {&kChains, &kLists}) {
    for (const Row& row : *rows) {
      INFO("row " << (&row - rows->data()) << " of " << (rows == &kChains ? "chains" : "lists"));
      Scene scene;
      scene.leaf = client_parts("app", client_key.public_key(), scene.middle, kNow);
      row.change(scene);
      server.serve("root.crt", pem_of(scene.anchors));
      server.serve("root.crl", pem_of_lists(scene.lists));
      server.reload(scene.lists.empty() ? "" : "root.crl");
      write_file(client.path() / "client.crt", pem_of(scene.chain()));
      const auto findings = verify({.chain = scene.chain(),
                                    .anchors = scene.anchors,
                                    .purpose = Purpose::client,
                                    .now = kNow,
                                    .crls = {scene.lists.begin(), scene.lists.end()}});
      check_outcome(
          server.psql(fmt::format(
              "host=127.0.0.1 sslmode=verify-ca sslrootcert='{0}/root.crt' sslcert='{0}/client.crt' sslkey='{0}/client.key'",
              client.path().string())),
          findings, row);
    }
  }
  CHECK(server.loaded_all());
}

TEST_CASE("of each bad server chain or list, libpq says what verify said it would", "[verdicts]") {
  const PrivateKey server_key = PrivateKey::generate();
  const TestCa first = test_root("first", kNow);
  const Server server{
      server_files(certificate_of(server_parts({"localhost"}, server_key.public_key(), first, kNow), first.key).pem(), server_key,
                   first.certificate.pem()),
      "hostssl all all 127.0.0.1/32 trust\n"};
  const TemporaryFolder client;
  for (const auto* rows : {&kChains, &kLists}) {
    for (const Row& row : *rows) {
      if (row.rule == "weak-digest") continue;  // PostgreSQL does not load such a certificate ("ca md too weak")
      INFO("row " << (&row - rows->data()) << " of " << (rows == &kChains ? "chains" : "lists"));
      Scene scene;
      scene.leaf = server_parts({"db.acme.example"}, server_key.public_key(), scene.middle, kNow);
      row.change(scene);
      server.serve("server.crt", pem_of(scene.chain()));
      server.reload();
      write_file(client.path() / "root.crt", pem_of(scene.anchors));
      std::string lists;
      if (!scene.lists.empty()) {
        write_file(client.path() / "root.crl", pem_of_lists(scene.lists));
        lists = fmt::format(" sslcrl='{}/root.crl'", client.path().string());
      }
      const auto findings = verify({.chain = scene.chain(),
                                    .anchors = scene.anchors,
                                    .purpose = Purpose::server,
                                    .now = kNow,
                                    .crls = {scene.lists.begin(), scene.lists.end()},
                                    .host = HostName{"db.acme.example"}});
      check_outcome(
          server.psql(fmt::format("host=db.acme.example hostaddr=127.0.0.1 sslmode=verify-full sslrootcert='{}/root.crt'{}",
                                  client.path().string(), lists)),
          findings, row);
    }
  }
  CHECK(server.loaded_all());
}

TEST_CASE("with an intermediate certificate in front of the leaf PostgreSQL does not start", "[verdicts]") {
  const TestCa root = test_root("acme G1", kNow);
  const TestCa middle = test_intermediate("acme G1 sub", root, kNow);
  const PrivateKey key = PrivateKey::generate();
  const Certificate leaf = certificate_of(server_parts({"localhost"}, key.public_key(), middle, kNow), middle.key);
  const auto start = [&](const Chain& chain) { return Postgres{server_files(pem_of(chain), key, root.certificate.pem())}; };
  CHECK_NOTHROW(start({leaf, middle.certificate}));
  CHECK_THROWS_WITH(start({middle.certificate, leaf}), ContainsSubstring("key values mismatch"));
}

// PostgreSQL's ssl_ecdh_curve is prime256v1, and in TLS 1.2 OpenSSL holds a client's key to that as well.
TEST_CASE("a client with a P-384 key comes in by TLS 1.3, and not by TLS 1.2", "[verdicts]") {
  const TestCa root = test_root("acme G1", kNow);
  const PrivateKey key = PrivateKey::generate();
  const PrivateKey client_key = PrivateKey::generate(KeyAlgorithm::ecdsa_p384());
  const Certificate leaf = certificate_of(server_parts({"localhost"}, key.public_key(), root, kNow), root.key);
  const Server server{server_files(leaf.pem(), key, root.certificate.pem()),
                      "hostssl all all 127.0.0.1/32 trust clientcert=verify-ca\n"};
  const TemporaryFolder client;
  write_file(client.path() / "root.crt", root.certificate.pem());
  write_file(client.path() / "client.crt",
             certificate_of(client_parts("app", client_key.public_key(), root, kNow), root.key).pem());
  write_file(client.path() / "client.key", text_of(client_key.pkcs8_pem().reveal()));
  std::filesystem::permissions(client.path() / "client.key", std::filesystem::perms::owner_read);
  const auto by = [&](const std::string& version) {
    return server.psql(
        fmt::format("host=localhost hostaddr=127.0.0.1 sslmode=verify-full sslrootcert='{0}/root.crt' "
                    "sslcert='{0}/client.crt' sslkey='{0}/client.key' "
                    "ssl_min_protocol_version={1} ssl_max_protocol_version={1}",
                    client.path().string(), version));
  };
  CHECK(by("TLSv1.3").out == "1\n");
  CHECK_THAT(by("TLSv1.2").err, ContainsSubstring("illegal parameter"));
}

TEST_CASE("of each host and each kind of name, libpq says what verify said it would", "[verdicts][host]") {
  using Names = std::vector<std::string>;
  struct HostRow {
    std::string cn;
    Names names;  // "ip:hex", "uri:text", or a dNSName
    std::string host;
    bool found;
  };
  const std::vector<HostRow> rows = {
      {"", {"db.example"}, "db.example", true},
      {"", {"DB.Example"}, "db.example", true},
      {"", {"a.example", "db.example"}, "db.example", true},
      {"", {"*.example.com"}, "db.example.com", true},
      {"", {"*.example"}, "db.example", true},
      {"", {"ip:7f000001"}, "127.0.0.1", true},
      {"", {"127.0.0.1"}, "127.0.0.1", true},
      {"", {"ip:00000000000000000000000000000001"}, "::1", true},
      {"db.example", {}, "db.example", true},
      {"*.example.com", {}, "db.example.com", true},
      {"127.0.0.1", {}, "127.0.0.1", true},
      {"db.example", {"ip:0a000007"}, "db.example", true},
      {"127.0.0.1", {"db.example"}, "127.0.0.1", true},
      {"db.example", {"uri:urn:x:y"}, "db.example", true},
      {"", {"db.example"}, "other.example", false},
      {"", {"a.example", "b.example"}, "c.example", false},
      {"", {"a.example", "ip:0a000007", "b.example"}, "c.example", false},
      {"", {"ip:0a000007", "a.example"}, "127.0.0.1", false},
      {"db.example", {"a.example"}, "db.example", false},
      {"127.0.0.1", {"ip:0a000007"}, "127.0.0.1", false},
      {"", {"ip:20010db8000000000000000000000001"}, "::1", false},
      {"", {"*.example.com"}, "example.com", false},
      {"", {"*.example.com"}, "a.b.example.com", false},
      {"", {"d*.example.com"}, "db.example.com", false},
      {"", {"db.*.com"}, "db.example.com", false},
      {"", {"*"}, "db", false},
      {"", {"db.example."}, "db.example", false},
      {"db.example", {}, "a.example", false},
      {"", {}, "db.example", false},
      {"", {"uri:urn:x:y"}, "db.example", false},
      {"", {std::string{"db.example\0.evil.example", 23}}, "db.example", false},
      {std::string{"db.example\0.evil.example", 23}, {}, "db.example", false},
      {"", {"ip:7f0000017f"}, "127.0.0.1", false},
  };
  const PrivateKey server_key = PrivateKey::generate();
  const TestCa root = test_root("acme G1", kNow);
  const auto parts = server_parts({"localhost"}, server_key.public_key(), root, kNow);
  const Server server{server_files(certificate_of(parts, root.key).pem(), server_key, root.certificate.pem()),
                      "hostssl all all 127.0.0.1/32 trust\nhostssl all all ::1/128 trust\n"};
  const TemporaryFolder client;
  write_file(client.path() / "root.crt", root.certificate.pem());
  for (const HostRow& row : rows) {
    INFO("CN " << row.cn << ", " << row.names.size() << " names, host " << row.host);
    CertificateParts changed = parts;
    changed.subject = row.cn.empty() ? name({{"2.5.4.10", utf8("acme")}}) : common_name(row.cn);
    changed.remove(id::kAlternativeName);
    std::vector<Bytes> names;
    for (const std::string& one : row.names) {
      names.push_back(one.starts_with("ip:")    ? address(one.substr(3))
                      : one.starts_with("uri:") ? uri(one.substr(4))
                                                : dns_name(one));
    }
    if (!names.empty()) changed.set(id::kAlternativeName, alternative_names(names));
    const Certificate certificate = certificate_of(changed, root.key);
    server.serve("server.crt", certificate.pem());
    server.reload();
    const auto findings = verify({.chain = {certificate},
                                  .anchors = {root.certificate},
                                  .purpose = Purpose::server,
                                  .now = kNow,
                                  .host = HostName{row.host}});
    CHECK(findings.empty() == row.found);
    const std::string at = row.host == "::1" ? "::1" : "127.0.0.1";
    check_outcome(server.psql(fmt::format("host={} hostaddr={} sslmode=verify-full sslrootcert='{}/root.crt'", row.host, at,
                                          client.path().string())),
                  findings, {.rule = row.found ? "" : "host", .change = {}});
  }
  CHECK(server.loaded_all());
}
