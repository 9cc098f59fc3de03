// Revocation lists as they are kept: in parts, of which one more revocation writes few.
#include <map>
#include <string>

#include "service/invariants.h"
#include "service/scene.h"
#include "store/scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

class LongList : public AuthorityScene {
 public:
  LongList() {
    database(acme);
    // As if they had been revoked before.
    sql("BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
        "INSERT INTO revocations (root, serial, revoked_at, reason, mark, not_after) "
        "SELECT r.id, CAST(x'00000000' || x'01' || randomblob(15) AS BLOB), r.created_at, 0, n.i, r.not_after FROM n, roots r; "
        "UPDATE roots SET mark = 20000; COMMIT;");
    revoke_one();
  }
  CertificateRecord revoke_one() { return acme.revoke(acme.issue_client(db()).record.id, RevocationReason::key_compromise); }
  // By their keys, in hex.
  [[nodiscard]] std::map<std::string, Bytes> parts() const {
    std::map<std::string, Bytes> found;
    driver_at(file())->read()->each("SELECT key, der FROM crl_parts", {}, [&found](const sql::Row& row) {
      found.emplace(hex(row.octets(0)), Bytes{row.octets(1).begin(), row.octets(1).end()});
    });
    return found;
  }

  Space acme = space();
};

TEST_CASE_METHOD(LongList, "one more revocation writes a few parts of a long list anew", "[lists]") {
  for (int i = 0; i < 20; ++i) {
    const auto before = parts();
    const CertificateRecord revoked = revoke_one();
    const auto after = parts();
    int written = 0;
    for (const auto& [key, der] : after) {
      const auto old = before.find(key);
      written += old == before.end() || old->second != der ? 1 : 0;
    }
    CHECK(after.size() > 10);
    CHECK(written >= 3);  // the head with its date, the entry, the signature
    CHECK(written <= 4);  // and, rarely, a part that is cut in two
    CHECK(acme.crls().front().find(revoked.serial).has_value());
  }
  CHECK(acme.crls().front().entries().size() == 20021);
  CHECK(broken_invariants(*driver_at(file()), *authority) == std::vector<std::string>{});
}

TEST_CASE_METHOD(LongList, "a list that another process wrote in between is written as a whole", "[lists]") {
  const auto other = another();
  const CertificateRecord theirs =
      other->space(SpaceName{"acme"}, kOps).revoke(acme.issue_client(db()).record.id, RevocationReason::superseded);
  const CertificateRecord ours = revoke_one();
  const Crl crl = acme.crls().front();
  CHECK(crl.entries().size() == 20003);
  CHECK(crl.find(theirs.serial).has_value());
  CHECK(crl.find(ours.serial).has_value());
}

TEST_CASE_METHOD(LongList, "a list from which nearly all has gone keeps no part of them", "[lists]") {
  sql("UPDATE revocations SET not_after = revoked_at WHERE mark <= 20000");
  // Fifty-nine days on in steps that a clock may take: what ended before the list was made leaves it in time.
  for (int week = 0; week < 9; ++week) {
    clock.advance(std::chrono::days{7});
    sweep();
  }
  CHECK(acme.crls().front().entries().size() == 1);
  CHECK(parts().size() == 3);
  CHECK(broken_invariants(*driver_at(file()), *authority) == std::vector<std::string>{});
}

}  // namespace
}  // namespace spaceca::test
