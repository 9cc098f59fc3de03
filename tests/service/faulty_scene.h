// A store as a scene left it, copied as often as it is to be broken.
#pragma once

#include <filesystem>
#include <memory>

#include "service/faulty_driver.h"
#include "service/scene.h"

namespace spaceca::test {

// An authority on a copy of a scene's store, over a driver that fails when it is told to. It starts where the scene's clock,
// servers and mail stand.
class FaultyWorld {
  TemporaryFolder folder_{FolderOn::memory};

 public:
  // `file`: a backup of the scene's store.
  FaultyWorld(const AuthorityScene& scene, const std::filesystem::path& file);

  // As after a crash: nothing is remembered but what the store holds.
  void restart();
  [[nodiscard]] Space space() { return authority->space(SpaceName{"acme"}, kOps); }

  HandClock clock;
  PlayedServers servers;
  PlayedMail mail;
  FaultyDriver* driver = nullptr;  // the store's
  std::unique_ptr<Store> store;
  const Vault* vault;
  std::unique_ptr<Authority> authority;
};

// The driver alone, on a store that is there.
[[nodiscard]] std::unique_ptr<FaultyDriver> faulty_driver_at(const std::filesystem::path& file);

}  // namespace spaceca::test
