// What a server is seen to do from outside, by handshakes, whoever wrote its files.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include <spaceca/publisher.h>

#include "publish/connection.h"

namespace spaceca::publish {

// Of one publication; the rest is borrowed. Each throws Errc::not_taken, saying what was seen instead, or unreachable.
class Proof final {
 public:
  Proof(const Address& address, std::uint64_t number, std::chrono::seconds patience,
        const std::function<void(const std::string&)>& progress)
      : address_(address), number_(number), patience_(patience), progress_(progress) {}

  // That it shows this certificate.
  void certificate(const Certificate& ours) const;
  // That the good one passes, and the revoked one is refused as revoked.
  void probe(const Probe& probe) const;

 private:
  [[nodiscard]] Deadline deadline() const { return std::chrono::steady_clock::now() + patience_; }
  void say(const std::string& text) const {
    if (progress_) progress_(text);
  }
  [[noreturn]] void not_taken(const std::string& why) const;

  const Address& address_;
  std::uint64_t number_;
  std::chrono::seconds patience_;
  const std::function<void(const std::string&)>& progress_;
};

}  // namespace spaceca::publish
