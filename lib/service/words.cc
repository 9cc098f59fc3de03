#include "service/words.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"

namespace spaceca {
namespace {

template <class T>
struct Word {
  T value;
  std::string_view text;
};
template <class T>
Word(T, std::string_view) -> Word<T>;  // clang deduces for aggregates from version 17 on only

constexpr std::array kRootStates{
    Word{RootState::next, "next"},       Word{RootState::active, "active"},         Word{RootState::retiring, "retiring"},
    Word{RootState::retired, "retired"}, Word{RootState::distrusted, "distrusted"},
};
constexpr std::array kDatabaseStates{
    Word{DatabaseState::disabled, "disabled"},
    Word{DatabaseState::provisioning, "Provisioning"},
    Word{DatabaseState::operational, "Operational"},
    Word{DatabaseState::deprovisioning, "Deprovisioning"},
};
constexpr std::array kCertificateStates{
    Word{CertificateState::pending, "pending"},
    Word{CertificateState::ready, "ready"},
    Word{CertificateState::disabling, "disabling"},
    Word{CertificateState::disabled, "disabled"},
};
constexpr std::array kCertificateKinds{
    Word{CertificateKind::server, "server"},
    Word{CertificateKind::client, "client"},
};
constexpr std::array kCustodies{
    Word{Custody::sealed, "sealed"},
    Word{Custody::once, "once"},
    Word{Custody::requester, "requester"},
};
constexpr std::array kSpaceKinds{
    Word{SpaceKind::private_space, "private"},
    Word{SpaceKind::shield, "shield"},
};
constexpr std::array kIpRuleStates{
    Word{IpRuleState::authorizing, "Authorizing"},
    Word{IpRuleState::authorized, "Authorized"},
    Word{IpRuleState::deleted, "deleted"},
};
constexpr std::array kNoticeKinds{
    Word{NoticeKind::renewed, "renewed"},
    Word{NoticeKind::awaiting_request, "awaiting_request"},
    Word{NoticeKind::reminder, "reminder"},
    Word{NoticeKind::downloaded, "downloaded"},
    Word{NoticeKind::roots_changed, "roots_changed"},
};
constexpr std::array kReasons{
    Word{RevocationReason::unspecified, "unspecified"},
    Word{RevocationReason::key_compromise, "keyCompromise"},
    Word{RevocationReason::ca_compromise, "cACompromise"},
    Word{RevocationReason::affiliation_changed, "affiliationChanged"},
    Word{RevocationReason::superseded, "superseded"},
    Word{RevocationReason::cessation_of_operation, "cessationOfOperation"},
    Word{RevocationReason::privilege_withdrawn, "privilegeWithdrawn"},
    Word{RevocationReason::aa_compromise, "aACompromise"},
};

template <class T, std::size_t N>
std::string_view word_of(const std::array<Word<T>, N>& words, T value) {
  for (const auto& word : words) {
    if (word.value == value) return word.text;
  }
  return {};
}

template <class T, std::size_t N>
T value_of(const std::array<Word<T>, N>& words, std::string_view text) {
  for (const auto& word : words) {
    if (word.text == text) return word.value;
  }
  throw Error{Errc::corrupt, fmt::format("store: \"{}\" stands where {} or the like should", printable(text), words.front().text)};
}

}  // namespace

std::string_view text_of(RootState state) { return word_of(kRootStates, state); }
std::string_view text_of(DatabaseState state) { return word_of(kDatabaseStates, state); }
std::string_view text_of(CertificateState state) { return word_of(kCertificateStates, state); }
std::string_view text_of(CertificateKind kind) { return word_of(kCertificateKinds, kind); }
std::string_view text_of(Custody custody) { return word_of(kCustodies, custody); }
std::string_view text_of(SpaceKind kind) { return word_of(kSpaceKinds, kind); }
std::string_view text_of(IpRuleState state) { return word_of(kIpRuleStates, state); }

namespace service {

RootState root_state_of(std::string_view word) { return value_of(kRootStates, word); }
DatabaseState database_state_of(std::string_view word) { return value_of(kDatabaseStates, word); }
CertificateState certificate_state_of(std::string_view word) { return value_of(kCertificateStates, word); }
CertificateKind certificate_kind_of(std::string_view word) { return value_of(kCertificateKinds, word); }
Custody custody_of(std::string_view word) { return value_of(kCustodies, word); }
SpaceKind space_kind_of(std::string_view word) { return value_of(kSpaceKinds, word); }
IpRuleState ip_rule_state_of(std::string_view word) { return value_of(kIpRuleStates, word); }
NoticeKind notice_kind_of(std::string_view word) { return value_of(kNoticeKinds, word); }
std::string_view reason_word(RevocationReason reason) { return word_of(kReasons, reason); }

std::string joined_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    if (!text.empty()) text += '\n';
    text += line;
  }
  return text;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace service
}  // namespace spaceca
