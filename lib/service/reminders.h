// Reminders of what owners were told and did not follow.
#pragma once

#include <spaceca/authority.h>

#include "service/core.h"
#include "store/certificates.h"
#include "store/notices.h"

namespace spaceca::service {

// Thirty days, seven days and one day before the end of what is in use.
void remind_holders(Core& core, Deadline deadline, SweepPart& part);

// Whether a reminder is of a renewal, or of a request that did not come.
[[nodiscard]] bool reminds_of_renewal(const store::NoticeRow& reminder);
// Whether it still holds.
[[nodiscard]] bool is_needed(sql::Transaction& tx, const store::NoticeRow& reminder, Instant now);

}  // namespace spaceca::service
