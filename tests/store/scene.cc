#include "store/scene.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

#include "support/child.h"

namespace spaceca::test {

std::unique_ptr<store::SqliteDriver> driver_at(const std::filesystem::path& file, std::chrono::milliseconds patience,
                                               int log_pages) {
  return std::make_unique<store::SqliteDriver>(store::SqliteFile{.path = file.string(), .shown = file.filename().string()},
                                               patience, log_pages);
}

void run_sqlite(const std::filesystem::path& file, const std::string& text) {
  const Outcome outcome = run({"sqlite3", "-bail", file.string()}, {.input = text});
  if (outcome.exit_code != 0) throw std::runtime_error{"sqlite3: " + outcome.err};
}

pid_t start(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error{"cannot fork"};
  if (child != 0) return child;
  int code = 200;
  try {
    code = work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  _exit(code);
}

int ended(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Refusal refusal_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  throw std::runtime_error{"it was taken"};
}

}  // namespace spaceca::test
