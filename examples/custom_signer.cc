// A root whose key the library never sees: this Signer hands each digest to a "service" elsewhere (here: OpenSSL's command line,
// which keeps the key in a file of its own). A token or a cloud's key service takes its place with as few lines.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>

#include <spaceca/clock.h>
#include <spaceca/issuer.h>

using namespace spaceca;

namespace {

class OpensslSigner final : public Signer {
 public:
  explicit OpensslSigner(std::filesystem::path folder) : folder_(std::move(folder)), public_key_(make_key()) {}

  const PublicKey& public_key() const override { return public_key_; }

  Bytes sign(const SignatureInput& input) const override {
    if (input.algorithm != "ecdsa-with-SHA256") throw std::runtime_error("this service holds a P-256 key");
    std::ofstream{folder_ / "digest", std::ios::binary}.write(reinterpret_cast<const char*>(input.octets.data()),
                                                              static_cast<std::streamsize>(input.octets.size()));
    run("openssl pkeyutl -sign -inkey key.pem -in digest -out signature");
    const std::string signature = read("signature");
    return {signature.begin(), signature.end()};
  }

 private:
  PublicKey make_key() const {
    run("umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem 2>/dev/null");
    run("openssl pkey -in key.pem -pubout -out public.pem");
    return PublicKey::from_pem(read("public.pem"));
  }
  void run(const std::string& command) const {
    if (std::system(("cd '" + folder_.string() + "' && " + command).c_str()) != 0) throw std::runtime_error("the service failed");
  }
  std::string read(const char* name) const {
    std::ifstream file{folder_ / name, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

  std::filesystem::path folder_;
  PublicKey public_key_;
};

}  // namespace

int main() try {
  std::string folder = (std::filesystem::temp_directory_path() / "custom-signer-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
  const Instant now = SystemClock{}.now();
  const Issuer root = Issuer::self_signed({.space = SpaceName{"acme"}}, std::make_shared<OpensslSigner>(folder), now);
  const Credential client = root.issue_with_key(ClientSubject{.role = RoleName{"app"}}, now);
  std::cout << root.certificate().pem() << client.certificate().pem();
  std::filesystem::remove_all(folder);
  return 0;
} catch (const std::exception& error) {
  std::cerr << "custom_signer: " << error.what() << '\n';
  return 1;
}
