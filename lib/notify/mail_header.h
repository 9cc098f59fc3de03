// The header of a mail: fields as RFC 5322 and RFC 2047 have them, each without the line end at its end. What is not ASCII is
// encoded, and no value can end its field.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <spaceca/clock.h>

namespace spaceca::notify {

// "Tue, 24 Nov 2026 10:00:00 +0000" (RFC 5322 3.3).
[[nodiscard]] std::string mail_date(Instant instant);

// A field of free text, folded before its 78th column; the whole value in encoded words of UTF-8 if there is a character in it that
// is not printable ASCII, or what looks like an encoded word.
[[nodiscard]] std::string text_field(std::string_view name, std::string_view value);

// A field of addresses, as is_mail_address() knows them; one a line.
[[nodiscard]] std::string address_field(std::string_view name, const std::vector<std::string>& addresses);

}  // namespace spaceca::notify
