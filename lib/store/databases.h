// The rows of databases, the roles that may log in to each, and what its server was proved to know.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/columns.h"
#include "store/sql.h"

namespace spaceca::store {

struct DatabaseRow {
  Id id;
  Id space;
  std::string name;
  std::string app;
  std::string state;
  std::string hosts;  // these four: one a line
  std::string role;
  std::string contacts;
  std::string data_directory;  // empty: none
  Bytes sealed_url;
  Bytes sealed_admin_url;
  std::string method = {};
  std::string clientcert = {};
  std::string binding = {};
  std::string kept_blocks;
  std::optional<Id> server_certificate = {};
  std::int64_t wanted = 0;
  std::int64_t proved = 0;
  std::optional<Instant> published_at = {};
  std::string publication_error;
  Instant created_at;
  Instant updated_at;
};

// False if the name, or the data directory, is another's.
[[nodiscard]] bool insert(sql::Transaction& tx, const DatabaseRow& database);
[[nodiscard]] std::optional<DatabaseRow> find_database(sql::Transaction& tx, const Id& space, std::string_view name);
[[nodiscard]] DatabaseRow database_of(sql::Transaction& tx, const Id& id);
// The one whose data directory that is, of any space.
[[nodiscard]] std::optional<DatabaseRow> database_at(sql::Transaction& tx, std::string_view data_directory);
[[nodiscard]] std::vector<DatabaseRow> databases(sql::Transaction& tx, const Id& space, std::string_view after, std::int64_t limit);
// Those whose server serves what we wrote, or is to, or is to no longer.
[[nodiscard]] std::vector<DatabaseRow> served_databases(sql::Transaction& tx, const Id& space);
[[nodiscard]] std::vector<DatabaseRow> served_databases(sql::Transaction& tx);
// Every one that is not destroyed, with its space.
struct DatabasePlace {
  Id id;
  Id space;
};
[[nodiscard]] std::vector<DatabasePlace> all_databases(sql::Transaction& tx);
[[nodiscard]] std::vector<Id> all_databases(sql::Transaction& tx, const Id& space);
// Names of the spaces in which `app` has a database of that name.
[[nodiscard]] std::vector<std::string> locate(sql::Transaction& tx, std::string_view name, std::string_view app);

// Empty if it is not there, or if these are no longer its hosts and its role.
[[nodiscard]] std::string state_of_database(sql::Transaction& tx, const DatabaseRow& database);
// Only where it is still in the state `from`.
[[nodiscard]] bool move_database(sql::Transaction& tx, const Id& database, std::string_view from, std::string_view to, Instant at);
// Hosts, role, contacts, data directory and URLs, as this row has them; the data directory is nobody else's.
void update(sql::Transaction& tx, const DatabaseRow& database);
// How its clients come in.
struct AccessColumns {
  std::string_view method;
  std::string_view clientcert;
  std::string_view binding;
  std::string_view kept_blocks;
};
void set_access(sql::Transaction& tx, const Id& database, const AccessColumns& access);
void set_server(sql::Transaction& tx, const Id& database, const Id& certificate);
// Destroyed: its URLs go.
void forget_urls(sql::Transaction& tx, const Id& database);

// What a server is to serve has changed.
void want_publication(sql::Transaction& tx, const Id& database);
void want_publications(sql::Transaction& tx, const Id& space);  // of all that are served
// The number of the next attempt to publish, above every one before and above `floor`.
[[nodiscard]] std::int64_t take_publication(sql::Transaction& tx, const Id& database, std::int64_t floor);
void record_published(sql::Transaction& tx, const Id& database, std::int64_t wanted, Instant at);
void record_not_published(sql::Transaction& tx, const Id& database, std::string_view why);

// So many more live certificates of clients; whether there was none before. And one less.
[[nodiscard]] bool count_role(sql::Transaction& tx, const Id& database, std::string_view role, std::int64_t more);
void uncount_role(sql::Transaction& tx, const Id& database, std::string_view role);
[[nodiscard]] std::vector<std::string> roles(sql::Transaction& tx, const Id& database);

struct Proof {
  Id root;
  std::int64_t crl_number;
  std::int64_t crl_covers;
};
void record_proof(sql::Transaction& tx, const Id& database, const Proof& proof, Instant at);
void forget_proof(sql::Transaction& tx, const Id& database, const Id& root);
void forget_proofs(sql::Transaction& tx, const Id& database);
[[nodiscard]] bool is_proved(sql::Transaction& tx, const Id& database, const Id& root);
[[nodiscard]] std::vector<Proof> proofs(sql::Transaction& tx, const Id& database);

}  // namespace spaceca::store
