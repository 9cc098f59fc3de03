// A store that was put back from a backup, before servers that know more than it does: nothing is published there until what they
// know was taken over.
#pragma once

#include <spaceca/publisher.h>

#include "service/core.h"
#include "service/publication.h"
#include "store/databases.h"

namespace spaceca::service {

// Errc::policy if what a server serves shows that this store was restored, or that somebody has taken revocations out of it. A list
// is believed by its root's signature alone: whoever may write to a server's files must not have certificates revoked here.
void refuse_if_restored(Core& core, sql::Transaction& tx, const store::DatabaseRow& database, const Trust& trust,
                        const Served& served);

}  // namespace spaceca::service
