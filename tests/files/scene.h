// What the writer's tests share: sets, folders seen as text, children that try something.
#pragma once

#include <filesystem>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <spaceca/file_set.h>
#include <spaceca/files.h>

namespace spaceca::test {

struct Item {
  std::string name;
  FileRole role;
  std::string octets;
};
[[nodiscard]] FileSet set_of(const std::vector<Item>& items);

// root.crt, postgresql.crt, postgresql.key and postgresql.p12, each saying `which` and its own name.
[[nodiscard]] FileSet client_set(std::string_view which);

// Everything below a folder: path -> "0600 file: octets", "0755 folder", "link to TARGET", "fifo".
struct Contents : std::map<std::string, std::string> {
  using map::map;
};
std::ostream& operator<<(std::ostream& stream, const Contents& contents);
[[nodiscard]] Contents contents_of(const std::filesystem::path& folder);
// What a folder holds once client_set(which) is in it, with nothing left beside.
[[nodiscard]] Contents contents_with(std::string_view which);

// "done", or what was thrown: "exists: file \"…\": …".
[[nodiscard]] std::string outcome_of(const std::function<void()>& action);

struct Ended {
  std::string said;  // what `action` returned
  int exit_code;
};
// Runs it in a child made by fork(); what it does to the process (umask, user, mounts) stays there.
[[nodiscard]] Ended in_child(const std::function<std::string()>& action);
// The same for several, let loose at the same moment.
[[nodiscard]] std::vector<Ended> in_children(const std::vector<std::function<std::string()>>& actions);

// Whom permissions bind: nobody if we are root, ourselves otherwise. For use in a child.
void become_unprivileged();
// Makes the folder theirs.
void give_to_unprivileged(const std::filesystem::path& folder);

}  // namespace spaceca::test
