// A stranger's PKCS#12 file: the input as the file itself, and as the AuthenticatedSafe of a file whose MAC fits, since nothing is
// looked at behind one that does not. It is read by the doctor, which must come to an end with any, and say what it finds in a way
// that can be shown.
#include <initializer_list>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/pkcs12.h>

#include <spaceca/diagnosis.h>

#include "harness.h"

using namespace spaceca;
using namespace spaceca::fuzz;

namespace {

constexpr std::string_view kPassword = "swordfish";
const Instant kNow = std::chrono::sys_days{std::chrono::year{2026} / 11 / 24};

Bytes tlv(std::uint8_t tag, std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  Bytes value{tag};
  if (size < 0x80) {
    value.push_back(static_cast<std::uint8_t>(size));
  } else {
    const int octets = size < 0x100 ? 1 : size < 0x10000 ? 2 : 3;
    value.push_back(static_cast<std::uint8_t>(0x80 | octets));
    for (int i = octets - 1; i >= 0; --i) value.push_back(static_cast<std::uint8_t>(size >> (8 * i)));
  }
  for (const ByteView part : parts) value.insert(value.end(), part.begin(), part.end());
  return value;
}

// PFX ::= SEQUENCE { 3, ContentInfo of an OCTET STRING, MacData } (RFC 7292 4), the MAC of one round.
Bytes with_mac(ByteView authenticated_safe) {
  const Bytes version = {0x02, 0x01, 0x03};
  const Bytes data = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01};
  const Bytes content = tlv(0xA0, {tlv(0x04, {authenticated_safe})});
  const Bytes bare = tlv(0x30, {version, tlv(0x30, {data, content})});
  const auto file = read_whole<PKCS12, PKCS12_free>(d2i_PKCS12, bare);
  require(file != nullptr, "OpenSSL reads what was written by hand");
  require(PKCS12_set_mac(file.get(), kPassword.data(), static_cast<int>(kPassword.size()), nullptr, 0, 1, EVP_sha256()) == 1,
          "OpenSSL makes a MAC");
  return written(i2d_PKCS12, file.get());
}

void look_at(ByteView octets) {
  const auto file = [](std::string name, SecretBytes content) {
    return ClientFile{.name = std::move(name), .octets = std::move(content)};
  };
  ClientFiles files;
  files.pkcs12 = file("postgresql.p12", SecretBytes{octets});
  files.pkcs12_password = file("postgresql.p12.pass", SecretBytes{kPassword});
  const auto found = accepted([&] { return diagnose(files, {.now = kNow}); });
  require(found.has_value(), "whatever the file is, it is a finding");
  for (const Diagnosis& one : *found) require_presentable(one.finding.text);
  const auto shown = accepted([&] { return shown_of(files); });
  require(shown.has_value(), "what would be shown can always be asked");
  if (*shown) {
    const std::optional<Shown>& pair = *shown;
    require(!pair->chain.empty() && pair->chain.front().public_key() == pair->key.public_key(), "a key comes with its certificate");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView der{data, size};
  look_at(der);
  look_at(with_mac(der));
  return 0;
}
