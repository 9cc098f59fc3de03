// What keeps a client out of PostgreSQL, and what its owner can do about it. Facts in (a client's files as they lie there, what a
// server was seen to do, the time), findings with a remedy each out; what psql and pgjdbc print of each stands beside it. Nothing
// here reads a file, a clock or the network (postgres_handshake.h looks at a server); any thread may call it.
//
// What is said was measured with PostgreSQL 15, its libpq, and pgjdbc 42.5.5 on JDK 17; where another version does otherwise the
// text says so. Whatever the files and the server are, it is a finding; Errc::crypto if OpenSSL itself fails.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/certificate.h>
#include <spaceca/clock.h>
#include <spaceca/crl.h>
#include <spaceca/error.h>
#include <spaceca/export.h>
#include <spaceca/key.h>
#include <spaceca/names.h>

namespace spaceca {

enum class Certainty {
  fault,  // it keeps a client out
  doubt,  // it does with some versions, some clients or some servers, or opens what should be closed
};

struct Diagnosis {
  Certainty certainty;
  Finding finding;     // `seen_as`: what the user meets
  std::string remedy;  // what its owner does: "put the client's own certificate first"
};

// --- a client's files ---

// One of them, as it lies there.
struct ClientFile {
  enum class State {
    read,        // `octets` is what it holds
    unreadable,  // the system does not let this user read it
    no_file,     // a folder, a device or the like
  };
  enum class Owner { root, other };

  std::string name;  // for the findings: "demo_postgresql.key"
  SecretBytes octets;
  unsigned mode = 0600;  // permission bits; links are followed
  Owner owner = Owner::other;
  State state = State::read;
};

// Those that the exporters write, by what they are for; what is not there is left out.
struct ClientFiles {
  std::optional<ClientFile> certificates = {};     // postgresql.crt: libpq's and pgjdbc's sslcert
  std::optional<ClientFile> key = {};              // postgresql.key: libpq's sslkey
  std::optional<ClientFile> pk8 = {};              // postgresql.pk8: pgjdbc's sslkey
  std::optional<ClientFile> pkcs12 = {};           // postgresql.p12: pgjdbc's sslkey, which makes it ignore sslcert
  std::optional<ClientFile> pkcs12_password = {};  // postgresql.p12.pass: a line end at its end does not count
  std::optional<ClientFile> roots = {};            // root.crt: sslrootcert
  std::optional<ClientFile> lists = {};            // root.crl: sslcrl
};

// When the files are used, and for what, as far as that is known.
struct ClientUse {
  Instant now;                        // by the clock of the client's machine
  std::optional<HostName> host = {};  // that it connects to
  std::string role = {};              // that logs in; empty if not known
};

// What is wrong with the files whatever the server is. Here and below, faults come before doubts.
//
// Rules: certificates-missing, key-missing, roots-missing, file-unreadable, no-file; certificates-der, certificates-unreadable,
// roots-der, roots-unreadable, roots-without-root; key-permissions, pk8-permissions, pkcs12-permissions; key-unreadable,
// key-encrypted, key-mismatch, chain-order; pk8-pem, pk8-encrypted, pk8-unreadable, pk8-mismatch; pkcs12-password, pkcs12-alias,
// pkcs12-chain, pkcs12-unreadable, pkcs12-unsupported; role; verify's of the client's chain; and check_for_postgresql's of the
// lists.
[[nodiscard]] SPACECA_EXPORT std::vector<Diagnosis> diagnose(const ClientFiles& files, const ClientUse& use);

// What a client would show of these files: libpq's, or else pgjdbc's. Nothing if it would not get that far: there is no
// certificate, no key that can be read, or the two do not belong together.
struct Shown {
  Chain chain;  // as it is sent: as the file has it, or, if there is one certificate alone, with what libpq finds above it in
                // root.crt
  PrivateKey key;
  std::string common_name;  // that PostgreSQL compares with a role; empty if there is none
};
[[nodiscard]] SPACECA_EXPORT std::optional<Shown> shown_of(const ClientFiles& files);

// --- a server ---

// What it said to who tried to log in.
struct ServerAnswer {
  enum class Kind {
    alert,          // it ended the TLS handshake; `text` is the alert in RFC 8446 6.2's words: "certificate revoked"
    cut_off,        // it hung up without a word
    error,          // it refused by an error of PostgreSQL's; `text` is its message: "no pg_hba.conf entry for host …"
    asks_password,  // it took what was shown and wants a password now
    lets_in,        // it wants nothing more
  };
  Kind kind;
  std::string text = {};
};

// What a server was seen to do. postgres_handshake.h looks at one.
struct ServerSeen {
  std::string address;                          // "db.example:5432"
  bool speaks_tls = true;                       // otherwise nothing of the following is known
  std::vector<Bytes> certificates = {};         // that it showed, the leaf first, each as DER
  bool asks_for_certificate = false;            // as PostgreSQL does if ssl_ca_file is set
  std::vector<Bytes> issuers = {};              // whose certificates it says it takes: names as DER
  std::optional<ServerAnswer> with_none = {};   // to who showed no certificate, if that was tried
  std::optional<ServerAnswer> with_shown = {};  // to who showed shown_of() the files
};

// What is wrong with a server as everybody sees it: its certificate by `use.now` and `use.host`, and what it says to the role
// without a certificate, if `use.role` was tried.
//
// Rules: server-without-tls, server-asks-for-none, server-lets-in-without-certificate, server-certificate-unreadable; hba-rejects,
// login-refused; verify's of the server's chain; and lint's server-signature.
[[nodiscard]] SPACECA_EXPORT std::vector<Diagnosis> diagnose(const ServerSeen& server, const ClientUse& use);

// The files, the server, and the two together: which row of what users see applies, and why. Where the server's answer can have
// several causes, those that what is known rules out are not named.
//
// Rules: those of the two above; wrong-ca, chain-incomplete, issuer-unknown, issuer-key, server-root-missing, server-list-missing,
// server-list-expired, server-list-unfit, server-clock, revoked, role, none-sent, hba-rejects, login-refused, refused;
// jdbc-sends-none.
[[nodiscard]] SPACECA_EXPORT std::vector<Diagnosis> diagnose(const ClientFiles& files, const ServerSeen& server,
                                                             const ClientUse& use);

// --- an authority's server ---

// What an authority means a server to serve, and clients to trust.
struct ServerDue {
  std::vector<Certificate> roots;    // that clients may be of
  std::vector<Crl> lists;            // the latest, one for each
  std::vector<Serial> certificates;  // of the server's own, those that are alive
};

// Whether the server does so, as it is seen from outside and, where that is known, by the lists that it has in force.
//
// Rules: server-certificate-another, root-not-served, root-foreign, list-behind, lists-missing; verify's of the server's chain by
// these roots; and check_for_postgresql's of the lists in force.
[[nodiscard]] SPACECA_EXPORT std::vector<Diagnosis> diagnose(const ServerDue& due, const ServerSeen& server,
                                                             const std::optional<std::vector<Crl>>& in_force, const ClientUse& use);

// Whether a client knows all the roots that its server may come with. Rule: roots-behind.
[[nodiscard]] SPACECA_EXPORT std::vector<Diagnosis> diagnose(const ServerDue& due, const ClientFiles& files);

}  // namespace spaceca
