// The sealed vault, by the suite that every vault passes.
#include "custody/vault_scene.h"

namespace spaceca::test {

class VaultUnderTest {
 public:
  VaultUnderTest() : vault_(create_sealed_vault(scene_.store(), scene_.key(), kNow)) {}
  const Vault& vault() { return *vault_; }

 private:
  VaultScene scene_;
  std::unique_ptr<Vault> vault_;
};

}  // namespace spaceca::test

#include "conformance/vault_suite.h"
