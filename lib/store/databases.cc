#include "store/databases.h"

namespace spaceca::store {
namespace {

DatabaseRow database_row(const sql::Row& row) {
  Reader read{row};
  DatabaseRow database;
  database.id = read.id();
  database.space = read.id();
  database.name = read.text();
  database.app = read.text();
  database.state = read.text();
  database.hosts = read.text();
  database.role = read.text();
  database.contacts = read.text();
  database.data_directory = read.text_or_empty();
  database.sealed_url = read.octets_or_empty();
  database.sealed_admin_url = read.octets_or_empty();
  database.method = read.text();
  database.clientcert = read.text();
  database.binding = read.text();
  database.kept_blocks = read.text();
  database.server_certificate = read.id_or_none();
  database.wanted = read.integer();
  database.proved = read.integer();
  database.published_at = read.instant_or_none();
  database.publication_error = read.text();
  database.created_at = read.instant();
  database.updated_at = read.instant();
  return database;
}

constexpr sql::Literal kDatabaseColumns{
    "id, space, name, app, state, hosts, role, contacts, data_directory, sealed_url, sealed_admin_url, method, "
    "clientcert, binding, kept_blocks, server_certificate, wanted, proved, published_at, publication_error, "
    "created_at, updated_at"};
constexpr sql::Literal kServed{"state IN ('Provisioning', 'Operational', 'Deprovisioning')"};

}  // namespace

bool insert(sql::Transaction& tx, const DatabaseRow& database) {
  return !tx.execute(
                "INSERT INTO databases (id, space, name, app, state, hosts, role, contacts, data_directory, sealed_url, "
                "sealed_admin_url, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) "
                "ON CONFLICT DO NOTHING RETURNING id",
                {value_of(database.id), value_of(database.space), database.name, database.app, database.state, database.hosts,
                 database.role, database.contacts, text_or_null(database.data_directory), octets_or_null(database.sealed_url),
                 octets_or_null(database.sealed_admin_url), value_of(database.created_at)})
              .empty();
}

std::optional<DatabaseRow> find_database(sql::Transaction& tx, const Id& space, std::string_view name) {
  return first_of(
      tx, sql::kJoined<"SELECT ", kDatabaseColumns, " FROM databases WHERE space = $1 AND name = $2 AND state <> 'destroyed'">,
      {value_of(space), name}, database_row);
}

DatabaseRow database_of(sql::Transaction& tx, const Id& id) {
  auto row = first_of(tx, sql::kJoined<"SELECT ", kDatabaseColumns, " FROM databases WHERE id = $1">, {value_of(id)}, database_row);
  if (!row) throw sql::EngineError{sql::Failure::corrupt, "store: a row names a database that is not there"};
  return std::move(*row);
}

std::optional<DatabaseRow> database_at(sql::Transaction& tx, std::string_view data_directory) {
  return first_of(tx,
                  sql::kJoined<"SELECT ", kDatabaseColumns, " FROM databases WHERE data_directory = $1 AND state <> 'destroyed'">,
                  {data_directory}, database_row);
}

std::vector<DatabaseRow> databases(sql::Transaction& tx, const Id& space, std::string_view after, std::int64_t limit) {
  return collected(tx,
                   sql::kJoined<"SELECT ", kDatabaseColumns,
                                " FROM databases WHERE space = $1 AND name > $2 AND state <> 'destroyed' ORDER BY name LIMIT $3">,
                   {value_of(space), after, limit}, database_row);
}

std::vector<DatabaseRow> served_databases(sql::Transaction& tx, const Id& space) {
  return collected(tx,
                   sql::kJoined<"SELECT ", kDatabaseColumns, " FROM databases WHERE space = $1 AND ", kServed, " ORDER BY name">,
                   {value_of(space)}, database_row);
}

std::vector<DatabaseRow> served_databases(sql::Transaction& tx) {
  return collected(tx, sql::kJoined<"SELECT ", kDatabaseColumns, " FROM databases WHERE ", kServed, " ORDER BY space, name">, {},
                   database_row);
}

std::vector<DatabasePlace> all_databases(sql::Transaction& tx) {
  std::vector<DatabasePlace> found;
  tx.each("SELECT id, space FROM databases WHERE state <> 'destroyed' ORDER BY space, id", {}, [&found](const sql::Row& row) {
    Reader read{row};
    const Id id = read.id();
    found.push_back({id, read.id()});
  });
  return found;
}

std::vector<Id> all_databases(sql::Transaction& tx, const Id& space) {
  std::vector<Id> found;
  const sql::Value key = value_of(space);
  tx.each("SELECT id FROM databases WHERE space = $1 AND state <> 'destroyed' ORDER BY id", sql::Arguments{&key, 1},
          [&found](const sql::Row& row) { found.push_back(Reader{row}.id()); });
  return found;
}

std::vector<std::string> locate(sql::Transaction& tx, std::string_view name, std::string_view app) {
  std::vector<std::string> found;
  tx.each(
      "SELECT s.name FROM databases d JOIN spaces s ON s.id = d.space "
      "WHERE d.name = $1 AND d.app = $2 AND d.state <> 'destroyed' ORDER BY s.name",
      {name, app}, [&found](const sql::Row& row) { found.emplace_back(row.text(0)); });
  return found;
}

std::string state_of_database(sql::Transaction& tx, const DatabaseRow& database) {
  const auto rows = tx.execute("SELECT state FROM databases WHERE id = $1 AND hosts = $2 AND role = $3",
                               {value_of(database.id), database.hosts, database.role});
  return rows.empty() ? std::string{} : std::string{rows[0].text(0)};
}

bool move_database(sql::Transaction& tx, const Id& database, std::string_view from, std::string_view to, Instant at) {
  return tx.execute("UPDATE databases SET state = $3, updated_at = $4 WHERE id = $1 AND state = $2",
                    {value_of(database), from, to, value_of(at)})
             .changed() == 1;
}

void update(sql::Transaction& tx, const DatabaseRow& database) {
  tx.execute(
      "UPDATE databases SET hosts = $2, role = $3, contacts = $4, data_directory = $5, sealed_url = $6, sealed_admin_url = $7, "
      "updated_at = $8 WHERE id = $1",
      {value_of(database.id), database.hosts, database.role, database.contacts, text_or_null(database.data_directory),
       octets_or_null(database.sealed_url), octets_or_null(database.sealed_admin_url), value_of(database.updated_at)});
}

void set_access(sql::Transaction& tx, const Id& database, const AccessColumns& access) {
  tx.execute("UPDATE databases SET method = $2, clientcert = $3, binding = $4, kept_blocks = $5 WHERE id = $1",
             {value_of(database), access.method, access.clientcert, access.binding, access.kept_blocks});
}

void set_server(sql::Transaction& tx, const Id& database, const Id& certificate) {
  tx.execute("UPDATE databases SET server_certificate = $2 WHERE id = $1", {value_of(database), value_of(certificate)});
}

void forget_urls(sql::Transaction& tx, const Id& database) {
  tx.execute("UPDATE databases SET state = 'destroyed', sealed_url = NULL, sealed_admin_url = NULL WHERE id = $1",
             {value_of(database)});
}

void want_publication(sql::Transaction& tx, const Id& database) {
  tx.execute("UPDATE databases SET wanted = wanted + 1 WHERE id = $1", {value_of(database)});
}

void want_publications(sql::Transaction& tx, const Id& space) {
  tx.execute(sql::kJoined<"UPDATE databases SET wanted = wanted + 1 WHERE space = $1 AND ", kServed>, {value_of(space)});
}

std::int64_t take_publication(sql::Transaction& tx, const Id& database, std::int64_t floor) {
  return tx
      .execute(
          "UPDATE databases SET publication = CASE WHEN publication > $2 THEN publication ELSE $2 END + 1 WHERE id = $1 "
          "RETURNING publication",
          {value_of(database), floor})[0]
      .integer(0);
}

void record_published(sql::Transaction& tx, const Id& database, std::int64_t wanted, Instant at) {
  tx.execute("UPDATE databases SET proved = $2, published_at = $3, publication_error = '' WHERE id = $1 AND proved <= $2",
             {value_of(database), wanted, value_of(at)});
}

void record_not_published(sql::Transaction& tx, const Id& database, std::string_view why) {
  tx.execute("UPDATE databases SET publication_error = $2 WHERE id = $1", {value_of(database), why});
}

bool count_role(sql::Transaction& tx, const Id& database, std::string_view role, std::int64_t more) {
  // Two statements: RETURNING, which would make one of them, costs SQLite a table of its own each time, and every issue comes here.
  const auto counted = tx.execute(
      "UPDATE database_roles SET certificates = certificates + $3 WHERE database = $1 AND role = $2 AND certificates > 0",
      {value_of(database), role, more});
  if (counted.changed() == 1) return false;
  tx.execute(
      "INSERT INTO database_roles (database, role, certificates) VALUES ($1, $2, $3) "
      "ON CONFLICT (database, role) DO UPDATE SET certificates = database_roles.certificates + $3",
      {value_of(database), role, more});
  return true;
}

void uncount_role(sql::Transaction& tx, const Id& database, std::string_view role) {
  tx.execute("UPDATE database_roles SET certificates = certificates - 1 WHERE database = $1 AND role = $2 AND certificates > 0",
             {value_of(database), role});
}

std::vector<std::string> roles(sql::Transaction& tx, const Id& database) {
  std::vector<std::string> found;
  tx.each("SELECT role FROM database_roles WHERE database = $1 AND certificates > 0 ORDER BY role", {value_of(database)},
          [&found](const sql::Row& row) { found.emplace_back(row.text(0)); });
  return found;
}

void record_proof(sql::Transaction& tx, const Id& database, const Proof& proof, Instant at) {
  tx.execute(
      "INSERT INTO proofs (database, root, crl_number, crl_covers, proved_at) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT (database, root) DO UPDATE SET crl_number = $3, crl_covers = $4, proved_at = $5 WHERE proofs.crl_number <= $3",
      {value_of(database), value_of(proof.root), proof.crl_number, proof.crl_covers, value_of(at)});
}

void forget_proof(sql::Transaction& tx, const Id& database, const Id& root) {
  tx.execute("DELETE FROM proofs WHERE database = $1 AND root = $2", {value_of(database), value_of(root)});
}

void forget_proofs(sql::Transaction& tx, const Id& database) {
  tx.execute("DELETE FROM proofs WHERE database = $1", {value_of(database)});
}

bool is_proved(sql::Transaction& tx, const Id& database, const Id& root) {
  return !tx.execute("SELECT 1 FROM proofs WHERE database = $1 AND root = $2", {value_of(database), value_of(root)}).empty();
}

std::vector<Proof> proofs(sql::Transaction& tx, const Id& database) {
  std::vector<Proof> found;
  tx.each("SELECT root, crl_number, crl_covers FROM proofs WHERE database = $1", {value_of(database)},
          [&found](const sql::Row& row) {
            Reader read{row};
            const Id root = read.id();
            const std::int64_t number = read.integer();
            found.push_back({root, number, read.integer()});
          });
  return found;
}

}  // namespace spaceca::store
