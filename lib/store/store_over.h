// Where an engine's component meets the core, and where what is kept in a store finds the engine.
#pragma once

#include <memory>

#include <spaceca/export.h>
#include <spaceca/store.h>

#include "store/sql.h"

namespace spaceca {

struct SPACECA_NO_EXPORT Store::Impl {
  std::unique_ptr<sql::Driver> driver;
};

namespace detail {

// The library's own door to what a store is made of: the public header shows none of it.
struct StoreAccess {
  static sql::Driver& driver(const Store& store) { return *store.impl_->driver; }
};

}  // namespace detail

// The store that this driver has opened, its schema brought up to date. Exported for our own components, which are libraries of
// their own and always of the core's version; not for users.
[[nodiscard]] SPACECA_EXPORT std::unique_ptr<Store> store_over(std::unique_ptr<sql::Driver> driver);

}  // namespace spaceca
