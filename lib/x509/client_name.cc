#include "x509/client_name.h"

#include <spaceca/access.h>

#include "x509/certificate_impl.h"
#include "x509/extensions.h"
#include "x509/oids.h"

namespace spaceca {
namespace x509 {

void write_client_name(der::Writer& w, const std::optional<DatabaseName>& database, const RoleName& role) {
  w.sequence([&] {
    if (database) write_rdn(w, der::oids::kOrganizationalUnit, database->text());
    write_rdn(w, der::oids::kCommonName, role.text());
  });
}

}  // namespace x509

std::string client_dn(const DatabaseName& database, const RoleName& role) {
  der::Writer name;
  x509::write_client_name(name, database, role);
  return x509::rfc2253(name.take(), x509::NonAscii::escaped);
}

}  // namespace spaceca
