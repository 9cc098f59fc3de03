// Several ways to tell, each of which delivers once.
#include <spaceca/notifier.h>

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"

namespace spaceca {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// They stand a line each in a column of the store.
bool is_name(std::string_view text) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && text.size() <= 63 && is_letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; });
}

[[noreturn]] void refuse(const Channel& channel, std::string_view why) {
  throw Error{Errc::invalid_argument, fmt::format("channel \"{}\": {}", printable(channel.name), why)};
}

class Channels final : public Notifier {
 public:
  explicit Channels(std::vector<Channel> channels) : channels_(std::move(channels)) {
    std::vector<std::string> names;
    for (const Channel& channel : channels_) {
      if (!is_name(channel.name)) refuse(channel, "a name is a to z, then a to z, 0 to 9 and hyphens, 63 at most");
      if (contains(names, channel.name)) refuse(channel, "is there twice");
      names.push_back(channel.name);
    }
  }

  void deliver(const Notice& notice) override {
    std::vector<std::string> delivered = notice.delivered_by;
    std::string failures;
    Errc code = Errc::io;
    for (const Channel& channel : channels_) {
      if (contains(delivered, channel.name)) continue;
      std::string why;
      try {
        channel.notifier->deliver(notice);
        delivered.push_back(channel.name);
        continue;
      } catch (const Error& error) {
        why = error.what();
        code = error.code();
      } catch (const std::exception& error) {
        why = error.what();
      }
      failures += fmt::format("{}{}: {}", failures.empty() ? "" : "; ", channel.name, why);
    }
    if (!failures.empty()) throw PartlyDelivered{Error{code, failures}, std::move(delivered)};
  }

 private:
  std::vector<Channel> channels_;
};

}  // namespace

PartlyDelivered::PartlyDelivered(const Error& why, std::vector<std::string> delivered_by)
    : Error(why), delivered_by_(std::move(delivered_by)) {}

PartlyDelivered::~PartlyDelivered() = default;

std::unique_ptr<Notifier> notifier_of(std::vector<Channel> channels) { return std::make_unique<Channels>(std::move(channels)); }

}  // namespace spaceca
