// What follows a commit within a verb. A verb that throws has done nothing, unless the code is Errc::io and it says what it did.
#pragma once

#include <string_view>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "service/failure.h"

namespace spaceca::service {

// `done`: what is durable by now, as a clause.
template <class Work>
auto after(std::string_view done, const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (...) {
    const Failure failure = caught();
    throw Error{Errc::io, fmt::format("{}; then: {}", done, failure.why), failure.findings};
  }
}

}  // namespace spaceca::service
