// What an Authority and its Spaces work with.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <spaceca/authority.h>
#include <spaceca/issuer.h>

#include "ossl/free_list.h"
#include "ossl/process_mark.h"
#include "ossl/random.h"
#include "store/group_commit.h"
#include "store/roots.h"
#include "store/sql.h"

namespace spaceca {

namespace service {

using store::Id;

// So many rows of certificates a sweep reads at once, between which it looks at its deadline.
inline constexpr std::int64_t kCertificatesAtATime = 250;

// Roots as they are used: each read, and its key unsealed, once. Any thread.
class Issuers final {
 public:
  explicit Issuers(const Vault& vault) noexcept : vault_(vault) {}

  // Errc::policy if its key is destroyed, corrupt as of Vault::signer.
  [[nodiscard]] std::shared_ptr<const Issuer> of(const store::RootRow& root);
  [[nodiscard]] Certificate certificate_of(const store::RootRow& root);
  void add(const Id& root, std::shared_ptr<const Issuer> issuer);
  void forget(const Id& root);

 private:
  const Vault& vault_;
  std::mutex mutex_;
  std::map<Id, std::shared_ptr<const Issuer>> issuers_;
  std::map<Id, Certificate> certificates_;
};

// One thread builds a root's list at a time: the next finds its marks covered. What is on the list that it stored last is kept, so
// that one more revocation does not read all of them again.
struct ListBuilder {
  std::mutex turn;
  std::int64_t number = 0;  // of that list; 0 if nothing is known
  std::vector<RevokedEntry> entries;
  Bytes der;   // that list
  Bytes next;  // room for the one after it: fresh pages cost more than what is written to them
};

// What issuing for a database needs to know. Any thread; each is checked again when something is recorded by it.
struct Facts;
class FactsKept final {
 public:
  // Errc as of read_facts.
  [[nodiscard]] std::shared_ptr<const Facts> of(Authority::Impl& core, const Id& space, const DatabaseName& name);
  void forget(const Id& space, const DatabaseName& name);

 private:
  std::mutex mutex_;
  std::map<std::pair<Id, std::string>, std::shared_ptr<const Facts>> facts_;
};

}  // namespace service

struct SPACECA_NO_EXPORT Authority::Impl {
  Impl(const Store& store, const Vault& its_vault, const Clock& its_clock);

  // For every verb: the time that counts for all of it.
  [[nodiscard]] Instant now() const;

  sql::Driver& driver;
  store::GroupCommit commits;
  const Vault& vault;
  const Clock& clock;
  service::Issuers issuers;
  service::FactsKept facts;
  ossl::ProcessMark process;
  // Of certificates, whose ids sort as they were issued: what follows one another then lies on one page of an index, not on many.
  std::atomic<std::uint16_t> ids_drawn = 0;
  ossl::FreeList<ossl::RandomPool> random;  // for them

  std::mutex list_builders_mutex;
  std::map<service::Id, std::unique_ptr<service::ListBuilder>> list_builders;
  std::mutex server_turns_mutex;
  std::map<service::Id, std::unique_ptr<std::mutex>> server_turns;  // by database
};

struct SPACECA_NO_EXPORT Space::Impl {
  Authority::Impl& authority;
  store::Id id;
  SpaceName name;
  Actor actor;
};

namespace service {

using Core = Authority::Impl;

inline constexpr const char* kRootKey = "root key";
inline constexpr const char* kCertificateKey = "certificate key";
inline constexpr const char* kUrl = "url";
inline constexpr const char* kAdminUrl = "admin url";

// While it is held no other thread asks a Publisher about that database, as publisher.h promises.
[[nodiscard]] std::unique_lock<std::mutex> turn_at_server(Core& core, const Id& database);

// Who sweeps.
[[nodiscard]] const Actor& sweeper();

[[nodiscard]] SpaceName space_name(Core& core, const Id& space);
[[nodiscard]] CertificateId certificate_id(const Id& id);
[[nodiscard]] unsigned generation_of(const store::RootRow& root);
[[nodiscard]] RootState root_state(const store::RootRow& root);
// In every bundle: next, active, retiring.
[[nodiscard]] bool is_trusted(const store::RootRow& root);
// Nothing of it is valid any more, its own lists included.
[[nodiscard]] bool has_ended(const store::RootRow& root, Instant now);

[[noreturn]] void refuse_cursor(const PageRequest& page, std::string_view what);
// A page of at most 1000. Errc::invalid_argument.
[[nodiscard]] std::int64_t checked_limit(const PageRequest& page);
// Where a page of what is named by `Name` ended. Errc::invalid_argument.
template <class Name>
void check_name_cursor(const PageRequest& page, std::string_view what) {
  if (page.after.empty()) return;
  try {
    static_cast<void>(Name{page.after});
  } catch (const Error&) {
    refuse_cursor(page, what);
  }
}

}  // namespace service
}  // namespace spaceca
