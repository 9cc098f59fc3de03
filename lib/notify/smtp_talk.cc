#include "notify/smtp_talk.h"

#include <algorithm>
#include <array>

namespace spaceca::notify {
namespace {

std::string_view without_line_end(std::string_view line) { return line.substr(0, line.find_last_not_of("\r\n") + 1); }

// "250 ok", and not "250-more is to come" (RFC 5321 4.2).
bool is_last_line(std::string_view line) {
  return line.size() >= 3 && std::ranges::all_of(line.substr(0, 3), [](char c) { return c >= '0' && c <= '9'; }) &&
         (line.size() == 3 || line[3] == ' ');
}

// A line of AUTH is base64 without a blank.
bool is_command(std::string_view line, std::string_view command) {
  return line.starts_with(command) && (line.size() == command.size() || line[command.size()] == ' ');
}

bool refuses(std::string_view answer) { return answer.starts_with('4') || answer.starts_with('5'); }

}  // namespace

void SmtpTalk::listen_to(Transfer& transfer) {
  transfer.set(CURLOPT_DEBUGFUNCTION, &SmtpTalk::note);
  transfer.set(CURLOPT_DEBUGDATA, static_cast<void*>(this));
  transfer.set(CURLOPT_VERBOSE, 1L);  // or nothing is called
}

std::optional<SmtpTalk::Refusal> SmtpTalk::refusal() const {
  if (said_ != Said::recipient || !refuses(answer_)) return std::nullopt;
  return Refusal{.recipient = recipient_, .answer = answer_, .is_for_good = answer_.starts_with('5')};
}

std::string_view SmtpTalk::refusing_answer() const {
  if (said_ == Said::other || !refuses(answer_)) return {};
  return answer_;
}

int SmtpTalk::note(CURL*, curl_infotype type, char* octets, std::size_t size, void* talk) noexcept {
  auto& self = *static_cast<SmtpTalk*>(talk);
  const std::string_view line = without_line_end({octets, size});
  if (type == CURLINFO_HEADER_OUT) self.sent(line);
  if (type == CURLINFO_HEADER_IN) self.received(line);
  return 0;
}

void SmtpTalk::sent(std::string_view line) {
  constexpr std::string_view kRecipient = "RCPT TO:<";
  constexpr std::array<std::string_view, 5> kCommands{"EHLO", "HELO", "STARTTLS", "MAIL", "DATA"};
  quits_ = quits_ || is_command(line, "QUIT");  // however it ended, it parts with that
  if (quits_) return;
  answer_.clear();
  if (line.starts_with(kRecipient)) {
    said_ = Said::recipient;
    recipient_ = line.substr(kRecipient.size(), line.rfind('>') - kRecipient.size());
    return;
  }
  const bool known = std::ranges::any_of(kCommands, [&](std::string_view command) { return is_command(line, command); });
  said_ = known ? Said::command : Said::other;
}

void SmtpTalk::received(std::string_view line) {
  if (!quits_ && is_last_line(line)) answer_ = line;
}

}  // namespace spaceca::notify
