// Stores in a file of SQLite's. The component "sqlite": link spaceca::sqlite.
#pragma once

#include <filesystem>
#include <memory>

#include <spaceca/export.h>
#include <spaceca/store.h>

namespace spaceca {

// A store is one file; while it is open there are two more beside it, named alike with -wal and -shm behind, which belong to it:
// copy a store by Store::backup, not by cp. It must lie on a file system of this machine (SQLite's locks do not work over NFS). All
// three files have mode 0600 whatever the umask. A commit is on the disk when it returns (write-ahead log, synchronous=FULL). Once
// much was written, a store has a thread of its own, which copies the log into the file; it takes no signals and ends with the
// store.

// A new store. The file appears whole or not at all. Errc::exists if anything has that name, not_found if the folder is not there,
// permission, no_space, io.
[[nodiscard]] SPACECA_EXPORT std::unique_ptr<Store> create_sqlite_store(const std::filesystem::path& file);

// A store that is there; one of an earlier version of the library is brought up to date, under a lock. Errc::not_found if there is
// no such file, malformed if it is something else (then it is left as it is), corrupt if it is visibly damaged, permission if it or
// its folder may not be written, unsupported if a later version of the library wrote it, busy if another process does not let us
// in.
[[nodiscard]] SPACECA_EXPORT std::unique_ptr<Store> open_sqlite_store(const std::filesystem::path& file);

}  // namespace spaceca
