#include <spaceca/sqlite_store.h>

#include <memory>

#include <fmt/format.h>

#include "store/sqlite_connection.h"
#include "store/sqlite_driver.h"
#include "store/sqlite_file.h"
#include "store/store_over.h"

namespace spaceca {
namespace {

store::SqliteFile file_at(const std::filesystem::path& path, const std::filesystem::path& shown) {
  // Absolute, so that SQLite finds no meaning of its own in it (":memory:", "file:…"), and a change of folder changes nothing.
  return {.path = std::filesystem::absolute(path).string(), .shown = shown.string()};
}

}  // namespace

std::unique_ptr<Store> create_sqlite_store(const std::filesystem::path& file) {
  store::NewSqliteFile made{file};
  const auto place = file_at(made.path(), file);
  store::SqliteConnection{place, store::SqliteConnection::Access::write, {}}.run(
      fmt::format("PRAGMA application_id = {}", store::kApplicationId));
  store_over(std::make_unique<store::SqliteDriver>(place)).reset();  // closed: then all of it is in the one file
  made.put_in_place();
  return open_sqlite_store(file);
}

std::unique_ptr<Store> open_sqlite_store(const std::filesystem::path& file) {
  store::check_is_ours(file);
  return store_over(std::make_unique<store::SqliteDriver>(file_at(file, file)));
}

}  // namespace spaceca
