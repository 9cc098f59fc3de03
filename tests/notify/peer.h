// Servers of other makers, as children of a test; and what our notifiers are told.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include <spaceca/issuer.h>
#include <spaceca/notifier.h>

#include "support/files.h"

namespace spaceca::test {

// A script of peers/, which listens on 127.0.0.1 when this is made, and ends with it.
class Peer final {
 public:
  Peer(const std::string& script, const std::vector<std::string>& arguments);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  pid_t child_;
  std::uint16_t port_ = 0;
};

// A certificate for a server, with the root to verify it by, in files.
class PeerFiles final {
 public:
  explicit PeerFiles(const std::string& host = "localhost");
  [[nodiscard]] std::string certificate() const { return (folder_.path() / "server.crt").string(); }
  [[nodiscard]] std::string key() const { return (folder_.path() / "server.key").string(); }
  [[nodiscard]] std::filesystem::path roots() const { return folder_.path() / "root.crt"; }

 private:
  TemporaryFolder folder_;
};

// A script of peers/ that answers and ends; what it printed. Throws with what it complains about.
[[nodiscard]] std::string answer_of(const std::string& script, const std::vector<std::string>& arguments);

// Work in a child of ours, which ends with what it returns; 200 if it throws.
[[nodiscard]] pid_t in_background(const std::function<int()>& work);

// A renewal of role `role` for sales, thirty days and a second before the end of what it replaces.
[[nodiscard]] Notice renewal(const std::string& role = "app");

// That `deliver` of it throws, and what.
struct Refusal {
  Errc code;
  std::string text;
};
[[nodiscard]] Refusal refusal_of(Notifier& notifier, const Notice& notice = renewal());

}  // namespace spaceca::test
