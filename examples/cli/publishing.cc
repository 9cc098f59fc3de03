#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "publishing.h"

using namespace spaceca;

namespace {

// Between two tries: a server that is being started is there in a moment, another is not asked too often.
constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLongestPause{5000};

// What went wrong at one try; empty if it is done.
std::vector<Failure> try_once(Session& session, const DatabaseLocation& where, Ended* ended) {
  std::vector<Failure> failures;
  try {
    const SweepPart part = session.authority().publish_pending(session.publisher(), where);
    if (ended != nullptr) ended->insert(ended->end(), part.ended.begin(), part.ended.end());
    for (const SweepPart::Item& item : part.failed) {
      const Errc code = item.code.value_or(Errc::not_taken);
      const std::string name = fmt::format("database \"{}\": ", item.object);
      // What a rule refuses the next sweep refuses too, and the words say what helps.
      failures.emplace_back(Error{code, item.what.starts_with(name) ? item.what : name + item.what},
                            code == Errc::policy ? std::string{} : hint_of(Errc::unreachable));
    }
  } catch (const Error& error) {
    failures.emplace_back(error, hint_of(Errc::unreachable));
  }
  return failures;
}

Exit worst_of(const std::vector<Failure>& failures) {
  Exit worst = Exit::done;
  for (const Failure& failure : failures) {
    switch (failure.exit()) {
      case Exit::unreachable:
        if (worst == Exit::done) worst = Exit::unreachable;
        break;
      case Exit::refused:
        if (worst != Exit::failed) worst = Exit::refused;
        break;
      default: worst = Exit::failed;
    }
  }
  return worst;
}

std::vector<Failure> try_until(Session& session, const DatabaseLocation& where, Ended* ended) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{session.arguments.timeout};
  for (auto pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    auto failures = try_once(session, where, ended);
    if (!session.arguments.wait || worst_of(failures) != Exit::unreachable) return failures;
    if (std::chrono::steady_clock::now() + pause >= end) return failures;
    std::this_thread::sleep_for(pause);
  }
}

Exit publish_all(Session& session, const std::vector<DatabaseLocation>& places, const std::string& text, Ended* ended = nullptr) {
  std::vector<Failure> failures;
  {
    Progress progress = session.progress(text);
    for (const DatabaseLocation& where : places) {
      for (Failure& failure : try_until(session, where, ended)) failures.push_back(std::move(failure));
    }
    if (failures.empty()) progress.done();
  }
  return complain(session, failures);
}

}  // namespace

Exit complain(const Session& session, const std::vector<Failure>& failures) {
  for (const Failure& failure : failures) std::fputs(complaint(failure, session.arguments.json).c_str(), stderr);
  return worst_of(failures);
}

Exit publish(Session& session, const Place& place, const std::string& text) {
  const auto record = place.space.find_database(place.name());
  // A server that is not on this machine is the sweep's to look at, when its administrator has done his part.
  if (!record || !record->publication_pending || record->data_directory.empty()) {
    session.progress(text).done();
    return Exit::done;
  }
  return publish_all(session, {place.location()}, text);
}

Exit publish_space(Session& session, const Space& space, const std::string& text, Ended* ended) {
  std::vector<DatabaseLocation> pending;
  for (const DatabaseRecord& database : all_pages([&space](const PageRequest& page) { return space.databases(page); })) {
    if (database.publication_pending && !database.data_directory.empty()) pending.push_back({database.space, database.name});
  }
  return pending.empty() ? Exit::done : publish_all(session, pending, text, ended);
}
