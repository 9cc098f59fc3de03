#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "files/calls.h"
#include "files/scene.h"
#include "support/files.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using namespace std::string_literals;
using files::Existing;

namespace fs = std::filesystem;

namespace {

// A set on its way into a folder, from a beginning that can be made again.
struct Scene {
  std::string name;
  std::function<void(const fs::path&)> prepare;
  std::function<void(const fs::path&)> write;
};

FileSet two_folders(std::string_view which) { return client_set(which) + client_set(which).under("acme"); }

std::vector<Scene> scenes() {
  return {
      {"a folder that is not there", [](const fs::path&) {},
       [](const fs::path& path) { files::write(path / "a" / "b", two_folders("new")); }},
      {"an empty folder", [](const fs::path&) {}, [](const fs::path& path) { files::write(path, client_set("new")); }},
      {"a set that is replaced", [](const fs::path& path) { files::write(path, two_folders("old")); },
       [](const fs::path& path) { files::write(path, two_folders("new"), Existing::replace); }},
      {"a set of which a part is there",
       [](const fs::path& path) {
         write_file(path / "root.crt", "old");
         write_file(path / "postgresql.key", "old");
         write_file(path / "unrelated", "mine");
       },
       [](const fs::path& path) { files::write(path, two_folders("new"), Existing::replace); }},
  };
}

// All but what the writer itself put beside and could not take away.
Contents without_leftovers(Contents contents) {
  std::erase_if(contents, [](const auto& file) { return file.first.find(".spaceca-") != std::string::npos; });
  return contents;
}

// Lets the n-th call fail, and no other.
Observer fail_at(std::size_t n, int error, std::string* name) {
  return [n, error, name, i = std::size_t{0}](Call& call) mutable {
    if (++i != n) return 0;
    *name = call.name;
    return error;
  };
}

// A disk of 16 KiB at `path`, for this process alone. Needs root, or user namespaces.
bool mount_small_disk(const fs::path& path) {
  const auto user = getuid(), group = getgid();
  if (unshare(CLONE_NEWNS) != 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", fmt::format("{0} {0} 1", user));
    write_file("/proc/self/gid_map", fmt::format("{0} {0} 1", group));
  }
  return mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("tmpfs", path.c_str(), "tmpfs", 0, "size=16k") == 0;
}

}  // namespace

TEST_CASE("whichever system call fails, the folder is as it was, or holds the whole new set", "[files][failure]") {
  const QuickDisk quick;
  const Scene scene = GENERATE(from_range(scenes()));
  std::size_t calls = 0;
  Contents wanted;
  {
    const TemporaryFolder folder;
    scene.prepare(folder.path());
    calls = calls_of([&] { scene.write(folder.path()); }).size();
    wanted = contents_of(folder.path());
  }
  REQUIRE(calls > 30);
  std::size_t failed = 0;
  for (std::size_t n = 1; n <= calls; ++n) {
    const TemporaryFolder folder;
    scene.prepare(folder.path());
    const Contents before = contents_of(folder.path());
    std::string call, outcome;
    {
      const Watch watch{fail_at(n, EIO, &call)};
      outcome = outcome_of([&] { scene.write(folder.path()); });
    }
    INFO(scene.name << ": " << call << ", number " << n << ": " << outcome);
    const Contents after = contents_of(folder.path());
    if (outcome != "done") {
      ++failed;
      CHECK(outcome.starts_with("io: file \"" + folder.path().string()));
      CHECK_THAT(outcome, Catch::Matchers::ContainsSubstring("Input/output error"));
      CHECK(after == before);
    } else if (call == "unlinkat") {  // what cannot be taken away stays until the next time
      CHECK(without_leftovers(after) == wanted);
    } else {
      CHECK(after == wanted);
    }
  }
  CHECK(failed > 15);
}

TEST_CASE("after a failure the same set can be written again", "[files][failure]") {
  const Scene scene = GENERATE(from_range(scenes()));
  const TemporaryFolder folder;
  scene.prepare(folder.path());
  int turns = 0;
  {
    const Watch watch{[&turns](Call& call) { return call.name == "fsync" && ++turns == 3 ? EIO : 0; }};
    CHECK(outcome_of([&] { scene.write(folder.path()); }).starts_with("io: "));
  }
  CHECK(outcome_of([&] { scene.write(folder.path()); }) == "done");
}

TEST_CASE("a rename that fails in the middle puts back what was renamed", "[files][failure]") {
  const auto turn = GENERATE(1, 2, 3, 4);
  const TemporaryFolder folder;
  files::write(folder.path(), client_set("old"));
  int turns = 0;
  std::string outcome, name;
  {
    const Watch watch{[&](Call& call) {
      if (call.name != "renameat" || ++turns != turn) return 0;
      name = call.path;
      return EACCES;
    }};
    outcome = outcome_of([&] { files::write(folder.path(), client_set("new"), Existing::replace); });
  }
  CHECK(outcome ==
        fmt::format(
            "permission: file \"{}\": could not put it in place: Permission denied; the folder must be writable for this user",
            name));
  CHECK(contents_of(folder.path()) == contents_with("old"));
}

TEST_CASE("if the older file cannot be put back either, its octets are not lost", "[files][failure]") {
  const TemporaryFolder folder;
  files::write(folder.path(), client_set("old"));
  int turns = 0;
  {
    const Watch watch{[&turns](Call& call) { return call.name == "renameat" && ++turns > 2 ? EIO : 0; }};
    CHECK(outcome_of([&] { files::write(folder.path(), client_set("new"), Existing::replace); }).starts_with("io: "));
  }
  const Contents contents = contents_of(folder.path());
  for (const std::string name : {"root.crt", "postgresql.p12", "postgresql.key", "postgresql.crt"}) {
    INFO(name);
    CHECK(std::any_of(contents.begin(), contents.end(),
                      [&](const auto& file) { return file.second.ends_with(" file: old " + name); }));
  }
}

TEST_CASE("an older file that a writer could not put back survives the failures of the next ones", "[files][failure]") {
  const TemporaryFolder folder;
  files::write(folder.path(), client_set("old"));
  const auto write_failing = [&](const std::string& call, int from, const std::string& which) {
    int turns = 0;
    const Watch watch{[&](Call& seen) { return seen.name == call && ++turns >= from ? EIO : 0; }};
    return outcome_of([&] { files::write(folder.path(), client_set(which), Existing::replace); });
  };
  CHECK(write_failing("renameat", 3, "new").starts_with("io: "));
  const Contents after_the_first = contents_of(folder.path());
  REQUIRE(after_the_first.contains(".root.crt.spaceca-old"));
  const auto call = GENERATE("openat"s, "write"s, "linkat"s, "renameat"s);
  CHECK(write_failing(call, call == "openat" ? 4 : 1, "newer").starts_with("io: "));
  CHECK(contents_of(folder.path()) == after_the_first);
  files::write(folder.path(), client_set("newest"), Existing::replace);
  CHECK(contents_of(folder.path()) == contents_with("newest"));
}

TEST_CASE("a folder that somebody else makes meanwhile is his, and stays", "[files][failure]") {
  const TemporaryFolder folder;
  const fs::path made = folder.path() / "a" / "b";
  std::string outcome;
  {
    int turns = 0;
    const Watch watch{[&](Call& call) {
      if (call.name == "mkdir" && call.path == made.string() && ++turns == 2) fs::create_directory(made);
      return call.name == "fsync" ? EIO : 0;
    }};
    outcome = outcome_of([&] { files::write(made, client_set("new")); });
  }
  CHECK(outcome.starts_with("io: "));
  CHECK(fs::is_directory(made));
}

TEST_CASE("a set goes into the folder that was opened, also if another takes its name meanwhile", "[files][failure]") {
  const TemporaryFolder folder;
  const fs::path set = folder.path() / "set", elsewhere = folder.path() / "elsewhere", moved = folder.path() / "moved";
  fs::create_directory(set);
  fs::create_directory(elsewhere);
  std::string outcome;
  {
    bool turned = false;
    const Watch watch{[&](Call& call) {
      if (call.name == "mkdirat" && !std::exchange(turned, true)) {
        fs::rename(set, moved);
        fs::create_directory_symlink(elsewhere, set);
      }
      return 0;
    }};
    outcome = outcome_of([&] { files::write(set, client_set("new").under("acme")); });
  }
  CHECK(outcome == "done");
  CHECK(contents_of(elsewhere) == Contents{});
  CHECK(contents_of(moved / "acme") == contents_with("new"));
}

TEST_CASE("a file of another user that may not have a second name is said to be one", "[files][failure]") {
  const TemporaryFolder folder;
  files::write(folder.path(), client_set("old"));
  std::string outcome;
  {
    const Watch watch{[](Call& call) { return call.name == "linkat" ? EPERM : 0; }};  // as fs.protected_hardlinks has it
    outcome = outcome_of([&] { files::write(folder.path(), client_set("new"), Existing::replace); });
  }
  CHECK(outcome.starts_with("permission: "));
  CHECK_THAT(outcome, Catch::Matchers::ContainsSubstring("it must be this user's own, or one that he may write"));
  CHECK(contents_of(folder.path()) == contents_with("old"));
}

TEST_CASE("every file is made anew, through no link, with its mode from birth", "[files]") {
  const bool replacing = GENERATE(false, true);
  const TemporaryFolder folder;
  if (replacing) files::write(folder.path(), client_set("old"));
  const auto calls =
      calls_of([&] { files::write(folder.path(), client_set("new"), replacing ? Existing::replace : Existing::refuse); });
  std::size_t made = 0;
  for (const Call& call : calls) {
    if (call.name == "open" || (call.name == "openat" && (call.flags & O_CREAT) == 0)) {
      CHECK((call.flags & (O_CREAT | O_TRUNC)) == 0);
      CHECK((call.flags & (O_DIRECTORY | O_CLOEXEC)) == (O_DIRECTORY | O_CLOEXEC));
    }
    if (call.name != "openat" || (call.flags & O_CREAT) == 0) continue;
    INFO(call.path);
    ++made;
    CHECK((call.flags & (O_EXCL | O_NOFOLLOW | O_CLOEXEC)) == (O_EXCL | O_NOFOLLOW | O_CLOEXEC));
    const bool secret = call.path.find(".key") != std::string::npos || call.path.find(".p12") != std::string::npos;
    CHECK(call.mode == (secret ? 0600U : 0644U));
  }
  CHECK(made == 4);
}

TEST_CASE("the error of a failure is of the kind that the caller can act on, and says what would help", "[files][failure]") {
  const auto [error, text] = GENERATE(table<int, std::string>({
      {EACCES, "permission: *Permission denied; the folder must be writable for this user"},
      {EPERM, "permission: *Operation not permitted; the folder must be writable for this user"},
      {EROFS, "permission: *Read-only file system; choose a folder on a writable file system"},
      {ENOSPC, "no_space: *No space left on device; free some room and write it again"},
      {EDQUOT, "no_space: *Disk quota exceeded; free some room and write it again"},
      {EIO, "io: *Input/output error"},
      {EMFILE, "io: *Too many open files"},
      {ENOMEM, "io: *Cannot allocate memory"},
      {ENAMETOOLONG, "invalid_argument: *File name too long"},
      {ENOTDIR, "invalid_argument: *Not a directory"},
      {ELOOP, "invalid_argument: *Too many levels of symbolic links"},
      {EISDIR, "invalid_argument: *Is a directory"},
  }));
  const TemporaryFolder folder;
  const int failure = error;
  std::string outcome;
  {
    const Watch watch{[failure](Call& call) { return call.name == "openat" ? failure : 0; }};
    outcome = outcome_of([&] { files::write(folder.path(), client_set("new")); });
  }
  INFO(outcome);
  CHECK(outcome.starts_with(text.substr(0, text.find('*')) + "file \"" + folder.path().string()));
  CHECK(outcome.ends_with(text.substr(text.find('*') + 1)));
  CHECK(contents_of(folder.path()) == Contents{});
}

TEST_CASE("no error of the writer shows what was to be written", "[files][failure]") {
  const auto call = GENERATE("openat"s, "fchmod"s, "write"s, "fsync"s, "linkat"s);
  const TemporaryFolder folder;
  std::string outcome;
  {
    const Watch watch{[&call](Call& seen) { return seen.name == call ? EIO : 0; }};
    outcome = outcome_of([&] { files::write(folder.path(), set_of({{"a", FileRole::key, "MC4CAQAwBQYDK2VwBCIEI"}})); });
  }
  CHECK(outcome.starts_with("io: "));
  CHECK(outcome.find("MC4CAQ") == std::string::npos);
}

TEST_CASE("on a full disk nothing is written, and the error asks for room", "[files][failure]") {
  const bool replacing = GENERATE(false, true);
  const TemporaryFolder folder;
  const fs::path path = folder.path();
  const Ended child = in_child([path, replacing]() -> std::string {
    // A real disk if we may mount one; else one whose fourth write fails, which is what it looks like to the writer.
    const bool real = mount_small_disk(path);
    if (replacing) files::write(path, client_set("old"));
    const Contents before = contents_of(path);
    int writes = 0;
    const Watch watch{[&writes, real](Call& call) { return !real && call.name == "write" && ++writes == 4 ? ENOSPC : 0; }};
    const FileSet set = client_set("new") + set_of({{"large.p12", FileRole::other, std::string(20'000, 'x')}});
    const std::string outcome = outcome_of([&] { files::write(path, set, Existing::replace); });
    return outcome + (contents_of(path) == before ? "" : " but the folder changed");
  });
  INFO(child.said);
  CHECK(child.said.starts_with("no_space: file \"" + path.string()));
  CHECK(child.said.ends_with("could not write it: No space left on device; free some room and write it again"));
}
