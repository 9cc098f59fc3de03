// A list of a million entries, streamed to a file by a process that may not grow.
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include <spaceca/crl.h>
#include <spaceca/issuer.h>

#include "support/crl_oracle.h"
#include "support/files.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

const Instant kNow = instant("2026-11-24T10:00:00Z");
constexpr std::uint64_t kEntries = 1'000'000;

// Serials of sixteen octets: 1, then the number of the entry, then zeros and a one.
Serial serial_of(std::uint64_t entry) {
  std::array<std::uint8_t, 16> octets{1};
  for (std::size_t i = 0; i < 8; ++i) octets.at(1 + i) = static_cast<std::uint8_t>(entry >> (8 * (7 - i)));
  octets.back() = 1;
  return Serial{ByteView{octets}};
}

// Made as they are asked for: a million of them would be 40 MiB by themselves.
class Million final : public CrlSource {
 public:
  void rewind() override { at_ = 0; }
  std::span<const RevokedEntry> next() override {
    batch_.clear();
    for (; at_ < kEntries && batch_.size() < 500; ++at_) batch_.push_back({serial_of(at_), kNow - std::chrono::seconds{at_}});
    return batch_;
  }

 private:
  std::uint64_t at_ = 0;
  std::vector<RevokedEntry> batch_;
};

// The most that this process ever had in memory (proc(5)), in KiB.
long peak_kib() {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;) {
    long kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib;
  }
  return 0;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define UNDER_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define UNDER_SANITIZER 1
#endif
#endif
#ifdef UNDER_SANITIZER
constexpr bool kMemoryIsOurs = false;  // most of it is the sanitizer's
#else
constexpr bool kMemoryIsOurs = true;
#endif

}  // namespace

TEST_CASE("a million entries go to a file within 64 MiB of memory, and OpenSSL finds the first and the last of them",
          "[crl][large]") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "root.crl";
  const Issuer root =
      Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::from_pem(data("keys/good/p256-sec1.pem")), kNow);
  const pid_t child = fork();
  if (child == 0) {
    constexpr long kMostKib = 64L * 1024;
    try {
      const Issuer here{root.certificate(),
                        PrivateKey::from_pem(data("keys/good/p256-sec1.pem"))};  // an Issuer stays in its process
      std::ofstream file{path, std::ios::binary};
      Million million;
      const CrlSummary summary = here.write_crl(million, {.number = 1}, kNow, CrlForm::pem, [&file](ByteView octets) {
        file.write(reinterpret_cast<const char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
      });
      const bool good = file.flush().good() && summary.entries == kEntries;
      _exit(!good ? 1 : kMemoryIsOurs && peak_kib() > kMostKib ? 2 : 42);
    } catch (...) {
      _exit(3);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 42);  // 1: the file or the count is wrong, 2: more memory than it may have, 3: it threw

  const Crl crl = Crl::from_pem(read_file(path));
  CHECK(crl.entries().size() == kEntries);
  CHECK(crl.find(serial_of(0)));
  CHECK(crl.find(serial_of(654'321)).value().revoked_at == kNow - std::chrono::seconds{654'321});
  CHECK(crl.find(serial_of(kEntries - 1)));
  CHECK_FALSE(crl.find(serial_of(kEntries)));
  const OpensslCrl read = openssl_reads_crl(crl.der());
  CHECK(read.entries == kEntries);
  CHECK(read.first == serial_of(0).hex());
  CHECK(read.last == serial_of(kEntries - 1).hex());
  CHECK(openssl_verifies_crl(crl.der(), root.certificate().public_key()));
}
