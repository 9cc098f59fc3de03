// Stores as users have them: made, opened, copied; and files that are none, or none any more.
#include <spaceca/sqlite_store.h>

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <map>

#include "store/scene.h"
#include "support/catch.h"
#include "support/child.h"

namespace spaceca::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::ContainsSubstring;

// What a folder holds, names and octets.
std::map<std::string, std::string> content_of(const fs::path& folder) {
  std::map<std::string, std::string> content;
  for (const auto& entry : fs::directory_iterator{folder}) {
    content[entry.path().filename().string()] = entry.is_regular_file() ? read_file(entry.path()) : "";
  }
  return content;
}

std::string dump_of(const fs::path& file) { return run({"sqlite3", "-readonly", file.string(), ".dump"}).out; }

class Stores {
 protected:
  [[nodiscard]] const fs::path& folder() const { return folder_.path(); }
  [[nodiscard]] fs::path file() const { return folder() / "ca.db"; }

  // A store of some pages, closed.
  void make_store() const {
    create_sqlite_store(file()).reset();
    run_sqlite(file(),
               "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) INSERT INTO spaces "
               "SELECT CAST(format('%016d', i) AS BLOB), format('space-%d', i), 'private', 0, 100 FROM n;");
  }

  // Opening refuses it, and neither it nor anything beside it is another afterwards.
  void check_refused(Errc code, const std::string& words) const {
    const auto before = content_of(folder());
    const Refusal refusal = refusal_of([this] { static_cast<void>(open_sqlite_store(file())); });
    CHECK(static_cast<int>(refusal.code) == static_cast<int>(code));
    CHECK_THAT(refusal.text, ContainsSubstring(words));
    CHECK_THAT(refusal.text, ContainsSubstring("ca.db\""));
    CHECK(content_of(folder()) == before);
  }

  void change_octet(std::size_t offset, char octet) const {
    std::string octets = read_file(file());
    octets.at(offset) = octet;
    write_file(file(), octets);
  }

 private:
  TemporaryFolder folder_;
};

// --- made and opened ---

TEST_CASE_METHOD(Stores, "a store that was made is opened again, by two at once too", "[store]") {
  {
    const auto made = create_sqlite_store(file());
    const auto other = open_sqlite_store(file());
    CHECK(made->check().empty());
    CHECK(other->check().empty());
  }
  CHECK(content_of(folder()).size() == 1);
  CHECK(open_sqlite_store(file())->check().empty());
}

TEST_CASE_METHOD(Stores, "all files of a store have mode 0600, whatever the umask", "[store]") {
  const mode_t mask = GENERATE(values<mode_t>({0000, 0022, 0077, 0377}));
  CHECK(in_child([&] {
          umask(mask);
          const auto store = create_sqlite_store(file());
          int right = 0;
          for (const char* ending : {"", "-wal", "-shm"}) right += mode_of(file().string() + ending) == 0600 ? 1 : 0;
          store->backup(folder() / "copy.db");
          return right + (mode_of(folder() / "copy.db") == 0600 ? 1 : 0);
        }) == 4);
}

TEST_CASE_METHOD(Stores, "a new store takes nobody's place", "[store]") {
  const std::string kind = GENERATE(values<std::string>({"file", "empty", "folder", "link"}));
  INFO(kind);
  if (kind == "file") write_file(file(), "mine");
  if (kind == "empty") write_file(file(), "");
  if (kind == "folder") fs::create_directory(file());
  if (kind == "link") fs::create_symlink(folder() / "nowhere", file());
  const auto before = content_of(folder());
  CHECK(refusal_of([&] { static_cast<void>(create_sqlite_store(file())); }).code == Errc::exists);
  CHECK(content_of(folder()) == before);
}

TEST_CASE_METHOD(Stores, "a new store wants a name and a folder that is there", "[store]") {
  CHECK(refusal_of([] { static_cast<void>(create_sqlite_store("")); }).code == Errc::invalid_argument);
  CHECK(refusal_of([&] { static_cast<void>(create_sqlite_store(folder() / "")); }).code == Errc::invalid_argument);
  CHECK(refusal_of([&] { static_cast<void>(create_sqlite_store(folder() / "none" / "ca.db")); }).code == Errc::not_found);
  CHECK(content_of(folder()).empty());
}

TEST_CASE_METHOD(Stores, "a path means a file, whatever SQLite would make of it", "[store]") {
  const std::string name =
      GENERATE(values<std::string>({":memory:", "file:a.db?mode=memory", "50% off #1?.db", " ", "caf\xC3\xA9.db"}));
  CHECK(in_child([&] {
          fs::current_path(folder());
          const auto store = create_sqlite_store(name);
          const auto again = open_sqlite_store(name);
          fs::current_path("/");
          return store->check().empty() && again->check().empty() && fs::is_regular_file(folder() / name) ? 0 : 1;
        }) == 0);
}

TEST_CASE_METHOD(Stores, "of processes that make a store at once one does, and the others find it", "[store]") {
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(start([this] {
      try {
        return create_sqlite_store(file())->check().empty() ? 1 : 100;
      } catch (const Error& error) {
        return error.code() == Errc::exists ? 0 : 100;
      }
    }));
  }
  int made = 0;
  for (const pid_t child : children) made += ended(child);
  CHECK(made == 1);
  CHECK(open_sqlite_store(file())->check().empty());
  CHECK(content_of(folder()).size() == 1);
}

TEST_CASE_METHOD(Stores, "processes that bring a store up to date at once all succeed", "[store]") {
  run_sqlite(file(), "PRAGMA application_id = 0x53504341; PRAGMA user_version = 0; PRAGMA journal_mode = WAL;");
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(start([this] {
      const auto store = open_sqlite_store(file());
      return driver_at(file())->read()->execute("SELECT count(*) FROM certificates")[0].integer(0) == 0 ? 0 : 1;
    }));
  }
  for (const pid_t child : children) CHECK(ended(child) == 0);
  CHECK(dump_of(file()).find("CREATE TABLE certificates") != std::string::npos);
}

TEST_CASE_METHOD(Stores, "a store refuses to work in a forked child", "[store]") {
  const auto store = create_sqlite_store(file());
  CHECK(in_child([&] {
          int refused = refusal_of([&] { static_cast<void>(store->check()); }).code == Errc::wrong_process ? 1 : 0;
          refused += refusal_of([&] { store->backup(folder() / "copy.db"); }).code == Errc::wrong_process ? 1 : 0;
          return refused;
        }) == 2);
  CHECK(store->check().empty());
}

// --- what is no store of ours ---

TEST_CASE_METHOD(Stores, "a file that is not there is not made", "[store]") { check_refused(Errc::not_found, "No such file"); }

TEST_CASE_METHOD(Stores, "a file of something else is refused and left as it is", "[store]") {
  const std::string octets = GENERATE(values<std::string>({"not a database\n", std::string(4096, '\0'), "SQLite format 4"}));
  write_file(file(), octets);
  check_refused(Errc::malformed, "is not a store of spaceca: it is no file of SQLite's");
}

TEST_CASE_METHOD(Stores, "an empty file is refused and left as it is", "[store]") {
  write_file(file(), "");
  check_refused(Errc::malformed, "is not a store of spaceca: it is empty");
}

TEST_CASE_METHOD(Stores, "a folder is refused", "[store]") {
  fs::create_directory(file());
  check_refused(Errc::malformed, "it is no regular file");
}

TEST_CASE_METHOD(Stores, "another program's database is refused and left as it is", "[store]") {
  const std::string pragmas =
      GENERATE(values<std::string>({"", "PRAGMA application_id = 0x53504342;", "PRAGMA journal_mode = WAL;"}));
  run_sqlite(file(), pragmas + "CREATE TABLE mine (id);");
  check_refused(Errc::malformed, "its application id is 0x");
}

TEST_CASE_METHOD(Stores, "what another program has not yet put into its database stays beside it", "[store]") {
  // Copied while open, so that the log is not empty: opening it as SQLite does would write it into the database.
  run_sqlite(folder() / "live.db", "PRAGMA journal_mode = WAL; CREATE TABLE mine (id);\n.system cp " +
                                       (folder() / "live.db").string() + " " + file().string() + "\n.system cp " +
                                       (folder() / "live.db-wal").string() + " " + file().string() + "-wal\n");
  REQUIRE(fs::file_size(file().string() + "-wal") > 0);
  check_refused(Errc::malformed, "its application id is 0x00000000, ours is 0x53504341");
}

TEST_CASE_METHOD(Stores, "a store of a later version is refused, with both versions, and left as it is", "[store]") {
  make_store();
  run_sqlite(file(), "PRAGMA user_version = 1000;");
  check_refused(Errc::unsupported, "is of version 1000, and this library knows versions up to 1");
}

TEST_CASE_METHOD(Stores, "a version below none is refused", "[store]") {
  make_store();
  run_sqlite(file(), "PRAGMA user_version = -1;");
  check_refused(Errc::unsupported, "is of version -1");
}

// --- damage ---

TEST_CASE_METHOD(Stores, "a store that lost its end is refused and left as it is", "[store]") {
  make_store();
  const auto size = fs::file_size(file());
  const auto rest = GENERATE_COPY(values<std::uintmax_t>({4096, 8192, 5000, size - 5000, size - 4096}));
  INFO(rest);
  fs::resize_file(file(), rest);
  check_refused(Errc::corrupt, "is damaged");
}

TEST_CASE_METHOD(Stores, "a store with hardly a beginning is refused and left as it is", "[store]") {
  make_store();
  const auto rest = GENERATE(values<std::uintmax_t>({1, 15, 16, 71}));
  fs::resize_file(file(), rest);
  check_refused(Errc::malformed, "is not a store of spaceca");
}

TEST_CASE_METHOD(Stores, "damage to the first page is seen when the store is opened, and left as it is", "[store]") {
  make_store();
  change_octet(100, '\x55');  // what kind of page it is
  check_refused(Errc::corrupt, "is damaged");
}

TEST_CASE_METHOD(Stores, "damage to what SQLite keeps of a table is seen when the store is opened, and left as it is", "[store]") {
  make_store();
  const auto at = read_file(file()).find("CREATE TABLE spaces");
  REQUIRE(at != std::string::npos);
  change_octet(at, 'K');
  check_refused(Errc::corrupt, "is damaged");
}

TEST_CASE_METHOD(Stores, "damage further in is found by the check, no backup is made of it, and nothing is repaired", "[store]") {
  make_store();
  const std::string before = read_file(file());
  const auto at = before.find("space-200");
  REQUIRE(at != std::string::npos);
  const auto page = at / 4096 * 4096;
  REQUIRE(page > 0);
  change_octet(page, '\x55');
  const std::string damaged = read_file(file());
  {
    const auto store = open_sqlite_store(file());
    const auto findings = store->check();
    REQUIRE_FALSE(findings.empty());
    CHECK(findings[0].rule == "store.damaged");
    const Refusal refusal = refusal_of([&] { store->backup(folder() / "copy.db"); });
    CHECK(refusal.code == Errc::corrupt);
    CHECK_THAT(refusal.text, ContainsSubstring("ca.db\": is damaged, so no backup was made of it"));
    const Refusal reading = refusal_of([this] { static_cast<void>(driver_at(file())->read()->execute("SELECT * FROM spaces")); });
    CHECK(reading.code == Errc::corrupt);
  }
  CHECK(read_file(file()) == damaged);
  CHECK(content_of(folder()).size() == 1);
}

TEST_CASE_METHOD(Stores, "rows that name others which are gone are found by the check", "[store]") {
  make_store();
  run_sqlite(file(),
             "PRAGMA foreign_keys = OFF; INSERT INTO roots (id, space, generation, state, certificate, key_handle, not_after, "
             "created_at, updated_at) "
             "VALUES (zeroblob(16), zeroblob(16), 1, 'active', x'30', x'01', 900, 100, 100);");
  const auto findings = open_sqlite_store(file())->check();
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].text == "a row of roots names one of spaces that is not there");
}

// --- no permission, no room ---

// As somebody to whom modes mean something.
int as_nobody(const std::function<int()>& work) {
  return in_child([&] {
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) return 201;
    return work();
  });
}

TEST_CASE_METHOD(Stores, "a store that this user may not write is refused and left as it is", "[store]") {
  make_store();
  const auto mode = GENERATE(values<mode_t>({0000, 0444}));
  chmod(file().c_str(), mode);
  const std::string before = geteuid() == 0 ? read_file(file()) : "";
  const int code = as_nobody([this] {
    const Refusal refusal = refusal_of([this] { static_cast<void>(open_sqlite_store(file())); });
    return refusal.code == Errc::permission && refusal.text.find("ca.db\": ") != std::string::npos ? 0 : 1;
  });
  CHECK(code == 0);
  if (geteuid() == 0) CHECK(read_file(file()) == before);
  CHECK(std::distance(fs::directory_iterator{folder()}, {}) == 1);
}

TEST_CASE_METHOD(Stores, "a store in a folder that this user may not write is refused", "[store]") {
  make_store();
  chmod(file().c_str(), 0666);
  chmod(folder().c_str(), 0555);
  const int code = as_nobody([this] {
    const Refusal refusal = refusal_of([this] { static_cast<void>(open_sqlite_store(file())); });
    const Refusal making = refusal_of([this] { static_cast<void>(create_sqlite_store(folder() / "new.db")); });
    return refusal.code == Errc::permission && making.code == Errc::permission ? 0 : 1;
  });
  chmod(folder().c_str(), 0755);
  CHECK(code == 0);
}

// A small disk at the folder if we may mount one, else a limit on the size of files, which is as small.
void leave_room(const fs::path& folder, unsigned kib) {
  const std::string size = "size=" + std::to_string(kib) + "k";
  if (unshare(CLONE_NEWNS) == 0 && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
      mount("tmpfs", folder.c_str(), "tmpfs", 0, size.c_str()) == 0) {
    return;
  }
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{kib * 1024U, kib * 1024U};
  setrlimit(RLIMIT_FSIZE, &limit);
}

TEST_CASE_METHOD(Stores, "a store that finds no room is not made, and leaves nothing behind", "[store]") {
  const int code = in_child([this] {
    leave_room(folder(), 64);
    const Refusal refusal = refusal_of([this] { static_cast<void>(create_sqlite_store(file())); });
    return refusal.code == Errc::no_space && content_of(folder()).empty() ? 0 : 1;
  });
  CHECK(code == 0);
}

TEST_CASE_METHOD(Stores, "when the disk is full a transaction is undone, and what was committed stays", "[store]") {
  const int code = in_child([this] {
    leave_room(folder(), 1024);
    const auto store = create_sqlite_store(file());
    const auto driver = driver_at(file());
    driver->write()->execute("PRAGMA wal_autocheckpoint = 0");  // so that it is always the log that grows
    std::int64_t kept = 0;
    try {
      for (;; ++kept) {
        const auto writing = driver->write();
        writing->execute(
            "INSERT INTO idempotency_keys VALUES (x'', 'key ' || $1, 'verb', 'actor', zeroblob(32), zeroblob(16), 100)", {kept});
        writing->execute("UPDATE idempotency_keys SET verb = verb || 'x'");
        writing->commit();
      }
    } catch (const Error& error) {
      if (error.code() != Errc::no_space || !error.retryable()) return 1;
    }
    if (kept == 0) return 2;
    if (driver->read()->execute("SELECT count(*) FROM idempotency_keys")[0].integer(0) != kept) return 3;
    return store->check().empty() ? 0 : 4;
  });
  CHECK(code == 0);
}

TEST_CASE_METHOD(Stores, "a backup that finds no room leaves nothing behind", "[store]") {
  make_store();
  const auto copies = folder() / "copies";
  fs::create_directory(copies);
  const int code = in_child([&] {
    leave_room(copies, 64);
    const auto store = open_sqlite_store(file());
    const Refusal refusal = refusal_of([&] { store->backup(copies / "copy.db"); });
    return refusal.code == Errc::no_space && content_of(copies).empty() ? 0 : 1;
  });
  CHECK(code == 0);
}

// --- backups ---

TEST_CASE_METHOD(Stores, "a backup holds what the store did, is opened as one, and is a file of its own", "[store]") {
  make_store();
  const auto copy = folder() / "copy.db";
  {
    const auto store = open_sqlite_store(file());
    const auto writer = driver_at(file());
    const auto writing = writer->write();
    writing->execute("DELETE FROM spaces");  // not committed, so not in it
    store->backup(copy);
  }
  CHECK(content_of(folder()).size() == 2);
  CHECK(mode_of(copy) == 0600);
  const std::string dump = dump_of(file());
  CHECK(dump.find("space-400") != std::string::npos);
  CHECK(dump_of(copy) == dump);
  const auto restored = open_sqlite_store(copy);
  CHECK(restored->check().empty());
  driver_at(copy)->write()->execute("SELECT 1");
}

TEST_CASE_METHOD(Stores, "a backup holds what was committed and is still in the log", "[store]") {
  const auto store = create_sqlite_store(file());
  const auto writer = driver_at(file());
  const auto writing = writer->write();
  writing->execute("INSERT INTO spaces VALUES (zeroblob(16), 'late', 'private', 0, 100)");
  writing->commit();
  store->backup(folder() / "copy.db");
  CHECK(driver_at(folder() / "copy.db")->read()->execute("SELECT name FROM spaces")[0].text(0) == "late");
}

TEST_CASE_METHOD(Stores, "a backup takes nobody's place, the store's own neither", "[store]") {
  const auto store = create_sqlite_store(file());
  write_file(folder() / "copy.db", "mine");
  CHECK(refusal_of([&] { store->backup(folder() / "copy.db"); }).code == Errc::exists);
  CHECK(refusal_of([&] { store->backup(file()); }).code == Errc::exists);
  CHECK(refusal_of([&] { store->backup(folder() / "none" / "copy.db"); }).code == Errc::not_found);
  CHECK(refusal_of([&] { store->backup(""); }).code == Errc::invalid_argument);
  CHECK(read_file(folder() / "copy.db") == "mine");
  CHECK(store->check().empty());
}

}  // namespace
}  // namespace spaceca::test
