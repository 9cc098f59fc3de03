// The Notifier that posts JSON to a server. The component "notify": link spaceca::notify.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include <spaceca/bytes.h>
#include <spaceca/export.h>
#include <spaceca/notifier.h>

namespace spaceca {

struct WebhookNotifierOptions {
  SecretBytes url;                    // https://…; a secret, since many hold a token: errors name its host alone
  SecretBytes key;                    // of the signature, 32 octets or more
  std::filesystem::path roots = {};   // PEM, to verify the server by; otherwise the system's
  std::chrono::seconds patience{30};  // for one notice; 1 to 120
};

// One POST a notice, of an object in UTF-8. A member is never taken away or given another meaning under the same `version`; new
// ones may come. Times are RFC 3339, serials as openssl prints them.
//
//   {"version": 1, "id": "0192…", "kind": "renewed", "created_at": "2026-11-24T10:00:00Z", "told_at": "2026-11-24T10:00:00Z",
//    "space": "acme", "database": "sales", "app": "shop", "contacts": ["owner@example.com"], "role": "app",
//    "certificate": {"id": "…", "serial": "…", "not_after": "…"},
//    "predecessor": {"id": "…", "serial": "…", "not_after": "…"},      or null
//    "days_left": 75, "subject": "…"}
//
// The same notice may come twice: its `id` is the same then. The header
//
//   Spaceca-Signature: t=1795514400,v1=5f0c…
//
// holds the time of told_at, in Unix seconds, and HMAC-SHA-256 in lower case hexadecimal, under the key, of those digits, a dot and
// the body. Who receives it computes that anew, and refuses a time that is not near his own.
//
// Delivered is what is answered by 2xx; redirects are not followed, and no proxy is used. Errc::invalid_argument for options that
// cannot be right. Delivering fails with unreachable (no connection, or the time is up), policy (the certificate is not verified),
// not_taken (another answer).
[[nodiscard]] SPACECA_EXPORT std::unique_ptr<Notifier> webhook_notifier(WebhookNotifierOptions options);

}  // namespace spaceca
