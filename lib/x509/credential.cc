#include <algorithm>
#include <utility>

#include <spaceca/certificate.h>
#include <spaceca/error.h>

namespace spaceca {

Credential::Credential(Chain chain, PrivateKey key, std::vector<Certificate> roots)
    : chain_(std::move(chain)), key_(std::move(key)), roots_(std::move(roots)) {
  if (chain_.empty()) throw Error{Errc::invalid_argument, "credential: has no certificate; the chain starts with the leaf"};
  if (roots_.empty()) throw Error{Errc::invalid_argument, "credential: has no root to trust"};
  if (!(chain_.front().public_key() == key_.public_key())) {
    throw Error{Errc::mismatch, "credential: the key is not that of the first certificate of the chain"};
  }
  for (std::size_t i = 0; i < chain_.size(); ++i) {
    const Certificate& link = chain_[i];
    if (std::ranges::equal(link.subject_der(), link.issuer_der())) {
      throw Error{Errc::invalid_argument, "credential: the chain holds a root; roots go separately"};
    }
    if (i + 1 < chain_.size() && !std::ranges::equal(link.issuer_der(), chain_[i + 1].subject_der())) {
      throw Error{Errc::mismatch, "credential: the chain is not in order, each certificate followed by its issuer"};
    }
  }
}

}  // namespace spaceca
