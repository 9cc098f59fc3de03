// Runs what is asked for in rounds, each benchmark once a round, and puts one workload side by side: ours, the least that OpenSSL
// needs for it ("limit"), and others. A ratio is the median of the rounds' ratios: ours and its yardstick come in one round, close
// to each other, so that a machine which others slow down for seconds slows both. Benchmarks are called WORKLOAD/WHO and stand
// beside those they are compared with. --rounds=N sets how many; with --check it fails if a figure is over what it may be at most.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

namespace {

// What ours may take at most, in units of a yardstick's time.
struct Target {
  std::string workload;
  std::string yardstick;
  double at_most;
  double and_seconds = 0;
  double at_most_mib = 0;  // of memory more than there was before, if that is bounded
};
const std::vector<Target> kTargets = {
    {"issue P-256 with key", "limit", 1.10},
    {"issue P-256 with key, 2 threads", "limit", 1.05},
    {"issue for a key in hand", "limit", 1.10},
    {"issue from a CSR in DER", "limit", 2.8},
    {"issue an Ed25519 client with key", "limit", 1.10},
    {"issue for an RSA-2048 key in hand", "limit", 1.05},
    {"PEM to PKCS#8 DER, rsa2048-pkcs1", "idiomatic OpenSSL", 1.0 / 15},
    {"PEM to PKCS#8 DER, rsa2048-pkcs8", "idiomatic OpenSSL", 1.0 / 15},
    {"PEM to PKCS#8 DER, p256-sec1", "idiomatic OpenSSL", 1.0 / 15},
    {"PEM to PKCS#8 DER, p256-pkcs8", "idiomatic OpenSSL", 1.0 / 15},
    {"CRL of 1,000,000 entries, PEM to a file", "limit", 3, 0, 8},
    {"CRL of 100,000 entries, PEM to a file", "idiomatic OpenSSL", 1},
    {"issue_clients of 1000, CPU a certificate", "limit", 3.0},
    {"issue one at a time", "limit + sync", 1.5},
    {"issue one at a time, by 16 threads", "one thread", 1.0 / 4},
    {"longest wait of 4000 by 16 threads", "median wait", 10},
    {"1000 due among 1,000,000", "among 10,000", 3},
    {"a page of 100 of 1,000,000", "5 ms", 1},
    {"a page of 100 of 1,000,000, by expiry", "5 ms", 1},
    {"a page of 100 of 1,000,000, those ready", "5 ms", 1},
    {"a page of 100 of 1,000,000, half-way", "5 ms", 1},
    {"one of 1,000,000, by its serial", "5 ms", 1},
    {"revoke one among 100,000", "writing that list", 2},
    {"open a store, by a key file", "10 ms", 1},
    {"open a store, by a passphrase", "key derivation", 1, 0.010},
};

// Yardsticks that are times.
const std::map<std::string, double> kTimes = {{"5 ms", 0.005}, {"10 ms", 0.010}};

double quantile(std::vector<double> values, double part) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(static_cast<double>(values.size() - 1) * part + 0.5);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}
double median(const std::vector<double>& values) { return quantile(values, 0.5); }

class Rounds final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& context) override {
    if (seconds_.empty()) PrintBasicContext(&GetErrorStream(), context);
    return true;
  }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      if (run.error_occurred) {
        std::fprintf(stderr, "%s: %s\n", run.benchmark_name().c_str(), run.error_message.c_str());
        all_met_ = false;
        continue;
      }
      const std::string& name = run.run_name.function_name;
      const auto slash = name.rfind('/');
      const std::string workload = name.substr(0, slash) + (run.run_name.threads == "threads:2" ? ", 2 threads" : "");
      const double seconds = run.real_accumulated_time / static_cast<double>(run.iterations);
      seconds_[workload][name.substr(slash + 1)].push_back(seconds);
      if (const auto peak = run.counters.find("MiB"); peak != run.counters.end()) {
        mib_[workload][name.substr(slash + 1)].push_back(peak->second);
      }
    }
  }

  void print() {
    std::printf("| workload | ours, µs | yardstick | ours / yardstick (quartiles) | at most | met | others / ours |\n");
    std::printf("|---|---|---|---|---|---|---|\n");
    for (const Target& target : kTargets) print(target);
  }

  // Of what was measured.
  [[nodiscard]] bool all_met() const { return all_met_; }

 private:
  using Values = std::vector<double>;  // one a round

  static Values ratios(const Values& of, const Values& to) {
    Values values;
    for (std::size_t i = 0; i < std::min(of.size(), to.size()); ++i) values.push_back(of[i] / to[i]);
    return values;
  }

  void print(const Target& target) {
    auto& measured = seconds_[target.workload];
    const auto ours = measured.find("ours");
    if (ours == measured.end()) return;
    if (const auto time = kTimes.find(target.yardstick); time != kTimes.end()) {
      measured[time->first] = Values(ours->second.size(), time->second);
    }
    const auto yardstick = measured.find(target.yardstick);
    if (yardstick == measured.end()) return;
    std::string others;
    for (const auto& [who, seconds] : measured) {
      if (who == "ours" || who == target.yardstick) continue;
      others += (others.empty() ? "" : ", ") + who + " " + number(median(ratios(seconds, ours->second)), 1);
    }
    const Values compared = ratios(ours->second, yardstick->second);
    bool met = target.and_seconds > 0 ? median(ours->second) <= target.at_most * median(yardstick->second) + target.and_seconds
                                      : median(compared) <= target.at_most;
    std::string time = number(median(ours->second) * 1e6, 1);
    std::string at_most = number(target.at_most, 3);
    if (target.and_seconds > 0) at_most += " and " + number(target.and_seconds * 1e3, 0) + " ms";
    if (target.at_most_mib > 0) {
      const double mib = median(mib_.at(target.workload).at("ours"));
      met = met && mib <= target.at_most_mib;
      time += ", " + number(mib, 1) + " MiB";
      at_most += ", " + number(target.at_most_mib, 0) + " MiB";
    }
    all_met_ = all_met_ && met;
    const std::string ratio = number(median(compared), 3) + " (" + number(quantile(compared, 0.25), 3) + " - " +
                              number(quantile(compared, 0.75), 3) + ")";
    std::printf("| %s | %s | %s | %s | %s | %s | %s |\n", target.workload.c_str(), time.c_str(), target.yardstick.c_str(),
                ratio.c_str(), at_most.c_str(), met ? "yes" : "NO", others.c_str());
  }

  static std::string number(double value, int decimals) {
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
  }

  using Figures = std::map<std::string, std::map<std::string, Values>>;
  Figures seconds_;  // by workload and who
  Figures mib_;
  bool all_met_ = true;
};

}  // namespace

int main(int argc, char** argv) {
  bool check = false;
  int rounds = 21;
  char** const end = std::remove_if(argv + 1, argv + argc, [&](std::string_view argument) {
    constexpr std::string_view kRounds = "--rounds=";
    if (argument == "--check") return check = true;
    if (!argument.starts_with(kRounds)) return false;
    rounds = std::atoi(argument.substr(kRounds.size()).data());
    return true;
  });
  argc = static_cast<int>(end - argv);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  if (rounds < 1) {
    std::fprintf(stderr, "--rounds: give a number from 1 on\n");
    return 2;
  }
  Rounds measured;
  for (int round = 1; round <= rounds; ++round) {
    std::fprintf(stderr, "round %d of %d\n", round, rounds);
    if (benchmark::RunSpecifiedBenchmarks(&measured) == 0) return 1;
  }
  measured.print();
  return check && !measured.all_met() ? 1 : 0;
}
