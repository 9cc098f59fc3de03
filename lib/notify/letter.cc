#include "notify/letter.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace spaceca::notify {
namespace {

// --- as text ---

struct Plain {
  std::string operator()(const Paragraph& paragraph) const { return paragraph.text + '\n'; }
  std::string operator()(const Commands& commands) const {
    std::string text;
    for (const std::string& line : commands.lines) text += "    " + line + '\n';
    return text;
  }
  std::string operator()(const Fields& fields) const {
    std::size_t width = 0;
    for (const auto& [name, value] : fields) width = std::max(width, name.size());
    std::string text;
    for (const auto& [name, value] : fields) text += fmt::format("{:<{}}  {}\n", name, width, value);
    return text;
  }
};

// --- as HTML ---

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      case '\'': safe += "&#39;"; break;
      default: safe += c;
    }
  }
  return safe;
}

struct Html {
  std::string operator()(const Paragraph& paragraph) const { return fmt::format("<p>{}</p>\n", escaped(paragraph.text)); }
  std::string operator()(const Commands& commands) const {
    std::string lines;
    for (const std::string& line : commands.lines) lines += escaped(line) + '\n';
    return fmt::format("<pre>{}</pre>\n", lines);
  }
  std::string operator()(const Fields& fields) const {
    std::string rows;
    for (const auto& [name, value] : fields) {
      rows += fmt::format("<tr><th align=\"left\" scope=\"row\">{}</th><td>{}</td></tr>\n", escaped(name), escaped(value));
    }
    return fmt::format("<table cellpadding=\"4\">\n{}</table>\n", rows);
  }
};

}  // namespace

std::string text_of(const Letter& letter) {
  std::string text;
  for (const auto& block : letter) {
    if (!text.empty()) text += '\n';
    text += std::visit(Plain{}, block);
  }
  return text;
}

std::string html_of(const Letter& letter) {
  std::string body;
  for (const auto& block : letter) body += std::visit(Html{}, block);
  return fmt::format("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"></head>\n<body>\n{}</body>\n</html>\n",
                     body);
}

}  // namespace spaceca::notify
