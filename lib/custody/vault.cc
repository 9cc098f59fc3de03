#include <spaceca/vault.h>

namespace spaceca {

Vault::~Vault() = default;

}  // namespace spaceca
