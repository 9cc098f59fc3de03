// Roots: in the making, and as those of a space stand.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "service/core.h"
#include "store/roots.h"

namespace spaceca::service {

// A root with its first, empty list; not recorded yet.
struct NewRoot {
  store::RootRow row;
  Crl list;
  store::CrlRow crl;  // borrows from that
  std::shared_ptr<const Issuer> issuer;
};
[[nodiscard]] NewRoot make_root(Core& core, const Id& space, const SpaceName& name, std::int64_t generation, std::string_view state,
                                Instant now);
// Commits `work`, which records it. If that throws, the new key is destroyed; if the commit does, whether it was done may be
// unknown, and the key stays.
void commit_root(Core& core, const NewRoot& root, const std::function<void(sql::Transaction&)>& work);

// Of roots that sign nothing any more, being retired or distrusted: in the vault first, and the handle is forgotten when that is
// done. Whatever broke off is begun again.
void destroy_spent_keys(Core& core, const Id& space);

// Of those that are trusted.
struct Generations {
  std::optional<store::RootRow> next;
  std::optional<store::RootRow> active;
  std::vector<store::RootRow> retiring;
};
[[nodiscard]] Generations read_generations(sql::Transaction& tx, const Id& space);
// Whether a root that was to be the next one has waited for so long that another would have to follow it at once.
[[nodiscard]] bool is_stale(const store::RootRow& next, Instant now);

[[noreturn]] void refuse_rotation(std::string_view why);  // Errc::policy
// Errc::policy if it is no longer in the state that was read.
void move(sql::Transaction& tx, const store::RootRow& root, std::string_view to, Instant now);

}  // namespace spaceca::service
