// The states as the store and the reference write them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <spaceca/authority.h>

namespace spaceca::service {

// Errc::corrupt for a word that is none of them.
[[nodiscard]] RootState root_state_of(std::string_view word);
[[nodiscard]] DatabaseState database_state_of(std::string_view word);
[[nodiscard]] CertificateState certificate_state_of(std::string_view word);
[[nodiscard]] CertificateKind certificate_kind_of(std::string_view word);
[[nodiscard]] Custody custody_of(std::string_view word);
[[nodiscard]] SpaceKind space_kind_of(std::string_view word);
[[nodiscard]] IpRuleState ip_rule_state_of(std::string_view word);
[[nodiscard]] NoticeKind notice_kind_of(std::string_view word);
// As RFC 5280 5.3.1 writes it: "keyCompromise".
[[nodiscard]] std::string_view reason_word(RevocationReason reason);

// Several values in one column, a line each.
[[nodiscard]] std::string joined_lines(const std::vector<std::string>& lines);
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);

}  // namespace spaceca::service
