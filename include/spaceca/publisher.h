// What brings certificates before a server and proves that it took them. An authority says what is to be served (Publication); a
// Publisher is what knows how. postgres_publisher.h is the one for PostgreSQL. Called from any thread; one Authority asks about one
// database from one thread at a time, and knows nothing of what other processes ask. Nothing here believes a server that only says
// it has reloaded: what is proved was seen from outside.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <spaceca/access.h>
#include <spaceca/bytes.h>
#include <spaceca/certificate.h>
#include <spaceca/cidr.h>
#include <spaceca/clock.h>
#include <spaceca/crl.h>
#include <spaceca/export.h>
#include <spaceca/names.h>

namespace spaceca {

// Which server is meant, and how it is reached.
struct ServedDatabase {
  SpaceName space;
  DatabaseName database;                 // our name for it; a server calls it as the URL says
  std::filesystem::path data_directory;  // empty: nothing is written; publish() sees over the network what is there
  // As its clients write it: scheme, host, port, database, user, perhaps a password. It never administers.
  SecretBytes url;
  // Empty: as the owner of the data directory, by the socket that its postmaster.pid names.
  SecretBytes admin_url = {};
};

// Client certificates of ten minutes for trying a server out with: `good` must be let in, `revoked` stands on the list that goes
// with it and must be refused as revoked. One pair for each root that the server is to trust; their keys are nowhere else.
struct Probe {
  unsigned generation;  // of the root
  Credential good;
  Credential revoked;
};

// All that a server is to serve; it replaces whatever was published for the same database before.
struct Publication {
  std::uint64_t number;          // grows; the later one wins
  Credential server;             // whose roots are those that clients may come from
  std::vector<Crl> crls;         // one for each of these roots
  std::vector<RoleName> roles;   // who may log in
  std::vector<Cidr> rules = {};  // from where; over TCP nobody else reaches the database
  Access access = {};            // by what
  std::vector<Cidr> keep = {};   // from where today's lines go on to hold
};

// What was there before us and what it would become.
struct Survey {
  // Lines of pg_hba.conf that would no longer decide about this database, as they stand there, with file and line number.
  struct Line {
    std::filesystem::path file;
    int number;
    std::string text;
  };
  std::vector<Line> overridden;
  // Live sessions over TCP that could not come back.
  struct Session {
    std::string user;
    std::string database;
    std::string address;
    std::string application;
    int pid;
  };
  std::vector<Session> cut_off;
};

// What a server was seen to serve.
struct Served {
  std::uint64_t number = 0;           // of the publication in force; 0 if it is none of ours
  std::vector<Crl> crls;              // of the files in force
  std::optional<Certificate> server;  // that it showed in a handshake
};

// A session that was opened with a client certificate, as a server shows it.
struct LiveSession {
  int pid;
  std::string user;
  std::string database;  // as the server calls it
  std::string address;   // empty: over the Unix socket
  std::string application;
  Serial serial;
  std::string issuer;  // as Certificate::issuer() has it, where that is a name of ours
  Instant since;
};

// Sessions that are meant: those of one certificate, or of all that a root issued.
struct ShownCertificate {
  std::string issuer;
  std::optional<Serial> serial;

  [[nodiscard]] bool opened(const LiveSession& session) const {
    return session.issuer == issuer && (!serial || session.serial == *serial);
  }
};

class SPACECA_EXPORT Publisher {
 public:
  virtual ~Publisher();

  // Changes nothing. Errc::unreachable; permission; not_found if the place is not there; invalid_argument for a URL or a place that
  // is none; mismatch if the administrator's way leads to another server; policy if the server is another space's or another
  // database's, naming it, or has files that it would not read again as they are. No error holds a password.
  [[nodiscard]] virtual Survey survey(const ServedDatabase& where, const Publication& what) = 0;

  // Brings it there, has the server take it, and proves from outside that it did: the certificate that a handshake shows, every
  // probe, the lines of pg_hba.conf. When it returns, all of that was seen. If the server did not take it, what was there before is
  // put back and taken again, and the error says what the server's log said: Errc::not_taken. Errc::unreachable if the server does
  // not answer (then what was written stays, and publishing again finishes it); no_space, io; busy if another publisher is at it
  // for too long; and the errors of survey. Before anything is written it refuses what could only end badly: Errc::invalid_argument
  // for the number 0 and for a root without a probe, policy for a number below the one in force, and, with the findings, for lists
  // that would keep everybody out. May be called again with the same publication.
  virtual void publish(const ServedDatabase& where, const Publication& what, const std::vector<Probe>& probes) = 0;

  // Puts back what was there before us, in the reverse order, and proves it; if the server does not take that, ours is put back.
  // May be called again, and where nothing was published. Errors as of publish.
  virtual void withdraw(const ServedDatabase& where) = 0;

  // What it serves now, by its files and by a handshake. An authority that finds a list there with a larger number than its own, or
  // serials that it never recorded, was restored from a backup and stops publishing. Errors as of survey.
  [[nodiscard]] virtual Served current(const ServedDatabase& where) = 0;

  // Sessions of the whole server, since its roots and its lists are of all its databases. Errors as of survey.
  [[nodiscard]] virtual std::vector<LiveSession> sessions(const ServedDatabase& where) = 0;

  // Ends these sessions, and returns those that it ended when none of them is left. Whoever may still log in comes again, so
  // publish what keeps him out first. Errors as of survey, and Errc::not_taken if some go on.
  virtual std::vector<LiveSession> disconnect(const ServedDatabase& where, const std::vector<ShownCertificate>& shown) = 0;
};

}  // namespace spaceca
