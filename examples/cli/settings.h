// What is set up once and not typed each time: variables of the environment, then a file.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

// The file is $SPACECA_CONFIG, otherwise $XDG_CONFIG_HOME/spaceca/config.toml, otherwise ~/.config/spaceca/config.toml; the last
// two need not be there. A key of a section, [mail] password-file, is the variable SPACECA_MAIL_PASSWORD_FILE too, which goes
// first.
class Settings final {
 public:
  // Errors name the file: not_found, permission; usage for a section or a key that is none or is there twice.
  [[nodiscard]] static Settings read();

  // Empty if nobody says anything.
  [[nodiscard]] std::string text(const std::string& section, const std::string& key) const;
  // Of a key that may have several: ["a", "b"], or in a variable with commas between.
  [[nodiscard]] std::vector<std::string> list(const std::string& section, const std::string& key) const;
  // A path in the file begins at the file's folder.
  [[nodiscard]] std::filesystem::path path(const std::string& section, const std::string& key) const;
  // A whole number, or `otherwise`.
  [[nodiscard]] unsigned number(const std::string& section, const std::string& key, unsigned otherwise) const;
  // Whether anything is said of it.
  [[nodiscard]] bool has(const std::string& section) const;
  // For errors: `[mail] host`.
  [[nodiscard]] static std::string name(const std::string& section, const std::string& key);

 private:
  std::filesystem::path file_;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> values_;  // of the file
};
