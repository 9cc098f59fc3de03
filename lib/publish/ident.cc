#include "publish/ident.h"

#include <fmt/format.h>

#include <spaceca/access.h>

namespace spaceca::publish::ident {

std::string map_name(const DatabaseName& database) { return "spaceca-" + database.text(); }

std::string lines_of(const DatabaseName& database, const std::vector<RoleName>& roles, hba::Dialect dialect) {
  std::string lines;
  for (const RoleName& role : roles) {
    // The name in the certificate is none that begins with a slash, so it is no expression in any version.
    lines += fmt::format("{} {} {}\n", map_name(database), hba::quoted(client_dn(database, role), hba::Dialect::plain),
                         hba::quoted(role.text(), dialect));
  }
  return lines;
}

}  // namespace spaceca::publish::ident
