// The Publisher for PostgreSQL 14 and later, on this machine. The component "postgres": link spaceca::postgres.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <spaceca/export.h>
#include <spaceca/publisher.h>

namespace spaceca {

struct PostgresPublisherOptions {
  std::chrono::seconds patience{30};  // for each step: to answer, to take what it was told to read again
  // Told what is being done, a line at a time: "writes server.crt, server.key, root.crt, root.crl". Throws nothing.
  std::function<void(const std::string&)> progress = {};
};

// Writes into the data directory and to postgresql.conf and pg_hba.conf, wherever these are, as the owner of the data directory.
// Root takes his identity for the thread that calls, and only while it works on files and connects; nothing is written with root's
// power. Each publication has a folder of its own, spaceca/<number>, and one line in postgresql.conf includes the settings of the
// one in force. pg_hba.conf gets lines between two marks, on top: this machine's addresses, each role, certificate and password
// both; then all else over TCP is rejected for that database. The Unix socket and other databases stay as they are, and so does
// listen_addresses.
//
// The administrator must be a superuser: he is asked what the server has read.
[[nodiscard]] SPACECA_EXPORT std::unique_ptr<Publisher> postgres_publisher(const PostgresPublisherOptions& options = {});

}  // namespace spaceca
