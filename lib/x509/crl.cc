#include <spaceca/crl.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include "base/printable.h"
#include "ossl/check.h"
#include "ossl/encode.h"
#include "ossl/handles.h"
#include "x509/certificate_impl.h"
#include "x509/crl_impl.h"
#include "x509/der_reader.h"
#include "x509/pem.h"

namespace spaceca {

CrlSource::~CrlSource() = default;

namespace x509 {
namespace {

constexpr std::string_view kRevocationList = "revocation list";
constexpr std::size_t kLongestPem = std::size_t{256} << 20;  // five million entries of ours

using der::Tag;

struct Extension {
  ByteView oid;
  der::Reader value;

  [[nodiscard]] bool is(const der::Oid& known) const { return std::ranges::equal(oid, known.octets()); }
};

// Which of the critical ones are known is OpenSSL's to say, and check_for_postgresql's to tell.
Extension read_extension(der::Reader& extensions) {
  der::Reader extension = extensions.enter(Tag::sequence);
  const ByteView oid = extension.read(Tag::object_identifier);
  if (extension.next_is(Tag::boolean)) static_cast<void>(extension.read(Tag::boolean));
  const ByteView value = extension.read(Tag::octet_string);
  extension.expect_end();
  return {oid, der::Reader{value, kRevocationList}};
}

constexpr std::uint8_t kRemoveFromCrl = 8;

RevocationReason reason_by(std::uint8_t number) {
  switch (number) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 9:
    case 10: return static_cast<RevocationReason>(number);
    default: return RevocationReason::unspecified;
  }
}

// RFC 5280 5.3. The others, invalidityDate and what an issuer may have of his own, are passed over.
void read_entry(der::Reader& list, std::vector<RevokedEntry>& into) {
  der::Reader fields = list.enter(Tag::sequence);
  const Serial serial = read_serial(fields);
  const Instant revoked_at = fields.time();
  std::uint8_t reason = 0;
  bool has_reason = false;
  if (!fields.at_end()) {
    for (der::Reader extensions = fields.enter(Tag::sequence); !extensions.at_end();) {
      Extension extension = read_extension(extensions);
      if (extension.is(der::oids::kCrlReason)) {
        if (std::exchange(has_reason, true)) fields.refuse("has an entry with two reasons");
        const ByteView content = extension.value.read(Tag::enumerated);
        reason = content.size() == 1 ? content.front() : std::uint8_t{0};
      } else if (extension.is(der::oids::kCertificateIssuer)) {
        throw Error{Errc::unsupported,
                    fmt::format("{}: it is indirect: serial {} is another issuer's", kRevocationList, serial.hex())};
      }
    }
    fields.expect_end();
  }
  if (reason != kRemoveFromCrl) into.push_back({serial, revoked_at, reason_by(reason)});
}

// The extensions that we look at (RFC 5280 5.2).
void read_list_extension(der::Reader& extensions, Crl::Impl& into) {
  Extension extension = read_extension(extensions);
  if (extension.is(der::oids::kAuthorityKeyIdentifier)) {
    der::Reader fields = extension.value.enter(Tag::sequence);
    if (fields.next_is(der::context_constructed(0))) fields.refuse("has a key identifier in pieces, which DER does not allow");
    if (fields.next_is(der::context(0))) into.authority_key_identifier = fields.read(der::context(0));
  } else if (extension.is(der::oids::kCrlNumber)) {
    const ByteView octets = extension.value.unsigned_integer();
    if (octets.size() > sizeof(std::uint64_t)) return;
    std::uint64_t number = 0;
    for (const std::uint8_t octet : octets) number = number << 8 | octet;
    into.number = number;
  }
}

// Whether the extension is not there, or is there once (RFC 5280 4.2) and is what its name says.
template <class Value, auto Free>
bool is_sound(const X509_CRL* crl, int nid) {
  int critical = 0;
  const std::unique_ptr<Value, ossl::Deleter<Free>> value{static_cast<Value*>(X509_CRL_get_ext_d2i(crl, nid, &critical, nullptr))};
  constexpr int kNotThere = -1;
  return value != nullptr || critical == kNotThere;
}

bool next_is_time(const der::Reader& reader) { return reader.next_is(Tag::utc_time) || reader.next_is(Tag::generalized_time); }

}  // namespace

Crl read_crl(Bytes der) {
  der::Reader outer{der, kRevocationList};
  der::Reader list = outer.enter(Tag::sequence);
  outer.expect_end();
  der::Reader tbs = list.enter(Tag::sequence);
  const ByteView signature_algorithm = list.read_whole(Tag::sequence);
  static_cast<void>(list.octet_bits());
  list.expect_end();

  Crl::Impl impl{};
  const bool version_2 = tbs.next_is(Tag::integer);
  if (version_2 && tbs.small_integer() != 1) tbs.refuse("is of a version that is neither 1 nor 2");
  if (!std::ranges::equal(tbs.read_whole(Tag::sequence), signature_algorithm)) {
    tbs.refuse("names two different signature algorithms");
  }
  impl.issuer = tbs.read_whole(Tag::sequence);
  impl.this_update = tbs.time();
  if (next_is_time(tbs)) impl.next_update = tbs.time();
  if (tbs.next_is(Tag::sequence)) {
    for (der::Reader entries = tbs.enter(Tag::sequence); !entries.at_end();) read_entry(entries, impl.entries);
  }
  if (version_2 && tbs.next_is(der::context_constructed(0))) {
    der::Reader wrapped = tbs.enter(der::context_constructed(0));
    for (der::Reader extensions = wrapped.enter(Tag::sequence); !extensions.at_end();) read_list_extension(extensions, impl);
    wrapped.expect_end();
  }
  tbs.expect_end();

  // Stable, so that find() gives the first where a stranger lists a serial twice.
  if (!std::ranges::is_sorted(impl.entries, {}, &RevokedEntry::serial)) {
    std::ranges::stable_sort(impl.entries, {}, &RevokedEntry::serial);
  }
  impl.der = std::move(der);  // a vector keeps its block when it moves, so what borrows from it stays good
  return Crl{std::make_shared<const Crl::Impl>(std::move(impl))};
}

}  // namespace x509

Crl Crl::from_der(ByteView der) {
  {
    const ossl::QuietErrors quiet;
    const ossl::X509Crl parsed{ossl::decoded(d2i_X509_CRL, X509_CRL_free, der)};
    if (parsed == nullptr) throw Error{Errc::malformed, "revocation list: OpenSSL cannot read it, or octets follow its end"};
    const bool sound = x509::is_sound<AUTHORITY_KEYID, AUTHORITY_KEYID_free>(parsed.get(), NID_authority_key_identifier) &&
                       x509::is_sound<ASN1_INTEGER, ASN1_INTEGER_free>(parsed.get(), NID_crl_number);
    if (!sound) {
      throw Error{Errc::malformed, "revocation list: its authorityKeyIdentifier or its cRLNumber stands there twice, or is none"};
    }
  }
  return x509::read_crl(Bytes{der.begin(), der.end()});
}

Crl Crl::from_pem(std::string_view pem) {
  const auto blocks = x509::pem_blocks(pem, x509::kRevocationList, x509::kLongestPem);
  if (blocks.size() != 1 || blocks.front().label != x509::kCrlLabel) {
    throw Error{
        Errc::malformed,
        fmt::format("revocation list: the text must hold one PEM block, BEGIN X509 CRL; it holds {} blocks", blocks.size())};
  }
  return from_der(x509::decoded(blocks.front(), x509::kRevocationList).reveal());
}

ByteView Crl::der() const { return impl_->der; }
std::optional<std::uint64_t> Crl::number() const { return impl_->number; }
Instant Crl::this_update() const { return impl_->this_update; }
std::optional<Instant> Crl::next_update() const { return impl_->next_update; }
ByteView Crl::issuer_der() const { return impl_->issuer; }
std::string Crl::issuer() const { return x509::rfc2253(impl_->issuer); }
ByteView Crl::authority_key_identifier() const { return impl_->authority_key_identifier; }
const std::vector<RevokedEntry>& Crl::entries() const { return impl_->entries; }

std::string Crl::pem() const {
  std::string text;
  x509::append_pem(text, x509::kCrlLabel, impl_->der);
  return text;
}

std::optional<RevokedEntry> Crl::find(const Serial& serial) const {
  const auto found = std::ranges::lower_bound(impl_->entries, serial, {}, &RevokedEntry::serial);
  if (found == impl_->entries.end() || found->serial != serial) return std::nullopt;
  return *found;
}

bool operator==(const Crl& a, const Crl& b) { return a.impl_->der == b.impl_->der; }

CrlDifference compare(const Crl& older, const Crl& newer) {
  if (!std::ranges::equal(older.issuer_der(), newer.issuer_der())) {
    throw Error{Errc::mismatch, fmt::format("revocation lists: one is of \"{}\", the other of \"{}\"; compare two of one issuer",
                                            printable(older.issuer()), printable(newer.issuer()))};
  }
  const auto serials_of_one_alone = [](const Crl& one, const Crl& other) {
    std::vector<Serial> serials;
    auto against = other.entries().begin();
    for (const RevokedEntry& entry : one.entries()) {
      while (against != other.entries().end() && against->serial < entry.serial) ++against;
      const bool in_both = against != other.entries().end() && against->serial == entry.serial;
      const bool repeated = !serials.empty() && serials.back() == entry.serial;
      if (!in_both && !repeated) serials.push_back(entry.serial);
    }
    return serials;
  };
  return {.added = serials_of_one_alone(newer, older), .removed = serials_of_one_alone(older, newer)};
}

}  // namespace spaceca
