// Files where a server's user could have put anything, read as him: what he may not read is not read for him, and nothing that he
// puts there keeps the reader waiting or takes memory without an end.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "files/posix.h"
#include "publish/owner.h"

namespace spaceca::publish {

inline constexpr std::size_t kLongestSettings = std::size_t{16} << 20;
inline constexpr std::size_t kLongestLists = std::size_t{1} << 30;  // of some twenty million entries

// Not open if it is not there. Links are followed, since the owner's reach ends where his own does. Errc::malformed if it is a
// pipe, a device or another thing that is no regular file; permission, io.
[[nodiscard]] files::Descriptor open_regular(const std::filesystem::path& file, const Owner& owner);

// The content; nothing if it is not there. As above, and malformed if it is longer.
[[nodiscard]] std::optional<std::string> content_of(const std::filesystem::path& file, const Owner& owner,
                                                    std::size_t longest = kLongestSettings);

}  // namespace spaceca::publish
