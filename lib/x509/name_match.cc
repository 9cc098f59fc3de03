#include "x509/name_match.h"

#include <openssl/x509.h>

#include "ossl/check.h"
#include "ossl/encode.h"
#include "ossl/handles.h"

namespace spaceca::x509 {

bool same_name(ByteView a, ByteView b) {
  const ossl::QuietErrors quiet;
  const ossl::Name first{ossl::decoded(d2i_X509_NAME, X509_NAME_free, a)};
  const ossl::Name second{ossl::decoded(d2i_X509_NAME, X509_NAME_free, b)};
  return first != nullptr && second != nullptr && X509_NAME_cmp(first.get(), second.get()) == 0;
}

}  // namespace spaceca::x509
