// Verifiers that have nothing to do with us or with each other: openssl, GnuTLS, NSS, Java, Go. They judge a chain on disk at a
// time that they are told; GnuTLS, which takes none, under faketime. Each returns what it says.
#pragma once

#include <string>
#include <vector>

#include <spaceca/clock.h>
#include <spaceca/verify.h>

#include "support/files.h"

namespace spaceca::test {

// What they are asked about, as exporter::libpq names it.
struct ChainOnDisk {
  TemporaryFolder folder;

  [[nodiscard]] std::string certificate() const { return (folder.path() / "postgresql.crt").string(); }
  [[nodiscard]] std::string key() const { return (folder.path() / "postgresql.key").string(); }
  [[nodiscard]] std::string roots() const { return (folder.path() / "root.crt").string(); }
};

// "accepted", or its errors. It is as strict as it can be.
[[nodiscard]] std::string openssl(const ChainOnDisk& chain, Purpose purpose, Instant at, const std::vector<std::string>& more = {});
// "Chain verification output: …".
[[nodiscard]] std::string gnutls(const ChainOnDisk& chain, Purpose purpose, Instant at, const std::vector<std::string>& more = {});
inline const std::string kGnutlsTrusts = "Chain verification output: Verified. The certificate is trusted. ";
// "Chain is good!" or "Chain is bad!" with the reason.
[[nodiscard]] std::string nss(const ChainOnDisk& chain, Purpose purpose, Instant at);
// Java's PKIX and Go's crypto/x509: both "accepted: …" or "refused: …".
[[nodiscard]] std::string pkix(const ChainOnDisk& chain, Purpose purpose, Instant at);
[[nodiscard]] std::string go(const ChainOnDisk& chain, Purpose purpose, Instant at, const std::vector<std::string>& more = {});

// A database of NSS with these roots in it, by the argument of -d, in the chain's folder.
[[nodiscard]] std::string nss_database(const ChainOnDisk& chain, const std::vector<std::string>& root_files);

}  // namespace spaceca::test
