// The same lists made by OpenSSL's X509_CRL objects: the oracle that our own writer is held against, and the maker of lists that
// ours would refuse to make.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <spaceca/crl.h>
#include <spaceca/key.h>

namespace spaceca::test {

struct OracleEntry {
  Serial serial;
  Instant date;
  std::optional<int> reason = {};  // of RFC 5280 5.3.1
};

struct OracleCrl {
  Instant this_update = {};
  std::optional<Instant> next_update = {};
  std::vector<OracleEntry> entries = {};  // in this order
  // {"authorityKeyIdentifier", "keyid:always"}, in order. Of these two OpenSSL knows no text: {"crlNumber",
  // "18446744073709551615"},
  // {"deltaCRL", "1"}.
  std::vector<std::pair<std::string, std::string>> extensions = {};
  bool version_2 = true;
};

// Of `issuer`, whose name and key identifier it takes, signed by `signing_key`.
[[nodiscard]] Bytes oracle_crl(const OracleCrl& crl, const Certificate& issuer, const PrivateKey& signing_key);

// OpenSSL's verdict on a list's signature by `issuer_key`.
[[nodiscard]] bool openssl_verifies_crl(ByteView crl, const PublicKey& issuer_key);

// "openssl crl -text" of a list, without its signature.
[[nodiscard]] std::string crl_text(ByteView crl);

// What OpenSSL reads in a list.
struct OpensslCrl {
  std::size_t entries;
  std::string first;  // serials, as Serial::hex() shows them
  std::string last;
};
[[nodiscard]] OpensslCrl openssl_reads_crl(ByteView crl);

}  // namespace spaceca::test
