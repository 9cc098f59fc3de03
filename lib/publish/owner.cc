#include "publish/owner.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <system_error>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/errno.h"
#include "base/printable.h"

namespace spaceca::publish {
namespace {

// The C library's setters change every thread of the process (POSIX says so); the kernel's own change the one that calls. Where a
// number has 16 bits, the one with 32 has a name of its own.
#if defined(SYS_setresuid32)
constexpr long kSetUsers = SYS_setresuid32;
constexpr long kSetGroup = SYS_setresgid32;
constexpr long kSetGroups = SYS_setgroups32;
#elif defined(SYS_setresuid)
constexpr long kSetUsers = SYS_setresuid;
constexpr long kSetGroup = SYS_setresgid;
constexpr long kSetGroups = SYS_setgroups;
#else
#error "no way is known here to change the identity of one thread"
#endif

constexpr uid_t kSame = static_cast<uid_t>(-1);

bool set_user(uid_t user) { return syscall(kSetUsers, kSame, user, kSame) == 0; }
bool set_group(gid_t group) { return syscall(kSetGroup, kSame, group, kSame) == 0; }
bool set_groups(const std::vector<gid_t>& groups) { return syscall(kSetGroups, groups.size(), groups.data()) == 0; }

std::vector<gid_t> own_groups() {
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(0, getgroups(0, nullptr))));
  const int count = getgroups(static_cast<int>(groups.size()), groups.data());
  groups.resize(static_cast<std::size_t>(std::max(0, count)));
  return groups;
}

std::vector<gid_t> groups_of(const char* name, gid_t primary) {
  std::vector<gid_t> groups(64);
  for (int count = 64; getgrouplist(name, primary, groups.data(), &count) < 0;) groups.resize(static_cast<std::size_t>(count));
  int count = static_cast<int>(groups.size());
  getgrouplist(name, primary, groups.data(), &count);
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

}  // namespace

Owner::Owner(const std::filesystem::path& folder) {
  const auto shown = printable(folder.string());
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) {
    throw Error{errc_of_errno(errno),
                fmt::format("data directory \"{}\": could not look at it: {}", shown, std::generic_category().message(errno))};
  }
  if (!S_ISDIR(status.st_mode)) throw Error{Errc::invalid_argument, fmt::format("data directory \"{}\": is no folder", shown)};
  user_ = status.st_uid;
  group_ = status.st_gid;
  name_ = fmt::to_string(user_);
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> room{};
  if (getpwuid_r(user_, &entry, room.data(), room.size(), &found) == 0 && found != nullptr) {
    name_ = found->pw_name;
    groups_ = groups_of(found->pw_name, found->pw_gid);
  }
  if (geteuid() == user_) groups_ = own_groups();
  groups_.push_back(group_);
  if (geteuid() != user_ && geteuid() != 0) {
    throw Error{Errc::permission,
                fmt::format("data directory \"{}\": belongs to {}; only he and root may publish there", shown, name_)};
  }
}

Acting::Acting(const Owner& owner) {
  if (geteuid() == owner.user()) return;
  group_before_ = getegid();
  groups_before_ = own_groups();
  changed_ = true;
  if (set_groups(owner.groups()) && set_group(owner.group()) && set_user(owner.user())) return;
  const int error = errno;
  if (!set_group(group_before_) || !set_groups(groups_before_)) std::terminate();
  throw Error{Errc::permission, fmt::format("could not act as {}, who owns the data directory: {}", owner.name(),
                                            std::generic_category().message(error))};
}

Acting::~Acting() {
  if (!changed_) return;
  const int error = errno;  // of whatever was just done
  // Nothing may go on under the wrong identity.
  if (!set_user(0) || !set_group(group_before_) || !set_groups(groups_before_)) std::terminate();
  errno = error;
}

}  // namespace spaceca::publish
