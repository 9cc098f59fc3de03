// A folder that the writer works in: opened without following a link, made if it was not there, locked against other writers.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "files/posix.h"

namespace spaceca::files {

// Makes folders and remembers them, to take them away again if nothing came of it.
class MadeFolders final {
 public:
  MadeFolders() = default;
  MadeFolders(const MadeFolders&) = delete;
  MadeFolders& operator=(const MadeFolders&) = delete;
  ~MadeFolders();  // removes what it made, unless kept

  // Makes the folder and those above it that are missing; not one that somebody else makes meanwhile.
  void make(const std::filesystem::path& folder);
  // Syncs the folders above them, so that they survive a power cut, and forgets them.
  void keep();

 private:
  bool is_there_now(const std::filesystem::path& folder);

  std::vector<std::filesystem::path> made_;
};

class Folder final {
 public:
  // Errc::policy if it is a symbolic link, not_found, permission, io.
  explicit Folder(const std::filesystem::path& path);
  // The one of that name in it, or itself without a name, whatever has become of the way to it since it was opened.
  [[nodiscard]] Folder below(const std::string& name) const;
  // Whether it was made: it may be there.
  [[nodiscard]] bool make_below(const std::string& name) const;
  void remove_below(const std::string& name) const noexcept;

  void lock();  // waits for other writers; let go when this goes
  void sync();

  enum class Kind { nothing, regular, other };
  [[nodiscard]] Kind kind_of(const std::string& name) const;
  // A new file that nobody else has, with that mode from birth, holding these octets, synced.
  void create(const std::string& name, mode_t mode, std::string_view octets) const;
  // A second name for the same file.
  void link(const std::string& from, const std::string& to) const;
  void rename_over(const std::string& from, const std::string& to) const;
  void rename_unless_there(const std::string& from, const std::string& to) const;
  void remove_if_there(const std::string& name) const noexcept;
  [[nodiscard]] bool rename_back(const std::string& from, const std::string& to) const noexcept;  // whether it went

  [[nodiscard]] std::string path_of(const std::string& name) const { return (path_ / name).string(); }

 private:
  Folder(std::filesystem::path path, int above, const char* name);

  std::filesystem::path path_;
  Descriptor descriptor_;
};

}  // namespace spaceca::files
