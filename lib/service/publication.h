// What servers are to serve, brought there; and the states of databases and certificates, which follow what was proved.
#pragma once

#include <vector>

#include <spaceca/authority.h>

#include "service/core.h"
#include "store/certificates.h"
#include "store/databases.h"
#include "store/ip_rules.h"
#include "store/roots.h"

namespace spaceca::service {

// Errc::not_found, and those of Publisher::survey.
[[nodiscard]] Survey survey(Core& core, const Id& space, const DatabaseName& name, Publisher& publisher, const MtlsOptions& mtls);

// Roots that a server is to trust, with the lists that go with them. One that has ended lets nobody in and signs nothing any more,
// so it is left out: PostgreSQL asks only for the lists of roots whose certificates it is shown.
struct Trust {
  std::vector<store::RootRow> roots;
  std::vector<Certificate> certificates;
  std::vector<Crl> crls;
};
// Errc::policy if every root has ended.
[[nodiscard]] Trust read_trust(Core& core, sql::Transaction& tx, const Id& space);

// All that the server of a database is to serve. Errc::policy if it has no certificate.
[[nodiscard]] Publication publication_of(Core& core, sql::Transaction& tx, const store::DatabaseRow& database, const Trust& trust,
                                         const std::vector<store::IpRuleRow>& rules, std::int64_t number);

// A probe is recorded before it is used; the certificate is borrowed. A revoked one has an ordinary mark.
[[nodiscard]] store::NewCertificate probe_row(const store::DatabaseRow& database, const Id& root, const Id& id,
                                              const Certificate& certificate, Instant now);
void revoke_probe(sql::Transaction& tx, const Id& root, const Id& id, const Certificate& certificate, Instant now);

// Within a transaction, of a database whose mTLS has just been disabled: nothing is known of its server, and nothing is left to be
// done there.
void leave_server(sql::Transaction& tx, const store::DatabaseRow& database, Instant now);

// Within a transaction, of a server that is proved to serve these roots: it has none any more that was given up.
void forget_given_up_roots(sql::Transaction& tx, const Id& database, const Trust& served);

// Within a transaction: pending becomes ready, disabling disabled, where the proofs of the space's servers allow it.
void settle(sql::Transaction& tx, const Id& space, Instant now);

}  // namespace spaceca::service
