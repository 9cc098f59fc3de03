#include "service/adoption.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "service/aftermath.h"
#include "service/audit_chain.h"
#include "service/databases.h"
#include "service/failure.h"
#include "service/revocation.h"
#include "store/certificates.h"
#include "store/spaces.h"
#include "x509/crl_impl.h"

namespace spaceca {
namespace service {
namespace {

// Ours are Unix milliseconds, which have fifteen digits at the end of the year 9999; and the next one after it must be a number
// still.
constexpr std::uint64_t kMostListNumber = 1'000'000'000'000'000;

bool is_of(const Crl& list, const Certificate& root) { return std::ranges::equal(list.issuer_der(), root.subject_der()); }

// Why a list that says it is of that root is not to be believed; empty if it is.
std::string reason_to_doubt(const Crl& list, const Certificate& root) {
  if (!x509::is_signed_by(list, root)) return "is not signed by that root";
  if (!list.number()) return "has no number that a list of ours could have";
  if (*list.number() <= kMostListNumber) return {};
  return fmt::format("has the number {}, larger than a list of ours could have", *list.number());
}

constexpr std::size_t kSpaceCharacters = 24;  // of the space's name that a root's begins with

// A root that a server has of us and that this store never saw: it was prepared after the backup was made. Its key is lost, and
// publishing would lock out whoever holds a certificate of it, or trusts no other.
void refuse_if_roots_are_lost(Core& core, sql::Transaction& tx, const store::DatabaseRow& database, const Served& served) {
  if (served.number == 0) return;  // none of ours
  std::vector<Certificate> known;  // given up ones too
  for (const store::RootRow& root : store::roots_of(tx, database.space)) known.push_back(core.issuers.certificate_of(root));
  const auto is_known = [&known](ByteView name) {
    return std::ranges::any_of(known, [name](const Certificate& root) { return std::ranges::equal(root.subject_der(), name); });
  };
  const auto refuse = [&database](std::string_view what, std::string_view root) {
    throw Error{
        Errc::policy,
        fmt::format("database \"{}\": its server has {} root \"{}\", which is unknown here, so this store was restored from a "
                    "backup made before that root was; restore a later one, or disable and enable mTLS of the database "
                    "again, which keeps out whoever holds a certificate of that root",
                    database.name, what, printable(root))};
  };
  for (const Crl& list : served.crls) {
    if (!is_known(list.issuer_der())) refuse("a list of", list.issuer());
  }
  // Somebody else's certificate is the publisher's affair.
  const std::string ours = fmt::format("CN={} G", store::space_of(tx, database.space).name.substr(0, kSpaceCharacters));
  if (served.server && served.server->issuer().starts_with(ours) && !is_known(served.server->issuer_der())) {
    refuse("a certificate by", served.server->issuer());
  }
}

// What stands on a list there and is not revoked here; rows alone count, not what our own lists say.
void refuse_if_unknown(sql::Transaction& tx, const store::RootRow& root, const Crl& list, const auto& refuse) {
  const std::vector<RevokedEntry> known =
      store::revoked_entries(tx, root.id, {.mark = std::numeric_limits<std::int64_t>::max(), .gone = Instant::min(), .covered = 0});
  for (const RevokedEntry& entry : list.entries()) {
    if (!std::ranges::binary_search(known, entry.serial, {}, &RevokedEntry::serial)) {
      refuse(fmt::format("refuses serial {}, which is not revoked here", entry.serial.hex()));
    }
  }
}

}  // namespace

void refuse_if_restored(Core& core, sql::Transaction& tx, const store::DatabaseRow& database, const Trust& trust,
                        const Served& served) {
  refuse_if_roots_are_lost(core, tx, database, served);
  const auto refuse = [&database](const std::string& why) {
    throw Error{Errc::policy, fmt::format("database \"{}\": its server {}, so this store was restored from a backup; "
                                          "spaces:adopt takes over what the server knows",
                                          database.name, why)};
  };
  for (const Crl& list : served.crls) {
    for (std::size_t i = 0; i < trust.roots.size(); ++i) {
      if (!is_of(list, trust.certificates[i])) continue;
      // Our own is not verified again: the signature of a long list takes its time. A forged one is replaced by what is published.
      if (list != trust.crls[i] && !reason_to_doubt(list, trust.certificates[i]).empty()) continue;
      const store::RootRow& root = trust.roots[i];
      const auto number = static_cast<std::int64_t>(list.number().value_or(0));
      if (number > root.crl_number) {
        refuse(fmt::format("has list {} of root {}, the latest here is {}", number, root.generation, root.crl_number));
      }
      refuse_if_unknown(tx, root, list, refuse);
    }
  }
}

namespace {

// A list of a root as a server has it.
struct ServedList {
  DatabaseName database;
  Crl list;
};

// The lists of all servers of a space; who could not be asked is noted.
std::vector<ServedList> served_lists(Core& core, const Id& space, Publisher& publisher, std::vector<Adoption::Missed>& missed) {
  const auto servers = [&] {
    const auto tx = core.driver.read();
    std::vector<std::pair<Id, ServedDatabase>> found;
    for (const store::DatabaseRow& row : store::served_databases(*tx, space)) found.emplace_back(row.id, served(core, *tx, row));
    return found;
  }();
  std::vector<ServedList> lists;
  for (const auto& [id, server] : servers) {
    const auto turn = turn_at_server(core, id);
    try {
      for (Crl& list : publisher.current(server).crls) lists.push_back({server.database, std::move(list)});
    } catch (...) {
      Failure failure = caught();
      missed.push_back({server.database, std::move(failure.why), failure.code});
    }
  }
  return lists;
}

// Those of each trusted root that it has signed; others are noted.
using SignedLists = std::map<Id, std::vector<Crl>>;
SignedLists signed_lists(Core& core, const Id& space, const std::vector<ServedList>& lists, std::vector<Adoption::Missed>& missed) {
  const auto roots = [&] {
    const auto tx = core.driver.read();
    return store::roots_of(*tx, space);
  }();
  SignedLists found;
  for (const store::RootRow& root : roots) {
    const Certificate certificate = core.issuers.certificate_of(root);
    for (const auto& [database, list] : lists) {
      if (!is_trusted(root) || !is_of(list, certificate)) continue;
      if (const std::string why = reason_to_doubt(list, certificate); !why.empty()) {
        missed.push_back({database, fmt::format("its list of root {} {}", root.generation, why), Errc::mismatch});
      } else {
        found[root.id].push_back(list);
      }
    }
  }
  return found;
}

// Within a transaction: a certificate of ours is revoked as by revoke(); of one that was issued after the backup only the serial is
// known. False if it is revoked here already.
bool adopt_entry(sql::Transaction& tx, const store::RootRow& root, const RevokedEntry& entry, std::vector<AuditEvent>& events) {
  if (store::is_revoked(tx, root.id, entry.serial)) return false;
  std::optional<Instant> not_after;
  for (const store::CertificateRow& row : store::find_by_serial(tx, root.space, entry.serial.octets())) {
    if (row.root != root.id) continue;
    const Instant at = std::max(entry.revoked_at, row.created_at);  // a list's dates lie five minutes back
    if (!revoke_rows(tx, root.space, std::span{&row, 1}, entry.reason, at).certificates.empty()) {
      events.push_back(revocation_event(row, entry.reason));
      return true;
    }
    not_after = row.not_after;  // it has ended, and leaves the list as others do
  }
  const store::Revoked revoked{
      .at = entry.revoked_at, .reason = static_cast<std::int64_t>(entry.reason), .mark = store::take_mark(tx, root.id)};
  return store::insert(tx, {.root = root.id, .serial = entry.serial, .revoked = revoked, .not_after = not_after});
}

}  // namespace
}  // namespace service

Adoption Space::adopt(Publisher& publisher) const {
  service::Core& core = impl_->authority;
  const Instant now = core.now();
  Adoption adoption;
  const auto served = service::served_lists(core, impl_->id, publisher, adoption.missed);
  const service::SignedLists lists = service::signed_lists(core, impl_->id, served, adoption.missed);
  std::size_t& adopted = adoption.entries;
  std::map<service::Id, std::int64_t> numbers;
  core.commits.run([&](sql::Transaction& tx) {
    adopted = 0;
    numbers.clear();
    std::vector<service::AuditEvent> events;
    for (const auto& [id, its_lists] : lists) {
      const auto root = store::find_root(tx, id);
      if (!root || !service::is_trusted(*root)) continue;
      for (const Crl& list : its_lists) {
        auto& number = numbers[id];
        number = std::max(number, static_cast<std::int64_t>(list.number().value()));
        for (const RevokedEntry& entry : list.entries()) {
          if (service::adopt_entry(tx, *root, entry, events)) ++adopted;
        }
      }
    }
    store::want_publications(tx, impl_->id);
    events.push_back({.verb = "adopt", .object = impl_->name.text(), .details = {{"entries", std::to_string(adopted)}}});
    service::record(tx, core.vault, impl_->id, now, impl_->actor, events);
  });
  service::after(fmt::format("{} entries are taken over; call it again for lists with larger numbers", adopted), [&] {
    for (const auto& [root, number] : numbers) service::build_crl(core, root, service::Build::always, number + 1);
  });
  return adoption;
}

}  // namespace spaceca
