#include <algorithm>
#include <map>
#include <set>

#include "files/calls.h"
#include "files/scene.h"
#include "support/files.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using files::Existing;

namespace fs = std::filesystem;

namespace {

// The calls of one write into `folder`, over an older set or not.
std::vector<Call> calls_for(const fs::path& folder, const std::function<FileSet(std::string)>& set, bool replacing) {
  if (replacing) files::write(folder, set("old"));
  return calls_of([&] { files::write(folder, set("new"), replacing ? Existing::replace : Existing::refuse); });
}

bool puts_in_place(const Call& call, const fs::path& folder, const FileSet& set) {
  if (call.name != "renameat" && call.name != "linkat") return false;
  return std::any_of(set.files().begin(), set.files().end(),
                     [&](const File& file) { return call.path == (folder / file.name).string(); });
}

// The names in the order in which readers meet them.
std::vector<std::string> order_of(const std::vector<Call>& calls, const fs::path& folder, const FileSet& set) {
  std::vector<std::string> names;
  for (const Call& call : calls) {
    if (puts_in_place(call, folder, set)) names.push_back(fs::path{call.path}.lexically_relative(folder).string());
  }
  return names;
}

FileSet everything(const std::string& which) {
  return client_set(which) +
         set_of({{"postgresql.pk8", FileRole::key, which + " pk8"}, {"ca.crt", FileRole::trust, which + " ca"}});
}

FileSet server_and_client(const std::string& which) {
  return set_of({{"server.crt", FileRole::certificate, which},
                 {"server.key", FileRole::key, which},
                 {"root.crt", FileRole::trust, which}})
             .under("server") +
         set_of({{"postgresql.crt", FileRole::certificate, which},
                 {"postgresql.key", FileRole::key, which},
                 {"root.crt", FileRole::trust, which}})
             .under("client");
}

FileSet two_prefixes(const std::string& which) {
  return set_of({{"acme-postgresql.crt", FileRole::certificate, which},
                 {"acme-postgresql.key", FileRole::key, which},
                 {"beta-postgresql.crt", FileRole::certificate, which},
                 {"beta-postgresql.key", FileRole::key, which},
                 {"beta-postgresql.pk8", FileRole::key, which}});
}

}  // namespace

TEST_CASE("what is trusted comes first, then secrets that stand alone, then the keys, then their certificate", "[files][order]") {
  const bool replacing = GENERATE(false, true);
  const TemporaryFolder folder;
  const auto calls = calls_for(folder.path(), everything, replacing);
  CHECK(order_of(calls, folder.path(), everything("new")) ==
        std::vector<std::string>{"root.crt", "ca.crt", "postgresql.p12", "postgresql.key", "postgresql.pk8", "postgresql.crt"});
}

TEST_CASE("of two credentials in one set each has its key right before its certificate", "[files][order]") {
  const bool replacing = GENERATE(false, true);
  SECTION("in two folders") {
    const TemporaryFolder folder;
    const auto order = order_of(calls_for(folder.path(), server_and_client, replacing), folder.path(), server_and_client("new"));
    CHECK(order == std::vector<std::string>{"server/root.crt", "client/root.crt", "server/server.key", "server/server.crt",
                                            "client/postgresql.key", "client/postgresql.crt"});
  }
  SECTION("under two prefixes") {
    const TemporaryFolder folder;
    const auto order = order_of(calls_for(folder.path(), two_prefixes, replacing), folder.path(), two_prefixes("new"));
    CHECK(order == std::vector<std::string>{"acme-postgresql.key", "acme-postgresql.crt", "beta-postgresql.key",
                                            "beta-postgresql.pk8", "beta-postgresql.crt"});
  }
}

TEST_CASE("every file is synced, after its last octet, before the first is put in place", "[files][order]") {
  const bool replacing = GENERATE(false, true);
  const TemporaryFolder folder;
  const auto calls = calls_for(folder.path(), server_and_client, replacing);
  const auto set = server_and_client("new");
  std::set<std::string> unsynced, synced;
  std::size_t in_place = 0;
  for (const Call& call : calls) {
    if (call.name == "write") unsynced.insert(call.path);
    if (call.name == "fsync" && unsynced.erase(call.path) == 1) synced.insert(call.path);
    if (!puts_in_place(call, folder.path(), set)) continue;
    ++in_place;
    CHECK(unsynced.empty());
    CHECK(synced.size() == 6);
    CHECK(synced.count(call.from) == 1);
  }
  CHECK(in_place == 6);
}

TEST_CASE("every folder is synced after the last file was put in place, and those above the new ones too", "[files][order]") {
  const bool replacing = GENERATE(false, true);
  const TemporaryFolder folder;
  const fs::path top = folder.path() / "made" / "pki";
  const auto calls = calls_for(top, server_and_client, replacing);
  const auto set = server_and_client("new");
  std::set<std::string> synced;
  for (const Call& call : calls) {
    if (puts_in_place(call, top, set)) synced.clear();
    if (call.name == "fsync") synced.insert(call.path);
  }
  CHECK(synced.count((top / "server").string()) == 1);
  CHECK(synced.count((top / "client").string()) == 1);
  if (!replacing) {
    CHECK(synced.count(top.string()) == 1);
    CHECK(synced.count(top.parent_path().string()) == 1);
    CHECK(synced.count(folder.path().string()) == 1);
  }
}

TEST_CASE("the older files can be put back until all the new ones are in place and synced", "[files][order]") {
  const TemporaryFolder folder;
  const auto calls = calls_for(folder.path(), everything, true);
  const auto set = everything("new");
  std::size_t kept = 0, in_place = 0;
  bool synced = false;
  for (const Call& call : calls) {
    if (puts_in_place(call, folder.path(), set)) {
      CHECK(kept == 6);
      ++in_place;
    } else if (call.name == "linkat") {
      ++kept;
    }
    if (call.name == "fsync" && in_place == 6) synced = true;
    if (call.name == "unlinkat" && in_place > 0) CHECK(synced);
  }
  CHECK(in_place == 6);
}
