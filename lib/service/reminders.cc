#include "service/reminders.h"

#include <array>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "service/census.h"
#include "service/clock_watch.h"
#include "service/issuance.h"
#include "service/renewal.h"
#include "store/databases.h"

namespace spaceca::service {
namespace {

constexpr std::array<std::chrono::days, 3> kReminders{std::chrono::days{30}, std::chrono::days{7}, std::chrono::days{1}};

// What it is written to: the successor, or the certificate itself where a request is awaited.
struct Subject {
  Id certificate;
  NoticeKind told;
};
Subject subject_of(const store::CertificateRow& row) {
  if (row.successor) return {*row.successor, NoticeKind::renewed};
  return {row.id, NoticeKind::awaiting_request};
}

std::string occasion_of(const Subject& subject, std::chrono::days left) {
  return fmt::format("{}.{}", text_of(subject.told), left.count());
}

// Those whose end is up to `left` days away and more than `next`, in the database.
struct Window {
  std::chrono::days left;
  std::chrono::days next;
};

// A notice that was itself written so late says it all, and one of these was written once.
bool is_due(sql::Transaction& tx, const store::CertificateRow& row, const Window& window, Instant now) {
  const Subject subject = subject_of(row);
  const auto told = store::told_at(tx, subject.certificate, text_of(subject.told), "");
  return told && *told < row.not_after - window.left && is_in_use(tx, row, now) &&
         !store::told_at(tx, subject.certificate, text_of(NoticeKind::reminder), occasion_of(subject, window.left));
}

// False if the deadline came first.
bool remind_within(Core& core, const store::DatabasePlace& database, const Window& window, Instant now, Deadline deadline,
                   SweepPart& part) {
  constexpr Id kLast{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
  store::DuePlace place{closing_of(now + window.next), kLast};
  std::optional<SpaceName> space;
  for (;;) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::vector<store::CertificateRow> due;
    std::size_t seen = 0;
    {
      const auto tx = core.driver.read();
      for (store::CertificateRow& row :
           store::certificates_to_close(*tx, database.id, place, closing_of(now + window.left), kCertificatesAtATime)) {
        ++seen;
        place = {*row.due_at, row.id};
        if (is_due(*tx, row, window, now)) due.push_back(std::move(row));
      }
    }
    if (seen == 0) return true;
    if (due.empty()) continue;
    if (!space) space = space_name(core, database.space);
    std::vector<Id> reminded;
    core.commits.run([&](sql::Transaction& tx) {
      reminded.clear();
      for (const store::CertificateRow& before : due) {
        const store::CertificateRow row = store::certificate_of(tx, before.id);
        if (!is_due(tx, row, window, now)) continue;  // fetched, revoked or reminded of meanwhile
        const Subject subject = subject_of(row);
        tell(tx, subject.certificate, NoticeKind::reminder, occasion_of(subject, window.left), now);
        reminded.push_back(row.id);
      }
    });
    for (const Id& id : reminded) {
      part.done.push_back({*space, certificate_id(id).text(),
                           fmt::format("in use, so its owner is reminded: {} days or less are left", window.left.count())});
    }
  }
}

}  // namespace

void remind_holders(Core& core, Deadline deadline, SweepPart& part) {
  const Instant now = core.now();
  const auto databases = [&] {
    const auto tx = core.driver.read();
    // Each reminder is written once: by a clock that ran ahead it would come too early, and never again.
    if (clock_verdict(*tx, now).suspect) return std::vector<store::DatabasePlace>{};
    return store::all_databases(*tx);
  }();
  for (const store::DatabasePlace& database : databases) {
    for (std::size_t i = 0; i < kReminders.size(); ++i) {
      const Window window{kReminders.at(i), i + 1 < kReminders.size() ? kReminders.at(i + 1) : std::chrono::days{0}};
      if (remind_within(core, database, window, now, deadline, part)) continue;
      part.unfinished = true;
      return;
    }
  }
}

bool reminds_of_renewal(const store::NoticeRow& reminder) { return reminder.occasion.starts_with(text_of(NoticeKind::renewed)); }

bool is_needed(sql::Transaction& tx, const store::NoticeRow& reminder, Instant now) {
  const store::CertificateRow row = store::certificate_of(tx, reminder.certificate);
  if (!reminds_of_renewal(reminder)) return !row.successor && is_in_use(tx, row, now);
  return store::is_live(row.state) && row.predecessor && is_in_use(tx, store::certificate_of(tx, *row.predecessor), now);
}

}  // namespace spaceca::service
