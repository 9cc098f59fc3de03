// PEM (RFC 7468, and RFC 1421's headers for traditional encrypted keys): text to blocks, block to DER, DER to text.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <spaceca/bytes.h>

namespace spaceca::x509 {

inline constexpr std::size_t kLongestInput = std::size_t{1} << 20;

// One BEGIN … END, still encoded; borrows from the text.
struct PemBlock {
  std::string_view label;    // "EC PRIVATE KEY"
  std::string_view headers;  // "Proc-Type: …" lines with their ends, or empty
  std::string_view base64;
};

// All blocks in order. Text between them is passed over; lines may end in CRLF or in blanks. Refuses, naming `what`: more octets
// than `longest` (Errc::policy), a BEGIN without its END (Errc::malformed).
[[nodiscard]] std::vector<PemBlock> pem_blocks(std::string_view text, std::string_view what, std::size_t longest = kLongestInput);

enum class Headers { refused, known };  // whoever knows them looks at them himself

// The octets of a block; white space inside is passed over, where OpenSSL does so. Errc::malformed.
[[nodiscard]] SecretBytes decoded(const PemBlock& block, std::string_view what, Headers headers = Headers::refused);

// Appends a block with lines of 64 characters, each ended by one line feed.
void append_pem(std::string& text, std::string_view label, ByteView der);
void append_pem(SecretBuffer& text, std::string_view label, ByteView der);

// A block whose DER comes piece by piece. The sink gets large pieces of the text as they are full.
class PemStream final {
 public:
  PemStream(std::string_view label, std::function<void(ByteView)> sink);

  void add(ByteView der);
  // The rest, and the END line.
  void finish();

 private:
  void flush();

  std::string label_;
  std::function<void(ByteView)> sink_;
  Bytes line_;  // what has come of the next one, not all of it
  std::string text_;
};

// One line, no line feed.
[[nodiscard]] SecretBuffer base64(ByteView octets);

}  // namespace spaceca::x509
