#include "files/scene.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <ostream>
#include <stdexcept>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "support/files.h"

namespace spaceca::test {
namespace {

std::string_view name_of(Errc code) {
  switch (code) {
    case Errc::invalid_argument: return "invalid_argument";
    case Errc::exists: return "exists";
    case Errc::not_found: return "not_found";
    case Errc::permission: return "permission";
    case Errc::no_space: return "no_space";
    case Errc::io: return "io";
    case Errc::policy: return "policy";
    default: return "another code";
  }
}

std::string description_of(const std::filesystem::directory_entry& entry) {
  const auto path = entry.path();
  if (entry.is_symlink()) return "link to " + std::filesystem::read_symlink(path).string();
  if (entry.is_directory()) return fmt::format("{:04o} folder", mode_of(path));
  if (entry.is_regular_file()) return fmt::format("{:04o} file: {}", mode_of(path), read_file(path));
  return "fifo";
}

struct Child {
  pid_t id;
  int voice;  // the end of a pipe
};

Child start(const std::function<std::string()>& action) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
  const pid_t id = fork();
  if (id < 0) throw std::runtime_error{"cannot fork"};
  if (id != 0) {
    close(ends[1]);
    return {id, ends[0]};
  }
  std::string said;
  try {
    said = action();
  } catch (const std::exception& error) {
    said = std::string{"threw "} + error.what();
  }
  static_cast<void>(!write(ends[1], said.data(), said.size()));
  _exit(0);
}

Ended ended(const Child& child) {
  Ended end{};
  std::array<char, 4096> buffer{};
  ssize_t size = 0;
  while ((size = read(child.voice, buffer.data(), buffer.size())) > 0) {
    end.said.append(buffer.data(), static_cast<std::size_t>(size));
  }
  close(child.voice);
  int status = 0;
  waitpid(child.id, &status, 0);
  end.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return end;
}

}  // namespace

FileSet set_of(const std::vector<Item>& items) {
  FileSet set;
  for (const Item& item : items) set.add({item.name, item.role, SecretBytes{item.octets}});
  return set;
}

FileSet client_set(std::string_view which) {
  const auto item = [which](std::string_view name, FileRole role) {
    return Item{std::string{name}, role, fmt::format("{} {}", which, name)};
  };
  return set_of({item("postgresql.crt", FileRole::certificate), item("postgresql.key", FileRole::key),
                 item("root.crt", FileRole::trust), item("postgresql.p12", FileRole::other)});
}

std::ostream& operator<<(std::ostream& stream, const Contents& contents) {
  for (const auto& [name, description] : contents) stream << '\n' << name << ": " << description;
  return stream;
}

Contents contents_of(const std::filesystem::path& folder) {
  Contents contents;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
    contents[entry.path().lexically_relative(folder).string()] = description_of(entry);
  }
  return contents;
}

Contents contents_with(std::string_view which) {
  return {{"postgresql.crt", fmt::format("0644 file: {} postgresql.crt", which)},
          {"postgresql.key", fmt::format("0600 file: {} postgresql.key", which)},
          {"postgresql.p12", fmt::format("0600 file: {} postgresql.p12", which)},
          {"root.crt", fmt::format("0644 file: {} root.crt", which)}};
}

std::string outcome_of(const std::function<void()>& action) {
  try {
    action();
    return "done";
  } catch (const Error& error) {
    return fmt::format("{}: {}", name_of(error.code()), error.what());
  }
}

Ended in_child(const std::function<std::string()>& action) { return ended(start(action)); }

std::vector<Ended> in_children(const std::vector<std::function<std::string()>>& actions) {
  std::array<int, 2> gate{};
  if (pipe2(gate.data(), O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
  std::vector<Child> children;
  for (const auto& action : actions) {
    children.push_back(start([&action, &gate] {
      close(gate[1]);
      char unused = 0;
      static_cast<void>(!read(gate[0], &unused, 1));  // returns when everybody's other end is closed
      return action();
    }));
  }
  close(gate[0]);
  close(gate[1]);
  std::vector<Ended> ends;
  for (const Child& child : children) ends.push_back(ended(child));
  return ends;
}

void become_unprivileged() {
  if (geteuid() != 0) return;
  const passwd* const nobody = getpwnam("nobody");
  if (nobody == nullptr || setgroups(0, nullptr) != 0 || setgid(nobody->pw_gid) != 0 || setuid(nobody->pw_uid) != 0) {
    throw std::runtime_error{"cannot become nobody"};
  }
}

void give_to_unprivileged(const std::filesystem::path& folder) {
  if (geteuid() != 0) return;
  const passwd* const nobody = getpwnam("nobody");
  if (nobody == nullptr || chown(folder.c_str(), nobody->pw_uid, nobody->pw_gid) != 0) {
    throw std::runtime_error{"cannot give it to nobody"};
  }
}

}  // namespace spaceca::test
