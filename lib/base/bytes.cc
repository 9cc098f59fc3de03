#include <spaceca/bytes.h>

#include <string.h>

namespace spaceca {

void wipe(void* octets, std::size_t size) noexcept {
  if (size > 0) explicit_bzero(octets, size);
}

}  // namespace spaceca
