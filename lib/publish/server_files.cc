// For a server that nothing is written to: what its administrator puts in place.
#include <spaceca/exporter.h>
#include <spaceca/postgres_publisher.h>

#include "publish/connection.h"
#include "publish/hba.h"
#include "publish/ident.h"
#include "publish/layout.h"
#include "publish/managed_block.h"

namespace spaceca {

FileSet postgres_server_files(const ServedDatabase& where, const Publication& what) {
  using namespace publish;
  // A role with a slash in front is written for PostgreSQL 16, where it would be an expression; before, nobody is called so.
  constexpr hba::Dialect kDialect = hba::Dialect::regular_expressions;
  const hba::Plan plan{.database = address_of(where.url).database,
                       .roles = what.roles,
                       .rules = what.rules,
                       .access = what.access,
                       .map = ident::map_name(where.database),
                       .keep = {},  // enable_mtls() refuses it: nobody sees from here which lines that would be
                       .dialect = kDialect};
  const std::string mark = opening_mark(where.space, where.database);
  FileSet set = exporter::server(what.server) + exporter::revocation_lists(what.crls);
  const auto add = [&set](const char* name, const std::string& text) { set.add({name, FileRole::trust, SecretBytes{text}}); };
  add("spaceca.conf", Layout::settings(where, "spaceca"));
  add("pg_hba.lines", with_block_on_top("", mark, hba::outcome_of(plan, {}, {}).lines));
  if (ident::is_needed(what.access)) {
    add("pg_ident.lines", with_block_on_top("", mark, ident::lines_of(where.database, what.roles, kDialect)));
  }
  return set;
}

}  // namespace spaceca
