// Signers of others: what they are given, and that nothing of theirs leaves unverified.
#include <openssl/evp.h>

#include <stdexcept>

#include <spaceca/issuer.h>

#include "support/files.h"
#include "support/text.h"
#include "support/x509_oracle.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

const Instant kNow = instant("2026-11-24T10:00:00Z");

// A key service in a few lines, that can be told to misbehave.
class Service final : public Signer {
 public:
  enum class Manner { honest, flips_a_bit, sends_nothing, fails };

  explicit Service(const std::string& vector) : key_(PrivateKey::from_pem(data("keys/good/" + vector + ".pem"))) {}

  [[nodiscard]] const PublicKey& public_key() const override { return key_.public_key(); }

  [[nodiscard]] Bytes sign(const SignatureInput& input) const override {
    last_algorithm = std::string{input.algorithm};
    last_size = input.octets.size();
    if (manner == Manner::fails) throw std::runtime_error{"the token is not plugged in"};
    if (manner == Manner::sends_nothing) return {};
    Bytes signature = signature_of(input);
    if (manner == Manner::flips_a_bit) signature.back() ^= 1;
    return signature;
  }

  Manner manner = Manner::honest;
  mutable std::string last_algorithm;
  mutable std::size_t last_size = 0;

 private:
  [[nodiscard]] Bytes signature_of(const SignatureInput& input) const {
    const SecretBytes der = key_.pkcs8_der();
    const unsigned char* in = der.reveal().data();
    EVP_PKEY* key = d2i_AutoPrivateKey(nullptr, &in, static_cast<long>(der.size()));
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(key, nullptr);
    EVP_PKEY_sign_init(context);
    EVP_PKEY_CTX_set_signature_md(context, input.algorithm == "ecdsa-with-SHA384" ? EVP_sha384() : EVP_sha256());
    Bytes signature(1024);
    std::size_t size = signature.size();
    const int done = EVP_PKEY_sign(context, signature.data(), &size, input.octets.data(), input.octets.size());
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    if (done != 1) throw std::runtime_error{"the test's service cannot sign"};
    signature.resize(size);
    return signature;
  }

  PrivateKey key_;
};

}  // namespace

TEST_CASE("a signer gets the digest and the standard name of what to do with it", "[signer]") {
  auto [vector, algorithm, size] = GENERATE(table<std::string, std::string, std::size_t>({
      {"p256-sec1", "ecdsa-with-SHA256", 32},
      {"p384-sec1", "ecdsa-with-SHA384", 48},
      {"rsa2048-pkcs1", "sha256WithRSAEncryption", 32},
      {"rsa4096-pkcs1", "sha256WithRSAEncryption", 32},
  }));
  const auto service = std::make_shared<Service>(vector);
  const Issuer root = Issuer::self_signed({.space = SpaceName{"acme"}}, service, kNow);
  const Certificate leaf = root.issue_with_key(ClientSubject{.role = RoleName{"app"}}, kNow).certificate();
  CHECK(service->last_algorithm == algorithm);
  CHECK(service->last_size == size);
  CHECK(openssl_verifies(root.certificate().der(), service->public_key()));
  CHECK(openssl_verifies(leaf.der(), service->public_key()));
}

TEST_CASE("a signature that does not verify leaves no certificate behind", "[signer]") {
  const auto service = std::make_shared<Service>("p256-sec1");
  const Issuer root = Issuer::self_signed({.space = SpaceName{"acme"}}, service, kNow);
  service->manner = GENERATE(Service::Manner::flips_a_bit, Service::Manner::sends_nothing);
  check_refused([&] { return root.issue_with_key(ClientSubject{.role = RoleName{"app"}}, kNow); }, Errc::crypto,
                "signer: returned a signature that its public key does not verify");
  check_refused([&] { return Issuer::self_signed({.space = SpaceName{"acme"}}, service, kNow); }, Errc::crypto, "does not verify");
}

TEST_CASE("what a signer throws reaches the caller as it is", "[signer]") {
  const auto service = std::make_shared<Service>("p256-sec1");
  const Issuer root = Issuer::self_signed({.space = SpaceName{"acme"}}, service, kNow);
  service->manner = Service::Manner::fails;
  CHECK_THROWS_WITH(root.issue_with_key(ClientSubject{.role = RoleName{"app"}}, kNow), "the token is not plugged in");
  service->manner = Service::Manner::honest;
  CHECK_NOTHROW(root.issue_with_key(ClientSubject{.role = RoleName{"app"}}, kNow));
}

TEST_CASE("a signer of another key, or of a kind that no root may have, makes no Issuer", "[signer]") {
  const Issuer root = Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::generate(), kNow);
  check_refused([&] { return Issuer{root.certificate(), std::make_shared<Service>("p256-sec1")}; }, Errc::mismatch, "the key is not the one in the certificate");
  check_refused([&] { return Issuer{root.certificate(), std::shared_ptr<const Signer>{}}; }, Errc::invalid_argument, "the signer is null");
  check_refused([] { return Issuer::self_signed({.space = SpaceName{"acme"}}, std::make_shared<Service>("ed25519-pkcs8"), kNow); }, Errc::policy,
                "ed25519 may not be a root's key");
}
