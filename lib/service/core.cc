#include "service/core.h"

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "service/words.h"
#include "store/spaces.h"
#include "store/store_over.h"

namespace spaceca {
namespace service {

std::shared_ptr<const Issuer> Issuers::of(const store::RootRow& root) {
  {
    const std::lock_guard lock{mutex_};
    if (const auto known = issuers_.find(root.id); known != issuers_.end()) return known->second;
  }
  Certificate certificate = certificate_of(root);
  if (root.key_handle.empty()) {
    throw Error{Errc::policy, fmt::format("root \"{}\": its key is destroyed", certificate.subject())};
  }
  const Binding binding{
      .space = root.space, .row = root.id, .purpose = kRootKey, .public_key = certificate.public_key().spki_der()};
  auto issuer = std::make_shared<const Issuer>(certificate, vault_.signer(binding, root.key_handle));
  const std::lock_guard lock{mutex_};
  return issuers_.emplace(root.id, std::move(issuer)).first->second;
}

Certificate Issuers::certificate_of(const store::RootRow& root) {
  const std::lock_guard lock{mutex_};
  if (const auto known = certificates_.find(root.id); known != certificates_.end()) return known->second;
  return certificates_.emplace(root.id, Certificate::from_der(root.certificate)).first->second;
}

void Issuers::add(const Id& root, std::shared_ptr<const Issuer> issuer) {
  const std::lock_guard lock{mutex_};
  issuers_.insert_or_assign(root, std::move(issuer));
}

void Issuers::forget(const Id& root) {
  const std::lock_guard lock{mutex_};
  issuers_.erase(root);
}

std::unique_lock<std::mutex> turn_at_server(Core& core, const Id& database) {
  std::mutex* turn = nullptr;
  {
    const std::lock_guard lock{core.server_turns_mutex};
    auto& known = core.server_turns[database];
    if (!known) known = std::make_unique<std::mutex>();
    turn = known.get();
  }
  return std::unique_lock{*turn};
}

const Actor& sweeper() {
  static const Actor kSweep{"sweep"};
  return kSweep;
}

SpaceName space_name(Core& core, const Id& space) {
  const auto tx = core.driver.read();
  return SpaceName{store::space_of(*tx, space).name};
}

CertificateId certificate_id(const Id& id) { return CertificateId{id}; }

unsigned generation_of(const store::RootRow& root) { return static_cast<unsigned>(root.generation); }

RootState root_state(const store::RootRow& root) { return root_state_of(root.state); }

bool is_trusted(const store::RootRow& root) { return root.state == "next" || root.state == "active" || root.state == "retiring"; }

bool has_ended(const store::RootRow& root, Instant now) { return root.not_after < now; }

void refuse_cursor(const PageRequest& page, std::string_view what) {
  throw Error{Errc::invalid_argument, fmt::format("page: \"{}\" is not where a page of {} ended", printable(page.after), what)};
}

std::int64_t checked_limit(const PageRequest& page) {
  if (page.limit == 0 || page.limit > 1000) {
    throw Error{Errc::invalid_argument, fmt::format("page: a limit of {}; 1 to 1000 would do", page.limit)};
  }
  return page.limit;
}

}  // namespace service

Authority::Impl::Impl(const Store& store, const Vault& its_vault, const Clock& its_clock)
    : driver(detail::StoreAccess::driver(store)), commits(driver), vault(its_vault), clock(its_clock), issuers(its_vault) {}

Instant Authority::Impl::now() const {
  process.check();
  return clock.now();
}

}  // namespace spaceca
