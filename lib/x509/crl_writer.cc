#include "x509/crl_writer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "x509/crl_impl.h"
#include "x509/extensions.h"
#include "x509/pem.h"

namespace spaceca::x509 {
namespace {

using der::Tag;

constexpr std::size_t kChunk = std::size_t{64} << 10;

// What lists can say (RFC 5280 5.1.2.4).
constexpr Instant kFirstInstant = std::chrono::sys_days{std::chrono::year{1950} / 1 / 1};
constexpr Instant kFirstGeneralized = std::chrono::sys_days{std::chrono::year{2050} / 1 / 1};
constexpr Instant kEndOfTime = std::chrono::sys_days{std::chrono::year{10000} / 1 / 1};

void check_root(const Certificate& root, Instant now) {
  const auto refuse = [&root](std::string_view why) {
    throw Error{Errc::policy, fmt::format("revocation list of root \"{}\": {}", printable(root.subject()), why)};
  };
  if (!root.may_sign_crls()) {
    refuse(
        "the root may not sign lists (keyUsage has no cRLSign): PostgreSQL would refuse every client as soon as it had this one");
  }
  const Validity valid = root.validity();
  if (now < valid.not_before) {
    refuse(fmt::format("at {} the root is not yet valid, it starts {}", text_of(now), text_of(valid.not_before)));
  }
  if (now > valid.not_after) refuse(fmt::format("at {} the root has expired, it ended {}", text_of(now), text_of(valid.not_after)));
}

Instant next_update(const CrlOptions& options, Instant now) {
  // In the order of the checks: a number of months that overflows the calendar is refused before it is added.
  constexpr std::chrono::months kLongest{12 * 8000};
  if (options.number == 0) throw Error{Errc::invalid_argument, "revocation list: its number is 0; the first is 1"};
  if (options.lifetime.count() < 1) {
    throw Error{Errc::invalid_argument,
                fmt::format("revocation list: its lifetime is {} months; give one or more", options.lifetime.count())};
  }
  const bool can_be_said = options.lifetime <= kLongest && now - kBackdating >= kFirstInstant && now < kEndOfTime &&
                           months_after(now, options.lifetime) < kEndOfTime;
  if (!can_be_said) {
    throw Error{Errc::invalid_argument, fmt::format("revocation list: of {}, for {} months; a list can say 1950 to 9999",
                                                    text_of(now), options.lifetime.count())};
  }
  return months_after(now, options.lifetime);
}

void write_entry(der::Writer& w, const RevokedEntry& entry, Instant date) {
  w.sequence([&] {
    w.integer(entry.serial.octets());
    w.time(date);
    if (entry.reason != RevocationReason::unspecified) w.sequence([&] { write_crl_reason(w, entry.reason); });
  });
}

// The same without writing. Every length inside is below 128: one octet.
std::size_t entry_size(const RevokedEntry& entry, Instant date) {
  constexpr std::size_t kHeader = 2;
  constexpr std::size_t kReason = 14;
  const ByteView serial = entry.serial.octets();
  return kHeader + kHeader + serial.size() + (serial.front() >= 0x80 ? 1 : 0) + kHeader + (date < kFirstGeneralized ? 13 : 15) +
         (entry.reason != RevocationReason::unspecified ? kReason : 0);
}

[[noreturn]] void refuse_order(const Serial& before, const Serial& after) {
  throw Error{Errc::invalid_argument, before == after
                                          ? fmt::format("revocation list: serial {} comes twice", after.hex())
                                          : fmt::format("revocation list: serial {} comes after {}; give them in ascending order",
                                                        after.hex(), before.hex())};
}

[[noreturn]] void refuse_other_walk() {
  throw Error{Errc::mismatch,
              "revocation list: its source gave other entries in its second walk than in the first; what was written is no list"};
}

std::size_t header_size(std::size_t content) {
  der::Writer w{8};
  w.header(Tag::sequence, content);
  return w.written().size();
}

}  // namespace

TbsCertList::TbsCertList(const Certificate& root, const SignatureAlgorithm& algorithm, CrlSource& entries,
                         const CrlOptions& options, Instant now)
    : root_(root), source_(entries) {
  check_root(root, now);
  next_update_ = next_update(options, now);
  this_update_ = now - kBackdating;  // a server whose clock is behind would take a list from the future for none at all
  walk([this](const RevokedEntry& entry, Instant date) {
    ++entries_;
    entries_size_ += entry_size(entry, date);
  });

  der::Writer before;
  before.small_integer(1);  // version 2
  before.raw(algorithm.identifier);
  before.raw(root.subject_der());
  before.time(this_update_);
  before.time(next_update_);
  // "When there are no revoked certificates, the revoked certificates list MUST be absent" (5.1.2.6).
  if (entries_ > 0) before.header(Tag::sequence, entries_size_);
  before_ = before.take();

  der::Writer after;
  after.nest(der::context_constructed(0), [&] {
    after.sequence([&] {
      write_authority_key_identifier(after, root.subject_key_identifier());
      write_crl_number(after, options.number);
    });
  });
  after_ = after.take();

  const std::size_t content = before_.size() + entries_size_ + after_.size();
  size_ = header_size(content) + content;
}

CrlSummary TbsCertList::summary() const noexcept {
  return {.entries = entries_, .this_update = this_update_, .next_update = next_update_};
}

template <class Take>
void TbsCertList::walk(Take&& take) const {
  std::optional<Serial> before;
  source_.rewind();
  for (auto batch = source_.next(); !batch.empty(); batch = source_.next()) {
    for (const RevokedEntry& entry : batch) {
      if (before && entry.serial <= *before) refuse_order(*before, entry.serial);
      before = entry.serial;
      const Instant date = std::min(entry.revoked_at, this_update_);
      if (date < kFirstInstant) {
        throw Error{Errc::invalid_argument,
                    fmt::format("revocation list: serial {} was revoked before 1950, which a list cannot say", entry.serial.hex())};
      }
      // PostgreSQL looks the root up too (CRL_CHECK_ALL).
      if (entry.serial == root_.serial()) {
        throw Error{Errc::policy, fmt::format("revocation list: serial {} is the root's own: PostgreSQL would refuse every client",
                                              entry.serial.hex())};
      }
      take(entry, date);
    }
  }
}

void TbsCertList::write(const std::function<void(ByteView)>& out) const {
  der::Writer w{kChunk + 1024};
  w.header(Tag::sequence, before_.size() + entries_size_ + after_.size());
  w.raw(before_);
  std::size_t left = entries_size_;
  walk([&](const RevokedEntry& entry, Instant date) {
    const std::size_t size = entry_size(entry, date);
    if (size > left) refuse_other_walk();
    left -= size;
    write_entry(w, entry, date);
    if (w.written().size() >= kChunk) {
      out(w.written());
      w.clear();
    }
  });
  if (left != 0) refuse_other_walk();
  w.raw(after_);
  out(w.written());
}

// --- the signed list: CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue } ---

namespace {

Bytes signature_fields(const SignatureAlgorithm& algorithm, ByteView signature) {
  der::Writer w{signature.size() + 32};
  w.raw(algorithm.identifier);
  w.bit_string([&] { w.raw(signature); });
  return w.take();
}

class SpanSource final : public CrlSource {
 public:
  explicit SpanSource(std::span<const RevokedEntry> entries) : entries_(entries) {}
  void rewind() override { left_ = entries_; }
  std::span<const RevokedEntry> next() override { return std::exchange(left_, {}); }

 private:
  std::span<const RevokedEntry> entries_;
  std::span<const RevokedEntry> left_;
};

// A streamed list begins with its length, which counts the signature that comes last, and a signature by ECDSA has one length or
// another by chance. So one length is promised (every second signature has it, usual_signature_size), and the digest is signed
// again, each time with a fresh nonce, until one keeps the promise: twice on average. That 128 in a row do not has a chance of 1 in
// 2^128.
Bytes signature_of_size(std::size_t size, const CrlAuthority& authority, ByteView digest) {
  constexpr int kMostAttempts = 128;
  Bytes before;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    Bytes signature = authority.sign(digest);
    if (signature.size() == size) return signature;
    if (signature == before) break;
    before = std::move(signature);
  }
  throw Error{Errc::crypto,
              fmt::format("signer: of its signatures of one digest none has {} octets, which the list's length counts on; a signer "
                          "without fresh nonces (RFC 6979) can sign lists that are made in memory alone",
                          size)};
}

}  // namespace

Crl crl_in_memory(const CrlAuthority& authority, std::vector<RevokedEntry> entries, const CrlOptions& options, Instant now) {
  if (!std::ranges::is_sorted(entries, {}, &RevokedEntry::serial)) std::ranges::sort(entries, {}, &RevokedEntry::serial);
  SpanSource source{entries};
  const TbsCertList list{authority.root, authority.algorithm, source, options, now};
  Bytes tbs;
  tbs.reserve(list.size());
  list.write([&tbs](ByteView octets) { tbs.insert(tbs.end(), octets.begin(), octets.end()); });
  const Bytes after = signature_fields(authority.algorithm, authority.sign(authority.hasher.digest(tbs)));
  der::Writer w{tbs.size() + after.size() + 16};
  w.header(Tag::sequence, tbs.size() + after.size());
  w.raw(tbs);
  w.raw(after);
  return read_crl(w.take());
}

CrlSummary write_crl(const CrlAuthority& authority, CrlSource& entries, const CrlOptions& options, Instant now, CrlForm form,
                     const CrlSink& sink) {
  const TbsCertList list{authority.root, authority.algorithm, entries, options, now};
  const std::size_t signature_size = usual_signature_size(authority.root.public_key().algorithm());
  std::optional<PemStream> pem;
  if (form == CrlForm::pem) pem.emplace(kCrlLabel, sink);
  const auto out = [&](ByteView octets) {
    if (pem) {
      pem->add(octets);
    } else {
      sink(octets);
    }
  };

  der::Writer w;
  w.header(Tag::sequence, list.size() + signature_fields(authority.algorithm, Bytes(signature_size)).size());
  out(w.written());
  authority.hasher.start();
  list.write([&](ByteView octets) {
    authority.hasher.add(octets);
    out(octets);
  });
  const ByteView digest = authority.hasher.finish();
  out(signature_fields(authority.algorithm, signature_of_size(signature_size, authority, digest)));
  if (pem) pem->finish();
  return list.summary();
}

}  // namespace spaceca::x509
