// Writes revocation lists: the TBSCertList in two walks over its entries, and the signed list around it, in memory or into a sink.
#pragma once

#include <functional>
#include <vector>

#include <spaceca/crl.h>

#include "ossl/digest.h"
#include "x509/der.h"
#include "x509/signature.h"

namespace spaceca::x509 {

// Whose list it is, and what signs it.
struct CrlAuthority {
  const Certificate& root;
  const SignatureAlgorithm& algorithm;
  ossl::Hasher& hasher;                 // of the algorithm
  std::function<Bytes(ByteView)> sign;  // a digest; what it returns is the root's signature for sure
};

// RFC 5280 5.1.2. Its length stands in front of it, so the first walk, at construction, adds up the entries and checks their order,
// and the second one writes them. Needs as much memory for a million entries as for one.
class TbsCertList final {
 public:
  // Errc::policy if the root may not sign lists or is not valid at `now`; invalid_argument for the options and for the entries.
  TbsCertList(const Certificate& root, const SignatureAlgorithm& algorithm, CrlSource& entries, const CrlOptions& options,
              Instant now);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] CrlSummary summary() const noexcept;

  // In pieces of about 64 KiB. Errc::mismatch if the entries of this walk do not take the room of the first one's.
  void write(const std::function<void(ByteView)>& out) const;

 private:
  // Calls take(entry, date), in order.
  template <class Take>
  void walk(Take&& take) const;

  const Certificate& root_;
  CrlSource& source_;
  Instant this_update_;
  Instant next_update_;
  std::uint64_t entries_ = 0;
  std::size_t entries_size_ = 0;
  Bytes before_;  // the fields before the entries
  Bytes after_;   // and those after them
  std::size_t size_ = 0;
};

// Sorts the entries. Needs one signature.
[[nodiscard]] Crl crl_in_memory(const CrlAuthority& authority, std::vector<RevokedEntry> entries, const CrlOptions& options,
                                Instant now);

// Issuer::write_crl.
CrlSummary write_crl(const CrlAuthority& authority, CrlSource& entries, const CrlOptions& options, Instant now, CrlForm form,
                     const CrlSink& sink);

}  // namespace spaceca::x509
