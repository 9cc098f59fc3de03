// How the clients of a database prove who they are, beside coming from an address that is let in: what PostgreSQL decides by the
// lines of pg_hba.conf (manual 21.1, 21.12) and by the maps of pg_ident.conf (21.2). Values: as safe between threads as int is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <spaceca/export.h>
#include <spaceca/names.h>

namespace spaceca {

enum class AuthMethod {
  scram_sha_256,  // the password; the certificate is a second factor
  cert,           // the certificate alone
};

// What a certificate must say beside a password. With AuthMethod::cert it always names the role.
enum class ClientCert {
  verify_ca,    // any live client certificate of the space
  verify_full,  // one whose common name is the role that logs in
};

// What a certificate opens.
enum class BoundTo {
  space,     // every database of its space, as far as pg_hba.conf lets it
  database,  // the one that it was issued for
};

struct Access {
  AuthMethod method = AuthMethod::scram_sha_256;
  ClientCert clientcert = ClientCert::verify_ca;
  BoundTo binding = BoundTo::space;
  friend bool operator==(const Access&, const Access&) = default;
};

// What somebody chose of it; access_of() finds the rest.
struct AccessChoice {
  std::optional<AuthMethod> method = {};
  std::optional<ClientCert> clientcert = {};
  std::optional<BoundTo> binding = {};  // otherwise as the kind of the space has it
};

// Errc::policy for what PostgreSQL does not do: a name map, which binds a certificate to its database, goes with the method cert
// alone; and cert always compares the name.
[[nodiscard]] SPACECA_EXPORT Access access_of(const AccessChoice& choice, BoundTo unless_said = BoundTo::space);

// As pg_hba.conf writes them: "scram-sha-256", "verify-full"; and "space", "database".
[[nodiscard]] SPACECA_EXPORT std::string_view text_of(AuthMethod method);
[[nodiscard]] SPACECA_EXPORT std::string_view text_of(ClientCert clientcert);
[[nodiscard]] SPACECA_EXPORT std::string_view text_of(BoundTo binding);
// Errc::invalid_argument, with the words that there are.
[[nodiscard]] SPACECA_EXPORT AuthMethod auth_method_of(std::string_view text);
[[nodiscard]] SPACECA_EXPORT ClientCert client_cert_of(std::string_view text);
[[nodiscard]] SPACECA_EXPORT BoundTo binding_of(std::string_view text);

// The name in a client certificate as PostgreSQL compares it where a line says clientname=DN: RFC 2253, with what is not ASCII
// octet for octet (be-secure-openssl.c: XN_FLAG_RFC2253). "CN=app,OU=orders"; "CN=Zo\C3\AB,OU=orders".
[[nodiscard]] SPACECA_EXPORT std::string client_dn(const DatabaseName& database, const RoleName& role);

}  // namespace spaceca
