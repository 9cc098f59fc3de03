#include <spaceca/publisher.h>

namespace spaceca {

Publisher::~Publisher() = default;

}  // namespace spaceca
