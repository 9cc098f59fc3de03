// Reads PKCS#12 files (RFC 7292) of whatever maker. What a stranger's file may ask of the key derivation is bounded.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/certificate.h>
#include <spaceca/key.h>

namespace spaceca::x509 {

struct Pkcs12Content {
  struct Key {
    std::optional<std::string> alias;  // its friendlyName, as UTF-8
    PrivateKey key;
  };
  std::vector<Key> keys;
  std::vector<Certificate> certificates;  // in the file's order
};

// Errc::passphrase_wrong if the MAC does not fit; malformed; policy for more than 1 MiB, for more rounds in all than a file may ask
// for, and for a file without a MAC under the password, which nothing vouches for; unsupported.
[[nodiscard]] Pkcs12Content read_pkcs12(ByteView der, const SecretBytes& password);

}  // namespace spaceca::x509
