// Named octets: what exporters give and the writer takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/export.h>

namespace spaceca {

// What a file is to its readers. It decides its mode and its turn when a set replaces an older one: what is trusted first, so that
// the new certificate is not met by readers who cannot judge it, then each key right before its certificate, which has the same
// name up to the last dot.
enum class FileRole {
  trust,        // 0644: roots, revocation lists
  other,        // 0600: a secret that stands alone, such as a .p12
  key,          // 0600
  certificate,  // 0644
};

struct File {
  std::string name;  // "postgresql.key", or with one folder: "client/postgresql.key"
  FileRole role;
  SecretBytes octets;
};

// Files that belong together. Moves.
class SPACECA_EXPORT FileSet final {
 public:
  FileSet() = default;
  void add(File file) { files_.push_back(std::move(file)); }

  // The same files in a folder: under("client") makes "postgresql.key" into "client/postgresql.key".
  [[nodiscard]] FileSet under(std::string_view folder) &&;
  // Both; a name that is in both is refused by the writer.
  friend SPACECA_EXPORT FileSet operator+(FileSet a, FileSet b);

  [[nodiscard]] const std::vector<File>& files() const noexcept { return files_; }
  // The file of that name. Errc::not_found.
  [[nodiscard]] const File& at(std::string_view name) const;

 private:
  std::vector<File> files_;
};

}  // namespace spaceca
