#include "service/distrust.h"

#include <algorithm>
#include <iterator>
#include <map>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "service/aftermath.h"
#include "service/attempt.h"
#include "service/audit_chain.h"
#include "service/census.h"
#include "service/databases.h"
#include "service/idempotency.h"
#include "service/issuance.h"
#include "service/renewal.h"
#include "service/roots.h"
#include "store/certificates.h"
#include "store/databases.h"

namespace spaceca {
namespace service {
namespace {

// Of that generation, and not retired.
store::RootRow root_to_distrust(sql::Transaction& tx, const Id& space, unsigned generation) {
  for (store::RootRow& root : store::roots_of(tx, space)) {
    if (root.generation == generation && root.state != "retired") return std::move(root);
  }
  throw Error{Errc::not_found, fmt::format("root of generation {}: is not there, or is not trusted any more", generation)};
}

// Live certificates of a root, page by page. False if `each` said that it is enough.
template <class Each>
bool live_pages(Core& core, const Id& root, const Each& each) {
  const Instant now = core.now();
  Bytes after;
  for (;;) {
    const auto page = [&] {
      const auto tx = core.driver.read();
      return store::live_certificates_of_root(*tx, root, now, after, kCertificatesAtATime);
    }();
    if (page.empty()) return true;
    after = page.back().serial;
    if (!each(page)) return false;
  }
}

// Whether a server's certificate is what its database serves.
bool is_served(Core& core, const store::CertificateRow& row) {
  const auto tx = core.driver.read();
  const store::DatabaseRow database = store::database_of(*tx, row.database);
  return is_enabled(database) && database.server_certificate == row.id;
}

// Successors for what is alive under a distrusted root and has none; how many. Many commits: whoever comes next, by the verb or by
// a sweep, goes on where it broke off.
std::size_t reissue(Core& core, const Id& space, const SpaceName& name, const Id& root, const Actor& actor, Deadline deadline,
                    SweepPart& part) {
  std::size_t done = 0;
  const Space verbs{std::make_shared<const Space::Impl>(Space::Impl{core, space, name, actor})};
  const auto one_page = [&](const std::vector<store::CertificateRow>& page) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::map<Id, std::vector<store::CertificateRow>> clients;  // by database
    for (const store::CertificateRow& row : page) {
      if (row.kind == "client") {
        if (!row.successor) clients[row.database].push_back(row);
      } else if (is_served(core, row)) {
        const auto reissued = [&] {
          static_cast<void>(verbs.issue_server(DatabaseName{row.database_name}));
          ++done;
        };
        attempt(reissued, [&](const std::string& why, Errc code) { part.failed.push_back({name, row.database_name, why, code}); });
      }
    }
    for (const auto& [database, rows] : clients) {
      done += renew_each(core, {space, name, database, rows}, actor, "reissue", part).size();
    }
    return true;
  };
  if (!live_pages(core, root, one_page)) part.unfinished = true;
  return done;
}

// What took the place of what was alive under a distrusted root.
std::vector<Id> successors_under(Core& core, const Id& root) {
  std::vector<Id> found;
  static_cast<void>(live_pages(core, root, [&](const std::vector<store::CertificateRow>& page) {
    for (const store::CertificateRow& row : page) {
      if (row.kind == "client") {
        if (row.successor) found.push_back(*row.successor);
        continue;
      }
      const auto tx = core.driver.read();
      const store::DatabaseRow database = store::database_of(*tx, row.database);
      if (!is_enabled(database) || !database.server_certificate || database.server_certificate == row.id) continue;
      if (std::ranges::find(found, *database.server_certificate) == found.end()) found.push_back(*database.server_certificate);
    }
    return true;
  }));
  return found;
}

}  // namespace

void reissue_distrusted(Core& core, const store::SpaceRow& space, Deadline deadline, SweepPart& part) {
  const SpaceName name{space.name};
  const auto roots = [&] {
    const auto tx = core.driver.read();
    return store::roots_of(*tx, space.id);
  }();
  for (const store::RootRow& root : roots) {
    if (root.state != "distrusted") continue;
    const std::size_t done = reissue(core, space.id, name, root.id, sweeper(), deadline, part);
    if (done == 0) continue;
    part.done.push_back(
        {name, fmt::format("root {}", root.generation), fmt::format("{} certificates under it were reissued", done)});
  }
}

}  // namespace service

std::vector<CertificateRecord> Space::distrust(unsigned generation, const WriteOptions& options) const {
  service::Core& core = impl_->authority;
  const Instant now = core.now();
  const service::Once once{impl_->id, options, "distrust", impl_->actor, std::to_string(generation)};

  const auto perform = [&](const service::Once& request) {
    store::RootRow root;
    service::Generations roots;
    std::int64_t fresh_generation = 0;
    std::int64_t live = 0;
    {
      const auto tx = core.driver.read();
      root = service::root_to_distrust(*tx, impl_->id, generation);
      if (root.state == "distrusted") return root.id;  // it may have broken off
      roots = service::read_generations(*tx, impl_->id);
      fresh_generation = store::space_of(*tx, impl_->id).last_generation + 1;
      live = store::count_live_of_root(*tx, root.id, now);
    }
    const auto record = [&](sql::Transaction& tx) {
      store::move_epoch(tx, impl_->id);
      store::want_publications(tx, impl_->id);
      service::order_disconnection(tx, impl_->id, {.root = root.id, .serial = {}, .mark = 0});
      request.record(tx, std::span{&root.id, 1}, now);
      service::record(tx, core.vault, impl_->id, now, impl_->actor,
                      {.verb = "distrust", .object = std::to_string(generation), .details = {{"live", std::to_string(live)}}});
    };
    if (root.state == "active" && (!roots.next || service::is_stale(*roots.next, now))) {
      const auto fresh = service::make_root(core, impl_->id, impl_->name, fresh_generation, "active", now);
      service::commit_root(core, fresh, [&](sql::Transaction& tx) {
        service::move(tx, root, "distrusted", now);
        if (store::take_generation(tx, impl_->id) != fresh_generation || !store::insert(tx, fresh.row, fresh.crl)) {
          service::refuse_rotation("somebody else made a root at the same moment");
        }
        record(tx);
      });
    } else {
      core.commits.run([&](sql::Transaction& tx) {
        service::move(tx, root, "distrusted", now);
        if (root.state == "active") service::move(tx, *roots.next, "active", now);
        record(tx);
      });
    }
    return root.id;
  };
  const service::Id root = once.run(core.driver, perform, [](const service::Ids& before) { return before.front(); });
  return service::after(fmt::format("root {} is distrusted; the next sweep reissues what is not reissued yet", generation), [&] {
    SweepPart part;
    static_cast<void>(service::reissue(core, impl_->id, impl_->name, root, impl_->actor, kNoDeadline, part));
    service::destroy_spent_keys(core, impl_->id);
    if (!part.failed.empty()) {
      const SweepPart::Item& first = part.failed.front();
      throw Error{first.code.value_or(Errc::io), fmt::format("{}: {}", first.object, first.what)};
    }
    std::vector<CertificateRecord> successors;
    for (const service::Id& id : service::successors_under(core, root)) {
      successors.push_back(find_certificate(service::certificate_id(id)).value());
    }
    return successors;
  });
}

}  // namespace spaceca
