#include "x509/tbs_template.h"

#include <array>

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

TbsTemplate::TbsTemplate(const Certificate& root, Profile profile, const LeafFields& sample) {
  const ByteView algorithm = signature_algorithm_of(root.public_key().algorithm()).identifier;
  issuer_signature_.assign(algorithm.begin(), algorithm.end());

  der::Writer before_dates;
  before_dates.raw(algorithm);
  before_dates.raw(root.subject_der());
  before_dates_ = before_dates.take();

  der::Writer usage;
  write_leaf_basic_constraints(usage);
  write_key_usage(usage, leaf_key_usage(profile, sample.key.algorithm()));
  write_extended_key_usage(usage, profile == Profile::server ? der::oids::kServerAuth : der::oids::kClientAuth);
  usage_ = usage.take();

  der::Writer authority;
  write_authority_key_identifier(authority, root.subject_key_identifier());
  authority_ = authority.take();

  prove(root, profile, sample);
}

void TbsTemplate::fill(der::Writer& w, const LeafFields& fields) const {
  check_varying_fields(fields);
  w.sequence([&] {
    write_version_3(w);
    w.integer(fields.serial.octets());
    w.raw(before_dates_);
    write_validity(w, fields.validity);
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
  });
}

void TbsTemplate::prove(const Certificate& root, Profile profile, const LeafFields& sample) const {
  const auto refuse = [](std::string_view why) { throw Error{Errc::crypto, fmt::format("certificate template: {}", why)}; };
  der::Writer tbs;
  fill(tbs, sample);
  const Bytes der = signed_certificate(tbs.written(), issuer_signature_, kNoSignature);
  const ossl::X509Certificate read{ossl::decoded(d2i_X509, X509_free, ByteView{der})};
  if (read == nullptr) refuse("OpenSSL cannot read what it makes");
  // From the fields, not from the octets that d2i keeps.
  ossl::check(i2d_re_X509_tbs(read.get(), nullptr), "encode a certificate");
  if (ossl::encoded<Bytes>(i2d_X509, read.get(), "encode a certificate") != der) refuse("OpenSSL writes it differently");
  if ((X509_get_extension_flags(read.get()) & (EXFLAG_INVALID | EXFLAG_CA | EXFLAG_CRITICAL)) != 0) {
    refuse("its extensions are wrong");
  }
  const std::uint32_t usage = X509_get_extended_key_usage(read.get());
  if (usage != (profile == Profile::server ? XKU_SSL_SERVER : XKU_SSL_CLIENT)) refuse("its extended key usage is wrong");
  if ((X509_get_key_usage(read.get()) & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0) refuse("its key usage is wrong");
  refuse_findings("certificate template", lint_all(read_certificate(der, &sample.key), &root));
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
