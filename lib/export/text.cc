#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <spaceca/error.h>
#include <spaceca/exporter.h>

#include "base/hex.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "export/bundle.h"

namespace spaceca::exporter {
namespace {

using Setting = std::pair<std::string_view, std::string>;

std::string_view libpq_word(SslMode mode) {
  switch (mode) {
    case SslMode::require: return "require";
    case SslMode::verify_ca: return "verify-ca";
    case SslMode::verify_full: break;
  }
  return "verify-full";
}

// No form below can carry a NUL, and each is read as a C string by somebody.
const std::string& checked(std::string_view what, const std::string& value) {
  if (value.empty()) throw Error{Errc::invalid_argument, fmt::format("connection: its {} is empty", what)};
  if (value.find('\0') != std::string::npos) {
    throw Error{Errc::invalid_argument, fmt::format("connection: its {} \"{}\" holds a NUL", what, printable(value))};
  }
  return value;
}

struct Paths {
  std::string certificate, key, roots;
};

Paths paths_of(const Connection& connection, std::string_view key_name) {
  const std::string& folder = checked("folder", connection.folder);
  const auto path = [&](std::string_view name) {
    return fmt::format("{}{}{}", folder, folder.ends_with('/') ? "" : "/", prefixed(connection.prefix, name));
  };
  return {path(kCertificatesName), path(key_name), path(kRootsName)};
}

void check_connection(const Connection& connection) {
  checked("host", connection.host);
  checked("database", connection.database);
  checked("user", connection.user);
  if (connection.port == 0) throw Error{Errc::invalid_argument, "connection: port 0; give 1 to 65535"};
}

// Within single quotes a POSIX shell changes nothing, and nothing but the quote itself ends them.
std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// RFC 3986: everything but the unreserved characters, and those that may stand in the place at hand, goes as %XX (a blank too: '+'
// means a blank only to some readers).
std::string percent_encoded(std::string_view text, std::string_view allowed = {}) {
  constexpr std::string_view kUnreservedMarks = "-._~";
  std::string encoded;
  for (const char c : text) {
    if (is_alphanumeric(c) || kUnreservedMarks.find(c) != std::string_view::npos || allowed.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += hex_of(bytes_of({&c, 1}), HexCase::upper);
    }
  }
  return encoded;
}

// An IPv6 address goes into brackets in a URI (RFC 3986 3.2.2), the percent sign of its zone encoded (RFC 6874 2).
std::string uri_host(const std::string& host) {
  const bool address = host.find(':') != std::string::npos && std::all_of(host.begin(), host.end(), [](char c) {
                         return is_alphanumeric(c) || c == ':' || c == '.' || c == '%';
                       });
  return address ? fmt::format("[{}]", percent_encoded(host, ":")) : percent_encoded(host);
}

std::string query(const std::vector<Setting>& settings) {
  std::string text;
  for (const auto& [name, value] : settings) {
    text += fmt::format("{}{}={}", text.empty() ? '?' : '&', name, percent_encoded(value));
  }
  return text;
}

// pgjdbc decodes what stands behind the slash, and nothing of the host (Driver.parseURL); and Java makes other characters of octets
// that are not UTF-8.
void check_jdbc(const Connection& connection) {
  const auto refuse = [](std::string_view what, const std::string& value, std::string_view why) {
    throw Error{Errc::invalid_argument, fmt::format("JDBC URL: {} \"{}\" {}", what, printable(value), why)};
  };
  const bool plain = std::all_of(connection.host.begin(), connection.host.end(),
                                 [](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_' || c == ':'; });
  if (!plain) refuse("host", connection.host, "is neither a host name nor an address, and pgjdbc takes nothing else there");
  for (const auto& [what, value] : {std::pair{"database", &connection.database}, std::pair{"user", &connection.user},
                                    std::pair{"folder", &connection.folder}, std::pair{"prefix", &connection.prefix}}) {
    if (!is_utf8(*value)) refuse(what, *value, "is not UTF-8");
  }
}

}  // namespace

std::string environment(const Connection& connection) {
  check_connection(connection);
  const Paths paths = paths_of(connection, kKeyName);
  const std::vector<Setting> settings = {{"PGHOST", connection.host},
                                         {"PGPORT", fmt::to_string(connection.port)},
                                         {"PGDATABASE", connection.database},
                                         {"PGUSER", connection.user},
                                         {"PGSSLMODE", std::string{libpq_word(connection.sslmode)}},
                                         {"PGSSLCERT", paths.certificate},
                                         {"PGSSLKEY", paths.key},
                                         {"PGSSLROOTCERT", paths.roots}};
  std::string text;
  for (const auto& [name, value] : settings) text += fmt::format("export {}={}\n", name, shell_quoted(value));
  return text;
}

std::string service(const Connection& connection, std::string_view name) {
  check_connection(connection);
  const auto refuse = [](std::string_view what, std::string_view value, std::string_view why) {
    throw Error{Errc::invalid_argument, fmt::format("service file: {} \"{}\" {}", what, printable(value), why)};
  };
  // libpq reads lines into 1,024 octets and refuses one that, with its line feed, fills 1,023 (parseServiceFile).
  constexpr std::size_t kLongestLine = 1021;
  if (name.empty() || name.find_first_of("]\r\n") != std::string_view::npos || name.find('\0') != std::string_view::npos) {
    refuse("service name", name, "is empty or holds a bracket, a line break or a NUL");
  }
  if (name.size() + 2 > kLongestLine) refuse("service name", name, "is too long for a line of the file");
  const Paths paths = paths_of(connection, kKeyName);
  const std::vector<Setting> settings = {{"host", connection.host},
                                         {"port", fmt::to_string(connection.port)},
                                         {"dbname", connection.database},
                                         {"user", connection.user},
                                         {"sslmode", std::string{libpq_word(connection.sslmode)}},
                                         {"sslcert", paths.certificate},
                                         {"sslkey", paths.key},
                                         {"sslrootcert", paths.roots}};
  std::string text = fmt::format("[{}]\n", name);
  for (const auto& [key, value] : settings) {
    constexpr std::string_view kBlanks = " \t\r\n\v\f";
    if (value.find_first_of("\r\n") != std::string::npos) refuse(key, value, "holds a line break, which the file cannot carry");
    if (kBlanks.find(value.back()) != std::string_view::npos) refuse(key, value, "ends with a blank, which libpq drops");
    const std::string line = fmt::format("{}={}", key, value);
    if (line.size() > kLongestLine) refuse(key, value, "is too long for a line of the file");
    text += line + "\n";
  }
  return text;
}

std::string libpq_uri(const Connection& connection) {
  check_connection(connection);
  const Paths paths = paths_of(connection, kKeyName);
  return fmt::format("postgresql://{}@{}:{}/{}{}", percent_encoded(connection.user), uri_host(connection.host), connection.port,
                     percent_encoded(connection.database),
                     query({{"sslmode", std::string{libpq_word(connection.sslmode)}},
                            {"sslcert", paths.certificate},
                            {"sslkey", paths.key},
                            {"sslrootcert", paths.roots}}));
}

std::string jdbc_url(const Connection& connection, JdbcKey key) {
  check_connection(connection);
  check_jdbc(connection);
  const Paths paths = paths_of(connection, key == JdbcKey::pk8 ? kPk8Name : kPkcs12Name);
  std::vector<Setting> settings = {{"user", connection.user}, {"sslmode", std::string{libpq_word(connection.sslmode)}}};
  if (key == JdbcKey::pk8) settings.emplace_back("sslcert", paths.certificate);  // a .p12 holds its own
  settings.emplace_back("sslkey", paths.key);
  settings.emplace_back("sslrootcert", paths.roots);
  return fmt::format("jdbc:postgresql://{}:{}/{}{}", uri_host(connection.host), connection.port,
                     percent_encoded(connection.database), query(settings));
}

}  // namespace spaceca::exporter
