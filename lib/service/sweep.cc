// All that must happen in time, in its order.
#include <algorithm>
#include <iterator>

#include <spaceca/authority.h>

#include "service/clock_watch.h"
#include "service/core.h"

namespace spaceca {

SweepReport Authority::sweep(const SweepOptions& options) {
  SweepReport report;
  report.clock_suspect = service::look_at_clock(*impl_).suspect;
  if (options.publisher != nullptr) report.census = take_census(*options.publisher, options.deadline);
  report.renewals = renew_due(options.deadline);
  if (options.revoke_abandoned_after) {
    SweepPart abandoned = revoke_abandoned(*options.revoke_abandoned_after, options.deadline);
    std::ranges::move(abandoned.done, std::back_inserter(report.renewals.done));
    std::ranges::move(abandoned.failed, std::back_inserter(report.renewals.failed));
    report.renewals.unfinished = report.renewals.unfinished || abandoned.unfinished;
  }
  report.crls = refresh_crls(options.deadline);
  report.roots = advance_roots(options.deadline);
  if (options.publisher != nullptr) report.publications = publish_pending(*options.publisher, options.deadline);
  if (options.notifier != nullptr) report.notices = deliver_notices(*options.notifier, options.deadline);
  return report;
}

}  // namespace spaceca
