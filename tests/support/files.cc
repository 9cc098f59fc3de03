#include "support/files.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace spaceca::test {

namespace {

std::filesystem::path parent_of(FolderOn where) {
  const std::filesystem::path memory{"/dev/shm"};
  std::error_code ignored;
  return where == FolderOn::memory && std::filesystem::is_directory(memory, ignored) ? memory
                                                                                     : std::filesystem::temp_directory_path();
}

}  // namespace

TemporaryFolder::TemporaryFolder(FolderOn where) {
  std::string pattern = (parent_of(where) / "spaceca-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"cannot make a temporary folder"};
  path_ = pattern;
  chmod(path_.c_str(), 0755);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::runtime_error{"cannot read " + path.string()};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  std::ofstream file{path, std::ios::binary};
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  if (!file) throw std::runtime_error{"cannot write " + path.string()};
}

unsigned mode_of(const std::filesystem::path& path) {
  return static_cast<unsigned>(std::filesystem::symlink_status(path).permissions()) & 07777U;
}

std::filesystem::path data_path(const std::string& name) {
  auto path = std::filesystem::path{SPACECA_TEST_DATA} / name;
  if (!std::filesystem::exists(path)) throw std::runtime_error{"no test data " + path.string()};
  return path;
}

std::string data(const std::string& name) { return read_file(data_path(name)); }

}  // namespace spaceca::test
