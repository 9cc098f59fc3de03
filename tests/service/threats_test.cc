// What an attacker may get by what he reads or writes of a store (README, "Security"), seen through the authority on a real file.
#include <functional>

#include "service/scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

using Catch::Matchers::ContainsSubstring;

// PKCS#8 of a P-256 key up to its scalar (RFC 5958 2, RFC 5915 3): no public key and no certificate has these octets.
const std::string kBeforeScalar{text_of(from_hex("301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420"))};

bool holds(const std::string& octets, std::string_view piece) { return octets.find(piece) != std::string::npos; }

// A space with two databases, and a client of each.
class Attacked : public AuthorityScene {
 public:
  Attacked() : acme(space()), sales(client("sales")), stock(client("stock")) {}

  // As a program that starts again reads the store: nothing of it is kept in memory.
  [[nodiscard]] Refused refused_afresh(const std::function<void(const Space&)>& work) {
    const auto fresh = another();
    const Space again = fresh->space(SpaceName{"acme"}, kOps);
    return refused([&] { work(again); });
  }

  Space acme;
  Bundle sales, stock;

 private:
  Bundle client(const std::string& name) {
    database(acme, name);
    return acme.issue_client(db(name));
  }
};

TEST_CASE_METHOD(Attacked, "who reads the store, its log or a backup finds no private key, no password and no key of the store",
                 "[threats]") {
  const auto backup = file().parent_path() / "backup.db";
  store->backup(backup);
  const std::string key_file = read_file(key().path);
  const SecretBytes pkcs8 = sales.key.value().pkcs8_der();
  const std::string scalar{text_of(pkcs8.reveal()).substr(36, 32)};
  REQUIRE(holds(std::string{text_of(pkcs8.reveal())}, kBeforeScalar + scalar));

  std::string seen;
  for (const auto& path : {file().string(), file().string() + "-wal", backup.string()}) {
    const std::string octets = read_file(path);
    INFO(path);
    CHECK_FALSE(holds(octets, kBeforeScalar));  // the roots' and the clients'
    CHECK_FALSE(holds(octets, scalar));
    CHECK_FALSE(holds(octets, "s3cret"));
    CHECK_FALSE(holds(octets, "PRIVATE KEY"));
    CHECK_FALSE(holds(octets, key_file));
    seen += octets;
  }
  // What is no secret is there, so the search would find the others.
  CHECK(holds(seen, text_of(sales.chain.front().der())));
  CHECK(holds(seen, "owner@example.com"));
}

TEST_CASE_METHOD(Attacked, "a sealed key in another certificate's row does not open", "[threats]") {
  sql("UPDATE certificates SET sealed_key = (SELECT other.sealed_key FROM certificates other WHERE other.database <> "
      "certificates.database AND other.kind = 'client') WHERE kind = 'client';");
  const Refused no = refused_afresh([this](const Space& again) { static_cast<void>(again.download(sales.record.id)); });
  CHECK(no.code == Errc::corrupt);
  CHECK_THAT(no.text, ContainsSubstring("does not open"));
}

TEST_CASE_METHOD(Attacked, "a sealed URL in another database's row does not open", "[threats]") {
  sql("UPDATE databases SET sealed_url = (SELECT other.sealed_url FROM databases other WHERE other.name <> databases.name);");
  const Refused no = refused_afresh([](const Space& again) { static_cast<void>(again.url(db("sales"))); });
  CHECK(no.code == Errc::corrupt);
}

TEST_CASE_METHOD(Attacked, "a root does not sign by the key of another space's root", "[threats]") {
  space("rival");
  sql("UPDATE roots SET key_handle = (SELECT other.key_handle FROM roots other WHERE other.id <> roots.id);");
  const Refused no = refused_afresh([](const Space& again) { static_cast<void>(again.issue_client(db("sales"))); });
  CHECK(no.code == Errc::corrupt);
}

TEST_CASE_METHOD(Attacked, "who puts a certificate of another key into a row gets no key with it", "[threats]") {
  sql("UPDATE certificates SET certificate = (SELECT other.certificate FROM certificates other WHERE other.database <> "
      "certificates.database AND other.kind = 'client') WHERE kind = 'client';");
  const Refused no = refused_afresh([this](const Space& again) { static_cast<void>(again.download(sales.record.id)); });
  CHECK(no.code == Errc::corrupt);
}

}  // namespace
}  // namespace spaceca::test
