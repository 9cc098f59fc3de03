// Revocation: a mark is committed with a number from its root's counter, and lists are built of all marks up to a number, outside
// any write transaction.
#pragma once

#include <span>
#include <vector>

#include <spaceca/authority.h>

#include "service/audit_chain.h"
#include "service/core.h"
#include "store/certificates.h"

namespace spaceca::service {

// What was revoked now: neither what was revoked before nor what was closed past its end.
struct Marked {
  std::vector<Id> certificates;
  std::vector<Id> roots;  // that need a new list
};
// Within a transaction.
[[nodiscard]] Marked revoke_rows(sql::Transaction& tx, const Id& space, std::span<const store::CertificateRow> rows,
                                 RevocationReason reason, Instant now);
// The roots that need a new list.
[[nodiscard]] std::vector<Id> revoke_all(sql::Transaction& tx, const Id& space, const Id& database, RevocationReason reason,
                                         Instant now);

[[nodiscard]] AuditEvent revocation_event(const store::CertificateRow& row, RevocationReason reason);

enum class Build {
  if_marked,  // where a mark is not on the list yet
  weekly,     // or it is a week old
  always,
};
// Whether a new list of root `id` was stored; others may have been faster, and a root that has ended has no list any more.
// `at_least`: for its number.
bool build_crl(Core& core, const Id& id, Build when, std::int64_t at_least = 0);
// For each that has a mark which is not on its list.
void build_crls(Core& core, std::span<const Id> roots);
[[nodiscard]] std::vector<Id> trusted_roots(Core& core, const Id& space);

}  // namespace spaceca::service
