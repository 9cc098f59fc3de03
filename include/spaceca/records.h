// What an Authority keeps, as its verbs show it: spaces with their roots, databases, certificates, IP rules, and the states that
// these are in. Values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <spaceca/access.h>
#include <spaceca/certificate.h>
#include <spaceca/cidr.h>
#include <spaceca/clock.h>
#include <spaceca/crl.h>
#include <spaceca/export.h>
#include <spaceca/names.h>

namespace spaceca {

enum class RootState {
  next,        // in every bundle, issues nothing but probes
  active,      // issues
  retiring,    // trusted still, since certificates of it are alive; issues nothing
  retired,     // nothing of it is alive; its key is destroyed
  distrusted,  // compromised: in no bundle
};

enum class DatabaseState { disabled, provisioning, operational, deprovisioning };

enum class CertificateState {
  pending,  // not every enabled server of its database is proved to trust its root yet
  ready,
  disabling,  // revoked; not every enabled server of the space is proved to know that yet
  disabled,
};

enum class CertificateKind { server, client };

// Who keeps the private key.
enum class Custody {
  sealed,     // we: it can be downloaded at any time
  once,       // nobody: it was handed out when it was made
  requester,  // whoever sent the request; we never had it
};

enum class SpaceKind {
  private_space,
  // Stricter unless said otherwise: certificates are bound to their database, whoever is revoked is disconnected
  // (OpenSessions::end), and each download of a client's key sends a notice.
  shield,
};

enum class IpRuleState {
  authorizing,  // recorded; the server is not proved to let the block in yet, or mTLS is not enabled
  authorized,
  deleted,  // kept for the record
};

// As the reference writes them: "Provisioning", "ready".
[[nodiscard]] SPACECA_EXPORT std::string_view text_of(RootState state);
[[nodiscard]] SPACECA_EXPORT std::string_view text_of(DatabaseState state);
[[nodiscard]] SPACECA_EXPORT std::string_view text_of(CertificateState state);
[[nodiscard]] SPACECA_EXPORT std::string_view text_of(CertificateKind kind);
[[nodiscard]] SPACECA_EXPORT std::string_view text_of(Custody custody);
[[nodiscard]] SPACECA_EXPORT std::string_view text_of(SpaceKind kind);  // "private"
[[nodiscard]] SPACECA_EXPORT std::string_view text_of(IpRuleState state);

struct RootRecord {
  unsigned generation;
  RootState state;
  Certificate certificate;
  Instant created_at;
  // Its latest list.
  std::uint64_t crl_number;
  Instant crl_this_update;
  Instant crl_next_update;
};

struct SpaceRecord {
  SpaceName name;
  SpaceKind kind;
  Instant created_at;
  std::vector<RootRecord> roots;  // by generation
};

struct DatabaseRecord {
  SpaceName space;
  DatabaseName name;
  AppName app;
  DatabaseState state;
  std::vector<HostName> hosts;
  RoleName role;  // of client certificates, unless they say another
  std::vector<std::string> contacts;
  std::filesystem::path data_directory;  // empty if the server is not on this machine
  Access access;                         // while mTLS is enabled
  Instant created_at;
  Instant updated_at;
  bool publication_pending;       // the server does not serve yet what it should, as far as is proved
  std::string publication_error;  // what the last attempt said; empty if it went well
};

struct Revocation {
  Instant at;
  RevocationReason reason;
};

struct CertificateRecord {
  CertificateId id;
  DatabaseName database;
  CertificateKind kind;
  CertificateState state;
  Serial serial;
  unsigned generation;           // of its root
  std::optional<RoleName> role;  // of a client
  Custody custody;
  Instant created_at;
  Instant updated_at;
  Instant not_after;
  std::optional<CertificateId> predecessor = {};
  std::optional<CertificateId> successor = {};  // that is alive
  std::optional<Revocation> revocation = {};
  // By the last census of each server.
  unsigned sessions = 0;
  std::optional<Instant> last_seen_at = {};
};

// A block of addresses that a database's clients may come from.
struct IpRule {
  IpRuleId id;
  DatabaseName database;
  Cidr cidr;
  std::string description;
  IpRuleState state;
  Instant created_at;
  Instant updated_at;
};

}  // namespace spaceca
