// Notices on their way: claimed until a deadline, delivered, and recorded; tried again with pauses that grow up to a day.
#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>

#include <spaceca/authority.h>
#include <spaceca/error.h>

#include "service/clock_watch.h"
#include "service/core.h"
#include "service/failure.h"
#include "service/issuance.h"
#include "service/reminders.h"
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
constexpr std::chrono::hours kSlack{1};  // so much may the clocks of two machines differ
constexpr std::int64_t kNoticesAtATime = 100;
constexpr int kMostUnanswered = 3;  // in a row

std::chrono::seconds pause_after(std::int64_t attempts) {
  constexpr std::chrono::seconds kFirst{60};
  return attempts > 10 ? kLongestPause : std::min(kLongestPause, kFirst * (std::int64_t{1} << attempts));
}

Notice notice_of(sql::Transaction& tx, const store::NoticeRow& row, Instant now) {
  const store::CertificateRow certificate = store::certificate_of(tx, row.certificate);
  const store::DatabaseRow database = store::database_of(tx, certificate.database);
  Notice notice{.id = certificate_id(row.id).text(),
                .kind = notice_kind_of(row.kind),
                .created_at = row.created_at,
                .told_at = now,
                .space = SpaceName{store::space_of(tx, database.space).name},
                .database = DatabaseName{database.name},
                .app = AppName{database.app},
                .contacts = lines_of(database.contacts),
                .role = RoleName{certificate.role},
                .certificate = certificate_id(certificate.id),
                .serial = Serial{ByteView{certificate.serial}},
                .not_after = certificate.not_after,
                .key_is_kept = certificate.custody == "sealed",
                .delivered_by = lines_of(row.delivered_by)};
  const bool replaces = notice.kind == NoticeKind::renewed || (notice.kind == NoticeKind::reminder && reminds_of_renewal(row));
  if (replaces && certificate.predecessor) {
    const store::CertificateRow old = store::certificate_of(tx, *certificate.predecessor);
    notice.predecessor = certificate_id(old.id);
    notice.predecessor_serial = Serial{ByteView{old.serial}};
    notice.predecessor_ends = old.not_after;
  }
  return notice;
}

// How a notifier ended.
struct Attempt {
  std::string why;  // empty: delivered
  std::optional<Errc> code = {};
  std::optional<std::string> delivered_by = {};  // channels, where not all have
};

Attempt try_to_deliver(Notifier& notifier, const Notice& notice) {
  try {
    notifier.deliver(notice);
    return {};
  } catch (const PartlyDelivered& error) {
    return {error.what(), error.code(), joined_lines(error.delivered_by())};
  } catch (...) {
    const Failure failure = caught();
    return {failure.why, failure.code};
  }
}

// A successor that was revoked is not to be fetched, and who has asked anew is waited for no longer. That a key has left is told in
// any case.
bool is_needed_still(sql::Transaction& tx, const store::NoticeRow& row, Instant now) {
  const NoticeKind kind = notice_kind_of(row.kind);
  if (kind == NoticeKind::reminder) return is_needed(tx, row, now);
  if (kind == NoticeKind::downloaded) return true;
  const store::CertificateRow certificate = store::certificate_of(tx, row.certificate);
  return store::is_live(certificate.state) && !(kind == NoticeKind::awaiting_request && certificate.successor);
}

// What kept it from being delivered, if anything did and it is known.
std::optional<Errc> deliver(Core& core, Notifier& notifier, const store::NoticeRow& row, SweepPart& part) {
  const Instant now = core.now();
  std::optional<Notice> notice;
  core.commits.run([&](sql::Transaction& tx) {
    notice.reset();
    if (!store::claim(tx, row, now + kClaim)) return;  // another sweep was faster
    if (!is_needed_still(tx, row, now)) {
      store::record_not_delivered(tx, row.id, "what it asks for was done, or is of no use any more", std::nullopt);
      return;
    }
    notice.emplace(notice_of(tx, row, now));
  });
  if (!notice) return std::nullopt;
  const Attempt made = try_to_deliver(notifier, *notice);
  const Instant again = now + pause_after(row.attempts);
  const bool given_up = !made.why.empty() && again > notice->not_after;
  core.commits.run([&](sql::Transaction& tx) {
    if (made.why.empty()) {
      store::record_delivered(tx, row.id, now);
      return;
    }
    if (made.delivered_by) store::record_partly_delivered(tx, row.id, *made.delivered_by);
    store::record_not_delivered(tx, row.id, made.why, given_up ? std::nullopt : std::optional{again});
  });
  const std::string what = fmt::format("{} of certificate {}", text_of(notice->kind), notice->certificate.text());
  if (made.why.empty()) {
    part.done.push_back({notice->space, notice->id, what});
    return std::nullopt;
  }
  part.failed.push_back({notice->space, notice->id, what + ": " + made.why, made.code});
  if (given_up) part.late.push_back({notice->space, notice->id, fmt::format("{} is given up: that has ended", what)});
  return made.code;
}

SpaceName space_of(sql::Transaction& tx, const store::NoticeRow& row) {
  const store::CertificateRow certificate = store::certificate_of(tx, row.certificate);
  return SpaceName{store::space_of(tx, store::database_of(tx, certificate.database).space).name};
}

// One that cannot even be read, so that it does not keep the others back: it is tried again as what a notifier refuses is.
void set_aside(Core& core, const store::NoticeRow& row, const Failure& failure, SweepPart& part) {
  const Instant now = core.now();
  std::optional<SpaceName> space;
  core.commits.run([&](sql::Transaction& tx) {
    space.emplace(space_of(tx, row));
    if (store::claim(tx, row, now + kClaim)) store::record_not_delivered(tx, row.id, failure.why, now + pause_after(row.attempts));
  });
  part.failed.push_back({*space, certificate_id(row.id).text(),
                         fmt::format("{} of certificate {}: {}", row.kind, certificate_id(row.certificate).text(), failure.why),
                         failure.code});
}

// What nobody was told for a week, whether it was tried now or waits for its next time.
void tell_late(Core& core, Instant now, SweepPart& part) {
  const auto tx = core.driver.read();
  for (const store::NoticeRow& row : store::notices_waiting(*tx, now - kLate, kNoticesAtATime)) {
    part.late.push_back({space_of(*tx, row), certificate_id(row.id).text(),
                         fmt::format("{} of certificate {} has waited since {}", row.kind, certificate_id(row.certificate).text(),
                                     text_of(row.created_at))});
  }
}

void deliver_due(Core& core, Notifier& notifier, Deadline deadline, SweepPart& part) {
  std::set<Id> asked;  // each once, whatever the clock does meanwhile
  int unanswered = 0;
  for (;;) {
    const auto rows = [&] {
      const Instant now = core.now();
      const auto tx = core.driver.read();
      // Nobody is mailed by a clock that stands behind what was seen.
      if (clock_verdict(*tx, now).behind) return std::vector<store::NoticeRow>{};
      auto due = store::notices_to_deliver(*tx, now, now + kLongestPause + kSlack, kNoticesAtATime);
      std::erase_if(due, [&asked](const store::NoticeRow& row) { return asked.contains(row.id); });
      return due;
    }();
    if (rows.empty()) return;
    for (const store::NoticeRow& row : rows) {
      if (std::chrono::steady_clock::now() >= deadline || unanswered == kMostUnanswered) {
        part.unfinished = true;
        return;
      }
      asked.insert(row.id);
      std::optional<Errc> kept_by;
      try {
        kept_by = deliver(core, notifier, row, part);
      } catch (...) {
        set_aside(core, row, caught(), part);
      }
      unanswered = kept_by == Errc::unreachable ? unanswered + 1 : 0;
    }
  }
}

}  // namespace
}  // namespace service

SweepPart Authority::deliver_notices(Notifier& notifier, Deadline deadline) {
  service::Core& core = *impl_;
  SweepPart part;
  service::deliver_due(core, notifier, deadline, part);
  service::tell_late(core, core.now(), part);
  return part;
}

}  // namespace spaceca
