// Files of 32 secret octets, as spaceca/vault.h describes them.
#pragma once

#include <cstddef>
#include <filesystem>

#include <spaceca/bytes.h>

namespace spaceca::custody {

inline constexpr std::size_t kKeyFileOctets = 32;

// Errc::not_found, permission, malformed, io.
[[nodiscard]] SecretBytes read_key_file(const std::filesystem::path& file);

}  // namespace spaceca::custody
