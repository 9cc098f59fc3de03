#include "x509/tbs_template.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include <spaceca/error.h>

#include "ossl/check.h"
#include "ossl/encode.h"
#include "ossl/handles.h"
#include "x509/algorithms.h"
#include "x509/certificate_impl.h"
#include "x509/der.h"
#include "x509/extensions.h"
#include "x509/lint.h"
#include "x509/signature.h"

namespace spaceca::x509 {
namespace {

// Stands where the signature will be, in what is looked at before it is signed.
constexpr std::array<std::uint8_t, 8> kNoSignature = {0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01};

void write_version_3(der::Writer& w) {
  w.nest(der::context_constructed(0), [&] { w.small_integer(2); });
}

void write_validity(der::Writer& w, Validity validity) {
  w.sequence([&] {
    w.time(validity.not_before);
    w.time(validity.not_after);
  });
}

// keyEncipherment belongs to RSA key exchange; beside clientAuth it contradicts RFC 5280 4.2.1.12.
std::uint8_t leaf_key_usage(Profile profile, KeyAlgorithm key) {
  const bool rsa_server = profile == Profile::server && traits(key).family == Family::rsa;
  return rsa_server ? kDigitalSignature | kKeyEncipherment : kDigitalSignature;
}

// Whether two Certificates of the same octets say the same of them.
bool shows_the_same(const Certificate& a, const Certificate& b) {
  return a.serial() == b.serial() && a.validity() == b.validity() && a.public_key() == b.public_key() &&
         std::ranges::equal(a.subject_der(), b.subject_der()) && std::ranges::equal(a.issuer_der(), b.issuer_der()) &&
         std::ranges::equal(a.subject_key_identifier(), b.subject_key_identifier()) &&
         std::ranges::equal(a.authority_key_identifier(), b.authority_key_identifier()) && a.is_ca() == b.is_ca() &&
         a.may_sign_certificates() == b.may_sign_certificates() && a.may_sign_crls() == b.may_sign_crls();
}

}  // namespace

void check_leaf_key(Profile profile, KeyAlgorithm algorithm) {
  const bool for_all = algorithm == KeyAlgorithm::ecdsa_p256() || algorithm == KeyAlgorithm::rsa_2048() ||
                       algorithm == KeyAlgorithm::rsa_3072() || algorithm == KeyAlgorithm::rsa_4096();
  const Family family = traits(algorithm).family;
  const bool for_clients = family == Family::eddsa || family == Family::other;
  if (for_all || (profile == Profile::client && for_clients)) return;
  throw Error{
      Errc::policy,
      profile == Profile::server
          ? fmt::format("server key: {} does not suit; use ecdsa-p256, rsa-2048, rsa-3072 or rsa-4096", algorithm.name())
          : fmt::format("client key: {} does not suit; use ecdsa-p256, ed25519, rsa-2048, rsa-3072 or rsa-4096", algorithm.name())};
}

TbsTemplate::TbsTemplate(const Certificate& root, Profile profile, const LeafFields& sample)
    : authority_key_size_(root.subject_key_identifier().size()), usage_bits_(leaf_key_usage(profile, sample.key.algorithm())) {
  const auto copy = [](ByteView octets) { return Bytes{octets.begin(), octets.end()}; };
  signature_algorithm_ = copy(signature_algorithm_of(root.public_key().algorithm()).identifier);
  issuer_ = copy(root.subject_der());

  der::Writer usage;
  write_leaf_basic_constraints(usage);
  write_key_usage(usage, usage_bits_);
  write_extended_key_usage(usage, profile == Profile::server ? der::oids::kServerAuth : der::oids::kClientAuth);
  usage_ = usage.take();

  der::Writer authority;
  write_authority_key_identifier(authority, root.subject_key_identifier());
  authority_ = authority.take();

  prove(root, profile, sample);
}

TbsTemplate::Shown TbsTemplate::fill(der::Writer& w, const LeafFields& fields) const {
  Place issuer{0, issuer_.size()};
  Place subject{0, fields.subject.size()};
  w.clear();
  w.sequence([&] {
    write_version_3(w);
    w.integer(fields.serial.octets());
    w.raw(signature_algorithm_);
    const std::size_t issuer_at = w.written().size();
    w.raw(issuer_);
    write_validity(w, fields.validity);
    const std::size_t subject_at = w.written().size();
    w.raw(fields.subject);
    w.raw(fields.key.spki_der());
    w.nest(der::context_constructed(3), [&] {
      w.sequence([&] {
        w.raw(usage_);
        write_subject_key_identifier(w, fields.subject_key_identifier);
        w.raw(authority_);
        w.raw(fields.subject_alt_name);
      });
    });
    issuer.before_end = w.written().size() - issuer_at;
    subject.before_end = w.written().size() - subject_at;
  });
  // Both extensions end with the identifier.
  const std::size_t behind_authority = fields.subject_alt_name.size();
  const std::size_t behind_subject_key = behind_authority + authority_.size();
  const std::size_t subject_key_size = fields.subject_key_identifier.size();
  return {.issuer = issuer,
          .subject = subject,
          .subject_key_identifier = {behind_subject_key + subject_key_size, subject_key_size},
          .authority_key_identifier = {behind_authority + authority_key_size_, authority_key_size_}};
}

Certificate TbsTemplate::certificate(const LeafFields& fields, der::Writer& tbs, const Sign& sign) const {
  check_varying_fields(fields);
  const Shown shown = fill(tbs, fields);
  Bytes der = signed_certificate(tbs.written(), signature_algorithm_, sign(tbs.written()));
  der::Reader outer{der, "certificate"};
  der::Reader parts = outer.enter(der::Tag::sequence);
  const ByteView signed_part = parts.read_whole(der::Tag::sequence);
  const ByteView signature_algorithm = parts.read_whole(der::Tag::sequence);
  const auto view = [signed_part](Place place) { return signed_part.last(place.before_end).first(place.size); };
  Certificate::Impl impl{.der = {},
                         .serial = fields.serial,
                         .validity = fields.validity,
                         .public_key = fields.key,
                         .subject = view(shown.subject),
                         .issuer = view(shown.issuer),
                         .signature_algorithm = signature_algorithm,
                         .subject_key_identifier = view(shown.subject_key_identifier),
                         .authority_key_identifier = view(shown.authority_key_identifier),
                         .key_usage = usage_bits_,
                         .is_ca = false};
  impl.der = std::move(der);  // its block stays where it is
  return Certificate{std::make_shared<const Certificate::Impl>(std::move(impl))};
}

void TbsTemplate::prove(const Certificate& root, Profile profile, const LeafFields& sample) const {
  const auto refuse = [](std::string_view why) { throw Error{Errc::crypto, fmt::format("certificate template: {}", why)}; };
  der::Writer tbs;
  const Certificate made = certificate(sample, tbs, [](ByteView) { return Bytes{kNoSignature.begin(), kNoSignature.end()}; });
  const ossl::X509Certificate openssl{ossl::decoded(d2i_X509, X509_free, made.der())};
  if (openssl == nullptr) refuse("OpenSSL cannot read what it makes");
  // From the fields, not from the octets that d2i keeps.
  ossl::check(i2d_re_X509_tbs(openssl.get(), nullptr), "encode a certificate");
  if (!std::ranges::equal(ossl::encoded<Bytes>(i2d_X509, openssl.get(), "encode a certificate"), made.der())) {
    refuse("OpenSSL writes it differently");
  }
  if ((X509_get_extension_flags(openssl.get()) & (EXFLAG_INVALID | EXFLAG_CA | EXFLAG_CRITICAL)) != 0) {
    refuse("its extensions are wrong");
  }
  const std::uint32_t usage = X509_get_extended_key_usage(openssl.get());
  if (usage != (profile == Profile::server ? XKU_SSL_SERVER : XKU_SSL_CLIENT)) refuse("its extended key usage is wrong");
  if ((X509_get_key_usage(openssl.get()) & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0) refuse("its key usage is wrong");
  const Certificate read = read_certificate(Bytes{made.der().begin(), made.der().end()});
  if (!shows_the_same(made, read)) refuse("what it says of its certificate is not what stands in there");
  refuse_findings("certificate template", lint_all(read, &root));
}

Bytes signed_certificate(ByteView tbs, ByteView algorithm_identifier, ByteView signature) {
  der::Writer w{tbs.size() + algorithm_identifier.size() + signature.size() + 16};
  w.sequence([&] {
    w.raw(tbs);
    w.raw(algorithm_identifier);
    w.bit_string([&] { w.raw(signature); });
  });
  return w.take();
}

Bytes root_tbs(const Serial& serial, Validity validity, ByteView algorithm_identifier, ByteView subject, const PublicKey& key,
               ByteView subject_key_identifier) {
  der::Writer w;
  w.sequence([&] {
    write_version_3(w);
    w.integer(serial.octets());
    w.raw(algorithm_identifier);
    w.raw(subject);
    write_validity(w, validity);
    w.raw(subject);
    w.raw(key.spki_der());
    w.nest(der::context_constructed(3), [&] {
      w.sequence([&] {
        write_ca_basic_constraints(w);
        write_key_usage(w, kKeyCertSign | kCrlSign);
        write_subject_key_identifier(w, subject_key_identifier);
      });
    });
  });
  Bytes tbs = w.take();
  const Certificate unsigned_root = read_certificate(signed_certificate(tbs, algorithm_identifier, kNoSignature), &key);
  refuse_findings("root", lint_all(unsigned_root, nullptr));
  return tbs;
}

}  // namespace spaceca::x509
