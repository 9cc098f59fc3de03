#include "store/vault_wraps.h"

#include <algorithm>
#include <chrono>
#include <string_view>

#include <spaceca/error.h>

#include "store/sql.h"
#include "store/store_over.h"

namespace spaceca::store {
namespace {

using Method = VaultWrap::Method;

constexpr std::string_view name_of(Method method) { return method == Method::passphrase ? "passphrase" : "key_file"; }

Method method_of(std::string_view name) {
  if (name == name_of(Method::passphrase)) return Method::passphrase;
  if (name == name_of(Method::key_file)) return Method::key_file;
  throw Error{Errc::corrupt, "store: a sealed store key names a method that was never written there"};
}

Bytes owned(ByteView octets) { return {octets.begin(), octets.end()}; }

VaultWrap wrap_of(sql::Row row) {
  VaultWrap wrap{.number = row.integer(0), .method = method_of(row.text(1))};
  if (wrap.method == Method::passphrase) {
    wrap.salt = owned(row.octets(2));
    wrap.scrypt_n = row.integer(3);
    wrap.scrypt_r = row.integer(4);
    wrap.scrypt_p = row.integer(5);
  }
  wrap.key_check = owned(row.octets(6));
  wrap.sealed_key = owned(row.octets(7));
  wrap.checksum = owned(row.octets(8));
  wrap.created_at = Instant{std::chrono::seconds{row.integer(9)}};
  return wrap;
}

bool is_same(const VaultWrap& a, const VaultWrap& b) { return a.number == b.number && a.sealed_key == b.sealed_key; }

bool is_among(const std::vector<VaultWrap>& wraps, const VaultWrap& wrap) {
  return std::ranges::any_of(wraps, [&wrap](const VaultWrap& other) { return is_same(wrap, other); });
}

bool remove(sql::Transaction& transaction, const VaultWrap& wrap) {
  return transaction
             .execute("DELETE FROM vault_wraps WHERE number = $1 AND sealed_key = $2", {wrap.number, ByteView{wrap.sealed_key}})
             .changed() == 1;
}

// Written over with itself: an engine whose writers work side by side holds back whoever wants to remove it, until we are done.
bool hold(sql::Transaction& transaction, const VaultWrap& wrap) {
  return transaction
             .execute("UPDATE vault_wraps SET number = number WHERE number = $1 AND sealed_key = $2",
                      {wrap.number, ByteView{wrap.sealed_key}})
             .changed() == 1;
}

bool add(sql::Transaction& transaction, const VaultWrap& wrap) {
  const auto of_passphrase = [&wrap](sql::Value value) { return wrap.method == Method::passphrase ? value : sql::kNull; };
  return transaction
             .execute(
                 "INSERT INTO vault_wraps (number, method, salt, scrypt_n, scrypt_r, scrypt_p, key_check, sealed_key, checksum, "
                 "created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (number) DO NOTHING",
                 {wrap.number, name_of(wrap.method), of_passphrase(ByteView{wrap.salt}), of_passphrase(wrap.scrypt_n),
                  of_passphrase(wrap.scrypt_r), of_passphrase(wrap.scrypt_p), ByteView{wrap.key_check}, ByteView{wrap.sealed_key},
                  ByteView{wrap.checksum}, std::int64_t{wrap.created_at.time_since_epoch().count()}})
             .changed() == 1;
}

}  // namespace

std::vector<VaultWrap> vault_wraps(const Store& store) {
  std::vector<VaultWrap> wraps;
  detail::StoreAccess::driver(store).read()->each(
      "SELECT number, method, salt, scrypt_n, scrypt_r, scrypt_p, key_check, sealed_key, checksum, created_at FROM vault_wraps "
      "ORDER BY number",
      {}, [&wraps](sql::Row row) { wraps.push_back(wrap_of(row)); });
  return wraps;
}

bool exchange_vault_wraps(const Store& store, const std::vector<VaultWrap>& seen, const std::vector<VaultWrap>& wanted) {
  const auto writing = detail::StoreAccess::driver(store).write();
  for (const VaultWrap& wrap : seen) {
    if (!(is_among(wanted, wrap) ? hold(*writing, wrap) : remove(*writing, wrap))) return false;
  }
  for (const VaultWrap& wrap : wanted) {
    if (!is_among(seen, wrap) && !add(*writing, wrap)) return false;
  }
  const auto count = writing->execute("SELECT count(*) FROM vault_wraps")[0].integer(0);
  if (count != static_cast<std::int64_t>(wanted.size())) return false;
  writing->commit();
  return true;
}

}  // namespace spaceca::store
