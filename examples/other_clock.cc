// An authority under a clock of its own: makes a store whose whole life began some days ago, with a client certificate from then.
// For trying out what a sweep does, without waiting for it; cmake/demo does.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>

#include <spaceca/authority.h>
#include <spaceca/sqlite_store.h>

namespace {

// Stands still at one moment.
class StandingClock final : public spaceca::Clock {
 public:
  explicit StandingClock(spaceca::Instant now) : now_(now) {}
  [[nodiscard]] spaceca::Instant now() const override { return now_; }

 private:
  spaceca::Instant now_;
};

void make_store(const std::string& file, const std::string& key_file, std::chrono::days age) {
  using namespace spaceca;
  const StandingClock clock{SystemClock{}.now() - age};
  const auto store = create_sqlite_store(file);
  create_key_file(key_file);
  const auto vault = create_sealed_vault(*store, KeyFile{key_file}, clock.now());

  Authority authority{*store, *vault, clock};
  const Space space = authority.create_space(SpaceName{"demo"}, Actor{"other_clock"});
  const DatabaseName name{"orders"};
  space.create_database({.name = name,
                         .app = AppName{"shop"},
                         .hosts = {HostName{"localhost"}},
                         .url = DatabaseUrl{SecretBytes{std::string_view{"postgresql://app@localhost/orders"}}},
                         .contacts = {"owner@example.com"}});
  std::printf("%s\n", space.issue_client(name).record.id.text().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  int days = 0;
  if (argc != 4 || std::from_chars(argv[3], argv[3] + std::strlen(argv[3]), days).ec != std::errc{} || days < 0 || days > 3000) {
    std::fputs("usage: other_clock STORE KEY_FILE DAYS     prints the id of the client certificate\n", stderr);
    return 2;
  }
  try {
    make_store(argv[1], argv[2], std::chrono::days{days});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "other_clock: %s\n", error.what());
    return 1;
  }
}
