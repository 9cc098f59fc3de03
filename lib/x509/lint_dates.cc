// Dates: RFC 5280 4.1.2.5. Their form (UTCTime through 2049, GeneralizedTime from 2050 on, to the second, in UTC) is a condition of
// reading a Certificate.
#include "x509/lint.h"

#include <array>
#include <chrono>

#include <fmt/format.h>

namespace spaceca::x509 {
namespace {

Objection dates_reversed(const Specimen& specimen) { return judge_order(specimen.certificate.validity()); }

// Users take a certificate's own date for the end, and find out otherwise on the day.
Objection outlives_issuer(const Specimen& specimen) {
  if (specimen.issuer == nullptr) return {};
  const Instant end = specimen.certificate.validity().not_after;
  const Instant issuers_end = specimen.issuer->validity().not_after;
  if (end <= issuers_end) return {};
  return fmt::format("ends {}, its issuer ends {}", text_of(end), text_of(issuers_end));
}

Objection leaf_lifetime(const Specimen& specimen) {
  if (specimen.is_ca()) return {};
  return judge_lifetime(specimen.certificate.validity());
}

constexpr std::array kDateRules = {
    Rule{"dates-reversed", "RFC 5280 4.1.2.5", dates_reversed},
    Rule{"outlives-issuer", "RFC 5280 6.1.3", outlives_issuer},
    Rule{"leaf-lifetime", "CA/Browser Forum Baseline Requirements 6.3.2", leaf_lifetime},
};

}  // namespace

Objection judge_order(Validity validity) {
  if (validity.not_before <= validity.not_after) return {};
  return fmt::format("starts {} and ends before that, {}", text_of(validity.not_before), text_of(validity.not_after));
}

// Thirteen calendar months are 393 to 397 days, so this is the public rule of 2020 to 2026 that they just keep.
Objection judge_lifetime(Validity validity) {
  constexpr std::chrono::days kMost{398};
  // Both ends belong to it.
  const std::chrono::seconds lifetime = validity.not_after - validity.not_before + std::chrono::seconds{1};
  if (lifetime <= kMost) return {};
  return fmt::format("is good for {} days and {} seconds, the most is {} days", lifetime / std::chrono::days{1},
                     (lifetime % std::chrono::days{1}).count(), kMost.count());
}

std::span<const Rule> date_rules() { return kDateRules; }

}  // namespace spaceca::x509
