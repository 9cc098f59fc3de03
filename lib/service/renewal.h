// Successors: who gets one, and in whose transaction it is told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <spaceca/authority.h>

#include "service/core.h"
#include "service/issuance.h"
#include "store/certificates.h"
#include "store/databases.h"

namespace spaceca::service {

inline constexpr std::int64_t kMostTerms = 2;  // of one key that is not ours

// The order of a certificate's successor; nothing if its key was certified for the last time, so that its holder must ask anew.
[[nodiscard]] std::optional<Order> successor_of(sql::Transaction& tx, const store::CertificateRow& row);

// Why the certificate of a database's server stays under its root for now: it would lock out who does not know the active one.
// Empty if it need not, or is about to end.
[[nodiscard]] std::string reason_to_wait(sql::Transaction& tx, const store::DatabaseRow& database, Instant now);

void tell(sql::Transaction& tx, const Id& certificate, NoticeKind kind, std::string_view occasion, Instant now);

// Successors of live certificates of one database, with their notices, in one transaction; those that have one by then, or are
// alive no longer, are left out. `verb`: for the audit. The rows that got one, with it.
struct Renewed {
  store::CertificateRow row;
  Id successor;
};
[[nodiscard]] std::vector<Renewed> renew_rows(Core& core, const Id& space, const Id& database,
                                              const std::vector<store::CertificateRow>& rows, const Actor& actor,
                                              std::string_view verb);
// The same, where one that fails keeps no other from its successor; it goes to the part's failures.
struct Group {
  Id space;
  SpaceName space_name;
  Id database;
  std::vector<store::CertificateRow> rows;
};
[[nodiscard]] std::vector<Renewed> renew_each(Core& core, const Group& group, const Actor& actor, std::string_view verb,
                                              SweepPart& part);

}  // namespace spaceca::service
