#include "ossl/check.h"

#include <string>

#include <fmt/format.h>
#include <openssl/err.h>

#include <spaceca/error.h>

namespace spaceca::ossl {

void fail(std::string_view doing) {
  // Reasons only: OpenSSL's "data" strings may quote what it was given.
  std::string reasons;
  while (const unsigned long code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (!reasons.empty()) reasons += ", ";
    reasons += reason != nullptr ? std::string{reason} : fmt::format("code {:08X}", code);
  }
  throw Error{Errc::crypto, fmt::format("OpenSSL: could not {}: {}", doing, reasons.empty() ? "no reason given" : reasons)};
}

QuietErrors::QuietErrors() { ERR_set_mark(); }
QuietErrors::~QuietErrors() { ERR_pop_to_mark(); }

}  // namespace spaceca::ossl
