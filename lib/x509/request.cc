// Requests come by the thousand to a service that issues, and OpenSSL 3.0 spends four times on reading one what it spends on
// checking it (it decodes the key twice): the strict reader serves here too. What it does not know well (rare kinds of names,
// attributes or signatures) is for OpenSSL, so that nothing is accepted that OpenSSL would refuse.
#include <spaceca/certificate.h>

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "base/utf8.h"
#include "ossl/check.h"
#include "ossl/encode.h"
#include "ossl/handles.h"
#include "x509/algorithms.h"
#include "x509/der_reader.h"
#include "x509/key_access.h"
#include "x509/pem.h"
#include "x509/signature.h"

namespace spaceca {
namespace {

using der::Tag;

constexpr std::string_view kRequest = "certificate request";

[[noreturn]] void wrong_signature() { throw Error{Errc::mismatch, "certificate request: its signature is not that of its key"}; }

// --- by OpenSSL ---

// RSASSA-PSS names its digest in its parameters, and means SHA-1 if it names none (RFC 8017 A.2.3).
int digest_of_pss(const X509_ALGOR& algorithm) {
  int kind = V_ASN1_UNDEF;
  const void* value = nullptr;
  X509_ALGOR_get0(nullptr, &kind, &value, &algorithm);
  if (kind != V_ASN1_SEQUENCE) return NID_undef;
  const ossl::PssParameters parameters{
      static_cast<RSA_PSS_PARAMS*>(ASN1_item_unpack(static_cast<const ASN1_STRING*>(value), ASN1_ITEM_rptr(RSA_PSS_PARAMS)))};
  if (parameters == nullptr) return NID_undef;
  if (parameters->hashAlgorithm == nullptr) return NID_sha1;
  return OBJ_obj2nid(parameters->hashAlgorithm->algorithm);
}

int digest_of(const X509_REQ* request) {
  const X509_ALGOR* algorithm = nullptr;
  X509_REQ_get0_signature(request, nullptr, &algorithm);
  if (X509_REQ_get_signature_nid(request) == NID_rsassaPss) return digest_of_pss(*algorithm);
  int digest = NID_undef;
  OBJ_find_sigid_algs(X509_REQ_get_signature_nid(request), &digest, nullptr);
  return digest;
}

// SHA-1 and MD5 signatures can be made to fit two requests; who still makes them has other troubles too.
void check_digest(const X509_REQ* request, KeyAlgorithm key) {
  const x509::Family family = x509::traits(key).family;
  if (family == x509::Family::eddsa || family == x509::Family::other) return;  // Ed25519 and ML-DSA bring their own
  const int digest = digest_of(request);
  if (digest != NID_sha256 && digest != NID_sha384 && digest != NID_sha512) {
    throw Error{Errc::policy,
                fmt::format("certificate request: is signed with {}; SHA-256 or stronger is needed", OBJ_nid2sn(digest))};
  }
}

PublicKey read_by_openssl(ByteView der) {
  const ossl::QuietErrors quiet;
  const ossl::Request request{ossl::decoded(d2i_X509_REQ, X509_REQ_free, der)};
  if (request == nullptr) throw Error{Errc::malformed, "certificate request: OpenSSL cannot read it"};
  X509_PUBKEY* const key = X509_REQ_get_X509_PUBKEY(request.get());
  PublicKey public_key = PublicKey::from_spki_der(ossl::encoded<Bytes>(i2d_X509_PUBKEY, key, "write a public key"));
  check_digest(request.get(), public_key.algorithm());
  EVP_PKEY* const signed_by = X509_REQ_get0_pubkey(request.get());
  if (signed_by == nullptr || X509_REQ_verify(request.get(), signed_by) != 1) wrong_signature();
  return public_key;
}

// --- by the strict reader ---

// As OpenSSL wants it: groups of seven bits, none padded in front, the last one ended.
bool is_object_identifier(ByteView content) {
  bool at_start = true;
  for (const std::uint8_t octet : content) {
    if (at_start && octet == 0x80) return false;
    at_start = octet < 0x80;
  }
  return !content.empty() && at_start;
}

constexpr auto kPrintableString = static_cast<Tag>(0x13);
constexpr auto kIa5String = static_cast<Tag>(0x16);

// Reads a string of one of the usual kinds; false for any other.
bool read_usual_string(der::Reader& reader) {
  if (reader.next_is(Tag::utf8_string)) return is_utf8(text_of(reader.read(Tag::utf8_string)));
  for (const Tag tag : {kPrintableString, kIa5String}) {
    if (reader.next_is(tag)) return is_printable_ascii(reader.read(tag));
  }
  return false;
}

// Name ::= SEQUENCE OF SET OF { type, value } (RFC 5280 4.1.2.4).
bool read_usual_name(der::Reader& info) {
  for (der::Reader name = info.enter(Tag::sequence); !name.at_end();) {
    der::Reader rdn = name.enter(Tag::set);
    der::Reader attribute = rdn.enter(Tag::sequence);
    if (!is_object_identifier(attribute.read(Tag::object_identifier)) || !read_usual_string(attribute)) return false;
    attribute.expect_end();
    if (!rdn.at_end()) return false;  // several attributes in one: their order is OpenSSL's to judge
  }
  return true;
}

// [0] Attributes: each a type with a set of one value, a SEQUENCE (extensionRequest) or a usual string.
bool read_usual_attributes(der::Reader& info) {
  for (der::Reader attributes = info.enter(der::context_constructed(0)); !attributes.at_end();) {
    der::Reader attribute = attributes.enter(Tag::sequence);
    if (!is_object_identifier(attribute.read(Tag::object_identifier))) return false;
    der::Reader values = attribute.enter(Tag::set);
    attribute.expect_end();
    if (values.next_is(Tag::sequence)) {
      static_cast<void>(values.read(Tag::sequence));
    } else if (!read_usual_string(values)) {
      return false;
    }
    if (!values.at_end()) return false;
  }
  return true;
}

// The key of a request of the usual kind; nothing if it is for OpenSSL.
std::optional<PublicKey> read_usual(ByteView der) {
  der::Reader outer{der, kRequest};
  der::Reader request = outer.enter(Tag::sequence);
  outer.expect_end();
  const ByteView signed_part = request.read_whole(Tag::sequence);
  const ByteView algorithm = request.read_whole(Tag::sequence);
  const ByteView signature = request.octet_bits();
  request.expect_end();

  der::Reader whole{signed_part, kRequest};
  der::Reader info = whole.enter(Tag::sequence);
  if (info.small_integer() != 0) info.refuse("is not of version 1");
  if (!read_usual_name(info)) return std::nullopt;
  const ByteView spki = info.read_whole(Tag::sequence);
  if (!info.next_is(der::context_constructed(0)) || !read_usual_attributes(info)) return std::nullopt;
  info.expect_end();

  PublicKey key = PublicKey::from_spki_der(spki);
  const x509::SignatureAlgorithm* const known = x509::signature_algorithm_by(algorithm, key.algorithm());
  if (known == nullptr) return std::nullopt;
  if (!x509::signed_by(key, *known, signed_part, signature)) wrong_signature();
  return key;
}

}  // namespace

CertificateRequest CertificateRequest::from_der(ByteView der) {
  if (der.size() > x509::kLongestInput) {
    throw Error{Errc::policy, fmt::format("certificate request: has {} octets, the most is {}", der.size(), x509::kLongestInput)};
  }
  auto key = read_usual(der);
  return CertificateRequest{key ? std::move(*key) : read_by_openssl(der)};
}

CertificateRequest CertificateRequest::from_pem(std::string_view pem) {
  const auto blocks = x509::pem_blocks(pem, kRequest);
  const auto is_request = [](const x509::PemBlock& block) {
    return block.label == "CERTIFICATE REQUEST" || block.label == "NEW CERTIFICATE REQUEST";
  };
  if (blocks.size() != 1 || !is_request(blocks.front())) {
    throw Error{Errc::malformed,
                fmt::format("certificate request: the text must hold one PEM block, BEGIN CERTIFICATE REQUEST; it holds {} "
                            "blocks{}",
                            blocks.size(), blocks.size() == 1 ? " of another kind" : "")};
  }
  return from_der(x509::decoded(blocks.front(), kRequest).reveal());
}

}  // namespace spaceca
