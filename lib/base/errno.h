// What a failed system call means to whoever called us.
#pragma once

#include <spaceca/error.h>

namespace spaceca {

// The code for an errno of open, write, rename and their like: Errc::invalid_argument for a path that no repetition makes good,
// Errc::io for what nobody tells apart.
[[nodiscard]] Errc errc_of_errno(int error) noexcept;

}  // namespace spaceca
