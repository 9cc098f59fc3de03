#include <string>
#include <vector>

#include <spaceca/error.h>
#include <spaceca/exporter.h>

#include "export/bundle.h"

namespace spaceca::exporter {

FileSet revocation_lists(const std::vector<Crl>& crls, std::string_view prefix) {
  if (crls.empty()) {
    throw Error{Errc::invalid_argument, "revocation lists: there are none to write; give one for each root, even an empty one"};
  }
  std::string text;
  for (const Crl& crl : crls) text += crl.pem();
  FileSet set;
  set.add({prefixed(prefix, kListsName), FileRole::trust, SecretBytes{text}});
  return set;
}

}  // namespace spaceca::exporter
