// Revocation lists and a real PostgreSQL: ours do what they should, and what check_for_postgresql finds is what becomes of the
// clients.
#include <algorithm>
#include <chrono>
#include <future>

#include <fmt/format.h>

#include <spaceca/crl.h>
#include <spaceca/exporter.h>
#include <spaceca/files.h>
#include <spaceca/issuer.h>

#include "support/child.h"
#include "support/crl_oracle.h"
#include "support/postgres.h"
#include "support/text.h"
#include "support/x509_oracle.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// The server judges by the machine's clock, so these certificates and lists are made by it too.
const Instant kNow = SystemClock{}.now();
const std::string kRevoked = "sslv3 alert certificate revoked";

PrivateKey copy_of(const PrivateKey& key) { return PrivateKey::from_pkcs8_der(key.pkcs8_der().reveal()); }

Issuer root_of(const std::string& space, unsigned generation = 1, Instant made = kNow) {
  return Issuer::self_signed({.space = SpaceName{space}, .generation = generation}, PrivateKey::generate(), made);
}
Credential server_of(const Issuer& root) {
  return root.issue_with_key(ServerSubject{.hosts = {HostName{"localhost"}, HostName{"127.0.0.1"}, HostName{"::1"}}}, kNow);
}
Credential app_of(const Issuer& root) { return root.issue_with_key(ClientSubject{.role = RoleName{"app"}}, kNow); }
Credential trusting(const Credential& credential, std::vector<Certificate> roots) {
  return Credential{credential.chain(), copy_of(credential.key()), std::move(roots)};
}
Serial serial_of(const Credential& credential) { return credential.certificate().serial(); }

// A server of `credential` with a list file.
FileSet with_lists(const Credential& credential, const std::vector<Crl>& crls) {
  return exporter::server(credential) + exporter::revocation_lists(crls);
}
constexpr std::string_view kSetting = "ssl_crl_file = 'root.crl'\n";

Postgres serving(const Credential& credential, const std::vector<Crl>& crls) {
  return Postgres{with_lists(credential, crls), Postgres::kAppByPassword, {}, kSetting};
}

// psql with these commands, one after the other on one connection. Below `home` it may find files of its own.
Outcome psql_with(const PsqlClient& client, const Postgres& server, const std::vector<std::string>& commands,
                  const std::string& home = "/nonexistent") {
  const std::string folder = client.folder().string();
  std::vector<std::string> command = {
      "psql",
      "-X",
      "-At",
      "-w",
      "-d",
      fmt::format("host=localhost port={0} dbname=app user=app sslmode=verify-full connect_timeout=60 sslrootcert='{1}/root.crt' "
                  "sslcert='{1}/postgresql.crt' sslkey='{1}/postgresql.key'",
                  server.port(), folder)};
  for (const std::string& one : commands) command.insert(command.end(), {"-c", one});
  return run(command, {.environment = {fmt::format("PGPASSWORD={}", Postgres::kPassword), "HOME=" + home}});
}

// "1", or what psql said.
std::string answer_to(const Credential& credential, const Postgres& server) {
  const Outcome answer = PsqlClient{credential, server}.query("select 1");
  return answer.exit_code == 0 ? answer.out.substr(0, 1) : answer.err;
}

}  // namespace

TEST_CASE("who is revoked is refused as revoked, the others come in", "[postgresql][crl]") {
  const Issuer root = root_of("acme");
  const Credential good = app_of(root);
  const Credential stolen = app_of(root);
  const Postgres server =
      serving(server_of(root), {root.crl({{serial_of(stolen), kNow, RevocationReason::key_compromise}}, {.number = 1}, kNow)});
  CHECK(answer_to(good, server) == "1");
  CHECK_THAT(answer_to(stolen, server), ContainsSubstring(kRevoked));
}

TEST_CASE("a list takes effect at a reload, and ends no session", "[postgresql][crl]") {
  const Issuer root = root_of("acme");
  const Credential client = app_of(root);
  const Postgres server = serving(server_of(root), {root.crl({}, {.number = 1}, kNow)});
  const PsqlClient psql{client, server};
  const auto over = psql.folder() / "over";
  // psql asks, waits until the file is there, and asks again on the same connection.
  auto session = std::async(std::launch::async, [&] {
    return psql_with(psql, server,
                     {"select 'before'", "\\! until [ -e '" + over.string() + "' ]; do sleep 0.1; done", "select 'after'"});
  });
  while (server.sql("select count(*) from pg_stat_activity where usename = 'app' and state = 'idle'") != "1" &&
         session.wait_for(std::chrono::milliseconds{50}) != std::future_status::ready) {
  }
  CHECK(server.reload_with("root.crl", root.crl({{serial_of(client), kNow}}, {.number = 2}, kNow).pem()).find("not reloaded") ==
        std::string::npos);
  CHECK_THAT(answer_to(client, server), ContainsSubstring(kRevoked));
  write_file(over, "");
  CHECK(session.get().out == "before\nafter\n");
}

TEST_CASE("serials with the first bit set and of 20 octets are recognised", "[postgresql][crl]") {
  const std::string digits =
      GENERATE("8000000000000001", "FF000000000000000000000000000001", "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
  const Issuer root = root_of("acme");
  const PrivateKey key = PrivateKey::generate();
  const Certificate leaf = root.issue(ClientSubject{.role = RoleName{"app"}}, key.public_key(), kNow, Serial{"0x" + digits});
  const Credential client{{leaf}, copy_of(key), {root.certificate()}};
  const Postgres server = serving(server_of(root), {root.crl({{leaf.serial(), kNow}}, {.number = 1}, kNow)});
  CHECK_THAT(answer_to(client, server), ContainsSubstring(kRevoked));
}

TEST_CASE("two roots with a list each: clients of both come in, the revoked of both do not", "[postgresql][crl]") {
  const Issuer first = root_of("acme");
  const Issuer second = root_of("acme", 2);
  const std::vector<Certificate> both = {first.certificate(), second.certificate()};
  const Credential stolen_first = app_of(first);
  const Credential stolen_second = app_of(second);
  const std::vector<Crl> crls = {first.crl({{serial_of(stolen_first), kNow}}, {.number = 1}, kNow),
                                 second.crl({{serial_of(stolen_second), kNow}}, {.number = 1}, kNow)};
  const Postgres server = serving(trusting(server_of(second), both), crls);
  CHECK(answer_to(trusting(app_of(first), both), server) == "1");
  CHECK(answer_to(trusting(app_of(second), both), server) == "1");
  CHECK_THAT(answer_to(trusting(stolen_first, both), server), ContainsSubstring(kRevoked));
  CHECK_THAT(answer_to(trusting(stolen_second, both), server), ContainsSubstring(kRevoked));
}

TEST_CASE("a list of 100,000 entries keeps out the one of ours that is in it", "[postgresql][crl]") {
  const Issuer root = root_of("acme");
  const Credential good = app_of(root);
  const Credential stolen = app_of(root);
  std::vector<RevokedEntry> entries = {{serial_of(stolen), kNow}};
  while (entries.size() < 100'000) {
    const std::size_t n = entries.size();
    entries.push_back({Serial{ByteView{Bytes{0x02, static_cast<std::uint8_t>(n >> 16), static_cast<std::uint8_t>(n >> 8),
                                             static_cast<std::uint8_t>(n)}}},
                       kNow});
  }
  const Postgres server = serving(server_of(root), {root.crl(entries, {.number = 1}, kNow)});
  CHECK(answer_to(good, server) == "1");
  CHECK_THAT(answer_to(stolen, server), ContainsSubstring(kRevoked));
}

TEST_CASE("psql's sslcrl keeps it from a server that was revoked, and lets it connect to another", "[postgresql][crl]") {
  const Issuer root = root_of("acme");
  const Credential certificate = server_of(root);
  const Postgres server{exporter::server(certificate)};
  const PsqlClient psql{app_of(root), server};
  const auto list = psql.folder() / "server.crl";
  const PsqlClient::Options with_list{.extra = "sslcrl='" + list.string() + "'"};
  write_file(list, root.crl({}, {.number = 1}, kNow).pem());
  CHECK(psql.query("select 1", with_list).out == "1\n");
  write_file(list, root.crl({{serial_of(certificate), kNow}}, {.number = 2}, kNow).pem());
  CHECK_THAT(psql.query("select 1", with_list).err, ContainsSubstring("certificate verify failed"));
}

TEST_CASE("PostgreSQL does not start with a list in DER or without one, and keeps what it has at a reload", "[postgresql][crl]") {
  const Issuer root = root_of("acme");
  const Credential stolen = app_of(root);
  const Crl good = root.crl({{serial_of(stolen), kNow}}, {.number = 1}, kNow);
  const std::string der{text_of(good.der())};
  const std::string bad = GENERATE_COPY(der, std::string{}, std::string{"hello\n"}, good.pem().substr(0, good.pem().size() - 30));
  const auto findings = check_for_postgresql(bytes_of(bad), {root.certificate()}, kNow);
  REQUIRE(findings.size() == 1);
  CHECK_THAT(findings.front().text, ContainsSubstring("PostgreSQL does not start with it, and at a reload keeps the lists it has"));

  const auto start = [&] {
    FileSet files = exporter::server(server_of(root));
    files.add({"root.crl", FileRole::trust, SecretBytes{bad}});
    return Postgres{files, Postgres::kAppByPassword, {}, kSetting};
  };
  CHECK(findings.front().seen_as == "could not load SSL certificate revocation list file");
  CHECK_THROWS_WITH(start(), ContainsSubstring(findings.front().seen_as + " \"root.crl\""));

  const Postgres server = serving(server_of(root), {good});
  CHECK_THAT(server.reload_with("root.crl", bad), ContainsSubstring("SSL configuration was not reloaded"));
  CHECK(answer_to(app_of(root), server) == "1");
  CHECK_THAT(answer_to(stolen, server), ContainsSubstring(kRevoked));
}

// --- what check_for_postgresql says is what happens ---

namespace {

using Extensions = std::vector<std::pair<std::string, std::string>>;

const Extensions kUsual = {{"authorityKeyIdentifier", "keyid:always"}, {"crlNumber", "1"}};

Extensions usual_and(const std::string& type, const std::string& value) {
  Extensions extensions = kUsual;
  extensions.emplace_back(type, value);
  return extensions;
}

// A list that only the oracle would make, good for a day unless it says otherwise.
Crl odd(const Certificate& root, const PrivateKey& key, OracleCrl crl) {
  if (crl.this_update == Instant{}) crl.this_update = kNow - std::chrono::hours{1};
  if (!crl.next_update) crl.next_update = kNow + std::chrono::days{1};
  if (crl.extensions.empty()) crl.extensions = kUsual;
  return Crl::from_der(oracle_crl(crl, root, key));
}

std::string pem_of(const std::vector<Crl>& crls) {
  std::string text;
  for (const Crl& crl : crls) text += crl.pem();
  return text;
}

// A self-signed CA named "acme" in which only the key and the key usage are open.
Certificate odd_root(const PrivateKey& key, const std::string& key_usage) {
  return Certificate::from_der(oracle_certificate(
      {.serial = Serial::random(),
       .validity = {kNow - std::chrono::days{1}, kNow + std::chrono::years{5}},
       .issuer = {{"CN", "acme"}},
       .subject = {{"CN", "acme"}},
       .extensions = {{"basicConstraints", "critical,CA:TRUE"}, {"keyUsage", key_usage}, {"subjectKeyIdentifier", "hash"}}},
      key.public_key(), key, nullptr));
}

// The first of the findings is what the client sees; if it says that nobody sees anything, the client comes in.
void check_seen(const std::vector<Finding>& findings, const std::string& rule, const std::string& answer) {
  REQUIRE_FALSE(findings.empty());
  INFO(rule << ": " << findings.front().text);
  CHECK(findings.front().rule == rule);
  if (findings.front().seen_as.empty()) {
    CHECK(answer == "1");
  } else {
    CHECK_THAT(answer, ContainsSubstring(findings.front().seen_as));
  }
}

}  // namespace

TEST_CASE("what check_for_postgresql finds in lists is what becomes of the clients", "[postgresql][crl]") {
  const PrivateKey key = PrivateKey::generate();
  const Issuer root = Issuer::self_signed({.space = SpaceName{"acme"}}, copy_of(key), kNow - std::chrono::days{800});
  const Certificate& its = root.certificate();
  const Issuer other = root_of("acme", 2);
  const Credential client = app_of(root);
  const OracleEntry revoked{serial_of(client), kNow - std::chrono::days{1}};
  const Crl good = root.crl({}, {.number = 1}, kNow - std::chrono::minutes{10});
  const std::vector<std::pair<std::string, std::vector<Crl>>> bad = {
      {"crl-issuing-distribution-point",
       {odd(its, key, {.extensions = usual_and("issuingDistributionPoint", "critical,fullname:URI:http://crl.example/r.crl")})}},
      {"crl-issuing-distribution-point",
       {odd(its, key, {.extensions = usual_and("issuingDistributionPoint", "critical,onlyuser:TRUE")})}},
      {"crl-critical-extension", {odd(its, key, {.extensions = usual_and("1.3.6.1.4.1.55555.1", "critical,DER:05:00")})}},
      {"crl-expired", {root.crl({}, {.number = 1, .lifetime = std::chrono::months{1}}, kNow - std::chrono::days{40})}},
      {"crl-not-yet-valid", {root.crl({}, {.number = 1}, kNow + std::chrono::hours{2})}},
      {"crl-signature", {odd(its, PrivateKey::generate(), {})}},
      {"crl-revokes-root", {odd(its, key, {.entries = {{its.serial(), kNow - std::chrono::days{1}}}})}},
      {"root-without-crl", {}},
      // The client is revoked in these, and comes in: a list without its root, the older of two.
      {"crl-without-root", {odd(other.certificate(), key, {.entries = {revoked}}), good}},
      {"crl-twice", {odd(its, key, {.entries = {revoked}}), good}},
  };
  const Postgres server = serving(server_of(root), {good});
  CHECK(answer_to(client, server) == "1");
  for (const auto& [rule, crls] : bad) {
    INFO(rule);
    // No list at all cannot be loaded; another root's stands for it.
    const std::string file = pem_of(crls.empty() ? std::vector<Crl>{other.crl({}, {.number = 1}, kNow)} : crls);
    CHECK(server.reload_with("root.crl", file).find("not reloaded") == std::string::npos);
    check_seen(check_for_postgresql(crls, {its}, kNow), rule, answer_to(client, server));
  }
}

// OpenSSL 3.0.19 takes a delta list for a complete one and 3.0.22 passes over it, so who is let in depends on the server's.
TEST_CASE("with a delta list beside a full one, exactly one of those who are revoked in one of them comes in",
          "[postgresql][crl]") {
  const PrivateKey key = PrivateKey::generate();
  const Issuer root = Issuer::self_signed({.space = SpaceName{"acme"}}, copy_of(key), kNow - std::chrono::days{2});
  const Credential in_full = app_of(root);
  const Credential in_delta = app_of(root);
  const Instant yesterday = kNow - std::chrono::days{1};
  const std::vector<Crl> crls = {
      root.crl({{in_full.certificate().serial(), yesterday}}, {.number = 1}, kNow - std::chrono::minutes{10}),
      odd(root.certificate(), key,
          {.this_update = kNow - std::chrono::minutes{1},
           .entries = {{serial_of(in_delta), yesterday}},
           .extensions = usual_and("deltaCRL", "1")})};
  const auto findings = check_for_postgresql(crls, {root.certificate()}, kNow);
  REQUIRE(findings.size() == 1);
  CHECK(findings.front().rule == "crl-delta");
  CHECK(findings.front().seen_as == "");
  const Postgres server = serving(server_of(root), crls);
  const std::string answers = answer_to(in_full, server) + "|" + answer_to(in_delta, server);
  INFO(answers);
  CHECK(answers.starts_with("1|") != answers.ends_with("|1"));
  CHECK_THAT(answers, ContainsSubstring(kRevoked));
}

TEST_CASE("two roots and one list: clients of the other root are refused", "[postgresql][crl]") {
  const Issuer first = root_of("acme");
  const Issuer second = root_of("acme", 2);
  const std::vector<Certificate> both = {first.certificate(), second.certificate()};
  const std::vector<Crl> crls = {first.crl({}, {.number = 1}, kNow)};
  const Postgres server = serving(trusting(server_of(first), both), crls);
  CHECK(answer_to(trusting(app_of(first), both), server) == "1");
  check_seen(check_for_postgresql(crls, both, kNow), "root-without-crl", answer_to(trusting(app_of(second), both), server));
}

TEST_CASE("a root without cRLSign keeps every client out as soon as there is a list", "[postgresql][crl]") {
  const PrivateKey key = PrivateKey::generate();
  const Certificate root = odd_root(key, "critical,keyCertSign");
  const Issuer issuer{root, copy_of(key)};
  const std::vector<Crl> crls = {odd(root, key, {})};
  check_seen(check_for_postgresql(crls, {root}, kNow), "root-crl-sign",
             answer_to(app_of(issuer), serving(server_of(issuer), crls)));
}

TEST_CASE("two roots of one name: with key identifiers all come in, without them clients of one do not", "[postgresql][crl]") {
  const PrivateKey first_key = PrivateKey::generate();
  const PrivateKey second_key = PrivateKey::generate();
  const Issuer first{odd_root(first_key, "critical,keyCertSign,cRLSign"), copy_of(first_key)};
  const Issuer second{odd_root(second_key, "critical,keyCertSign,cRLSign"), copy_of(second_key)};
  const std::vector<Certificate> both = {first.certificate(), second.certificate()};
  const Credential of_first = trusting(app_of(first), both);
  const Credential of_second = trusting(app_of(second), both);
  const std::vector<Crl> good = {first.crl({}, {.number = 1}, kNow), second.crl({}, {.number = 1}, kNow)};
  CHECK(check_for_postgresql(good, both, kNow).empty());
  const Postgres server = serving(trusting(server_of(first), both), good);
  CHECK(answer_to(of_first, server) == "1");
  CHECK(answer_to(of_second, server) == "1");

  const Extensions no_identifier = {{"crlNumber", "1"}};
  const std::vector<Crl> bad = {odd(first.certificate(), first_key, {.extensions = no_identifier}),
                                odd(second.certificate(), second_key, {.extensions = no_identifier})};
  server.reload_with("root.crl", pem_of(bad));
  CHECK(answer_to(of_first, server) == "1");
  check_seen(check_for_postgresql(bad, both, kNow), "crl-authority-key-identifier", answer_to(of_second, server));
}

TEST_CASE("a root that is re-issued with its key and name: the leaves and the list of before are still good", "[postgresql][crl]") {
  const PrivateKey key = PrivateKey::generate();
  const Issuer before = Issuer::self_signed({.space = SpaceName{"acme"}}, copy_of(key), kNow - std::chrono::days{400});
  const Certificate after =
      Issuer::self_signed({.space = SpaceName{"acme"}}, copy_of(key), kNow - std::chrono::days{1}).certificate();
  CHECK(after != before.certificate());
  const Credential good = app_of(before);
  const Credential stolen = app_of(before);
  const Postgres server =
      serving(trusting(server_of(before), {after}), {before.crl({{serial_of(stolen), kNow}}, {.number = 1}, kNow)});
  CHECK(answer_to(trusting(good, {after}), server) == "1");
  CHECK_THAT(answer_to(trusting(stolen, {after}), server), ContainsSubstring(kRevoked));
}

namespace {

// A client of a root named "acme" that names where its list is; or does not.
Credential sharded_client(const Certificate& root, const PrivateKey& root_key, const std::string& distribution_point) {
  PrivateKey key = PrivateKey::generate();
  OracleCertificate parts{.serial = Serial::random(),
                          .validity = {kNow - std::chrono::minutes{5}, kNow + std::chrono::days{30}},
                          .issuer = {{"CN", "acme"}},
                          .subject = {{"CN", "app"}},
                          .extensions = {{"basicConstraints", "critical,CA:FALSE"},
                                         {"keyUsage", "critical,digitalSignature"},
                                         {"extendedKeyUsage", "clientAuth"},
                                         {"subjectKeyIdentifier", "hash"},
                                         {"authorityKeyIdentifier", "keyid"}}};
  if (!distribution_point.empty()) parts.extensions.emplace_back("crlDistributionPoints", "URI:" + distribution_point);
  const Certificate leaf = Certificate::from_der(oracle_certificate(parts, key.public_key(), root_key, &root));
  return Credential{{leaf}, std::move(key), {root}};
}

}  // namespace

TEST_CASE("lists in shards work with one for the CAs, and a later list of all lets in who is revoked on a shard",
          "[postgresql][crl]") {
  const std::string here = "http://crl.example/1.crl";
  const PrivateKey key = PrivateKey::generate();
  const Certificate root = odd_root(key, "critical,keyCertSign,cRLSign");
  const Issuer issuer{root, copy_of(key)};
  const Credential good = sharded_client(root, key, here);
  const Credential stolen = sharded_client(root, key, here);
  const Credential elsewhere = sharded_client(root, key, "");
  const Crl shard = odd(root, key,
                        {.entries = {{serial_of(stolen), kNow - std::chrono::days{1}}},
                         .extensions = usual_and("issuingDistributionPoint", "critical,onlyuser:TRUE,fullname:URI:" + here)});
  const Crl for_cas = odd(root, key, {.extensions = usual_and("issuingDistributionPoint", "critical,onlyCA:TRUE")});
  const Postgres server = serving(server_of(issuer), {shard, for_cas});
  CHECK(answer_to(good, server) == "1");
  CHECK_THAT(answer_to(stolen, server), ContainsSubstring(kRevoked));
  CHECK_THAT(answer_to(elsewhere, server), ContainsSubstring("sslv3 alert certificate unknown"));

  const Crl later = odd(root, key, {.this_update = kNow - std::chrono::minutes{1}});
  server.reload_with("root.crl", pem_of({shard, for_cas, later}));
  CHECK(answer_to(stolen, server) == "1");
}

TEST_CASE("ssl_crl_dir needs no reload, and of two lists in it the one with the later date counts", "[postgresql][crl]") {
  const PrivateKey key = PrivateKey::generate();
  const Issuer root = Issuer::self_signed({.space = SpaceName{"acme"}}, copy_of(key), kNow - std::chrono::days{2});
  const Credential client = app_of(root);
  const OracleEntry revoked{serial_of(client), kNow - std::chrono::days{1}};
  const Instant date = kNow - std::chrono::hours{1};
  const std::string nobody = odd(root.certificate(), key, {.this_update = date}).pem();
  const std::string same_date = odd(root.certificate(), key, {.this_update = date, .entries = {revoked}}).pem();
  const std::string later =
      odd(root.certificate(), key, {.this_update = date + std::chrono::seconds{1}, .entries = {revoked}}).pem();
  std::string hash = run({"openssl", "crl", "-noout", "-hash"}, {.input = nobody}).out;
  hash.pop_back();

  const Postgres server{exporter::server(server_of(root))};
  std::filesystem::create_directory(server.data() / "crls");
  const auto put = [&](const std::string& ending, const std::string& list) { server.put("crls/" + hash + ending, list); };
  put(".r0", nobody);
  server.sql("alter system set ssl_crl_dir = 'crls'");
  CHECK(server.reload_with("unused", "").find("not reloaded") == std::string::npos);
  CHECK(answer_to(client, server) == "1");
  put(".r0", same_date);
  CHECK_THAT(answer_to(client, server), ContainsSubstring(kRevoked));
  put(".r0", nobody);
  put(".r1", same_date);
  CHECK(answer_to(client, server) == "1");  // the old list was there first
  put(".r1", later);
  CHECK_THAT(answer_to(client, server), ContainsSubstring(kRevoked));
  std::filesystem::remove(server.data() / "crls" / (hash + ".r0"));
  std::filesystem::remove(server.data() / "crls" / (hash + ".r1"));
  CHECK_THAT(answer_to(client, server), ContainsSubstring("tlsv1 alert unknown ca"));  // none at all
}

TEST_CASE("libpq takes a root.crl in ~/.postgresql without being told, and refuses a server whose root has no list there",
          "[postgresql][crl]") {
  const Issuer root = root_of("acme");
  const Postgres server{exporter::server(server_of(root))};
  const PsqlClient psql{app_of(root), server};
  const TemporaryFolder home;
  const auto answer = [&] { return psql_with(psql, server, {"select 1"}, home.path().string()); };
  CHECK(answer().out == "1\n");
  std::filesystem::create_directory(home.path() / ".postgresql");
  const auto list = home.path() / ".postgresql" / "root.crl";
  write_file(list, root_of("umbrella").crl({}, {.number = 1}, kNow).pem());
  CHECK_THAT(answer().err, ContainsSubstring("certificate verify failed"));
  write_file(list, root.crl({}, {.number = 1}, kNow).pem());
  CHECK(answer().out == "1\n");
}

TEST_CASE("a certificate in the list file is trusted by PostgreSQL", "[postgresql][crl]") {
  const Issuer root = root_of("acme");
  const Issuer stranger = root_of("umbrella");
  const std::string file =
      pem_of({root.crl({}, {.number = 1}, kNow), stranger.crl({}, {.number = 1}, kNow)}) + stranger.certificate().pem();
  const auto findings = check_for_postgresql(bytes_of(file), {root.certificate()}, kNow);
  CHECK(std::ranges::any_of(findings, [](const Finding& finding) { return finding.rule == "crl-file-certificate"; }));
  const Postgres server = serving(server_of(root), {root.crl({}, {.number = 1}, kNow)});
  const Credential client = trusting(app_of(stranger), {root.certificate()});
  CHECK_THAT(answer_to(client, server), ContainsSubstring("tlsv1 alert unknown ca"));
  server.reload_with("root.crl", file);
  CHECK(answer_to(client, server) == "1");
}
