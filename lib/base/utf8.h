// UTF-8, read strictly (RFC 3629 4): no overlong form, no surrogate, nothing above U+10FFFF.
#pragma once

#include <optional>
#include <string_view>

namespace spaceca {

// Takes the first character off `rest`; nothing if the bytes there are no UTF-8 (then `rest` stays as it was). `rest` is not empty.
[[nodiscard]] std::optional<char32_t> next_utf8(std::string_view& rest);

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace spaceca
