#include <string>

#include <openssl/pkcs12.h>

#include <spaceca/error.h>
#include <spaceca/exporter.h>

#include "base/printable.h"
#include "export/bundle.h"
#include "ossl/check.h"
#include "ossl/encode.h"
#include "ossl/handles.h"
#include "x509/key_access.h"

namespace spaceca::exporter {
namespace {

constexpr const char* kAlias = "user";  // pgjdbc asks its key store for this alias and no other
constexpr int kRounds = 100'000;        // of key derivation; the MAC's too

ossl::X509Certificate openssl_certificate(const Certificate& certificate) {
  return ossl::X509Certificate{ossl::check(ossl::decoded(d2i_X509, X509_free, certificate.der()), "read a certificate")};
}

}  // namespace

FileSet pkcs12(const Credential& credential, const SecretBytes& password, std::string_view prefix) {
  if (password.empty()) throw Error{Errc::invalid_argument, "PKCS#12 password: is empty; give at least one character"};
  if (!is_printable_ascii(password.reveal())) {
    throw Error{Errc::invalid_argument, "PKCS#12 password: holds characters that are not printable ASCII, which Java refuses"};
  }
  // OpenSSL wants it ended by a NUL.
  SecretBuffer characters(password.reveal().begin(), password.reveal().end());
  characters.push_back(0);

  const ossl::Key key = x509::openssl_key(credential.key());
  const ossl::X509Certificate leaf = openssl_certificate(credential.certificate());
  std::vector<ossl::X509Certificate> owned;
  const ossl::X509Stack intermediates{ossl::check(sk_X509_new_null(), "make a list of certificates")};
  for (std::size_t i = 1; i < credential.chain().size(); ++i) {
    owned.push_back(openssl_certificate(credential.chain()[i]));
    ossl::check(sk_X509_push(intermediates.get(), owned.back().get()), "list a certificate");
  }
  const ossl::Pkcs12 store{
      ossl::check(PKCS12_create_ex(reinterpret_cast<const char*>(characters.data()), kAlias, key.get(), leaf.get(),
                                   intermediates.get(), NID_aes_256_cbc, NID_aes_256_cbc, kRounds, kRounds, 0, nullptr, nullptr),
                  "make a PKCS#12 file")};
  FileSet set;
  set.add({prefixed(prefix, kPkcs12Name), FileRole::other,
           SecretBytes{ossl::encoded<SecretBuffer>(i2d_PKCS12, store.get(), "write a PKCS#12 file")}});
  return set;
}

}  // namespace spaceca::exporter
