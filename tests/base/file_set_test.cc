#include <type_traits>

#include <spaceca/file_set.h>

#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

FileSet set_of(std::initializer_list<std::string_view> names) {
  FileSet set;
  for (const std::string_view name : names) set.add({std::string{name}, FileRole::key, SecretBytes{name}});
  return set;
}

std::vector<std::string> names_of(const FileSet& set) {
  std::vector<std::string> names;
  for (const File& file : set.files()) names.push_back(file.name);
  return names;
}

}  // namespace

static_assert(std::is_nothrow_move_constructible_v<FileSet>);

TEST_CASE("a set keeps its files in the order in which they were added", "[file_set]") {
  CHECK(names_of(set_of({"b", "a", "c"})) == std::vector<std::string>{"b", "a", "c"});
}

TEST_CASE("a set put under a folder has the folder before every name", "[file_set]") {
  const FileSet set = set_of({"postgresql.crt", "postgresql.key"}).under("client");
  CHECK(names_of(set) == std::vector<std::string>{"client/postgresql.crt", "client/postgresql.key"});
  CHECK(text_of(set.at("client/postgresql.key").octets.reveal()) == "postgresql.key");
  CHECK(set.at("client/postgresql.key").role == FileRole::key);
}

TEST_CASE("the sum of two sets has the files of both", "[file_set]") {
  CHECK(names_of(set_of({"a", "b"}) + set_of({"c"})) == std::vector<std::string>{"a", "b", "c"});
  CHECK(names_of(set_of({"a"}).under("x") + set_of({"a"}).under("y")) == std::vector<std::string>{"x/a", "y/a"});
  CHECK(names_of(FileSet{} + set_of({"a"})) == std::vector<std::string>{"a"});
}

TEST_CASE("asking a set for a file that it does not have is refused, and the error names the file", "[file_set]") {
  const FileSet set = set_of({"root.crt"}).under("client");
  check_refused([&] { return set.at("root.crt").name; }, Errc::not_found, "file set: has no file \"root.crt\"");
  check_refused([&] { return set.at("").name; }, Errc::not_found, "has no file \"\"");
  check_refused([&] { return set.at("client/\nroot.crt").name; }, Errc::not_found, "has no file \"client/\\x0Aroot.crt\"");
}
