// What another program sealed, by the formats as they are written down: tests/data/vault/generate.py.
#include <string>

#include "custody/vault_scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

// A store that holds the key of the vectors, and nothing of ours.
class Vectors : protected VaultScene {
 protected:
  [[nodiscard]] VaultKey opener(const std::string& method, const std::string& octets) const {
    if (method == "passphrase") return Passphrase{SecretBytes{from_hex(octets)}};
    write_file(place("vector.kek"), text_of(from_hex(octets)));
    std::filesystem::permissions(place("vector.kek"), std::filesystem::perms{0600});
    return KeyFile{place("vector.kek")};
  }
  [[nodiscard]] std::unique_ptr<Vault> vault() {
    const auto line = vectors("wraps.tsv").front();
    sql(line.at(4));
    return sealed_vault(store(), opener(line.at(1), line.at(2)));
  }
};

TEST_CASE_METHOD(Vectors, "a store key that another program sealed opens, and one that it tampered with does not", "[vault]") {
  std::size_t opened = 0, refused = 0;
  for (const auto& line : vectors("wraps.tsv")) {
    INFO(line.at(0));
    sql("DELETE FROM vault_wraps; " + line.at(4));
    CHECK(opening(opener(line.at(1), line.at(2))) == line.at(3));
    ++(line.at(3) == "opens" ? opened : refused);
  }
  CHECK(opened == 9);
  CHECK(refused == 27);
}

TEST_CASE_METHOD(Vectors, "rows that another program sealed open, for their binding alone", "[vault]") {
  const auto vault = this->vault();
  std::size_t opened = 0;
  for (const auto& line : vectors("rows.tsv")) {
    const Bytes space = from_hex(line.at(0)), row = from_hex(line.at(1)), key = from_hex(line.at(3)), sealed = from_hex(line.at(5));
    CHECK(hex(vault->unseal({.space = space, .row = row, .purpose = line.at(2), .public_key = key}, sealed).reveal()) ==
          line.at(4));
    CHECK(outcome_of([&] {
            static_cast<void>(vault->unseal({.space = row, .row = space, .purpose = line.at(2), .public_key = key}, sealed));
          }) == "corrupt");
    ++opened;
  }
  CHECK(opened == 5);
}

TEST_CASE_METHOD(Vectors, "codes are the HMAC-SHA-256 that another program computes", "[vault]") {
  const auto vault = this->vault();
  for (int again = 0; again < 2; ++again) {
    for (const auto& line : vectors("codes.tsv")) {
      INFO(line.at(0));
      CHECK(hex(vault->authenticate(from_hex(line.at(0)))) == line.at(1));
    }
  }
  // Written out once, so that the file is not alone in saying it.
  CHECK(hex(vault->authenticate({})) == "145547c70438c3112f826170e49359a2dd465141e25d828dd0e434b97f9d2f0d");
}

}  // namespace
}  // namespace spaceca::test
