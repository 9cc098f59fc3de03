#include "publish/owned_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

#include <spaceca/bytes.h>
#include <spaceca/error.h>

#include "base/printable.h"

namespace spaceca::publish {

files::Descriptor open_regular(const std::filesystem::path& file, const Owner& owner) {
  const Acting as_owner{owner};
  // Without waiting for whoever would write into a pipe.
  files::Descriptor opened{open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
  if (!opened.is_open() && (errno == ENOENT || errno == ENOTDIR)) return opened;
  if (!opened.is_open()) files::fail(file.string(), "open it", errno);
  struct stat status {};
  if (fstat(opened.get(), &status) != 0) files::fail(file.string(), "look at it", errno);
  if (S_ISREG(status.st_mode)) return opened;
  throw Error{Errc::malformed, fmt::format("file \"{}\": is no regular file", printable(file.string()))};
}

std::optional<std::string> content_of(const std::filesystem::path& file, const Owner& owner, std::size_t longest) {
  const files::Descriptor opened = open_regular(file, owner);
  if (!opened.is_open()) return {};
  std::string content;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t size = read(opened.get(), buffer.data(), buffer.size());
    if (size == 0) break;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) files::fail(file.string(), "read it", errno);
    content.append(buffer.data(), static_cast<std::size_t>(size));
    if (content.size() > longest) {
      throw Error{Errc::malformed, fmt::format("file \"{}\": is longer than {} MiB, the most that is read",
                                               printable(file.string()), longest >> 20U)};
    }
  }
  wipe(buffer.data(), buffer.size());  // it may have been a key
  return content;
}

}  // namespace spaceca::publish
