// The rows of certificates and of revocations.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <spaceca/certificate.h>
#include <spaceca/crl.h>

#include "store/columns.h"
#include "store/sql.h"

namespace spaceca::store {

// What is listed and searched: everything but the certificate and its key.
struct CertificateRow {
  Id id;
  Id root;
  std::int64_t generation = 0;  // of the root
  Bytes serial;
  Id database;
  std::string database_name;
  std::string kind;
  std::string state;
  std::string role;  // empty for a server
  std::string custody;
  std::optional<Id> predecessor = {};
  std::optional<Id> successor = {};  // that is alive
  std::int64_t terms = 1;
  std::optional<std::int64_t> bundle_generation = {};
  Instant created_at;
  Instant updated_at;
  Instant not_after;
  std::optional<Instant> due_at = {};
  std::optional<Instant> revoked_at = {};
  std::int64_t reason = 0;
  std::int64_t mark = 0;
  std::int64_t sessions = 0;  // by the last census of each server
  std::optional<Instant> last_seen = {};
};

// Neither revoked nor about to be; its dates are another question.
[[nodiscard]] constexpr bool is_live(std::string_view state) { return state == "pending" || state == "ready"; }

// One to be inserted; borrowed but for the numbers.
struct NewCertificate {
  Id id;
  Id root;
  ByteView serial;
  Id database;
  std::string_view kind;
  std::string_view state;
  std::string_view role;
  std::string_view custody;
  ByteView certificate;
  ByteView sealed_key;
  std::optional<Id> predecessor = {};
  std::int64_t terms = 1;
  std::optional<std::int64_t> bundle_generation = {};
  Instant created_at;
  Instant not_after;
  std::optional<Instant> due_at = {};
};
void insert(sql::Transaction& tx, std::span<const NewCertificate> certificates);

[[nodiscard]] std::optional<CertificateRow> find_certificate(sql::Transaction& tx, const Id& space, const Id& id);
[[nodiscard]] CertificateRow certificate_of(sql::Transaction& tx, const Id& id);  // of any space; named by another row
[[nodiscard]] std::vector<CertificateRow> find_by_serial(sql::Transaction& tx, const Id& space, ByteView serial);

// From behind `after` on, of servers and clients. An empty state means any.
[[nodiscard]] std::vector<CertificateRow> certificates(sql::Transaction& tx, const Id& database, std::string_view state,
                                                       const Id& after, std::int64_t limit);
// Where a search by due time stands.
struct DuePlace {
  Instant due = Instant{std::chrono::seconds{0}};
  Id id{};
};
// Those that are to be renewed, soonest first.
[[nodiscard]] std::vector<CertificateRow> certificates_by_expiry(sql::Transaction& tx, const Id& database, const DuePlace& after,
                                                                 std::int64_t limit);
// Those that a sweep has to look at, soonest first.
[[nodiscard]] std::vector<CertificateRow> due_certificates(sql::Transaction& tx, const Id& database, Instant now,
                                                           const DuePlace& after, std::int64_t limit);
// Those that have a successor, or wait for a request: to be closed behind `after`, up to `until`, soonest first.
[[nodiscard]] std::vector<CertificateRow> certificates_to_close(sql::Transaction& tx, const Id& database, const DuePlace& after,
                                                                Instant until, std::int64_t limit);
// Those of a space on their way from `state` (pending or disabling), probes too.
[[nodiscard]] std::vector<CertificateRow> certificates_in_motion(sql::Transaction& tx, const Id& space, std::string_view state);
// Live ones of a database whose bundle lacks that generation, and whom no notice of that occasion has told; from behind `after` on.
struct ToTell {
  Id database;
  std::int64_t generation;
  std::string_view occasion;
  Instant now;
};
[[nodiscard]] std::vector<CertificateRow> certificates_to_tell(sql::Transaction& tx, const ToTell& what, const Id& after,
                                                               std::int64_t limit);
// Live ones of a root, in pages by serial.
[[nodiscard]] std::vector<CertificateRow> live_certificates_of_root(sql::Transaction& tx, const Id& root, Instant now,
                                                                    ByteView after_serial, std::int64_t limit);

[[nodiscard]] std::int64_t count_live_of_root(sql::Transaction& tx, const Id& root, Instant now);

struct Secrets {
  Bytes certificate;
  Bytes sealed_key;
};
[[nodiscard]] Secrets octets_of(sql::Transaction& tx, const Id& certificate);

// A revocation, with its mark from the root's counter.
struct Revoked {
  Instant at;
  std::int64_t reason;
  std::int64_t mark;
};

// Each says whether the row was still in one of the states from which that may be.
[[nodiscard]] bool mark_ready(sql::Transaction& tx, const Id& certificate, Instant at);
[[nodiscard]] bool mark_revoked(sql::Transaction& tx, const Id& certificate, std::string_view to, const Revoked& revoked);
[[nodiscard]] bool mark_disabled(sql::Transaction& tx, const Id& certificate, Instant at);  // whatever it was before
void set_due(sql::Transaction& tx, const Id& certificate, const std::optional<Instant>& due);
void record_bundle(sql::Transaction& tx, const Id& certificate, std::int64_t generation, Instant at);
[[nodiscard]] std::string state_of(sql::Transaction& tx, const Id& certificate);  // empty if there is none
[[nodiscard]] bool has_live_successor(sql::Transaction& tx, const Id& certificate);
// Whether anybody in the space holds a live client certificate with a bundle that lacks that generation; who, if so. One whose
// bundle never left (it was neither fetched nor seen in use), or that was seen to be given up for its successor, has no holder.
[[nodiscard]] std::optional<Id> holder_without(sql::Transaction& tx, const Id& space, std::int64_t generation, Instant now);

// --- revocations ---

struct RevocationRow {
  Id root;
  Serial serial;
  Revoked revoked;
  std::optional<Instant> not_after = {};  // of one that was never recorded here: none
};
// False if it is revoked already.
[[nodiscard]] bool insert(sql::Transaction& tx, const RevocationRow& revocation);
[[nodiscard]] bool is_revoked(sql::Transaction& tx, const Id& root, const Serial& serial);  // issued here or not

// What belongs on a list: marks up to `mark`, without those that ended before `gone` and whose marks are up to `covered`.
struct RevokedQuery {
  std::int64_t mark;
  Instant gone;
  std::int64_t covered;
};
// By serial.
[[nodiscard]] std::vector<RevokedEntry> revoked_entries(sql::Transaction& tx, const Id& root, const RevokedQuery& query);
// Those whose marks are behind `covered`, up to `mark`; by serial.
[[nodiscard]] std::vector<RevokedEntry> newly_revoked(sql::Transaction& tx, const Id& root, std::int64_t covered,
                                                      std::int64_t mark);

}  // namespace spaceca::store
