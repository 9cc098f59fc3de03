#include "store/sqlite_log_file.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sqlite3.h>

#include "ossl/process_mark.h"

namespace spaceca::store {
namespace {

// As large as a page can be: SQLite never writes more at once, so nobody below has to know more (SQLite's own files take 131,071
// octets, and of one more than that nothing).
constexpr std::size_t kMostGathered = 65'536;

// A log (https://sqlite.org/fileformat2.html#walformat): pages, each behind a header of its own. Commits alone write it
// (cache_spill = OFF, in SqliteConnection), from their first page to their last. With that one, at the latest, is written what was
// gathered: others learn of a commit after that.
class LogFile final {
 public:
  explicit LogFile(sqlite3_file* under) noexcept : under_(under) {}

  int write(std::span<const std::uint8_t> octets, sqlite3_int64 at) noexcept {
    const bool is_last = std::exchange(last_is_next_, false);
    if (is_header(octets)) last_is_next_ = ends_commit(octets);
    if (const int code = gather(octets, at); code != SQLITE_OK) return code;
    return is_last ? flush() : SQLITE_OK;
  }

  // What could not be written is forgotten: it is of the commit at hand, which SQLite undoes then.
  int flush() noexcept {
    if (gathered_.empty()) return SQLITE_OK;
    const int code = write_at_once(gathered_, begin_);
    gathered_.clear();
    return code;
  }

  [[nodiscard]] sqlite3_file* under() const noexcept { return under_; }

 private:
  static constexpr std::size_t kHeader = 24;

  // Of a page, not of the log, whose header has 32; a page has 512 at least.
  static bool is_header(std::span<const std::uint8_t> octets) noexcept { return octets.size() == kHeader; }
  // The second word is how many pages the file has after the commit that ends with this page, or 0.
  static bool ends_commit(std::span<const std::uint8_t> header) noexcept {
    return (header[4] | header[5] | header[6] | header[7]) != 0;
  }

  [[nodiscard]] sqlite3_int64 end() const noexcept { return begin_ + static_cast<sqlite3_int64>(gathered_.size()); }

  int gather(std::span<const std::uint8_t> octets, sqlite3_int64 at) noexcept {
    if (at != end() || gathered_.size() + octets.size() > kMostGathered) {
      if (const int code = flush(); code != SQLITE_OK) return code;
    }
    if (!has_room()) return write_at_once(octets, at);
    if (gathered_.empty()) begin_ = at;
    gathered_.insert(gathered_.end(), octets.begin(), octets.end());
    return SQLITE_OK;
  }
  // Made once, by who writes; where there is no memory for it nothing is ever gathered.
  bool has_room() noexcept {
    try {
      gathered_.reserve(kMostGathered);
    } catch (const std::bad_alloc&) {
    }
    return gathered_.capacity() >= kMostGathered;
  }
  int write_at_once(std::span<const std::uint8_t> octets, sqlite3_int64 at) noexcept {
    return under_->pMethods->xWrite(under_, octets.data(), static_cast<int>(octets.size()), at);
  }

  sqlite3_file* under_;
  std::vector<std::uint8_t> gathered_;
  sqlite3_int64 begin_ = 0;  // in the file, of what is gathered
  bool last_is_next_ = false;
};

// Where SQLite wants it: ours, and the file of the VFS below behind it.
struct Opened {
  sqlite3_file base;  // SQLite's part
  alignas(LogFile) std::byte log[sizeof(LogFile)];
};
static_assert(alignof(Opened) <= 8);  // as SQLite aligns it

LogFile& log_of(sqlite3_file* file) noexcept {
  return *std::launder(reinterpret_cast<LogFile*>(reinterpret_cast<Opened*>(file)->log));
}

template <auto Method, class... Arguments>
int after_flush(sqlite3_file* file, Arguments... arguments) noexcept {
  LogFile& log = log_of(file);
  const int code = log.flush();
  return code == SQLITE_OK ? (log.under()->pMethods->*Method)(log.under(), arguments...) : code;
}

template <auto Method, class... Arguments>
int at_once(sqlite3_file* file, Arguments... arguments) noexcept {
  sqlite3_file* const under = log_of(file).under();
  return (under->pMethods->*Method)(under, arguments...);
}

// Whatever was gathered and not written is of no commit.
int close(sqlite3_file* file) noexcept {
  LogFile& log = log_of(file);
  const int code = log.under()->pMethods->xClose(log.under());
  log.~LogFile();
  return code;
}

int write(sqlite3_file* file, const void* octets, int count, sqlite3_int64 at) noexcept {
  return log_of(file).write({static_cast<const std::uint8_t*>(octets), static_cast<std::size_t>(count)}, at);
}

// Of version 1: the later ones are for the file that is not a log.
constexpr sqlite3_io_methods kMethods{
    .iVersion = 1,
    .xClose = close,
    .xRead = after_flush<&sqlite3_io_methods::xRead, void*, int, sqlite3_int64>,
    .xWrite = write,
    .xTruncate = after_flush<&sqlite3_io_methods::xTruncate, sqlite3_int64>,
    .xSync = after_flush<&sqlite3_io_methods::xSync, int>,
    .xFileSize = after_flush<&sqlite3_io_methods::xFileSize, sqlite3_int64*>,
    .xLock = at_once<&sqlite3_io_methods::xLock, int>,
    .xUnlock = at_once<&sqlite3_io_methods::xUnlock, int>,
    .xCheckReservedLock = at_once<&sqlite3_io_methods::xCheckReservedLock, int*>,
    .xFileControl = at_once<&sqlite3_io_methods::xFileControl, int, void*>,
    .xSectorSize = at_once<&sqlite3_io_methods::xSectorSize>,
    .xDeviceCharacteristics = at_once<&sqlite3_io_methods::xDeviceCharacteristics>,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

sqlite3_vfs* below(sqlite3_vfs* ours) noexcept { return static_cast<sqlite3_vfs*>(ours->pAppData); }

int open(sqlite3_vfs* ours, const char* path, sqlite3_file* file, int flags, int* given) noexcept {
  sqlite3_vfs* const vfs = below(ours);
  if ((flags & SQLITE_OPEN_WAL) == 0) return vfs->xOpen(vfs, path, file, flags, given);
  auto* const under = reinterpret_cast<sqlite3_file*>(reinterpret_cast<std::byte*>(file) + sizeof(Opened));
  file->pMethods = nullptr;
  const int code = vfs->xOpen(vfs, path, under, flags, given);
  if (code != SQLITE_OK) {
    if (under->pMethods != nullptr) under->pMethods->xClose(under);
    return code;
  }
  new (reinterpret_cast<Opened*>(file)->log) LogFile{under};
  file->pMethods = &kMethods;
  return SQLITE_OK;
}

template <auto Method, class... Arguments>
auto passed_on(sqlite3_vfs* ours, Arguments... arguments) noexcept {
  sqlite3_vfs* const vfs = below(ours);
  return (vfs->*Method)(vfs, arguments...);
}

// Of version 2 at most: what comes later is for SQLite's own tests.
sqlite3_vfs over(sqlite3_vfs& vfs, const char* name) noexcept {
  return {
      .iVersion = std::min(vfs.iVersion, 2),
      .szOsFile = static_cast<int>(sizeof(Opened)) + vfs.szOsFile,
      .mxPathname = vfs.mxPathname,
      .pNext = nullptr,
      .zName = name,
      .pAppData = &vfs,
      .xOpen = open,
      .xDelete = passed_on<&sqlite3_vfs::xDelete, const char*, int>,
      .xAccess = passed_on<&sqlite3_vfs::xAccess, const char*, int, int*>,
      .xFullPathname = passed_on<&sqlite3_vfs::xFullPathname, const char*, int, char*>,
      .xDlOpen = passed_on<&sqlite3_vfs::xDlOpen, const char*>,
      .xDlError = passed_on<&sqlite3_vfs::xDlError, int, char*>,
      .xDlSym = passed_on<&sqlite3_vfs::xDlSym, void*, const char*>,
      .xDlClose = passed_on<&sqlite3_vfs::xDlClose, void*>,
      .xRandomness = passed_on<&sqlite3_vfs::xRandomness, int, char*>,
      .xSleep = passed_on<&sqlite3_vfs::xSleep, int>,
      .xCurrentTime = passed_on<&sqlite3_vfs::xCurrentTime, double*>,
      .xGetLastError = passed_on<&sqlite3_vfs::xGetLastError, int, char*>,
      .xCurrentTimeInt64 = passed_on<&sqlite3_vfs::xCurrentTimeInt64, sqlite3_int64*>,
      .xSetSystemCall = nullptr,
      .xGetSystemCall = nullptr,
      .xNextSystemCall = nullptr,
  };
}

// For as long as this code is loaded, and known by a name that no other copy of it in the process has. A child that was forked
// leaves what SQLite has of its parent alone.
class Registered final {
 public:
  explicit Registered(std::atomic<const char*>& name) : name_(name) {
    sqlite3_vfs* const usual = sqlite3_vfs_find(nullptr);
    if (usual == nullptr) return;
    fmt::format_to_n(text_.data(), text_.size() - 1, "spaceca {}", static_cast<const void*>(&vfs_));
    vfs_ = over(*usual, text_.data());
    if (sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK) name_ = text_.data();
  }
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;
  ~Registered() {
    if (name_.exchange(nullptr) != nullptr && process_.is_here()) sqlite3_vfs_unregister(&vfs_);
  }

 private:
  std::atomic<const char*>& name_;
  ossl::ProcessMark process_;
  std::array<char, 32> text_{};
  sqlite3_vfs vfs_{};
};

}  // namespace

const char* log_gathering_vfs() {
  // Not in the object, since stores may outlive it.
  static std::atomic<const char*> name = nullptr;
  static const Registered kOurs{name};
  return name;
}

}  // namespace spaceca::store
