#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include <fmt/format.h>

#include "files/calls.h"
#include "files/scene.h"
#include "support/files.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using files::Existing;

namespace fs = std::filesystem;

TEST_CASE("of two processes that replace a set at once one comes last, and its whole set stays", "[files][together]") {
  const QuickDisk quick;
  const bool there = GENERATE(false, true);
  for (int round = 0; round < 20; ++round) {
    const TemporaryFolder folder;
    const fs::path path = folder.path() / "client";
    if (there) files::write(path, client_set("old"));
    const auto write = [&path](std::string_view which) {
      return outcome_of([&] { files::write(path, client_set(which), Existing::replace); });
    };
    const auto ends = in_children({[&] { return write("one"); }, [&] { return write("two"); }});
    CHECK(ends[0].said == "done");
    CHECK(ends[1].said == "done");
    const Contents contents = contents_of(path);
    const bool whole = contents == contents_with("one") || contents == contents_with("two");
    CAPTURE(contents);
    CHECK(whole);
  }
}

TEST_CASE("of two processes that write a set where there is none one is refused, and the other's whole set stays",
          "[files][together]") {
  const QuickDisk quick;
  for (int round = 0; round < 20; ++round) {
    const TemporaryFolder folder;
    const fs::path path = folder.path() / "client";
    const auto write = [&path](std::string_view which) { return outcome_of([&] { files::write(path, client_set(which)); }); };
    const auto ends = in_children({[&] { return write("one"); }, [&] { return write("two"); }});
    const bool one_won = ends[0].said == "done";
    CHECK(ends[one_won ? 0 : 1].said == "done");
    CHECK(ends[one_won ? 1 : 0].said.starts_with("exists: file \"" + path.string()));
    CHECK(contents_of(path) == contents_with(one_won ? "one" : "two"));
  }
}

TEST_CASE("two processes that write different files into one folder both do", "[files][together]") {
  const QuickDisk quick;
  for (int round = 0; round < 20; ++round) {
    const TemporaryFolder folder;
    const fs::path path = folder.path() / "client";
    const auto write = [&path](std::string_view name) {
      return outcome_of([&] {
        files::write(
            path, set_of({{std::string{name}, FileRole::key, "octets"}, {std::string{name} + ".crt", FileRole::certificate, ""}}));
      });
    };
    const auto ends = in_children({[&] { return write("one"); }, [&] { return write("two"); }});
    CHECK(ends[0].said == "done");
    CHECK(ends[1].said == "done");
    CHECK(contents_of(path).size() == 4);
  }
}

TEST_CASE("the threads of a process that replace a set take turns too", "[files][together]") {
  const QuickDisk quick;
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "client";
  std::atomic<int> failures{0};
  const auto write = [&](std::string_view which) {
    for (int i = 0; i < 10; ++i) {
      if (outcome_of([&] { files::write(path, client_set(which), Existing::replace); }) != "done") ++failures;
    }
  };
  std::thread one{write, "one"}, two{write, "two"}, three{write, "three"};
  one.join();
  two.join();
  three.join();
  CHECK(failures == 0);
  const Contents contents = contents_of(path);
  const bool whole = contents == contents_with("one") || contents == contents_with("two") || contents == contents_with("three");
  CHECK(whole);
}

TEST_CASE("a reader never meets half a file, nor a missing one, while a set is replaced two hundred times", "[files][together]") {
  const QuickDisk quick;
  const TemporaryFolder folder;
  const fs::path path = folder.path();
  // Of different lengths, and longer than one write of a page.
  const auto version = [](char letter, std::size_t size) {
    return set_of({{"postgresql.key", FileRole::key, std::string(size, letter)},
                   {"postgresql.crt", FileRole::certificate, std::string(size + 1, letter)},
                   {"root.crt", FileRole::trust, std::string(size + 2, letter)}});
  };
  const FileSet a = version('a', 5000), b = version('b', 9000);
  files::write(path, a);

  const pid_t writer = fork();
  REQUIRE(writer >= 0);
  if (writer == 0) {
    int failures = 0;
    for (int i = 0; i < 200; ++i) {
      if (outcome_of([&] { files::write(path, i % 2 == 0 ? b : a, Existing::replace); }) != "done") ++failures;
    }
    _exit(failures == 0 ? 0 : 1);
  }
  int status = 0, reads = 0;
  std::vector<std::string> wrong;
  while (waitpid(writer, &status, WNOHANG) == 0) {
    for (const File& file : a.files()) {
      std::string seen = "nothing";
      try {
        seen = read_file(path / file.name);
      } catch (const std::exception&) {
      }
      if (seen != text_of(file.octets.reveal()) && seen != text_of(b.at(file.name).octets.reveal())) {
        wrong.push_back(fmt::format("{}: {} octets", file.name, seen.size()));
      }
      ++reads;
    }
  }
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(wrong == std::vector<std::string>{});
  CHECK(reads > 0);
}
