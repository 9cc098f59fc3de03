// An authority on a store of its own, by the machine's clock, and a real PostgreSQL whose database `app` is its database "sales".
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <spaceca/authority.h>
#include <spaceca/postgres_publisher.h>
#include <spaceca/sqlite_store.h>

#include "load/client.h"
#include "support/files.h"
#include "support/postgres.h"

namespace spaceca::test {

class LoadScene {
  TemporaryFolder folder_{FolderOn::memory};

 public:
  // The database is there with rules for the loopback addresses, and its server without TLS.
  LoadScene();

  // Brings what is pending to the server; tests that it went well.
  void publish();
  // As it goes.
  SweepPart try_to_publish(Publisher& by) { return authority->publish_pending(by); }
  // Enabled, published and proved; the first client's certificate.
  CertificateId enable();
  void disable();
  [[nodiscard]] DatabaseRecord database() const { return space->find_database(kSales).value(); }
  [[nodiscard]] CertificateState state_of(const CertificateId& id) const { return space->find_certificate(id).value().state; }
  [[nodiscard]] std::vector<CertificateId> certificates(const std::function<bool(const CertificateRecord&)>& which) const;

  // Files of a certificate, to try it with.
  struct Holder {
    CertificateId id;
    std::filesystem::path files;
  };
  [[nodiscard]] Holder hold(const CertificateId& id) const { return {id, fetch(*space, id, folder_.path())}; }
  [[nodiscard]] std::string why_not_in(const Holder& holder) const {
    return test::why_not_in(holder.files, server.port(), {.newest_tls = "TLSv1.2"});
  }
  // Tests that who is ready comes in, and who is disabled is refused as revoked.
  void check_states(const std::vector<Holder>& holders) const;

  static inline const DatabaseName kSales{"sales"};
  Postgres server;
  SystemClock clock;
  std::unique_ptr<Store> store;
  std::unique_ptr<Vault> vault;
  std::unique_ptr<Authority> authority;
  std::optional<Space> space;
  std::unique_ptr<Publisher> publisher = postgres_publisher({.patience = std::chrono::seconds{120}});
};

}  // namespace spaceca::test
