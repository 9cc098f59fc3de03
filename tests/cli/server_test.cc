// The program against a real PostgreSQL.
#include <chrono>
#include <future>
#include <thread>

#include <fmt/format.h>

#include "cli/script.h"
#include "support/catch.h"
#include "support/files.h"
#include "support/postgres.h"

using namespace spaceca::test;

namespace {

std::vector<std::string> environment_of(const Postgres& server) {
  return {fmt::format("DATA={}", server.data().string()), fmt::format("PORT={}", server.port()),
          fmt::format("ADMIN=host={} port={} user=postgres dbname=app", server.socket_folder(), server.port()),
          "SPACECA_KEY_FILE=key", "SPACECA_STORE=sqlite:ca.db"};
}

constexpr std::string_view kByPassword = "host all all 127.0.0.0/8 scram-sha-256\nhost all all ::1/128 scram-sha-256\n";

}  // namespace

TEST_CASE("a database is enabled, used, rotated and disabled by commands, each proved before it ends", "[cli][postgres]") {
  const TemporaryFolder folder;
  const Postgres server{{}, kByPassword};
  play("server.txt", folder.path(), environment_of(server));
}

TEST_CASE("addresses are let in and out by commands, each proved before it ends", "[cli][postgres]") {
  const TemporaryFolder folder;
  const Postgres server{{}, kByPassword};
  play("ip_rules.txt", folder.path(), environment_of(server));
}

TEST_CASE("a database that is enabled is changed by commands, and its server goes by that", "[cli][postgres]") {
  const TemporaryFolder folder;
  const Postgres server{{}, kByPassword};
  play("update.txt", folder.path(), environment_of(server));
}

TEST_CASE("who is connected is counted, and a revocation ends sessions if it is told to", "[cli][postgres]") {
  const TemporaryFolder folder;
  const Postgres server{{}, kByPassword};
  play("sessions.txt", folder.path(), environment_of(server));
}

TEST_CASE("a server that nothing is written to is given files, and a sweep sees it serve them", "[cli][postgres]") {
  const TemporaryFolder folder;
  const Postgres server{{}, kByPassword};
  play("server_files.txt", folder.path(), environment_of(server));
}

TEST_CASE("a store put back from a backup publishes only after spaces:adopt, and the revoked stays out", "[cli][postgres]") {
  const TemporaryFolder folder;
  const Postgres server{{}, kByPassword};
  play("restore.txt", folder.path(), environment_of(server));
}

TEST_CASE("enabling goes on when nobody reads of its progress any more", "[cli][postgres]") {
  const TemporaryFolder folder;
  const Postgres server{{}, kByPassword};
  play("reader_gone.txt", folder.path(), environment_of(server));
}

TEST_CASE("enabling with --wait goes on until the server is there", "[cli][postgres]") {
  const TemporaryFolder folder;
  Postgres server{{}, kByPassword};
  server.stop();
  // The script says when its command has met a server that is not there.
  auto starting = std::async(std::launch::async, [&server, sign = folder.path() / "met"] {
    for (int i = 0; i < 600 && !std::filesystem::exists(sign); ++i) std::this_thread::sleep_for(std::chrono::milliseconds{100});
    server.start_again();
  });
  play("wait.txt", folder.path(), environment_of(server));
  starting.get();
}

TEST_CASE("a server out of reach is exit 5, and the next sweep finishes", "[cli][postgres]") {
  const TemporaryFolder folder;
  Postgres server{{}, kByPassword};
  server.stop();
  play("unreachable.txt", folder.path(), environment_of(server));
  server.start_again();
  play("reachable.txt", folder.path(), environment_of(server));
}

TEST_CASE("the doctor finds what keeps a client out of a server, and what that server lacks", "[cli][postgres][doctor]") {
  const TemporaryFolder folder;
  Postgres server{{}, kByPassword};
  play("doctor_server.txt", folder.path(), environment_of(server));
  server.stop();
  play("doctor_unreachable.txt", folder.path(), environment_of(server));
}
