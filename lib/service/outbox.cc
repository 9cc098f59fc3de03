// Notices on their way: claimed until a deadline, delivered, and recorded; tried again with pauses that grow up to a day.
#include <algorithm>

#include <fmt/format.h>

#include <spaceca/authority.h>
#include <spaceca/error.h>

#include "service/clock_watch.h"
#include "service/core.h"
#include "service/issuance.h"
#include "service/words.h"
#include "store/certificates.h"
#include "store/databases.h"
#include "store/notices.h"
#include "store/spaces.h"

namespace spaceca {
namespace service {
namespace {

constexpr std::chrono::minutes kClaim{10};
constexpr std::chrono::days kLate{7};
constexpr std::chrono::seconds kLongestPause{86'400};
constexpr std::int64_t kAtATime = 100;

std::chrono::seconds pause_after(std::int64_t attempts) {
  constexpr std::chrono::seconds kFirst{60};
  return attempts > 10 ? kLongestPause : std::min(kLongestPause, kFirst * (std::int64_t{1} << attempts));
}

Notice notice_of(sql::Transaction& tx, const store::NoticeRow& row) {
  const store::CertificateRow certificate = store::certificate_of(tx, row.certificate);
  const store::DatabaseRow database = store::database_of(tx, certificate.database);
  Notice notice{.id = certificate_id(row.id).text(),
                .kind = notice_kind_of(row.kind),
                .created_at = row.created_at,
                .space = SpaceName{store::space_of(tx, database.space).name},
                .database = DatabaseName{database.name},
                .app = AppName{database.app},
                .contacts = lines_of(database.contacts),
                .role = RoleName{certificate.role},
                .certificate = certificate_id(certificate.id),
                .serial = Serial{ByteView{certificate.serial}},
                .not_after = certificate.not_after};
  if (certificate.predecessor) {
    notice.predecessor = certificate_id(*certificate.predecessor);
    notice.predecessor_ends = store::certificate_of(tx, *certificate.predecessor).not_after;
  }
  return notice;
}

void deliver(Core& core, Notifier& notifier, store::NoticeRow row, SweepPart& part) {
  const Instant now = core.now();
  bool claimed = false;
  std::optional<Notice> notice;
  core.commits.run([&](sql::Transaction& tx) {
    claimed = store::claim(tx, row, now + kClaim);
    if (claimed) notice.emplace(notice_of(tx, row));
  });
  if (!claimed) return;  // another sweep was faster
  std::string why;
  try {
    notifier.deliver(*notice);
  } catch (const std::exception& error) {
    why = error.what();
    if (why.empty()) why = "the notifier gave no reason";
  }
  core.commits.run([&](sql::Transaction& tx) {
    if (why.empty()) {
      store::record_delivered(tx, row.id, now);
    } else {
      const Instant again = now + pause_after(row.attempts);
      store::record_not_delivered(tx, row.id, why, again <= notice->not_after ? std::optional{again} : std::nullopt);
    }
  });
  const std::string what = fmt::format("{} of certificate {}", text_of(notice->kind), notice->certificate.text());
  if (why.empty()) {
    part.done.push_back({notice->space, notice->id, what});
  } else {
    part.failed.push_back({notice->space, notice->id, what + ": " + why});
  }
  if (!why.empty() && row.created_at + kLate < now) {
    part.late.push_back({notice->space, notice->id, fmt::format("{} has waited since {}", what, text_of(row.created_at))});
  }
}

}  // namespace
}  // namespace service

SweepPart Authority::deliver_notices(Notifier& notifier, Deadline deadline) {
  service::Core& core = *impl_;
  SweepPart part;
  const Instant now = core.now();
  for (;;) {
    const auto rows = [&] {
      const auto tx = core.driver.read();
      // Nobody is mailed by a clock that stands behind what was seen.
      if (service::clock_verdict(*tx, now).behind) return std::vector<store::NoticeRow>{};
      return store::notices_to_deliver(*tx, now, now + service::kLongestPause, service::kAtATime);
    }();
    if (rows.empty()) return part;
    for (const store::NoticeRow& row : rows) {
      if (std::chrono::steady_clock::now() >= deadline) {
        part.unfinished = true;
        return part;
      }
      service::deliver(core, notifier, row, part);
    }
  }
}

}  // namespace spaceca
