#include <spaceca/issuer.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/hex.h"
#include "base/printable.h"
#include "ossl/digest.h"
#include "ossl/free_list.h"
#include "ossl/random.h"
#include "ossl/uuid.h"
#include "x509/algorithms.h"
#include "x509/certificate_impl.h"
#include "x509/client_name.h"
#include "x509/crl_writer.h"
#include "x509/der.h"
#include "x509/der_reader.h"
#include "x509/extensions.h"
#include "x509/key_access.h"
#include "x509/key_maker.h"
#include "x509/signature.h"
#include "x509/tbs_template.h"

namespace spaceca {

using x509::KeyMaker;
using x509::LeafFields;
using x509::Profile;
using x509::TbsTemplate;

namespace {

constexpr std::size_t kLongestCommonName = 64;  // ub-common-name (RFC 5280 appendix A.1)
constexpr std::size_t kSpaceCharacters = 24;

// In the order of issue, as UUIDs of version 7 are: what is issued together stands together in an index, and a store writes one
// page of it for all of a commit instead of one for each. A second is too long for that, since ten thousand may be issued in it, so
// a count follows it. Sixty-four random bits are left, as many as the CA/Browser Forum's Baseline Requirements (7.1) want.
Serial draw_serial(ossl::RandomPool& random, Instant now, std::uint16_t count) {
  constexpr std::size_t kInOrder = 7;
  std::array<std::uint8_t, Serial::kOurSize> octets{};
  octets.front() = 0x01;
  auto place = static_cast<std::uint64_t>(now.time_since_epoch().count()) << 16U | count;
  for (std::size_t i = kInOrder; i > 0; --i, place >>= 8U) octets[i] = static_cast<std::uint8_t>(place);
  random.fill(std::span{octets}.subspan(1 + kInOrder));
  return Serial{ByteView{octets}};
}

Bytes root_name(const RootSubject& subject, ByteView key_identifier) {
  if (subject.generation == 0) throw Error{Errc::invalid_argument, "root: its generation is 0; the first is 1"};
  const std::string name = fmt::format("{} G{} {}", subject.space.text().substr(0, kSpaceCharacters), subject.generation,
                                       hex_of(key_identifier.first(4), HexCase::lower));
  der::Writer w;
  w.sequence([&] { x509::write_rdn(w, der::oids::kCommonName, name); });
  return w.take();
}

void check_hosts(const std::vector<HostName>& hosts) {
  if (hosts.empty()) throw Error{Errc::invalid_argument, "server certificate: names no host; give at least one"};
  for (auto host = hosts.begin(); host != hosts.end(); ++host) {
    if (std::find(hosts.begin(), host, *host) != host) {
      throw Error{Errc::invalid_argument, fmt::format("server certificate: names host \"{}\" twice", host->text())};
    }
  }
}

// What is asked for, as DER and as words; both borrowed.
struct Request {
  Profile profile;
  ByteView subject;
  ByteView subject_alt_name;
  std::string_view who;              // for refusals
  std::optional<Instant> ends = {};  // otherwise a leaf's usual end
};

}  // namespace

struct SPACECA_NO_EXPORT Issuer::Impl {
  // What one issuance needs and the next can use again.
  struct Workbench {
    explicit Workbench(const char* digest) : key_hasher("SHA1"), tbs_hasher(digest) {}

    KeyMaker& maker(KeyAlgorithm wanted) {
      for (KeyMaker& maker : makers) {
        if (maker.algorithm() == wanted) return maker;
      }
      return makers.emplace_back(wanted);
    }

    ossl::RandomPool random;
    ossl::Hasher key_hasher;
    ossl::Hasher tbs_hasher;
    std::vector<KeyMaker> makers;
    der::Writer subject;  // a Name
    der::Writer subject_alt_name;
    der::Writer tbs;
  };

  // One of them for each profile and kind of key, compiled when first needed.
  // Not by std::call_once: compiling throws where a lint objects, and after that some of its implementations wait for ever.
  struct TemplateSlot {
    std::mutex compiling;
    std::optional<TbsTemplate> compiled;
    std::atomic<const TbsTemplate*> ready = nullptr;  // that, once it is whole
  };

  Impl(Certificate certificate, std::shared_ptr<const Signer> its_signer)
      : root(std::move(certificate)),
        signer(std::move(its_signer)),
        verify_signatures(dynamic_cast<const x509::KeySigner*>(signer.get()) == nullptr),
        algorithm(x509::signature_algorithm_of(root.public_key().algorithm())) {}

  [[nodiscard]] auto borrow() {
    return benches.borrow([this] { return std::make_unique<Workbench>(algorithm.digest); });
  }
  [[nodiscard]] Serial new_serial(Workbench& bench, Instant now) { return draw_serial(bench.random, now, serials_drawn++); }
  [[nodiscard]] Bytes sign(ByteView digest) const;
  [[nodiscard]] x509::CrlAuthority crl_authority(Workbench& bench) const;
  [[nodiscard]] const TbsTemplate& compiled(Profile profile, const LeafFields& sample);
  [[nodiscard]] Request request(Workbench& bench, const ServerSubject& subject) const;
  [[nodiscard]] static Request request(Workbench& bench, const ClientSubject& subject, Instant now);
  [[nodiscard]] Certificate issue(Workbench& bench, const Request& request, const PublicKey& key, Instant now,
                                  const Serial& serial);
  [[nodiscard]] Credential issue_with_key(Workbench& bench, const Request& request, Instant now, KeyAlgorithm algorithm);
  [[nodiscard]] Validity leaf_validity(const Request& request, Instant now) const;
  [[nodiscard]] std::string space_in_root() const;

  Certificate root;
  std::shared_ptr<const Signer> signer;
  std::atomic<std::uint16_t> serials_drawn = 0;
  bool verify_signatures;  // those of a Signer that is not our own KeySigner; a vault's sealed key comes as one
  const x509::SignatureAlgorithm& algorithm;
  ossl::FreeList<Workbench> benches;
  std::array<std::array<TemplateSlot, 4>, 2> templates;  // by profile and family
};

Bytes Issuer::Impl::sign(ByteView digest) const {
  Bytes signature = signer->sign({.algorithm = algorithm.name, .octets = digest});
  if (verify_signatures && !x509::verifies(signer->public_key(), algorithm, digest, signature)) {
    throw Error{Errc::crypto, "signer: returned a signature that its public key does not verify"};
  }
  return signature;
}

const TbsTemplate& Issuer::Impl::compiled(Profile profile, const LeafFields& sample) {
  auto& by_family = templates.at(static_cast<std::size_t>(profile));
  TemplateSlot& slot = by_family.at(static_cast<std::size_t>(x509::traits(sample.key.algorithm()).family));
  if (const TbsTemplate* const ready = slot.ready.load(std::memory_order_acquire)) return *ready;
  const std::lock_guard lock{slot.compiling};
  if (!slot.compiled) {
    slot.compiled.emplace(root, profile, sample);
    slot.ready.store(&*slot.compiled, std::memory_order_release);
  }
  return *slot.compiled;
}

std::string Issuer::Impl::space_in_root() const {
  // "CN=acme G1 0a1b2c3d"; whatever it is, O takes it.
  const std::string name = root.subject();
  const std::string_view text = std::string_view{name}.substr(name.find('=') + 1);
  return std::string{text.substr(0, text.find(" G"))};
}

Request Issuer::Impl::request(Workbench& bench, const ServerSubject& subject) const {
  check_hosts(subject.hosts);
  const std::string& first = subject.hosts.front().text();
  bench.subject.clear();
  bench.subject.sequence([&] {
    if (first.size() <= kLongestCommonName) {
      x509::write_rdn(bench.subject, der::oids::kCommonName, first);
    } else {
      x509::write_rdn(bench.subject, der::oids::kOrganization, subject.space ? subject.space->text() : space_in_root());
    }
  });
  bench.subject_alt_name.clear();
  x509::write_subject_alt_name(bench.subject_alt_name, subject.hosts);
  return {Profile::server, bench.subject.written(), bench.subject_alt_name.written(), first};
}

Request Issuer::Impl::request(Workbench& bench, const ClientSubject& subject, Instant now) {
  bench.subject.clear();
  x509::write_client_name(bench.subject, subject.database, subject.role);
  bench.subject_alt_name.clear();
  x509::write_subject_alt_name(bench.subject_alt_name,
                               subject.id ? *subject.id : CertificateId{ossl::draw_uuid(bench.random, now)});
  return {Profile::client, bench.subject.written(), bench.subject_alt_name.written(), subject.role.text()};
}

Validity Issuer::Impl::leaf_validity(const Request& request, Instant now) const {
  const std::string_view who = request.who;
  const Validity ours = root.validity();
  if (now < ours.not_before) {
    throw Error{Errc::policy, fmt::format("certificate for \"{}\": at {} its root is not yet valid, it starts {}", who,
                                          text_of(now), text_of(ours.not_before))};
  }
  if (now > ours.not_after) {
    throw Error{Errc::policy, fmt::format("certificate for \"{}\": at {} its root has expired, it ended {}", who, text_of(now),
                                          text_of(ours.not_after))};
  }
  const Validity leaf = request.ends ? Validity{now - kBackdating, *request.ends} : validity_from(now, kLeafLifetime);
  if (leaf.not_after > ours.not_after) {
    throw Error{Errc::policy, fmt::format("certificate for \"{}\": ends {}, its root ends {}", who, text_of(leaf.not_after),
                                          text_of(ours.not_after))};
  }
  return leaf;
}

Certificate Issuer::Impl::issue(Workbench& bench, const Request& request, const PublicKey& key, Instant now, const Serial& serial) {
  x509::check_leaf_key(request.profile, key.algorithm());
  const LeafFields fields{.serial = serial,
                          .validity = leaf_validity(request, now),
                          .subject = request.subject,
                          .subject_alt_name = request.subject_alt_name,
                          .key = key,
                          .subject_key_identifier = bench.key_hasher.digest(key.key_octets())};
  return compiled(request.profile, fields).certificate(fields, bench.tbs, [&](ByteView tbs) {
    return sign(bench.tbs_hasher.digest(tbs));
  });
}

Credential Issuer::Impl::issue_with_key(Workbench& bench, const Request& request, Instant now, KeyAlgorithm algorithm_of_key) {
  // What would be refused is refused before an RSA key is searched for.
  x509::check_leaf_key(request.profile, algorithm_of_key);
  static_cast<void>(leaf_validity(request, now));
  PrivateKey key = detail::KeyAccess::private_key(bench.maker(algorithm_of_key).make());
  Certificate leaf = issue(bench, request, key.public_key(), now, new_serial(bench, now));
  return Credential{{std::move(leaf)}, std::move(key), {root}};
}

// --- roots ---

namespace {

// Certificates can say the years 1950 to 9999 (RFC 5280 4.1.2.5).
Validity root_validity(Instant now) {
  using namespace std::chrono;
  constexpr sys_seconds kFirst = sys_days{year{1950} / January / 1};
  constexpr sys_seconds kLast = sys_days{year{9999} / December / 31} + hours{24} - seconds{1};
  const Validity validity = validity_from(now, kRootLifetime);
  if (validity.not_before < kFirst || validity.not_after > kLast) {
    throw Error{Errc::invalid_argument, fmt::format("root: it would be valid from {} to {}; a certificate can say 1950 to 9999",
                                                    text_of(validity.not_before), text_of(validity.not_after))};
  }
  return validity;
}

void check_root(const Certificate& root, const PublicKey& key) {
  const auto refuse = [&root](std::string_view why) {
    throw Error{Errc::policy, fmt::format("root \"{}\": {}", printable(root.subject()), why)};
  };
  if (!(root.public_key() == key)) {
    throw Error{Errc::mismatch, fmt::format("root \"{}\": the key is not the one in the certificate", printable(root.subject()))};
  }
  if (!root.is_ca()) refuse("is no CA (basicConstraints), so nothing may be issued under it");
  if (!root.may_sign_certificates()) refuse("may not sign certificates (keyUsage has no keyCertSign)");
  if (!std::ranges::equal(root.subject_der(), root.issuer_der())) refuse("was issued by another CA; an Issuer works under a root");
  if (root.subject_key_identifier().empty()) refuse("has no subjectKeyIdentifier for its leaves to point at");
}

}  // namespace

Issuer::Issuer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Issuer::Issuer(Issuer&&) noexcept = default;
Issuer& Issuer::operator=(Issuer&&) noexcept = default;
Issuer::~Issuer() = default;

Issuer::Issuer(Certificate root, PrivateKey key) {
  check_root(root, key.public_key());
  impl_ = std::make_unique<Impl>(std::move(root), std::make_shared<x509::KeySigner>(std::move(key)));
}

Issuer::Issuer(Certificate root, std::shared_ptr<const Signer> signer) {
  if (signer == nullptr) throw Error{Errc::invalid_argument, "issuer: the signer is null"};
  check_root(root, signer->public_key());
  impl_ = std::make_unique<Impl>(std::move(root), std::move(signer));
}

Issuer Issuer::self_signed(const RootSubject& subject, PrivateKey key, Instant now) {
  static_cast<void>(x509::signature_algorithm_of(key.algorithm()));
  return self_signed(subject, std::make_shared<x509::KeySigner>(std::move(key)), now);
}

Issuer Issuer::self_signed(const RootSubject& subject, std::shared_ptr<const Signer> signer, Instant now) {
  return self_signed(subject, std::move(signer), now, Serial::random());
}

Issuer Issuer::self_signed(const RootSubject& subject, std::shared_ptr<const Signer> signer, Instant now, const Serial& serial) {
  if (signer == nullptr) throw Error{Errc::invalid_argument, "issuer: the signer is null"};
  const PublicKey& key = signer->public_key();
  const auto& algorithm = x509::signature_algorithm_of(key.algorithm());
  Impl::Workbench bench{algorithm.digest};
  const ByteView key_identifier = bench.key_hasher.digest(key.key_octets());
  const Bytes tbs =
      x509::root_tbs(serial, root_validity(now), algorithm.identifier, root_name(subject, key_identifier), key, key_identifier);
  const ByteView digest = bench.tbs_hasher.digest(tbs);
  const Bytes signature = signer->sign({.algorithm = algorithm.name, .octets = digest});
  if (!x509::verifies(key, algorithm, digest, signature)) {
    throw Error{Errc::crypto, "signer: returned a signature that its public key does not verify"};
  }
  Certificate root = x509::read_certificate(x509::signed_certificate(tbs, algorithm.identifier, signature), &key);
  return Issuer{std::make_unique<Impl>(std::move(root), std::move(signer))};
}

const Certificate& Issuer::certificate() const { return impl_->root; }

// --- leaves ---

Certificate Issuer::issue(const ServerSubject& subject, const PublicKey& key, Instant now) const {
  const auto bench = impl_->borrow();
  return impl_->issue(*bench, impl_->request(*bench, subject), key, now, impl_->new_serial(*bench, now));
}

Certificate Issuer::issue(const ServerSubject& subject, const PublicKey& key, Instant now, const Serial& serial) const {
  const auto bench = impl_->borrow();
  return impl_->issue(*bench, impl_->request(*bench, subject), key, now, serial);
}

Certificate Issuer::issue(const ClientSubject& subject, const PublicKey& key, Instant now) const {
  const auto bench = impl_->borrow();
  return impl_->issue(*bench, impl_->request(*bench, subject, now), key, now, impl_->new_serial(*bench, now));
}

Certificate Issuer::issue(const ClientSubject& subject, const PublicKey& key, Instant now, const Serial& serial) const {
  const auto bench = impl_->borrow();
  return impl_->issue(*bench, impl_->request(*bench, subject, now), key, now, serial);
}

Credential Issuer::issue_with_key(const ServerSubject& subject, Instant now, KeyAlgorithm algorithm) const {
  const auto bench = impl_->borrow();
  return impl_->issue_with_key(*bench, impl_->request(*bench, subject), now, algorithm);
}

Credential Issuer::issue_with_key(const ClientSubject& subject, Instant now, KeyAlgorithm algorithm) const {
  const auto bench = impl_->borrow();
  return impl_->issue_with_key(*bench, impl_->request(*bench, subject, now), now, algorithm);
}

Credential Issuer::issue_probe(const ClientSubject& subject, Instant now, std::chrono::seconds lifetime) const {
  const auto bench = impl_->borrow();
  Request request = impl_->request(*bench, subject, now);
  request.ends = std::min(now + lifetime, impl_->root.validity().not_after);
  return impl_->issue_with_key(*bench, request, now, KeyAlgorithm::ecdsa_p256());
}

// --- lists of revoked certificates ---

x509::CrlAuthority Issuer::Impl::crl_authority(Workbench& bench) const {
  return {
      .root = root, .algorithm = algorithm, .hasher = bench.tbs_hasher, .sign = [this](ByteView digest) { return sign(digest); }};
}

Crl Issuer::crl(std::vector<RevokedEntry> entries, const CrlOptions& options, Instant now) const {
  const auto bench = impl_->borrow();
  return x509::crl_in_memory(impl_->crl_authority(*bench), std::move(entries), options, now);
}

CrlSummary Issuer::write_crl(CrlSource& entries, const CrlOptions& options, Instant now, CrlForm form, const CrlSink& sink) const {
  const auto bench = impl_->borrow();
  return x509::write_crl(impl_->crl_authority(*bench), entries, options, now, form, sink);
}

}  // namespace spaceca
