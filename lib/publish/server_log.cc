#include "publish/server_log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "publish/owned_file.h"
#include "publish/tls_probe.h"

namespace spaceca::publish {
namespace {

// Words that stay the same in every language of a server's: names of files, settings and protocols.
bool is_about_files(std::string_view line) {
  constexpr std::array<std::string_view, 6> kWords{"SSL", "TLS", ".key\"", ".crt\"", ".crl\"", ".conf\""};
  // Values that changed are left out too: they may be a connection string with its password, and our own are known.
  constexpr std::array<std::string_view, 5> kOthers{"assword", "conninfo", "STATEMENT", "parameter \"", kProbeRole};
  const auto in_line = [line](std::string_view word) { return line.find(word) != std::string_view::npos; };
  return std::any_of(kWords.begin(), kWords.end(), in_line) && std::none_of(kOthers.begin(), kOthers.end(), in_line);
}

// At most so many characters, and none that moves a terminal's cursor.
std::string shown(std::string_view line) {
  constexpr std::size_t kLongest = 300;
  std::string text;
  for (const char c : line.substr(0, kLongest)) text += static_cast<unsigned char>(c) < ' ' || c == 0x7F ? ' ' : c;
  return text;
}

}  // namespace

ServerLog::ServerLog(Server& server, const std::filesystem::path& data_directory, const Owner& owner, Deadline deadline) {
  const std::filesystem::path named = server.connection().ask_one("SELECT pg_catalog.pg_current_logfile()", deadline);
  // Without a collector it goes to the standard error, which is often a file.
  const std::filesystem::path file =
      named.empty() ? std::filesystem::path{fmt::format("/proc/{}/fd/2", server.postmaster().pid)} : data_directory / named;
  try {
    file_ = open_regular(file, owner);
  } catch (const Error&) {
    return;  // a pipe, or another thing that nobody else can read
  }
  struct stat status {};
  if (file_.is_open() && fstat(file_.get(), &status) == 0) from_ = status.st_size;
}

std::string ServerLog::since() const {
  if (!file_.is_open()) return "the server's log is not to be had";
  std::string text(1U << 16U, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, pread(file_.get(), text.data(), text.size(), from_))));
  constexpr int kMost = 6;
  int count = 0;
  std::string said;
  std::istringstream lines{text};
  for (std::string line; count < kMost && std::getline(lines, line);) {
    if (!is_about_files(line)) continue;
    said += fmt::format("{}{}", said.empty() ? "" : "; ", shown(line));
    ++count;
  }
  return said.empty() ? "the server's log says nothing about it" : "the server's log says: " + said;
}

}  // namespace spaceca::publish
