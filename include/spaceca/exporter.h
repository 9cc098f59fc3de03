// What people receive: a credential in, named octets out, in the forms that libpq, pgjdbc and servers really take; and the lines
// that tell a client to use them. Pure functions; any thread. Paths and names are quoted for where they go; what a form cannot
// carry is refused (Errc::invalid_argument). No password ever appears in a text made here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/certificate.h>
#include <spaceca/crl.h>
#include <spaceca/export.h>
#include <spaceca/file_set.h>

namespace spaceca::exporter {

// How a client's files are called, behind their prefix.
inline constexpr std::string_view kCertificatesName = "postgresql.crt";
inline constexpr std::string_view kKeyName = "postgresql.key";
inline constexpr std::string_view kPk8Name = "postgresql.pk8";
inline constexpr std::string_view kPkcs12Name = "postgresql.p12";
inline constexpr std::string_view kRootsName = "root.crt";
inline constexpr std::string_view kListsName = "root.crl";

// PREFIXpostgresql.crt (the leaf, then its intermediates, no root), PREFIXpostgresql.key (PKCS#8 PEM), PREFIXroot.crt (every root
// it trusts). A prefix keeps libpq from sending the certificate to every server, which it does with files of the plain names in
// ~/.postgresql.
[[nodiscard]] SPACECA_EXPORT FileSet libpq(const Credential& credential, std::string_view prefix = {});
// Without the key, for a holder who has it already: PREFIXpostgresql.crt and PREFIXroot.crt. Errc::invalid_argument if the chain or
// the roots are empty.
[[nodiscard]] SPACECA_EXPORT FileSet libpq(const Chain& chain, const std::vector<Certificate>& roots, std::string_view prefix = {});

// PREFIXpostgresql.pk8 (PKCS#8 DER, unencrypted: the key form that every pgjdbc reads). pgjdbc takes the other two from libpq()'s
// set.
[[nodiscard]] SPACECA_EXPORT FileSet jdbc(const Credential& credential, std::string_view prefix = {});

// PREFIXpostgresql.p12: key and chain under the alias "user", which is the only one that pgjdbc asks for; AES-256-CBC with PBKDF2
// and a SHA-256 MAC. The password: printable ASCII and not empty, since Java takes no other.
[[nodiscard]] SPACECA_EXPORT FileSet pkcs12(const Credential& credential, const SecretBytes& password,
                                            std::string_view prefix = {});

// server.crt (the leaf, then its intermediates), server.key, root.crt, for ssl_cert_file, ssl_key_file and ssl_ca_file.
[[nodiscard]] SPACECA_EXPORT FileSet server(const Credential& credential);

// PREFIXroot.crl: the lists one after the other in PEM, for PostgreSQL's ssl_crl_file and libpq's sslcrl, which read no other form.
// Give one for each root in root.crt, even an empty one: where any list is, clients of a root without one are refused.
// Errc::invalid_argument for no list at all, with which PostgreSQL would not start.
[[nodiscard]] SPACECA_EXPORT FileSet revocation_lists(const std::vector<Crl>& crls, std::string_view prefix = {});

// PREFIXsecret.yaml: a Secret of type kubernetes.io/tls with tls.crt, tls.key and ca.crt. It holds the key. `name` is a DNS
// subdomain name. libpq refuses keys that others may read, so mount it with defaultMode 0600, or 0640 where root owns the files.
[[nodiscard]] SPACECA_EXPORT FileSet kubernetes(const Credential& credential, std::string_view name, std::string_view prefix = {});

enum class SslMode { require, verify_ca, verify_full };

// Where a client connects, and where its files are.
struct Connection {
  std::string host;
  std::uint16_t port = 5432;
  std::string database;
  std::string user;
  SslMode sslmode = SslMode::verify_full;
  std::string folder;       // of the files; absolute, or relative to where the client runs
  std::string prefix = {};  // of their names
};

enum class JdbcKey { pk8, pkcs12 };

// Lines for a POSIX shell: export PGSSLMODE, PGSSLCERT, PGSSLKEY, PGSSLROOTCERT, PGHOST, PGPORT, PGDATABASE, PGUSER.
[[nodiscard]] SPACECA_EXPORT std::string environment(const Connection& connection);
// A section of pg_service.conf. That file knows no quoting: Errc::invalid_argument for a value with a line break, with a blank at
// its end, or too long for a line (libpq reads 1,021 octets).
[[nodiscard]] SPACECA_EXPORT std::string service(const Connection& connection, std::string_view name);
// postgresql://user@host:port/database?sslmode=…
[[nodiscard]] SPACECA_EXPORT std::string libpq_uri(const Connection& connection);
// jdbc:postgresql://host:port/database?user=…; a .p12's password goes into the property sslpassword, by the program.
[[nodiscard]] SPACECA_EXPORT std::string jdbc_url(const Connection& connection, JdbcKey key = JdbcKey::pk8);

}  // namespace spaceca::exporter
