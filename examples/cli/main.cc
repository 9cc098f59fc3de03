// The program spaceca: what the library does, by commands.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <spaceca/error.h>

#include "failure.h"
#include "grammar.h"
#include "output.h"
#include "session.h"

namespace {

int complain(const Failure& failure, bool json) {
  std::fputs(complaint(failure, json).c_str(), stderr);
  return static_cast<int>(failure.exit());
}

// A reader of ours who goes (less, head) must not end us between the switch of a server and its proof: SIGPIPE would. And where one
// of the three standard descriptors is closed, the next file or connection would be opened in its place, and written to: there what
// is written or read fails instead.
void outlive_our_readers() {
  struct sigaction ignored {};
  ignored.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignored, nullptr);
  constexpr std::array<int, 3> kUselessWays = {O_WRONLY, O_RDONLY, O_RDONLY};
  for (int descriptor = 0; descriptor < 3; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) < 0) open("/dev/null", kUselessWays.at(static_cast<std::size_t>(descriptor)));
  }
}

int run(const std::vector<std::string>& words) {
  const Parsed parsed = parse(words);
  if (parsed.runner == nullptr) {
    print(parsed.text);
    return 0;
  }
  Session session{parsed.arguments};
  return static_cast<int>(parsed.runner(session));
}

}  // namespace

int main(int argc, char** argv) {
  outlive_our_readers();
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) words.emplace_back(argv[i]);
  const bool json = std::find(words.begin(), words.end(), "--json") != words.end();
  try {
    return run(words);
  } catch (const Failure& failure) {
    return complain(failure, json);
  } catch (const spaceca::Error& error) {
    return complain(Failure{error, hint_of(error.code())}, json);
  } catch (const std::exception& error) {
    return complain(Failure{Exit::failed, "failed", error.what()}, json);
  }
}
