#include <algorithm>

#include <fmt/format.h>

#include <spaceca/error.h>
#include <spaceca/exporter.h>

#include "base/printable.h"
#include "export/bundle.h"
#include "x509/pem.h"

namespace spaceca::exporter {
namespace {

// RFC 1123 subdomain, as Kubernetes wants the names of its objects.
void check_kubernetes_name(std::string_view name) {
  const auto refuse = [name] {
    throw Error{Errc::invalid_argument,
                fmt::format("secret name \"{}\": give 1 to 253 of a-z, 0-9, hyphen and dot, a letter or a digit at "
                            "both ends of every part between dots",
                            printable(name))};
  };
  const bool characters = std::all_of(
      name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; });
  if (name.empty() || name.size() > 253 || !characters) refuse();
  for (std::string_view rest = name;;) {
    const auto dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    if (part.empty() || part.front() == '-' || part.back() == '-') refuse();
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace

FileSet kubernetes(const Credential& credential, std::string_view name, std::string_view prefix) {
  check_kubernetes_name(name);
  SecretBuffer text;
  const auto append = [&text](const auto& piece) { text.insert(text.end(), piece.begin(), piece.end()); };
  const auto entry = [&append](std::string_view field, ByteView octets) {
    append(fmt::format("  {}: ", field));
    append(x509::base64(octets));
    append(std::string_view{"\n"});
  };
  // In quotes: to YAML a bare 123 or true is no string.
  append(fmt::format("apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata:\n  name: \"{}\"\ndata:\n", name));
  entry("tls.crt", bytes_of(pem_of(credential.chain())));
  entry("tls.key", credential.key().pkcs8_pem().reveal());
  entry("ca.crt", bytes_of(pem_of(credential.roots())));

  FileSet set;
  set.add({prefixed(prefix, "secret.yaml"), FileRole::other, SecretBytes{std::move(text)}});
  return set;
}

}  // namespace spaceca::exporter
