#include "service/invariants.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include <spaceca/crl.h>

#include "support/text.h"

namespace spaceca::test {
namespace {

std::string shown(const sql::Row& row) {
  std::string text;
  for (std::size_t column = 0; column < row.size(); ++column) {
    text += column == 0 ? "" : "|";
    if (row.is_null(column)) continue;
    try {
      text += std::to_string(row.integer(column));
      continue;
    } catch (const sql::EngineError&) {
    }
    try {
      text += row.text(column);
      continue;
    } catch (const sql::EngineError&) {
    }
    text += hex(row.octets(column));
  }
  return text;
}

// What must not be there.
struct Rule {
  const char* says;
  sql::Statement rows;
};

constexpr std::array kRules{
    Rule{"two live successors",
         "SELECT predecessor, count(*) FROM certificates WHERE predecessor IS NOT NULL AND state IN ('pending', 'ready') "
         "GROUP BY predecessor HAVING count(*) > 1"},
    Rule{"a successor without its notice",
         "SELECT c.id FROM certificates c WHERE c.predecessor IS NOT NULL AND c.kind = 'client' AND NOT EXISTS "
         "(SELECT 1 FROM notices n WHERE n.certificate = c.id AND n.kind = 'renewed')"},
    Rule{"a live client certificate that no sweep will look at",
         "SELECT c.id FROM certificates c WHERE c.kind = 'client' AND c.state IN ('pending', 'ready') AND c.due_at IS NULL"},
    // It has a successor, or its holder was asked for a request; otherwise it is due before its end.
    Rule{"a client certificate that will not be renewed",
         "SELECT c.id FROM certificates c WHERE c.kind = 'client' AND c.state IN ('pending', 'ready') AND c.due_at > c.not_after "
         "AND NOT EXISTS (SELECT 1 FROM certificates s WHERE s.predecessor = c.id AND s.state IN ('pending', 'ready')) "
         "AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.certificate = c.id AND n.kind = 'awaiting_request')"},
    Rule{"a mark above its root's",
         "SELECT c.id, c.mark, r.mark FROM certificates c JOIN roots r ON r.id = c.root WHERE c.mark > r.mark"},
    Rule{"a mark without an entry",
         "SELECT c.id FROM certificates c WHERE c.mark IS NOT NULL AND NOT EXISTS "
         "(SELECT 1 FROM revocations v WHERE v.root = c.root AND v.mark = c.mark AND v.revoked_at = c.revoked_at)"},
    Rule{"an entry above its root's mark",
         "SELECT v.serial FROM revocations v JOIN roots r ON r.id = v.root WHERE v.mark > r.mark"},
    Rule{"an active root too many or too few",
         "SELECT s.name FROM spaces s WHERE (SELECT count(*) FROM roots r WHERE r.space = s.id AND r.state = 'active') <> 1"},
    Rule{"a generation above the last",
         "SELECT s.name FROM spaces s JOIN roots r ON r.space = s.id WHERE r.generation > s.last_generation"},
    Rule{"a role counted wrongly",
         "SELECT d.database, d.role, d.certificates FROM database_roles d WHERE d.certificates <> (SELECT count(*) FROM "
         "certificates c WHERE c.database = d.database AND c.role = d.role AND c.kind = 'client' AND c.state IN ('pending', "
         "'ready'))"},
    Rule{"a role that is not counted",
         "SELECT c.id FROM certificates c WHERE c.kind = 'client' AND c.state IN ('pending', 'ready') AND NOT EXISTS "
         "(SELECT 1 FROM database_roles d WHERE d.database = c.database AND d.role = c.role)"},
    Rule{"an enabled server without a certificate",
         "SELECT d.name FROM databases d WHERE d.state IN ('Provisioning', 'Operational') AND d.server_certificate IS NULL"},
    Rule{"a database that is gone with live certificates",
         "SELECT c.id FROM certificates c JOIN databases d ON d.id = c.database WHERE d.state = 'destroyed' AND c.kind <> 'probe' "
         "AND c.state IN ('pending', 'ready')"},
    Rule{"an IP rule that is authorized where nothing is served",
         "SELECT r.id FROM ip_rules r JOIN databases d ON d.id = r.database WHERE r.state = 'Authorized' AND d.state IN "
         "('disabled', 'destroyed')"},
    Rule{"an IP rule of a database that is gone",
         "SELECT r.id FROM ip_rules r JOIN databases d ON d.id = r.database WHERE r.state <> 'deleted' AND d.state = 'destroyed'"},
    Rule{"a signing key that is gone", "SELECT id FROM roots WHERE key_handle IS NULL AND state NOT IN ('retired', 'distrusted')"},
};

// Each list holds what it says that it covers, as long as that has not ended, and nothing else.
void check_lists(sql::Transaction& tx, std::vector<std::string>& broken) {
  struct List {
    Bytes root;
    std::int64_t covers;
    std::int64_t this_update;
    std::int64_t number;
    std::set<Bytes> serials;
  };
  std::vector<List> lists;
  tx.each("SELECT id, crl_covers, crl_this_update, crl_number FROM roots WHERE state IN ('next', 'active', 'retiring')", {},
          [&lists](const sql::Row& row) {
            lists.push_back({{row.octets(0).begin(), row.octets(0).end()}, row.integer(1), row.integer(2), row.integer(3), {}});
          });
  for (List& list : lists) {
    Bytes der;
    tx.each("SELECT der FROM crl_parts WHERE root = $1 ORDER BY key", {ByteView{list.root}},
            [&der](const sql::Row& part) { der.insert(der.end(), part.octets(0).begin(), part.octets(0).end()); });
    const Crl crl = Crl::from_der(der);
    for (const RevokedEntry& entry : crl.entries()) {
      Bytes serial(20 - entry.serial.octets().size());
      serial.insert(serial.end(), entry.serial.octets().begin(), entry.serial.octets().end());
      list.serials.insert(std::move(serial));
    }
    if (static_cast<std::int64_t>(crl.number().value()) != list.number) broken.emplace_back("a list of another number");
  }
  for (const List& list : lists) {
    std::size_t known = 0;
    tx.each("SELECT serial, mark, not_after FROM revocations WHERE root = $1", {ByteView{list.root}}, [&](const sql::Row& row) {
      const bool listed = list.serials.contains(Bytes{row.octets(0).begin(), row.octets(0).end()});
      known += listed ? 1 : 0;
      const bool ended = !row.is_null(2) && row.integer(2) < list.this_update;
      if (row.integer(1) <= list.covers && !ended && !listed) broken.push_back("not on the list: " + hex(row.octets(0)));
    });
    if (known != list.serials.size()) broken.emplace_back("a list with an entry that is not known");
  }
}

}  // namespace

std::vector<std::string> broken_invariants(sql::Driver& driver, const Authority& authority) {
  std::vector<std::string> broken;
  for (const Finding& finding : driver.check()) broken.push_back(finding.text);
  for (const Finding& finding : authority.verify_audit()) broken.push_back(finding.text);
  const auto tx = driver.read();
  for (const Rule& rule : kRules) {
    tx->each(rule.rows, {}, [&](const sql::Row& row) { broken.push_back(fmt::format("{}: {}", rule.says, shown(row))); });
  }
  check_lists(*tx, broken);
  // Each certificate is told of in the audit of its space.
  std::set<std::string> told;
  tx->each("SELECT CAST(record AS TEXT) FROM audit", {}, [&](const sql::Row& row) {
    std::string_view text = row.text(0);
    for (int line = 0; line < 2; ++line) text.remove_prefix(text.find('\n') + 1);
    told.emplace(text.substr(0, text.find('\n')));
  });
  tx->each("SELECT id FROM certificates WHERE kind <> 'probe'", {}, [&](const sql::Row& row) {
    std::array<std::uint8_t, 16> id{};
    std::ranges::copy(row.octets(0), id.begin());
    const std::string text = CertificateId{id}.text();
    if (!told.contains(text)) broken.push_back("not in the audit: " + text);
  });
  return broken;
}

std::string content_of(sql::Driver& driver) {
  constexpr std::array kTables{
      sql::Statement{"SELECT * FROM store"},
      sql::Statement{"SELECT * FROM spaces ORDER BY id"},
      sql::Statement{"SELECT * FROM roots ORDER BY id"},
      sql::Statement{"SELECT * FROM crl_parts ORDER BY root, key"},
      sql::Statement{"SELECT * FROM databases ORDER BY id"},
      sql::Statement{"SELECT * FROM certificates ORDER BY id"},
      sql::Statement{"SELECT * FROM database_roles ORDER BY database, role"},
      sql::Statement{"SELECT * FROM proofs ORDER BY database, root"},
      sql::Statement{"SELECT * FROM revocations ORDER BY root, serial"},
      sql::Statement{"SELECT * FROM ip_rules ORDER BY id"},
      sql::Statement{"SELECT * FROM sightings ORDER BY certificate, database"},
      sql::Statement{"SELECT * FROM disconnections ORDER BY database, root, serial"},
      sql::Statement{"SELECT * FROM sentinels ORDER BY database, root"},
      sql::Statement{"SELECT * FROM notices ORDER BY id"},
      sql::Statement{"SELECT * FROM idempotency_keys ORDER BY scope, key"},
      sql::Statement{"SELECT * FROM audit ORDER BY chain, number"},
      sql::Statement{"SELECT * FROM audit_heads ORDER BY chain"},
  };
  std::string text;
  const auto tx = driver.read();
  for (const sql::Statement& table : kTables) {
    tx->each(table, {}, [&](const sql::Row& row) { text += shown(row) + '\n'; });
  }
  return text;
}

}  // namespace spaceca::test
