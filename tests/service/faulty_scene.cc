#include "service/faulty_scene.h"

#include "store/scene.h"
#include "store/store_over.h"

namespace spaceca::test {

std::unique_ptr<FaultyDriver> faulty_driver_at(const std::filesystem::path& file) {
  return std::make_unique<FaultyDriver>(driver_at(file));
}

FaultyWorld::FaultyWorld(const AuthorityScene& scene, const std::filesystem::path& file)
    : clock(scene.clock.now()), servers(clock), vault(scene.vault.get()) {
  servers.servers = scene.servers.servers;
  mail.delivered = scene.mail.delivered;
  const std::filesystem::path copy = folder_.path() / "ca.db";
  std::filesystem::copy_file(file, copy);
  auto faulty = faulty_driver_at(copy);
  driver = faulty.get();
  store = store_over(std::move(faulty));
  restart();
}

void FaultyWorld::restart() {
  driver->disarm();
  authority = std::make_unique<Authority>(*store, *vault, clock);
}

}  // namespace spaceca::test
