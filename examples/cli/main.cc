// The program spaceca: what the library does, by commands.
#include <algorithm>
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
