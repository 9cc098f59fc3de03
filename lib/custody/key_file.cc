#include "custody/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>
#include <spaceca/vault.h>

#include "base/errno.h"
#include "base/printable.h"
#include "ossl/random.h"

namespace spaceca {
namespace custody {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(Errc code, const fs::path& file, const std::string& why) {
  throw Error{code, fmt::format("key file \"{}\": {}", printable(file.string()), why)};
}

[[noreturn]] void fail(const fs::path& file, std::string_view doing, int error) {
  refuse(errc_of_errno(error), file, fmt::format("could not {}: {}", doing, std::generic_category().message(error)));
}

class Descriptor final {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

// systemd alone writes there, and lets in the service alone, by an ACL or by group permissions (systemd.exec(5), "Credentials").
bool is_credential(const fs::path& canonical) {
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr || !fs::path{folder}.is_absolute()) return false;
  std::error_code error;
  const fs::path canonical_folder = fs::canonical(folder, error);
  return !error && canonical.parent_path() == canonical_folder;
}

void check_who_may_read(const fs::path& file, const fs::path& canonical, mode_t mode) {
  if ((mode & 0077U) == 0 || is_credential(canonical)) return;
  refuse(Errc::permission, file,
         fmt::format("has mode {:04o}, so others than its owner may read or change it; make it 0600", mode & 07777U));
}

// One octet more than there should be, if there is one.
SecretBytes content(int fd, const fs::path& file) {
  SecretBuffer octets(kKeyFileOctets + 1);
  std::size_t size = 0;
  while (size < octets.size()) {
    const ssize_t got = read(fd, octets.data() + size, octets.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(file, "read it", errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  octets.resize(size);
  return SecretBytes{std::move(octets)};
}

void write_all(int fd, ByteView octets, const fs::path& file) {
  while (!octets.empty()) {
    const ssize_t put = write(fd, octets.data(), octets.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail(file, "write it", errno);
    octets = octets.subspan(static_cast<std::size_t>(put));
  }
}

void sync_folder_of(const fs::path& file) {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const Descriptor opened{open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (opened.get() < 0) fail(file, "open its folder to sync it", errno);
  if (fsync(opened.get()) != 0) fail(file, "sync its folder to the disk", errno);
}

}  // namespace

SecretBytes read_key_file(const fs::path& file) {
  // Links are followed before the file is opened, so what is judged is where it really lies, and what is read is what was judged.
  std::error_code error;
  const fs::path canonical = fs::canonical(file, error);
  if (error) fail(file, "open it", file.empty() ? ENOENT : error.value());
  // Without waiting for whoever would write into a FIFO.
  const Descriptor opened{open(canonical.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
  if (opened.get() < 0 && errno == ENXIO) refuse(Errc::malformed, file, "is no regular file");  // a socket
  if (opened.get() < 0) fail(file, "open it", errno);
  struct stat status {};
  if (fstat(opened.get(), &status) != 0) fail(file, "look at it", errno);
  if (!S_ISREG(status.st_mode)) refuse(Errc::malformed, file, "is no regular file");
  check_who_may_read(file, canonical, status.st_mode);

  SecretBytes octets = content(opened.get(), file);
  if (octets.size() != kKeyFileOctets) {
    refuse(Errc::malformed, file, fmt::format("has {} octets; a key has {}", status.st_size, kKeyFileOctets));
  }
  return octets;
}

}  // namespace custody

void create_key_file(const std::filesystem::path& file) {
  SecretBuffer octets(custody::kKeyFileOctets);
  ossl::fill_secret_random(octets);
  const custody::Descriptor made{open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (made.get() < 0) custody::fail(file, "make it", errno);
  try {
    if (fchmod(made.get(), 0600) != 0) custody::fail(file, "set its mode", errno);  // a umask can only have taken some away
    custody::write_all(made.get(), octets, file);
    if (fsync(made.get()) != 0) custody::fail(file, "sync it to the disk", errno);
    custody::sync_folder_of(file);
  } catch (...) {
    unlink(file.c_str());  // half a key is none
    throw;
  }
}

}  // namespace spaceca
