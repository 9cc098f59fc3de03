#include "base/errno.h"

#include <cerrno>

namespace spaceca {

Errc errc_of_errno(int error) noexcept {
  switch (error) {
    case EEXIST: return Errc::exists;
    case ENOENT: return Errc::not_found;
    case ENAMETOOLONG:
    case ENOTDIR:
    case EISDIR:
    case ELOOP: return Errc::invalid_argument;
    case EACCES:
    case EPERM:
    case EROFS: return Errc::permission;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return Errc::no_space;
    default: return Errc::io;
  }
}

}  // namespace spaceca
