// How somebody else's part failed: a Publisher, a Notifier, a Vault and a Signer may throw what they like.
#pragma once

#include <string>
#include <vector>

#include <spaceca/error.h>

namespace spaceca::service {

struct Failure {
  std::string why;
  Errc code;  // io for what is no Error
  std::vector<Finding> findings = {};
};
// Within a catch block: what was caught.
[[nodiscard]] Failure caught();

}  // namespace spaceca::service
