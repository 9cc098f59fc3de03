// What a compromised root leaves behind.
#pragma once

#include <spaceca/authority.h>

#include "service/core.h"
#include "store/spaces.h"

namespace spaceca::service {

// Goes on with what distrust() began: successors for what is alive under distrusted roots and has none.
void reissue_distrusted(Core& core, const store::SpaceRow& space, Deadline deadline, SweepPart& part);

}  // namespace spaceca::service
