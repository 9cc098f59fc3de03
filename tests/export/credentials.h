// Credentials for the exporters' tests, and OpenSSL's eyes on what comes out.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <spaceca/certificate.h>
#include <spaceca/file_set.h>
#include <spaceca/issuer.h>

namespace spaceca::test {

// Of a root of the space "acme", made at 2026-11-24T10:00:00Z: the role "app", and the host db.acme.example.
[[nodiscard]] Credential client(KeyAlgorithm algorithm = KeyAlgorithm::ecdsa_p256());
[[nodiscard]] Credential server(KeyAlgorithm algorithm = KeyAlgorithm::ecdsa_p256());
// A client that trusts two roots, as during a rotation.
[[nodiscard]] Credential client_of_two_roots();
// A client below an intermediate (CN=Test Root, CN=Test Intermediate, CN=app), made by the openssl command.
[[nodiscard]] Credential client_of_an_intermediate();

// The set's file as text.
[[nodiscard]] std::string text_in(const FileSet& set, std::string_view name);
[[nodiscard]] std::vector<std::string> names_in(const FileSet& set);

// `openssl ARGUMENTS…`, which must succeed: its standard output.
[[nodiscard]] std::string openssl(const std::vector<std::string>& arguments, const std::string& input = {});
// The subjects of the certificates in a PEM file, in their order, as openssl sees them ("CN = app").
[[nodiscard]] std::vector<std::string> subjects_in(const std::string& pem);

}  // namespace spaceca::test
