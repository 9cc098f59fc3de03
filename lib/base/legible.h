// Text that people compare with their eyes: names, descriptions.
#pragma once

#include <cstddef>
#include <string_view>

namespace spaceca {

// How many characters it has. Errc::invalid_argument, naming the text as of that kind, if it is not UTF-8, or holds a character
// that does not show or changes how its neighbours show: such a text looks like another one.
[[nodiscard]] std::size_t legible_characters(std::string_view kind, std::string_view text);

}  // namespace spaceca
