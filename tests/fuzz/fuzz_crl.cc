// A stranger's revocation list, against OpenSSL's reading; then the check of an ssl_crl_file, which must come to an end with any.
#include <algorithm>
#include <vector>

#include <openssl/pem.h>

#include <spaceca/crl.h>
#include <spaceca/verify.h>

#include "harness.h"
#include "own_root.h"
#include "x509_oracle.h"

using namespace spaceca;
using namespace spaceca::fuzz;

namespace {

// The extension's value. Null if there is none, and also if it cannot be read or stands there twice: then we must see none either
// (that such a list is bad is for check_for_postgresql to say).
template <class T, auto Free>
Owned<T, Free> extension_of(const X509_CRL* list, int nid) {
  return Owned<T, Free>{static_cast<T*>(X509_CRL_get_ext_d2i(list, nid, nullptr, nullptr))};
}

// The reason's number; nothing if the entry gives none that can be read.
std::optional<std::int64_t> reason_of(const X509_REVOKED* entry) {
  const Owned<ASN1_ENUMERATED, ASN1_ENUMERATED_free> reason{
      static_cast<ASN1_ENUMERATED*>(X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr))};
  std::int64_t number = 0;
  if (reason == nullptr) return std::nullopt;
  return ASN1_ENUMERATED_get_int64(&number, reason.get()) == 1 ? number : INT64_MAX;
}

RevocationReason as_ours(std::optional<std::int64_t> number) {
  const bool known = number && ((*number >= 1 && *number <= 5) || *number == 9 || *number == 10);
  return known ? static_cast<RevocationReason>(*number) : RevocationReason::unspecified;
}

std::vector<RevokedEntry> entries_of(X509_CRL* list) {
  constexpr std::int64_t kRemoveFromCrl = 8;
  std::vector<RevokedEntry> entries;
  STACK_OF(X509_REVOKED)* const revoked = X509_CRL_get_REVOKED(list);
  for (int i = 0; i < sk_X509_REVOKED_num(revoked); ++i) {
    const X509_REVOKED* const entry = sk_X509_REVOKED_value(revoked, i);
    const auto serial = magnitude_of(X509_REVOKED_get0_serialNumber(entry));
    require(serial.has_value(), "a serial is positive");
    const auto date = instant_of(X509_REVOKED_get0_revocationDate(entry));
    require(date.has_value(), "an entry's date is one");
    const auto reason = reason_of(entry);
    if (reason != kRemoveFromCrl) entries.push_back({Serial{ByteView{*serial}}, *date, as_ours(reason)});
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const RevokedEntry& a, const RevokedEntry& b) { return a.serial < b.serial; });
  return entries;
}

std::optional<std::uint64_t> number_of(const X509_CRL* list) {
  const auto number = extension_of<ASN1_INTEGER, ASN1_INTEGER_free>(list, NID_crl_number);
  std::uint64_t value = 0;
  if (number == nullptr || ASN1_INTEGER_get_uint64(&value, number.get()) != 1) return std::nullopt;
  return value;
}

void require_same(const Crl& ours, X509_CRL* theirs) {
  require(same(ours.issuer_der(), written(i2d_X509_NAME, X509_CRL_get_issuer(theirs))), "the issuer");
  require(accepted([&] { return ours.issuer(); }) == text_of(X509_CRL_get_issuer(theirs)), "the issuer's text");
  require(instant_of(X509_CRL_get0_lastUpdate(theirs)) == ours.this_update(), "thisUpdate");
  require((X509_CRL_get0_nextUpdate(theirs) != nullptr) == ours.next_update().has_value(), "whether the list ends");
  require(instant_of(X509_CRL_get0_nextUpdate(theirs)) == ours.next_update(), "nextUpdate");
  require(number_of(theirs) == ours.number(), "the number");
  const auto authority = extension_of<AUTHORITY_KEYID, AUTHORITY_KEYID_free>(theirs, NID_authority_key_identifier);
  require(same(ours.authority_key_identifier(), octets_of(authority != nullptr ? authority->keyid : nullptr)),
          "the authority's key identifier");
  require(entries_of(theirs) == ours.entries(), "the entries");
}

// Who is revoked by OpenSSL is found by us, and nobody else.
void require_same_answers(const Crl& ours, X509_CRL* theirs) {
  for (const RevokedEntry& entry : ours.entries()) {
    require(ours.find(entry.serial).has_value(), "what is listed is found");
    const Owned<BIGNUM, BN_free> number{
        BN_bin2bn(entry.serial.octets().data(), static_cast<int>(entry.serial.octets().size()), nullptr)};
    const Owned<ASN1_INTEGER, ASN1_INTEGER_free> serial{BN_to_ASN1_INTEGER(number.get(), nullptr)};
    X509_REVOKED* found = nullptr;
    // 2 for an entry with removeFromCRL: of a serial with such an entry and another it takes either, we the other.
    require(X509_CRL_get0_by_serial(theirs, &found, serial.get()) != 0, "OpenSSL finds it too");
  }
  require(compare(ours, ours).added.empty() && compare(ours, ours).removed.empty(), "a list does not differ from itself");
}

// With roots that it may be of, at its time and at theirs, and in a verification.
void require_judgement(const Crl& list) {
  const std::vector<Certificate> roots{own_root().certificate};
  for (const Instant now : {list.this_update(), own_root().now}) {
    require(accepted([&] { return check_for_postgresql({list}, {}, now); }).has_value(), "any list is judged");
    require(accepted([&] { return check_for_postgresql({list}, roots, now); }).has_value(), "any list is judged beside a root");
    const Verification client{
        .chain = {own_root().client}, .anchors = roots, .purpose = Purpose::client, .now = now, .crls = {list.der()}};
    require(accepted([&] { return verify(client); }).has_value(), "verify judges by any list");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView octets{data, size};
  require(accepted([&] { return check_for_postgresql(octets, {}, Instant{}); }).has_value(), "any file is judged");
  const auto list = accepted([&] { return Crl::from_der(octets); });
  if (!list) return 0;
  require(same(list->der(), octets), "a list is kept as it came");
  const auto theirs = read_whole<X509_CRL, X509_CRL_free>(d2i_X509_CRL, octets);
  require(theirs != nullptr, "OpenSSL reads the list that we read");
  require_same(*list, theirs.get());
  require_same_answers(*list, theirs.get());
  ERR_clear_error();

  const std::string pem = list->pem();
  const auto from_pem = accepted([&] { return Crl::from_pem(pem); });
  require(from_pem && *from_pem == *list, "its PEM is read again");
  require(accepted([&] { return check_for_postgresql(bytes_of(pem), {own_root().certificate}, list->this_update()); }).has_value(),
          "any list is judged as a file");
  require_judgement(*list);
  if (const auto of_own_root = signed_by_own_root(octets)) {
    const auto good = accepted([&] { return Crl::from_der(*of_own_root); });
    if (good) require_judgement(*good);
  }
  return 0;
}
