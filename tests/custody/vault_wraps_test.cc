// The rows that hold the store key: damage is told from a wrong key, whatever is damaged.
#include <string>

#include <fmt/format.h>

#include "custody/vault_scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

class Wraps : protected VaultScene {
 protected:
  // The first row of the vectors, cheap to open: by "correct horse". The store key in it is the vectors'.
  void add_passphrase(const std::string& name = "passphrase") {
    for (const auto& line : vectors("wraps.tsv")) {
      if (line.at(0) == name) sql(line.at(4));
    }
  }

  // Writes every octet string that differs from `octets` in one bit into the column, and opens.
  void flip_octets(const std::string& column, ByteView octets, const VaultKey& key, const std::string& as = "x'{}'") {
    Bytes changed{octets.begin(), octets.end()};
    for (std::size_t bit = 0; bit < 8 * changed.size(); ++bit) {
      const auto mask = static_cast<std::uint8_t>(1U << bit % 8);
      changed[bit / 8] ^= mask;
      check_found(column, fmt::format(fmt::runtime(as), hex(changed)), key);
      changed[bit / 8] ^= mask;
    }
    sql(fmt::format("UPDATE vault_wraps SET {} = {}", column, fmt::format(fmt::runtime(as), hex(octets))));
  }
  void flip_number(const std::string& column, std::int64_t number, const VaultKey& key) {
    for (unsigned bit = 0; bit < 64; ++bit) {
      const auto changed = static_cast<std::int64_t>(static_cast<std::uint64_t>(number) ^ (std::uint64_t{1} << bit));
      check_found(column, changed < -INT64_MAX ? "-9223372036854775807 - 1" : std::to_string(changed), key);
    }
    sql(fmt::format("UPDATE vault_wraps SET {} = {}", column, number));
  }

 private:
  void check_found(const std::string& column, const std::string& value, const VaultKey& key) {
    sql(fmt::format("UPDATE vault_wraps SET {} = {}", column, value));
    const std::string outcome = opening(key);
    if (outcome == "corrupt") return;
    FAIL_CHECK(column << " = " << value << ": " << outcome);
  }
};

TEST_CASE_METHOD(Wraps, "any flipped bit of a store key under a passphrase is damage, not a wrong passphrase", "[vault]") {
  add_passphrase();
  const VaultKey opener = passphrase("correct horse");
  REQUIRE(opening(opener) == "opens");
  const auto rows = look(
      "SELECT salt, key_check, sealed_key, checksum, CAST(method AS BLOB), number, scrypt_n, scrypt_r, scrypt_p, created_at FROM "
      "vault_wraps");
  const sql::Row row = rows[0];
  flip_octets("salt", row.octets(0), opener);
  flip_octets("key_check", row.octets(1), opener);
  flip_octets("sealed_key", row.octets(2), opener);
  flip_octets("checksum", row.octets(3), opener);
  flip_octets("method", row.octets(4), opener, "CAST(x'{}' AS TEXT)");
  flip_number("number", row.integer(5), opener);
  flip_number("scrypt_n", row.integer(6), opener);
  flip_number("scrypt_r", row.integer(7), opener);
  flip_number("scrypt_p", row.integer(8), opener);
  flip_number("created_at", row.integer(9), opener);
  CHECK(opening(opener) == "opens");
}

TEST_CASE_METHOD(Wraps, "any flipped bit of a store key under a key file is damage, not a wrong key file", "[vault]") {
  create_sealed_vault(store(), key(), kNow).reset();
  const VaultKey opener = key();
  const auto rows = look("SELECT key_check, sealed_key, checksum, CAST(method AS BLOB), number, created_at FROM vault_wraps");
  const sql::Row row = rows[0];
  flip_octets("key_check", row.octets(0), opener);
  flip_octets("sealed_key", row.octets(1), opener);
  flip_octets("checksum", row.octets(2), opener);
  flip_octets("method", row.octets(3), opener, "CAST(x'{}' AS TEXT)");
  flip_number("number", row.integer(4), opener);
  flip_number("created_at", row.integer(5), opener);
  CHECK(opening(opener) == "opens");
}

TEST_CASE_METHOD(Wraps, "a column that was cut, emptied or lengthened is damage", "[vault]") {
  add_passphrase();
  const std::string change = GENERATE(values<std::string>({
      "salt = x''",
      "salt = substr(salt, 2)",
      "salt = CAST(salt || salt AS BLOB)",
      "salt = CAST(salt || x'00' AS BLOB)",
      "key_check = x''",
      "key_check = substr(key_check, 2)",
      "sealed_key = x''",
      "sealed_key = substr(sealed_key, 1, 60)",
      "sealed_key = zeroblob(61)",
      "checksum = x''",
      "checksum = substr(checksum, 1, 31)",
      "checksum = zeroblob(32)",
      "method = 'key_file'",
      "method = ''",
      "created_at = 0",
      "number = 2",
  }));
  INFO(change);
  sql("UPDATE vault_wraps SET " + change);
  CHECK(opening(passphrase("correct horse")) == "corrupt");
  CHECK(opening(passphrase("wrong")) == "corrupt");
}

TEST_CASE_METHOD(Wraps, "a wrong passphrase is told from damage, however close it is", "[vault]") {
  add_passphrase();
  for (const std::string_view wrong :
       {"correct horsf", "correct hors", "correct horse ", "Correct horse", " ", "correct horse\n"}) {
    INFO(wrong);
    CHECK(opening(passphrase(wrong)) == "passphrase_wrong");
  }
  CHECK(opening(passphrase("correct horse")) == "opens");
}

TEST_CASE_METHOD(Wraps, "an empty passphrase is none", "[vault]") {
  check_refused([&] { return create_sealed_vault(store(), Passphrase{}, kNow); }, Errc::invalid_argument,
                "the passphrase is empty");
  CHECK(wraps() == 0);
  add_passphrase();
  CHECK(opening(Passphrase{}) == "invalid_argument");
}

TEST_CASE_METHOD(Wraps, "a wrong key file is told from damage", "[vault]") {
  create_sealed_vault(store(), key(), kNow).reset();
  CHECK(opening(key("other.kek")) == "passphrase_wrong");
  check_refused([&] { return sealed_vault(store(), key("other.kek")); }, Errc::passphrase_wrong,
                "other.kek\" does not open this store's key");
}

TEST_CASE_METHOD(Wraps, "a key of another sort than the store's is not found to open it", "[vault]") {
  CHECK(opening(key()) == "not_found");
  CHECK(opening(passphrase("correct horse")) == "not_found");
  add_passphrase();
  check_refused([&] { return sealed_vault(store(), key()); }, Errc::not_found,
                "is not sealed by a key file; it is by a passphrase");
  sql("DELETE FROM vault_wraps");
  create_sealed_vault(store(), key(), kNow).reset();
  CHECK(opening(passphrase("correct horse")) == "not_found");
}

TEST_CASE_METHOD(Wraps, "a damaged one beside it keeps no key from opening", "[vault]") {
  add_passphrase();
  add_passphrase("key file, number 2");
  write_file(place("vector.kek"), text_of(from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")));
  std::filesystem::permissions(place("vector.kek"), std::filesystem::perms{0600});
  const VaultKey file = KeyFile{place("vector.kek")};
  REQUIRE(opening(file) == "opens");
  sql("UPDATE vault_wraps SET salt = zeroblob(16) WHERE number = 1");
  CHECK(opening(file) == "opens");
  // Whether this one is wrong nobody can know now.
  CHECK(opening(passphrase("correct horse")) == "corrupt");
  check_refused([&] { return sealed_vault(store(), key("other.kek")); }, Errc::corrupt,
                "seal 1 of the store key is damaged, and key file");
}

TEST_CASE_METHOD(Wraps, "no refusal holds anything of the passphrase or of the row", "[vault]") {
  add_passphrase();
  for (const bool is_damaged : {false, true}) {
    if (is_damaged) sql("UPDATE vault_wraps SET checksum = zeroblob(32)");
    const std::string text = refusal_of([&] { static_cast<void>(sealed_vault(store(), passphrase("hunter2"))); }).text;
    CHECK(text.find("hunter2") == std::string::npos);
    CHECK(text.find("6465666768696a6b") == std::string::npos);
  }
}

}  // namespace
}  // namespace spaceca::test
