// Stores with a sealed vault, in a folder of their own.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/sqlite_store.h>
#include <spaceca/vault.h>

#include "store/scene.h"
#include "store/sqlite_connection.h"
#include "support/files.h"
#include "support/text.h"

namespace spaceca::test {

inline const Instant kNow = instant("2026-11-24T10:00:00Z");

// UUIDs of a space and of a row in it, and a secret's place there.
inline constexpr std::array<std::uint8_t, 16> kSpace{0x01, 0x90, 0xaa};
inline constexpr std::array<std::uint8_t, 16> kRow{0x01, 0x90, 0xbb};
[[nodiscard]] inline Binding url_of_row() { return {.space = kSpace, .row = kRow, .purpose = "url"}; }

[[nodiscard]] inline Passphrase passphrase(std::string_view text) { return {SecretBytes{text}}; }

// The code of the Error that the work throws; none if it throws none.
[[nodiscard]] std::string outcome_of(const std::function<void()>& work);
[[nodiscard]] std::string name_of(Errc code);

class VaultScene {
 public:
  VaultScene();

  [[nodiscard]] std::filesystem::path place(const std::string& name) const { return folder_.path() / name; }
  [[nodiscard]] Store& store() { return *store_; }

  // A key file of that name, made when it is first asked for.
  [[nodiscard]] KeyFile key(const std::string& name = "ca.kek") const;

  // What opening does.
  [[nodiscard]] std::string opening(const VaultKey& key);
  // How many keys open it.
  [[nodiscard]] std::int64_t wraps() { return look("SELECT count(*) FROM vault_wraps")[0].integer(0); }
  // Past the store and its constraints.
  void sql(const std::string& text) { sql_.run(text); }
  [[nodiscard]] sql::Rows look(sql::Statement statement) { return sql_.execute(statement, {}); }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<Store> store_;
  store::SqliteConnection sql_;
};

// A line of tests/data/vault/*.tsv.
[[nodiscard]] std::vector<std::vector<std::string>> vectors(const std::string& name);

}  // namespace spaceca::test
