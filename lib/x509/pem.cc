#include "x509/pem.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>

#include <spaceca/error.h>

#include "base/base64.h"
#include "base/printable.h"

namespace spaceca::x509 {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";

constexpr std::size_t kLineOctets = 48;  // 64 characters
constexpr std::size_t kLineCharacters = 64;
constexpr std::size_t kPiece = std::size_t{64} << 10;  // of a stream, at least

// The line at the front of `rest`, without its end and the blanks before that; `rest` goes on behind it.
std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  while (!line.empty() && static_cast<unsigned char>(line.back()) <= ' ') line.remove_suffix(1);
  return line;
}

// "EC PRIVATE KEY" of "-----BEGIN EC PRIVATE KEY-----".
std::optional<std::string_view> label_of(std::string_view line, std::string_view opening) {
  if (!line.starts_with(opening) || !line.ends_with(kDashes) || line.size() < opening.size() + kDashes.size()) return std::nullopt;
  line.remove_prefix(opening.size());
  line.remove_suffix(kDashes.size());
  return line;
}

// Splits RFC 1421 headers off the front of a body: lines with a colon, up to an empty line.
std::string_view take_headers(std::string_view& body) {
  std::string_view rest = body;
  if (take_line(rest).find(':') == std::string_view::npos) return {};
  while (!rest.empty()) {
    if (take_line(rest).empty()) break;
  }
  const std::string_view headers = body.substr(0, body.size() - rest.size());
  body = rest;
  return headers;
}

constexpr bool is_base64(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

enum class Kind : std::uint8_t { other, base64, blank };
constexpr auto kKinds = [] {
  std::array<Kind, 256> kinds{};
  for (std::size_t c = 0; c < kinds.size(); ++c) {
    const char character = static_cast<char>(c);
    kinds[c] = is_base64(character) ? Kind::base64 : is_blank(character) ? Kind::blank : Kind::other;
  }
  return kinds;
}();

// As OpenSSL has it (get_header_and_data in pem_lib.c): an empty line ends the headers, so there is none but directly behind BEGIN
// or behind them; and where there was one, every line has 64 characters, but for the last, which may have fewer.
void check_lines(const PemBlock& block, std::string_view what) {
  const auto refuse = [&](std::string_view why) {
    throw Error{Errc::malformed, fmt::format("{}: the base64 of \"{}\" {}", what, printable(block.label), why)};
  };
  std::string_view rest = block.base64;
  bool after_empty_line = !block.headers.empty();
  if (std::string_view first = rest; !after_empty_line && !first.empty() && take_line(first).empty()) {
    after_empty_line = true;
    rest = first;
  }
  bool is_last = false;
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    if (line.empty()) refuse("has an empty line in it");
    if (!after_empty_line) continue;
    if (is_last || line.size() > kLineCharacters) refuse("has a line of another length than 64, and an empty one above it");
    is_last = line.size() < kLineCharacters;
  }
}

// The characters that count, checked: full groups of four, padding at the end alone.
SecretBuffer dense(std::string_view base64, std::string_view label, std::string_view what) {
  const auto refuse = [&](std::string_view why) {
    throw Error{Errc::malformed, fmt::format("{}: the base64 of \"{}\" {}", what, printable(label), why)};
  };
  SecretBuffer characters(base64.size());
  std::size_t count = 0;
  std::size_t padding = 0;
  for (const char c : base64) {
    const Kind kind = kKinds[static_cast<unsigned char>(c)];
    if (kind == Kind::blank) continue;
    if (c == '=') {
      ++padding;
    } else if (kind == Kind::other) {
      refuse("holds a character that is not base64");
    } else if (padding > 0) {
      refuse("goes on after its padding");
    }
    characters[count++] = static_cast<std::uint8_t>(c);
  }
  if (count == 0) refuse("is empty");
  if (padding > 2 || count % 4 != 0) refuse("is cut short or wrongly padded");
  characters.resize(count);
  return characters;
}

std::uint8_t* write(std::uint8_t* out, std::string_view piece) { return std::copy(piece.begin(), piece.end(), out); }

constexpr std::size_t boundary_size(std::string_view opening, std::string_view label) {
  return opening.size() + label.size() + kDashes.size() + 1;
}

std::uint8_t* write_boundary(std::uint8_t* out, std::string_view opening, std::string_view label) {
  return write(write(write(write(out, opening), label), kDashes), "\n");
}

constexpr std::size_t lines_size(std::size_t octets) {
  return base64_size(octets) + (octets + kLineOctets - 1) / kLineOctets;  // each with a line feed
}

std::uint8_t* write_lines(std::uint8_t* out, ByteView der) {
  while (!der.empty()) {
    const std::size_t take = std::min(der.size(), kLineOctets);
    out = write_base64(out, der.first(take));
    *out++ = '\n';
    der = der.subspan(take);
  }
  return out;
}

// Where `size` more characters go; they are written by a pointer.
template <class Text>
std::uint8_t* make_room(Text& text, std::size_t size) {
  const std::size_t start = text.size();
  text.resize(start + size);
  return reinterpret_cast<std::uint8_t*>(text.data()) + start;
}

template <class Text>
void append_block(Text& text, std::string_view label, ByteView der) {
  std::uint8_t* out = make_room(text, boundary_size(kBegin, label) + lines_size(der.size()) + boundary_size(kEnd, label));
  out = write_boundary(out, kBegin, label);
  out = write_lines(out, der);
  write_boundary(out, kEnd, label);
}

}  // namespace

std::vector<PemBlock> pem_blocks(std::string_view text, std::string_view what, std::size_t longest) {
  if (text.size() > longest) {
    throw Error{Errc::policy, fmt::format("{}: the input has {} octets, the most is {}", what, text.size(), longest)};
  }
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<PemBlock> blocks;
  for (std::string_view rest = text; !rest.empty();) {
    const auto label = label_of(take_line(rest), kBegin);
    if (!label) continue;

    const std::string_view start = rest;
    std::optional<std::string_view> end;
    std::size_t body_size = 0;
    while (!rest.empty() && !end) {
      body_size = start.size() - rest.size();
      const std::string_view line = take_line(rest);
      if (label_of(line, kBegin)) break;  // or a cut block would swallow the next one unseen
      end = label_of(line, kEnd);
    }
    if (end != label) {
      throw Error{Errc::malformed, fmt::format("{}: the PEM block \"{}\" has no END line of its own", what, printable(*label))};
    }
    PemBlock block{*label, {}, start.substr(0, body_size)};
    block.headers = take_headers(block.base64);
    blocks.push_back(block);
  }
  return blocks;
}

SecretBytes decoded(const PemBlock& block, std::string_view what, Headers headers) {
  if (headers == Headers::refused && !block.headers.empty()) {
    throw Error{Errc::malformed,
                fmt::format("{}: the block \"{}\" has headers, which only an encrypted key in the traditional form has", what,
                            printable(block.label))};
  }
  check_lines(block, what);
  SecretBuffer characters = dense(block.base64, block.label, what);
  const std::size_t padding = characters.back() != '=' ? 0 : characters[characters.size() - 2] != '=' ? 1 : 2;
  SecretBuffer octets(characters.size() / 4 * 3);
  const int written = EVP_DecodeBlock(octets.data(), characters.data(), static_cast<int>(characters.size()));
  if (written < 0) {
    throw Error{Errc::malformed, fmt::format("{}: the base64 of \"{}\" does not decode", what, printable(block.label))};
  }
  octets.resize(static_cast<std::size_t>(written) - padding);  // EVP_DecodeBlock counts what the padding stands for
  return SecretBytes{std::move(octets)};
}

SecretBuffer base64(ByteView octets) {
  SecretBuffer text(base64_size(octets.size()));
  write_base64(text.data(), octets);
  return text;
}

void append_pem(std::string& text, std::string_view label, ByteView der) { append_block(text, label, der); }
void append_pem(SecretBuffer& text, std::string_view label, ByteView der) { append_block(text, label, der); }

PemStream::PemStream(std::string_view label, std::function<void(ByteView)> sink) : label_(label), sink_(std::move(sink)) {
  write_boundary(make_room(text_, boundary_size(kBegin, label_)), kBegin, label_);
}

void PemStream::add(ByteView der) {
  if (!line_.empty()) {
    const std::size_t take = std::min(kLineOctets - line_.size(), der.size());
    line_.insert(line_.end(), der.begin(), der.begin() + static_cast<std::ptrdiff_t>(take));
    der = der.subspan(take);
    if (line_.size() < kLineOctets) return;
    write_lines(make_room(text_, lines_size(line_.size())), line_);
    line_.clear();
  }
  const std::size_t whole_lines = der.size() / kLineOctets * kLineOctets;
  write_lines(make_room(text_, lines_size(whole_lines)), der.first(whole_lines));
  line_.assign(der.begin() + static_cast<std::ptrdiff_t>(whole_lines), der.end());
  if (text_.size() >= kPiece) flush();
}

void PemStream::finish() {
  write_lines(make_room(text_, lines_size(line_.size())), line_);
  write_boundary(make_room(text_, boundary_size(kEnd, label_)), kEnd, label_);
  flush();
}

void PemStream::flush() {
  sink_(bytes_of(text_));
  text_.clear();
}

}  // namespace spaceca::x509
