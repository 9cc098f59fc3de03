#include <spaceca/exporter.h>

#include "export/bundle.h"

namespace spaceca::exporter {

FileSet libpq(const Credential& credential, std::string_view prefix) {
  FileSet set;
  set.add(certificate_file(prefixed(prefix, "postgresql.crt"), credential.chain()));
  set.add(key_file(prefixed(prefix, "postgresql.key"), credential.key()));
  set.add(roots_file(prefixed(prefix, "root.crt"), credential.roots()));
  return set;
}

}  // namespace spaceca::exporter
