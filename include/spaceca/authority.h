// Start here. An Authority keeps spaces: each has root CAs of its own, databases, and the certificates of their servers and
// clients. It remembers all of it in a Store, keeps secrets by a Vault, and reads a Clock; the three are borrowed and must outlive
// it.
//
//   auto store = open_sqlite_store("ca.db");
//   auto vault = sealed_vault(*store, KeyFile{"ca.kek"});
//   SystemClock clock;
//   Authority authority{*store, *vault, clock};
//   Space acme = authority.create_space(SpaceName{"acme"}, Actor{"ops"});
//   acme.create_database({.name = DatabaseName{"sales"}, .app = AppName{"shop"}, .hosts = {HostName{"db.acme.example"}},
//                         .url = DatabaseUrl{…}});
//   Bundle bundle = acme.issue_client(DatabaseName{"sales"}, {.role = RoleName{"app"}});
//
// Any thread; several processes may work on one store. What a verb returns is durable. A verb that throws has done nothing, except
// with Errc::io, unreachable and not_taken, where it says what it has done. Nothing here starts threads; what must happen in time
// is done by whoever calls sweep(), every few hours or every day; at most two weeks may lie between two.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <spaceca/access.h>
#include <spaceca/certificate.h>
#include <spaceca/cidr.h>
#include <spaceca/clock.h>
#include <spaceca/crl.h>
#include <spaceca/database_url.h>
#include <spaceca/error.h>
#include <spaceca/export.h>
#include <spaceca/key.h>
#include <spaceca/names.h>
#include <spaceca/notifier.h>
#include <spaceca/publisher.h>
#include <spaceca/records.h>
#include <spaceca/store.h>
#include <spaceca/vault.h>

namespace spaceca {

// --- what is asked ---

// Lists come in pages, in a stable order; `next` of one is `after` of the following, and empty at the end.
struct PageRequest {
  std::string after = {};
  unsigned limit = 100;  // 1 to 1000
};
template <class T>
struct Page {
  std::vector<T> items;
  std::string next;
};

// A write may carry a key of the caller's choice, 1 to 255 printable ASCII characters. The same verb by the same actor with the
// same key and the same request does nothing the second time, for thirty days, and answers as the first did; Errc::mismatch for
// another request under the same key. A key of Custody::once is not handed out again: Errc::key_not_kept, naming the certificate.
struct WriteOptions {
  std::string idempotency_key = {};
};

struct DatabaseSpec {
  DatabaseName name;
  AppName app;
  std::vector<HostName> hosts;  // of the server certificate; at least one
  DatabaseUrl url;
  std::optional<RoleName> role = {};  // otherwise the URL's user
  SecretBytes admin_url = {};         // anything that libpq takes; empty: by the socket in the data directory's postmaster.pid
  std::filesystem::path data_directory = {};
  std::vector<std::string> contacts = {};
};

// What is not said stays.
struct DatabaseChange {
  std::optional<DatabaseUrl> url = {};
  std::optional<SecretBytes> admin_url = {};                 // empty: none any more
  std::optional<std::vector<HostName>> hosts = {};           // all of them, as in a spec
  std::optional<RoleName> role = {};                         // of what is issued from now on
  std::optional<std::filesystem::path> data_directory = {};  // empty: none any more
  std::optional<std::vector<std::string>> contacts = {};     // all of them; may be none
};

struct MtlsOptions {
  std::vector<Cidr> keep = {};  // from these addresses today's lines of pg_hba.conf go on to hold; needs a data directory
  AccessChoice access = {};
};

// How mTLS of a database ends.
enum class Withdrawal {
  proved,    // the server is told, and Deprovisioning lasts until that is proved
  given_up,  // the server is gone for good, so nobody is told: disabled at once
};

enum class AnyAddress { refused, allowed };

struct IpRuleSpec {
  Cidr cidr;
  std::string description = {};          // at most 255 characters of UTF-8, all of which show
  AnyAddress any = AnyAddress::refused;  // whether 0.0.0.0/0 and ::/0 are meant
};
// What is not said stays.
struct IpRuleChange {
  std::optional<Cidr> cidr = {};
  std::optional<std::string> description = {};
  AnyAddress any = AnyAddress::refused;
};
inline constexpr unsigned kMaxIpRules = 60;  // of a database, without the deleted ones

// From when on a bundle that a verb returns counts as its holder's: he is known to trust its roots then, so the server may move to
// one of them, and nobody reminds him to fetch it.
enum class BundleCounts {
  at_once,         // the caller hands it out
  once_confirmed,  // by confirm_bundle(), where handing it out may fail; never, where it is not handed out at all
};

struct ClientRequest {
  std::optional<RoleName> role = {};           // otherwise the database's
  std::optional<CertificateRequest> csr = {};  // Custody::requester; of it only the public key is taken
  Custody custody = Custody::sealed;           // or once; ignored with a csr
  KeyAlgorithm key_algorithm = KeyAlgorithm::ecdsa_p256();
  BundleCounts counts = BundleCounts::at_once;
};

// What a holder receives.
struct Bundle {
  CertificateRecord record;
  Chain chain;
  std::vector<Certificate> roots;  // that the holder is to trust
  std::optional<PrivateKey> key;   // where we have it
  unsigned latest_generation;      // of the roots

  // For the exporters. Errc::key_not_kept without a key.
  [[nodiscard]] SPACECA_EXPORT Credential credential() &&;
};

enum class CertificateOrder {
  id,      // as they were made; all of them
  expiry,  // the next to be renewed first; of clients, those that will be
};
struct CertificateQuery {
  std::optional<CertificateState> state = {};  // with order id
  CertificateOrder order = CertificateOrder::id;
};

struct AuditEntry {
  std::uint64_t number;  // in its chain, from 1
  Instant at;
  std::string actor;
  std::string verb;
  std::string object;  // what it was done to
  std::vector<std::pair<std::string, std::string>> details;
};

// The end of a chain, to be kept elsewhere: with it, a chain that was cut at its tail is found out.
struct AuditAnchor {
  std::string chain;  // the space's name, or its id in hexadecimal if the space is gone; empty: the store's own
  std::uint64_t number;
  std::string code;  // hexadecimal
};

// What adopt() found.
struct Adoption {
  // A server that could not be asked, or a list there that its root did not sign.
  struct Missed {
    DatabaseName database;
    std::string why;
    Errc code;  // io for what is no Error
  };
  std::size_t entries = 0;  // taken over
  std::vector<Missed> missed;
};

// What becomes of sessions that a revoked certificate has opened: a server looks at certificates only when a connection is opened.
enum class OpenSessions {
  as_usual,  // of the space: a shield ends them, others let them live
  live_on,
  // By the publication that makes the server refuse the certificate, once that is proved. At a server that nothing is written to
  // (no data directory) sessions are neither seen nor ended.
  end,
};

// Sessions at one server that one certificate has opened.
struct Attendance {
  DatabaseName database;  // whose server it is
  Serial serial;
  std::string issuer;
  std::optional<CertificateRecord> certificate;  // none: it is not of this space, or was never recorded here
  std::vector<LiveSession> sessions;
};
struct Census {
  std::vector<Attendance> found;
  std::vector<Adoption::Missed> missed;
};

// For the administrator of a server that nothing is written to. It holds the server's key.
struct ServerFiles {
  ServedDatabase where;
  Publication what;
};

// Steps by hand of what advance_roots() does in time: next → active → retiring → retired (RootState).
enum class RotationStep { prepare, activate, retire, rollback };

// --- a space ---

// All verbs on one space's rows hang here, under the name of one actor, so none can reach another's. Copies cheaply; borrows its
// Authority. Whatever is another space's is Errc::not_found.
class SPACECA_EXPORT Space final {
 public:
  [[nodiscard]] const SpaceName& name() const noexcept;
  [[nodiscard]] SpaceRecord describe() const;

  // Errc::exists for a name that is taken, policy if the data directory is another database's, naming that one and its space.
  DatabaseRecord create_database(DatabaseSpec spec, const WriteOptions& options = {}) const;
  // A change to what is there already writes nothing but the idempotency key. Errors as above, not_found, and invalid_argument if
  // nothing is asked.
  // The role stays unless it is given: a new URL's user does not become it. A new password is of use to clients alone, and no
  // server is told of it. While mTLS is enabled
  // - new hosts bring a server certificate as of issue_server(), with its errors;
  // - a URL that leads to another host or port is proved by the next publish_pending(). Of a server that nothing is written to that
  //   may be another server, so nothing is proved of it: Provisioning;
  // - a URL that names another database at a server that is written to is Errc::policy: disable_mtls() first; then survey()
  //   shows what enabling it again means for whoever is connected to that one;
  // - the data directory stays, since what was written there would: Errc::policy, until it is disabled.
  DatabaseRecord update_database(const DatabaseName& name, DatabaseChange change, const WriteOptions& options = {}) const;
  [[nodiscard]] std::optional<DatabaseRecord> find_database(const DatabaseName& name) const;
  [[nodiscard]] Page<DatabaseRecord> databases(const PageRequest& page = {}) const;
  // The URL that clients connect by. Audited.
  [[nodiscard]] DatabaseUrl url(const DatabaseName& name) const;

  // A server certificate and the first client certificate, and the state Provisioning; the next publish_pending() brings them to
  // the server. Over TCP clients come in from the addresses of its IP rules and from no others. Errc::policy if it is enabled
  // already, as of access_of(), or for addresses to be kept without a data directory. Without one server_files() tells what its
  // server needs, and states advance when a sweep sees it there.
  DatabaseRecord enable_mtls(const DatabaseName& name, const MtlsOptions& mtls = {}, const WriteOptions& options = {}) const;
  // Deprovisioning, until publish_pending() has withdrawn it; its certificates stay as they are. Errc::policy if it is not enabled.
  // A server that is gone is given up, from Deprovisioning too: were it to come back, it would serve what it had, and let in who
  // was revoked since.
  DatabaseRecord disable_mtls(const DatabaseName& name, const WriteOptions& options = {},
                              Withdrawal withdrawal = Withdrawal::proved) const;
  // Revokes what is alive of it and forgets its URLs and keys. Errc::policy while mTLS is enabled.
  void destroy_database(const DatabaseName& name, const WriteOptions& options = {}) const;
  // What the server of a database without a data directory is to serve; for PostgreSQL, postgres_server_files() makes files of it.
  // A sweep then looks over the network whether it does: its certificate, that a good client certificate passes, and that one on
  // these very lists is refused as revoked. Its lines of pg_hba.conf nobody sees from outside, so IP rules stay Authorizing.
  // Audited. Errc::policy if mTLS is not enabled, or if there is a data directory.
  [[nodiscard]] ServerFiles server_files(const DatabaseName& name) const;
  // What publishing it would change; of a server that nothing is written to, nothing is known. Changes nothing.
  [[nodiscard]] Survey survey(const DatabaseName& name, Publisher& publisher, const MtlsOptions& mtls = {}) const;

  // Where clients may come from. What is changed here the next publish_pending() brings to the server, and the states after it;
  // without mTLS it waits. All or none: Errc::policy for more than sixty in all, and for 0.0.0.0/0 and ::/0 unless these are meant;
  // exists for a block that the database has already, naming its rule; invalid_argument for a description. Blocks may overlap.
  std::vector<IpRule> create_ip_rules(const DatabaseName& database, std::span<const IpRuleSpec> rules,
                                      const WriteOptions& options = {}) const;
  IpRule create_ip_rule(const DatabaseName& database, const IpRuleSpec& rule, const WriteOptions& options = {}) const;
  [[nodiscard]] std::vector<IpRule> ip_rules(const DatabaseName& database) const;  // by address, without the deleted ones
  // As they were made, with the deleted ones.
  [[nodiscard]] Page<IpRule> ip_rule_history(const DatabaseName& database, const PageRequest& page = {}) const;
  [[nodiscard]] std::optional<IpRule> find_ip_rule(const IpRuleId& id) const;
  // Errors as above, not_found, and policy for one that is deleted.
  IpRule update_ip_rule(const IpRuleId& id, const IpRuleChange& change, const WriteOptions& options = {}) const;
  IpRule delete_ip_rule(const IpRuleId& id, const WriteOptions& options = {}) const;

  // A new certificate for its server, in the place of the one before; where mTLS is enabled the next publish_pending() brings it
  // there. Errc::not_found; policy if it would move to the active root and lock out holders who do not know that, naming one.
  Bundle issue_server(const DatabaseName& database, const WriteOptions& options = {}) const;
  Bundle issue_client(const DatabaseName& database, const ClientRequest& request = {}, const WriteOptions& options = {}) const;
  // All in one commit, or none; at most 10,000.
  std::vector<Bundle> issue_clients(const DatabaseName& database, std::span<const ClientRequest> requests,
                                    const WriteOptions& options = {}) const;

  [[nodiscard]] std::optional<CertificateRecord> find_certificate(const CertificateId& id) const;
  [[nodiscard]] std::vector<CertificateRecord> find_by_serial(const Serial& serial) const;  // one a root at most
  [[nodiscard]] Page<CertificateRecord> certificates(const DatabaseName& database, const CertificateQuery& query = {},
                                                     const PageRequest& page = {}) const;

  // A write: audited, and it records which roots the holder knows from now on. Errc::policy for one that is revoked, or whose root
  // is distrusted.
  Bundle download(const CertificateId& id, const WriteOptions& options = {}, BundleCounts counts = BundleCounts::at_once) const;
  // The holder has what download(), renew() or issue_client() returned; `generation` is that bundle's latest. Audited.
  // Errc::not_found for a certificate or a root that is not there, policy for a certificate that is revoked.
  void confirm_bundle(const CertificateId& id, unsigned generation, const WriteOptions& options = {}) const;
  // A successor now, with a notice. Errc::policy if it is revoked or has one already, naming it. A client whose key is his own
  // needs a new request after two terms.
  Bundle renew(const CertificateId& id, const std::optional<CertificateRequest>& csr = {}, const WriteOptions& options = {},
               BundleCounts counts = BundleCounts::at_once) const;
  // Marks them, all or none, and writes one new list for each root. Those that are revoked already, or were closed past their end,
  // stay as they are.
  std::vector<CertificateRecord> revoke(std::span<const CertificateId> ids, RevocationReason reason,
                                        const WriteOptions& options = {}, OpenSessions sessions = OpenSessions::as_usual) const;
  CertificateRecord revoke(const CertificateId& id, RevocationReason reason, const WriteOptions& options = {},
                           OpenSessions sessions = OpenSessions::as_usual) const;
  // One that this store never saw, of the root of that generation: for a store that was restored. Errc::not_found if there is no
  // such root, policy if it is trusted no longer and so has no list any more.
  void revoke_serial(unsigned generation, const Serial& serial, RevocationReason reason, const WriteOptions& options = {},
                     OpenSessions sessions = OpenSessions::as_usual) const;
  // Takes over what the servers' lists say and this store does not know: for a store that was restored. A server that cannot be
  // asked does not keep it from the others; publishing to it is refused while its lists hold what is unknown here, so call this
  // again. A list is believed by its root's signature alone. Roots that this store never saw cannot be taken over: publishing to a
  // server that has one stays refused.
  Adoption adopt(Publisher& publisher) const;

  // Who is connected to the space's enabled servers by certificate. What was seen is recorded: CertificateRecord, is told in
  // reminders, and keeps a root from being retired.
  Census census(Publisher& publisher) const;

  // The latest lists of all roots that are trusted.
  [[nodiscard]] std::vector<Crl> crls() const;

  // Errc::policy if it must not happen now, saying what stands against it (which server, which credential).
  SpaceRecord rotate(RotationStep step, const WriteOptions& options = {}) const;
  // As issue_server(), though clients may not know the active root yet: for this one time. Errc::not_found; policy if mTLS of it
  // is not enabled.
  void force_server(const DatabaseName& database, const WriteOptions& options = {}) const;
  // The root is compromised: a new one now, this one out of every bundle, what was alive under it reissued, its key destroyed;
  // these are the successors. Sessions that its certificates have opened are ended by the publication that takes the root from a
  // server.
  std::vector<CertificateRecord> distrust(unsigned generation, const WriteOptions& options = {}) const;

  [[nodiscard]] Page<AuditEntry> audit(const PageRequest& page = {}) const;

  struct Impl;  // for the library
  explicit Space(std::shared_ptr<const Impl> impl) noexcept : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

// --- what happens in time ---

using Deadline = std::chrono::steady_clock::time_point;
inline constexpr Deadline kNoDeadline = Deadline::max();

// What one part of a sweep did. A failure of one thing does not keep it from the next.
struct SweepPart {
  struct Item {
    SpaceName space;
    std::string object;             // a certificate's id, a database's name, a root's generation, a notice's id
    std::string what;               // "renewed by 61acf66f-…", "published", or why not
    std::optional<Errc> code = {};  // of a failure
  };
  struct EndedSession {
    SpaceName space;
    DatabaseName database;
    LiveSession session;
  };
  std::vector<Item> done;
  std::vector<EndedSession> ended;  // of revoked certificates
  std::vector<Item> failed;         // tried again by the next sweep
  std::vector<Item> late;           // it ought to have happened earlier
  bool unfinished = false;          // the deadline came first, or whom it needed did not answer: the rest waits for the next sweep
};

struct SweepReport {
  SweepPart census;
  SweepPart renewals;
  SweepPart crls;
  SweepPart roots;
  SweepPart publications;
  SweepPart notices;
  // The clock stands behind or far ahead of what the store saw last. Nothing is lost; pruning, rotation and, if it is behind, mail
  // wait.
  bool clock_suspect = false;
};

struct SweepOptions {
  Publisher* publisher = nullptr;  // borrowed; none: nothing is published
  Notifier* notifier = nullptr;    // borrowed; none: nobody is told
  Deadline deadline = kNoDeadline;
  // A certificate whose successor has been in use for so long, and that was itself not seen since, is revoked as superseded. Unless
  // it is said, it lives to its end.
  std::optional<std::chrono::days> revoke_abandoned_after = {};
};

// Where a database is.
struct DatabaseLocation {
  SpaceName space;
  DatabaseName database;
};

class SPACECA_EXPORT Authority final {
 public:
  Authority(Store& store, const Vault& vault, const Clock& clock);
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  // A space with its first root and that root's empty list. Errc::exists.
  Space create_space(const SpaceName& name, const Actor& actor, SpaceKind kind = SpaceKind::private_space,
                     const WriteOptions& options = {});
  [[nodiscard]] Space space(const SpaceName& name, const Actor& actor) const;  // Errc::not_found
  [[nodiscard]] Page<SpaceRecord> spaces(const PageRequest& page = {}) const;
  // In which spaces an app has a database of that name; by name.
  [[nodiscard]] std::vector<DatabaseLocation> locate(const DatabaseName& database, const AppName& app) const;

  // Counts who is connected to every enabled server. One that cannot be asked is told of, as late, after a week.
  SweepPart take_census(Publisher& publisher, Deadline deadline = kNoDeadline);
  // As of SweepOptions. Nothing is done where nobody was counted for a week.
  SweepPart revoke_abandoned(std::chrono::days after, Deadline deadline = kNoDeadline);
  // Successors for what ends within 75 days; and reminders, 30, 7 and 1 days before the end, of those that are still in use.
  SweepPart renew_due(Deadline deadline = kNoDeadline);
  // New lists where marks are not on one, or where it is a week old.
  SweepPart refresh_crls(Deadline deadline = kNoDeadline);
  // The next step of each root's life, where its time has come and nothing stands against it.
  SweepPart advance_roots(Deadline deadline = kNoDeadline);
  // Brings every server to what it should serve, and the states of databases and certificates after it; then ends sessions that are
  // to be ended.
  SweepPart publish_pending(Publisher& publisher, Deadline deadline = kNoDeadline);
  SweepPart publish_pending(Publisher& publisher, const DatabaseLocation& only);
  // One that fails is tried again after a pause that grows up to a day. After three in a row that failed as unreachable it stops:
  // each of them may have waited as long as the notifier's patience is.
  SweepPart deliver_notices(Notifier& notifier, Deadline deadline = kNoDeadline);
  // These, in this order, the census first: no list and no server waits for mail.
  SweepReport sweep(const SweepOptions& options = {});

  [[nodiscard]] bool clock_suspect() const;
  // The operator says that the clock is right.
  void accept_clock(const Actor& actor);

  // The store's own chain: spaces made, clocks accepted.
  [[nodiscard]] Page<AuditEntry> audit(const PageRequest& page = {}) const;
  [[nodiscard]] std::vector<AuditAnchor> audit_anchors() const;  // by chain, the store's own first
  // Every chain from its first entry to its head; what is altered, missing or out of order; a space that is gone though its chain
  // is there; and what it says was revoked and is not revoked in the store. Rows cut off at the tail together with the head, or all
  // that tells of a space together with the space, cannot be seen from within: give the anchors that were kept elsewhere, one or
  // several of a chain.
  [[nodiscard]] std::vector<Finding> verify_audit(std::span<const AuditAnchor> anchors = {}) const;

  struct Impl;  // for the library

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace spaceca
