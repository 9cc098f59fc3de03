// Stores in a folder of their own, for tests.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <spaceca/error.h>

#include "store/sqlite_driver.h"
#include "support/files.h"

namespace spaceca::test {

// A driver on a file, past Store: what tests look with, and put things into disorder.
[[nodiscard]] std::unique_ptr<store::SqliteDriver> driver_at(const std::filesystem::path& file,
                                                             std::chrono::milliseconds patience = std::chrono::seconds{10},
                                                             int log_pages = 8192);
// An empty database of SQLite's, made by its own program.
void run_sqlite(const std::filesystem::path& file, const std::string& text);

// The work in a forked child: its exit code, 200 if it threw. What it changes of the process (umask, user, limits, mounts) stays
// there.
[[nodiscard]] pid_t start(const std::function<int()>& work);
[[nodiscard]] int ended(pid_t child);
[[nodiscard]] inline int in_child(const std::function<int()>& work) { return ended(start(work)); }

struct Refusal {
  Errc code;
  std::string text;
};
// Of work that must throw an Error.
[[nodiscard]] Refusal refusal_of(const std::function<void()>& work);

}  // namespace spaceca::test
