#include <pwd.h>
#include <unistd.h>

#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>
#include <spaceca/postgres_publisher.h>
#include <spaceca/sqlite_store.h>

#include "environment.h"
#include "failure.h"
#include "secrets.h"
#include "session.h"

using namespace spaceca;

namespace {

std::string login_name() {
  const passwd* user = getpwuid(getuid());
  const std::string name = user != nullptr ? user->pw_name : fmt::format("uid {}", getuid());
  const std::string sudo = environment("SUDO_USER");
  return sudo.empty() || sudo == name ? name : fmt::format("{} ({} by sudo)", name, sudo);
}

}  // namespace

std::filesystem::path path_of_store(const std::string& store) {
  constexpr std::string_view kScheme = "sqlite:";
  if (store.starts_with(kScheme) && store.size() > kScheme.size()) return store.substr(kScheme.size());
  if (!store.empty()) {
    // It might be a URL with a password, so it is not repeated.
    throw Failure{Exit::usage, "invalid_argument", "the store: is not of the form sqlite:PATH, which is the one kind there is"};
  }
  if (const std::string data = environment("XDG_DATA_HOME"); data.starts_with('/')) return data + "/spaceca/spaceca.db";
  if (const std::string home = environment("HOME"); home.starts_with('/')) return home + "/.local/share/spaceca/spaceca.db";
  throw Failure{Exit::usage, "invalid_argument",
                "the store: neither --store nor SPACECA_STORE, XDG_DATA_HOME or HOME says where it is"};
}

std::string store_flags(const Arguments& arguments) {
  std::string text;
  for (const auto& [flag, value] : {std::pair{"--store", &arguments.store}, std::pair{"--key-file", &arguments.key_file},
                                    std::pair{"--passphrase-file", &arguments.passphrase_file}}) {
    if (!value->empty()) text += fmt::format(" {} {}", flag, shell_word(*value));
  }
  return text;
}

std::string flags_of(const Arguments& arguments, const DatabaseRecord& database) {
  const std::string space = arguments.space.empty() ? "" : fmt::format(" --space {}", database.space.text());
  return fmt::format(" -a {}{}{}", database.app.text(), space, store_flags(arguments));
}

Session::Session(Arguments given) : arguments(std::move(given)) {}

Session::~Session() = default;

std::filesystem::path Session::store_path() const {
  return path_of_store(arguments.store.empty() ? environment("SPACECA_STORE") : arguments.store);
}

Store& Session::store() {
  if (store_) return *store_;
  try {
    store_ = open_sqlite_store(store_path());
  } catch (const Error& error) {
    if (error.code() == Errc::not_found) throw Failure{error, "spaceca init makes one; --store or SPACECA_STORE says where it is"};
    throw;
  }
  return *store_;
}

Authority& Session::authority() {
  if (authority_) return *authority_;
  Store& opened = store();
  try {
    vault_ = sealed_vault(opened, vault_key(arguments));
  } catch (const Error& error) {
    if (error.code() == Errc::not_found) {
      throw Failure{error, "give the same kind of key as to spaceca init, which also finishes a new store"};
    }
    throw;
  }
  authority_ = std::make_unique<Authority>(opened, *vault_, clock_);
  return *authority_;
}

Publisher& Session::publisher() {
  if (publisher_) return *publisher_;
  PostgresPublisherOptions options;
  if (arguments.verbose) options.progress = [](const std::string& line) { print_aside("  " + line + '\n'); };
  publisher_ = postgres_publisher(options);
  return *publisher_;
}

Actor Session::actor() const { return Actor{arguments.actor.empty() ? login_name() : arguments.actor}; }

Place Session::place() {
  const DatabaseName database{arguments.database};
  const AppName app{arguments.app};
  auto found = authority().locate(database, app);
  if (!arguments.space.empty()) {
    std::erase_if(found, [asked = SpaceName{arguments.space}](const DatabaseLocation& where) { return where.space != asked; });
  }
  if (found.empty()) {
    throw Failure{Exit::not_found, "not_found",
                  fmt::format("database \"{}\" of app \"{}\": there is none", database.text(), app.text()),
                  "spaceca databases lists those there are"};
  }
  if (found.size() > 1) {
    const auto spaces = each(found, [](const DatabaseLocation& where) { return where.space.text(); });
    throw Failure{
        Exit::refused, "ambiguous",
        fmt::format("database \"{}\" of app \"{}\": is in several spaces: {}", database.text(), app.text(), joined(spaces)),
        fmt::format("--space {}", spaces.front())};
  }
  Space in = space(found.front().space);
  auto record = in.find_database(database);
  if (!record) {  // destroyed since
    throw Failure{Exit::not_found, "not_found",
                  fmt::format("database \"{}\" of app \"{}\": there is none", database.text(), app.text())};
  }
  return {std::move(in), std::move(*record)};
}

Progress Session::progress(std::string text) const {
  using Style = Progress::Style;
  if (arguments.quiet || (arguments.json && !arguments.verbose)) return Progress{Style::silent, std::move(text)};
  return Progress{arguments.verbose ? Style::verbose : Style::plain, std::move(text)};
}

void Session::answer(const nlohmann::json& value, const std::string& text) const {
  print(arguments.json ? json_text(value) : text);
}

void Session::note(const std::string& text) const {
  if (!arguments.quiet) print_aside(text + '\n');
}
