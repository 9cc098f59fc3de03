// Foreign text made safe to quote in an error message.
#pragma once

#include <string>
#include <string_view>

#include <spaceca/bytes.h>

namespace spaceca {

// At most 80 bytes of it; whatever is not printable ASCII, and the quote and the backslash, as \xNN. Nothing that a stranger wrote
// moves a terminal's cursor or ends a log's line.
[[nodiscard]] std::string printable(std::string_view text);

// Blank to tilde, and nothing else.
[[nodiscard]] bool is_printable_ascii(ByteView octets);

}  // namespace spaceca
