// Several ways to tell.
#include <stdexcept>

#include <spaceca/error.h>
#include <spaceca/notifier.h>

#include "notify/peer.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

class Played final : public Notifier {
 public:
  explicit Played(int& times, std::string why = {}) : times_(times), why_(std::move(why)) {}
  void deliver(const Notice&) override {
    ++times_;
    if (why_ == "unreachable") throw Error{Errc::unreachable, "played: does not answer"};
    if (!why_.empty()) throw std::runtime_error{why_};
  }

 private:
  int& times_;
  std::string why_;
};

template <class... Channels>
std::unique_ptr<Notifier> of(Channels... channels) {
  std::vector<Channel> all;
  (all.push_back(std::move(channels)), ...);
  return notifier_of(std::move(all));
}

}  // namespace

TEST_CASE("a notice goes by every channel", "[notify]") {
  int first = 0;
  int second = 0;
  of(Channel{"mail", std::make_unique<Played>(first)}, Channel{"webhook", std::make_unique<Played>(second)})->deliver(renewal());
  CHECK(first == 1);
  CHECK(second == 1);
}

TEST_CASE("a channel that fails keeps no other from delivering, and who delivered is told", "[notify]") {
  int first = 0;
  int second = 0;
  int third = 0;
  const auto notifier =
      of(Channel{"mail", std::make_unique<Played>(first, "unreachable")}, Channel{"webhook", std::make_unique<Played>(second)},
         Channel{"chat", std::make_unique<Played>(third, "broken")});
  try {
    notifier->deliver(renewal());
    FAIL("it was delivered");
  } catch (const PartlyDelivered& error) {
    CHECK(error.delivered_by() == std::vector<std::string>{"webhook"});
    CHECK(std::string{error.what()} == "mail: played: does not answer; chat: broken");
    CHECK(static_cast<int>(error.code()) == static_cast<int>(Errc::unreachable));
  }
  CHECK(second == 1);
  CHECK(third == 1);
}

TEST_CASE("a channel that has delivered is not asked again", "[notify]") {
  int first = 0;
  int second = 0;
  Notice notice = renewal();
  notice.delivered_by = {"webhook"};
  of(Channel{"mail", std::make_unique<Played>(first)}, Channel{"webhook", std::make_unique<Played>(second)})->deliver(notice);
  CHECK(first == 1);
  CHECK(second == 0);
}

TEST_CASE("a channel has a name of its own, of letters, digits and hyphens", "[notify]") {
  int times = 0;
  for (const std::string& name :
       {std::string{}, std::string{"Mail"}, std::string{"a b"}, std::string{"a\nb"}, std::string{"1"}, std::string(64, 'a')}) {
    INFO(name);
    check_refused([&] { return of(Channel{name, std::make_unique<Played>(times)}); }, Errc::invalid_argument, "channel");
  }
  check_refused(
      [&] {
        return of(Channel{"a", std::make_unique<Played>(times)}, Channel{"a", std::make_unique<Played>(times)});
      },
      Errc::invalid_argument, "is there twice");
}
