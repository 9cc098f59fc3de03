// The system calls that the writer makes, seen and disturbed. calls.cc defines them anew in the executable, where the dynamic
// linker finds them before libc's, for the static and for the shared library alike; each goes on to libc's own.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace spaceca::test {

struct Call {
  std::string name;       // "renameat"
  std::string path;       // what it is done to; of a rename or a link, the new name
  std::string from = {};  // of a rename or a link, the old name
  int fd = -1;            // of write, fsync and fchmod
  std::size_t size = 0;   // of write: how many octets; an observer may make them fewer
  int flags = 0;          // of open and openat
  mode_t mode = 0;        // of openat, if it makes a file
};

// Called before each call of the writer. 0: let it happen; anything else: it does not happen, and that is its errno.
using Observer = std::function<int(Call&)>;

// As long as it lives, the observer sees the process's calls. What the observer itself calls is not seen. For one
// thread, and one at a time.
class Watch final {
 public:
  explicit Watch(Observer observer);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  Observer observer_;
};

// As long as it lives, fsync says that it did its work and does nothing: for cases that write hundreds of sets and cut no power.
class QuickDisk final {
 public:
  QuickDisk();
  ~QuickDisk();
  QuickDisk(const QuickDisk&) = delete;
  QuickDisk& operator=(const QuickDisk&) = delete;
};

// Every call of `action`, undisturbed.
[[nodiscard]] std::vector<Call> calls_of(const std::function<void()>& action);

}  // namespace spaceca::test
