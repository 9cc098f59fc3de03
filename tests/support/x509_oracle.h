// The same certificates made by OpenSSL's X509 objects, extension by extension from their configuration texts: the oracle that our
// own writer is held against.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <spaceca/issuer.h>

namespace spaceca::test {

struct OracleCertificate {
  Serial serial;
  Validity validity;
  std::vector<std::pair<std::string, std::string>> issuer;  // {"CN", "acme G1 …"}, in order
  std::vector<std::pair<std::string, std::string>> subject;
  std::vector<std::pair<std::string, std::string>> extensions;  // {"basicConstraints", "critical,CA:FALSE"}, in order
};

// Signed by `signing_key`; `issuer` gives the authority's key identifier, null for a self-signed one.
[[nodiscard]] Bytes oracle_certificate(const OracleCertificate& certificate, const PublicKey& key, const PrivateKey& signing_key,
                                       const Certificate* issuer);

// The TBSCertificate inside, as it stands there.
[[nodiscard]] Bytes tbs_of(ByteView certificate);

// OpenSSL's verdict on a signature by `issuer_key`.
[[nodiscard]] bool openssl_verifies(ByteView certificate, const PublicKey& issuer_key);

// "critical,CA:TRUE, pathlen:0": an extension as OpenSSL prints it, with "critical," in front if it is; empty if it is not there.
[[nodiscard]] std::string extension_text(ByteView certificate, const std::string& short_name);

}  // namespace spaceca::test
