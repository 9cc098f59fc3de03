#include "publish/layout.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include <spaceca/error.h>
#include <spaceca/files.h>

#include "base/printable.h"
#include "files/folder.h"
#include "publish/config_file.h"
#include "publish/owned_file.h"

namespace spaceca::publish {
namespace {

constexpr std::string_view kFolder = "spaceca";
constexpr std::string_view kNames = "belongs_to";
constexpr std::string_view kBefore = "ssl_cert_file = 'spaceca/";
constexpr std::string_view kBehind = "/server.crt'";

std::string names_of(const ServedDatabase& where) {
  return fmt::format("space {}\ndatabase {}\n", where.space.text(), where.database.text());
}

// The folder of the files that these settings name: "12"; empty if it is none of ours.
std::string folder_in(std::string_view settings) {
  const auto at = settings.find(kBefore);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = settings.substr(at + kBefore.size());
  const auto end = rest.find(kBehind);
  const std::string_view folder = end == std::string_view::npos ? std::string_view{} : rest.substr(0, end);
  return folder.find_first_not_of("0123456789.") == std::string_view::npos ? std::string{folder} : std::string{};
}

// The word behind `what` in that file.
std::string named_in(std::string_view names, std::string_view what) {
  const auto at = names.find(what);
  if (at == std::string_view::npos) return "?";
  const std::string_view rest = names.substr(at + what.size());
  return printable(rest.substr(0, rest.find('\n')));
}

}  // namespace

Layout::Layout(const std::filesystem::path& data_directory, const ServedDatabase& where, const Owner& owner)
    : data_directory_(data_directory), folder_(data_directory / kFolder), where_(where), owner_(owner) {}

void Layout::refuse_another() const {
  const auto names = content_of(folder_ / kNames, owner_);
  if (!names || *names == names_of(where_)) return;
  throw Error{Errc::policy,
              fmt::format("data directory \"{}\": belongs to database \"{}\" of space \"{}\"; a server serves one database of one "
                          "space, since its roots and its lists are of all its databases",
                          printable(data_directory_.string()), named_in(*names, "database "), named_in(*names, "space "))};
}

bool Layout::is_there() const {
  const Acting as_owner{owner_};
  std::error_code ignored;
  return std::filesystem::exists(folder_, ignored);
}

void Layout::check_may_write() const {
  check_may_write_into(data_directory_, owner_);
  if (is_there()) check_may_write_into(folder_, owner_);
}

std::optional<std::string> Layout::current() const { return content_of(current_path(), owner_); }
std::optional<std::string> Layout::proved() const { return content_of(folder_ / "proved.conf", owner_); }

std::uint64_t Layout::number_in(std::string_view settings) {
  const std::string folder = folder_in(settings);
  std::uint64_t number = 0;
  std::from_chars(folder.data(), folder.data() + folder.size(), number);
  return number;
}

std::optional<std::string> Layout::file_of(std::string_view settings, const std::string& name) const {
  const std::string folder = folder_in(settings);
  return folder.empty() ? std::nullopt : content_of(folder_ / folder / name, owner_, kLongestLists);
}

files::Descriptor Layout::lock(Deadline deadline) const {
  const Acting as_owner{owner_};
  struct stat status {};
  if (stat(data_directory_.c_str(), &status) != 0) files::fail(data_directory_.string(), "look at it", errno);
  const mode_t mode = status.st_mode & 0750U;  // whoever may look into the data directory may look here
  if (mkdir(folder_.c_str(), mode) == 0) {
    if (chmod(folder_.c_str(), mode) != 0) files::fail(folder_.string(), "set its mode", errno);
    files::Folder{data_directory_}.sync();
  } else if (errno != EEXIST) {
    files::fail(folder_.string(), "make this folder", errno);
  }
  files::Descriptor folder{open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!folder.is_open() && errno == ENOENT) return lock(deadline);  // taken away meanwhile
  if (!folder.is_open()) files::fail(folder_.string(), "open this folder", errno);
  while (flock(folder.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) files::fail(folder_.string(), "lock this folder", errno);
    if (std::chrono::steady_clock::now() > deadline) {
      throw Error{Errc::busy, fmt::format("folder \"{}\": another process publishes there", printable(folder_.string()))};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  struct stat locked {};
  if (fstat(folder.get(), &locked) != 0) files::fail(folder_.string(), "look at it", errno);
  // Whoever held the lock may have withdrawn everything, this folder too.
  const bool still_there = lstat(folder_.c_str(), &status) == 0 && status.st_ino == locked.st_ino && status.st_dev == locked.st_dev;
  if (!still_there) return lock(deadline);
  refuse_another();
  if (!content_of(folder_ / kNames, owner_)) put(std::string{kNames}, names_of(where_));
  return folder;
}

std::string Layout::settings(const ServedDatabase& where, const std::string& folder) {
  // Paths are below the data directory, so that they hold where it is moved to. A folder of lists would be read beside the file.
  return fmt::format(
      "# Space {}, database {}. Written by a program; each publication replaces this file.\n"
      "ssl = on\n"
      "ssl_cert_file = '{}/server.crt'\n"
      "ssl_key_file = '{}/server.key'\n"
      "ssl_ca_file = '{}/root.crt'\n"
      "ssl_crl_file = '{}/root.crl'\n"
      "ssl_crl_dir = ''\n",
      where.space.text(), where.database.text(), folder, folder, folder, folder);
}

bool Layout::holds(const std::string& folder, const FileSet& files) const {
  return std::all_of(files.files().begin(), files.files().end(), [&](const File& file) {
    auto there = content_of(folder_ / folder / file.name, owner_, kLongestLists);
    if (!there) return false;
    std::string& content = *there;
    const bool same = content == text_of(file.octets.reveal());
    wipe(content.data(), content.size());
    return same;
  });
}

std::string Layout::write(std::uint64_t number, const FileSet& files) const {
  const std::string in_force = folder_in(current().value_or(""));
  const std::string was_proved = folder_in(proved().value_or(""));
  for (const std::string& folder : {in_force, was_proved}) {
    if (number_in(settings_for(folder)) == number && holds(folder, files)) return settings_for(folder);
  }
  // A second folder of one number is for files that were damaged behind our back, or that the server did not take.
  std::string folder = fmt::to_string(number);
  for (int i = 1; folder == in_force || folder == was_proved; ++i) folder = fmt::format("{}.{}", number, i);
  const Acting as_owner{owner_};
  std::error_code error;
  std::filesystem::remove_all(folder_ / folder, error);  // left by a crash
  if (error) files::fail((folder_ / folder).string(), "take away what was left there", error.value());
  struct stat status {};
  if (stat(folder_.c_str(), &status) != 0) files::fail(folder_.string(), "look at it", errno);
  const auto path = folder_ / folder;
  if (mkdir(path.c_str(), 0700) != 0 || chmod(path.c_str(), status.st_mode & 0750U) != 0) {
    files::fail(path.string(), "make this folder", errno);
  }
  files::write(path, files);
  files::Folder{folder_}.sync();
  return settings_for(folder);
}

void Layout::put(const std::string& name, std::string_view content) const {
  const Acting as_owner{owner_};
  files::Folder folder{folder_};
  const std::string beside = fmt::format(".{}.spaceca-new", name);
  folder.remove_if_there(beside);
  folder.create(beside, 0600, content);
  folder.rename_over(beside, name);
  folder.sync();
}

void Layout::put_current(std::string_view settings) const { put("current.conf", settings); }
void Layout::put_proved(std::string_view settings) const { put("proved.conf", settings); }

void Layout::remove_current() const {
  const Acting as_owner{owner_};
  files::Folder folder{folder_};
  folder.remove_if_there("current.conf");
  folder.sync();
}

void Layout::remove_others(std::string_view current, std::string_view previous) const {
  const Acting as_owner{owner_};
  std::error_code ignored;  // what stays is taken away the next time
  std::filesystem::directory_iterator entry{folder_, ignored};
  for (; entry != std::filesystem::directory_iterator{}; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    const bool a_publication = name.find_first_not_of("0123456789.") == std::string::npos;
    if (a_publication && name != folder_in(current) && name != folder_in(previous)) {
      std::filesystem::remove_all(entry->path(), ignored);
    }
  }
}

void Layout::remove_all() const {
  const Acting as_owner{owner_};
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
  if (error) files::fail(folder_.string(), "take it away", error.value());
}

}  // namespace spaceca::publish
