#include <spaceca/validity.h>

namespace spaceca {

Instant months_after(Instant start, std::chrono::months n) {
  const auto day = std::chrono::floor<std::chrono::days>(start);
  auto date = std::chrono::year_month_day{day} + n;
  if (!date.ok()) date = date.year() / date.month() / std::chrono::last;
  return std::chrono::sys_days{date} + (start - day);
}

bool is_due(Validity validity, Instant now, std::chrono::days window) { return now >= validity.not_after - window; }

Validity validity_from(Instant creation, std::chrono::months lifetime) {
  return {.not_before = creation - kBackdating, .not_after = months_after(creation, lifetime)};
}

}  // namespace spaceca
