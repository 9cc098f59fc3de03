// The texts, read by those for whom they are made: libpq in its own library, pgjdbc in its own classes.
#include <map>
#include <sstream>

#include <spaceca/exporter.h>
#include <spaceca/files.h>

#include "export/connections.h"
#include "export/credentials.h"
#include "support/child.h"
#include "support/files.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using namespace std::string_literals;
using exporter::Connection;
using exporter::JdbcKey;

namespace {

using Answer = std::multimap<std::string, std::string>;

// Requests and answers of the two peers: see peers/.
std::string request(std::string kind, const std::vector<std::string>& words) {
  for (const std::string& word : words) kind += " " + hex(bytes_of(word));
  return kind;
}

std::vector<Answer> answers(const std::vector<std::string>& peer, const std::vector<std::string>& requests) {
  std::string input;
  for (const std::string& line : requests) input += line + "\n";
  const Outcome outcome = run(peer, {.input = input});
  INFO(outcome.err);
  REQUIRE(outcome.exit_code == 0);
  std::vector<Answer> all;
  std::istringstream lines{outcome.out};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream pairs{line};
    Answer& answer = all.emplace_back();
    for (std::string pair; pairs >> pair;) {
      const auto equals = pair.find('=');
      answer.emplace(pair.substr(0, equals), text_of(from_hex(pair.substr(equals + 1))));
    }
  }
  REQUIRE(all.size() == requests.size());
  return all;
}

std::vector<Answer> libpq_reads(const std::vector<std::string>& requests) {
  return answers({"/usr/bin/python3", SPACECA_EXPORT_PEERS "/libpq_reads.py"}, requests);
}

std::vector<Answer> pgjdbc_reads(const std::vector<std::string>& requests) {
  return answers({"java", "-cp", "/usr/share/java/postgresql.jar", SPACECA_EXPORT_PEERS "/PgjdbcReads.java"}, requests);
}

std::string value(const Answer& answer, const std::string& key) {
  const auto found = answer.find(key);
  return found == answer.end() ? "nothing" : found->second;
}

std::vector<OddConnection> all_connections() {
  std::vector<OddConnection> all{{"the ordinary one", ordinary_connection()}};
  for (const auto& odd : {odd_connections(), odd_hosts()}) all.insert(all.end(), odd.begin(), odd.end());
  return all;
}

std::string start_of(const Connection& connection) {
  return connection.folder + (connection.folder.ends_with('/') ? "" : "/") + connection.prefix;
}

// One form of every connection, but of those that it refuses to carry.
struct Told {
  std::vector<OddConnection> told;
  std::vector<std::string> texts;
  std::vector<std::string> refused;
};
template <class Form>
Told tell_all(Form form) {
  Told result;
  for (const OddConnection& odd : all_connections()) {
    try {
      result.texts.push_back(form(odd.connection));
      result.told.push_back(odd);
    } catch (const Error& error) {
      CHECK(error.code() == Errc::invalid_argument);
      result.refused.push_back(odd.what);
    }
  }
  return result;
}

void check_libpq(const Answer& answer, const OddConnection& odd) {
  const Connection& connection = odd.connection;
  INFO(odd.what);
  CHECK(value(answer, "error") == "nothing");
  if (answer.count("error") > 0) return;
  CHECK(value(answer, "host") == connection.host);
  CHECK(value(answer, "port") == "5433");
  CHECK(value(answer, "dbname") == connection.database);
  CHECK(value(answer, "user") == connection.user);
  CHECK(value(answer, "sslmode") == "verify-full");
  CHECK(value(answer, "sslcert") == start_of(connection) + "postgresql.crt");
  CHECK(value(answer, "sslkey") == start_of(connection) + "postgresql.key");
  CHECK(value(answer, "sslrootcert") == start_of(connection) + "root.crt");
}

std::string without_brackets(const std::string& host) {
  return host.starts_with("[") && host.ends_with("]") ? host.substr(1, host.size() - 2) : host;
}

void check_pgjdbc(const Answer& answer, const OddConnection& odd, const std::string& key_name) {
  const Connection& connection = odd.connection;
  INFO(odd.what);
  CHECK(value(answer, "error") == "nothing");
  if (answer.count("error") > 0) return;
  CHECK(without_brackets(value(answer, "PGHOST")) == connection.host);
  CHECK(value(answer, "PGPORT") == "5433");
  CHECK(value(answer, "PGDBNAME") == connection.database);
  CHECK(value(answer, "user") == connection.user);
  CHECK(value(answer, "sslmode") == "verify-full");
  CHECK(value(answer, "sslkey") == start_of(connection) + key_name);
  CHECK(value(answer, "sslrootcert") == start_of(connection) + "root.crt");
}

}  // namespace

TEST_CASE("libpq reads in a URI what was to be told, or the URI is refused", "[export][libpq]") {
  const Told uris = tell_all(exporter::libpq_uri);
  std::vector<std::string> requests;
  for (const std::string& uri : uris.texts) requests.push_back(request("uri", {uri}));
  const auto read = libpq_reads(requests);
  for (std::size_t i = 0; i < read.size(); ++i) check_libpq(read[i], uris.told[i]);
  // Percent-encoding carries every value; only a host may be in no form for a URI.
  for (const std::string& what : uris.refused) CHECK_THAT(what, Catch::Matchers::StartsWith("host "));
}

TEST_CASE("libpq reads in a service file what was to be told, or the service is refused", "[export][libpq]") {
  const TemporaryFolder folder;
  const Told services = tell_all([](const Connection& connection) { return exporter::service(connection, "acme"); });
  std::vector<std::string> requests;
  for (std::size_t i = 0; i < services.texts.size(); ++i) {
    const auto file = folder.path() / std::to_string(i);
    write_file(file, services.texts[i]);
    requests.push_back(request("service", {file.string(), "acme"}));
  }
  const auto read = libpq_reads(requests);
  for (std::size_t i = 0; i < read.size(); ++i) check_libpq(read[i], services.told[i]);
}

TEST_CASE("libpq finds each of several services of one file by its name, and its longest line", "[export][libpq]") {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "pg_service.conf").string();
  std::string text;
  std::vector<OddConnection> connections;
  std::vector<std::string> requests;
  for (const std::string& name :
       {"acme"s, "acme app"s, " acme "s, "acme=app"s, "#acme"s, "[acme"s, "b\xC3\xBC"s, std::string(1019, 'a')}) {
    Connection connection = ordinary_connection();
    connection.user = "of '" + name.substr(0, 50) + "'";
    if (name == "acme") connection.user = std::string(1016, 'u');  // a line of 1021 octets
    text += exporter::service(connection, name) + "\n# a comment\n\n";
    connections.push_back({name, connection});
    requests.push_back(request("service", {file, name}));
  }
  write_file(file, text);
  const auto read = libpq_reads(requests);
  for (std::size_t i = 0; i < read.size(); ++i) check_libpq(read[i], connections[i]);
}

TEST_CASE("pgjdbc reads in a URL what was to be told, or the URL is refused", "[export][pgjdbc]") {
  const Told pk8 = tell_all([](const Connection& connection) { return exporter::jdbc_url(connection); });
  const Told p12 = tell_all([](const Connection& connection) { return exporter::jdbc_url(connection, JdbcKey::pkcs12); });
  std::vector<std::string> requests;
  for (const std::string& url : pk8.texts) requests.push_back(request("url", {url}));
  for (const std::string& url : p12.texts) requests.push_back(request("url", {url}));
  const auto read = pgjdbc_reads(requests);
  for (std::size_t i = 0; i < pk8.told.size(); ++i) {
    check_pgjdbc(read[i], pk8.told[i], "postgresql.pk8");
    CHECK(value(read[i], "sslcert") == start_of(pk8.told[i].connection) + "postgresql.crt");
  }
  for (std::size_t i = 0; i < p12.told.size(); ++i) {
    const Answer& answer = read[pk8.told.size() + i];
    check_pgjdbc(answer, p12.told[i], "postgresql.p12");
    CHECK(value(answer, "sslcert") == "nothing");
    CHECK(value(answer, "sslpassword") == "nothing");
  }
}

TEST_CASE("pgjdbc loads the key and the chain of a .p12 and of a .pk8", "[export][pgjdbc]") {
  struct Loaded {
    Credential credential;
    std::string password;
    std::string algorithm;
  };
  std::vector<Loaded> cases;
  cases.push_back({client(), "swordfish", "EC"});
  cases.push_back({client(KeyAlgorithm::rsa_2048()), "correct horse", "RSA"});
  cases.push_back({client(KeyAlgorithm::ed25519()), "~!@#$%^&*()_+{}|:\"<>?`-=[]\\;',./", "EdDSA"});
  cases.push_back({client_of_an_intermediate(), " ", "EC"});
  const TemporaryFolder folder;
  std::vector<std::string> requests;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto path = folder.path() / std::to_string(i);
    const Credential& credential = cases[i].credential;
    files::write(path, exporter::libpq(credential) + exporter::jdbc(credential) +
                           exporter::pkcs12(credential, SecretBytes{cases[i].password}));
    requests.push_back(request("p12", {(path / "postgresql.p12").string(), cases[i].password}));
    requests.push_back(request("pk8", {(path / "postgresql.crt").string(), (path / "postgresql.pk8").string()}));
  }
  requests.push_back(request("p12", {(folder.path() / "0" / "postgresql.p12").string(), "Swordfish"}));
  const auto read = pgjdbc_reads(requests);
  for (std::size_t i = 0; i < cases.size() * 2; ++i) {
    const Loaded& loaded = cases[i / 2];
    INFO(i << ": " << value(read[i], "error"));
    CHECK(value(read[i], "algorithm") == loaded.algorithm);
    CHECK(value(read[i], "format") == "PKCS#8");
    CHECK(value(read[i], "subject") == "CN=app");
    CHECK(read[i].count("subject") == loaded.credential.chain().size());
  }
  CHECK(value(read.back(), "algorithm") == "nothing");  // another password
}
