// One run of the program: what was typed, and the store, the vault, the authority and the publisher, each opened when it is first
// asked for. The one place where parts are joined.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <spaceca/authority.h>
#include <spaceca/clock.h>
#include <spaceca/publisher.h>
#include <spaceca/store.h>
#include <spaceca/vault.h>

#include "arguments.h"
#include "output.h"

// A database, with the space that answers for it.
struct Place {
  spaceca::Space space;
  spaceca::DatabaseRecord record;

  [[nodiscard]] const spaceca::DatabaseName& name() const { return record.name; }
  [[nodiscard]] spaceca::DatabaseLocation location() const { return {record.space, record.name}; }
};

class Session final {
 public:
  explicit Session(Arguments given);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Arguments arguments;

  [[nodiscard]] std::filesystem::path store_path() const;
  [[nodiscard]] spaceca::Store& store();
  [[nodiscard]] spaceca::Authority& authority();
  [[nodiscard]] spaceca::Publisher& publisher();
  [[nodiscard]] spaceca::Instant now() const { return clock_.now(); }
  // Who --actor says, otherwise "alice", or "root (alice by sudo)".
  [[nodiscard]] spaceca::Actor actor() const;

  [[nodiscard]] spaceca::Space space(const spaceca::SpaceName& name) { return authority().space(name, actor()); }
  // DATABASE of --app, in --space where there are several.
  [[nodiscard]] Place place();

  // Silent with --quiet, and with --json unless --verbose is asked for as well.
  [[nodiscard]] Progress progress(std::string text) const;
  // The object with --json, otherwise the text.
  void answer(const nlohmann::json& value, const std::string& text) const;
  // A line on the standard error that is no failure; before any failure's.
  void note(const std::string& text) const;

 private:
  spaceca::SystemClock clock_;
  std::unique_ptr<spaceca::Store> store_;
  std::unique_ptr<spaceca::Vault> vault_;
  std::unique_ptr<spaceca::Authority> authority_;
  std::unique_ptr<spaceca::Publisher> publisher_;
};

// Every item of a list that comes in pages; `fetch` takes a PageRequest.
template <class Fetch>
auto all_pages(Fetch&& fetch) {
  spaceca::PageRequest request{.limit = 1000};
  auto page = fetch(request);
  auto items = std::move(page.items);
  while (!page.next.empty()) {
    request.after = page.next;
    page = fetch(request);
    for (auto& item : page.items) items.push_back(std::move(item));
  }
  return items;
}

// The path of a store, of "sqlite:PATH"; of nothing, the user's own.
[[nodiscard]] std::filesystem::path path_of_store(const std::string& store);
// The flags that said which store is meant and what opens it, for a line to be pasted; a descriptor is nobody's tomorrow.
[[nodiscard]] std::string store_flags(const Arguments& arguments);
// The same with those that say which database is meant: its app, and its space if one was said.
[[nodiscard]] std::string flags_of(const Arguments& arguments, const spaceca::DatabaseRecord& database);
