#include "x509/signature.h"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <openssl/rsa.h>

#include <spaceca/error.h>

#include "ossl/check.h"
#include "x509/algorithms.h"
#include "x509/der.h"
#include "x509/key_access.h"

namespace spaceca {

Signer::~Signer() = default;

namespace x509 {
namespace {

// SEQUENCE { OBJECT IDENTIFIER, [NULL] }: RSA's has a NULL, ECDSA's has no parameters (RFC 4055 5, RFC 5758 3.2).
template <std::size_t N>
consteval std::array<std::uint8_t, N> identifier(const der::Oid& oid) {
  std::array<std::uint8_t, N> der{0x30, static_cast<std::uint8_t>(N - 2), 0x06, static_cast<std::uint8_t>(oid.size)};
  for (std::size_t i = 0; i < oid.size; ++i) der.at(4 + i) = oid.storage.at(i);
  if (N > oid.size + 4) der.at(4 + oid.size) = 0x05;
  return der;
}

constexpr auto kEcdsaWithSha256 = identifier<der::oids::kEcdsaWithSha256.size + 4>(der::oids::kEcdsaWithSha256);
constexpr auto kEcdsaWithSha384 = identifier<der::oids::kEcdsaWithSha384.size + 4>(der::oids::kEcdsaWithSha384);
constexpr auto kSha256WithRsa = identifier<der::oids::kSha256WithRsa.size + 6>(der::oids::kSha256WithRsa);

constexpr SignatureAlgorithm kP256{"ecdsa-with-SHA256", "SHA256", kEcdsaWithSha256};
constexpr SignatureAlgorithm kP384{"ecdsa-with-SHA384", "SHA384", kEcdsaWithSha384};
constexpr SignatureAlgorithm kRsa{"sha256WithRSAEncryption", "SHA256", kSha256WithRsa};

void set_scheme(EVP_PKEY_CTX* context, const SignatureAlgorithm& algorithm, Family family) {
  const ossl::Digest digest{ossl::check(EVP_MD_fetch(nullptr, algorithm.digest, nullptr), "fetch a digest")};
  ossl::check(EVP_PKEY_CTX_set_signature_md(context, digest.get()), "set the signature digest");
  if (family == Family::rsa) ossl::check(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING), "set the signature padding");
}

}  // namespace

const SignatureAlgorithm& signature_algorithm_of(KeyAlgorithm root) {
  if (root == KeyAlgorithm::ecdsa_p256()) return kP256;
  if (root == KeyAlgorithm::ecdsa_p384()) return kP384;
  if (root == KeyAlgorithm::rsa_2048() || root == KeyAlgorithm::rsa_3072() || root == KeyAlgorithm::rsa_4096()) return kRsa;
  throw Error{Errc::policy, fmt::format("root key: {} may not be a root's key; use ecdsa-p256, ecdsa-p384, rsa-2048, rsa-3072 or "
                                        "rsa-4096 (under an Ed25519 root PostgreSQL cannot do SCRAM)", root.name())};
}

bool verifies(const PublicKey& key, const SignatureAlgorithm& algorithm, ByteView digest, ByteView signature) {
  const ossl::QuietErrors quiet;
  const ossl::Key parsed = openssl_key(key);
  const ossl::KeyContext context{ossl::check(EVP_PKEY_CTX_new_from_pkey(nullptr, parsed.get(), nullptr), "prepare a verification")};
  ossl::check(EVP_PKEY_verify_init(context.get()), "prepare a verification");
  set_scheme(context.get(), algorithm, traits(key.algorithm()).family);
  return EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) == 1;
}

KeySigner::KeySigner(PrivateKey key) : public_key_(key.public_key()), key_(openssl_key(key)) {
  signature_size_ = static_cast<std::size_t>(ossl::check(EVP_PKEY_get_size(key_.get()), "size a signature"));
}

std::unique_ptr<ossl::KeyContext> KeySigner::make_context() const {
  auto context = std::make_unique<ossl::KeyContext>(
      ossl::check(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr), "prepare a signature"));
  ossl::check(EVP_PKEY_sign_init(context->get()), "prepare a signature");
  set_scheme(context->get(), signature_algorithm_of(public_key_.algorithm()), traits(public_key_.algorithm()).family);
  return context;
}

Bytes KeySigner::sign(const SignatureInput& input) const {
  const auto context = contexts_.borrow([this] { return make_context(); });
  Bytes signature(signature_size_);
  std::size_t size = signature.size();
  ossl::check(EVP_PKEY_sign(context->get(), signature.data(), &size, input.octets.data(), input.octets.size()), "sign");
  signature.resize(size);
  return signature;
}

}  // namespace x509
}  // namespace spaceca
