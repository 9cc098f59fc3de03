// A TLS handshake with a PostgreSQL server, as one of its clients would make it: which certificate it shows, and whether it lets a
// client certificate in. Nothing is believed of what the server says about itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/certificate.h>

#include "publish/connection.h"

namespace spaceca::publish {

// Who a probe says he is, in a server's log.
inline constexpr std::string_view kProbeRole = "spaceca_probe";

struct Handshake {
  enum class Verdict {
    passed,   // the server took the handshake and answered what was asked behind it
    refused,  // it ended the handshake; `why` is the alert's name in RFC 8446 6.2's words: "certificate revoked"
    no_tls,   // it does none
  };
  Verdict verdict;
  std::string why;                    // what it said, for errors
  Bytes certificate;                  // that it showed, as DER; empty if none
  std::vector<Bytes> chain = {};      // that and what it showed with it
  bool asks_for_certificate = false;  // of the client
  std::vector<Bytes> issuers = {};    // whose certificates it says it takes, names as DER
  bool was_alert = false;             // a refusal by an alert
  // Its first message behind a handshake that it took: the type (PostgreSQL manual 55.7), and what stands behind the length.
  char reply = 0;
  Bytes reply_body = {};
};

// Handshake::why of a certificate that stands on a list.
inline constexpr std::string_view kRevoked = "certificate revoked";

// With the client's credential, or without any. Errc::unreachable if it does not answer until the deadline.
[[nodiscard]] Handshake shake_hands(const Address& server, const Credential* client, Deadline deadline);

// Whoever is shown, as who.
struct Visitor {
  const Chain* chain;  // the leaf first; null: no certificate
  const PrivateKey* key;
  std::string_view role;
};
[[nodiscard]] Handshake shake_hands(const Address& server, const Visitor& visitor, Deadline deadline);

}  // namespace spaceca::publish
