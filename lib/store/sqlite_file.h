// Files of SQLite's before SQLite touches them: made with their mode from birth, and told from others.
#pragma once

#include <filesystem>
#include <string>

namespace spaceca::store {

// "SPCA", where SQLite keeps it for us (PRAGMA application_id).
inline constexpr unsigned kApplicationId = 0x53504341;

// A file on its way to its name: empty, mode 0600, beside its place under a name that nobody else has. Gone with its -wal, -shm and
// -journal when this goes, unless it was put in place.
class NewSqliteFile final {
 public:
  // Errc::exists, not_found, permission, no_space, io.
  explicit NewSqliteFile(const std::filesystem::path& place);
  ~NewSqliteFile();
  NewSqliteFile(const NewSqliteFile&) = delete;
  NewSqliteFile& operator=(const NewSqliteFile&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  // Once no connection has it open: synced, then given its name, unless somebody else took that meanwhile (Errc::exists).
  void put_in_place();

 private:
  std::filesystem::path place_;
  std::string path_;
};

// Throws Errc::not_found if there is no file, malformed if it is not a store of ours. Reads without a lock and changes nothing.
void check_is_ours(const std::filesystem::path& path);

}  // namespace spaceca::store
