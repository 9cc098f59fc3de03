#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "failure.h"
#include "output.h"

namespace {

// In characters: what is no continuation octet of UTF-8 begins one.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string time_text(spaceca::Instant instant) { return fmt::format("{:%Y-%m-%d %H:%M:%S} +0000", instant); }

std::string rfc3339(spaceca::Instant instant) { return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", instant); }

long days_left(spaceca::Instant end, spaceca::Instant now) { return std::chrono::floor<std::chrono::days>(end - now).count(); }

std::string one_line(const std::string& text) {
  std::string line;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
    const bool c1 = octet == 0xC2 && next >= 0x80 && next < 0xA0;  // U+0080 to U+009F: some terminals obey them
    if (octet == '\n' || octet == '\t' || octet == '\r') {
      line += ' ';
    } else if (octet < ' ' || octet == 0x7F || c1) {
      line += '?';
      i += c1 ? 1 : 0;
    } else {
      line += text[i];
    }
  }
  return line;
}

std::string block(Fields fields) {
  std::sort(fields.begin(), fields.end());
  std::size_t longest = 0;
  for (const auto& [name, value] : fields) longest = std::max(longest, width_of(name));
  std::string text;
  for (const auto& [name, value] : fields) {
    const std::string line = fmt::format("{}:{}{}", name, std::string(longest - width_of(name) + 1, ' '), one_line(value));
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string table(const Row& header, const std::vector<Row>& rows) {
  std::vector<Row> lines = {header};
  lines.insert(lines.end(), rows.begin(), rows.end());
  std::vector<std::size_t> widths(header.size());
  for (Row& row : lines) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = one_line(row[i]);
      widths.at(i) = std::max(widths.at(i), width_of(row[i]));
    }
  }
  std::string text;
  for (const Row& row : lines) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += row[i] + std::string(widths.at(i) - width_of(row[i]) + 1, ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string json_text(const nlohmann::json& value) {
  return value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string joined(const std::vector<std::string>& words, const std::string& between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

std::string shell_word(const std::string& text) {
  constexpr const char* kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=:,./@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return quoted + "'";
}

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return;
  throw Failure{Exit::failed, "io", fmt::format("standard output: {}", std::strerror(errno))};
}

void print_aside(const std::string& text) {
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
  static_cast<void>(std::fflush(stderr));
}

Progress::Progress(Style style, std::string text) : style_(style), text_(std::move(text)) {
  if (style_ == Style::silent) return;
  print_aside(fmt::format("{}...{}", text_, style_ == Style::verbose ? "\n" : ""));
}

Progress::~Progress() { end("failed"); }

void Progress::done() { end("done"); }

void Progress::end(const char* word) {
  if (ended_ || style_ == Style::silent) return;
  ended_ = true;
  print_aside(fmt::format("{} {}\n", style_ == Style::verbose ? text_ + "..." : std::string{}, word));
}
