#include "base/url_text.h"

namespace spaceca {

bool falls_apart(std::string_view behind_scheme) {
  const auto at = behind_scheme.find('@');
  return at != std::string_view::npos &&
         (at > behind_scheme.find_first_of("/?") || behind_scheme.find('@', at + 1) != std::string_view::npos);
}

}  // namespace spaceca
