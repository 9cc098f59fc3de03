#include <spaceca/error.h>

#include <utility>

namespace spaceca {

Error::Error(Errc code, const std::string& text, std::vector<Finding> findings)
    : std::runtime_error(text), code_(code), findings_(std::move(findings)) {}

Error::~Error() = default;

bool Error::retryable() const noexcept {
  return code_ == Errc::io || code_ == Errc::no_space || code_ == Errc::busy || code_ == Errc::unreachable;
}

}  // namespace spaceca
