// How a certificate comes to be: facts are read, the certificate is made and signed with no transaction open, and it is recorded
// only where the facts still hold. A signature that never left the process is harmless; a certificate that left it unrecorded is
// not.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <spaceca/authority.h>
#include <spaceca/error.h>

#include "ossl/random.h"
#include "service/audit_chain.h"
#include "service/core.h"
#include "service/idempotency.h"
#include "store/certificates.h"
#include "store/databases.h"
#include "store/roots.h"

namespace spaceca::service {

// What is read beforehand.
struct Facts {
  Id space;
  SpaceName space_name;
  store::DatabaseRow database;
  store::RootRow root;               // that issues
  std::vector<Certificate> trusted;  // roots of every bundle
  std::int64_t latest_generation;    // of these
};
// Errc::not_found for a database that is not there, policy for a space without an active root.
[[nodiscard]] Facts read_facts(Core& core, sql::Transaction& tx, const Id& space, store::DatabaseRow database);

// One certificate to be made.
struct Order {
  CertificateKind kind = CertificateKind::client;
  std::optional<RoleName> role = {};
  Custody custody = Custody::sealed;
  std::optional<PublicKey> key = {};  // the requester's
  KeyAlgorithm key_algorithm = KeyAlgorithm::ecdsa_p256();
  std::optional<Id> predecessor = {};
  std::int64_t terms = 1;
  bool handed_out = true;  // to somebody who has its bundle then
};

// Certificates that are made and not recorded yet.
class Issuance final {
 public:
  // Errc::policy and the like, as of Issuer.
  Issuance(Core& core, const Facts& facts, std::span<const Order> orders, Instant now);

  // Within a transaction: all of them, their roles, and that the server is to be told. Throws FactsMoved where the root is no
  // longer the one that issues, or the database no longer there, or with other hosts or another role. May be called again.
  void record(sql::Transaction& tx) { record(tx, {}); }
  // Only those that are wanted, by their place among the orders.
  void record(sql::Transaction& tx, const std::vector<bool>& wanted);

  [[nodiscard]] std::vector<Id> ids() const;
  [[nodiscard]] std::vector<AuditEvent> events(std::string_view verb, const std::vector<bool>& wanted = {}) const;
  // After the commit.
  [[nodiscard]] std::vector<Bundle> bundles() &&;

 private:
  struct Made {
    Order order;
    Id id;
    Certificate certificate;
    std::optional<PrivateKey> key;
    Bytes sealed_key;
    std::optional<Instant> due_at;
  };
  [[nodiscard]] Made make(Core& core, const Issuer& issuer, ossl::RandomPool& random, const Order& order) const;
  [[nodiscard]] std::string_view state_now(sql::Transaction& tx) const;

  const Facts& facts_;
  Instant now_;
  std::vector<Made> made_;
  std::string state_;
};

struct FactsMoved {};

// Does `work`, which makes an Issuance of fresh facts, again once if these moved meanwhile. Errc::busy if they moved again.
template <class Work>
auto with_fresh_facts(const Work& work) {
  try {
    return work();
  } catch (const FactsMoved&) {
  }
  try {
    return work();
  } catch (const FactsMoved&) {
    throw Error{Errc::busy, "certificates: the root or the database changed twice while they were made; the same again will do"};
  }
}

// The same with facts that were read before, perhaps long ago: recording looks whether they still hold.
template <class Work>
auto with_kept_facts(Core& core, const Id& space, const DatabaseName& name, const Work& work) {
  try {
    return work(*core.facts.of(core, space, name));
  } catch (const FactsMoved&) {
    core.facts.forget(space, name);
  }
  return with_fresh_facts([&] {
    core.facts.forget(space, name);
    return work(*core.facts.of(core, space, name));
  });
}

// A new certificate for a database's server under the active root, in the place of the one before. Errc::not_found, and policy
// where it would lock out holders who do not know that root, unless somebody has said that it may: then where mTLS is not enabled.
enum class Holders { know_the_root, may_be_locked_out };
[[nodiscard]] Bundle issue_server(Core& core, const Id& space, const DatabaseName& name, const Actor& actor, Holders holders,
                                  const Once& request);
// The same for a verb that does more in the same transaction: what the certificate is made of, with the errors of issue_server; and
// within the transaction, that the first of an issuance is the server's from now on.
struct ServerOrder {
  Facts facts;
  Instant dated;
  Order order = {.kind = CertificateKind::server};
};
[[nodiscard]] ServerOrder server_order(Core& core, sql::Transaction& tx, const Id& space, store::DatabaseRow database,
                                       const Actor& actor, Holders holders, Instant now);
void record_server(sql::Transaction& tx, const Id& database, Issuance& issuance);

[[nodiscard]] CertificateRecord record_of(const store::CertificateRow& row);
[[nodiscard]] Id id_of(const CertificateId& id);
[[nodiscard]] Instant due_of(Instant not_after);      // when its renewal is
[[nodiscard]] Instant closing_of(Instant not_after);  // when one that has a successor is looked at last

// A certificate's key as it lies in the store.
[[nodiscard]] Bytes sealed_key(Core& core, const Id& space, const Id& id, const PrivateKey& key);

// What its holder receives, read again; the key if it is kept.
[[nodiscard]] Bundle bundle_of(Core& core, sql::Transaction& tx, const Id& space, const store::CertificateRow& row);

}  // namespace spaceca::service
