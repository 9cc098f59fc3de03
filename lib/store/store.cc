#include <spaceca/store.h>

#include <utility>

#include "store/migrations.h"
#include "store/store_over.h"

namespace spaceca {

Store::Store(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

Store::~Store() = default;

void Store::backup(const std::filesystem::path& file) const { impl_->driver->backup(file); }

std::vector<Finding> Store::check() const { return impl_->driver->check(); }

std::unique_ptr<Store> store_over(std::unique_ptr<sql::Driver> driver) {
  driver->migrate(migrations());
  return std::make_unique<Store>(std::make_unique<Store::Impl>(Store::Impl{std::move(driver)}));
}

}  // namespace spaceca
