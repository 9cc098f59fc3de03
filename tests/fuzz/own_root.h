// A root of the harnesses' own, which makes of a stranger's certificate or list what it would be if that root had signed it:
// whatever changed, its signature is no longer right, and what comes behind the signature is looked at as well.
#pragma once

#include <optional>

#include <spaceca/bytes.h>
#include <spaceca/certificate.h>
#include <spaceca/clock.h>

namespace spaceca::fuzz {

struct OwnRoot {
  Certificate certificate;
  Certificate client;  // one of its leaves
  Bytes list;          // its revocation list, empty
  Instant now;         // all of them are good then
};
[[nodiscard]] const OwnRoot& own_root();

// The certificate or list with the root's name as its issuer's, and a signature of the root; nothing if it has another shape.
[[nodiscard]] std::optional<Bytes> signed_by_own_root(ByteView der);

}  // namespace spaceca::fuzz
