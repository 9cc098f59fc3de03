#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <string_view>
#include <system_error>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <spaceca/error.h>

#include "environment.h"
#include "failure.h"
#include "output.h"
#include "settings.h"

using namespace spaceca;

namespace {

struct Section {
  std::string name;
  std::vector<std::string> keys;
};
const std::vector<Section>& sections() {
  static const std::vector<Section> kSections{
      {"notices", {"folder"}},
      {"mail", {"host", "port", "tls", "from", "user", "password-file", "otherwise-to", "roots-file", "patience"}},
      {"webhook", {"url", "url-file", "key-file", "roots-file", "patience"}},
  };
  return kSections;
}

std::string environment_name(const std::string& section, const std::string& key) {
  std::string name = "SPACECA_" + section + '_' + key;
  for (char& c : name) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::filesystem::path default_file() {
  if (const std::string folder = environment("XDG_CONFIG_HOME"); folder.starts_with('/')) return folder + "/spaceca/config.toml";
  if (const std::string home = environment("HOME"); home.starts_with('/')) return home + "/.config/spaceca/config.toml";
  return {};
}

Failure wrong(const std::filesystem::path& file, const std::string& why, std::string hint = {}) {
  return Failure{Exit::usage, "invalid_argument", fmt::format("file \"{}\": {}", file.string(), why), std::move(hint)};
}

void check(const std::filesystem::path& file, const std::string& section, const std::string& key) {
  const auto known = std::ranges::find(sections(), section, &Section::name);
  if (known == sections().end()) {
    std::vector<std::string> names;
    for (const Section& one : sections()) names.push_back('[' + one.name + ']');
    throw wrong(file, fmt::format("[{}] is none of its sections", section), "these are: " + joined(names));
  }
  if (std::ranges::find(known->keys, key) != known->keys.end()) return;
  const bool has_file = std::ranges::find(known->keys, key + "-file") != known->keys.end();
  throw wrong(file, fmt::format("{} is not known", Settings::name(section, key)),
              has_file ? fmt::format("a secret stands in a file of its own: {}-file", key)
                       : fmt::format("[{}] knows {}", section, joined(known->keys)));
}

}  // namespace

std::string Settings::name(const std::string& section, const std::string& key) { return fmt::format("[{}] {}", section, key); }

Settings Settings::read() {
  Settings settings;
  const std::string named = environment("SPACECA_CONFIG");
  settings.file_ = named.empty() ? default_file() : std::filesystem::path{named};
  if (settings.file_.empty()) return settings;
  // A folder would read as if it were empty, and a pipe would be waited for.
  std::error_code ignored;
  const auto status = std::filesystem::status(settings.file_, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw wrong(settings.file_, "is no regular file");
  }
  std::ifstream stream{settings.file_};
  if (!stream) {
    const int error = errno;
    if (error == ENOENT && named.empty()) return settings;
    throw Error{error == ENOENT   ? Errc::not_found
                : error == EACCES ? Errc::permission
                                  : Errc::io,
                fmt::format("file \"{}\": {}", settings.file_.string(), std::strerror(error))};
  }
  std::vector<CLI::ConfigItem> items;
  try {
    items = CLI::ConfigTOML{}.from_config(stream);
  } catch (const CLI::Error& error) {
    throw wrong(settings.file_, error.what());
  }
  for (const CLI::ConfigItem& item : items) {
    if (item.name == "++" || item.name == "--") continue;  // a section begins or ends
    const std::string section = joined(item.parents, ".");
    check(settings.file_, section, item.name);
    if (!settings.values_.emplace(std::pair{section, item.name}, item.inputs).second) {
      throw wrong(settings.file_, fmt::format("{} is there twice", name(section, item.name)));
    }
  }
  return settings;
}

std::vector<std::string> Settings::list(const std::string& section, const std::string& key) const {
  if (const std::string said = environment(environment_name(section, key)); !said.empty()) {
    std::vector<std::string> values(1);
    for (const char c : said) {
      if (c == ',') {
        values.emplace_back();
      } else if (c != ' ') {
        values.back() += c;
      }
    }
    return values;
  }
  const auto found = values_.find({section, key});
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

std::string Settings::text(const std::string& section, const std::string& key) const {
  if (std::string said = environment(environment_name(section, key)); !said.empty()) return said;
  const auto found = values_.find({section, key});
  if (found == values_.end()) return {};
  if (found->second.size() != 1) {
    throw wrong(file_, fmt::format("{} is not one value; quotes hold one together", name(section, key)));
  }
  return found->second.front();
}

std::filesystem::path Settings::path(const std::string& section, const std::string& key) const {
  const std::string said = text(section, key);
  const bool of_file = environment(environment_name(section, key)).empty();
  return said.empty() || !of_file ? std::filesystem::path{said} : file_.parent_path() / said;
}

unsigned Settings::number(const std::string& section, const std::string& key, unsigned otherwise) const {
  const std::string said = text(section, key);
  if (said.empty()) return otherwise;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(said.data(), said.data() + said.size(), value);
  if (error == std::errc{} && end == said.data() + said.size()) return value;
  throw Failure{Exit::usage, "invalid_argument", fmt::format("{}: \"{}\" is no whole number", name(section, key), said)};
}

bool Settings::has(const std::string& section) const {
  const auto known = std::ranges::find(sections(), section, &Section::name);
  return std::ranges::any_of(known->keys, [&](const std::string& key) { return !list(section, key).empty(); });
}
