#include "store/certificates.h"

#include <algorithm>
#include <array>

namespace spaceca::store {
namespace {

constexpr sql::Literal kSelect{
    "SELECT c.id, c.root, r.generation, c.serial, c.database, d.name, c.kind, c.state, c.role, c.custody, c.predecessor, "
    "(SELECT s.id FROM certificates s WHERE s.predecessor = c.id AND s.state IN ('pending', 'ready')), "
    "c.terms, c.bundle_generation, c.created_at, c.updated_at, c.not_after, c.due_at, c.revoked_at, c.reason, c.mark, "
    "(SELECT CAST(sum(sessions) AS BIGINT) FROM sightings g WHERE g.certificate = c.id), "
    "(SELECT max(last_seen) FROM sightings g WHERE g.certificate = c.id) "
    "FROM certificates c JOIN databases d ON d.id = c.database JOIN roots r ON r.id = c.root "};

// As `revocations` has it.
std::array<std::uint8_t, Serial::kLongest> padded(const Serial& serial) {
  std::array<std::uint8_t, Serial::kLongest> octets{};
  std::ranges::copy_backward(serial.octets(), octets.end());
  return octets;
}

CertificateRow certificate_row(const sql::Row& cells) {
  Reader read{cells};
  CertificateRow row;
  row.id = read.id();
  row.root = read.id();
  row.generation = read.integer();
  row.serial = read.octets();
  row.database = read.id();
  row.database_name = read.text();
  row.kind = read.text();
  row.state = read.text();
  row.role = read.text_or_empty();
  row.custody = read.text();
  row.predecessor = read.id_or_none();
  row.successor = read.id_or_none();
  row.terms = read.integer();
  row.bundle_generation = read.integer_or_none();
  row.created_at = read.instant();
  row.updated_at = read.instant();
  row.not_after = read.instant();
  row.due_at = read.instant_or_none();
  row.revoked_at = read.instant_or_none();
  row.reason = read.integer_or_none().value_or(0);
  row.mark = read.integer_or_none().value_or(0);
  row.sessions = read.integer_or_none().value_or(0);
  row.last_seen = read.instant_or_none();
  return row;
}

}  // namespace

void insert(sql::Transaction& tx, std::span<const NewCertificate> certificates) {
  std::vector<sql::Value> values;
  values.reserve(certificates.size() * 16);
  for (const NewCertificate& certificate : certificates) {
    values.insert(values.end(),
                  {value_of(certificate.id), value_of(certificate.root), certificate.serial, value_of(certificate.database),
                   certificate.kind, certificate.state, text_or_null(certificate.role), certificate.custody,
                   certificate.certificate, octets_or_null(certificate.sealed_key), value_of(certificate.predecessor),
                   certificate.terms, value_of(certificate.bundle_generation), value_of(certificate.created_at),
                   value_of(certificate.not_after), value_of(certificate.due_at)});
  }
  tx.execute_many(
      "INSERT INTO certificates (id, root, serial, database, kind, state, role, custody, certificate, sealed_key, predecessor, "
      "terms, bundle_generation, created_at, updated_at, not_after, due_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15, $16)",
      values);
}

std::optional<CertificateRow> find_certificate(sql::Transaction& tx, const Id& space, const Id& id) {
  return first_of(tx, sql::kJoined<kSelect, "WHERE c.id = $1 AND d.space = $2 AND c.kind <> 'probe'">,
                  {value_of(id), value_of(space)}, certificate_row);
}

CertificateRow certificate_of(sql::Transaction& tx, const Id& id) {
  auto row = first_of(tx, sql::kJoined<kSelect, "WHERE c.id = $1">, {value_of(id)}, certificate_row);
  if (!row) throw sql::EngineError{sql::Failure::corrupt, "store: a row names a certificate that is not there"};
  return std::move(*row);
}

std::vector<CertificateRow> find_by_serial(sql::Transaction& tx, const Id& space, ByteView serial) {
  return collected(tx,
                   sql::kJoined<kSelect,
                                "WHERE c.root IN (SELECT id FROM roots WHERE space = $1) AND c.serial = $2 AND c.kind <> 'probe' "
                                "ORDER BY r.generation">,
                   {value_of(space), serial}, certificate_row);
}

std::vector<CertificateRow> certificates(sql::Transaction& tx, const Id& database, std::string_view state, const Id& after,
                                         std::int64_t limit) {
  if (state.empty()) {
    return collected(tx, sql::kJoined<kSelect, "WHERE c.database = $1 AND c.id > $2 AND c.kind <> 'probe' ORDER BY c.id LIMIT $3">,
                     {value_of(database), value_of(after), limit}, certificate_row);
  }
  if (state == "ready") {
    return collected(
        tx,
        sql::kJoined<kSelect,
                     "WHERE c.database = $1 AND c.id > $2 AND c.state = 'ready' AND c.kind <> 'probe' ORDER BY c.id LIMIT $3">,
        {value_of(database), value_of(after), limit}, certificate_row);
  }
  // Its own condition is repeated, so that the partial index serves.
  return collected(tx,
                   sql::kJoined<kSelect,
                                "WHERE c.database = $1 AND c.state = $2 AND c.state <> 'ready' AND c.id > $3 AND c.kind <> 'probe' "
                                "ORDER BY c.id LIMIT $4">,
                   {value_of(database), state, value_of(after), limit}, certificate_row);
}

std::vector<CertificateRow> certificates_by_expiry(sql::Transaction& tx, const Id& database, const DuePlace& after,
                                                   std::int64_t limit) {
  return collected(tx,
                   sql::kJoined<kSelect,
                                "WHERE c.database = $1 AND c.due_at IS NOT NULL AND (c.due_at, c.id) > ($2, $3) "
                                "AND c.due_at < c.not_after ORDER BY c.due_at, c.id LIMIT $4">,
                   {value_of(database), value_of(after.due), value_of(after.id), limit}, certificate_row);
}

std::vector<CertificateRow> due_certificates(sql::Transaction& tx, const Id& database, Instant now, const DuePlace& after,
                                             std::int64_t limit) {
  return collected(tx,
                   sql::kJoined<kSelect,
                                "WHERE c.database = $1 AND c.due_at IS NOT NULL AND c.due_at <= $2 AND (c.due_at, c.id) > ($3, $4) "
                                "ORDER BY c.due_at, c.id LIMIT $5">,
                   {value_of(database), value_of(now), value_of(after.due), value_of(after.id), limit}, certificate_row);
}

std::vector<CertificateRow> certificates_to_close(sql::Transaction& tx, const Id& database, const DuePlace& after, Instant until,
                                                  std::int64_t limit) {
  return collected(tx,
                   sql::kJoined<kSelect,
                                "WHERE c.database = $1 AND c.due_at IS NOT NULL AND (c.due_at, c.id) > ($2, $3) AND c.due_at <= $4 "
                                "AND c.due_at > c.not_after ORDER BY c.due_at, c.id LIMIT $5">,
                   {value_of(database), value_of(after.due), value_of(after.id), value_of(until), limit}, certificate_row);
}

std::vector<CertificateRow> certificates_in_motion(sql::Transaction& tx, const Id& space, std::string_view state) {
  return collected(tx, sql::kJoined<kSelect, "WHERE d.space = $1 AND c.state = $2 AND c.state <> 'ready' ORDER BY c.id">,
                   {value_of(space), state}, certificate_row);
}

std::vector<CertificateRow> live_certificates_of_root(sql::Transaction& tx, const Id& root, Instant now, ByteView after_serial,
                                                      std::int64_t limit) {
  return collected(tx,
                   sql::kJoined<kSelect,
                                "WHERE c.root = $1 AND c.serial > $3 AND c.state IN ('pending', 'ready') AND c.not_after >= $2 "
                                "AND c.kind <> 'probe' ORDER BY c.serial LIMIT $4">,
                   {value_of(root), value_of(now), after_serial, limit}, certificate_row);
}

std::int64_t count_live_of_root(sql::Transaction& tx, const Id& root, Instant now) {
  return tx
      .execute(
          "SELECT count(*) FROM certificates WHERE root = $1 AND state IN ('pending', 'ready') AND not_after >= $2 "
          "AND kind <> 'probe'",
          {value_of(root), value_of(now)})[0]
      .integer(0);
}

Secrets octets_of(sql::Transaction& tx, const Id& certificate) {
  const auto rows = tx.execute("SELECT certificate, sealed_key FROM certificates WHERE id = $1", {value_of(certificate)});
  Reader read{rows[0]};
  Secrets secrets;
  secrets.certificate = read.octets();
  secrets.sealed_key = read.octets_or_empty();
  return secrets;
}

bool mark_ready(sql::Transaction& tx, const Id& certificate, Instant at) {
  return tx.execute("UPDATE certificates SET state = 'ready', updated_at = $2 WHERE id = $1 AND state = 'pending'",
                    {value_of(certificate), value_of(at)})
             .changed() == 1;
}

bool mark_revoked(sql::Transaction& tx, const Id& certificate, std::string_view to, const Revoked& revoked) {
  return tx.execute(
               "UPDATE certificates SET state = $2, due_at = NULL, updated_at = $3, revoked_at = $3, reason = $4, mark = $5 "
               "WHERE id = $1 AND state IN ('pending', 'ready')",
               {value_of(certificate), to, value_of(revoked.at), revoked.reason, revoked.mark})
             .changed() == 1;
}

bool mark_disabled(sql::Transaction& tx, const Id& certificate, Instant at) {
  return tx.execute(
               "UPDATE certificates SET state = 'disabled', due_at = NULL, updated_at = $2 WHERE id = $1 AND state <> 'disabled'",
               {value_of(certificate), value_of(at)})
             .changed() == 1;
}

void set_due(sql::Transaction& tx, const Id& certificate, const std::optional<Instant>& due) {
  tx.execute("UPDATE certificates SET due_at = $2 WHERE id = $1 AND kind = 'client' AND state IN ('pending', 'ready')",
             {value_of(certificate), value_of(due)});
}

void record_bundle(sql::Transaction& tx, const Id& certificate, std::int64_t generation, Instant at) {
  tx.execute("UPDATE certificates SET bundle_generation = $2, updated_at = $3 WHERE id = $1",
             {value_of(certificate), generation, value_of(at)});
}

std::string state_of(sql::Transaction& tx, const Id& certificate) {
  const auto rows = tx.execute("SELECT state FROM certificates WHERE id = $1", {value_of(certificate)});
  return rows.empty() ? std::string{} : std::string{rows[0].text(0)};
}

bool has_live_successor(sql::Transaction& tx, const Id& certificate) {
  return !tx.execute("SELECT 1 FROM certificates WHERE predecessor = $1 AND state IN ('pending', 'ready')", {value_of(certificate)})
              .empty();
}

std::vector<CertificateRow> certificates_to_tell(sql::Transaction& tx, const ToTell& what, const Id& after, std::int64_t limit) {
  return collected(
      tx,
      sql::kJoined<
          kSelect,
          "WHERE c.database = $1 AND c.id > $5 AND c.kind = 'client' AND c.state IN ('pending', 'ready') AND c.not_after >= $4 "
          "AND coalesce(c.bundle_generation, 0) < $2 AND NOT EXISTS (SELECT 1 FROM notices n WHERE "
          "n.certificate = c.id AND n.kind = 'roots_changed' AND n.occasion = $3) ORDER BY c.id LIMIT $6">,
      {value_of(what.database), what.generation, what.occasion, value_of(what.now), value_of(after), limit}, certificate_row);
}

std::optional<Id> holder_without(sql::Transaction& tx, const Id& space, std::int64_t generation, Instant now) {
  const auto rows = tx.execute(
      "SELECT c.id FROM certificates c JOIN databases d ON d.id = c.database WHERE d.space = $1 AND c.kind = 'client' "
      "AND c.state IN ('pending', 'ready') AND c.not_after >= $3 AND (c.bundle_generation < $2 OR "
      "(c.bundle_generation IS NULL AND EXISTS (SELECT 1 FROM sightings u WHERE u.certificate = c.id))) "
      // One whose successor knows it, is in use, and has been seen since this one was, has no holder any more.
      "AND NOT EXISTS (SELECT 1 FROM certificates s JOIN sightings n ON n.certificate = s.id WHERE s.predecessor = c.id "
      "AND s.state IN ('pending', 'ready') AND s.bundle_generation >= $2 AND NOT EXISTS (SELECT 1 FROM sightings o "
      "WHERE o.certificate = c.id AND (o.sessions > 0 OR o.last_seen >= n.first_seen))) LIMIT 1",
      {value_of(space), generation, value_of(now)});
  if (rows.empty()) return std::nullopt;
  return Reader{rows[0]}.id();
}

// --- revocations ---

bool insert(sql::Transaction& tx, const RevocationRow& revocation) {
  const auto serial = padded(revocation.serial);
  return !tx.execute(
                "INSERT INTO revocations (root, serial, revoked_at, reason, mark, not_after) VALUES ($1, $2, $3, $4, $5, $6) "
                "ON CONFLICT (root, serial) DO NOTHING RETURNING mark",
                {value_of(revocation.root), ByteView{serial}, value_of(revocation.revoked.at), revocation.revoked.reason,
                 revocation.revoked.mark, value_of(revocation.not_after)})
              .empty();
}

bool is_revoked(sql::Transaction& tx, const Id& root, const Serial& serial) {
  const auto octets = padded(serial);
  return !tx.execute("SELECT 1 FROM revocations WHERE root = $1 AND serial = $2", {value_of(root), ByteView{octets}}).empty();
}

namespace {

RevokedEntry revoked_entry(const sql::Row& row) {
  return {.serial = Serial{row.octets(0)},
          .revoked_at = instant_of(row.integer(1)),
          .reason = static_cast<RevocationReason>(row.integer(2))};
}

}  // namespace

std::vector<RevokedEntry> revoked_entries(sql::Transaction& tx, const Id& root, const RevokedQuery& query) {
  std::vector<RevokedEntry> found;
  tx.each(
      "SELECT serial, revoked_at, reason FROM revocations WHERE root = $1 AND mark <= $2 "
      "AND (not_after IS NULL OR not_after >= $3 OR mark > $4) ORDER BY serial",
      {value_of(root), query.mark, value_of(query.gone), query.covered},
      [&found](const sql::Row& row) { found.push_back(revoked_entry(row)); });
  return found;
}

std::vector<RevokedEntry> newly_revoked(sql::Transaction& tx, const Id& root, std::int64_t covered, std::int64_t mark) {
  std::vector<RevokedEntry> found;
  tx.each("SELECT serial, revoked_at, reason FROM revocations WHERE root = $1 AND mark > $2 AND mark <= $3 ORDER BY serial",
          {value_of(root), covered, mark}, [&found](const sql::Row& row) { found.push_back(revoked_entry(row)); });
  return found;
}

}  // namespace spaceca::store
