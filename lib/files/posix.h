// The system calls of the writer: one call, one check, the errno turned into an Error that names the file.
#pragma once

#include <string>
#include <string_view>

namespace spaceca::files {

// Throws for errno: `path` is named, then `doing`, then what the system says and what would help, which is `hint` if it is given.
[[noreturn]] void fail(std::string_view path, std::string_view doing, int error, std::string_view hint = {});

// Owns a file descriptor.
class Descriptor final {
 public:
  explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

}  // namespace spaceca::files
