// Reminders of what owners were told and did not follow.
#pragma once

#include <spaceca/authority.h>

#include "service/core.h"
#include "store/certificates.h"
#include "store/notices.h"

namespace spaceca::service {

// Whether clients still come with that certificate, as far as the store knows: it is alive, and nobody has fetched a successor.
[[nodiscard]] bool is_in_use(sql::Transaction& tx, const store::CertificateRow& row);

// Thirty days, seven days and one day before the end of what is in use.
void remind_holders(Core& core, Deadline deadline, SweepPart& part);

// Whether a reminder is of a renewal, or of a request that did not come.
[[nodiscard]] bool reminds_of_renewal(const store::NoticeRow& reminder);
// Whether it still holds.
[[nodiscard]] bool is_needed(sql::Transaction& tx, const store::NoticeRow& reminder);

}  // namespace spaceca::service
