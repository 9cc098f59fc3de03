// A client's files for the doctor, whole and good, of which a test spoils one thing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <spaceca/diagnosis.h>
#include <spaceca/exporter.h>

#include "support/certificate_builder.h"

namespace spaceca::test {

inline const SecretBytes kP12Password{std::string_view{"swordfish"}};

// With the modes of the writer.
[[nodiscard]] ClientFile client_file(std::string name, std::string_view octets, unsigned mode = 0644);

// What the exporters give, libpq's and pgjdbc's, by the names that they give.
[[nodiscard]] ClientFiles client_files(const Credential& credential);
// PKCS#12 as well. Its key derivation takes long, above all under sanitizers.
void add_pkcs12(ClientFiles& files, const Credential& credential);

[[nodiscard]] std::string pem_of(const std::vector<Certificate>& certificates);

// "fault chain-order, doubt role"; empty if nothing was found.
[[nodiscard]] std::string rules_of(const std::vector<Diagnosis>& found);
// The findings in full, for a failing test.
[[nodiscard]] std::string text_of(const std::vector<Diagnosis>& found);

// A root, an intermediate CA and a client of that one.
struct Family {
  explicit Family(Instant now);

  TestCa root;
  TestCa middle;
  PrivateKey key;
  CertificateParts client;

  [[nodiscard]] Certificate certificate() const { return certificate_of(client, middle.key); }
  [[nodiscard]] Credential credential() const;
};

}  // namespace spaceca::test
