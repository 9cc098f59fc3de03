#include "support/crl_oracle.h"

#include <openssl/x509v3.h>

#include "support/child.h"
#include "support/openssl_handles.h"

namespace spaceca::test {
namespace {

CrlPtr parse(ByteView der) {
  const unsigned char* in = der.data();
  return CrlPtr{must(d2i_X509_CRL(nullptr, &in, static_cast<long>(der.size())))};
}

TimePtr time(Instant instant) { return TimePtr{must(ASN1_TIME_set(nullptr, instant.time_since_epoch().count()))}; }

IntegerPtr integer(const Serial& serial) {
  const NumberPtr number{must(BN_bin2bn(serial.octets().data(), static_cast<int>(serial.octets().size()), nullptr))};
  return IntegerPtr{must(BN_to_ASN1_INTEGER(number.get(), nullptr))};
}

IntegerPtr integer(const std::string& decimal) {
  BIGNUM* parsed = nullptr;
  must(BN_dec2bn(&parsed, decimal.c_str()));
  const NumberPtr number{parsed};
  return IntegerPtr{must(BN_to_ASN1_INTEGER(number.get(), nullptr))};
}

void add_entry(X509_CRL* crl, const OracleEntry& entry) {
  X509_REVOKED* const revoked = must(X509_REVOKED_new());
  must(X509_REVOKED_set_serialNumber(revoked, integer(entry.serial).get()));
  must(X509_REVOKED_set_revocationDate(revoked, time(entry.date).get()));
  if (entry.reason) {
    ASN1_ENUMERATED* const reason = must(ASN1_ENUMERATED_new());
    must(ASN1_ENUMERATED_set(reason, *entry.reason));
    must(X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, reason, 0, 0));
    ASN1_ENUMERATED_free(reason);
  }
  must(X509_CRL_add0_revoked(crl, revoked));
}

void add_extension(X509_CRL* crl, X509* issuer, const std::string& type, const std::string& value) {
  if (type == "crlNumber") {
    must(X509_CRL_add1_ext_i2d(crl, NID_crl_number, integer(value).get(), 0, 0));
  } else if (type == "deltaCRL") {
    must(X509_CRL_add1_ext_i2d(crl, NID_delta_crl, integer(value).get(), 1, 0));
  } else {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, nullptr, nullptr, crl, 0);
    X509_EXTENSION* const extension = must(X509V3_EXT_nconf(nullptr, &context, type.c_str(), value.c_str()));
    must(X509_CRL_add_ext(crl, extension, -1));
    X509_EXTENSION_free(extension);
  }
}

std::string serial_of(STACK_OF(X509_REVOKED) * entries, int at) {
  const ASN1_INTEGER* const serial = X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, at));
  return Serial{ByteView{ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial))}}.hex();
}

}  // namespace

Bytes oracle_crl(const OracleCrl& wanted, const Certificate& issuer, const PrivateKey& signing_key) {
  const unsigned char* issuer_der = issuer.der().data();
  const X509Ptr parent{must(d2i_X509(nullptr, &issuer_der, static_cast<long>(issuer.der().size())))};
  const CrlPtr made{must(X509_CRL_new())};
  X509_CRL* const crl = made.get();
  if (wanted.version_2) must(X509_CRL_set_version(crl, X509_CRL_VERSION_2));
  must(X509_CRL_set_issuer_name(crl, X509_get_subject_name(parent.get())));
  must(X509_CRL_set1_lastUpdate(crl, time(wanted.this_update).get()));
  if (wanted.next_update) must(X509_CRL_set1_nextUpdate(crl, time(*wanted.next_update).get()));
  for (const OracleEntry& entry : wanted.entries) add_entry(crl, entry);
  for (const auto& [type, value] : wanted.extensions) add_extension(crl, parent.get(), type, value);

  const SecretBytes der = signing_key.pkcs8_der();
  const unsigned char* in = der.reveal().data();
  const KeyPtr signer{must(d2i_AutoPrivateKey(nullptr, &in, static_cast<long>(der.size())))};
  must(X509_CRL_sign(crl, signer.get(), signing_key.algorithm() == KeyAlgorithm::ecdsa_p384() ? EVP_sha384() : EVP_sha256()));
  Bytes out(static_cast<std::size_t>(i2d_X509_CRL(crl, nullptr)));
  unsigned char* to = out.data();
  i2d_X509_CRL(crl, &to);
  return out;
}

bool openssl_verifies_crl(ByteView crl, const PublicKey& issuer_key) {
  const unsigned char* in = issuer_key.spki_der().data();
  const KeyPtr key{must(d2i_PUBKEY(nullptr, &in, static_cast<long>(issuer_key.spki_der().size())))};
  return X509_CRL_verify(parse(crl).get(), key.get()) == 1;
}

std::string crl_text(ByteView crl) {
  const std::string text = run({"openssl", "crl", "-inform", "DER", "-noout", "-text"}, {.input = std::string{text_of(crl)}}).out;
  return text.substr(0, text.rfind("    Signature Algorithm:"));
}

OpensslCrl openssl_reads_crl(ByteView der) {
  const CrlPtr crl = parse(der);
  STACK_OF(X509_REVOKED)* const entries = X509_CRL_get_REVOKED(crl.get());
  const int count = entries != nullptr ? sk_X509_REVOKED_num(entries) : 0;
  if (count == 0) return {0, "", ""};
  return {static_cast<std::size_t>(count), serial_of(entries, 0), serial_of(entries, count - 1)};
}

}  // namespace spaceca::test
