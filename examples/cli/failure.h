// How a command ends when it cannot do what was asked: one line for people or one object for programs, and an exit code.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <spaceca/error.h>

enum class Exit : int {
  done = 0,
  failed = 1,
  usage = 2,
  not_found = 3,
  refused = 4,      // well formed, and against a rule or against what is there already
  unreachable = 5,  // recorded; the server or the service did not answer, and the next sweep tries again
};

// Thrown where the program itself knows better than the library what a user can do now.
class Failure : public std::runtime_error {
 public:
  Failure(Exit exit, std::string code, const std::string& text, std::string hint = {});
  // The library's error, with a hint.
  Failure(const spaceca::Error& error, std::string hint);

  // More that a program can ask of the object; people were told otherwise.
  [[nodiscard]] Failure with(nlohmann::json details) &&;

  [[nodiscard]] Exit exit() const noexcept { return exit_; }
  [[nodiscard]] const std::string& code() const noexcept { return code_; }
  [[nodiscard]] const std::string& hint() const noexcept { return hint_; }
  [[nodiscard]] const nlohmann::json& details() const noexcept { return details_; }

 private:
  Exit exit_;
  std::string code_;
  std::string hint_;
  nlohmann::json details_ = nlohmann::json::object();
};

// "not_found": stable, for programs.
[[nodiscard]] std::string_view word_of(spaceca::Errc code);
[[nodiscard]] Exit exit_of(spaceca::Errc code);
// What can be done about it, where that does not hang on the command; otherwise empty.
[[nodiscard]] std::string hint_of(spaceca::Errc code);

// Both lines, or the object, each with its line feed.
[[nodiscard]] std::string complaint(const Failure& failure, bool json);
