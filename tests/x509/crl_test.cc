// Lists of revoked certificates as an Issuer writes them and as they are read: what stands in them, that OpenSSL would have written
// the same octets, and what is refused. What PostgreSQL would do with them: crl_check_test.cc.
#include <algorithm>
#include <numeric>
#include <random>
#include <set>
#include <thread>

#include <spaceca/crl.h>
#include <spaceca/issuer.h>

#include "support/child.h"
#include "support/crl_oracle.h"
#include "support/files.h"
#include "support/signing_service.h"
#include "support/text.h"
#include "support/x509_oracle.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;

namespace {

const Instant kNow = instant("2026-11-24T10:00:00Z");

const RootSubject kAcme{.space = SpaceName{"acme"}, .generation = 1};

PrivateKey key(const std::string& vector) { return PrivateKey::from_pem(data("keys/good/" + vector + ".pem")); }

Issuer acme(const std::string& vector = "p256-sec1", Instant made = kNow) { return Issuer::self_signed(kAcme, key(vector), made); }

Serial serial(std::string_view hex) { return Serial{"0x" + std::string{hex}}; }

// A sink that keeps what it gets.
struct Kept {
  Bytes octets;
  CrlSink sink = [this](ByteView piece) { octets.insert(octets.end(), piece.begin(), piece.end()); };
  [[nodiscard]] std::string text() const { return std::string{text_of(octets)}; }
};

// Entries of a vector, a few at a time.
class Batches final : public CrlSource {
 public:
  explicit Batches(std::vector<RevokedEntry> entries, std::size_t batch = 3) : entries_(std::move(entries)), batch_(batch) {}
  void rewind() override {
    ++walks;
    at_ = 0;
  }
  std::span<const RevokedEntry> next() override {
    const auto batch = std::span<const RevokedEntry>{entries_}.subspan(at_);
    const auto taken = batch.first(std::min(batch.size(), batch_));
    at_ += taken.size();
    return taken;
  }

  int walks = 0;

 private:
  std::vector<RevokedEntry> entries_;
  std::size_t batch_;
  std::size_t at_ = 0;
};

Crl streamed(const Issuer& root, std::vector<RevokedEntry> entries, const CrlOptions& options, Instant now = kNow) {
  Batches source{std::move(entries)};
  Kept kept;
  static_cast<void>(root.write_crl(source, options, now, CrlForm::der, kept.sink));
  return Crl::from_der(kept.octets);
}

using Extensions = std::vector<std::pair<std::string, std::string>>;
Extensions ours(std::uint64_t number) {
  return {{"authorityKeyIdentifier", "keyid:always"}, {"crlNumber", std::to_string(number)}};
}

void check_same(const Crl& ours, ByteView oracle, const PublicKey& signed_by) {
  CHECK(hex(tbs_of(ours.der())) == hex(tbs_of(oracle)));
  CHECK(openssl_verifies_crl(ours.der(), signed_by));
  if (signed_by.algorithm().name().starts_with("rsa")) CHECK(hex(ours.der()) == hex(oracle));
}

std::vector<RevokedEntry> random_entries(std::mt19937& random, std::size_t count, Instant now) {
  constexpr std::array kReasons = {RevocationReason::unspecified,
                                   RevocationReason::unspecified,
                                   RevocationReason::key_compromise,
                                   RevocationReason::ca_compromise,
                                   RevocationReason::superseded,
                                   RevocationReason::affiliation_changed,
                                   RevocationReason::cessation_of_operation,
                                   RevocationReason::privilege_withdrawn,
                                   RevocationReason::aa_compromise};
  std::vector<RevokedEntry> entries;
  std::set<Serial> serials;
  while (entries.size() < count) {
    Bytes octets(1 + random() % 20);
    for (std::uint8_t& octet : octets) octet = static_cast<std::uint8_t>(random());
    if (octets.size() == Serial::kLongest) octets.front() &= 0x7F;
    octets.back() |= 1;  // not zero
    const Serial drawn{ByteView{octets}};
    if (!serials.insert(drawn).second) continue;
    entries.push_back({drawn, now - std::chrono::seconds{random() % 900'000'000} + std::chrono::minutes{10},
                       kReasons.at(random() % kReasons.size())});
  }
  return entries;
}

}  // namespace

// --- what stands in a list ---

TEST_CASE("a list says what openssl crl -text shows, and nothing more", "[crl]") {
  const Issuer root = acme();
  const Crl crl = root.crl({{serial("80"), instant("2026-11-01T00:00:00Z"), RevocationReason::key_compromise},
                            {serial("01AB"), instant("2026-11-02T03:04:05Z")}},
                           {.number = 7}, kNow);
  std::string key_identifier;
  for (const std::uint8_t octet : root.certificate().subject_key_identifier()) {
    key_identifier += (key_identifier.empty() ? "" : ":") + Serial{ByteView{Bytes{1, octet}}}.hex().substr(2);
  }
  const std::string shown = crl_text(crl.der());
  CHECK(shown ==
        "Certificate Revocation List (CRL):\n"
        "        Version 2 (0x1)\n"
        "        Signature Algorithm: ecdsa-with-SHA256\n"
        "        Issuer: CN = " +
            root.certificate().subject().substr(3) +
            "\n"
            "        Last Update: Nov 24 09:55:00 2026 GMT\n"
            "        Next Update: Dec 24 10:00:00 2027 GMT\n"
            "        CRL extensions:\n"
            "            X509v3 Authority Key Identifier: \n"
            "                " +
            key_identifier +
            "\n"
            "            X509v3 CRL Number: \n"
            "                7\n"
            "Revoked Certificates:\n"
            "    Serial Number: 80\n"
            "        Revocation Date: Nov  1 00:00:00 2026 GMT\n"
            "        CRL entry extensions:\n"
            "            X509v3 CRL Reason Code: \n"
            "                Key Compromise\n"
            "    Serial Number: 01AB\n"
            "        Revocation Date: Nov  2 03:04:05 2026 GMT\n");
}

TEST_CASE("an empty list has no revokedCertificates at all (RFC 5280 5.1.2.6)", "[crl]") {
  const Issuer root = acme();
  const Crl crl = root.crl({}, {.number = 1}, kNow);
  CHECK_THAT(crl_text(crl.der()), ContainsSubstring("No Revoked Certificates."));
  CHECK(crl.entries().empty());
  check_same(crl,
             oracle_crl({.this_update = kNow - std::chrono::minutes{5},
                         .next_update = months_after(kNow, std::chrono::months{13}),
                         .extensions = ours(1)},
                        root.certificate(), key("p256-sec1")),
             root.certificate().public_key());
}

TEST_CASE("what a list says of itself is what went into it", "[crl]") {
  const Issuer root = acme();
  const Crl crl = root.crl({{serial("02"), kNow - std::chrono::days{1}, RevocationReason::superseded}},
                           {.number = 42, .lifetime = std::chrono::months{1}}, kNow);
  CHECK(crl.number() == 42U);
  CHECK(rfc3339(crl.this_update()) == "2026-11-24T09:55:00Z");
  REQUIRE(crl.next_update());
  CHECK(rfc3339(*crl.next_update()) == "2026-12-24T10:00:00Z");
  CHECK(crl.issuer() == root.certificate().subject());
  CHECK(hex(crl.issuer_der()) == hex(root.certificate().subject_der()));
  CHECK(hex(crl.authority_key_identifier()) == hex(root.certificate().subject_key_identifier()));
  REQUIRE(crl.entries().size() == 1);
  CHECK(crl.entries().front() == RevokedEntry{serial("02"), kNow - std::chrono::days{1}, RevocationReason::superseded});
}

TEST_CASE("a list starts five minutes before its making and ends thirteen calendar months after it", "[crl]") {
  auto [made, starts, ends] = GENERATE(table<std::string, std::string, std::string>({
      {"2026-11-24T10:00:00Z", "2026-11-24T09:55:00Z", "2027-12-24T10:00:00Z"},
      {"2027-01-31T10:00:00Z", "2027-01-31T09:55:00Z", "2028-02-29T10:00:00Z"},  // February has no 31st
      {"2028-02-29T00:00:00Z", "2028-02-28T23:55:00Z", "2029-03-29T00:00:00Z"},
      {"2036-11-24T10:00:00Z", "2036-11-24T09:55:00Z", "2037-12-24T10:00:00Z"},  // the root ends first, and with it the list's use
  }));
  const Crl crl = acme().crl({}, {.number = 1}, instant(made));
  CHECK(rfc3339(crl.this_update()) == starts);
  CHECK(rfc3339(crl.next_update().value()) == ends);
}

TEST_CASE("an entry's date is its revocation's, and never later than the list's own", "[crl]") {
  auto [revoked, written] = GENERATE(table<std::string, std::string>({
      {"2026-11-24T09:54:59Z", "2026-11-24T09:54:59Z"},
      {"2026-11-24T09:55:00Z", "2026-11-24T09:55:00Z"},
      {"2026-11-24T09:55:01Z", "2026-11-24T09:55:00Z"},
      {"2026-11-24T10:00:00Z", "2026-11-24T09:55:00Z"},  // revoked now
      {"2099-01-01T00:00:00Z", "2026-11-24T09:55:00Z"},
      {"1950-01-01T00:00:00Z", "1950-01-01T00:00:00Z"},
  }));
  const Crl crl = acme().crl({{serial("05"), instant(revoked)}}, {.number = 1}, kNow);
  CHECK(rfc3339(crl.entries().front().revoked_at) == written);
}

TEST_CASE("dates are UTCTime through 2049 and GeneralizedTime from 2050 on, in the entries too", "[crl]") {
  const Issuer root = acme("p256-sec1", instant("2045-01-01T00:00:00Z"));
  const Crl crl = root.crl({{serial("01"), instant("2049-12-31T23:59:59Z")}, {serial("02"), instant("2050-01-01T00:00:00Z")}},
                           {.number = 1}, instant("2050-01-01T00:05:00Z"));
  const auto dump = run({"openssl", "asn1parse", "-inform", "DER"}, {.input = std::string{text_of(crl.der())}});
  CHECK_THAT(dump.out, ContainsSubstring("UTCTIME           :491231235959Z") &&
                           ContainsSubstring("GENERALIZEDTIME   :20500101000000Z") &&
                           ContainsSubstring("GENERALIZEDTIME   :20510201000500Z"));
  CHECK(rfc3339(crl.entries().at(0).revoked_at) == "2049-12-31T23:59:59Z");
  CHECK(rfc3339(crl.entries().at(1).revoked_at) == "2050-01-01T00:00:00Z");
  check_same(
      crl,
      oracle_crl({.this_update = instant("2050-01-01T00:00:00Z"),
                  .next_update = instant("2051-02-01T00:05:00Z"),
                  .entries = {{serial("01"), instant("2049-12-31T23:59:59Z")}, {serial("02"), instant("2050-01-01T00:00:00Z")}},
                  .extensions = ours(1)},
                 root.certificate(), key("p256-sec1")),
      root.certificate().public_key());
}

TEST_CASE("each reason stands in its entry by its name, and unspecified does not stand there", "[crl]") {
  auto [reason, number, shown] = GENERATE(table<RevocationReason, int, std::string>({
      {RevocationReason::key_compromise, 1, "Key Compromise"},
      {RevocationReason::ca_compromise, 2, "CA Compromise"},
      {RevocationReason::affiliation_changed, 3, "Affiliation Changed"},
      {RevocationReason::superseded, 4, "Superseded"},
      {RevocationReason::cessation_of_operation, 5, "Cessation Of Operation"},
      {RevocationReason::privilege_withdrawn, 9, "Privilege Withdrawn"},
      {RevocationReason::aa_compromise, 10, "AA Compromise"},
      {RevocationReason::unspecified, 0, ""},
  }));
  const Crl crl = acme().crl({{serial("05"), kNow, reason}}, {.number = 1}, kNow);
  CHECK(static_cast<int>(reason) == number);
  CHECK(static_cast<int>(crl.entries().front().reason) == number);
  const std::string text = crl_text(crl.der());
  if (shown.empty()) {
    CHECK(text.find("entry extensions") == std::string::npos);
  } else {
    CHECK_THAT(text, ContainsSubstring(shown));
  }
}

TEST_CASE("serials come through as they are, whatever their first bit and their length", "[crl]") {
  const std::string digits = GENERATE("01", "7F", "80", "FF", "0100", "8000", "FFFF", "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
                                      "80000000000000000000000000000000", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
                                      "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");  // 19 octets with a sign octet, 20 without
  const Crl crl = acme().crl({{serial(digits), kNow}}, {.number = 1}, kNow);
  CHECK(crl.entries().front().serial.hex() == digits);
  CHECK_THAT(crl_text(crl.der()), ContainsSubstring("Serial Number: " + digits + "\n"));
  CHECK(openssl_reads_crl(crl.der()).first == digits);
}

TEST_CASE("a number is written as a positive INTEGER of the fewest octets", "[crl]") {
  auto [number, encoded] = GENERATE(table<std::uint64_t, std::string>({
      {1, "020101"},
      {127, "02017f"},
      {128, "02020080"},
      {255, "020200ff"},
      {256, "02020100"},
      {9223372036854775807U, "02087fffffffffffffff"},
      {9223372036854775808U, "0209008000000000000000"},
      {18446744073709551615U, "020900ffffffffffffffff"},
  }));
  const Issuer root = acme();
  const Crl crl = root.crl({}, {.number = number}, kNow);
  CHECK(crl.number() == number);
  CHECK_THAT(hex(crl.der()),
             ContainsSubstring("0603551d1404" + hex(Bytes{static_cast<std::uint8_t>(encoded.size() / 2)}) + encoded));
  check_same(crl,
             oracle_crl({.this_update = kNow - std::chrono::minutes{5},
                         .next_update = months_after(kNow, std::chrono::months{13}),
                         .extensions = ours(number)},
                        root.certificate(), key("p256-sec1")),
             root.certificate().public_key());
}

TEST_CASE("over random serials, dates, reasons and keys OpenSSL would have written the same", "[crl][oracle]") {
  const std::string vector = GENERATE("p256-sec1", "p384-sec1", "rsa2048-pkcs1", "rsa4096-pkcs1");
  std::mt19937 random{static_cast<unsigned>(vector.size())};
  const Issuer root = acme(vector, instant("2046-01-01T00:00:00Z"));
  for (const std::size_t count :
       {1U, 2U, 3U, 7U, 40U, 300U, 2500U}) {  // lengths of one, two and three octets; the last more than a chunk
    INFO(vector << ", " << count << " entries");
    const Instant now = instant("2046-01-01T00:00:00Z") + std::chrono::seconds{random() % (9 * 365 * 86400)};
    const std::uint64_t number = 1 + (std::uint64_t{random()} << 32 | random()) % 18446744073709551615U;
    const std::vector<RevokedEntry> entries = random_entries(random, count, now);
    const Crl crl = root.crl(entries, {.number = number}, now);
    CHECK(streamed(root, crl.entries(), {.number = number}, now).entries() == crl.entries());

    OracleCrl expected{.this_update = now - std::chrono::minutes{5},
                       .next_update = months_after(now, std::chrono::months{13}),
                       .extensions = ours(number)};
    for (const RevokedEntry& entry : entries) {
      expected.entries.push_back(
          {entry.serial, std::min(entry.revoked_at, expected.this_update),
           entry.reason == RevocationReason::unspecified ? std::nullopt : std::optional{static_cast<int>(entry.reason)}});
    }
    std::ranges::sort(expected.entries, {}, &OracleEntry::serial);
    check_same(crl, oracle_crl(expected, root.certificate(), key(vector)), root.certificate().public_key());
  }
}

TEST_CASE("entries come in any order and stand by serial", "[crl]") {
  const Crl crl =
      acme().crl({{serial("FF"), kNow}, {serial("0100"), kNow}, {serial("01"), kNow}, {serial("80"), kNow}}, {.number = 1}, kNow);
  std::vector<std::string> order;
  for (const RevokedEntry& entry : crl.entries()) order.push_back(entry.serial.hex());
  CHECK(order == std::vector<std::string>{"01", "80", "FF", "0100"});
  CHECK(openssl_reads_crl(crl.der()).first == "01");
  CHECK(openssl_reads_crl(crl.der()).last == "0100");
}

TEST_CASE("a list is asked for a serial and says when and why it was revoked, or nothing", "[crl]") {
  const Crl crl =
      acme().crl({{serial("80"), kNow - std::chrono::hours{1}, RevocationReason::key_compromise}, {serial("8000"), kNow}},
                 {.number = 1}, kNow);
  const auto found = crl.find(serial("80"));
  REQUIRE(found);
  CHECK(*found == RevokedEntry{serial("80"), kNow - std::chrono::hours{1}, RevocationReason::key_compromise});
  CHECK(crl.find(serial("8000")));
  for (const std::string other : {"01", "7F", "81", "0180", "800000"}) {
    INFO(other);
    CHECK_FALSE(crl.find(serial(other)));
  }
  CHECK_FALSE(acme().crl({}, {.number = 1}, kNow).find(serial("80")));
}

// --- streaming ---

TEST_CASE("a streamed list is the one made in memory, in DER and in PEM, whatever the batches", "[crl][stream]") {
  const std::string vector = GENERATE("p256-sec1", "p384-sec1", "rsa2048-pkcs1");
  const std::size_t count = GENERATE(0U, 1U, 2U, 30U, 3000U);
  std::mt19937 random{1};
  const Issuer root = acme(vector);
  const Crl whole = root.crl(random_entries(random, count, kNow), {.number = 9}, kNow);
  Batches source{whole.entries(), GENERATE(1U, 7U, 100000U)};
  Kept der;
  const CrlSummary summary = root.write_crl(source, {.number = 9}, kNow, CrlForm::der, der.sink);
  CHECK(summary.entries == count);
  CHECK(rfc3339(summary.this_update) == "2026-11-24T09:55:00Z");
  CHECK(rfc3339(summary.next_update) == "2027-12-24T10:00:00Z");
  CHECK(source.walks == 2);
  CHECK(hex(tbs_of(der.octets)) == hex(tbs_of(whole.der())));
  CHECK(openssl_verifies_crl(der.octets, root.certificate().public_key()));

  Kept pem;
  static_cast<void>(root.write_crl(source, {.number = 9}, kNow, CrlForm::pem, pem.sink));
  const Crl read = Crl::from_pem(pem.text());
  CHECK(read.entries() == whole.entries());
  CHECK(openssl_verifies_crl(read.der(), root.certificate().public_key()));
  CHECK(pem.text() == read.pem());
}

TEST_CASE("the length in front of a streamed list holds, although ECDSA's signatures have several", "[crl][stream]") {
  const Issuer root = acme(GENERATE("p256-sec1", "p384-sec1"));
  std::set<std::size_t> sizes;
  std::set<std::size_t> sizes_in_memory;
  for (int i = 0; i < 60; ++i) {
    Batches source{{{serial("05"), kNow}}};
    Kept kept;
    static_cast<void>(root.write_crl(source, {.number = 1}, kNow, CrlForm::der, kept.sink));
    CHECK(Crl::from_der(kept.octets).entries().size() == 1);  // from_der wants the exact end
    sizes.insert(kept.octets.size());
    sizes_in_memory.insert(root.crl({{serial("05"), kNow}}, {.number = 1}, kNow).der().size());
  }
  CHECK(sizes.size() == 1);
  CHECK(sizes_in_memory.size() > 1);
}

TEST_CASE("eighteen threads write lists with one Issuer, and each is whole", "[crl][threads]") {
  const Issuer root = acme();
  std::array<std::vector<Crl>, 18> written;
  {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < written.size(); ++i) {
      threads.emplace_back([&root, &mine = written.at(i), i] {
        const Serial mine_alone{ByteView{Bytes{static_cast<std::uint8_t>(i + 1)}}};
        for (int round = 0; round < 5; ++round) {
          mine.push_back(root.crl({{mine_alone, kNow}}, {.number = 1}, kNow));
          mine.push_back(streamed(root, {{mine_alone, kNow}}, {.number = 1}));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  for (std::size_t i = 0; i < written.size(); ++i) {
    for (const Crl& crl : written.at(i)) {
      CHECK(crl.find(Serial{ByteView{Bytes{static_cast<std::uint8_t>(i + 1)}}}));
      CHECK(openssl_verifies_crl(crl.der(), root.certificate().public_key()));
    }
  }
}

// --- what is not written ---

TEST_CASE("a serial that comes twice is refused by name, in memory and streamed", "[crl]") {
  const std::vector<RevokedEntry> twice = {
      {serial("01AB"), kNow}, {serial("02"), kNow}, {serial("0001AB"), kNow, RevocationReason::superseded}};
  check_refused([&] { return acme().crl(twice, {.number = 1}, kNow); }, Errc::invalid_argument,
                "revocation list: serial 01AB comes twice");
  check_refused(
      [&] {
        return streamed(acme(), {{serial("05"), kNow}, {serial("05"), kNow}}, {.number = 1});
      },
      Errc::invalid_argument, "revocation list: serial 05 comes twice");
}

TEST_CASE("a stream that is not in serial order is refused with the two serials, before anything is written", "[crl][stream]") {
  Batches source{{{serial("01"), kNow}, {serial("80"), kNow}, {serial("81"), kNow}, {serial("7F"), kNow}, {serial("90"), kNow}}};
  Kept kept;
  check_refused([&] { return acme().write_crl(source, {.number = 1}, kNow, CrlForm::pem, kept.sink); }, Errc::invalid_argument,
                "revocation list: serial 7F comes after 81; give them in ascending order");
  CHECK(kept.octets.empty());
}

TEST_CASE("a source that gives others in its second walk is found out", "[crl][stream]") {
  class Changing final : public CrlSource {
   public:
    Changing(std::vector<RevokedEntry> first, std::vector<RevokedEntry> second) : walks_{std::move(first), std::move(second)} {}
    void rewind() override { entries_ = walks_.at(walk_++); }
    std::span<const RevokedEntry> next() override { return std::exchange(entries_, {}); }

   private:
    std::array<std::vector<RevokedEntry>, 2> walks_;
    std::size_t walk_ = 0;
    std::span<const RevokedEntry> entries_;
  };
  const RevokedEntry one{serial("01"), kNow};
  const RevokedEntry two{serial("02"), kNow};
  const RevokedEntry two_with_reason{serial("02"), kNow, RevocationReason::superseded};
  auto [first, second] = GENERATE_COPY(table<std::vector<RevokedEntry>, std::vector<RevokedEntry>>({
      {{one, two}, {one}},
      {{one}, {one, two}},
      {{one, two}, {}},
      {{one, two}, {one, two_with_reason}},
      {{one, two_with_reason}, {one, two}},
  }));
  Changing source{first, second};
  Kept kept;
  check_refused([&] { return acme().write_crl(source, {.number = 1}, kNow, CrlForm::der, kept.sink); }, Errc::mismatch,
                "its source gave other entries in its second walk than in the first");
}

TEST_CASE("what a source or a sink throws reaches the caller, and the Issuer works on", "[crl][stream]") {
  const Issuer root = acme();
  class Failing final : public CrlSource {
   public:
    void rewind() override {}
    std::span<const RevokedEntry> next() override { throw std::runtime_error("the store is gone"); }
  } failing;
  Kept kept;
  CHECK_THROWS_WITH(root.write_crl(failing, {.number = 1}, kNow, CrlForm::pem, kept.sink), "the store is gone");
  Batches source{{{serial("05"), kNow}}};
  CHECK_THROWS_WITH(
      root.write_crl(source, {.number = 1}, kNow, CrlForm::pem, [](ByteView) { throw std::runtime_error("the disk is full"); }),
      "the disk is full");
  CHECK(streamed(root, {{serial("05"), kNow}}, {.number = 1}).entries().size() == 1);
}

TEST_CASE("a number of 0 and a lifetime of no months are refused", "[crl]") {
  const Issuer root = acme();
  check_refused([&] { return root.crl({}, {.number = 0}, kNow); }, Errc::invalid_argument,
                "revocation list: its number is 0; the first is 1");
  for (const int months : {0, -1}) {
    check_refused([&] { return root.crl({}, {.number = 1, .lifetime = std::chrono::months{months}}, kNow); },
                  Errc::invalid_argument,
                  "revocation list: its lifetime is " + std::to_string(months) + " months; give one or more");
  }
}

TEST_CASE("dates that no list can say are refused", "[crl]") {
  const Issuer root = acme();
  CHECK(rfc3339(root.crl({}, {.number = 1, .lifetime = std::chrono::months{12 * 7973 + 1}}, kNow).next_update().value()) ==
        "9999-12-24T10:00:00Z");
  check_refused([&] { return root.crl({}, {.number = 1, .lifetime = std::chrono::months{12 * 7973 + 2}}, kNow); },
                Errc::invalid_argument, "a list can say 1950 to 9999");
  check_refused([&] { return root.crl({}, {.number = 1, .lifetime = std::chrono::months::max()}, kNow); }, Errc::invalid_argument,
                "a list can say 1950 to 9999");
  check_refused(
      [&] {
        return root.crl({{serial("05"), instant("1949-12-31T23:59:59Z")}}, {.number = 1}, kNow);
      },
      Errc::invalid_argument, "revocation list: serial 05 was revoked before 1950, which a list cannot say");
  const Issuer old = acme("p256-sec1", instant("1950-01-01T00:05:00Z"));
  check_refused([&] { return old.crl({}, {.number = 1}, instant("1950-01-01T00:04:59Z")); }, Errc::invalid_argument,
                "a list can say 1950 to 9999");
}

TEST_CASE("a root signs lists only while it is valid, to the second", "[crl]") {
  const Issuer root = acme();  // 2026-11-24 09:55:00 to 2036-11-24 10:00:00
  CHECK_NOTHROW(root.crl({}, {.number = 1}, instant("2026-11-24T09:55:00Z")));
  CHECK_NOTHROW(root.crl({}, {.number = 1}, instant("2036-11-24T10:00:00Z")));
  check_refused([&] { return root.crl({}, {.number = 1}, instant("2026-11-24T09:54:59Z")); }, Errc::policy,
                "at 2026-11-24 09:54:59 the root is not yet valid, it starts 2026-11-24 09:55:00");
  check_refused([&] { return root.crl({}, {.number = 1}, instant("2036-11-24T10:00:01Z")); }, Errc::policy,
                "at 2036-11-24 10:00:01 the root has expired, it ended 2036-11-24 10:00:00");
}

TEST_CASE("a root without cRLSign signs no list, and the error says what would become of the clients", "[crl]") {
  const PrivateKey root_key = key("p256-sec1");
  const Certificate root = Certificate::from_der(oracle_certificate({.serial = serial("01"),
                                                                     .validity = {kNow, kNow + std::chrono::years{5}},
                                                                     .issuer = {{"CN", "x"}},
                                                                     .subject = {{"CN", "x"}},
                                                                     .extensions = {{"basicConstraints", "critical,CA:TRUE"},
                                                                                    {"keyUsage", "critical,keyCertSign"},
                                                                                    {"subjectKeyIdentifier", "hash"}}},
                                                                    root_key.public_key(), root_key, nullptr));
  const Issuer issuer{root, key("p256-sec1")};
  const std::string expected =
      "revocation list of root \"CN=x\": the root may not sign lists (keyUsage has no cRLSign): PostgreSQL would refuse every "
      "client";
  check_refused([&] { return issuer.crl({}, {.number = 1}, kNow); }, Errc::policy, expected);
  check_refused([&] { return streamed(issuer, {}, {.number = 1}); }, Errc::policy, expected);
}

TEST_CASE("a list that would revoke its own root is refused: it would keep everybody out", "[crl]") {
  const Issuer root = acme();
  check_refused(
      [&] {
        return root.crl({{root.certificate().serial(), kNow}}, {.number = 1}, kNow);
      },
      Errc::policy, "is the root's own: PostgreSQL would refuse every client");
}

// --- signers ---

TEST_CASE("a Signer elsewhere signs the digest of a list as it does of a certificate", "[crl][signer]") {
  auto [vector, algorithm, size] = GENERATE(table<std::string, std::string, std::size_t>({
      {"p256-sec1", "ecdsa-with-SHA256", 32},
      {"p384-sec1", "ecdsa-with-SHA384", 48},
      {"rsa2048-pkcs1", "sha256WithRSAEncryption", 32},
  }));
  const auto service = std::make_shared<SigningService>(vector);
  const Issuer root = Issuer::self_signed(kAcme, service, kNow);
  CHECK(openssl_verifies_crl(root.crl({{serial("05"), kNow}}, {.number = 1}, kNow).der(), service->public_key()));
  service->asked = 0;
  CHECK(openssl_verifies_crl(streamed(root, {{serial("05"), kNow}}, {.number = 1}).der(), service->public_key()));
  CHECK(service->last_algorithm == algorithm);
  CHECK(service->last_size == size);
  if (vector.starts_with("rsa")) CHECK(service->asked == 1);
}

TEST_CASE("a list in memory needs one signature, and a streamed one about two", "[crl][signer]") {
  const auto service = std::make_shared<SigningService>("p256-sec1");
  const Issuer root = Issuer::self_signed(kAcme, service, kNow);
  service->asked = 0;
  for (int i = 0; i < 100; ++i) static_cast<void>(root.crl({}, {.number = 1}, kNow));
  CHECK(service->asked == 100);
  service->asked = 0;
  for (int i = 0; i < 100; ++i) static_cast<void>(streamed(root, {}, {.number = 1}));
  CHECK(service->asked > 120);
  CHECK(service->asked < 320);
}

TEST_CASE("a signature that does not verify leaves no list behind", "[crl][signer]") {
  const auto service = std::make_shared<SigningService>("p256-sec1");
  const Issuer root = Issuer::self_signed(kAcme, service, kNow);
  service->manner = GENERATE(SigningService::Manner::flips_a_bit, SigningService::Manner::sends_nothing);
  const std::string expected = "signer: returned a signature that its public key does not verify";
  check_refused([&] { return root.crl({}, {.number = 1}, kNow); }, Errc::crypto, expected);
  check_refused([&] { return streamed(root, {}, {.number = 1}); }, Errc::crypto, expected);
  service->manner = SigningService::Manner::fails;
  CHECK_THROWS_WITH(root.crl({}, {.number = 1}, kNow), "the token is not plugged in");
  CHECK_THROWS_WITH(streamed(root, {}, {.number = 1}), "the token is not plugged in");
}

TEST_CASE("a signer that draws no fresh nonces signs lists in memory, and is not asked for ever for a streamed one",
          "[crl][signer]") {
  const auto service = std::make_shared<SigningService>("p256-sec1");
  const Issuer root = Issuer::self_signed(kAcme, service, kNow);
  service->manner = SigningService::Manner::repeats;
  int written = 0;
  int refused = 0;
  for (std::uint64_t number = 1; written == 0 || refused == 0; ++number) {
    REQUIRE(number < 200);
    CHECK(root.crl({}, {.number = number}, kNow).number() == number);
    service->asked = 0;
    try {
      const Crl crl = streamed(root, {}, {.number = 1000 + number});
      CHECK(openssl_verifies_crl(crl.der(), service->public_key()));
      ++written;
    } catch (const Error& error) {
      CHECK(error.code() == Errc::crypto);
      CHECK_THAT(error.what(), ContainsSubstring("signer: of its signatures of one digest none has 71 octets"));
      ++refused;
    }
    CHECK(service->asked <= 2);
  }
}

TEST_CASE("a signer whose signatures never have the usual length is given up on", "[crl][signer]") {
  const auto service = std::make_shared<SigningService>("p256-sec1");
  const Issuer root = Issuer::self_signed(kAcme, service, kNow);
  service->manner = SigningService::Manner::never_fits;
  service->asked = 0;
  check_refused([&] { return streamed(root, {}, {.number = 1}); }, Errc::crypto, "none has 71 octets");
  CHECK(service->asked == 128);
}

// --- reading ---

TEST_CASE("a list goes to PEM as openssl writes it, and back", "[crl]") {
  const Crl crl = acme().crl({{serial("80"), kNow}, {serial("FF00"), kNow}}, {.number = 3}, kNow);
  CHECK(run({"openssl", "crl"}, {.input = crl.pem()}).out == crl.pem());
  CHECK(Crl::from_pem(crl.pem()) == crl);
  CHECK(Crl::from_der(crl.der()) == crl);
  CHECK(Crl::from_pem("some text\r\n" + crl.pem() + "more\n") == crl);
}

TEST_CASE("a text that holds no list, or two, or something else is refused", "[crl]") {
  const Issuer root = acme();
  const std::string pem = root.crl({}, {.number = 3}, kNow).pem();
  for (const std::string& text :
       {std::string{}, std::string{"hello"}, pem.substr(0, pem.size() - 20), pem + root.certificate().pem()}) {
    CHECK_THROWS_AS(Crl::from_pem(text), Error);
  }
  check_refused([&] { return Crl::from_pem(pem + pem); }, Errc::malformed,
                "must hold one PEM block, BEGIN X509 CRL; it holds 2 blocks");
  check_refused([&] { return Crl::from_pem(root.certificate().pem()); }, Errc::malformed,
                "must hold one PEM block, BEGIN X509 CRL");
  check_refused([&] { return Crl::from_der(root.certificate().der()); }, Errc::malformed, "OpenSSL cannot read it");
}

TEST_CASE("a list cut short, or with octets after it, is refused", "[crl]") {
  const Crl crl = acme().crl({{serial("80"), kNow, RevocationReason::superseded}, {serial("FF00"), kNow}}, {.number = 3}, kNow);
  for (std::size_t size = 0; size < crl.der().size(); ++size) CHECK_THROWS_AS(Crl::from_der(crl.der().first(size)), Error);
  Bytes longer{crl.der().begin(), crl.der().end()};
  longer.push_back(0);
  check_refused([&] { return Crl::from_der(longer); }, Errc::malformed, "octets follow its end");
}

TEST_CASE("a list with one bit changed is refused, or is another list that its root never signed", "[crl]") {
  const Issuer root = acme();
  const Crl crl = root.crl({{serial("80"), kNow, RevocationReason::superseded}, {serial("FF00"), kNow}}, {.number = 3}, kNow);
  Bytes der{crl.der().begin(), crl.der().end()};
  std::size_t read = 0;
  for (std::size_t bit = 0; bit < der.size() * 8; ++bit) {
    der[bit / 8] = static_cast<std::uint8_t>(der[bit / 8] ^ (1U << (bit % 8)));
    try {
      const Crl other = Crl::from_der(der);
      ++read;
      CHECK_FALSE(other == crl);
      CHECK_FALSE(openssl_verifies_crl(other.der(), root.certificate().public_key()));
    } catch (const Error& error) {
      // One bit makes an entry's reason into another issuer's name.
      CHECK((error.code() == Errc::malformed || error.code() == Errc::unsupported));
    }
    der[bit / 8] = static_cast<std::uint8_t>(der[bit / 8] ^ (1U << (bit % 8)));
  }
  CHECK(read > 100);
}

TEST_CASE("a stranger's list is read: version 1, no nextUpdate, no number, any order, a serial twice", "[crl]") {
  const Issuer root = acme();
  const Crl crl = Crl::from_der(oracle_crl(
      {.this_update = kNow,
       .next_update = std::nullopt,
       .entries = {{serial("09"), kNow}, {serial("03"), kNow}, {serial("05"), kNow}, {serial("03"), kNow - std::chrono::days{1}}},
       .version_2 = false},
      root.certificate(), key("p256-sec1")));
  CHECK_FALSE(crl.number());
  CHECK_FALSE(crl.next_update());
  CHECK(crl.authority_key_identifier().empty());
  REQUIRE(crl.entries().size() == 4);
  CHECK(crl.entries().front().serial == serial("03"));
  CHECK(crl.entries().back().serial == serial("09"));
  CHECK(crl.find(serial("03")).value().revoked_at == kNow);  // the first of the two
  CHECK(crl.find(serial("05")));
}

TEST_CASE("a stranger's reasons: on hold reads as unspecified, removeFromCRL revokes nothing", "[crl]") {
  const Issuer root = acme();
  const Crl crl = Crl::from_der(oracle_crl({.this_update = kNow,
                                            .next_update = kNow + std::chrono::days{1},
                                            .entries = {{serial("01"), kNow, 6},
                                                        {serial("02"), kNow, 8},
                                                        {serial("03"), kNow, 7},
                                                        {serial("04"), kNow, 10},
                                                        {serial("05"), kNow, 0}},
                                            .extensions = ours(1)},
                                           root.certificate(), key("p256-sec1")));
  CHECK(crl.find(serial("01")).value().reason == RevocationReason::unspecified);
  CHECK_FALSE(crl.find(serial("02")));
  CHECK(crl.find(serial("03")).value().reason == RevocationReason::unspecified);
  CHECK(crl.find(serial("04")).value().reason == RevocationReason::aa_compromise);
  CHECK(crl.find(serial("05")).value().reason == RevocationReason::unspecified);
}

TEST_CASE("a stranger's number of more than 64 bits is not mistaken for a smaller one", "[crl]") {
  auto [number, read] = GENERATE(table<std::string, std::optional<std::uint64_t>>({
      {"18446744073709551615", 18446744073709551615U},
      {"18446744073709551616", std::nullopt},
      {"1461501637330902918203684832716283019655932542975", std::nullopt},
  }));
  const Issuer root = acme();
  const Crl crl = Crl::from_der(oracle_crl({.this_update = kNow, .next_update = kNow, .extensions = {{"crlNumber", number}}},
                                           root.certificate(), key("p256-sec1")));
  CHECK(crl.number() == read);
}

TEST_CASE("what openssl ca writes is read", "[crl]") {
  const TemporaryFolder folder;
  const Issuer root = acme();
  write_file(folder.path() / "ca.crt", root.certificate().pem());
  write_file(folder.path() / "ca.key", data("keys/good/p256-sec1.pem"));
  write_file(folder.path() / "index.txt",
             "R\t271224100000Z\t261101000000Z,keyCompromise\t80\tunknown\t/CN=a\n"
             "R\t271224100000Z\t261102000000Z\t01AB\tunknown\t/CN=b\n"
             "V\t271224100000Z\t\t05\tunknown\t/CN=c\n");
  write_file(folder.path() / "number", "2A\n");
  write_file(
      folder.path() / "ca.cnf",
      "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=number\ndefault_md=sha256\ncertificate=ca.crt\nprivate_key=ca.key\n"
      "[x]\nauthorityKeyIdentifier=keyid:always\n");
  const auto made = run(
      {"sh", "-c", "cd \"$0\" && openssl ca -config ca.cnf -gencrl -crlexts x -crldays 30 2>/dev/null", folder.path().string()});
  REQUIRE(made.exit_code == 0);
  const Crl crl = Crl::from_pem(made.out);
  CHECK(crl.number() == 42U);
  CHECK(crl.issuer() == root.certificate().subject());
  REQUIRE(crl.entries().size() == 2);
  CHECK(crl.find(serial("80")).value() ==
        RevokedEntry{serial("80"), instant("2026-11-01T00:00:00Z"), RevocationReason::key_compromise});
  CHECK(rfc3339(crl.find(serial("01AB")).value().revoked_at) == "2026-11-02T00:00:00Z");
}

// --- comparing ---

TEST_CASE("two lists differ by what was added and what was removed", "[crl]") {
  const Issuer root = acme();
  const auto list = [&](std::vector<std::string> serials) {
    std::vector<RevokedEntry> entries;
    for (const std::string& digits : serials) entries.push_back({serial(digits), kNow});
    return root.crl(entries, {.number = 1}, kNow);
  };
  const auto text = [](const std::vector<Serial>& serials) {
    return std::accumulate(serials.begin(), serials.end(), std::string{},
                           [](std::string all, const Serial& one) { return std::move(all) + one.hex() + " "; });
  };
  auto [older, newer, added, removed] =
      GENERATE(table<std::vector<std::string>, std::vector<std::string>, std::string, std::string>({
          {{}, {}, "", ""},
          {{}, {"01"}, "01 ", ""},
          {{"01"}, {}, "", "01 "},
          {{"01", "80"}, {"01", "80"}, "", ""},
          {{"01", "80", "0100"}, {"80", "81", "FF"}, "81 FF ", "01 0100 "},
          {{"05"}, {"01", "05", "09"}, "01 09 ", ""},
      }));
  const CrlDifference difference = compare(list(older), list(newer));
  CHECK(text(difference.added) == added);
  CHECK(text(difference.removed) == removed);
}

TEST_CASE("a date or a reason that changed is no difference, nor is a serial that a stranger lists twice", "[crl]") {
  const Issuer root = acme();
  const Crl twice =
      Crl::from_der(oracle_crl({.this_update = kNow, .next_update = kNow, .entries = {{serial("05"), kNow}, {serial("05"), kNow}}},
                               root.certificate(), key("p256-sec1")));
  const Crl once = root.crl({{serial("05"), kNow - std::chrono::days{3}, RevocationReason::superseded}}, {.number = 1}, kNow);
  const Crl none = root.crl({}, {.number = 1}, kNow);
  CHECK(compare(once, twice).added.empty());
  CHECK(compare(twice, once).removed.empty());
  CHECK(compare(none, twice).added.size() == 1);
}

TEST_CASE("lists of two roots are not compared", "[crl]") {
  const Issuer other = Issuer::self_signed({.space = SpaceName{"acme"}, .generation = 2}, PrivateKey::generate(), kNow);
  check_refused([&] { return compare(acme().crl({}, {.number = 1}, kNow), other.crl({}, {.number = 1}, kNow)); }, Errc::mismatch,
                "compare two of one issuer");
}
