// A host and a server's certificate, compared as libpq does for sslmode=verify-full.
#pragma once

#include <optional>

#include <openssl/x509.h>

#include <spaceca/error.h>
#include <spaceca/names.h>

namespace spaceca::x509 {

// Nothing if libpq would connect. `seen_as` is what it prints.
[[nodiscard]] std::optional<Finding> host_mismatch(const X509* certificate, const HostName& host);

}  // namespace spaceca::x509
