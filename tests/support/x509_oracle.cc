#include "support/x509_oracle.h"

#include <openssl/x509v3.h>

#include "support/openssl_handles.h"

namespace spaceca::test {
namespace {

X509Ptr parse(ByteView der) {
  const unsigned char* in = der.data();
  return X509Ptr{must(d2i_X509(nullptr, &in, static_cast<long>(der.size())))};
}

KeyPtr openssl_key(const PublicKey& key) {
  const unsigned char* in = key.spki_der().data();
  return KeyPtr{must(d2i_PUBKEY(nullptr, &in, static_cast<long>(key.spki_der().size())))};
}

NamePtr name(const std::vector<std::pair<std::string, std::string>>& parts) {
  NamePtr name{must(X509_NAME_new())};
  for (const auto& [type, value] : parts) {
    must(X509_NAME_add_entry_by_txt(name.get(), type.c_str(), V_ASN1_UTF8STRING,
                                    reinterpret_cast<const unsigned char*>(value.data()), static_cast<int>(value.size()), -1, 0));
  }
  return name;
}

}  // namespace

Bytes oracle_certificate(const OracleCertificate& wanted, const PublicKey& key, const PrivateKey& signing_key,
                         const Certificate* issuer) {
  const X509Ptr made{must(X509_new())};
  X509* const x = made.get();
  must(X509_set_version(x, X509_VERSION_3));
  BIGNUM* const serial = must(BN_bin2bn(wanted.serial.octets().data(), static_cast<int>(wanted.serial.octets().size()), nullptr));
  must(BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x)) != nullptr);
  BN_free(serial);
  must(X509_set_issuer_name(x, name(wanted.issuer).get()));
  must(X509_set_subject_name(x, name(wanted.subject).get()));
  must(ASN1_TIME_set(X509_getm_notBefore(x), wanted.validity.not_before.time_since_epoch().count()) != nullptr);
  must(ASN1_TIME_set(X509_getm_notAfter(x), wanted.validity.not_after.time_since_epoch().count()) != nullptr);
  must(X509_set_pubkey(x, openssl_key(key).get()));

  const X509Ptr parent = issuer != nullptr ? parse(issuer->der()) : nullptr;
  X509V3_CTX context{};
  X509V3_set_ctx(&context, parent != nullptr ? parent.get() : x, x, nullptr, nullptr, 0);
  for (const auto& [type, value] : wanted.extensions) {
    X509_EXTENSION* const extension = must(X509V3_EXT_nconf(nullptr, &context, type.c_str(), value.c_str()));
    must(X509_add_ext(x, extension, -1));
    X509_EXTENSION_free(extension);
  }

  const SecretBytes der = signing_key.pkcs8_der();
  const unsigned char* in = der.reveal().data();
  const KeyPtr signer{must(d2i_AutoPrivateKey(nullptr, &in, static_cast<long>(der.size())))};
  const bool p384 = signing_key.algorithm() == KeyAlgorithm::ecdsa_p384();
  must(X509_sign(x, signer.get(), p384 ? EVP_sha384() : EVP_sha256()));
  Bytes out(static_cast<std::size_t>(i2d_X509(x, nullptr)));
  unsigned char* to = out.data();
  i2d_X509(x, &to);
  return out;
}

Bytes tbs_of(ByteView certificate) {
  const unsigned char* at = certificate.data();
  long length = 0;
  int tag = 0;
  int tag_class = 0;
  ASN1_get_object(&at, &length, &tag, &tag_class, static_cast<long>(certificate.size()));
  const unsigned char* const start = at;
  ASN1_get_object(&at, &length, &tag, &tag_class, length);
  return {start, at + length};
}

bool openssl_verifies(ByteView certificate, const PublicKey& issuer_key) {
  return X509_verify(parse(certificate).get(), openssl_key(issuer_key).get()) == 1;
}

std::string extension_text(ByteView certificate, const std::string& short_name) {
  const X509Ptr x = parse(certificate);
  const int at = X509_get_ext_by_NID(x.get(), OBJ_sn2nid(short_name.c_str()), -1);
  if (at < 0) return "";
  X509_EXTENSION* const extension = X509_get_ext(x.get(), at);
  const std::unique_ptr<BIO, Deleter<BIO_free>> out{must(BIO_new(BIO_s_mem()))};
  must(X509V3_EXT_print(out.get(), extension, 0, 0));
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  std::string shown{text, static_cast<std::size_t>(size)};
  while (!shown.empty() && shown.back() == '\n') shown.pop_back();
  return (X509_EXTENSION_get_critical(extension) == 1 ? "critical," : "") + shown;
}

}  // namespace spaceca::test
