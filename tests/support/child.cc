#include "support/child.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string_view>

extern char** environ;

namespace spaceca::test {
namespace {

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() {
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  void close_end(std::size_t end) {
    if (ends.at(end) >= 0) close(ends.at(end));
    ends.at(end) = -1;
  }
};

[[noreturn]] void become(const std::vector<std::string>& command, const std::vector<std::string>& environment, const passwd* user,
                         const Pipe& in, const Pipe& out, const Pipe& err) {
  dup2(in.ends[0], STDIN_FILENO);
  dup2(out.ends[1], STDOUT_FILENO);
  dup2(err.ends[1], STDERR_FILENO);
  setpgid(0, 0);
  if (user != nullptr && (initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) {
    _exit(126);
  }
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  std::vector<char*> variables;
  for (const std::string& variable : environment) variables.push_back(const_cast<char*>(variable.c_str()));
  variables.push_back(nullptr);
  environ = variables.data();
  execvp(arguments.front(), arguments.data());
  _exit(127);
}

std::vector<std::string> environment_for(const ChildOptions& options) {
  std::vector<std::string> environment;
  const auto is_given = [&options](std::string_view text) {
    const std::string_view name = text.substr(0, text.find('=') + 1);
    return std::ranges::any_of(options.environment, [name](const std::string& given) { return given.starts_with(name); });
  };
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text{*variable};
    if (!is_given(text) && !text.starts_with("PG") && !text.starts_with("LC_") && !text.starts_with("LANG")) {
      environment.emplace_back(text);
    }
  }
  environment.emplace_back("LC_ALL=C.UTF-8");
  environment.emplace_back("TZ=UTC");
  environment.insert(environment.end(), options.environment.begin(), options.environment.end());
  return environment;
}

}  // namespace

Outcome run(const std::vector<std::string>& command, const ChildOptions& options) {
  const passwd* user = nullptr;
  if (!options.user.empty() && geteuid() == 0) {
    user = getpwnam(options.user.c_str());
    if (user == nullptr) throw std::runtime_error{"no user " + options.user};
  }
  const auto environment = environment_for(options);
  Pipe in, out, err;
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error{"cannot fork"};
  if (child == 0) become(command, environment, user, in, out, err);
  in.close_end(0);
  out.close_end(1);
  err.close_end(1);
  signal(SIGPIPE, SIG_IGN);
  std::string_view rest = options.input;

  Outcome outcome{};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{options.seconds};
  bool killed = false;
  while (out.ends[0] >= 0 || err.ends[0] >= 0) {
    if (rest.empty()) in.close_end(1);
    std::array<pollfd, 3> waits{pollfd{out.ends[0], POLLIN, 0}, pollfd{err.ends[0], POLLIN, 0}, pollfd{in.ends[1], POLLOUT, 0}};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0 && !killed) {
      kill(-child, SIGKILL);
      killed = true;
    }
    if (left <= -2000) break;
    if (poll(waits.data(), waits.size(), left > 0 ? static_cast<int>(left) : 100) < 0 && errno != EINTR) break;
    std::array<char, 65536> buffer{};
    const auto take = [&buffer](pollfd& wait, Pipe& pipe, std::string& into) {
      if (wait.fd < 0 || (wait.revents & (POLLIN | POLLHUP | POLLERR)) == 0) return;
      const ssize_t size = read(pipe.ends[0], buffer.data(), buffer.size());
      if (size > 0) into.append(buffer.data(), static_cast<std::size_t>(size));
      if (size <= 0) pipe.close_end(0);
    };
    take(waits[0], out, outcome.out);
    take(waits[1], err, outcome.err);
    if (waits[2].fd >= 0 && (waits[2].revents & (POLLOUT | POLLERR)) != 0) {
      const ssize_t size = write(in.ends[1], rest.data(), rest.size());
      rest.remove_prefix(size > 0 ? static_cast<std::size_t>(size) : rest.size());
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (killed) throw std::runtime_error{command.front() + " took longer than it may; it said: " + outcome.out + outcome.err};
  if (outcome.exit_code == 127) throw std::runtime_error{"cannot run " + command.front() + ": " + outcome.err};
  return outcome;
}

}  // namespace spaceca::test
