// A list of a million entries, streamed to a file by a process that may not grow with it.
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
class Entries final : public CrlSource {
 public:
  explicit Entries(std::uint64_t count) : count_(count) {}
  void rewind() override { at_ = 0; }
  std::span<const RevokedEntry> next() override {
    batch_.clear();
    for (; at_ < count_ && batch_.size() < 500; ++at_) batch_.push_back({serial_of(at_), kNow - std::chrono::seconds{at_}});
    return batch_;
  }

 private:
  std::uint64_t count_;
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

// What a process of its own needs at most while it writes a list of so many entries to `path`, in KiB.
long peak_of_writing(std::uint64_t count, const Certificate& root, const std::filesystem::path& path) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    try {
      const Issuer here{root, PrivateKey::from_pem(data("keys/good/p256-sec1.pem"))};  // an Issuer stays in its process
      std::ofstream file{path, std::ios::binary};
      Entries entries{count};
      const CrlSummary summary = here.write_crl(entries, {.number = 1}, kNow, CrlForm::pem, [&file](ByteView octets) {
        file.write(reinterpret_cast<const char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
      });
      const long peak = peak_kib();
      const bool told = write(ends[1], &peak, sizeof peak) == sizeof peak;
      _exit(told && file.flush().good() && summary.entries == count ? 42 : 1);
    } catch (...) {
      _exit(3);
    }
  }
  close(ends[1]);
  long peak = 0;
  const bool heard = read(ends[0], &peak, sizeof peak) == sizeof peak;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 42);  // 1: the file or the count is wrong, 3: it threw
  REQUIRE(heard);
  return peak;
}

}  // namespace

TEST_CASE("a million entries go to a file within the memory that ten thousand need, and OpenSSL finds the first and the last",
          "[crl][large]") {
  constexpr long kMostKib = 64L * 1024;
  constexpr long kMostMoreKib = 4L * 1024;
  const TemporaryFolder folder;
  const auto path = folder.path() / "root.crl";
  const Issuer root =
      Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::from_pem(data("keys/good/p256-sec1.pem")), kNow);
  const long of_ten_thousand = peak_of_writing(10'000, root.certificate(), path);
  const long of_a_million = peak_of_writing(kEntries, root.certificate(), path);
  CHECK(of_ten_thousand > 0);
  CHECK(of_a_million < kMostKib);
  CHECK(of_a_million - of_ten_thousand < kMostMoreKib);

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
