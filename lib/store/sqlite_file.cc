#include "store/sqlite_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <sqlite3.h>

#include <spaceca/bytes.h>
#include <spaceca/error.h>

#include "base/errno.h"
#include "base/printable.h"

namespace spaceca::store {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view doing, int error) {
  throw Error{errc_of_errno(error), fmt::format("file \"{}\": could not {}: {}", printable(path.string()), doing,
                                                std::generic_category().message(error))};
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

void sync(const std::filesystem::path& path, int flags) {
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | flags)};
  if (file.get() < 0) fail(path, "open it to sync it", errno);
  if (fsync(file.get()) != 0) fail(path, "sync it to the disk", errno);
}

bool is_there(const std::filesystem::path& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

// A path as SQLite reads it in a file: URI.
std::string uri_of(const std::filesystem::path& path) {
  std::string uri = "file://";
  for (const char character : std::filesystem::absolute(path).string()) {
    const bool plain = character != '%' && character != '?' && character != '#';
    uri += plain ? std::string{character} : fmt::format("%{:02X}", static_cast<unsigned char>(character));
  }
  return uri + "?immutable=1";
}

struct Close {
  void operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
};

// The first 100 octets, zeros where the file ends. They are read through SQLite's own descriptor: were we to open the file and
// close it again, every lock that this process has on it would be gone (POSIX: fcntl). SQLite itself reads nothing here, so it
// neither waits nor clears up after a crash of whoever wrote it.
std::array<std::uint8_t, 100> header_of(const std::filesystem::path& path) {
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(uri_of(path).c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, nullptr);
  const std::unique_ptr<sqlite3, Close> connection{opened};
  const int error = opened != nullptr ? sqlite3_system_errno(opened) : ENOMEM;
  if (code != SQLITE_OK) fail(path, "open it", error != 0 ? error : EIO);
  sqlite3_file* file = nullptr;
  std::array<std::uint8_t, 100> header{};
  if (sqlite3_file_control(opened, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK) fail(path, "read it", EIO);
  const int read = file->pMethods->xRead(file, header.data(), static_cast<int>(header.size()), 0);
  if (read != SQLITE_OK && read != SQLITE_IOERR_SHORT_READ) fail(path, "read it", EIO);
  return header;
}

}  // namespace

NewSqliteFile::NewSqliteFile(const std::filesystem::path& place) : place_(place) {
  if (place.filename().empty()) {
    throw Error{Errc::invalid_argument, "file \"" + printable(place.string()) + "\": is no name of a file"};
  }
  if (is_there(place)) fail(place, "make it", EEXIST);
  path_ = (place.parent_path() / fmt::format(".{}.XXXXXX", place.filename().string())).string();
  const Descriptor file{mkostemp(path_.data(), O_CLOEXEC)};
  if (file.get() < 0) fail(place, "make it", errno);
  // The umask can only have taken permissions away.
  if (fchmod(file.get(), 0600) == 0) return;
  const int error = errno;
  unlink(path_.c_str());
  fail(place, "set its mode", error);
}

NewSqliteFile::~NewSqliteFile() {
  for (const char* ending : {"", "-wal", "-shm", "-journal"}) unlink((path_ + ending).c_str());
}

void NewSqliteFile::put_in_place() {
  sync(path_, 0);
  // A link does what rename cannot: it fails if the name has appeared meanwhile.
  if (link(path_.c_str(), place_.c_str()) != 0) fail(place_, "put it in place", errno);
  const std::filesystem::path folder = place_.has_parent_path() ? place_.parent_path() : ".";
  sync(folder, O_DIRECTORY);
}

void check_is_ours(const std::filesystem::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) fail(path, "open it", errno);
  const auto refuse = [&path](const std::string& why) {
    throw Error{Errc::malformed, fmt::format("file \"{}\": is not a store of spaceca: {}", printable(path.string()), why)};
  };
  if (!S_ISREG(status.st_mode)) refuse("it is no regular file");
  if (status.st_size == 0) refuse("it is empty");
  const auto header = header_of(path);
  // https://sqlite.org/fileformat.html#the_database_header
  constexpr std::string_view kMagic{"SQLite format 3\0", 16};
  if (text_of(ByteView{header}.first(kMagic.size())) != kMagic) refuse("it is no file of SQLite's");
  unsigned id = 0;
  for (std::size_t i = 68; i < 72; ++i) id = id << 8U | header.at(i);
  if (id != kApplicationId) refuse(fmt::format("its application id is {:#010x}, ours is {:#010x}", id, kApplicationId));
}

}  // namespace spaceca::store
