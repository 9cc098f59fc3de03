#include <sstream>

#include <spaceca/exporter.h>

#include "export/credentials.h"
#include "support/child.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using namespace std::string_literals;

namespace {

std::string long_name(std::size_t size) {
  std::string name(size, 'a');
  for (std::size_t dot = 63; dot + 1 < size; dot += 64) name[dot] = '.';
  return name;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// What base64(1) reads in "  FIELD: BASE64".
std::string decoded(const std::string& line, const std::string& field) {
  const std::string start = "  " + field + ": ";
  REQUIRE(line.starts_with(start));
  const Outcome outcome = run({"base64", "-d"}, {.input = line.substr(start.size())});
  CHECK(outcome.exit_code == 0);
  return outcome.out;
}

}  // namespace

TEST_CASE("a Kubernetes secret is of the type tls and holds chain, key and roots in base64", "[export][kubernetes]") {
  const Credential credential = GENERATE(0, 1) == 0 ? client_of_an_intermediate() : client_of_two_roots();
  const FileSet set = exporter::kubernetes(credential, "acme-app");
  const FileSet wanted = exporter::libpq(credential);
  const auto lines = lines_of(text_in(set, "secret.yaml"));
  REQUIRE(lines.size() == 9);
  CHECK(lines[0] == "apiVersion: v1");
  CHECK(lines[1] == "kind: Secret");
  CHECK(lines[2] == "type: kubernetes.io/tls");
  CHECK(lines[3] == "metadata:");
  CHECK(lines[4] == "  name: \"acme-app\"");
  CHECK(lines[5] == "data:");
  CHECK(decoded(lines[6], "tls.crt") == text_in(wanted, "postgresql.crt"));
  CHECK((decoded(lines[7], "tls.key") == text_in(wanted, "postgresql.key")));
  CHECK(decoded(lines[8], "ca.crt") == text_in(wanted, "root.crt"));
  CHECK(text_in(set, "secret.yaml").ends_with("\n"));
}

TEST_CASE("the name of a Kubernetes secret is a string, whatever YAML would make of its characters", "[export][kubernetes]") {
  const auto name = GENERATE("a"s, "acme-app"s, "acme.app"s, "123"s, "0x1f"s, "1e3"s, "0.5"s, "true"s, "null"s, "no"s,
                             "2026-11-24"s, "a--b"s, "1.2.3"s, long_name(253));
  const auto lines = lines_of(text_in(exporter::kubernetes(client(), name), "secret.yaml"));
  CHECK(lines[4] == "  name: \"" + name + "\"");
}

TEST_CASE("what is no DNS subdomain name is refused as the name of a Kubernetes secret", "[export][kubernetes]") {
  // By the expression of Kubernetes: [a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*
  const auto [name, shown] = GENERATE(table<std::string, std::string>({
      {"", ""},
      {"Acme", "Acme"},
      {"ac_me", "ac_me"},
      {"ac me", "ac me"},
      {"acme/app", "acme/app"},
      {"-acme", "-acme"},
      {"acme-", "acme-"},
      {".acme", ".acme"},
      {"acme.", "acme."},
      {".", "."},
      {"-", "-"},
      {"acme..app", "acme..app"},
      {"acme.-app", "acme.-app"},
      {"acme-.app", "acme-.app"},
      {"acme\n", "acme\\x0A"},
      {"acme\"", "acme\\x22"},
      {"acme\"\ndata: {}", "acme\\x22\\x0Adata: {}"},
      {"acm\xC3\xA9", "acm\\xC3\\xA9"},
      {"acme\0"s, "acme\\x00"},
      {long_name(254), "aaaaaaaa"},
  }));
  const Credential credential = client();
  const std::string& given = name;
  INFO(shown);
  check_refused([&] { return exporter::kubernetes(credential, given); }, Errc::invalid_argument, "secret name \"" + shown);
  check_refused([&] { return exporter::kubernetes(credential, given); }, Errc::invalid_argument,
                "give 1 to 253 of a-z, 0-9, hyphen and dot");
}
