#include "store/notices.h"

namespace spaceca::store {

void insert(sql::Transaction& tx, const NoticeRow& notice) {
  tx.execute(
      "INSERT INTO notices (id, certificate, kind, occasion, created_at, next_attempt_at) VALUES ($1, $2, $3, $4, $5, $6) "
      "ON CONFLICT (certificate, kind, occasion) DO NOTHING",
      {value_of(notice.id), value_of(notice.certificate), notice.kind, notice.occasion, value_of(notice.created_at),
       value_of(notice.next_attempt_at)});
}

std::optional<Instant> told_at(sql::Transaction& tx, const Id& certificate, std::string_view kind, std::string_view occasion) {
  const auto rows = tx.execute("SELECT created_at FROM notices WHERE certificate = $1 AND kind = $2 AND occasion = $3",
                               {value_of(certificate), kind, occasion});
  if (rows.empty()) return std::nullopt;
  return instant_of(rows[0].integer(0));
}

namespace {

constexpr sql::Literal kNoticeColumns{
    "SELECT id, certificate, kind, occasion, created_at, attempts, next_attempt_at, delivered_by FROM notices "
    "WHERE next_attempt_at IS NOT NULL AND "};

NoticeRow notice_row(const sql::Row& row) {
  Reader read{row};
  NoticeRow notice;
  notice.id = read.id();
  notice.certificate = read.id();
  notice.kind = read.text();
  notice.occasion = read.text();
  notice.created_at = read.instant();
  notice.attempts = read.integer();
  notice.next_attempt_at = read.instant();
  notice.delivered_by = read.text();
  return notice;
}

}  // namespace

std::vector<NoticeRow> notices_to_deliver(sql::Transaction& tx, Instant now, Instant never, std::int64_t limit) {
  return collected(
      tx, sql::kJoined<kNoticeColumns, "(next_attempt_at <= $1 OR next_attempt_at > $2) ORDER BY next_attempt_at, id LIMIT $3">,
      {value_of(now), value_of(never), limit}, notice_row);
}

std::vector<NoticeRow> notices_waiting(sql::Transaction& tx, Instant made_before, std::int64_t limit) {
  return collected(tx, sql::kJoined<kNoticeColumns, "created_at < $1 ORDER BY created_at, id LIMIT $2">,
                   {value_of(made_before), limit}, notice_row);
}

bool claim(sql::Transaction& tx, const NoticeRow& notice, Instant until) {
  return tx.execute(
               "UPDATE notices SET next_attempt_at = $4, attempts = attempts + 1 "
               "WHERE id = $1 AND next_attempt_at = $2 AND attempts = $3",
               {value_of(notice.id), value_of(notice.next_attempt_at), notice.attempts, value_of(until)})
             .changed() == 1;
}

void record_delivered(sql::Transaction& tx, const Id& notice, Instant at) {
  tx.execute("UPDATE notices SET delivered_at = $2, next_attempt_at = NULL, last_error = '' WHERE id = $1 AND delivered_at IS NULL",
             {value_of(notice), value_of(at)});
}

void record_partly_delivered(sql::Transaction& tx, const Id& notice, std::string_view channels) {
  tx.execute("UPDATE notices SET delivered_by = $2 WHERE id = $1 AND delivered_at IS NULL", {value_of(notice), channels});
}

void record_not_delivered(sql::Transaction& tx, const Id& notice, std::string_view why, const std::optional<Instant>& again) {
  tx.execute("UPDATE notices SET last_error = $2, next_attempt_at = $3 WHERE id = $1 AND delivered_at IS NULL",
             {value_of(notice), why, value_of(again)});
}

}  // namespace spaceca::store
