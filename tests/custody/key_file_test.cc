// Key files: made, and refused where others can get at them.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "custody/vault_scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

namespace fs = std::filesystem;

// A store whose vault the file ca.kek opens.
class KeyFiles : protected VaultScene {
 protected:
  KeyFiles() { create_sealed_vault(store(), key(), kNow).reset(); }
  [[nodiscard]] fs::path file() const { return place("ca.kek"); }
  [[nodiscard]] std::string opening_by(const fs::path& path) { return opening(KeyFile{path}); }

  // In a child that systemd has given this folder.
  [[nodiscard]] bool opens_with_credentials_in(const std::string& folder, const fs::path& path) {
    return in_child([&] {
             setenv("CREDENTIALS_DIRECTORY", folder.c_str(), 1);
             return outcome_of([&] { static_cast<void>(sealed_vault(*open_sqlite_store(place("ca.db")), KeyFile{path})); }) ==
                            "none"
                        ? 0
                        : 1;
           }) == 0;
  }
};

// --- made ---

TEST_CASE_METHOD(KeyFiles, "a new key file has 32 octets, others each time, and mode 0600 whatever the umask", "[key_file]") {
  const mode_t mask = GENERATE(values<mode_t>({0000, 0022, 0077, 0377}));
  CHECK(in_child([&] {
          umask(mask);
          create_key_file(place("one.kek"));
          create_key_file(place("other.kek"));
          return 0;
        }) == 0);
  CHECK(mode_of(place("one.kek")) == 0600);
  CHECK(read_file(place("one.kek")).size() == 32);
  CHECK(read_file(place("one.kek")) != read_file(place("other.kek")));
}

TEST_CASE_METHOD(KeyFiles, "a new key file takes nobody's place", "[key_file]") {
  const std::string kind = GENERATE(values<std::string>({"file", "folder", "link", "link to nowhere"}));
  INFO(kind);
  const fs::path there = place("there");
  if (kind == "file") write_file(there, "mine");
  if (kind == "folder") fs::create_directory(there);
  if (kind == "link") fs::create_symlink(file(), there);
  if (kind == "link to nowhere") fs::create_symlink(place("nowhere"), there);
  const std::string before = read_file(file());
  check_refused([&] { return create_key_file(there), 0; }, Errc::exists, "key file \"");
  CHECK(read_file(file()) == before);
  CHECK_FALSE(fs::exists(place("nowhere")));
  if (kind == "file") CHECK(read_file(there) == "mine");
}

TEST_CASE_METHOD(KeyFiles, "a new key file wants a folder that is there and may be written", "[key_file]") {
  check_refused([&] { return create_key_file(place("none") / "ca.kek"), 0; }, Errc::not_found, "could not make it");
  CHECK(in_child([&] {
          fs::permissions(place("."), fs::perms{0555});
          if (geteuid() == 0 && seteuid(65534) != 0) return 1;
          return outcome_of([&] { create_key_file(place("new.kek")); }) == "permission" ? 0 : 1;
        }) == 0);
  fs::permissions(place("."), fs::perms{0755});
  CHECK_FALSE(fs::exists(place("new.kek")));
}

TEST_CASE_METHOD(KeyFiles, "of processes that make one key file at once one does", "[key_file]") {
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(start([&] {
      const std::string outcome = outcome_of([&] { create_key_file(place("new.kek")); });
      return outcome == "none" ? 1 : outcome == "exists" ? 0 : 100;
    }));
  }
  int made = 0;
  for (const pid_t child : children) made += ended(child);
  CHECK(made == 1);
  CHECK(read_file(place("new.kek")).size() == 32);
}

// --- read ---

TEST_CASE_METHOD(KeyFiles, "a key file that group or others can do anything with is refused, with its mode", "[key_file]") {
  const auto [mode, outcome] = GENERATE(table<mode_t, std::string>({
      {0600, "opens"},
      {0400, "opens"},
      {0700, "opens"},
      {0640, "permission"},
      {0604, "permission"},
      {0620, "permission"},
      {0602, "permission"},
      {0610, "permission"},
      {0601, "permission"},
      {0666, "permission"},
  }));
  INFO(std::oct << mode);
  REQUIRE(chmod(file().c_str(), mode) == 0);
  CHECK(opening_by(file()) == outcome);
}

TEST_CASE_METHOD(KeyFiles, "the refusal of a mode names file and mode, and tells the right one", "[key_file]") {
  REQUIRE(chmod(file().c_str(), 0640) == 0);
  check_refused([&] { return sealed_vault(store(), key()); }, Errc::permission,
                "ca.kek\": has mode 0640, so others than its owner may read or change it; make it 0600");
}

TEST_CASE_METHOD(KeyFiles, "a key file of another size than 32 octets is refused", "[key_file]") {
  const auto size = GENERATE(values<std::size_t>({0, 1, 16, 31, 33, 64, 65, 100000}));
  write_file(place("other"), std::string(size, 'k'));
  REQUIRE(chmod(place("other").c_str(), 0600) == 0);
  check_refused([&] { return sealed_vault(store(), KeyFile{place("other")}); }, Errc::malformed,
                "has " + std::to_string(size) + " octets; a key has 32");
}

TEST_CASE_METHOD(KeyFiles, "what is no regular file is no key file, and nobody waits for it", "[key_file]") {
  fs::create_directory(place("folder"));
  REQUIRE(mkfifo(place("fifo").c_str(), 0600) == 0);
  for (const fs::path& path : {place("folder"), place("fifo"), fs::path{"/dev/zero"}}) {
    INFO(path);
    CHECK(opening_by(path) == "malformed");
  }
}

TEST_CASE_METHOD(KeyFiles, "a key file that is not there is not found, by whatever way", "[key_file]") {
  fs::create_symlink(place("nowhere"), place("dangling"));
  fs::create_symlink(place("loop"), place("loop"));
  for (const fs::path& path : {place("none"), place("none") / "ca.kek", place("dangling"), fs::path{}}) {
    INFO(path);
    CHECK(opening_by(path) == "not_found");
  }
  CHECK(opening_by(place("loop")) != "opens");
}

TEST_CASE_METHOD(KeyFiles, "a key file that this user may not read is refused", "[key_file]") {
  CHECK(in_child([&] {
          if (geteuid() == 0) {
            if (seteuid(65534) != 0) return 1;
          } else {
            chmod(file().c_str(), 0000);
          }
          return opening_by(file()) == "permission" ? 0 : 1;
        }) == 0);
}

TEST_CASE_METHOD(KeyFiles, "a link to a key file is as good as the file, and no better", "[key_file]") {
  fs::create_symlink(file(), place("link"));
  CHECK(opening_by(place("link")) == "opens");
  REQUIRE(chmod(file().c_str(), 0640) == 0);
  CHECK(opening_by(place("link")) == "permission");
}

// --- systemd's ---

TEST_CASE_METHOD(KeyFiles, "in systemd's folder of credentials any permission will do", "[key_file]") {
  fs::create_directory(place("credentials"));
  fs::copy_file(file(), place("credentials") / "kek");
  REQUIRE(chmod((place("credentials") / "kek").c_str(), 0440) == 0);
  CHECK(opening_by(place("credentials") / "kek") == "permission");
  CHECK(opens_with_credentials_in(place("credentials"), place("credentials") / "kek"));
  CHECK(opens_with_credentials_in(place("credentials").string() + "/", place("credentials") / ".." / "credentials" / "kek"));

  // By a link, wherever it is: the file itself lies there.
  fs::create_symlink(place("credentials") / "kek", place("link"));
  CHECK(opens_with_credentials_in(place("credentials"), place("link")));
}

TEST_CASE_METHOD(KeyFiles, "elsewhere systemd's folder of credentials changes nothing", "[key_file]") {
  const fs::path credentials = place("credentials");
  fs::create_directories(credentials / "below");
  fs::copy_file(file(), credentials / "below" / "kek");
  REQUIRE(chmod((credentials / "below" / "kek").c_str(), 0440) == 0);
  REQUIRE(chmod(file().c_str(), 0440) == 0);
  fs::create_symlink(file(), credentials / "kek");               // from in there to out here
  fs::create_directory_symlink(place("."), credentials / "up");  // a folder that only seems to be in there

  CHECK_FALSE(opens_with_credentials_in(credentials, file()));
  CHECK_FALSE(opens_with_credentials_in(credentials, credentials / "kek"));
  CHECK_FALSE(opens_with_credentials_in(credentials, credentials / "up" / "ca.kek"));
  CHECK_FALSE(opens_with_credentials_in(credentials, credentials / ".." / "ca.kek"));
  CHECK_FALSE(opens_with_credentials_in(credentials, credentials / "below" / "kek"));  // systemd makes no folders
  for (const std::string none : {"", ".", "/", "/none", "credentials"}) {
    INFO(none);
    CHECK_FALSE(opens_with_credentials_in(none, file()));
  }
}

}  // namespace
}  // namespace spaceca::test
