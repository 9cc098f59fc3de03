#include "own_root.h"

#include <algorithm>

#include <spaceca/issuer.h>

#include "der_tree.h"
#include "harness.h"
#include "own_keys.h"

namespace spaceca::fuzz {
namespace {

constexpr std::uint8_t kBitString = 0x03;
constexpr std::uint8_t kSequence = 0x30;

DerNode tree_of(ByteView der) {
  auto tree = der_tree(der);
  require(tree.has_value(), "what we wrote is DER");
  return *tree;
}

OwnRoot made() {
  constexpr Instant kNow{std::chrono::seconds{1'795'514'400}};  // 2026-11-24T10:00:00Z
  const Issuer issuer = Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::from_pem(kOwnP256), kNow);
  const ClientSubject app{.role = RoleName{"app"}, .database = DatabaseName{"orders"}};
  const Crl list = issuer.crl({}, {.number = 1}, kNow);
  return {issuer.certificate(), issuer.issue(app, PrivateKey::from_pem(kOwnKeys[0]).public_key(), kNow),
          Bytes(list.der().begin(), list.der().end()), kNow};
}

}  // namespace

const OwnRoot& own_root() {
  static const OwnRoot root = made();
  return root;
}

// Certificate and CertificateList are alike in this: a SEQUENCE of what is signed, the algorithm and the signature; and in what is
// signed the algorithm stands again, as the first SEQUENCE, and the issuer's name behind it (RFC 5280 4.1, 5.1).
std::optional<Bytes> signed_by_own_root(ByteView der) {
  static const auto key = key_of(kOwnP256);
  static const DerNode algorithm = tree_of(own_root().certificate.der()).children[1];
  static const DerNode name = tree_of(own_root().certificate.subject_der());
  auto tree = der_tree(der);
  if (!tree || tree->children.size() != 3) return std::nullopt;
  std::vector<DerNode>& fields = tree->children[0].children;
  const auto first = std::find_if(fields.begin(), fields.end(), [](const DerNode& field) { return field.tag == kSequence; });
  if (fields.end() - first < 2) return std::nullopt;
  first[0] = algorithm;
  first[1] = name;
  tree->children[1] = algorithm;
  auto signature = signed_with(key.get(), EVP_sha256(), der_of(tree->children[0]));
  require(signature.has_value(), "the root signs");
  signature->insert(signature->begin(), 0);  // no unused bits
  tree->children[2] = DerNode{kBitString, std::move(*signature), {}};
  return der_of(*tree);
}

}  // namespace spaceca::fuzz
