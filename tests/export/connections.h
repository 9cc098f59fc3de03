// Where clients connect, in ordinary and in odd words, for the tests of what tells them so.
#pragma once

#include <string>
#include <vector>

#include <spaceca/exporter.h>

namespace spaceca::test {

// host db.acme.example, port 5433, database sales, user app, verify-full, folder /etc/acme, prefix acme-.
[[nodiscard]] exporter::Connection ordinary_connection();

struct OddConnection {
  std::string what;  // "the folder holds $(touch x)"
  exporter::Connection connection;
};
// The ordinary one with one word exchanged for an odd one; each odd word stands once in each of folder, prefix, database and user.
[[nodiscard]] std::vector<OddConnection> odd_connections();
// With odd hosts: addresses, folders of Unix sockets, lists, and what is nothing of that.
[[nodiscard]] std::vector<OddConnection> odd_hosts();

}  // namespace spaceca::test
