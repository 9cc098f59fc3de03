// Mail addresses as they stand in SMTP's commands and in a message's header.
#pragma once

#include <string_view>

namespace spaceca {

// Whether it is a mailbox that every server takes (RFC 5321 4.1.2): a dot-string of at most 64 characters, an @, a DNS name; at
// most 254 in all. No quoted string, no address literal, nothing outside ASCII; so nothing that could end a command or a header
// field.
[[nodiscard]] bool is_mail_address(std::string_view text);

}  // namespace spaceca
