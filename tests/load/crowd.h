// Clients that connect again and again, each in a thread of its own with files of its own, and that fetch new ones only when they
// are told. Each connection is judged by what was known about its certificate when it began and when it had ended.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <spaceca/authority.h>

#include "load/client.h"
#include "support/files.h"
#include "support/postgres.h"

namespace spaceca::test {

// What is known about a certificate.
enum class Must { come_in, stay_out, either };

// Its holder's. A connection is judged only if the same held from its beginning to its end.
class Verdict final {
 public:
  void set(Must must) { word_ = (word_.load() / 4 + 1) * 4 + static_cast<std::uint64_t>(must); }  // by one thread
  struct Seen {
    std::uint64_t word;
    [[nodiscard]] Must must() const { return static_cast<Must>(word % 4); }
    bool operator==(const Seen&) const = default;
  };
  [[nodiscard]] Seen seen() const { return {word_.load()}; }

 private:
  std::atomic<std::uint64_t> word_{static_cast<std::uint64_t>(Must::come_in)};
};

class Crowd;

class Client final {
 public:
  Client(Crowd& crowd, std::string name, const CertificateId& first);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] CertificateId certificate() const;
  [[nodiscard]] bool holds(const CertificateId& id) const;  // now or before
  [[nodiscard]] int refreshes() const { return refreshes_; }
  [[nodiscard]] long begun() const { return begun_; }  // rounds
  [[nodiscard]] long ended() const { return ended_; }
  // Its post waits until it may read it again.
  void reads_mail(bool reads) { reads_mail_ = reads; }
  void set(const CertificateId& id, Must must);
  void tell(const Notice& notice);
  void stop() { stopped_ = true; }
  void join() { thread_.join(); }

 private:
  struct Held {
    CertificateId id;
    std::filesystem::path files;
    std::shared_ptr<Verdict> verdict;
  };

  void run();
  void round();
  void read_mail();
  void attempt(const Held& held, const Way& way);

  Crowd& crowd_;
  const std::string name_;
  mutable std::mutex mutex_;
  std::deque<Notice> mail_;
  Held current_;
  std::vector<Held> former_;  // that it has a successor of
  std::atomic<int> refreshes_{0};
  std::atomic<long> begun_{0};
  std::atomic<long> ended_{0};
  std::atomic<bool> reads_mail_{true};
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

class Crowd final : public Notifier {
 public:
  Crowd(Space space, const Postgres& server) : space_(std::move(space)), port_(server.port()) {}
  ~Crowd() override;
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  Client& add(const CertificateId& first);
  [[nodiscard]] const std::vector<std::unique_ptr<Client>>& clients() const { return clients_; }

  // Into the box of whoever holds that certificate or its predecessor.
  void deliver(const Notice& notice) override;
  void set(const CertificateId& id, Must must);

  // With an end that only what hangs ever meets; that counts as a complaint.
  void wait_until(const std::string& what, const std::function<bool()>& holds);
  // Until each client has begun and ended so many rounds from now on. In one of two it also tries something that it had before.
  void let_all_go_round(int times = 1);

  [[nodiscard]] std::vector<std::string> complaints() const;
  struct Count {
    long came_in;
    long stayed_out;
    long unjudged;
    long told_why;  // of those that stayed out
  };
  [[nodiscard]] Count count() const { return {came_in_, stayed_out_, unjudged_, told_why_}; }
  // What is done meanwhile, for the complaints.
  void during(std::string phase);

 private:
  friend class Client;

  void complain(const std::string& what);

  const Space space_;
  const int port_;
  TemporaryFolder folder_{FolderOn::memory};
  std::vector<std::unique_ptr<Client>> clients_;
  mutable std::mutex mutex_;
  std::string phase_ = "the beginning";
  std::vector<std::string> complaints_;
  std::atomic<long> came_in_{0};
  std::atomic<long> stayed_out_{0};
  std::atomic<long> unjudged_{0};
  std::atomic<long> told_why_{0};
};

}  // namespace spaceca::test
