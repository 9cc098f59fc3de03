#include "files/posix.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/errno.h"
#include "base/printable.h"

namespace spaceca::files {
namespace {

std::string_view hint_of(int error) {
  switch (error) {
    case EACCES:
    case EPERM: return "; the folder must be writable for this user";
    case EROFS: return "; choose a folder on a writable file system";
    case ENOSPC:
    case EDQUOT: return "; free some room and write it again";
    case EEXIST: return "; choose another prefix or folder, or say that it may be replaced";
    default: return "";
  }
}

}  // namespace

void fail(std::string_view path, std::string_view doing, int error, std::string_view hint) {
  throw Error{errc_of_errno(error), fmt::format("file \"{}\": could not {}: {}{}", printable(path), doing,
                                                std::generic_category().message(error), hint.empty() ? hint_of(error) : hint)};
}

Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace spaceca::files
