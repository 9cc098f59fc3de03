// What a mail server answered to what: libcurl itself says no more than a number.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "notify/transfer.h"

namespace spaceca::notify {

// Must outlive the transfer that it listens to.
class SmtpTalk final {
 public:
  struct Refusal {
    std::string recipient;
    std::string answer;  // "550 5.1.1 no such mailbox"
    bool is_for_good;    // 5xx
  };

  void listen_to(Transfer& transfer);

  // Of a recipient, if that is what the server answered last.
  [[nodiscard]] std::optional<Refusal> refusal() const;
  // The last answer, if it is a refusal (4xx or 5xx) of a command other than those of AUTH: an answer to them might hold what was
  // sent in them.
  [[nodiscard]] std::string_view refusing_answer() const;

 private:
  static int note(CURL* handle, curl_infotype type, char* octets, std::size_t size, void* talk) noexcept;
  void sent(std::string_view line);
  void received(std::string_view line);

  enum class Said { nothing, command, recipient, other };
  Said said_ = Said::nothing;
  bool quits_ = false;
  std::string recipient_;
  std::string answer_;
};

}  // namespace spaceca::notify
