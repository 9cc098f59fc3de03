#include <map>

#include "export/connections.h"
#include "support/child.h"
#include "support/files.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

using Environment = std::map<std::string, std::string>;

// For each of the texts: what a program sees that a shell starts after it has read that text.
std::vector<Environment> environments_after(const std::string& shell, const TemporaryFolder& folder,
                                            const std::vector<std::string>& texts) {
  for (std::size_t i = 0; i < texts.size(); ++i) write_file(folder.path() / std::to_string(i), texts[i]);
  const std::string script =
      "cd \"$1\" || exit 1; i=0; while [ $i -lt $2 ]; do (printf 'next\\0'; . ./$i && exec env -0); i=$((i + 1)); done";
  const Outcome outcome = run({shell, "-c", script, "sh", folder.path().string(), std::to_string(texts.size())});
  CHECK(outcome.err == "");
  REQUIRE(outcome.exit_code == 0);
  std::vector<Environment> environments;
  for (std::string_view rest = outcome.out; !rest.empty();) {
    const std::string_view variable = rest.substr(0, rest.find('\0'));
    if (variable == "next") {
      environments.emplace_back();
    } else {
      environments.back()[std::string{variable.substr(0, variable.find('='))}] = variable.substr(variable.find('=') + 1);
    }
    rest.remove_prefix(variable.size() + 1);
  }
  REQUIRE(environments.size() == texts.size());
  return environments;
}

}  // namespace

TEST_CASE("a shell that reads the lines exports every value as it is, whatever characters it has", "[export][shell]") {
  const std::string shell = GENERATE(as<std::string>{}, "dash", "bash");
  std::vector<OddConnection> connections{{"the ordinary one", ordinary_connection()}};
  for (const auto& odd : {odd_connections(), odd_hosts()}) connections.insert(connections.end(), odd.begin(), odd.end());
  std::vector<std::string> texts;
  for (const OddConnection& odd : connections) texts.push_back(exporter::environment(odd.connection));

  const TemporaryFolder folder;
  const auto environments = environments_after(shell, folder, texts);
  for (std::size_t i = 0; i < connections.size(); ++i) {
    INFO(shell << ": " << connections[i].what);
    const auto& connection = connections[i].connection;
    const std::string start = connection.folder + (connection.folder.ends_with('/') ? "" : "/") + connection.prefix;
    Environment seen = environments[i];
    CHECK(seen["PGHOST"] == connection.host);
    CHECK(seen["PGPORT"] == "5433");
    CHECK(seen["PGDATABASE"] == connection.database);
    CHECK(seen["PGUSER"] == connection.user);
    CHECK(seen["PGSSLMODE"] == "verify-full");
    CHECK(seen["PGSSLCERT"] == start + "postgresql.crt");
    CHECK(seen["PGSSLKEY"] == start + "postgresql.key");
    CHECK(seen["PGSSLROOTCERT"] == start + "root.crt");
  }
  // Nothing was executed on the way: there is no file x, nor any other that we did not write.
  CHECK(std::distance(std::filesystem::directory_iterator{folder.path()}, {}) == static_cast<std::ptrdiff_t>(texts.size()));
}
