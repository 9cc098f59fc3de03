// libFuzzer's hook, for harnesses that take PEM: half the time it changes the DER inside one block, since a change of base64 text
// hits bits across the fields of what it stands for.
#include <algorithm>
#include <string>

#include <openssl/evp.h>

#include "der_mutator.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

using spaceca::Bytes;

// The base64 of the first block, from the line behind BEGIN (or behind its headers) to the line of END.
struct Body {
  std::size_t start, end;
};

Body body_of(const std::string& text) {
  const auto begin = text.find("-----BEGIN ");
  if (begin == std::string::npos) return {0, 0};
  auto start = text.find('\n', begin);
  const auto end = text.find("-----END ", begin);
  if (start == std::string::npos || end == std::string::npos || start > end) return {0, 0};
  if (const auto headers = text.find("\n\n", start); headers < end) start = headers + 1;
  return {start + 1, end};
}

Bytes decoded(const std::string& base64) {
  Bytes der(base64.size() + 3);
  EVP_ENCODE_CTX* context = EVP_ENCODE_CTX_new();
  int size = 0;
  int rest = 0;
  EVP_DecodeInit(context);
  const bool good = EVP_DecodeUpdate(context, der.data(), &size, reinterpret_cast<const unsigned char*>(base64.data()),
                                     static_cast<int>(base64.size())) >= 0 &&
                    EVP_DecodeFinal(context, der.data() + size, &rest) >= 0;
  EVP_ENCODE_CTX_free(context);
  der.resize(good ? static_cast<std::size_t>(size + rest) : 0);
  return der;
}

std::string encoded(const Bytes& der) {
  std::string text;
  for (std::size_t at = 0; at < der.size(); at += 48) {
    unsigned char line[65];
    const auto take = std::min<std::size_t>(48, der.size() - at);
    text.append(reinterpret_cast<const char*>(line),
                static_cast<std::size_t>(EVP_EncodeBlock(line, der.data() + at, static_cast<int>(take))));
    text += '\n';
  }
  return text;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned int seed) {
  spaceca::fuzz::Dice dice{seed};
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Body body = body_of(text);
  const Bytes der = decoded(text.substr(body.start, body.end - body.start));
  if (der.empty() || dice() % 2 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::string changed =
      text.substr(0, body.start) + encoded(spaceca::fuzz::mutated_der(der, der.size() + 64, dice)) + text.substr(body.end);
  if (changed.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::copy(changed.begin(), changed.end(), data);
  return changed.size();
}
