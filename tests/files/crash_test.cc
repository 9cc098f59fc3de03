#include <unistd.h>

#include <fmt/format.h>

#include "files/calls.h"
#include "files/scene.h"
#include "support/files.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using files::Existing;

namespace fs = std::filesystem;

namespace {

constexpr int kCrashed = 99;

FileSet two_folders(std::string_view which) { return client_set(which) + client_set(which).under("acme"); }

// Each file is one whole version or the other (or not there, if there was none).
void check_whole(const Contents& now, const Contents& old, const Contents& wanted) {
  for (const auto& [name, description] : wanted) {
    const auto seen = now.find(name);
    const auto older = old.find(name);
    INFO(name);
    if (seen == now.end()) {
      CHECK(older == old.end());
      continue;
    }
    const bool whole = seen->second == description || (older != old.end() && seen->second == older->second);
    CHECK(whole);
  }
}

}  // namespace

TEST_CASE("wherever the writer dies, each file is whole, and writing the set again finishes it and leaves nothing beside",
          "[files][crash]") {
  const QuickDisk quick;
  const bool replacing = GENERATE(false, true);
  const auto prepare = [replacing](const fs::path& path) {
    if (replacing) files::write(path / "pki", two_folders("old"));
  };
  const auto write = [replacing](const fs::path& path) {
    files::write(path / "pki", two_folders("new"), replacing ? Existing::replace : Existing::refuse);
  };
  std::size_t calls = 0;
  Contents wanted;
  {
    const TemporaryFolder folder;
    prepare(folder.path());
    calls = calls_of([&] { write(folder.path()); }).size();
    wanted = contents_of(folder.path());
  }
  REQUIRE(calls > 40);
  for (std::size_t n = 1; n <= calls; ++n) {
    const TemporaryFolder folder;
    prepare(folder.path());
    const Contents old = contents_of(folder.path());
    const Ended child = in_child([&]() -> std::string {
      const Watch watch{[n, i = std::size_t{0}](Call&) mutable {
        if (++i == n) _exit(kCrashed);
        return 0;
      }};
      write(folder.path());
      return "did not die";
    });
    INFO((replacing ? "replacing" : "new") << ", died before call " << n);
    REQUIRE(child.exit_code == kCrashed);
    check_whole(contents_of(folder.path()), old, wanted);

    CHECK(outcome_of([&] { files::write(folder.path() / "pki", two_folders("new"), Existing::replace); }) == "done");
    CHECK(contents_of(folder.path()) == wanted);
  }
}

TEST_CASE("the lock of a writer that died does not hold up the next", "[files][crash]") {
  const TemporaryFolder folder;
  const Ended child = in_child([&]() -> std::string {
    const Watch watch{[](Call& call) {
      if (call.name == "fchmod") _exit(kCrashed);
      return 0;
    }};
    files::write(folder.path(), client_set("new"));
    return "did not die";
  });
  REQUIRE(child.exit_code == kCrashed);
  CHECK(outcome_of([&] { files::write(folder.path(), client_set("new")); }) == "done");
  CHECK(contents_of(folder.path()) == contents_with("new"));
}
