-- Times are Unix seconds. Identifiers are UUIDs of version 7 (RFC 9562), as 16 octets: they sort by the time when they were made.
-- OCTETS, INT64, KEPT_BY_ROW and KEPT_BY_KEY are replaced for each engine (store/sql.h, Migration).
-- No IN has more than two values: for a longer list SQLite builds a table each time a row is written, which costs more than the row.

-- What is known of the store itself: one row.
CREATE TABLE store (
  id INT64 NOT NULL PRIMARY KEY CHECK (id = 1),
  uuid OCTETS NOT NULL CHECK (length(uuid) = 16),
  created_at INT64 NOT NULL,
  latest_time_seen INT64 NOT NULL,
  clock_ahead_since INT64,
  clock_ahead_latest INT64,
  CONSTRAINT store_clock_is_ahead_wholly CHECK ((clock_ahead_since IS NULL) = (clock_ahead_latest IS NULL))
) KEPT_BY_ROW;

-- The store key, sealed; twice while one key takes over from another. `checksum` is of all the rest, so damage is told from a wrong
-- key; `key_check` tells the right key from others. lib/custody/store_key.cc says how they are made.
CREATE TABLE vault_wraps (
  number INT64 NOT NULL PRIMARY KEY CHECK (number IN (1, 2)),
  method TEXT NOT NULL CHECK (method IN ('passphrase', 'key_file')),
  salt OCTETS CHECK (length(salt) BETWEEN 16 AND 64),
  scrypt_n INT64 CHECK (scrypt_n > 1),
  scrypt_r INT64 CHECK (scrypt_r > 0),
  scrypt_p INT64 CHECK (scrypt_p > 0),
  key_check OCTETS NOT NULL CHECK (length(key_check) = 32),
  sealed_key OCTETS NOT NULL CHECK (length(sealed_key) > 0),
  checksum OCTETS NOT NULL CHECK (length(checksum) = 32),
  created_at INT64 NOT NULL,
  CONSTRAINT vault_wraps_parameters CHECK (
    (method = 'passphrase') = (salt IS NOT NULL)
    AND (method = 'passphrase') = (scrypt_n IS NOT NULL)
    AND (method = 'passphrase') = (scrypt_r IS NOT NULL)
    AND (method = 'passphrase') = (scrypt_p IS NOT NULL))
) KEPT_BY_ROW;

CREATE TABLE spaces (
  id OCTETS NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 63),
  kind TEXT NOT NULL CHECK (kind IN ('private', 'shield')),
  last_generation INT64 NOT NULL DEFAULT 0 CHECK (last_generation >= 0),
  created_at INT64 NOT NULL
) KEPT_BY_ROW;

-- A root with its latest list. An issuer that read `epoch` compares it when it records: if it moved, the signature is thrown away.
-- `mark` is the number that the latest revocation took, `crl_covers` the latest mark that the list holds.
CREATE TABLE roots (
  id OCTETS NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  space OCTETS NOT NULL REFERENCES spaces (id),
  generation INT64 NOT NULL CHECK (generation >= 1),
  state TEXT NOT NULL CHECK (state IN ('next', 'active') OR state IN ('retiring', 'retired') OR state = 'distrusted'),
  epoch INT64 NOT NULL DEFAULT 0 CHECK (epoch >= 0),
  certificate OCTETS NOT NULL CHECK (length(certificate) > 0),
  key_handle OCTETS CHECK (length(key_handle) > 0),
  not_after INT64 NOT NULL,
  mark INT64 NOT NULL DEFAULT 0 CHECK (mark >= 0),
  crl_number INT64 NOT NULL DEFAULT 0 CHECK (crl_number >= 0),
  crl_covers INT64 NOT NULL DEFAULT 0,
  crl_this_update INT64,
  crl_next_update INT64,
  created_at INT64 NOT NULL,
  updated_at INT64 NOT NULL,
  UNIQUE (space, generation),
  CONSTRAINT roots_crl_covers_marks_that_exist CHECK (crl_covers BETWEEN 0 AND mark),
  CONSTRAINT roots_crl_is_whole_or_absent CHECK (
    (crl_number = 0) = (crl_this_update IS NULL) AND (crl_number = 0) = (crl_next_update IS NULL)),
  CONSTRAINT roots_that_sign_have_a_key CHECK (key_handle IS NOT NULL OR state IN ('retired', 'distrusted'))
) KEPT_BY_ROW;

-- The lists themselves, in parts (lib/x509/crl_parts.h): one more entry on a list of a hundred thousand changes three of them.
CREATE TABLE crl_parts (
  root OCTETS NOT NULL REFERENCES roots (id),
  key OCTETS NOT NULL CHECK (length(key) IN (0, 1) OR length(key) = 20),
  der OCTETS NOT NULL CHECK (length(der) > 0),
  PRIMARY KEY (root, key)
) KEPT_BY_ROW;

CREATE UNIQUE INDEX roots_one_active ON roots (space) WHERE state = 'active';
CREATE UNIQUE INDEX roots_one_next ON roots (space) WHERE state = 'next';

-- Several values in one column stand a line each. `wanted` counts what changed in what its server is to serve, `proved` is the count
-- that was seen there last, at `published_at`; `publication` numbers the attempts. `server_certificate` names the one in use.
CREATE TABLE databases (
  id OCTETS NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  space OCTETS NOT NULL REFERENCES spaces (id),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 63),
  app TEXT NOT NULL CHECK (length(app) BETWEEN 1 AND 63),
  state TEXT NOT NULL CHECK (state IN ('disabled', 'Provisioning') OR state IN ('Operational', 'Deprovisioning') OR state = 'destroyed'),
  hosts TEXT NOT NULL CHECK (length(hosts) > 0),
  role TEXT NOT NULL CHECK (length(role) BETWEEN 1 AND 63),
  contacts TEXT NOT NULL,
  data_directory TEXT CHECK (length(data_directory) > 0),
  sealed_url OCTETS CHECK (length(sealed_url) > 0),
  sealed_admin_url OCTETS CHECK (length(sealed_admin_url) > 0),
  method TEXT NOT NULL DEFAULT 'scram-sha-256' CHECK (method IN ('scram-sha-256', 'cert')),
  clientcert TEXT NOT NULL DEFAULT 'verify-ca' CHECK (clientcert IN ('verify-ca', 'verify-full')),
  binding TEXT NOT NULL DEFAULT 'space' CHECK (binding IN ('space', 'database')),
  kept_blocks TEXT NOT NULL DEFAULT '',
  server_certificate OCTETS CHECK (length(server_certificate) = 16),
  wanted INT64 NOT NULL DEFAULT 0,
  proved INT64 NOT NULL DEFAULT 0,
  publication INT64 NOT NULL DEFAULT 0 CHECK (publication >= 0),
  published_at INT64,
  census_at INT64,
  publication_error TEXT NOT NULL DEFAULT '',
  created_at INT64 NOT NULL,
  updated_at INT64 NOT NULL,
  CONSTRAINT databases_prove_what_was_wanted CHECK (proved BETWEEN 0 AND wanted),
  CONSTRAINT databases_cert_compares_names CHECK (method <> 'cert' OR clientcert = 'verify-full'),
  CONSTRAINT databases_bound_ones_take_cert CHECK (binding <> 'database' OR method = 'cert'),
  CONSTRAINT databases_have_a_url CHECK ((sealed_url IS NULL) = (state = 'destroyed'))
) KEPT_BY_ROW;

CREATE UNIQUE INDEX databases_one_a_name ON databases (space, name) WHERE state <> 'destroyed';
-- One server, one space: its files are global to it, and two spaces there would admit each other's clients.
CREATE UNIQUE INDEX databases_one_server ON databases (data_directory) WHERE data_directory IS NOT NULL AND state <> 'destroyed';

-- `due_at` is when a sweep has to look at it next: to make a successor or, once there is one, to close it after its end; null where
-- there is nothing to look for: revoked, disabled, servers' and probes'.
CREATE TABLE certificates (
  id OCTETS NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  root OCTETS NOT NULL REFERENCES roots (id),
  serial OCTETS NOT NULL CHECK (length(serial) = 16),
  database OCTETS NOT NULL REFERENCES databases (id),
  kind TEXT NOT NULL CHECK (kind IN ('server', 'client') OR kind = 'probe'),
  state TEXT NOT NULL CHECK (state IN ('pending', 'ready') OR state IN ('disabling', 'disabled')),
  role TEXT CHECK (length(role) BETWEEN 1 AND 63),
  custody TEXT NOT NULL CHECK (custody IN ('sealed', 'once') OR custody = 'requester'),
  certificate OCTETS NOT NULL CHECK (length(certificate) > 0),
  sealed_key OCTETS CHECK (length(sealed_key) > 0),
  predecessor OCTETS REFERENCES certificates (id),
  terms INT64 NOT NULL DEFAULT 1 CHECK (terms >= 1),
  bundle_generation INT64 CHECK (bundle_generation >= 1),
  created_at INT64 NOT NULL,
  updated_at INT64 NOT NULL,
  not_after INT64 NOT NULL,
  due_at INT64,
  revoked_at INT64,
  reason INT64 CHECK (reason BETWEEN 0 AND 5 OR reason IN (9, 10)),
  mark INT64 CHECK (mark >= 1),
  UNIQUE (root, serial),
  CONSTRAINT certificates_are_revoked_wholly CHECK (
    (revoked_at IS NULL) = (reason IS NULL) AND (revoked_at IS NULL) = (mark IS NULL)),
  CONSTRAINT certificates_revoked_are_out_of_use CHECK (revoked_at IS NULL OR state IN ('disabling', 'disabled')),
  CONSTRAINT certificates_disabling_are_revoked CHECK (state <> 'disabling' OR revoked_at IS NOT NULL),
  CONSTRAINT certificates_of_clients_have_a_role CHECK (kind = 'server' OR role IS NOT NULL),
  CONSTRAINT certificates_keep_sealed_keys_alone CHECK (sealed_key IS NULL OR custody = 'sealed'),
  CONSTRAINT certificates_of_sealed_custody_have_a_key CHECK (sealed_key IS NOT NULL OR custody <> 'sealed' OR state = 'disabled'),
  CONSTRAINT certificates_follow_another CHECK (predecessor <> id),
  CONSTRAINT certificates_of_clients_alone_are_due CHECK (due_at IS NULL OR kind = 'client'),
  CONSTRAINT certificates_out_of_use_are_never_due CHECK (due_at IS NULL OR state IN ('pending', 'ready'))
) KEPT_BY_ROW;

CREATE INDEX certificates_of_database ON certificates (database, id);
CREATE INDEX certificates_due ON certificates (database, due_at, id) WHERE due_at IS NOT NULL;
-- Nearly all are ready, so this one stays small and costs an issue nothing.
CREATE INDEX certificates_not_ready ON certificates (database, state, id) WHERE state <> 'ready';
-- A sweep run twice, or on two machines, makes one successor; revoking it makes room for another.
CREATE UNIQUE INDEX certificates_one_successor ON certificates (predecessor) WHERE predecessor IS NOT NULL AND state IN ('pending', 'ready');

-- Who may log in to a database: the roles that live client certificates name, with how many there are of each.
CREATE TABLE database_roles (
  database OCTETS NOT NULL REFERENCES databases (id),
  role TEXT NOT NULL CHECK (length(role) BETWEEN 1 AND 63),
  certificates INT64 NOT NULL CHECK (certificates >= 0),
  PRIMARY KEY (database, role)
) KEPT_BY_KEY;

-- What the server of a database was proved to know of a root: that it trusts it, and up to which mark it refuses.
CREATE TABLE proofs (
  database OCTETS NOT NULL REFERENCES databases (id),
  root OCTETS NOT NULL REFERENCES roots (id),
  crl_number INT64 NOT NULL CHECK (crl_number >= 1),
  crl_covers INT64 NOT NULL CHECK (crl_covers >= 0),
  proved_at INT64 NOT NULL,
  PRIMARY KEY (database, root)
) KEPT_BY_KEY;

-- For a server that nothing is written to: a certificate of each root that stands on the list in the files that were last made for it,
-- and whose refusal shows that it has that list. `content` is a digest of all that is in these files but lists.
CREATE TABLE sentinels (
  database OCTETS NOT NULL REFERENCES databases (id),
  root OCTETS NOT NULL REFERENCES roots (id),
  certificate OCTETS NOT NULL REFERENCES certificates (id),
  crl_number INT64 NOT NULL CHECK (crl_number >= 1),
  crl_covers INT64 NOT NULL CHECK (crl_covers >= 0),
  crl_next_update INT64 NOT NULL,
  content OCTETS NOT NULL CHECK (length(content) = 32),
  created_at INT64 NOT NULL,
  PRIMARY KEY (database, root)
) KEPT_BY_KEY;

-- At which servers a certificate was seen in use, and how many sessions it had at the last census there.
CREATE TABLE sightings (
  certificate OCTETS NOT NULL REFERENCES certificates (id),
  database OCTETS NOT NULL REFERENCES databases (id),
  sessions INT64 NOT NULL CHECK (sessions >= 0),
  first_seen INT64 NOT NULL,
  last_seen INT64 NOT NULL,
  PRIMARY KEY (certificate, database)
) KEPT_BY_KEY;

CREATE INDEX sightings_open ON sightings (database) WHERE sessions > 0;

-- Sessions that a server is to end once its list covers `mark`; all that the root's certificates have opened where `serial` is empty,
-- once the server does not trust it.
CREATE TABLE disconnections (
  database OCTETS NOT NULL REFERENCES databases (id),
  root OCTETS NOT NULL REFERENCES roots (id),
  serial OCTETS NOT NULL CHECK (length(serial) <= 20),
  mark INT64 NOT NULL CHECK (mark >= 0),
  PRIMARY KEY (database, root, serial)
) KEPT_BY_KEY;

-- By serial, as a list is written: with zeros in front, so that octets sort as numbers do. There may be serials that were never in
-- `certificates`: a store that was restored knows them from the list that a server has. `not_after` is then unknown. `reason` is the
-- number of RFC 5280 5.3.1.
CREATE TABLE revocations (
  root OCTETS NOT NULL REFERENCES roots (id),
  serial OCTETS NOT NULL CHECK (length(serial) = 20),
  revoked_at INT64 NOT NULL,
  reason INT64 NOT NULL CHECK (reason BETWEEN 0 AND 5 OR reason IN (9, 10)),
  mark INT64 NOT NULL CHECK (mark >= 1),
  not_after INT64,
  PRIMARY KEY (root, serial)
) KEPT_BY_KEY;

-- What is not on a list yet.
CREATE INDEX revocations_by_mark ON revocations (root, mark);

CREATE TABLE ip_rules (
  id OCTETS NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  database OCTETS NOT NULL REFERENCES databases (id),
  slot INT64 NOT NULL CHECK (slot BETWEEN 1 AND 60),
  cidr TEXT NOT NULL CHECK (length(cidr) > 0),
  description TEXT,
  state TEXT NOT NULL CHECK (state IN ('Authorizing', 'Authorized') OR state = 'deleted'),
  created_at INT64 NOT NULL,
  updated_at INT64 NOT NULL
) KEPT_BY_ROW;

CREATE UNIQUE INDEX ip_rules_one_a_slot ON ip_rules (database, slot) WHERE state <> 'deleted';
CREATE UNIQUE INDEX ip_rules_one_a_block ON ip_rules (database, cidr) WHERE state <> 'deleted';

-- What owners are told. `occasion` tells two of a kind apart: empty for a renewal, the days of a reminder, a UUID for a download,
-- the generation of a root. `delivered_by` names the channels that delivered it while others have not, a line each.
CREATE TABLE notices (
  id OCTETS NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  certificate OCTETS NOT NULL REFERENCES certificates (id),
  kind TEXT NOT NULL CHECK (kind IN ('renewed', 'awaiting_request') OR kind IN ('reminder', 'downloaded') OR kind = 'roots_changed'),
  occasion TEXT NOT NULL,
  created_at INT64 NOT NULL,
  next_attempt_at INT64,  -- of a claimed one: when the claim ends
  attempts INT64 NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  last_error TEXT NOT NULL DEFAULT '',
  delivered_by TEXT NOT NULL DEFAULT '',
  delivered_at INT64,
  UNIQUE (certificate, kind, occasion),
  CONSTRAINT notices_are_delivered_or_tried_again CHECK (delivered_at IS NULL OR next_attempt_at IS NULL)
) KEPT_BY_ROW;

CREATE INDEX notices_to_deliver ON notices (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- `scope` is a space, or empty for the store. The answer is made again from what `result` names; no secret is kept.
CREATE TABLE idempotency_keys (
  scope OCTETS NOT NULL CHECK (length(scope) IN (0, 16)),
  key TEXT NOT NULL CHECK (length(key) > 0),
  verb TEXT NOT NULL CHECK (length(verb) > 0),
  actor TEXT NOT NULL CHECK (length(actor) > 0),
  request_hash OCTETS NOT NULL CHECK (length(request_hash) = 32),
  result OCTETS NOT NULL,
  created_at INT64 NOT NULL,
  PRIMARY KEY (scope, key)
) KEPT_BY_KEY;

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- One chain a space, and one (an empty chain) for the store. `code` is the HMAC over the code before and `record`.
CREATE TABLE audit (
  chain OCTETS NOT NULL CHECK (length(chain) IN (0, 16)),
  number INT64 NOT NULL CHECK (number >= 1),
  at INT64 NOT NULL,
  record OCTETS NOT NULL CHECK (length(record) > 0),
  code OCTETS NOT NULL CHECK (length(code) = 32),
  PRIMARY KEY (chain, number)
) KEPT_BY_KEY;

-- The end of each chain, written last before a commit.
CREATE TABLE audit_heads (
  chain OCTETS NOT NULL PRIMARY KEY CHECK (length(chain) IN (0, 16)),
  number INT64 NOT NULL,
  code OCTETS NOT NULL CHECK (length(code) = 32),
  FOREIGN KEY (chain, number) REFERENCES audit (chain, number)
) KEPT_BY_KEY;
