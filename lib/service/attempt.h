// One thing of many that a sweep does: what it throws keeps the others from nothing.
#pragma once

#include "service/failure.h"

namespace spaceca::service {

// Does the work; whatever that throws goes to `failed(why, code)`. Errc::io stands for what is no Error: seams are written by
// others.
template <class Work, class Failed>
void attempt(const Work& work, const Failed& failed) {
  try {
    work();
  } catch (...) {
    const Failure failure = caught();
    failed(failure.why, failure.code);
  }
}

}  // namespace spaceca::service
