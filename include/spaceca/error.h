// How spaceca fails: by one exception type. An expected "no" is a value instead (find gives an optional, verify gives findings).
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include <spaceca/export.h>

namespace spaceca {

// What a caller can tell apart and act on. The text of the error says the rest.
enum class Errc {
  invalid_argument,    // a name, a number or an option is not what it must be
  malformed,           // octets or text are not what they claim to be
  passphrase_missing,  // the key is encrypted and no passphrase was given
  passphrase_wrong,    // it does not decrypt: another passphrase, or damage
  unsupported,         // no such algorithm here, or not in the OpenSSL at hand
  policy,              // well formed, and refused by a rule
  mismatch,            // two things that must belong together do not
  exists,              // it would write over something
  not_found,           // what was named is not there
  permission,          // the system does not allow it
  no_space,            // the disk or the quota is full
  busy,                // another process was at it for too long
  corrupt,             // a store is damaged
  unreachable,         // a server or a service does not answer
  not_taken,           // a server did not take what was published, and goes on with what it had
  unconfirmed,         // it would cut somebody off or destroy something, and nobody has said that this is meant
  key_not_kept,        // the private key was handed out once and is not here
  io,                  // the system failed in another way
  crypto,              // OpenSSL or a signer failed
  wrong_process,       // an object made before fork() was used in the child
};

// One thing that is wrong with a certificate, a list or a set-up.
struct Finding {
  std::string rule;    // its stable name
  std::string text;    // what is wrong, with the value seen
  std::string source;  // who says so: "RFC 5280 4.2.1.9"
  // What a user sees if it is the only thing wrong, as libpq or the server prints it: "tlsv1 alert unknown ca". Empty if nobody
  // notices, or if it is not known.
  std::string seen_as = {};
};

// Thrown by everything here. The text names the thing, what is wrong and what would be right; it never holds a secret.
class SPACECA_EXPORT Error : public std::runtime_error {
 public:
  Error(Errc code, const std::string& text, std::vector<Finding> findings = {});
  Error(const Error&) = default;
  Error(Error&&) = default;
  Error& operator=(const Error&) = default;
  Error& operator=(Error&&) = default;
  ~Error() override;

  [[nodiscard]] Errc code() const noexcept { return code_; }
  // True if the same call may succeed later with nothing changed by the caller.
  [[nodiscard]] bool retryable() const noexcept;
  [[nodiscard]] const std::vector<Finding>& findings() const noexcept { return findings_; }

 private:
  Errc code_;
  std::vector<Finding> findings_;
};

}  // namespace spaceca
