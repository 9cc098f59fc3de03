#include "files/folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"

namespace spaceca::files {
namespace {

void sync_descriptor(int fd, const std::string& path) {
  if (fsync(fd) != 0) fail(path, "sync it to the disk", errno);
}

void write_all(int fd, std::string_view octets, const std::string& path) {
  while (!octets.empty()) {
    const ssize_t written = write(fd, octets.data(), octets.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path, "write it", errno);
    octets.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

MadeFolders::~MadeFolders() {
  for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) rmdir(folder->c_str());
}

bool MadeFolders::is_there_now(const std::filesystem::path& folder) {
  if (mkdir(folder.c_str(), 0777) == 0) {
    made_.push_back(folder);
    return true;
  }
  return errno == EEXIST;  // whatever it is, opening it tells
}

void MadeFolders::make(const std::filesystem::path& folder) {
  if (is_there_now(folder)) return;
  const auto parent = folder.parent_path();
  if (errno != ENOENT || parent.empty() || parent == folder) fail(folder.string(), "make this folder", errno);
  make(parent);
  if (!is_there_now(folder)) fail(folder.string(), "make this folder", errno);
}

void MadeFolders::keep() {
  for (const auto& folder : made_) {
    const auto parent = folder.has_parent_path() ? folder.parent_path() : std::filesystem::path{"."};
    const Descriptor above{open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!above.is_open()) fail(parent.string(), "open this folder", errno);
    sync_descriptor(above.get(), parent.string());
  }
  made_.clear();
}

Folder::Folder(const std::filesystem::path& path) : Folder(path, AT_FDCWD, path.c_str()) {}

Folder::Folder(std::filesystem::path path, int above, const char* name) : path_(std::move(path)) {
  struct stat status {};
  if (fstatat(above, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode)) {
    throw Error{Errc::policy, fmt::format("folder \"{}\": is a symbolic link, which is not followed; give the folder it leads to",
                                          printable(path_.string()))};
  }
  descriptor_ = Descriptor{openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!descriptor_.is_open()) fail(path_.string(), "open this folder", errno);
}

Folder Folder::below(const std::string& name) const {
  if (name.empty()) return Folder{path_, descriptor_.get(), "."};
  return Folder{path_ / name, descriptor_.get(), name.c_str()};
}

bool Folder::make_below(const std::string& name) const {
  if (mkdirat(descriptor_.get(), name.c_str(), 0777) == 0) return true;
  if (errno != EEXIST) fail(path_of(name), "make this folder", errno);
  return false;
}

void Folder::remove_below(const std::string& name) const noexcept { unlinkat(descriptor_.get(), name.c_str(), AT_REMOVEDIR); }

void Folder::lock() {
  while (flock(descriptor_.get(), LOCK_EX) != 0) {
    if (errno != EINTR) fail(path_.string(), "lock this folder", errno);
  }
}

void Folder::sync() { sync_descriptor(descriptor_.get(), path_.string()); }

Folder::Kind Folder::kind_of(const std::string& name) const {
  struct stat status {};
  if (fstatat(descriptor_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    return S_ISREG(status.st_mode) ? Kind::regular : Kind::other;
  }
  if (errno != ENOENT) fail(path_of(name), "look at it", errno);
  return Kind::nothing;
}

void Folder::create(const std::string& name, mode_t mode, std::string_view octets) const {
  const std::string path = path_of(name);
  const Descriptor file{openat(descriptor_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)};
  if (!file.is_open()) fail(path, "make it", errno);
  // The umask can only have taken permissions away; before there is any content they are put right.
  if (fchmod(file.get(), mode) != 0) fail(path, "set its mode", errno);
  write_all(file.get(), octets, path);
  sync_descriptor(file.get(), path);
}

void Folder::link(const std::string& from, const std::string& to) const {
  if (linkat(descriptor_.get(), from.c_str(), descriptor_.get(), to.c_str(), 0) != 0) {
    // Where fs.protected_hardlinks is set, which it usually is.
    const bool is_of_another = errno == EPERM;
    fail(path_of(from), "keep a second name for it, to put it back if the others fail", errno,
         is_of_another ? "; it must be this user's own, or one that he may write: take it away, or write as its owner" : "");
  }
}

void Folder::rename_over(const std::string& from, const std::string& to) const {
  if (renameat(descriptor_.get(), from.c_str(), descriptor_.get(), to.c_str()) != 0) fail(path_of(to), "put it in place", errno);
}

void Folder::rename_unless_there(const std::string& from, const std::string& to) const {
  // A link does what rename cannot: it fails if the name has appeared meanwhile.
  if (linkat(descriptor_.get(), from.c_str(), descriptor_.get(), to.c_str(), 0) != 0) fail(path_of(to), "put it in place", errno);
  remove_if_there(from);
}

void Folder::remove_if_there(const std::string& name) const noexcept { unlinkat(descriptor_.get(), name.c_str(), 0); }

bool Folder::rename_back(const std::string& from, const std::string& to) const noexcept {
  return renameat(descriptor_.get(), from.c_str(), descriptor_.get(), to.c_str()) == 0;
}

}  // namespace spaceca::files
