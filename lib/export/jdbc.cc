#include <spaceca/exporter.h>

#include "export/bundle.h"

namespace spaceca::exporter {

FileSet jdbc(const Credential& credential, std::string_view prefix) {
  FileSet set;
  set.add({prefixed(prefix, kPk8Name), FileRole::key, credential.key().pkcs8_der()});
  return set;
}

}  // namespace spaceca::exporter
