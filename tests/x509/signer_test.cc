// Signers of others: what they are given, and that nothing of theirs leaves unverified.
#include <array>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <spaceca/issuer.h>

#include "support/certificate_builder.h"
#include "support/signing_service.h"
#include "support/text.h"
#include "support/x509_oracle.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

const Instant kNow = instant("2026-11-24T10:00:00Z");

using Service = SigningService;

// A token that does one thing at a time.
class Token final : public Signer {
 public:
  [[nodiscard]] const PublicKey& public_key() const override { return service_.public_key(); }
  [[nodiscard]] Bytes sign(const SignatureInput& input) const override {
    const std::lock_guard lock{busy_};
    return service_.sign(input);
  }

 private:
  mutable std::mutex busy_;
  Service service_{"p256-sec1"};
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

TEST_CASE("eighteen threads issue by one signer of others, and each certificate is good", "[signer][threads]") {
  const auto token = std::make_shared<Token>();
  const Issuer root = Issuer::self_signed({.space = SpaceName{"acme"}}, token, kNow);
  std::array<std::vector<Certificate>, 18> issued;
  {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < issued.size(); ++i) {
      threads.emplace_back([&root, &mine = issued.at(i), i] {
        const ClientSubject subject{.role = RoleName{"app" + std::to_string(i)}};
        for (int round = 0; round < 10; ++round) mine.push_back(root.issue_with_key(subject, kNow).certificate());
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  for (std::size_t i = 0; i < issued.size(); ++i) {
    CHECK(issued.at(i).size() == 10);
    for (const Certificate& certificate : issued.at(i)) {
      CHECK(certificate.subject() == "CN=app" + std::to_string(i));
      CHECK(openssl_verifies(certificate.der(), token->public_key()));
    }
  }
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
  check_refused(
      [&] {
        return Issuer{root.certificate(), std::make_shared<Service>("p256-sec1")};
      },
      Errc::mismatch, "the key is not the one in the certificate");
  check_refused(
      [&] {
        return Issuer{root.certificate(), std::shared_ptr<const Signer>{}};
      },
      Errc::invalid_argument, "the signer is null");
  check_refused([] { return Issuer::self_signed({.space = SpaceName{"acme"}}, std::make_shared<Service>("ed25519-pkcs8"), kNow); },
                Errc::policy, "ed25519 may not be a root's key");
  const TestCa of_ed25519 = test_root("acme G1", kNow, PrivateKey::generate(KeyAlgorithm::ed25519()));
  check_refused(
      [&] {
        const SecretBytes copy = of_ed25519.key.pkcs8_der();
        return Issuer{of_ed25519.certificate, PrivateKey::from_pkcs8_der(copy.reveal())};
      },
      Errc::policy, "ed25519 may not be a root's key");
}
