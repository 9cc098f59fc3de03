#include <utility>

#include <fmt/format.h>

#include "failure.h"
#include "output.h"

using spaceca::Errc;

Failure::Failure(Exit exit, std::string code, const std::string& text, std::string hint)
    : std::runtime_error(text), exit_(exit), code_(std::move(code)), hint_(std::move(hint)) {}

Failure Failure::with(nlohmann::json details) && {
  details_ = std::move(details);
  return std::move(*this);
}

Failure::Failure(const spaceca::Error& error, std::string hint)
    : Failure(exit_of(error.code()), std::string{word_of(error.code())}, error.what(), std::move(hint)) {}

std::string_view word_of(Errc code) {
  switch (code) {
    case Errc::invalid_argument: return "invalid_argument";
    case Errc::malformed: return "malformed";
    case Errc::passphrase_missing: return "passphrase_missing";
    case Errc::passphrase_wrong: return "passphrase_wrong";
    case Errc::unsupported: return "unsupported";
    case Errc::policy: return "policy";
    case Errc::mismatch: return "mismatch";
    case Errc::exists: return "exists";
    case Errc::not_found: return "not_found";
    case Errc::permission: return "permission";
    case Errc::no_space: return "no_space";
    case Errc::busy: return "busy";
    case Errc::corrupt: return "corrupt";
    case Errc::unreachable: return "unreachable";
    case Errc::not_taken: return "not_taken";
    case Errc::unconfirmed: return "unconfirmed";
    case Errc::key_not_kept: return "key_not_kept";
    case Errc::io: return "io";
    case Errc::crypto: return "crypto";
    case Errc::wrong_process: return "wrong_process";
  }
  return "failed";
}

Exit exit_of(Errc code) {
  switch (code) {
    case Errc::invalid_argument: return Exit::usage;
    case Errc::not_found: return Exit::not_found;
    case Errc::policy:
    case Errc::mismatch:
    case Errc::exists:
    case Errc::key_not_kept: return Exit::refused;
    case Errc::unreachable: return Exit::unreachable;
    default: return Exit::failed;
  }
}

std::string hint_of(Errc code) {
  switch (code) {
    case Errc::passphrase_missing: return "give --passphrase-file, --passphrase-fd or --key-file";
    case Errc::passphrase_wrong:
      return "is it the passphrase or the key file that this store was made with, or that spaceca vault:rewrap gave it last?";
    case Errc::busy: return "another program is at work on the store; try again";
    case Errc::corrupt:
      return "put a backup in its place (spaceca backup made it): with no spaceca running remove the store and what stands beside "
             "it as -wal and -shm, copy the backup there, then spaceca audit:verify, and spaces:adopt for each space";
    case Errc::unreachable: return "the next spaceca sweep tries again";
    default: return {};
  }
}

std::string complaint(const Failure& failure, bool json) {
  if (!json) {
    const std::string hint = failure.hint().empty() ? std::string{} : fmt::format("hint: {}\n", failure.hint());
    return fmt::format("spaceca: {}\n{}", one_line(failure.what()), hint);
  }
  nlohmann::json object = failure.details();
  object["error"] = failure.what();
  object["code"] = failure.code();
  if (!failure.hint().empty()) object["hint"] = failure.hint();
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}
