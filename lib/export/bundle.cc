#include "export/bundle.h"

#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"

namespace spaceca::exporter {

std::string pem_of(const std::vector<Certificate>& certificates) {
  std::string text;
  for (const Certificate& certificate : certificates) text += certificate.pem();
  return text;
}

std::string prefixed(std::string_view prefix, std::string_view name) {
  if (prefix.find('/') != std::string_view::npos || prefix.find('\0') != std::string_view::npos) {
    throw Error{Errc::invalid_argument,
                fmt::format("prefix \"{}\": may not hold a slash or a NUL; the folder goes separately", printable(prefix))};
  }
  return fmt::format("{}{}", prefix, name);
}

File certificate_file(std::string name, const Chain& chain) {
  return {std::move(name), FileRole::certificate, SecretBytes{pem_of(chain)}};
}

File key_file(std::string name, const PrivateKey& key) { return {std::move(name), FileRole::key, key.pkcs8_pem()}; }

File roots_file(std::string name, const std::vector<Certificate>& roots) {
  return {std::move(name), FileRole::trust, SecretBytes{pem_of(roots)}};
}

}  // namespace spaceca::exporter
