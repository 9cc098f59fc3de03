// What the tables themselves refuse. Each bad row is a good one with one thing changed.
#include <spaceca/sqlite_store.h>

#include <vector>

#include "store/scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

// A store with a good row of everything; of a space, a root, a database and a certificate with others beside it.
class GoodRows {
 protected:
  GoodRows() {
    create_sqlite_store(folder_.path() / "ca.db").reset();
    driver_ = driver_at(folder_.path() / "ca.db");
    driver_->migrate({&kCurrent, 1});
    const auto writing = driver_->write();
    for (const sql::Statement row : kRows) writing->execute(row);
    writing->commit();
  }

  struct Bad {
    const char* what;
    sql::Statement statement;
    sql::Failure failure;
  };
  void check_refused(const std::vector<Bad>& bad_rows) {
    for (const Bad& bad : bad_rows) {
      INFO(bad.what << ": " << bad.statement.text());
      try {
        const auto rows = driver_->write()->execute(bad.statement);
        FAIL_CHECK("taken, with " << rows.changed() << " rows");
      } catch (const sql::EngineError& error) {
        INFO(error.what());
        CHECK(static_cast<int>(error.failure()) == static_cast<int>(bad.failure));
      }
    }
  }
  // And so that it is the constraint that refuses, and not that nothing ever changes.
  void check_taken(const std::vector<sql::Statement>& good_rows) {
    for (const sql::Statement good : good_rows) {
      INFO(good.text());
      CHECK(driver_->write()->execute(good).changed() == 1);
    }
  }
  void check_program(const std::vector<sql::Statement>& explained) {
    for (const sql::Statement statement : explained) {
      INFO(statement.text());
      bool writes = false;
      driver_->read()->each(statement, {}, [&writes](sql::Row row) {
        writes = writes || row.text(1) == "OpenWrite";
        CHECK(row.text(1) != "OpenEphemeral");
      });
      CHECK(writes);
    }
  }

 private:
  static constexpr sql::Migration kCurrent{1, ""};  // it is there already
  static constexpr sql::Statement kRows[] = {
      "INSERT INTO store (id, uuid, created_at, latest_time_seen) VALUES (1, CAST('store-----------' AS BLOB), 100, "
      "100)",
      "INSERT INTO vault_wraps VALUES (1, 'passphrase', zeroblob(16), 131072, 8, 1, zeroblob(32), x'00', zeroblob(32), "
      "100)",
      "INSERT INTO vault_wraps VALUES (2, 'key_file', NULL, NULL, NULL, NULL, zeroblob(32), x'00', zeroblob(32), 100)",
      "INSERT INTO spaces (id, name, kind, last_generation, created_at) VALUES (CAST('space-acme------' AS BLOB), "
      "'acme', 'private', 3, 100)",
      "INSERT INTO spaces (id, name, kind, created_at) VALUES (CAST('space-other-----' AS BLOB), 'other', 'shield', "
      "100)",
      "INSERT INTO roots (id, space, generation, state, certificate, not_after, created_at, updated_at) VALUES "
      "(CAST('root-1----------' AS BLOB), CAST('space-acme------' AS BLOB), 1, 'retired', x'30', 900, 100, 100)",
      "INSERT INTO roots (id, space, generation, state, epoch, certificate, key_handle, not_after, mark, crl_number, "
      "crl_covers, crl_this_update, crl_next_update, created_at, updated_at) VALUES (CAST('root-2----------' AS BLOB), "
      "CAST('space-acme------' AS BLOB), 2, 'active', 7, x'30', x'01', 900, 5, 1, 4, 100, 200, 100, 100)",
      "INSERT INTO crl_parts (root, key, der) VALUES (CAST('root-2----------' AS BLOB), x'', x'30')",
      "INSERT INTO roots (id, space, generation, state, certificate, key_handle, not_after, created_at, updated_at) "
      "VALUES (CAST('root-3----------' AS BLOB), CAST('space-acme------' AS BLOB), 3, 'next', x'30', x'01', 900, 100, "
      "100)",
      "INSERT INTO databases (id, space, name, app, state, hosts, role, contacts, data_directory, sealed_url, wanted, "
      "proved, created_at, updated_at) VALUES (CAST('database-1------' AS BLOB), CAST('space-acme------' AS BLOB), "
      "'orders', 'shop', 'Operational', 'db.example', 'app', '', '/srv/pg', x'01', 2, 1, 100, 100)",
      "INSERT INTO databases (id, space, name, app, state, hosts, role, contacts, sealed_url, created_at, updated_at) "
      "VALUES (CAST('database-2------' AS BLOB), CAST('space-acme------' AS BLOB), 'bills', 'shop', 'disabled', "
      "'db2.example', 'app', '', x'01', 100, 100)",
      "INSERT INTO certificates (id, root, serial, database, kind, state, custody, sealed_key, certificate, created_at,"
      " updated_at, not_after) VALUES (CAST('certificate-serv' AS BLOB), CAST('root-2----------' AS BLOB), "
      "CAST('serial-server---' AS BLOB), CAST('database-1------' AS BLOB), 'server', 'ready', 'sealed', x'01', x'30', "
      "100, 100, 500)",
      "INSERT INTO certificates (id, root, serial, database, kind, state, role, custody, sealed_key, bundle_generation,"
      " certificate, created_at, updated_at, not_after) VALUES (CAST('certificate-old-' AS BLOB), "
      "CAST('root-2----------' AS BLOB), CAST('serial-old------' AS BLOB), CAST('database-1------' AS BLOB), 'client', "
      "'ready', 'app', 'sealed', x'01', 2, x'30', 100, 100, 500)",
      "INSERT INTO certificates (id, root, serial, database, kind, state, role, custody, predecessor, terms, "
      "bundle_generation, due_at, certificate, created_at, updated_at, not_after) VALUES (CAST('certificate-new-' AS "
      "BLOB), CAST('root-2----------' AS BLOB), CAST('serial-new------' AS BLOB), CAST('database-1------' AS BLOB), "
      "'client', 'ready', 'app', 'once', CAST('certificate-old-' AS BLOB), 2, 2, 425, x'30', 100, 100, 500)",
      "INSERT INTO certificates (id, root, serial, database, kind, state, role, custody, predecessor, terms, "
      "revoked_at, reason, mark, certificate, created_at, updated_at, not_after) VALUES (CAST('certificate-gone' AS "
      "BLOB), CAST('root-2----------' AS BLOB), CAST('serial-gone-----' AS BLOB), CAST('database-1------' AS BLOB), "
      "'client', 'disabled', 'app', 'once', CAST('certificate-old-' AS BLOB), 2, 100, 1, 1, x'30', 100, 100, 500)",
      "INSERT INTO database_roles (database, role, certificates) VALUES (CAST('database-1------' AS BLOB), 'app', 2)",
      "INSERT INTO proofs (database, root, crl_number, crl_covers, proved_at) VALUES (CAST('database-1------' AS BLOB),"
      " CAST('root-2----------' AS BLOB), 1, 4, 100)",
      "INSERT INTO sentinels (database, root, certificate, crl_number, crl_covers, crl_next_update, content, created_at) "
      "VALUES (CAST('database-1------' AS BLOB), CAST('root-2----------' AS BLOB), CAST('certificate-gone' AS BLOB), 1, 4, "
      "200, zeroblob(32), 100)",
      "INSERT INTO sightings (certificate, database, sessions, first_seen, last_seen) VALUES (CAST('certificate-new-' AS "
      "BLOB), CAST('database-1------' AS BLOB), 2, 100, 110)",
      "INSERT INTO disconnections (database, root, serial, mark) VALUES (CAST('database-1------' AS BLOB), "
      "CAST('root-2----------' AS BLOB), CAST('serial-gone-----' AS BLOB), 1)",
      "INSERT INTO disconnections (database, root, serial, mark) VALUES (CAST('database-1------' AS BLOB), "
      "CAST('root-2----------' AS BLOB), x'', 0)",
      "INSERT INTO revocations (root, serial, revoked_at, reason, mark, not_after) VALUES (CAST('root-2----------' AS "
      "BLOB), CAST('0000serial-gone-----' AS BLOB), 100, 1, 1, 500)",
      "INSERT INTO revocations (root, serial, revoked_at, reason, mark) VALUES (CAST('root-2----------' AS BLOB), "
      "zeroblob(20), 100, 0, 2)",
      "INSERT INTO ip_rules (id, database, slot, cidr, description, state, created_at, updated_at) VALUES "
      "(CAST('rule-1----------' AS BLOB), CAST('database-1------' AS BLOB), 1, '192.0.2.0/24', NULL, 'Authorized', 100,"
      " 100)",
      "INSERT INTO ip_rules (id, database, slot, cidr, description, state, created_at, updated_at) VALUES "
      "(CAST('rule-2----------' AS BLOB), CAST('database-1------' AS BLOB), 60, '::/0', 'all', 'Authorizing', 100, 100)",
      "INSERT INTO ip_rules (id, database, slot, cidr, description, state, created_at, updated_at) VALUES "
      "(CAST('rule-3----------' AS BLOB), CAST('database-1------' AS BLOB), 1, '192.0.2.0/24', NULL, 'deleted', 100, "
      "100)",
      "INSERT INTO notices (id, certificate, kind, occasion, created_at, next_attempt_at) VALUES "
      "(CAST('notice-1--------' AS BLOB), CAST('certificate-new-' AS BLOB), 'renewed', '', 100, 100)",
      "INSERT INTO notices (id, certificate, kind, occasion, created_at, attempts, delivered_at) VALUES "
      "(CAST('notice-2--------' AS BLOB), CAST('certificate-new-' AS BLOB), 'roots_changed', '3', 100, 1, 110)",
      "INSERT INTO notices (id, certificate, kind, occasion, created_at, attempts, delivered_at) VALUES "
      "(CAST('notice-3--------' AS BLOB), CAST('certificate-new-' AS BLOB), 'roots_changed', '4', 100, 1, 110)",
      "INSERT INTO idempotency_keys VALUES (x'', 'k1', 'create_space', 'ops', zeroblob(32), CAST('space-acme------' AS "
      "BLOB), 100)",
      "INSERT INTO idempotency_keys VALUES (CAST('space-acme------' AS BLOB), 'k1', 'issue', 'ops', zeroblob(32), "
      "CAST('certificate-new-' AS BLOB), 100)",
      "INSERT INTO audit VALUES (x'', 1, 100, x'01', zeroblob(32))",
      "INSERT INTO audit VALUES (x'', 2, 100, x'01', zeroblob(32))",
      "INSERT INTO audit_heads VALUES (x'', 2, zeroblob(32))",
  };

  TemporaryFolder folder_;
  std::unique_ptr<store::SqliteDriver> driver_;
};

constexpr auto kUnique = sql::Failure::unique;
constexpr auto kCheck = sql::Failure::check;
constexpr auto kForeign = sql::Failure::foreign_key;
constexpr auto kNotNull = sql::Failure::not_null;

TEST_CASE_METHOD(GoodRows, "there is one row about the store itself", "[schema]") {
  check_refused({
      {"a second one", "INSERT INTO store VALUES (2, zeroblob(16), 100, 100, NULL, NULL)", kCheck},
      {"the same again", "INSERT INTO store SELECT * FROM store", kUnique},
      {"a short UUID", "UPDATE store SET uuid = zeroblob(15)", kCheck},
      {"no time seen", "UPDATE store SET latest_time_seen = NULL", kNotNull},
      {"ahead since nobody knows when", "UPDATE store SET clock_ahead_latest = 200", kCheck},
  });
}

TEST_CASE_METHOD(GoodRows, "a wrap has the parameters of its method and no others", "[schema]") {
  check_refused({
      {"an unknown method", "UPDATE vault_wraps SET method = 'none'", kCheck},
      {"a passphrase without salt", "UPDATE vault_wraps SET salt = NULL WHERE method = 'passphrase'", kCheck},
      {"a passphrase without N", "UPDATE vault_wraps SET scrypt_n = NULL WHERE method = 'passphrase'", kCheck},
      {"a passphrase without r", "UPDATE vault_wraps SET scrypt_r = NULL WHERE method = 'passphrase'", kCheck},
      {"a passphrase without p", "UPDATE vault_wraps SET scrypt_p = NULL WHERE method = 'passphrase'", kCheck},
      {"a key file with salt", "UPDATE vault_wraps SET salt = zeroblob(16) WHERE method = 'key_file'", kCheck},
      {"a short salt", "UPDATE vault_wraps SET salt = zeroblob(15) WHERE method = 'passphrase'", kCheck},
      {"a long salt", "UPDATE vault_wraps SET salt = zeroblob(65) WHERE method = 'passphrase'", kCheck},
      {"an N of one", "UPDATE vault_wraps SET scrypt_n = 1 WHERE method = 'passphrase'", kCheck},
      {"an r of none", "UPDATE vault_wraps SET scrypt_r = 0 WHERE method = 'passphrase'", kCheck},
      {"a p of none", "UPDATE vault_wraps SET scrypt_p = 0 WHERE method = 'passphrase'", kCheck},
      {"nothing sealed", "UPDATE vault_wraps SET sealed_key = x''", kCheck},
      {"a short check", "UPDATE vault_wraps SET key_check = zeroblob(31)", kCheck},
      {"a short checksum", "UPDATE vault_wraps SET checksum = zeroblob(31)", kCheck},
  });
}

TEST_CASE_METHOD(GoodRows, "a store key is sealed twice at most", "[schema]") {
  check_refused({
      {"a third", "INSERT INTO vault_wraps VALUES (3, 'key_file', NULL, NULL, NULL, NULL, zeroblob(32), x'00', zeroblob(32), 100)",
       kCheck},
      {"a number below one", "UPDATE vault_wraps SET number = 0 WHERE number = 1", kCheck},
      {"another's number", "UPDATE vault_wraps SET number = 2 WHERE number = 1", kUnique},
  });
}

TEST_CASE_METHOD(GoodRows, "a space has a name of its own and a kind", "[schema]") {
  check_refused({
      {"another's name", "UPDATE spaces SET name = 'other' WHERE name = 'acme'", kUnique},
      {"an empty name", "UPDATE spaces SET name = ''", kCheck},
      {"a name of 64", "UPDATE spaces SET name = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'", kCheck},
      {"an unknown kind", "UPDATE spaces SET kind = 'public'", kCheck},
      {"a short id", "UPDATE spaces SET id = x'01' WHERE name = 'other'", kCheck},
      {"no kind", "UPDATE spaces SET kind = NULL", kNotNull},
      {"to go while it has roots", "DELETE FROM spaces WHERE name = 'acme'", kForeign},
  });
  check_taken({"DELETE FROM spaces WHERE name = 'other'"});
}

TEST_CASE_METHOD(GoodRows, "a space has one active root, and one that comes next", "[schema]") {
  check_refused({
      {"two active", "UPDATE roots SET state = 'active' WHERE state = 'next'", kUnique},
      {"two next", "UPDATE roots SET state = 'next' WHERE state = 'active'", kUnique},
      {"a generation twice", "UPDATE roots SET generation = 2 WHERE generation = 3", kUnique},
      {"generation 0", "UPDATE roots SET generation = 0 WHERE generation = 3", kCheck},
      {"an unknown state", "UPDATE roots SET state = 'Active' WHERE state = 'active'", kCheck},
      {"a space that is not there", "UPDATE roots SET space = zeroblob(16)", kForeign},
  });
  check_taken({"UPDATE roots SET state = 'retiring' WHERE state = 'active'",
               "UPDATE roots SET space = CAST('space-other-----' AS BLOB), state = 'active' WHERE state = 'next'"});
}

TEST_CASE_METHOD(GoodRows, "a root that may sign has a key, and its list is whole and covers marks that exist", "[schema]") {
  check_refused({
      {"an active root without a key", "UPDATE roots SET key_handle = NULL WHERE state = 'active'", kCheck},
      {"a retiring root without a key", "UPDATE roots SET state = 'retiring', key_handle = NULL WHERE state = 'active'", kCheck},
      {"a key of nothing", "UPDATE roots SET key_handle = x'' WHERE state = 'active'", kCheck},
      {"a list without a number", "UPDATE roots SET crl_number = 0 WHERE state = 'active'", kCheck},
      {"a part of a list twice", "INSERT INTO crl_parts SELECT * FROM crl_parts", kUnique},
      {"a part without content", "UPDATE crl_parts SET der = x''", kCheck},
      {"a part without a place", "UPDATE crl_parts SET key = NULL", kNotNull},
      {"a part in the place of a short serial", "UPDATE crl_parts SET key = zeroblob(16)", kCheck},
      {"a list of a root that is not there", "UPDATE crl_parts SET root = zeroblob(16)", kForeign},
      {"a number without a list", "UPDATE roots SET crl_number = 1 WHERE state = 'next'", kCheck},
      {"a list without its date", "UPDATE roots SET crl_this_update = NULL WHERE state = 'active'", kCheck},
      {"a list without its end", "UPDATE roots SET crl_next_update = NULL WHERE state = 'active'", kCheck},
      {"a list ahead of the marks", "UPDATE roots SET crl_covers = 6 WHERE state = 'active'", kCheck},
      {"no certificate", "UPDATE roots SET certificate = NULL", kNotNull},
  });
  check_taken({"UPDATE roots SET state = 'retired', key_handle = NULL WHERE state = 'active'"});
}

TEST_CASE_METHOD(GoodRows, "a database has a name in its space, a state of the reference's and a server to itself", "[schema]") {
  check_refused({
      {"another's name", "UPDATE databases SET name = 'orders' WHERE name = 'bills'", kUnique},
      {"another's server", "UPDATE databases SET data_directory = '/srv/pg' WHERE name = 'bills'", kUnique},
      {"a state in other letters", "UPDATE databases SET state = 'operational' WHERE name = 'orders'", kCheck},
      {"no host", "UPDATE databases SET hosts = ''", kCheck},
      {"no URL", "UPDATE databases SET sealed_url = NULL WHERE name = 'bills'", kCheck},
      {"a URL after its end", "UPDATE databases SET state = 'destroyed' WHERE name = 'bills'", kCheck},
      {"a method that is none", "UPDATE databases SET method = 'md5'", kCheck},
      {"cert that compares no name", "UPDATE databases SET method = 'cert' WHERE name = 'orders'", kCheck},
      {"bound by a password", "UPDATE databases SET binding = 'database' WHERE name = 'orders'", kCheck},
      {"more proved than wanted", "UPDATE databases SET proved = 3 WHERE name = 'orders'", kCheck},
      {"half a certificate's id", "UPDATE databases SET server_certificate = zeroblob(8)", kCheck},
      {"a space that is not there", "UPDATE databases SET space = zeroblob(16) WHERE name = 'bills'", kForeign},
      {"to go while it has certificates", "DELETE FROM databases WHERE name = 'orders'", kForeign},
  });
  check_taken({"UPDATE databases SET method = 'cert', clientcert = 'verify-full', binding = 'database' WHERE name = 'orders'",
               "UPDATE databases SET state = 'Provisioning' WHERE name = 'bills'",  // by its administrator
               "UPDATE databases SET name = 'orders', space = CAST('space-other-----' AS BLOB) WHERE name = 'bills'",
               "UPDATE databases SET state = 'destroyed', sealed_url = NULL WHERE name = 'bills'"});
}

TEST_CASE_METHOD(GoodRows, "a destroyed database leaves its name and its server to another", "[schema]") {
  check_taken(
      {"UPDATE databases SET state = 'destroyed', sealed_url = NULL, name = 'orders', data_directory = '/srv/pg' "
       "WHERE name = 'bills'"});
}

TEST_CASE_METHOD(GoodRows, "a role is counted once for a database, and a proof is of one root", "[schema]") {
  check_refused({
      {"fewer than none", "UPDATE database_roles SET certificates = -1", kCheck},
      {"an empty role", "UPDATE database_roles SET role = ''", kCheck},
      {"a role twice", "INSERT INTO database_roles SELECT * FROM database_roles", kUnique},
      {"a proof twice", "INSERT INTO proofs SELECT * FROM proofs", kUnique},
      {"a proof of no list", "UPDATE proofs SET crl_number = 0", kCheck},
      {"a proof for a database that is not there", "UPDATE proofs SET database = zeroblob(16)", kForeign},
  });
}

TEST_CASE_METHOD(GoodRows, "a sentinel is one of a database and a root, and says what was in its files", "[schema]") {
  check_refused({
      {"a second one", "INSERT INTO sentinels SELECT * FROM sentinels", kUnique},
      {"for a database that is not there", "UPDATE sentinels SET database = zeroblob(16)", kForeign},
      {"of a root that is not there", "UPDATE sentinels SET root = zeroblob(16)", kForeign},
      {"a certificate that is not there", "UPDATE sentinels SET certificate = zeroblob(16)", kForeign},
      {"on no list", "UPDATE sentinels SET crl_number = 0", kCheck},
      {"on a list of fewer than none", "UPDATE sentinels SET crl_covers = -1", kCheck},
      {"on a list without an end", "UPDATE sentinels SET crl_next_update = NULL", kNotNull},
      {"a short digest", "UPDATE sentinels SET content = zeroblob(31)", kCheck},
  });
}

TEST_CASE_METHOD(GoodRows, "a sighting is of one certificate at one server", "[schema]") {
  check_refused({
      {"the same again", "INSERT INTO sightings SELECT * FROM sightings", kUnique},
      {"of a certificate that is not there", "UPDATE sightings SET certificate = zeroblob(16)", kForeign},
      {"at a database that is not there", "UPDATE sightings SET database = zeroblob(16)", kForeign},
      {"fewer sessions than none", "UPDATE sightings SET sessions = -1", kCheck},
      {"seen at no time", "UPDATE sightings SET last_seen = NULL", kNotNull},
  });
  check_taken({"UPDATE sightings SET sessions = 0"});
}

TEST_CASE_METHOD(GoodRows, "a disconnection is ordered once, for one serial or for all of a root", "[schema]") {
  check_refused({
      {"one serial twice", "INSERT INTO disconnections SELECT * FROM disconnections WHERE mark = 1", kUnique},
      {"a whole root twice", "INSERT INTO disconnections SELECT * FROM disconnections WHERE mark = 0", kUnique},
      {"at a database that is not there", "UPDATE disconnections SET database = zeroblob(16) WHERE mark = 1", kForeign},
      {"of a root that is not there", "UPDATE disconnections SET root = zeroblob(16) WHERE mark = 1", kForeign},
      {"a serial of 21 octets", "UPDATE disconnections SET serial = zeroblob(21) WHERE mark = 1", kCheck},
      {"a mark below none", "UPDATE disconnections SET mark = -1 WHERE mark = 1", kCheck},
  });
  check_taken({"UPDATE disconnections SET serial = zeroblob(20) WHERE mark = 1"});
}

TEST_CASE_METHOD(GoodRows, "SQLite builds no table to see whether a row is good", "[schema]") {
  // As it does for an IN of three values, each time that a row is written (sqlite.org/opcode.html, OpenEphemeral).
  check_program({
      "EXPLAIN INSERT INTO roots (id) VALUES (NULL)",
      "EXPLAIN INSERT INTO crl_parts (key) VALUES (NULL)",
      "EXPLAIN INSERT INTO databases (id) VALUES (NULL)",
      "EXPLAIN INSERT INTO certificates (id) VALUES (NULL)",
      "EXPLAIN INSERT INTO database_roles (role) VALUES (NULL)",
      "EXPLAIN INSERT INTO revocations (serial) VALUES (NULL)",
      "EXPLAIN INSERT INTO ip_rules (id) VALUES (NULL)",
      "EXPLAIN INSERT INTO notices (id) VALUES (NULL)",
      "EXPLAIN INSERT INTO idempotency_keys (key) VALUES (NULL)",
      "EXPLAIN INSERT INTO audit (chain) VALUES (NULL)",
      "EXPLAIN INSERT INTO audit_heads (chain) VALUES (NULL)",
  });
}

TEST_CASE_METHOD(GoodRows, "a certificate that is revoked says when, why and by which mark, and is out of use", "[schema]") {
  check_refused({
      {"without a date", "UPDATE certificates SET revoked_at = NULL WHERE mark = 1", kCheck},
      {"without a reason", "UPDATE certificates SET reason = NULL WHERE mark = 1", kCheck},
      {"without a mark", "UPDATE certificates SET mark = NULL WHERE mark = 1", kCheck},
      {"on hold", "UPDATE certificates SET reason = 6 WHERE mark = 1", kCheck},
      {"mark 0", "UPDATE certificates SET mark = 0 WHERE mark = 1", kCheck},
      {"in use", "UPDATE certificates SET state = 'ready', predecessor = NULL WHERE mark = 1", kCheck},
      {"disabling and not revoked", "UPDATE certificates SET state = 'disabling' WHERE kind = 'server'", kCheck},
  });
}

TEST_CASE_METHOD(GoodRows, "a serial is there once under its root", "[schema]") {
  check_refused({
      {"another's serial", "UPDATE certificates SET serial = CAST('serial-new------' AS BLOB) WHERE kind = 'server'", kUnique},
      {"a short serial", "UPDATE certificates SET serial = x'01' WHERE kind = 'server'", kCheck},
      {"a root that is not there", "UPDATE certificates SET root = zeroblob(16) WHERE kind = 'server'", kForeign},
      {"a database that is not there", "UPDATE certificates SET database = zeroblob(16) WHERE kind = 'server'", kForeign},
      {"another's id", "UPDATE certificates SET id = CAST('certificate-new-' AS BLOB) WHERE kind = 'server'", kUnique},
  });
  check_taken(
      {"UPDATE certificates SET serial = CAST('serial-new------' AS BLOB), root = CAST('root-3----------' AS BLOB) WHERE kind = "
       "'server'"});
}

TEST_CASE_METHOD(GoodRows, "a certificate has one successor that is pending or ready", "[schema]") {
  check_refused({
      {"a second one is enabled",
       "UPDATE certificates SET state = 'ready', revoked_at = NULL, reason = NULL, mark = NULL WHERE state = 'disabled'", kUnique},
      {"a second one is pending",
       "UPDATE certificates SET state = 'pending', revoked_at = NULL, reason = NULL, mark = NULL WHERE state = 'disabled'",
       kUnique},
      {"it follows itself", "UPDATE certificates SET predecessor = id WHERE kind = 'server'", kCheck},
      {"it follows none that is there", "UPDATE certificates SET predecessor = zeroblob(16) WHERE kind = 'server'", kForeign},
  });
  check_taken({"UPDATE certificates SET state = 'disabling' WHERE state = 'disabled'"});
}

TEST_CASE_METHOD(GoodRows, "a certificate keeps a key if it is sealed, and only then", "[schema]") {
  check_refused({
      {"sealed without a key", "UPDATE certificates SET sealed_key = NULL WHERE custody = 'sealed'", kCheck},
      {"once, with a key", "UPDATE certificates SET sealed_key = x'01' WHERE custody = 'once'", kCheck},
      {"a requester's, with a key", "UPDATE certificates SET custody = 'requester' WHERE custody = 'sealed'", kCheck},
      {"an unknown custody", "UPDATE certificates SET custody = 'kept'", kCheck},
  });
}

TEST_CASE_METHOD(GoodRows, "a certificate has a kind, a state of the reference's, and a role unless it is a server's", "[schema]") {
  check_refused({
      {"an unknown kind", "UPDATE certificates SET kind = 'ca'", kCheck},
      {"a state in other letters", "UPDATE certificates SET state = 'Ready' WHERE state = 'ready'", kCheck},
      {"a client without a role", "UPDATE certificates SET role = NULL WHERE kind = 'client'", kCheck},
      {"a probe without a role", "UPDATE certificates SET kind = 'probe' WHERE kind = 'server'", kCheck},
      {"an empty role", "UPDATE certificates SET role = ''", kCheck},
      {"no end", "UPDATE certificates SET not_after = NULL", kNotNull},
      {"a date as text", "UPDATE certificates SET not_after = '2027-01-01'", kCheck},
      {"no term", "UPDATE certificates SET terms = 0", kCheck},
  });
}

TEST_CASE_METHOD(GoodRows, "only a client that is in use is ever due", "[schema]") {
  check_refused({
      {"a server", "UPDATE certificates SET due_at = 1 WHERE kind = 'server'", kCheck},
      {"a probe", "UPDATE certificates SET kind = 'probe' WHERE due_at IS NOT NULL", kCheck},
      {"one that is disabled", "UPDATE certificates SET due_at = 1 WHERE state = 'disabled'", kCheck},
      {"one that is being disabled", "UPDATE certificates SET state = 'disabling' WHERE due_at IS NOT NULL", kCheck},
  });
}

TEST_CASE_METHOD(GoodRows, "a serial is revoked once, for a reason of RFC 5280", "[schema]") {
  check_refused({
      {"again", "UPDATE revocations SET serial = zeroblob(20) WHERE mark = 1", kUnique},
      {"a serial without the zeros in front", "UPDATE revocations SET serial = zeroblob(16) WHERE mark = 1", kCheck},
      {"a serial of 21 octets", "UPDATE revocations SET serial = zeroblob(21) WHERE mark = 1", kCheck},
      {"on hold", "UPDATE revocations SET reason = 6", kCheck},
      {"the reason that is not used", "UPDATE revocations SET reason = 7", kCheck},
      {"taken off a list", "UPDATE revocations SET reason = 8", kCheck},
      {"mark 0", "UPDATE revocations SET mark = 0", kCheck},
      {"a root that is not there", "UPDATE revocations SET root = zeroblob(16)", kForeign},
      {"no date", "UPDATE revocations SET revoked_at = NULL", kNotNull},
  });
}

TEST_CASE_METHOD(GoodRows, "a database has sixty places for IP rules, and each address block once", "[schema]") {
  check_refused({
      {"place 0", "UPDATE ip_rules SET slot = 0 WHERE slot = 60", kCheck},
      {"place 61", "UPDATE ip_rules SET slot = 61 WHERE slot = 60", kCheck},
      {"no place", "UPDATE ip_rules SET slot = NULL WHERE slot = 60", kNotNull},
      {"another's place", "UPDATE ip_rules SET slot = 1 WHERE slot = 60", kUnique},
      {"another's block", "UPDATE ip_rules SET cidr = '192.0.2.0/24' WHERE slot = 60", kUnique},
      {"a deleted one comes back", "UPDATE ip_rules SET state = 'Authorizing' WHERE state = 'deleted'", kUnique},
      {"a state in other letters", "UPDATE ip_rules SET state = 'authorized' WHERE slot = 60", kCheck},
      {"a database that is not there", "UPDATE ip_rules SET database = zeroblob(16) WHERE slot = 60", kForeign},
      {"an empty block", "UPDATE ip_rules SET cidr = '' WHERE slot = 60", kCheck},
  });
  check_taken({"UPDATE ip_rules SET slot = 1, database = CAST('database-2------' AS BLOB) WHERE slot = 60"});
}

TEST_CASE_METHOD(GoodRows, "an owner is told once of each occasion", "[schema]") {
  check_refused({
      {"of the same generation again", "UPDATE notices SET occasion = '3' WHERE occasion = '4'", kUnique},
      {"of nothing", "UPDATE notices SET occasion = NULL", kNotNull},
      {"an unknown kind", "UPDATE notices SET kind = 'greeting'", kCheck},
      {"delivered, and tried again", "UPDATE notices SET delivered_at = 1 WHERE kind = 'renewed'", kCheck},
      {"fewer attempts than none", "UPDATE notices SET attempts = -1", kCheck},
      {"of a certificate that is not there", "UPDATE notices SET certificate = zeroblob(16)", kForeign},
  });
  check_taken({"UPDATE notices SET delivered_at = 1, next_attempt_at = NULL WHERE kind = 'renewed'"});
}

TEST_CASE_METHOD(GoodRows, "a key says one thing in its space", "[schema]") {
  check_refused({
      {"twice", "UPDATE idempotency_keys SET scope = x'' WHERE verb = 'issue'", kUnique},
      {"in half a space", "UPDATE idempotency_keys SET scope = zeroblob(8) WHERE verb = 'issue'", kCheck},
      {"an empty key", "UPDATE idempotency_keys SET key = '' WHERE verb = 'issue'", kCheck},
      {"by nobody", "UPDATE idempotency_keys SET actor = ''", kCheck},
      {"a short hash", "UPDATE idempotency_keys SET request_hash = zeroblob(31)", kCheck},
      {"no result", "UPDATE idempotency_keys SET result = NULL", kNotNull},
  });
}

TEST_CASE_METHOD(GoodRows, "a record of a chain has a number of its own, and the head is one that is there", "[schema]") {
  check_refused({
      {"the same number", "UPDATE audit SET number = 2 WHERE number = 1", kUnique},
      {"number 0", "UPDATE audit SET number = 0 WHERE number = 1", kCheck},
      {"an empty record", "UPDATE audit SET record = x''", kCheck},
      {"a short code", "UPDATE audit SET code = zeroblob(31)", kCheck},
      {"half a chain", "UPDATE audit SET chain = zeroblob(8) WHERE number = 1", kCheck},
      {"a head beyond the end", "UPDATE audit_heads SET number = 3", kForeign},
      {"the end cut off under the head", "DELETE FROM audit WHERE number = 2", kForeign},
      {"a second head", "INSERT INTO audit_heads VALUES (x'', 1, zeroblob(32))", kUnique},
  });
}

}  // namespace
}  // namespace spaceca::test
