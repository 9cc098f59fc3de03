#include <spaceca/exporter.h>

#include <spaceca/error.h>

#include "export/bundle.h"

namespace spaceca::exporter {

FileSet libpq(const Credential& credential, std::string_view prefix) {
  FileSet set;
  set.add(certificate_file(prefixed(prefix, kCertificatesName), credential.chain()));
  set.add(key_file(prefixed(prefix, kKeyName), credential.key()));
  set.add(roots_file(prefixed(prefix, kRootsName), credential.roots()));
  return set;
}

FileSet libpq(const Chain& chain, const std::vector<Certificate>& roots, std::string_view prefix) {
  if (chain.empty() || roots.empty()) {
    throw Error{Errc::invalid_argument, "files without a key: a leaf and at least one root must be there"};
  }
  FileSet set;
  set.add(certificate_file(prefixed(prefix, kCertificatesName), chain));
  set.add(roots_file(prefixed(prefix, kRootsName), roots));
  return set;
}

}  // namespace spaceca::exporter
