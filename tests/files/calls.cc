#undef _FORTIFY_SOURCE  // it gives some of these functions inline bodies, which could not be defined again

#include "files/calls.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <string_view>
#include <utility>

namespace spaceca::test {
namespace {

// One of each for the process, as its system calls are.
Observer* observer = nullptr;
bool inside_observer = false;
bool quick_disk = false;

bool watched() { return observer != nullptr && !inside_observer; }

bool let_through(Call& call) {
  inside_observer = true;
  const int error = (*observer)(call);
  inside_observer = false;
  if (error != 0) errno = error;
  return error == 0;
}

template <class Function>
Function* libc(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

std::string path_of(int fd) {
  inside_observer = true;
  std::array<char, 4096> path{};
  const ssize_t size = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path.data(), path.size());
  inside_observer = false;
  return {path.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

std::string path_of(int folder, const char* name) {
  return folder == AT_FDCWD ? name : name == std::string_view{"."} ? path_of(folder) : path_of(folder) + "/" + name;
}

}  // namespace

Watch::Watch(Observer watching) : observer_(std::move(watching)) { observer = &observer_; }

Watch::~Watch() { observer = nullptr; }

QuickDisk::QuickDisk() { quick_disk = true; }

QuickDisk::~QuickDisk() { quick_disk = false; }

std::vector<Call> calls_of(const std::function<void()>& action) {
  std::vector<Call> calls;
  const Watch watch{[&calls](Call& call) {
    calls.push_back(call);
    return 0;
  }};
  action();
  return calls;
}

extern "C" {

int open(const char* path, int flags, ...) {
  static const auto real = libc<int(const char*, int, ...)>("open");
  mode_t mode = 0;
  if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  if (watched()) {
    Call call{.name = "open", .path = path, .flags = flags};
    if (!let_through(call)) return -1;
  }
  return real(path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  static const auto real = libc<int(int, const char*, int, ...)>("openat");
  mode_t mode = 0;
  if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  if (watched()) {
    Call call{.name = "openat", .path = path_of(folder, path), .flags = flags, .mode = mode};
    if (!let_through(call)) return -1;
  }
  return real(folder, path, flags, mode);
}

int mkdir(const char* path, mode_t mode) noexcept {
  static const auto real = libc<int(const char*, mode_t)>("mkdir");
  if (watched()) {
    Call call{"mkdir", path};
    if (!let_through(call)) return -1;
  }
  return real(path, mode);
}

int mkdirat(int folder, const char* path, mode_t mode) noexcept {
  static const auto real = libc<int(int, const char*, mode_t)>("mkdirat");
  if (watched()) {
    Call call{"mkdirat", path_of(folder, path)};
    if (!let_through(call)) return -1;
  }
  return real(folder, path, mode);
}

int rmdir(const char* path) noexcept {
  static const auto real = libc<int(const char*)>("rmdir");
  if (watched()) {
    Call call{"rmdir", path};
    if (!let_through(call)) return -1;
  }
  return real(path);
}

int lstat(const char* path, struct stat* status) noexcept {
  static const auto real = libc<int(const char*, struct stat*)>("lstat");
  if (watched()) {
    Call call{"lstat", path};
    if (!let_through(call)) return -1;
  }
  return real(path, status);
}

int fstatat(int folder, const char* path, struct stat* status, int flags) noexcept {
  static const auto real = libc<int(int, const char*, struct stat*, int)>("fstatat");
  if (watched()) {
    Call call{"fstatat", path_of(folder, path)};
    if (!let_through(call)) return -1;
  }
  return real(folder, path, status, flags);
}

int flock(int fd, int operation) noexcept {
  static const auto real = libc<int(int, int)>("flock");
  if (watched()) {
    Call call{"flock", path_of(fd)};
    if (!let_through(call)) return -1;
  }
  return real(fd, operation);
}

int fchmod(int fd, mode_t mode) noexcept {
  static const auto real = libc<int(int, mode_t)>("fchmod");
  if (watched()) {
    Call call{"fchmod", path_of(fd), {}, fd};
    if (!let_through(call)) return -1;
  }
  return real(fd, mode);
}

ssize_t write(int fd, const void* octets, std::size_t size) {
  static const auto real = libc<ssize_t(int, const void*, std::size_t)>("write");
  if (watched()) {
    Call call{"write", path_of(fd), {}, fd, size};
    if (!let_through(call)) return -1;
    size = call.size;
  }
  return real(fd, octets, size);
}

int fsync(int fd) {
  static const auto real = libc<int(int)>("fsync");
  if (watched()) {
    Call call{"fsync", path_of(fd), {}, fd};
    if (!let_through(call)) return -1;
  }
  return quick_disk ? 0 : real(fd);
}

int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) noexcept {
  static const auto real = libc<int(int, const char*, int, const char*, int)>("linkat");
  if (watched()) {
    Call call{"linkat", path_of(to_folder, to), path_of(from_folder, from)};
    if (!let_through(call)) return -1;
  }
  return real(from_folder, from, to_folder, to, flags);
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  static const auto real = libc<int(int, const char*, int, const char*)>("renameat");
  if (watched()) {
    Call call{"renameat", path_of(to_folder, to), path_of(from_folder, from)};
    if (!let_through(call)) return -1;
  }
  return real(from_folder, from, to_folder, to);
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  static const auto real = libc<int(int, const char*, int)>("unlinkat");
  if (watched()) {
    Call call{"unlinkat", path_of(folder, path)};
    if (!let_through(call)) return -1;
  }
  return real(folder, path, flags);
}

}  // extern "C"

}  // namespace spaceca::test
