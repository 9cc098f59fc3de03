#include <spaceca/exporter.h>

#include "export/bundle.h"

namespace spaceca::exporter {

FileSet server(const Credential& credential) {
  FileSet set;
  set.add(certificate_file("server.crt", credential.chain()));
  set.add(key_file("server.key", credential.key()));
  set.add(roots_file("root.crt", credential.roots()));
  return set;
}

}  // namespace spaceca::exporter
