// Feeds a harness the files named on the command line, and all those in folders named there: the corpus as an ordinary test.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "harness.h"

namespace {

void replay(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  spaceca::fuzz::require(file.is_open(), "can be read: " + path.string());
  // Exactly as long as the input, so that the address sanitizer sees who reads behind it.
  const std::string input{std::istreambuf_iterator<char>{file}, {}};
  const spaceca::Bytes octets{input.begin(), input.end()};
  std::fprintf(stderr, "%s\n", path.c_str());  // the last one is the culprit
  static_cast<void>(LLVMFuzzerTestOneInput(octets.data(), octets.size()));
}

}  // namespace

int main(int argc, char** argv) {
  int replayed = 0;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      replay(argv[i]);
      ++replayed;
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator{argv[i]}) {
      if (!entry.is_regular_file()) continue;
      replay(entry.path());
      ++replayed;
    }
  }
  spaceca::fuzz::require(replayed > 0, "there is something to replay");
  std::fprintf(stderr, "%d inputs\n", replayed);
}
