// Who is connected: sessions by the certificates that opened them, and what follows from it.
#pragma once

#include <span>
#include <vector>

#include <spaceca/authority.h>

#include "service/core.h"
#include "store/certificates.h"
#include "store/databases.h"
#include "store/disconnections.h"

namespace spaceca::service {

// Whether a revocation is to end sessions in that space.
[[nodiscard]] bool ends_sessions(sql::Transaction& tx, const Id& space, OpenSessions sessions);
// Within the transaction of a revocation: the sessions of these certificates end at every enabled server of the space, once its
// list is proved to hold them. Of a root: all of its sessions, once it is proved that the server does not trust it.
void order_disconnections(sql::Transaction& tx, const Id& space, std::span<const store::CertificateRow> rows);
void order_disconnection(sql::Transaction& tx, const Id& space, const store::Disconnection& disconnection);

// Ends what was ordered at a server that was proved to refuse it, or at one that serves nothing of us any more; what it ended goes
// to `part`. Errors as of Publisher::disconnect.
enum class Ripe { refused, all };
void disconnect(Core& core, const store::DatabaseRow& database, Publisher& publisher, Ripe which, SweepPart& part);

// Whether clients still come with that certificate, as far as is known: it is alive, and nobody has fetched a successor, or it was
// seen at a server within a week.
[[nodiscard]] bool is_in_use(sql::Transaction& tx, const store::CertificateRow& row, Instant now);

}  // namespace spaceca::service
