// What follows a commit within a verb. A verb that throws has done nothing, unless the code is Errc::io and it says what it did.
#pragma once

#include <string_view>

#include <fmt/format.h>

#include <spaceca/error.h>

namespace spaceca::service {

// `done`: what is durable by now, as a clause.
template <class Work>
auto after(std::string_view done, const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const Error& error) {
    throw Error{Errc::io, fmt::format("{}; then: {}", done, error.what()), error.findings()};
  }
}

}  // namespace spaceca::service
