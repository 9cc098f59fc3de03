// Files and folders of tests.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <spaceca/bytes.h>

namespace spaceca::test {

// Where what is written need not survive: in memory, if this system has such a place, a commit costs nothing.
enum class FolderOn { disk, memory };

// A fresh folder below the system's temporary one that other users may enter; gone with its content at the end.
class TemporaryFolder final {
 public:
  explicit TemporaryFolder(FolderOn where = FolderOn::disk);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

[[nodiscard]] std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view content);
[[nodiscard]] unsigned mode_of(const std::filesystem::path& path);  // permission bits, as 0600

// A file of tests/data, which must be there.
[[nodiscard]] std::filesystem::path data_path(const std::string& name);
[[nodiscard]] std::string data(const std::string& name);

}  // namespace spaceca::test
