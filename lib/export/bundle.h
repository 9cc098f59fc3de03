// What the exporters share: PEM of chains and roots, checked prefixes.
#pragma once

#include <string>
#include <string_view>

#include <spaceca/certificate.h>
#include <spaceca/file_set.h>

namespace spaceca::exporter {

// The certificates one after the other.
[[nodiscard]] std::string pem_of(const std::vector<Certificate>& certificates);

// PREFIXname. The prefix may not lead to another folder. Errc::invalid_argument.
[[nodiscard]] std::string prefixed(std::string_view prefix, std::string_view name);

[[nodiscard]] File certificate_file(std::string name, const Chain& chain);
[[nodiscard]] File key_file(std::string name, const PrivateKey& key);
[[nodiscard]] File roots_file(std::string name, const std::vector<Certificate>& roots);

}  // namespace spaceca::exporter
