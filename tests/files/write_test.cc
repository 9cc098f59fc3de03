#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

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

std::string writing(const fs::path& folder, const FileSet& set, Existing existing = Existing::refuse) {
  return outcome_of([&] { files::write(folder, set, existing); });
}

void make_socket(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.string().size() < sizeof address.sun_path);
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  const int socket_fd = socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(bind(socket_fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  close(socket_fd);
}

}  // namespace

// ---------------------------------------------------------------- what is written

TEST_CASE("a set is written with the modes that its roles ask for, and nothing else is left in the folder", "[files]") {
  const TemporaryFolder folder;
  files::write(folder.path(), client_set("new"));
  CHECK(contents_of(folder.path()) == Contents{{"postgresql.crt", "0644 file: new postgresql.crt"},
                                               {"postgresql.key", "0600 file: new postgresql.key"},
                                               {"postgresql.p12", "0600 file: new postgresql.p12"},
                                               {"root.crt", "0644 file: new root.crt"}});
}

TEST_CASE("the modes of files hang on no umask, and no file was ever more open", "[files]") {
  const auto [mask, existing] = GENERATE(table<mode_t, Existing>({
      {0000, Existing::refuse},
      {0022, Existing::refuse},
      {0077, Existing::refuse},
      {0777, Existing::refuse},
      {0000, Existing::replace},
      {0022, Existing::replace},
      {0077, Existing::replace},
      {0777, Existing::replace},
  }));
  const TemporaryFolder folder;
  give_to_unprivileged(folder.path());
  const fs::path path = folder.path();
  const mode_t umask_to_set = mask;
  const Existing to_existing = existing;
  const Ended child = in_child([path, umask_to_set, to_existing]() -> std::string {
    become_unprivileged();  // root could open its own files of mode 0000
    umask(umask_to_set);
    if (to_existing == Existing::replace) files::write(path, client_set("old"));
    std::string wrong;
    const Watch watch{[&wrong](Call& call) {
      struct stat status {};
      if (call.name != "write" || fstat(call.fd, &status) != 0) return 0;
      const bool secret = call.path.find(".key") != std::string::npos || call.path.find(".p12") != std::string::npos;
      if ((status.st_mode & 07777U) != (secret ? 0600U : 0644U)) {
        wrong += fmt::format("{} has {:o} at its first octet; ", call.path, status.st_mode);
      }
      return 0;
    }};
    files::write(path, client_set("new"), to_existing);
    return wrong;
  });
  INFO(fmt::format("umask {:04o}", mask));
  CHECK(child.said == "");
  CHECK(contents_of(folder.path()) == contents_with("new"));
}

TEST_CASE("files of any size are written whole", "[files]") {
  const auto size = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{4097}, std::size_t{3'000'000});
  const TemporaryFolder folder;
  std::string octets;
  for (std::size_t i = 0; i < size; ++i) octets += static_cast<char>(i * 31 % 251);
  files::write(folder.path(), set_of({{"a", FileRole::key, octets}}));
  CHECK((read_file(folder.path() / "a") == octets));  // not shown: it may be long
}

TEST_CASE("a system that takes a few octets at a time, or is interrupted, gets them all", "[files]") {
  const TemporaryFolder folder;
  int turn = 0;
  {
    const Watch watch{[&turn](Call& call) {
      if (call.name != "write") return 0;
      call.size = std::min(call.size, std::size_t{3});
      return ++turn % 2 == 0 ? EINTR : 0;
    }};
    files::write(folder.path(), client_set("new"));
  }
  CHECK(turn > 20);
  CHECK(contents_of(folder.path()) == contents_with("new"));
}

TEST_CASE("folders that are not there are made", "[files]") {
  const auto below = GENERATE("client"s, "client/"s, "a/b/c"s, "./client"s);
  const TemporaryFolder folder;
  files::write(folder.path() / below, client_set("new"));
  CHECK(contents_of(folder.path() / below) == contents_with("new"));
}

TEST_CASE("a folder is made with the mode that the umask leaves of 0777", "[files]") {
  const auto [mask, mode] =
      GENERATE(table<mode_t, std::string>({{0000, "0777 folder"}, {0022, "0755 folder"}, {0077, "0700 folder"}}));
  const TemporaryFolder folder;
  const fs::path path = folder.path();
  const mode_t umask_to_set = mask;
  const Ended child = in_child([path, umask_to_set] {
    umask(umask_to_set);
    return writing(path / "client", client_set("new").under("acme"));
  });
  CHECK(child.said == "done");
  CHECK(contents_of(path)["client"] == mode);
  CHECK(contents_of(path)["client/acme"] == mode);
  CHECK(contents_of(path)["client/acme/postgresql.key"] == "0600 file: new postgresql.key");
}

TEST_CASE("a relative folder is below the current one", "[files]") {
  const auto given = GENERATE("client"s, "./client"s, "client/../client"s);
  const TemporaryFolder folder;
  const fs::path path = folder.path();
  const Ended child = in_child([path, given] {
    fs::current_path(path);
    fs::create_directory("client");
    return writing(given, client_set("new"));
  });
  CHECK(child.said == "done");
  CHECK(contents_of(path / "client") == contents_with("new"));
}

TEST_CASE("a relative folder that is not there is made below the current one", "[files]") {
  const TemporaryFolder folder;
  const fs::path path = folder.path();
  const Ended child = in_child([path] {
    fs::current_path(path);
    return writing("client", client_set("new"));
  });
  CHECK(child.said == "done");
  CHECK(contents_of(path / "client") == contents_with("new"));
}

TEST_CASE("sets of several folders are written together", "[files]") {
  const TemporaryFolder folder;
  FileSet set = set_of({{"server.key", FileRole::key, "s"}}).under("server") +
                set_of({{"postgresql.key", FileRole::key, "c"}}).under("client") + set_of({{"root.crt", FileRole::trust, "r"}});
  files::write(folder.path() / "pki", set);
  Contents contents = contents_of(folder.path() / "pki");
  CHECK(contents["server/server.key"] == "0600 file: s");
  CHECK(contents["client/postgresql.key"] == "0600 file: c");
  CHECK(contents["root.crt"] == "0644 file: r");
  CHECK(contents.size() == 5);
}

TEST_CASE("names that only look odd are names", "[files]") {
  const auto name =
      GENERATE("..."s, "..a"s, "a.."s, " "s, "a b"s, "-rf"s, "~"s, "a\nb"s, "a\\b"s, "b\xC3\xBC"s, "\xFF"s, ".hidden"s, "x/..y"s);
  const TemporaryFolder folder;
  files::write(folder.path(), set_of({{name, FileRole::key, "octets"}}));
  CHECK(read_file(folder.path() / name) == "octets");
}

// ---------------------------------------------------------------- what is there already

TEST_CASE("a set is refused if one of its names is there, and nothing changes", "[files]") {
  const auto name = GENERATE("postgresql.crt"s, "postgresql.key"s, "root.crt"s, "postgresql.p12"s);
  const TemporaryFolder folder;
  write_file(folder.path() / name, "mine");
  const Contents before = contents_of(folder.path());

  const std::string outcome = writing(folder.path(), client_set("new"));
  CHECK(outcome ==
        fmt::format("exists: file \"{}\": exists already; choose another prefix or folder, or say that it may be replaced",
                    (folder.path() / name).string()));
  CHECK(contents_of(folder.path()) == before);
}

TEST_CASE("an empty file is there too", "[files]") {
  const TemporaryFolder folder;
  write_file(folder.path() / "root.crt", "");
  CHECK(writing(folder.path(), client_set("new")).starts_with("exists: "));
  CHECK(contents_of(folder.path()) == Contents{{"root.crt", "0644 file: "}});
}

TEST_CASE("a name that appears while the set is being written is refused and stays as it is", "[files]") {
  const TemporaryFolder folder;
  bool appeared = false;
  std::string outcome;
  {
    const Watch watch{[&](Call& call) {
      if (call.name != "linkat" && call.name != "renameat") return 0;
      if (!appeared) write_file(folder.path() / "postgresql.crt", "theirs");
      appeared = true;
      return 0;
    }};
    outcome = writing(folder.path(), client_set("new"));
  }
  CHECK(appeared);
  CHECK_THAT(outcome, Catch::Matchers::ContainsSubstring("exists: file \"" + (folder.path() / "postgresql.crt").string() + "\""));
  CHECK(contents_of(folder.path()) == Contents{{"postgresql.crt", "0644 file: theirs"}});
}

TEST_CASE("files that may be replaced are, with the mode of the new ones, and others in the folder stay", "[files]") {
  const TemporaryFolder folder;
  files::write(folder.path(), client_set("old"));
  chmod((folder.path() / "postgresql.key").c_str(), 0644);
  chmod((folder.path() / "root.crt").c_str(), 0400);
  write_file(folder.path() / "pg_service.conf", "mine");
  write_file(folder.path() / ".postgresql.key", "mine");

  files::write(folder.path(), client_set("new"), Existing::replace);
  Contents wanted = contents_with("new");
  wanted["pg_service.conf"] = "0644 file: mine";
  wanted[".postgresql.key"] = "0644 file: mine";
  CHECK(contents_of(folder.path()) == wanted);
}

TEST_CASE("what is not there yet is added to what is replaced", "[files]") {
  const TemporaryFolder folder;
  write_file(folder.path() / "root.crt", "old");
  files::write(folder.path(), client_set("new"), Existing::replace);
  CHECK(contents_of(folder.path()) == contents_with("new"));
}

TEST_CASE("a file is replaced, not written into: who has it open, or another name for it, keeps the old octets", "[files]") {
  const TemporaryFolder folder;
  files::write(folder.path(), client_set("old"));
  fs::create_hard_link(folder.path() / "root.crt", folder.path() / "other");
  files::write(folder.path(), client_set("new"), Existing::replace);
  CHECK(read_file(folder.path() / "other") == "old root.crt");
  CHECK(read_file(folder.path() / "root.crt") == "new root.crt");
}

TEST_CASE("what is no regular file is never replaced, and nothing changes", "[files]") {
  const auto kind =
      GENERATE("folder"s, "fifo"s, "socket"s, "link to a file"s, "link to nothing"s, "link to itself"s, "link to a folder"s);
  const auto existing = GENERATE(Existing::refuse, Existing::replace);
  const TemporaryFolder folder, elsewhere;
  const fs::path path = folder.path() / "postgresql.key";
  write_file(elsewhere.path() / "target", "mine");
  if (kind == "folder") fs::create_directory(path);
  if (kind == "fifo") REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  if (kind == "socket") make_socket(path);
  if (kind == "link to a file") fs::create_symlink(elsewhere.path() / "target", path);
  if (kind == "link to nothing") fs::create_symlink(elsewhere.path() / "nothing", path);
  if (kind == "link to itself") fs::create_symlink("postgresql.key", path);
  if (kind == "link to a folder") fs::create_symlink(elsewhere.path(), path);
  write_file(folder.path() / "root.crt", "mine");
  if (existing == Existing::refuse) fs::remove(folder.path() / "root.crt");
  const Contents before = contents_of(folder.path());

  INFO(kind);
  CHECK(writing(folder.path(), client_set("new"), existing) ==
        fmt::format("exists: file \"{}\": is there and is no regular file; take it away or choose another place", path.string()));
  CHECK(contents_of(folder.path()) == before);
  CHECK(contents_of(elsewhere.path()) == Contents{{"target", "0644 file: mine"}});
}

TEST_CASE("what a crash left beside is cleared away, also if somebody made links of it", "[files]") {
  const TemporaryFolder folder, elsewhere;
  write_file(elsewhere.path() / "target", "mine");
  // The names that the writer uses meanwhile, learned from itself.
  std::vector<std::string> beside;
  for (const Call& call : calls_of([&] { files::write(folder.path(), client_set("old")); })) {
    if (call.name == "openat" && (call.flags & O_CREAT) != 0) beside.push_back(call.path);
  }
  for (const Call& call : calls_of([&] { files::write(folder.path(), client_set("old"), Existing::replace); })) {
    if (call.name == "linkat") beside.push_back(call.path);
  }
  REQUIRE(beside.size() == 8);
  const bool links = GENERATE(false, true);
  for (const std::string& path : beside) {
    if (links) fs::create_symlink(elsewhere.path() / "target", path);
    if (!links) write_file(path, "left");
  }
  CHECK(writing(folder.path(), client_set("new"), Existing::replace) == "done");
  CHECK(contents_of(folder.path()) == contents_with("new"));
  CHECK(contents_of(elsewhere.path()) == Contents{{"target", "0644 file: mine"}});
}

// ---------------------------------------------------------------- folders that are refused

TEST_CASE("a folder that is a symbolic link is refused, however it is written, and what it leads to is untouched", "[files]") {
  const auto given = GENERATE("link"s, "link/"s, "link//"s, "link/."s, "./link"s, "./link/./"s);
  const auto existing = GENERATE(Existing::refuse, Existing::replace);
  const TemporaryFolder folder, elsewhere;
  write_file(elsewhere.path() / "root.crt", "mine");
  if (existing == Existing::refuse) fs::remove(elsewhere.path() / "root.crt");
  fs::create_directory_symlink(elsewhere.path(), folder.path() / "link");
  const Contents before = contents_of(elsewhere.path());

  INFO(given);
  CHECK_THAT(writing(folder.path() / given, client_set("new"), existing),
             Catch::Matchers::StartsWith("policy: folder ") &&
                 Catch::Matchers::ContainsSubstring("is a symbolic link, which is not followed; give the folder it leads to"));
  CHECK(contents_of(elsewhere.path()) == before);
}

TEST_CASE("a folder that is a symbolic link to nothing is refused, and nothing is made", "[files]") {
  const TemporaryFolder folder;
  fs::create_directory_symlink(folder.path() / "nothing", folder.path() / "link");
  CHECK_THAT(writing(folder.path() / "link", client_set("new")),
             Catch::Matchers::StartsWith("policy: folder ") && Catch::Matchers::ContainsSubstring("is a symbolic link"));
  CHECK(contents_of(folder.path()) == Contents{{"link", "link to " + (folder.path() / "nothing").string()}});
}

TEST_CASE("a folder of the set that is a symbolic link is refused, and what it leads to is untouched", "[files]") {
  const TemporaryFolder folder, elsewhere;
  write_file(elsewhere.path() / "root.crt", "mine");
  fs::create_directory_symlink(elsewhere.path(), folder.path() / "client");
  const auto existing = GENERATE(Existing::refuse, Existing::replace);
  CHECK_THAT(writing(folder.path(), set_of({{"server.key", FileRole::key, "s"}}) + client_set("new").under("client"), existing),
             Catch::Matchers::StartsWith("policy: folder ") &&
                 Catch::Matchers::ContainsSubstring("folder \"" + (folder.path() / "client").string() + "\": is a symbolic link"));
  CHECK(contents_of(elsewhere.path()) == Contents{{"root.crt", "0644 file: mine"}});
  CHECK(contents_of(folder.path()).size() == 1);
}

TEST_CASE("the folder above may be a symbolic link", "[files]") {
  const TemporaryFolder folder, elsewhere;
  fs::create_directory_symlink(elsewhere.path(), folder.path() / "link");
  CHECK(writing(folder.path() / "link" / "client", client_set("new")) == "done");
  CHECK(contents_of(elsewhere.path() / "client") == contents_with("new"));
}

TEST_CASE("a file where a folder must be is refused, and the error names it", "[files]") {
  const TemporaryFolder folder;
  write_file(folder.path() / "file", "mine");
  const auto [given, set] =
      GENERATE(table<std::string, std::string>({{"file", ""}, {"file/", ""}, {"file/client", ""}, {"", "file"}}));
  FileSet files = client_set("new");
  if (!set.empty()) files = std::move(files).under(set);
  const std::string outcome = writing(folder.path() / given, files);
  INFO(outcome);
  CHECK(outcome.starts_with("invalid_argument: file \"" + (folder.path() / "file").string()));
  CHECK_THAT(outcome, Catch::Matchers::ContainsSubstring("Not a directory"));
  CHECK(contents_of(folder.path()) == Contents{{"file", "0644 file: mine"}});
}

TEST_CASE("a folder in which the user may not write is refused, and the error says so", "[files]") {
  const TemporaryFolder folder;
  const auto [given, mode, doing] = GENERATE(table<std::string, mode_t, std::string>({
      {"", 0555, "could not make it: Permission denied; the folder must be writable for this user"},
      {"", 0333, "could not open this folder: Permission denied; the folder must be writable for this user"},
      {"", 0000, "Permission denied; the folder must be writable for this user"},
      {"client", 0555, "could not make this folder: Permission denied; the folder must be writable for this user"},
  }));
  give_to_unprivileged(folder.path());
  chmod(folder.path().c_str(), mode);
  const fs::path path = folder.path() / given;
  const Ended child = in_child([path] {
    become_unprivileged();
    return writing(path, client_set("new"));
  });
  chmod(folder.path().c_str(), 0755);
  INFO(child.said);
  CHECK(child.said.starts_with("permission: file \"" + folder.path().string()));
  CHECK_THAT(child.said, Catch::Matchers::ContainsSubstring(doing));
  CHECK(contents_of(folder.path()) == Contents{});
}

TEST_CASE("files in a folder in which the user may not write stay as they are", "[files]") {
  const TemporaryFolder folder;
  files::write(folder.path(), client_set("old"));
  give_to_unprivileged(folder.path());
  chmod(folder.path().c_str(), 0555);
  const fs::path path = folder.path();
  const Ended child = in_child([path] {
    become_unprivileged();
    return writing(path, client_set("new"), Existing::replace);
  });
  CHECK(child.said.starts_with("permission: "));
  CHECK(contents_of(folder.path()) == contents_with("old"));
}

// ---------------------------------------------------------------- sets that are refused

TEST_CASE("names that lead elsewhere are refused with the reason, and nothing is written", "[files]") {
  const auto [name, why] = GENERATE(table<std::string, std::string>({
      {"", "has no name, or none for its folder"},
      {"/", "has no name, or none for its folder"},
      {"/postgresql.key", "has no name, or none for its folder"},
      {"client/", "has no name, or none for its folder"},
      {".", "leads out of its folder"},
      {"..", "leads out of its folder"},
      {"./postgresql.key", "leads out of its folder"},
      {"../postgresql.key", "leads out of its folder"},
      {"client/.", "leads out of its folder"},
      {"client/..", "leads out of its folder"},
      {"a/b/postgresql.key", "is more than one folder deep"},
      {"a//postgresql.key", "is more than one folder deep"},
      {"../../etc/passwd", "is more than one folder deep"},
      {"client/../postgresql.key", "is more than one folder deep"},
      {"/etc/passwd", "is more than one folder deep"},
      {"post\0gresql.key"s, "has a NUL in its name"},
      {"cli\0ent/postgresql.key"s, "has a NUL in its name"},
      {"\0"s, "has a NUL in its name"},
  }));
  const TemporaryFolder folder;
  const FileSet set = client_set("new") + set_of({{name, FileRole::key, "octets"}});
  const std::string shown = name.find('\0') == std::string::npos ? "file \"" + name + "\": " : "\\x00";
  const std::string outcome = writing(folder.path() / "inner", set, Existing::replace);
  INFO(name);
  CHECK(outcome.starts_with("invalid_argument: file \""));
  CHECK_THAT(outcome, Catch::Matchers::ContainsSubstring(shown));
  CHECK_THAT(outcome, Catch::Matchers::ContainsSubstring(why));
  CHECK(contents_of(folder.path()) == Contents{});
}

TEST_CASE("two files of one name are refused, and nothing is written", "[files]") {
  const TemporaryFolder folder;
  CHECK(writing(folder.path(), client_set("one") + client_set("two")) ==
        "invalid_argument: file \"postgresql.crt\": is in the set twice");
  CHECK(writing(folder.path(), client_set("one").under("x") + client_set("two").under("x")) ==
        "invalid_argument: file \"x/postgresql.crt\": is in the set twice");
  CHECK(writing(folder.path(), client_set("one").under("x") + client_set("two").under("y")) == "done");
  CHECK(contents_of(folder.path() / "x") == contents_with("one"));
  CHECK(contents_of(folder.path() / "y") == contents_with("two"));
}

TEST_CASE("a name that is a file and a folder of the same set is refused, and nothing is written", "[files]") {
  const TemporaryFolder folder;
  const std::string outcome = writing(folder.path(), set_of({{"client", FileRole::key, "x"}}) + client_set("new").under("client"));
  CHECK_THAT(outcome, Catch::Matchers::ContainsSubstring("file \"" + (folder.path() / "client").string() + "\""));
  CHECK(contents_of(folder.path()) == Contents{});
}

TEST_CASE("an empty set is refused", "[files]") {
  const TemporaryFolder folder;
  CHECK(writing(folder.path() / "client", FileSet{}) == "invalid_argument: file set: is empty");
  CHECK(contents_of(folder.path()) == Contents{});
}

TEST_CASE("a folder without a name is refused", "[files]") {
  CHECK(writing("", client_set("new")) == "invalid_argument: file set: the folder to write to has no name");
}

TEST_CASE("a name too long for the system is refused, and nothing is written", "[files]") {
  const TemporaryFolder folder;
  const std::string outcome =
      writing(folder.path() / "client", client_set("new") + set_of({{std::string(256, 'a'), FileRole::key, "x"}}));
  CHECK(outcome.starts_with("invalid_argument: file \""));
  CHECK_THAT(outcome, Catch::Matchers::ContainsSubstring("File name too long"));
  CHECK(contents_of(folder.path()) == Contents{});
}

TEST_CASE("a set whose names are those that the writer uses meanwhile is written whole or not at all", "[files]") {
  const TemporaryFolder folder;
  std::vector<std::string> beside;
  const FileSet one = set_of({{"a", FileRole::key, "old"}});
  for (const Call& call : calls_of([&] { files::write(folder.path(), one); })) {
    if (call.name == "openat" && (call.flags & O_CREAT) != 0) beside.push_back(fs::path{call.path}.filename().string());
  }
  for (const Call& call : calls_of([&] { files::write(folder.path(), one, Existing::replace); })) {
    if (call.name == "linkat") beside.push_back(fs::path{call.path}.filename().string());
  }
  REQUIRE(beside.size() == 2);
  const auto which = GENERATE(std::size_t{0}, std::size_t{1});
  const auto role = GENERATE(FileRole::trust, FileRole::certificate);  // its turn comes before that of "a", or after
  const std::string name = beside[which];
  write_file(folder.path() / name, "mine");
  const Contents before = contents_of(folder.path());

  INFO(name);
  const std::string outcome = writing(folder.path(), set_of({{"a", FileRole::key, "new"}, {name, role, "new"}}), Existing::replace);
  INFO(outcome);
  if (outcome == "done") {
    CHECK(contents_of(folder.path()) == Contents{{"a", "0600 file: new"}, {name, "0644 file: new"}});
  } else {
    CHECK(contents_of(folder.path()) == before);
  }
}
