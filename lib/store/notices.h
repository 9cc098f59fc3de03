// The rows of notices, an outbox.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/columns.h"
#include "store/sql.h"

namespace spaceca::store {

struct NoticeRow {
  Id id;
  Id certificate;
  std::string kind;
  std::string occasion;
  Instant created_at;
  std::int64_t attempts = 0;
  Instant next_attempt_at;
  std::string delivered_by = {};  // channels, one a line
};

// Does nothing if there is one of that kind and occasion.
void insert(sql::Transaction& tx, const NoticeRow& notice);
// When one of that kind and occasion was written.
[[nodiscard]] std::optional<Instant> told_at(sql::Transaction& tx, const Id& certificate, std::string_view kind,
                                             std::string_view occasion);
// Those whose next attempt is due, or so far ahead (after `never`) that only a clock which was wrong can have put it there.
[[nodiscard]] std::vector<NoticeRow> notices_to_deliver(sql::Transaction& tx, Instant now, Instant never, std::int64_t limit);
// Those that nobody has been told for so long, the oldest first.
[[nodiscard]] std::vector<NoticeRow> notices_waiting(sql::Transaction& tx, Instant made_before, std::int64_t limit);
// Takes it, until that time, from whoever else may be at it: false if somebody else was faster.
[[nodiscard]] bool claim(sql::Transaction& tx, const NoticeRow& notice, Instant until);
void record_delivered(sql::Transaction& tx, const Id& notice, Instant at);
// As delivered by these channels, one a line, and not by others yet.
void record_partly_delivered(sql::Transaction& tx, const Id& notice, std::string_view channels);
// `again` as none: it is given up.
void record_not_delivered(sql::Transaction& tx, const Id& notice, std::string_view why, const std::optional<Instant>& again);

}  // namespace spaceca::store
