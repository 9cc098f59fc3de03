#include "publish/config_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "files/folder.h"
#include "files/posix.h"
#include "publish/owned_file.h"

namespace spaceca::publish {
namespace {

std::string beside(const std::string& name) { return fmt::format(".{}.spaceca-new", name); }
std::string kept(const std::string& name) { return fmt::format(".{}.spaceca-old", name); }

// Through links, since what a setting names may be one, and a rename must not put a file in its place.
std::filesystem::path real_path(const std::filesystem::path& file, const Owner& owner) {
  const Acting as_owner{owner};
  std::error_code error;
  auto path = std::filesystem::canonical(file, error);
  if (error) files::fail(file.string(), "find it", error.value());
  return path;
}

}  // namespace

void check_may_write_into(const std::filesystem::path& folder, const Owner& owner) {
  const Acting as_owner{owner};
  if (faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return;
  throw Error{Errc::permission, fmt::format("folder \"{}\": {}, who owns the data directory, may not make files in it",
                                            printable(folder.string()), owner.name())};
}

ConfigFile::ConfigFile(const std::filesystem::path& file, const Owner& owner) : owner_(owner), path_(real_path(file, owner)) {
  auto content = content_of(path_, owner);
  if (!content) files::fail(path_.string(), "open it", ENOENT);
  content_ = *std::move(content);
  struct stat status {};
  const Acting as_owner{owner};
  if (stat(path_.c_str(), &status) != 0) files::fail(path_.string(), "look at it", errno);
  mode_ = status.st_mode & 07777U;
  user_ = status.st_uid;
  group_ = status.st_gid;
}

void ConfigFile::check_replaceable() const {
  check_may_write_into(path_.parent_path(), owner_);
  const auto& groups = owner_.groups();
  if (user_ == owner_.user() && std::find(groups.begin(), groups.end(), group_) != groups.end()) return;
  throw Error{Errc::permission, fmt::format("file \"{}\": is not of {}, who owns the data directory, or not of a group of his",
                                            printable(path_.string()), owner_.name())};
}

void ConfigFile::check_is_still(std::string_view content) const {
  if (content_of(path_, owner_) == content) return;
  throw Error{Errc::busy,
              fmt::format("file \"{}\": was changed by somebody else meanwhile and stays as it is", printable(path_.string()))};
}

void ConfigFile::replace(std::string_view content) {
  check_is_still(content_);
  if (content == content_) return;
  const Acting as_owner{owner_};
  files::Folder folder{path_.parent_path()};
  folder.remove_if_there(beside(name()));
  folder.remove_if_there(kept(name()));
  folder.create(beside(name()), mode_, content);
  if (lchown(folder.path_of(beside(name())).c_str(), static_cast<uid_t>(-1), group_) != 0) {
    files::fail(path_.string(), "give it its group", errno);
  }
  folder.link(name(), kept(name()));
  folder.rename_over(beside(name()), name());
  folder.sync();
  written_ = std::string{content};
}

void ConfigFile::put_back() {
  if (!written_) return;
  check_is_still(*written_);
  const Acting as_owner{owner_};
  files::Folder folder{path_.parent_path()};
  folder.rename_over(kept(name()), name());
  folder.sync();
  written_.reset();
}

void ConfigFile::keep() noexcept {
  if (!written_) return;
  try {
    const Acting as_owner{owner_};
    files::Folder{path_.parent_path()}.remove_if_there(kept(name()));
  } catch (const std::exception&) {
    // A second name that stays does no harm; the next replacement takes it away.
  }
  content_ = *std::exchange(written_, {});
}

}  // namespace spaceca::publish
