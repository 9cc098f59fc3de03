#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>
#include <spaceca/exporter.h>

#include "bundle_files.h"
#include "doctor_files.h"
#include "failure.h"
#include "output.h"

using namespace spaceca;

namespace {

constexpr std::size_t kLongest = std::size_t{256} << 20;  // the longest list that is looked at

class Descriptor final {
 public:
  explicit Descriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

[[noreturn]] void cannot(const std::filesystem::path& path) {
  throw Error{Errc::io, fmt::format("file \"{}\": {}", path.string(), std::strerror(errno))};
}

SecretBytes octets_of(int descriptor, const std::filesystem::path& path) {
  SecretBuffer octets;
  std::array<std::uint8_t, 16384> piece{};
  for (;;) {
    const ssize_t size = read(descriptor, piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) cannot(path);
    if (size == 0) break;
    octets.insert(octets.end(), piece.begin(), piece.begin() + size);
    if (octets.size() > kLongest) throw Error{Errc::policy, fmt::format("file \"{}\": is longer than 256 MiB", path.string())};
  }
  wipe(piece.data(), piece.size());
  return SecretBytes{std::move(octets)};
}

std::optional<ClientFile> file_in(const std::filesystem::path& folder, const std::string& prefix, std::string_view name) {
  ClientFile file;
  file.name = fmt::format("{}{}", prefix, name);
  const auto path = folder / file.name;
  struct stat seen {};
  if (stat(path.c_str(), &seen) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    if (errno != EACCES) cannot(path);
    file.state = ClientFile::State::unreadable;
    return file;
  }
  file.mode = static_cast<unsigned>(seen.st_mode) & 07777U;
  file.owner = seen.st_uid == 0 ? ClientFile::Owner::root : ClientFile::Owner::other;
  if (!S_ISREG(seen.st_mode)) {
    file.state = ClientFile::State::no_file;
    return file;
  }
  const Descriptor descriptor{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (descriptor.get() < 0) {
    if (errno != EACCES && errno != EPERM) cannot(path);
    file.state = ClientFile::State::unreadable;
    return file;
  }
  file.octets = octets_of(descriptor.get(), path);
  return file;
}

}  // namespace

ClientFiles client_files_in(const std::filesystem::path& folder, const std::string& prefix) {
  if (prefix.find('/') != std::string::npos) {
    throw Failure{Exit::usage, "invalid_argument",
                  fmt::format("prefix \"{}\": may not hold a slash; the folder goes to --bundle", prefix)};
  }
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    throw Failure{Exit::not_found, "not_found", fmt::format("folder \"{}\": there is none", folder.string())};
  }
  ClientFiles files{.certificates = file_in(folder, prefix, exporter::kCertificatesName),
                    .key = file_in(folder, prefix, exporter::kKeyName),
                    .pk8 = file_in(folder, prefix, exporter::kPk8Name),
                    .pkcs12 = file_in(folder, prefix, exporter::kPkcs12Name),
                    .pkcs12_password = file_in(folder, prefix, kPkcs12PasswordName),
                    .roots = file_in(folder, prefix, exporter::kRootsName),
                    .lists = file_in(folder, prefix, exporter::kListsName)};
  if (!names_of(files).empty()) return files;
  throw Failure{Exit::not_found, "not_found",
                fmt::format("folder \"{}\": holds no file of a bundle whose name begins with \"{}\"", folder.string(), prefix),
                fmt::format("--prefix, so that {}{} is there", prefix, exporter::kCertificatesName)};
}

std::vector<std::string> names_of(const ClientFiles& files) {
  std::vector<std::string> names;
  for (const auto* const file :
       {&files.certificates, &files.key, &files.pk8, &files.pkcs12, &files.pkcs12_password, &files.roots, &files.lists}) {
    if (*file) names.push_back((*file)->name);
  }
  return names;
}
