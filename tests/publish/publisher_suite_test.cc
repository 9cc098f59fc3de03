// The publisher for PostgreSQL under the suite that holds for all.
#include "publish/scene.h"

namespace spaceca::test {

class PublisherUnderTest {
 public:
  Publisher& publisher() { return scene_.publisher(); }
  ServedDatabase where(const std::string& space, const std::string& database) { return scene_.where(space, database); }
  Credential server_of(const Issuer& root, std::vector<Certificate> roots) {
    const Instant now = scene_.acme.now;
    const Credential made = root.issue_with_key(ServerSubject{.hosts = {HostName{"localhost"}}}, now);
    const SecretBytes key = made.key().pkcs8_der();
    return Credential{made.chain(), PrivateKey::from_pkcs8_der(key.reveal()), std::move(roots)};
  }
  bool lets_in(const Credential& client, const std::string& role) {
    return scene_.psql(client, {.sslmode = "require", .user = role}).exit_code == 0;
  }

 private:
  Scene scene_;
};

}  // namespace spaceca::test

#include "conformance/publisher_suite.h"
