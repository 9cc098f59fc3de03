#include <spaceca/certificate.h>

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include <spaceca/error.h>

#include "ossl/check.h"
#include "ossl/encode.h"
#include "ossl/handles.h"
#include "x509/certificate_impl.h"
#include "x509/pem.h"

namespace spaceca {
namespace x509 {
namespace {

constexpr std::string_view kCertificate = "certificate";

using der::Tag;

// The extensions that we look at; the others are passed over here and judged by verify and lint.
void read_extension(der::Reader& extensions, Certificate::Impl& into) {
  der::Reader extension = extensions.enter(Tag::sequence);
  const ByteView oid = extension.read(Tag::object_identifier);
  if (extension.next_is(Tag::boolean)) static_cast<void>(extension.read(Tag::boolean));
  der::Reader value{extension.read(Tag::octet_string), kCertificate};
  extension.expect_end();

  const auto is = [oid](const der::Oid& known) { return std::ranges::equal(oid, known.octets()); };
  if (is(der::oids::kBasicConstraints)) {
    der::Reader constraints = value.enter(Tag::sequence);
    if (!constraints.next_is(Tag::boolean)) return;
    // DER writes TRUE alone, FALSE being the default; who writes FALSE all the same means it (and lint objects).
    const ByteView ca = constraints.read(Tag::boolean);
    into.is_ca = !ca.empty() && ca.front() != 0;
  } else if (is(der::oids::kKeyUsage)) {
    const ByteView bits = value.read(Tag::bit_string);
    into.key_usage = bits.size() > 1 ? bits[1] : 0;
  } else if (is(der::oids::kSubjectKeyIdentifier)) {
    into.subject_key_identifier = value.read(Tag::octet_string);
  } else if (is(der::oids::kAuthorityKeyIdentifier)) {
    der::Reader fields = value.enter(Tag::sequence);
    if (fields.next_is(der::context_constructed(0))) fields.refuse("has a key identifier in pieces, which DER does not allow");
    if (fields.next_is(der::context(0))) into.authority_key_identifier = fields.read(der::context(0));
  }
}

// The extension's value; null if there is none, if it stands there twice or if it is not what its name says.
template <class Value, auto Free>
std::unique_ptr<Value, ossl::Deleter<Free>> extension_of(const X509* certificate, int nid) {
  return std::unique_ptr<Value, ossl::Deleter<Free>>{static_cast<Value*>(X509_get_ext_d2i(certificate, nid, nullptr, nullptr))};
}

// Of extensions OpenSSL's reading counts: a CA by a basicConstraints that nobody else can read is none. Where OpenSSL sees nothing
// we see nothing, and lint and verify tell why.
void as_openssl_reads_extensions(const X509* certificate, Certificate::Impl& into) {
  const auto constraints = extension_of<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>(certificate, NID_basic_constraints);
  into.is_ca = constraints != nullptr && constraints->ca != 0;
  const auto usage = extension_of<ASN1_BIT_STRING, ASN1_BIT_STRING_free>(certificate, NID_key_usage);
  into.key_usage =
      usage != nullptr && ASN1_STRING_length(usage.get()) > 0 ? ASN1_STRING_get0_data(usage.get())[0] : std::uint8_t{0};
  if (extension_of<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>(certificate, NID_subject_key_identifier) == nullptr) {
    into.subject_key_identifier = {};
  }
  if (extension_of<AUTHORITY_KEYID, AUTHORITY_KEYID_free>(certificate, NID_authority_key_identifier) == nullptr) {
    into.authority_key_identifier = {};
  }
}

}  // namespace

std::string rfc2253(ByteView name, NonAscii non_ascii) {
  const ossl::Name parsed{ossl::check(ossl::decoded(d2i_X509_NAME, X509_NAME_free, name), "read a name")};
  const ossl::MemoryBio text{ossl::check(BIO_new(BIO_s_mem()), "make a buffer")};
  unsigned long flags = XN_FLAG_RFC2253;
  if (non_ascii == NonAscii::kept) flags &= ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  if (X509_NAME_print_ex(text.get(), parsed.get(), 0, flags) < 0) ossl::fail("print a name");
  char* start = nullptr;
  const long size = BIO_get_mem_data(text.get(), &start);
  return {start, static_cast<std::size_t>(size)};
}

Serial read_serial(der::Reader& from) {
  const ByteView magnitude = from.unsigned_integer();
  const bool fits = magnitude.size() < Serial::kLongest || (magnitude.size() == Serial::kLongest && magnitude.front() < 0x80);
  if (!fits || (magnitude.size() == 1 && magnitude.front() == 0)) {
    from.refuse("has a serial number that is zero, or longer than 20 octets (RFC 5280 4.1.2.2)");
  }
  return Serial{magnitude};
}

Certificate read_certificate(Bytes der, const PublicKey* public_key, const X509* by_openssl) {
  der::Reader outer{der, kCertificate};
  der::Reader certificate = outer.enter(Tag::sequence);
  outer.expect_end();
  der::Reader tbs = certificate.enter(Tag::sequence);
  const ByteView signature_algorithm = certificate.read_whole(Tag::sequence);
  static_cast<void>(certificate.octet_bits());
  certificate.expect_end();

  if (!tbs.next_is(der::context_constructed(0))) tbs.refuse("is of version 1; version 3 is needed");
  der::Reader version = tbs.enter(der::context_constructed(0));
  if (version.small_integer() != 2) tbs.refuse("is not of version 3");
  version.expect_end();
  const Serial serial = read_serial(tbs);
  if (!std::ranges::equal(tbs.read_whole(Tag::sequence), signature_algorithm)) {
    tbs.refuse("names two different signature algorithms");
  }
  const ByteView issuer = tbs.read_whole(Tag::sequence);
  der::Reader dates = tbs.enter(Tag::sequence);
  const Instant not_before = dates.time();
  const Instant not_after = dates.time();
  dates.expect_end();
  const ByteView subject = tbs.read_whole(Tag::sequence);
  const ByteView spki = tbs.read_whole(Tag::sequence);

  Certificate::Impl impl{.der = {},
                         .serial = serial,
                         .validity = {not_before, not_after},
                         .public_key = public_key != nullptr ? *public_key : PublicKey::from_spki_der(spki),
                         .subject = subject,
                         .issuer = issuer,
                         .signature_algorithm = signature_algorithm,
                         .subject_key_identifier = {},
                         .authority_key_identifier = {},
                         .key_usage = 0,
                         .is_ca = false};
  for (const unsigned unique_id : {1U, 2U}) {
    if (tbs.next_is(der::context(unique_id))) static_cast<void>(tbs.read(der::context(unique_id)));
  }
  if (tbs.next_is(der::context_constructed(3))) {
    der::Reader wrapped = tbs.enter(der::context_constructed(3));
    for (der::Reader extensions = wrapped.enter(Tag::sequence); !extensions.at_end();) read_extension(extensions, impl);
    wrapped.expect_end();
  }
  tbs.expect_end();
  if (by_openssl != nullptr) as_openssl_reads_extensions(by_openssl, impl);
  impl.der = std::move(der);  // a vector keeps its block when it moves, so what borrows from it stays good
  return Certificate{std::make_shared<const Certificate::Impl>(std::move(impl))};
}

}  // namespace x509

Certificate Certificate::from_der(ByteView der) {
  const ossl::QuietErrors quiet;
  const ossl::X509Certificate parsed{ossl::decoded(d2i_X509, X509_free, der)};
  if (parsed == nullptr) throw Error{Errc::malformed, "certificate: OpenSSL cannot read it, or octets follow its end"};
  return x509::read_certificate(Bytes{der.begin(), der.end()}, nullptr, parsed.get());
}

Certificate Certificate::from_pem(std::string_view pem) {
  const auto blocks = x509::pem_blocks(pem, x509::kCertificate);
  if (blocks.size() != 1 || blocks.front().label != "CERTIFICATE") {
    throw Error{Errc::malformed,
                fmt::format("certificate: the text must hold one PEM block, BEGIN CERTIFICATE; it holds {} blocks", blocks.size())};
  }
  return from_der(x509::decoded(blocks.front(), x509::kCertificate).reveal());
}

ByteView Certificate::der() const { return impl_->der; }
const Serial& Certificate::serial() const { return impl_->serial; }
Validity Certificate::validity() const { return impl_->validity; }
const PublicKey& Certificate::public_key() const { return impl_->public_key; }
ByteView Certificate::subject_der() const { return impl_->subject; }
ByteView Certificate::issuer_der() const { return impl_->issuer; }
std::string Certificate::subject() const { return x509::rfc2253(impl_->subject); }
std::string Certificate::issuer() const { return x509::rfc2253(impl_->issuer); }
ByteView Certificate::subject_key_identifier() const { return impl_->subject_key_identifier; }
ByteView Certificate::authority_key_identifier() const { return impl_->authority_key_identifier; }
bool Certificate::is_ca() const { return impl_->is_ca; }
bool Certificate::may_sign_certificates() const { return (impl_->key_usage & x509::kKeyCertSign) != 0; }
bool Certificate::may_sign_crls() const { return (impl_->key_usage & x509::kCrlSign) != 0; }

std::string Certificate::pem() const {
  std::string text;
  x509::append_pem(text, "CERTIFICATE", impl_->der);
  return text;
}

bool operator==(const Certificate& a, const Certificate& b) { return a.impl_->der == b.impl_->der; }

}  // namespace spaceca
