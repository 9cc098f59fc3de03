// Servers that nothing is written to: their administrator gets files, and what becomes of these is seen over the network.
#pragma once

#include <spaceca/authority.h>

#include "service/core.h"
#include "store/databases.h"

namespace spaceca::service {

// Whether it serves what its files say, as far as a handshake shows; states after it. What waits for its administrator is late, a
// server that does not answer has failed.
void look_at_foreign_server(Core& core, const store::DatabaseRow& database, Publisher& publisher, SweepPart& part);

}  // namespace spaceca::service
