// The Publisher for PostgreSQL 14 and later, on this machine. The component "postgres": link spaceca::postgres.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <spaceca/export.h>
#include <spaceca/file_set.h>
#include <spaceca/publisher.h>

namespace spaceca {

struct PostgresPublisherOptions {
  std::chrono::seconds patience{30};  // for each step: to answer, to take what it was told to read again
  // Told what is being done, a line at a time: "writes server.crt, server.key, root.crt, root.crl". Throws nothing.
  std::function<void(const std::string&)> progress = {};
};

// Writes into the data directory and to postgresql.conf, pg_hba.conf and pg_ident.conf, wherever these are, as the owner of the
// data directory. Root takes his identity for the thread that calls, and only while it works on files and connects; nothing is
// written with root's power. Each publication has a folder of its own, spaceca/<number>, and one line in postgresql.conf includes
// the settings of the one in force. pg_hba.conf gets lines between two marks, on top: each rule's block for each role, with a
// certificate as Access says; then all else over TCP is rejected for that database, this machine's addresses too. Certificates that
// are bound to their database have a map in pg_ident.conf (PostgreSQL 15 and later). The Unix socket, replication and other
// databases stay as they are, and so does listen_addresses.
//
// The administrator must be a superuser: he is asked what the server has read. A publication after which he could not come back is
// Errc::policy.
[[nodiscard]] SPACECA_EXPORT std::unique_ptr<Publisher> postgres_publisher(const PostgresPublisherOptions& options = {});

// For the administrator of a server that nothing is written to: server.crt, server.key, root.crt and root.crl, which belong into
// the folder spaceca of the data directory; spaceca.conf, to be included by postgresql.conf; pg_hba.lines, which go on top of
// pg_hba.conf, and, where certificates are bound, pg_ident.lines. Errc::invalid_argument for a URL that names no host.
[[nodiscard]] SPACECA_EXPORT FileSet postgres_server_files(const ServedDatabase& where, const Publication& what);

}  // namespace spaceca
