// What servers are to serve, brought there; and the states of databases and certificates, which follow what was proved.
#pragma once

#include <vector>

#include <spaceca/authority.h>

#include "service/core.h"

namespace spaceca::service {

// Errc::not_found, and those of Publisher::survey.
[[nodiscard]] Survey survey(Core& core, const Id& space, const DatabaseName& name, Publisher& publisher, const MtlsOptions& mtls);

// Within a transaction: pending becomes ready, disabling disabled, where the proofs of the space's servers allow it.
void settle(sql::Transaction& tx, const Id& space, Instant now);

}  // namespace spaceca::service
