// A stranger's certificate, against OpenSSL's reading; then what judges certificates, which must come to an end with any.
#include <spaceca/certificate.h>
#include <spaceca/verify.h>

#include "harness.h"
#include "own_root.h"
#include "x509_oracle.h"

using namespace spaceca;
using namespace spaceca::fuzz;

namespace {

using X509Certificate = Owned<X509, X509_free>;

// The extension's value. Null if there is none, and also if it cannot be read or stands there twice: then we must see none either
// (that such a certificate is bad is for lint and verify to say).
template <class T, auto Free>
Owned<T, Free> extension_of(const X509* certificate, int nid) {
  return Owned<T, Free>{static_cast<T*>(X509_get_ext_d2i(certificate, nid, nullptr, nullptr))};
}

bool has_bit(const ASN1_BIT_STRING* bits, int bit) { return bits != nullptr && ASN1_BIT_STRING_get_bit(bits, bit) == 1; }

void require_same_extensions(const Certificate& ours, const X509* theirs) {
  const auto constraints = extension_of<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>(theirs, NID_basic_constraints);
  require(ours.is_ca() == (constraints != nullptr && constraints->ca != 0), "is_ca");
  const auto usage = extension_of<ASN1_BIT_STRING, ASN1_BIT_STRING_free>(theirs, NID_key_usage);
  require(ours.may_sign_certificates() == has_bit(usage.get(), 5), "keyCertSign");
  require(ours.may_sign_crls() == has_bit(usage.get(), 6), "cRLSign");
  const auto key_id = extension_of<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>(theirs, NID_subject_key_identifier);
  require(same(ours.subject_key_identifier(), octets_of(key_id.get())), "the subject's key identifier");
  const auto authority = extension_of<AUTHORITY_KEYID, AUTHORITY_KEYID_free>(theirs, NID_authority_key_identifier);
  require(same(ours.authority_key_identifier(), octets_of(authority != nullptr ? authority->keyid : nullptr)),
          "the authority's key identifier");
}

void require_same(const Certificate& ours, X509* theirs) {
  require(magnitude_of(X509_get0_serialNumber(theirs)) == Bytes(ours.serial().octets().begin(), ours.serial().octets().end()),
          "the serial");
  require(instant_of(X509_get0_notBefore(theirs)) == ours.validity().not_before, "notBefore");
  require(instant_of(X509_get0_notAfter(theirs)) == ours.validity().not_after, "notAfter");
  require(same(ours.subject_der(), written(i2d_X509_NAME, X509_get_subject_name(theirs))), "the subject");
  require(same(ours.issuer_der(), written(i2d_X509_NAME, X509_get_issuer_name(theirs))), "the issuer");
  require(same(ours.public_key().spki_der(), written(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(theirs))), "the key");
  require(X509_get0_pubkey(theirs) != nullptr, "OpenSSL takes the key that we take");
  require(X509_get_version(theirs) == X509_VERSION_3, "the version");
  const auto subject = accepted([&] { return ours.subject(); });
  require(subject == text_of(X509_get_subject_name(theirs)), "the subject's text");
  const auto issuer = accepted([&] { return ours.issuer(); });
  require(issuer == text_of(X509_get_issuer_name(theirs)), "the issuer's text");
  require_same_extensions(ours, theirs);
}

void require_same_once_printed(const Certificate& certificate) {
  const auto from_pem = accepted([&] { return Certificate::from_pem(certificate.pem()); });
  require(from_pem && *from_pem == certificate, "its PEM is read again");
}

void require_verdict(const Verification& what) {
  require(accepted([&] { return verify(what); }).has_value(), "verify judges every certificate");
}

// Whatever they find: they find it.
void require_judgement(const Certificate& certificate) {
  require(accepted([&] { return lint(certificate); }).has_value(), "lint judges every certificate");
  require(accepted([&] { return lint(certificate, certificate); }).has_value(), "lint judges every certificate beside its issuer");
  require_verdict(
      {.chain = {certificate}, .anchors = {certificate}, .purpose = Purpose::client, .now = certificate.validity().not_before});
  require_verdict({.chain = {certificate},
                   .anchors = {certificate, own_root().certificate},
                   .purpose = Purpose::server,
                   .now = own_root().now,
                   .crls = {own_root().list},
                   .host = HostName{"db.acme.example"}});
}

// As a leaf of a root that is trusted and has a list.
void require_judgement_below_a_root(const Certificate& certificate) {
  require(accepted([&] { return lint(certificate, own_root().certificate); }).has_value(),
          "lint judges every certificate of a root");
  for (const Instant now : {certificate.validity().not_before, own_root().now}) {
    Verification leaf{.chain = {certificate},
                      .anchors = {own_root().certificate},
                      .purpose = Purpose::client,
                      .now = now,
                      .crls = {own_root().list}};
    require_verdict(leaf);
    leaf.purpose = Purpose::server;
    for (const char* const host : {"db.acme.example", "10.0.0.7", "2001:db8::1"}) {
      leaf.host = HostName{host};
      require_verdict(leaf);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView der{data, size};
  const auto certificate = accepted([&] { return Certificate::from_der(der); });
  if (!certificate) return 0;
  require(same(certificate->der(), der), "a certificate is kept as it came");
  const auto theirs = read_whole<X509, X509_free>(d2i_X509, der);
  require(theirs != nullptr, "OpenSSL reads the certificate that we read");
  require_same(*certificate, theirs.get());
  require_same_once_printed(*certificate);
  require_judgement(*certificate);
  if (const auto below = signed_by_own_root(der)) {
    const auto leaf = accepted([&] { return Certificate::from_der(*below); });
    if (leaf) require_judgement_below_a_root(*leaf);
  }
  ERR_clear_error();
  return 0;
}
