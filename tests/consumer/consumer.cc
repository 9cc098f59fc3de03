// A user's program: it issues a certificate and says for whom.
#include <iostream>

#include <spaceca/issuer.h>

int main() {
  const spaceca::Instant now = spaceca::SystemClock{}.now();
  const auto root = spaceca::Issuer::self_signed({.space = spaceca::SpaceName{"acme"}}, spaceca::PrivateKey::generate(), now);
  const auto client = root.issue_with_key(spaceca::ClientSubject{.role = spaceca::RoleName{"app"}}, now);
  std::cout << client.certificate().subject() << '\n';
}
