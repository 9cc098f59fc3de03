#include "x509/signature.h"

#include <algorithm>
#include <array>
#include <span>
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

constexpr auto kEcdsaWithSha512 = identifier<der::oids::kEcdsaWithSha512.size + 4>(der::oids::kEcdsaWithSha512);
constexpr auto kSha384WithRsa = identifier<der::oids::kSha384WithRsa.size + 6>(der::oids::kSha384WithRsa);
constexpr auto kSha512WithRsa = identifier<der::oids::kSha512WithRsa.size + 6>(der::oids::kSha512WithRsa);
constexpr auto kEd25519 = identifier<der::oids::kEd25519.size + 4>(der::oids::kEd25519);
constexpr auto kEcdsaWithSha256 = identifier<der::oids::kEcdsaWithSha256.size + 4>(der::oids::kEcdsaWithSha256);
constexpr auto kEcdsaWithSha384 = identifier<der::oids::kEcdsaWithSha384.size + 4>(der::oids::kEcdsaWithSha384);
constexpr auto kSha256WithRsa = identifier<der::oids::kSha256WithRsa.size + 6>(der::oids::kSha256WithRsa);

constexpr SignatureAlgorithm kP256{"ecdsa-with-SHA256", "SHA256", kEcdsaWithSha256};
constexpr SignatureAlgorithm kP384{"ecdsa-with-SHA384", "SHA384", kEcdsaWithSha384};
constexpr SignatureAlgorithm kRsa{"sha256WithRSAEncryption", "SHA256", kSha256WithRsa};
// These are verified, not made.
constexpr SignatureAlgorithm kEcdsa512{"ecdsa-with-SHA512", "SHA512", kEcdsaWithSha512};
constexpr SignatureAlgorithm kRsa384{"sha384WithRSAEncryption", "SHA384", kSha384WithRsa};
constexpr SignatureAlgorithm kRsa512{"sha512WithRSAEncryption", "SHA512", kSha512WithRsa};
constexpr SignatureAlgorithm kEd25519Signature{"Ed25519", nullptr, kEd25519};

constexpr const SignatureAlgorithm* kOfEcdsa[] = {&kP256, &kP384, &kEcdsa512};
constexpr const SignatureAlgorithm* kOfRsa[] = {&kRsa, &kRsa384, &kRsa512};
constexpr const SignatureAlgorithm* kOfEd25519[] = {&kEd25519Signature};

std::span<const SignatureAlgorithm* const> algorithms_of(Family family) {
  switch (family) {
    case Family::ecdsa: return kOfEcdsa;
    case Family::rsa: return kOfRsa;
    case Family::eddsa: return kOfEd25519;
    case Family::other: break;
  }
  return {};
}

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
                                        "rsa-4096 (under an Ed25519 root PostgreSQL cannot do SCRAM)",
                                        root.name())};
}

std::size_t usual_signature_size(KeyAlgorithm root) {
  // SEQUENCE { INTEGER, INTEGER }: the first bit of a number is set every second time, and then it has a sign octet. So one of the
  // two numbers has it in half of all signatures, both or none in a quarter each; that one is shorter still is seen once in 128.
  constexpr std::size_t kHeaders = 6;
  constexpr std::size_t kOneSign = 1;
  if (root == KeyAlgorithm::ecdsa_p256()) return kHeaders + kOneSign + std::size_t{2} * 32;
  if (root == KeyAlgorithm::ecdsa_p384()) return kHeaders + kOneSign + std::size_t{2} * 48;
  return rsa_bits(root) / 8;
}

bool verifies(const PublicKey& key, const SignatureAlgorithm& algorithm, ByteView digest, ByteView signature) {
  const ossl::QuietErrors quiet;
  const ossl::Key parsed = openssl_key(key);
  const ossl::KeyContext context{ossl::check(EVP_PKEY_CTX_new_from_pkey(nullptr, parsed.get(), nullptr), "prepare a verification")};
  ossl::check(EVP_PKEY_verify_init(context.get()), "prepare a verification");
  set_scheme(context.get(), algorithm, traits(key.algorithm()).family);
  return EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) == 1;
}

const SignatureAlgorithm* signature_algorithm_by(ByteView identifier, KeyAlgorithm key) {
  for (const SignatureAlgorithm* const algorithm : algorithms_of(traits(key).family)) {
    if (std::ranges::equal(algorithm->identifier, identifier)) return algorithm;
  }
  return nullptr;
}

bool signed_by(const PublicKey& key, const SignatureAlgorithm& algorithm, ByteView message, ByteView signature) {
  const ossl::QuietErrors quiet;
  const ossl::Key parsed = openssl_key(key);
  const ossl::DigestContext context{ossl::check(EVP_MD_CTX_new(), "prepare a verification")};
  ossl::check(EVP_DigestVerifyInit_ex(context.get(), nullptr, algorithm.digest, nullptr, nullptr, parsed.get(), nullptr),
              "prepare a verification");
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
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
