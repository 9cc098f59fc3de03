#include "store/roots.h"

#include <algorithm>

#include "x509/crl_parts.h"

namespace spaceca::store {
namespace {

RootRow root_row(const sql::Row& row) {
  Reader read{row};
  RootRow root;
  root.id = read.id();
  root.space = read.id();
  root.generation = read.integer();
  root.state = read.text();
  root.epoch = read.integer();
  root.certificate = read.octets();
  root.key_handle = read.octets_or_empty();
  root.not_after = read.instant();
  root.mark = read.integer();
  root.crl_number = read.integer();
  root.crl_covers = read.integer();
  root.crl_this_update = read.instant();
  root.crl_next_update = read.instant();
  root.created_at = read.instant();
  root.updated_at = read.instant();
  return root;
}

constexpr sql::Literal kRootColumns{
    "id, space, generation, state, epoch, certificate, key_handle, not_after, mark, crl_number, crl_covers, crl_this_update, "
    "crl_next_update, created_at, updated_at"};

// A list in the place of another, of which parts that are in both stay.
void write_parts(sql::Transaction& tx, const Id& root, const CrlRow& crl) {
  std::vector<x509::CrlPart> before;
  if (crl.before.empty()) {
    tx.execute("DELETE FROM crl_parts WHERE root = $1", {value_of(root)});
  } else {
    before = x509::parts_of(crl.before);
  }
  auto old = before.begin();
  const auto forget_up_to = [&](auto end) {
    for (; old != end; ++old) {
      tx.execute("DELETE FROM crl_parts WHERE root = $1 AND key = $2", {value_of(root), ByteView{old->key}});
    }
  };
  for (const x509::CrlPart& part : x509::parts_of(crl.der)) {
    forget_up_to(std::find_if(old, before.end(), [&part](const x509::CrlPart& other) { return other.key >= part.key; }));
    const bool is_there = old != before.end() && old->key == part.key;
    const bool is_same = is_there && std::ranges::equal(old->der, part.der);
    if (is_there) ++old;
    if (is_same) continue;
    tx.execute(
        "INSERT INTO crl_parts (root, key, der) VALUES ($1, $2, $3) ON CONFLICT (root, key) DO UPDATE SET der = excluded.der",
        {value_of(root), ByteView{part.key}, part.der});
  }
  forget_up_to(before.end());
}

}  // namespace

bool insert(sql::Transaction& tx, const RootRow& root, const CrlRow& crl) {
  const auto rows = tx.execute(
      "INSERT INTO roots (id, space, generation, state, certificate, key_handle, not_after, crl_number, crl_covers, "
      "crl_this_update, crl_next_update, created_at, updated_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) ON CONFLICT DO NOTHING RETURNING id",
      {value_of(root.id), value_of(root.space), root.generation, root.state, ByteView{root.certificate},
       octets_or_null(root.key_handle), value_of(root.not_after), crl.number, crl.covers, value_of(crl.this_update),
       value_of(crl.next_update), value_of(root.created_at)});
  if (rows.empty()) return false;
  write_parts(tx, root.id, crl);
  return true;
}

std::vector<RootRow> roots_of(sql::Transaction& tx, const Id& space) {
  return collected(tx, sql::kJoined<"SELECT ", kRootColumns, " FROM roots WHERE space = $1 ORDER BY generation">, {value_of(space)},
                   root_row);
}

std::optional<RootRow> find_root(sql::Transaction& tx, const Id& id) {
  return first_of(tx, sql::kJoined<"SELECT ", kRootColumns, " FROM roots WHERE id = $1">, {value_of(id)}, root_row);
}

bool is_active(sql::Transaction& tx, const Id& root, std::int64_t epoch) {
  return !tx.execute("SELECT 1 FROM roots WHERE id = $1 AND epoch = $2 AND state = 'active'", {value_of(root), epoch}).empty();
}

void move_epoch(sql::Transaction& tx, const Id& space) {
  tx.execute("UPDATE roots SET epoch = epoch + 1 WHERE space = $1 AND state = 'active'", {value_of(space)});
}

std::optional<RootRow> active_root(sql::Transaction& tx, const Id& space) {
  return first_of(tx, sql::kJoined<"SELECT ", kRootColumns, " FROM roots WHERE space = $1 AND state = 'active'">, {value_of(space)},
                  root_row);
}

std::vector<RootRow> signing_roots(sql::Transaction& tx) {
  return collected(tx,
                   sql::kJoined<"SELECT ", kRootColumns, " FROM roots WHERE state IN ('next', 'active', 'retiring') ORDER BY id">,
                   {}, root_row);
}

Bytes crl_of(sql::Transaction& tx, const Id& root) {
  Bytes der;
  const sql::Value key = value_of(root);
  tx.each("SELECT der FROM crl_parts WHERE root = $1 ORDER BY key", sql::Arguments{&key, 1}, [&der](const sql::Row& row) {
    const ByteView part = row.octets(0);
    der.insert(der.end(), part.begin(), part.end());
  });
  return der;
}

std::int64_t take_mark(sql::Transaction& tx, const Id& root) {
  return tx.execute("UPDATE roots SET mark = mark + 1 WHERE id = $1 RETURNING mark", {value_of(root)})[0].integer(0);
}

bool replace_crl(sql::Transaction& tx, const Id& root, std::int64_t old, const CrlRow& crl) {
  const auto replaced = tx.execute(
      "UPDATE roots SET crl_number = $3, crl_covers = $4, crl_this_update = $5, crl_next_update = $6 "
      "WHERE id = $1 AND crl_number = $2 AND crl_covers <= $4",
      {value_of(root), old, crl.number, crl.covers, value_of(crl.this_update), value_of(crl.next_update)});
  if (replaced.changed() == 0) return false;
  write_parts(tx, root, crl);
  return true;
}

bool move_root(sql::Transaction& tx, const Id& root, std::string_view from, std::string_view to, Instant at) {
  return tx.execute("UPDATE roots SET state = $3, epoch = epoch + 1, updated_at = $4 WHERE id = $1 AND state = $2",
                    {value_of(root), from, to, value_of(at)})
             .changed() == 1;
}

void forget_key(sql::Transaction& tx, const Id& root) {
  tx.execute("UPDATE roots SET key_handle = NULL WHERE id = $1", {value_of(root)});
}

}  // namespace spaceca::store
