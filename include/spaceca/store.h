// Where an authority keeps what it must remember. A component opens one: sqlite_store.h. Any thread; several processes may have the
// same store open. What is kept, and how, is the library's own affair: there is nothing in here to be read or written past it.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include <spaceca/error.h>
#include <spaceca/export.h>

namespace spaceca {

namespace detail {
struct StoreAccess;
}

// Not to be used across fork(): Errc::wrong_process in the child, where its going leaves the parent's files alone.
class SPACECA_EXPORT Store final {
 public:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl) noexcept;  // for the library
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store();

  // Copies one state of the store to a new file of mode 0600, whole or not at all, while others go on writing. The copy is read
  // once in full before it gets its name: Errc::corrupt if it is damaged, which the store then is too. Errc::exists if there is
  // such a file, not_found if there is no such folder, permission, no_space, io. The private keys in it are sealed, and what opens
  // them is not in it.
  void backup(const std::filesystem::path& file) const;

  // Reads everything and says what is damaged; empty is good. Takes as long as reading the file does. Opening a store looks at far
  // less, and nothing is ever repaired: a damaged store is replaced by a backup.
  [[nodiscard]] std::vector<Finding> check() const;

 private:
  friend struct detail::StoreAccess;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spaceca
