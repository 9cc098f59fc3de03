// What a download writes: which files a format has, and the lines that use them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <spaceca/authority.h>
#include <spaceca/database_url.h>
#include <spaceca/exporter.h>
#include <spaceca/file_set.h>

#include "arguments.h"

// Beside the .p12, where its password was made here.
inline constexpr std::string_view kPkcs12PasswordName = "postgresql.p12.pass";

enum class Format { libpq, jdbc, pkcs12, env, service, uri, k8s };

// Of --format, several by commas or again; libpq and jdbc of nothing. Errc::invalid_argument, listing them.
[[nodiscard]] std::vector<Format> formats_of(const std::vector<std::string>& words);

// Whether libpq would find the files without being told, and so show the certificate to every server.
[[nodiscard]] bool goes_everywhere(const std::filesystem::path& folder, const std::string& prefix);

// Everything that is known before a certificate is asked for, so that what cannot be written is refused before anything is done.
struct BundlePlan {
  std::filesystem::path folder;  // --dir, or libpq's own, ~/.postgresql
  std::string prefix;
  std::vector<Format> formats;
  bool with_key = true;
  bool force = false;
  spaceca::SecretBytes pkcs12_password;  // empty: one is made, and written beside
};
// Errc::key_not_kept for a format that is nothing without the key, exists for a file that is there and may not be replaced.
[[nodiscard]] BundlePlan plan_of(const Arguments& arguments, bool with_key);

// Whether the server's certificate bears the name that the URL connects to; where it does not, clients can verify the CA alone.
[[nodiscard]] bool is_certified(const spaceca::DatabaseUrl& url, const std::vector<spaceca::HostName>& hosts);

[[nodiscard]] spaceca::exporter::Connection connection_of(const BundlePlan& plan, const spaceca::DatabaseRecord& database,
                                                          const spaceca::DatabaseUrl& url,
                                                          const spaceca::CertificateRecord& certificate);
// Writes them, whole or not at all.
void write(const BundlePlan& plan, spaceca::Bundle bundle, const spaceca::exporter::Connection& connection);

// For pasting: the exports, psql, and a JDBC URL if a form for Java is among the files. `url_command` prints the database's URL.
[[nodiscard]] std::string lines_for(const BundlePlan& plan, const spaceca::exporter::Connection& connection,
                                    const spaceca::DatabaseUrl& url, const std::string& url_command);
// Whether a file of the plan holds the key.
[[nodiscard]] bool holds_key(const BundlePlan& plan);
