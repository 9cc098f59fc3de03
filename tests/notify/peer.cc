#include "notify/peer.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include <spaceca/error.h>
#include <spaceca/exporter.h>
#include <spaceca/files.h>

#include "support/child.h"
#include "support/text.h"

namespace spaceca::test {
namespace {

constexpr const char* kPython = "/usr/bin/python3";  // Debian's, which has Debian's modules

std::string path_of(const std::string& script) { return std::string{SPACECA_NOTIFY_PEERS "/"} + script; }

// Of a pipe that says "port N".
std::uint16_t port_said(int pipe) {
  std::string said;
  while (!said.ends_with('\n')) {
    pollfd wait{pipe, POLLIN, 0};
    char c = 0;
    if (poll(&wait, 1, 60'000) != 1 || read(pipe, &c, 1) != 1) throw std::runtime_error{"a server did not start"};
    said += c;
  }
  if (!said.starts_with("port ")) throw std::runtime_error{"a server says " + said};
  return static_cast<std::uint16_t>(std::stoi(said.substr(5)));
}

}  // namespace

Peer::Peer(const std::string& script, const std::vector<std::string>& arguments) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
  std::string path = path_of(script);
  std::vector<std::string> words = arguments;
  std::string python = kPython;
  std::vector<char*> pointers{python.data(), path.data()};
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  child_ = fork();
  if (child_ < 0) throw std::runtime_error{"cannot fork"};
  if (child_ == 0) {
    dup2(ends[1], STDOUT_FILENO);
    execv(kPython, pointers.data());
    _exit(127);
  }
  close(ends[1]);
  try {
    port_ = port_said(ends[0]);
  } catch (...) {
    close(ends[0]);
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    throw;
  }
  close(ends[0]);
}

Peer::~Peer() {
  kill(child_, SIGKILL);
  waitpid(child_, nullptr, 0);
}

PeerFiles::PeerFiles(const std::string& host) {
  const Instant now = SystemClock{}.now();
  const Issuer root = Issuer::self_signed({.space = SpaceName{"post"}}, PrivateKey::generate(), now);
  files::write(folder_.path(), exporter::server(root.issue_with_key(ServerSubject{.hosts = {HostName{host}}}, now)),
               files::Existing::replace);
}

std::string answer_of(const std::string& script, const std::vector<std::string>& arguments) {
  std::vector<std::string> command{kPython, path_of(script)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const Outcome outcome = run(command);
  if (outcome.exit_code != 0) throw std::runtime_error{script + ": " + outcome.err};
  return outcome.out;
}

pid_t in_background(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error{"cannot fork"};
  if (child != 0) return child;
  try {
    _exit(work());
  } catch (...) {
    _exit(200);
  }
}

Notice renewal(const std::string& role) {
  return {.id = "0193a7c2-1f00-7abc-8def-000000000001",
          .kind = NoticeKind::renewed,
          .created_at = instant("2026-11-24T09:00:00Z"),
          .told_at = instant("2026-11-24T10:00:00Z"),
          .space = SpaceName{"acme"},
          .database = DatabaseName{"sales"},
          .app = AppName{"shop"},
          .contacts = {"owner@example.com", "second@example.org"},
          .role = RoleName{role},
          .certificate = CertificateId{"0193a7c2-1f00-7abc-8def-0000000000b2"},
          .serial = Serial{"0B0000000000000000000000000000B2"},
          .not_after = instant("2027-12-24T09:00:00Z"),
          .predecessor = CertificateId{"0193a7c2-1f00-7abc-8def-0000000000a1"},
          .predecessor_serial = Serial{"0A0000000000000000000000000000A1"},
          .predecessor_ends = instant("2026-12-24T10:00:01Z")};
}

Refusal refusal_of(Notifier& notifier, const Notice& notice) {
  try {
    notifier.deliver(notice);
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  throw std::runtime_error{"it was delivered"};
}

}  // namespace spaceca::test
