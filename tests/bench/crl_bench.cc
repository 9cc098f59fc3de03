// Revocation lists: a million entries to a file in PEM, not synced. MiB is how much more memory is resident at the peak than
// before: what other benchmarks keep for their next turn is not the writer's.
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <spaceca/issuer.h>

#include "yardsticks.h"

using namespace spaceca;

namespace {

const Instant kNow = SystemClock{}.now();
constexpr std::size_t kEntries = 1'000'000;
constexpr std::size_t kEntrySize = 35;  // a serial of 16 octets, a UTCTime, no reason

// Serials of sixteen octets, like ours, in ascending order.
std::array<std::uint8_t, 16> serial_octets(std::size_t n) {
  std::array<std::uint8_t, 16> octets;
  const std::uint64_t high = 0x0100'0000'0000'0000U + n * 0x0000'0765'4321'0FEDU;
  const std::uint64_t low = n * 0x9E37'79B9'7F4A'7C15U;
  for (std::size_t i = 0; i < 8; ++i) {
    octets[i] = static_cast<std::uint8_t>(high >> (8 * (7 - i)));
    octets[8 + i] = static_cast<std::uint8_t>(low >> (8 * (7 - i)));
  }
  return octets;
}

// Entries that lie ready, as they do for the limit; handed over in batches, as a store would.
class Entries final : public CrlSource {
 public:
  explicit Entries(std::size_t count) {
    entries_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      entries_.push_back(
          {Serial{ByteView{serial_octets(i)}}, kNow - std::chrono::hours{24} - std::chrono::seconds{i * 7919 % 30'000'000}});
    }
  }
  void rewind() override { left_ = entries_; }
  std::span<const RevokedEntry> next() override {
    const auto batch = left_.first(std::min<std::size_t>(left_.size(), 1000));
    left_ = left_.subspan(batch.size());
    return batch;
  }

 private:
  std::vector<RevokedEntry> entries_;
  std::span<const RevokedEntry> left_;
};

class File {
 public:
  File() : fd_(open(path().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {
    if (fd_ < 0) std::abort();
  }
  ~File() {
    close(fd_);
    unlink(path().c_str());
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  void add(const void* octets, std::size_t size) const {
    if (write(fd_, octets, size) != static_cast<ssize_t>(size)) std::abort();
  }

 private:
  static std::string path() {
    const char* const folder = std::getenv("TMPDIR");
    return std::string{folder != nullptr ? folder : "/tmp"} + "/spaceca-bench-" + std::to_string(getpid()) + ".crl";
  }
  int fd_;
};

// Of resident memory, above what there was when it was made (proc(5): clear_refs, VmHWM).
class Peak final {
 public:
  Peak() {
    malloc_trim(0);  // what others have freed would be taken again, and not counted
    std::ofstream{"/proc/self/clear_refs"} << "5";
    before_ = highest();
  }
  [[nodiscard]] double mib() const { return highest() - before_; }

 private:
  static double highest() {
    std::ifstream status{"/proc/self/status"};
    for (std::string word; status >> word;) {
      if (word != "VmHWM:") continue;
      double kib = 0;
      status >> kib;
      return kib / 1024;
    }
    return 0;
  }

  double before_ = 0;
};

// The least that any writer has to do: copy entries that lie ready, hash them, put them into base64 and into a file; sign once.
void limit(benchmark::State& state) {
  std::vector<std::uint8_t> ready(kEntries * kEntrySize);
  for (std::size_t i = 0; i < kEntries; ++i) {
    const auto serial = serial_octets(i);
    std::memcpy(&ready[i * kEntrySize], "\x30\x21\x02\x10", 4);
    std::memcpy(&ready[i * kEntrySize + 4], serial.data(), serial.size());
    std::memcpy(&ready[i * kEntrySize + 20],
                "\x17\x0D"
                "261124100000Z",
                15);
  }
  constexpr std::size_t kLine = 48;
  constexpr std::size_t kChunk = 1365 * kLine;
  std::vector<std::uint8_t> chunk(kChunk);
  std::vector<std::uint8_t> text(kChunk / kLine * 65 + 1);
  bench::Limit signing;
  const std::unique_ptr<EVP_MD, bench::Deleter<EVP_MD_free>> sha256{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  const std::unique_ptr<EVP_MD_CTX, bench::Deleter<EVP_MD_CTX_free>> hash{EVP_MD_CTX_new()};
  const Peak peak;
  for (auto _ : state) {
    const File file;
    EVP_DigestInit_ex2(hash.get(), sha256.get(), nullptr);
    for (std::size_t at = 0; at < ready.size(); at += kChunk) {
      const std::size_t size = std::min(kChunk, ready.size() - at);
      std::memcpy(chunk.data(), &ready[at], size);
      EVP_DigestUpdate(hash.get(), chunk.data(), size);
      std::uint8_t* out = text.data();
      for (std::size_t line = 0; line < size; line += kLine) {
        out += EVP_EncodeBlock(out, &chunk[line], static_cast<int>(std::min(kLine, size - line)));
        *out++ = '\n';
      }
      file.add(text.data(), static_cast<std::size_t>(out - text.data()));
    }
    std::uint8_t digest[32];
    EVP_DigestFinal_ex(hash.get(), digest, nullptr);
    signing.sign();
  }
  state.counters["MiB"] = peak.mib();
}
BENCHMARK(limit)->Name("CRL of 1,000,000 entries, PEM to a file/limit")->Unit(benchmark::kMillisecond)->UseRealTime();

void ours(benchmark::State& state) {
  const Issuer root = Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::generate(), kNow - std::chrono::days{400});
  Entries entries{kEntries};
  const Peak peak;
  for (auto _ : state) {
    const File file;
    root.write_crl(entries, {.number = 1}, kNow, CrlForm::pem, [&](ByteView octets) { file.add(octets.data(), octets.size()); });
  }
  state.counters["MiB"] = peak.mib();
}
BENCHMARK(ours)->Name("CRL of 1,000,000 entries, PEM to a file/ours")->Unit(benchmark::kMillisecond)->UseRealTime();

// X509_CRL as the manual pages have it: X509_REVOKED_*, X509_CRL_add0_revoked, X509_CRL_sort, X509_CRL_sign,
// PEM_write_bio_X509_CRL. For a tenth of the entries: a million take it seven seconds each time, minutes for one median, and what
// sorts and allocates entry by entry does a tenth in less than a tenth of that, so the comparison flatters it.
void idiomatic(benchmark::State& state) {
  const bench::Key key{EVP_EC_gen("P-256")};
  Entries entries{kEntries / 10};
  const Peak peak;
  for (auto _ : state) {
    const std::unique_ptr<X509_CRL, bench::Deleter<X509_CRL_free>> crl{X509_CRL_new()};
    X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
    X509_NAME_add_entry_by_txt(X509_CRL_get_issuer(crl.get()), "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>("acme"),
                               -1, -1, 0);
    const std::unique_ptr<ASN1_TIME, bench::Deleter<ASN1_TIME_free>> time{ASN1_TIME_new()};
    X509_CRL_set1_lastUpdate(crl.get(), ASN1_TIME_set(time.get(), kNow.time_since_epoch().count()));
    X509_CRL_set1_nextUpdate(crl.get(), ASN1_TIME_set(time.get(), kNow.time_since_epoch().count() + 34'000'000));
    entries.rewind();
    for (auto batch = entries.next(); !batch.empty(); batch = entries.next()) {
      for (const RevokedEntry& entry : batch) {
        X509_REVOKED* const revoked = X509_REVOKED_new();
        BIGNUM* const number = BN_bin2bn(entry.serial.octets().data(), static_cast<int>(entry.serial.octets().size()), nullptr);
        ASN1_INTEGER* const serial = BN_to_ASN1_INTEGER(number, nullptr);
        X509_REVOKED_set_serialNumber(revoked, serial);
        X509_REVOKED_set_revocationDate(revoked, ASN1_TIME_set(time.get(), entry.revoked_at.time_since_epoch().count()));
        X509_CRL_add0_revoked(crl.get(), revoked);
        ASN1_INTEGER_free(serial);
        BN_free(number);
      }
    }
    X509_CRL_sort(crl.get());
    if (X509_CRL_sign(crl.get(), key.get(), EVP_sha256()) <= 0) std::abort();
    const std::unique_ptr<BIO, bench::Deleter<BIO_free_all>> text{BIO_new(BIO_s_mem())};
    if (PEM_write_bio_X509_CRL(text.get(), crl.get()) != 1) std::abort();
    char* start = nullptr;
    const long size = BIO_get_mem_data(text.get(), &start);
    const File file;
    file.add(start, static_cast<std::size_t>(size));
  }
  state.counters["MiB"] = peak.mib();
}
BENCHMARK(idiomatic)->Name("CRL of 100,000 entries, PEM to a file/idiomatic OpenSSL")->Unit(benchmark::kMillisecond)->UseRealTime();

void idiomatic_beside(benchmark::State& state) {
  const Issuer root = Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::generate(), kNow - std::chrono::days{400});
  Entries entries{kEntries / 10};
  for (auto _ : state) {
    const File file;
    root.write_crl(entries, {.number = 1}, kNow, CrlForm::pem, [&](ByteView octets) { file.add(octets.data(), octets.size()); });
  }
}
BENCHMARK(idiomatic_beside)->Name("CRL of 100,000 entries, PEM to a file/ours")->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
