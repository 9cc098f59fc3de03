// How a database's clients come to need certificates, and not to need them any more.
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <spaceca/authority.h>

#include "service/aftermath.h"
#include "service/audit_chain.h"
#include "service/core.h"
#include "service/databases.h"
#include "service/idempotency.h"
#include "service/issuance.h"
#include "service/publication.h"
#include "service/words.h"
#include "store/databases.h"

namespace spaceca {

DatabaseRecord Space::enable_mtls(const DatabaseName& name, const MtlsOptions& mtls, const WriteOptions& options) const {
  service::Core& core = impl_->authority;
  const Access access = [&] {
    const auto tx = core.driver.read();
    return access_of(mtls.access, service::usual_binding(*tx, impl_->id));
  }();
  std::vector<std::string> blocks;
  for (const Cidr& block : mtls.keep) blocks.push_back(block.text());
  const std::string kept = service::joined_lines(blocks);
  const store::AccessColumns columns{.method = text_of(access.method),
                                     .clientcert = text_of(access.clientcert),
                                     .binding = text_of(access.binding),
                                     .kept_blocks = kept};
  const std::string text = fmt::format("{}\n{} {} {}\n{}", name.text(), columns.method, columns.clientcert, columns.binding, kept);
  const service::Once once{impl_->id, options, "enable_mtls", impl_->actor, text};
  const auto perform = [&](const service::Once& request) {
    return service::with_fresh_facts([&] {
      const Instant now = core.now();
      const auto facts = [&] {
        const auto tx = core.driver.read();
        return service::read_facts(core, *tx, impl_->id, service::get_database(*tx, impl_->id, name));
      }();
      const std::vector<service::Order> orders{
          {.kind = CertificateKind::server},
          {.role = RoleName{facts.database.role}, .handed_out = false},
      };
      if (!mtls.keep.empty() && facts.database.data_directory.empty()) {
        service::refuse_database(
            name,
            "has no data directory here, so today's lines of its server's pg_hba.conf are not seen and cannot be kept "
            "for any address; keep none, and have its administrator write such lines above ours");
      }
      service::Issuance issuance{core, facts, orders, now};
      auto events = issuance.events("issue");
      events.insert(events.begin(), {.verb = "enable_mtls",
                                     .object = name.text(),
                                     .details = {{"method", std::string{columns.method}},
                                                 {"clientcert", std::string{columns.clientcert}},
                                                 {"bind", std::string{columns.binding}}}});
      core.commits.run([&](sql::Transaction& tx) {
        if (!store::move_database(tx, facts.database.id, "disabled", "Provisioning", now)) {
          service::refuse_database(
              name, fmt::format("mTLS is not disabled, its state is {}", store::database_of(tx, facts.database.id).state));
        }
        store::set_access(tx, facts.database.id, columns);
        service::record_server(tx, facts.database.id, issuance);
        request.record(tx, std::span{&facts.database.id, 1}, now);
        service::record(tx, core.vault, impl_->id, now, impl_->actor, events);
      });
      return service::after(fmt::format("database \"{}\": mTLS is enabled", name.text()),
                            [&] { return service::described(core, impl_->id, name); });
    });
  };
  return once.run(core.driver, perform, [&](const service::Ids&) { return service::described(core, impl_->id, name); });
}

DatabaseRecord Space::disable_mtls(const DatabaseName& name, const WriteOptions& options, Withdrawal withdrawal) const {
  service::Core& core = impl_->authority;
  const bool is_gone = withdrawal == Withdrawal::given_up;
  const service::Once once{impl_->id, options, "disable_mtls", impl_->actor, name.text() + (is_gone ? "\ngone" : "")};
  const auto perform = [&](const service::Once& request) {
    const Instant now = core.now();
    core.commits.run([&](sql::Transaction& tx) {
      const store::DatabaseRow row = service::get_database(tx, impl_->id, name);
      if (!service::is_enabled(row) && !(is_gone && row.state == "Deprovisioning")) {
        service::refuse_database(name, fmt::format("mTLS is not enabled, its state is {}", row.state));
      }
      static_cast<void>(store::move_database(tx, row.id, row.state, is_gone ? "disabled" : "Deprovisioning", now));
      if (is_gone) service::leave_server(tx, row, now);
      request.record(tx, std::span{&row.id, 1}, now);
      service::record(
          tx, core.vault, impl_->id, now, impl_->actor,
          {.verb = "disable_mtls", .object = row.name, .details = {{"server", is_gone ? "given up" : "to be withdrawn"}}});
    });
    return service::after(fmt::format("database \"{}\": mTLS is disabled", name.text()),
                          [&] { return service::described(core, impl_->id, name); });
  };
  return once.run(core.driver, perform, [&](const service::Ids&) { return service::described(core, impl_->id, name); });
}

Survey Space::survey(const DatabaseName& name, Publisher& publisher, const MtlsOptions& mtls) const {
  service::Core& core = impl_->authority;
  return service::survey(core, impl_->id, name, publisher, mtls);
}

}  // namespace spaceca
