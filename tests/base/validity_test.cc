#include <stdlib.h>

#include <array>
#include <string>
#include <vector>

#include <spaceca/validity.h>

#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using std::chrono::days;
using std::chrono::months;

TEST_CASE("n months later is the same day and second of the n-th month, or the last day of a shorter one", "[validity]") {
  const auto [start, n, expected] = GENERATE(table<std::string, int, std::string>({
      {"2025-01-15T10:00:00Z", 13, "2026-02-15T10:00:00Z"},
      {"2026-11-24T10:00:00Z", 13, "2027-12-24T10:00:00Z"},
      {"2026-11-30T23:59:59Z", 13, "2027-12-30T23:59:59Z"},
      {"2026-12-01T00:00:00Z", 13, "2028-01-01T00:00:00Z"},
      {"2026-01-31T10:00:00Z", 13, "2027-02-28T10:00:00Z"},  // February has no 31st
      {"2026-01-30T10:00:00Z", 13, "2027-02-28T10:00:00Z"},
      {"2026-01-29T10:00:00Z", 13, "2027-02-28T10:00:00Z"},
      {"2026-01-28T10:00:00Z", 13, "2027-02-28T10:00:00Z"},
      {"2027-01-31T10:00:00Z", 13, "2028-02-29T10:00:00Z"},  // but a 29th in a leap year
      {"2027-01-29T10:00:00Z", 13, "2028-02-29T10:00:00Z"},
      {"2026-03-31T10:00:00Z", 13, "2027-04-30T10:00:00Z"},  // the months of thirty days
      {"2026-05-31T10:00:00Z", 13, "2027-06-30T10:00:00Z"},
      {"2026-08-31T10:00:00Z", 13, "2027-09-30T10:00:00Z"},
      {"2026-10-31T10:00:00Z", 13, "2027-11-30T10:00:00Z"},
      {"2026-12-31T23:59:59Z", 13, "2028-01-31T23:59:59Z"},
      {"2026-04-30T10:00:00Z", 13, "2027-05-30T10:00:00Z"},  // the last of a short month is not the last of a long one
      {"2028-02-29T10:00:00Z", 13, "2029-03-29T10:00:00Z"},
      {"2028-02-29T10:00:00Z", 12, "2029-02-28T10:00:00Z"},
      {"2028-02-29T10:00:00Z", 48, "2032-02-29T10:00:00Z"},
      {"2026-11-24T10:00:00Z", 120, "2036-11-24T10:00:00Z"},
      {"2028-02-29T10:00:00Z", 120, "2038-02-28T10:00:00Z"},
      {"2026-11-24T10:00:00Z", 0, "2026-11-24T10:00:00Z"},
      {"2028-02-29T23:59:59Z", 0, "2028-02-29T23:59:59Z"},
      {"2026-01-31T10:00:00Z", 1, "2026-02-28T10:00:00Z"},
      {"2049-06-15T10:00:00Z", 13, "2050-07-15T10:00:00Z"},
  }));
  INFO(start << " + " << n);
  CHECK(rfc3339(months_after(instant(start), months{n})) == expected);
}

TEST_CASE("a century is a leap year only if four hundred divides it", "[validity]") {
  const auto [start, n, expected] = GENERATE(table<std::string, int, std::string>({
      {"1999-01-31T10:00:00Z", 13, "2000-02-29T10:00:00Z"},
      {"2099-01-31T10:00:00Z", 13, "2100-02-28T10:00:00Z"},
      {"2199-01-31T10:00:00Z", 13, "2200-02-28T10:00:00Z"},
      {"2299-01-31T10:00:00Z", 13, "2300-02-28T10:00:00Z"},
      {"2399-01-31T10:00:00Z", 13, "2400-02-29T10:00:00Z"},
      {"2096-02-29T10:00:00Z", 48, "2100-02-28T10:00:00Z"},
      {"2000-02-29T10:00:00Z", 4800, "2400-02-29T10:00:00Z"},
  }));
  CHECK(rfc3339(months_after(instant(start), months{n})) == expected);
}

TEST_CASE("a negative number of months goes back", "[validity]") {
  const auto [start, n, expected] = GENERATE(table<std::string, int, std::string>({
      {"2026-03-31T10:00:00Z", -1, "2026-02-28T10:00:00Z"},
      {"2028-03-31T10:00:00Z", -1, "2028-02-29T10:00:00Z"},
      {"2026-01-31T10:00:00Z", -1, "2025-12-31T10:00:00Z"},
      {"2027-12-24T10:00:00Z", -13, "2026-11-24T10:00:00Z"},
      {"2029-03-29T10:00:00Z", -13, "2028-02-29T10:00:00Z"},
      {"2029-03-30T10:00:00Z", -13, "2028-02-29T10:00:00Z"},
      {"2026-01-01T00:00:00Z", -12, "2025-01-01T00:00:00Z"},
      {"1970-01-31T23:59:59Z", -2, "1969-11-30T23:59:59Z"},
  }));
  CHECK(rfc3339(months_after(instant(start), months{n})) == expected);
}

TEST_CASE("thirteen months after every day of four centuries is that day of that month, or its last, at the same second",
          "[validity]") {
  // Counted by hand, without the calendar that the library uses.
  const auto days_in = [](int year, int month) {
    constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
  };
  struct Month {
    int year, month, first_day;  // days since 2000-01-01
  };
  std::vector<Month> calendar;
  int day = 0;
  for (int year = 2000; year <= 2402; ++year) {
    for (int month = 1; month <= 12; ++month) {
      calendar.push_back({year, month, day});
      day += days_in(year, month);
    }
  }
  const Instant start = instant("2000-01-01T00:00:00Z");

  int checked = 0;
  std::vector<std::string> wrong;
  for (std::size_t m = 0; m < 401 * 12; ++m) {
    const Month& from = calendar[m];
    const Month& to = calendar[m + 13];
    for (int d = 1; d <= days_in(from.year, from.month); ++d) {
      const std::chrono::seconds time{(checked * 7919) % 86400};
      const Instant given = start + days{from.first_day + d - 1} + time;
      const Instant expected = start + days{to.first_day + std::min(d, days_in(to.year, to.month)) - 1} + time;
      if (months_after(given, months{13}) != expected) wrong.push_back(rfc3339(given));
      ++checked;
    }
  }
  CHECK(checked == 146463);  // 401 years with 98 leap days among them
  CHECK(wrong == std::vector<std::string>{});
}

TEST_CASE("a certificate is due from seventy-five days before its end, to the second, and for ever after", "[validity][renewal]") {
  const Validity validity{instant("2025-11-15T09:55:00Z"), instant("2026-12-15T10:00:00Z")};
  const auto [now, due] = GENERATE(table<std::string, bool>({
      {"2025-11-15T09:55:00Z", false},
      {"2026-10-01T09:59:59Z", false},
      {"2026-10-01T10:00:00Z", true},
      {"2026-10-01T10:00:01Z", true},
      {"2026-12-15T10:00:00Z", true},
      {"2026-12-15T10:00:01Z", true},
      {"2030-01-01T00:00:00Z", true},
  }));
  INFO(now);
  CHECK(is_due(validity, instant(now)) == due);
}

TEST_CASE("another window moves the moment from which a certificate is due", "[validity][renewal]") {
  const Validity validity{instant("2025-11-15T09:55:00Z"), instant("2026-12-15T10:00:00Z")};
  const auto [window, before, from] = GENERATE(table<int, std::string, std::string>({
      {0, "2026-12-15T09:59:59Z", "2026-12-15T10:00:00Z"},
      {1, "2026-12-14T09:59:59Z", "2026-12-14T10:00:00Z"},
      {30, "2026-11-15T09:59:59Z", "2026-11-15T10:00:00Z"},
      {395, "2025-11-15T09:59:59Z", "2025-11-15T10:00:00Z"},
  }));
  INFO(window);
  CHECK_FALSE(is_due(validity, instant(before), days{window}));
  CHECK(is_due(validity, instant(from), days{window}));
}

TEST_CASE("a validity starts five minutes back and ends the whole months after the creation", "[validity]") {
  const auto [creation, lifetime, starts, ends] = GENERATE(table<std::string, months, std::string, std::string>({
      {"2026-11-24T10:00:00Z", kLeafLifetime, "2026-11-24T09:55:00Z", "2027-12-24T10:00:00Z"},
      {"2026-11-24T10:00:00Z", kRootLifetime, "2026-11-24T09:55:00Z", "2036-11-24T10:00:00Z"},
      {"2026-01-01T00:00:00Z", kLeafLifetime, "2025-12-31T23:55:00Z", "2027-02-01T00:00:00Z"},
      {"2026-01-31T00:04:59Z", kLeafLifetime, "2026-01-30T23:59:59Z", "2027-02-28T00:04:59Z"},  // not the 30th's months
  }));
  const Validity validity = validity_from(instant(creation), lifetime);
  CHECK(rfc3339(validity.not_before) == starts);
  CHECK(rfc3339(validity.not_after) == ends);
}

TEST_CASE("the promised numbers are thirteen months, ten years, seventy-five days and five minutes", "[validity]") {
  CHECK(kLeafLifetime.count() == 13);
  CHECK(kRootLifetime.count() == 120);
  CHECK(kRenewalWindow.count() == 75);
  CHECK(kBackdating.count() == 5);
}

TEST_CASE("an instant is shown in UTC to the second, wherever the machine is", "[clock]") {
  const auto [seconds, text] = GENERATE(table<long, std::string>({
      {0L, "1970-01-01 00:00:00"},
      {-1L, "1969-12-31 23:59:59"},
      {951782400L, "2000-02-29 00:00:00"},
      {1806487445L, "2027-03-31 10:04:05"},
      {2111133601L, "2036-11-24 10:00:01"},
      {2147483648L, "2038-01-19 03:14:08"},
      {253402300799L, "9999-12-31 23:59:59"},
  }));
  setenv("TZ", "America/New_York", 1);
  CHECK(text_of(Instant{std::chrono::seconds{seconds}}) == text);
  unsetenv("TZ");
}
