// A root in the making.
#pragma once

#include <memory>
#include <string_view>

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

}  // namespace spaceca::service
