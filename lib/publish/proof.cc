#include "publish/proof.h"

#include <algorithm>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "publish/tls_probe.h"

namespace spaceca::publish {

void Proof::not_taken(const std::string& why) const {
  throw Error{Errc::not_taken, fmt::format("publication {}: {}", number_, why)};
}

void Proof::certificate(const Certificate& ours) const {
  say(fmt::format("asks {} for its certificate", address_.text()));
  const Handshake seen = shake_hands(address_, nullptr, deadline());
  if (std::ranges::equal(seen.certificate, ours.der())) return;
  not_taken(seen.certificate.empty() ? fmt::format("the server at {} shows no certificate: {}", address_.text(), seen.why)
                                     : fmt::format("the server at {} shows another certificate than the one with serial {}",
                                                   address_.text(), ours.serial().hex()));
}

void Proof::probe(const Probe& probe) const {
  say(fmt::format("tries it out with a good and a revoked certificate of root {}", probe.generation));
  const Handshake good = shake_hands(address_, &probe.good, deadline());
  if (good.verdict != Handshake::Verdict::passed) {
    not_taken(fmt::format("a good certificate of root {} is refused: {}", probe.generation, good.why));
  }
  const Handshake revoked = shake_hands(address_, &probe.revoked, deadline());
  if (revoked.verdict == Handshake::Verdict::passed) {
    not_taken(fmt::format("a revoked certificate of root {} is let in", probe.generation));
  }
  if (revoked.why != kRevoked) {
    not_taken(fmt::format("a revoked certificate of root {} is refused, but not as revoked: {}", probe.generation, revoked.why));
  }
}

}  // namespace spaceca::publish
