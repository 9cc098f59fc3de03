// What a client's files hold, read as libpq and pgjdbc read them.
#pragma once

#include <optional>
#include <vector>

#include <spaceca/diagnosis.h>

#include "x509/pkcs12_reader.h"

namespace spaceca::diagnosis {

struct Contents {
  Chain certificates;             // in the file's order
  std::optional<PrivateKey> key;  // of postgresql.key
  std::optional<PrivateKey> pk8;
  std::optional<x509::Pkcs12Content> pkcs12;
  std::vector<Certificate> roots;
  std::vector<Bytes> lists;  // each as DER
};

// What cannot be read is left out, and said in `found`.
[[nodiscard]] Contents contents_of(const ClientFiles& files, std::vector<Diagnosis>& found);

// The key that pgjdbc asks a PKCS#12 file for; null if there is none of that name.
[[nodiscard]] const x509::Pkcs12Content::Key* key_for_pgjdbc(const x509::Pkcs12Content& content);
// The certificates that Java makes of the file for that key, from the key's own upwards; none without that one.
[[nodiscard]] Chain chain_for(const x509::Pkcs12Content& content, const PrivateKey& key);

}  // namespace spaceca::diagnosis
