// Text that people compare with their eyes: names, descriptions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace spaceca {

// How many characters it has. Errc::invalid_argument, naming the text as of that kind, if it is not UTF-8, or holds a character
// that does not show or changes how its neighbours show: such a text looks like another one.
[[nodiscard]] std::size_t legible_characters(std::string_view kind, std::string_view text);

// A stranger's sentence as one line of UTF-8, of `longest` octets at most: what is left out of the middle, controls and line ends
// and all that legible_characters() refuses, leaves a blank, and octets that are no UTF-8 a question mark; what is cut off at the
// end, between two characters, leaves "...".
[[nodiscard]] std::string one_line(std::string_view text, std::size_t longest);

}  // namespace spaceca
