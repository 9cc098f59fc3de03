#include <spaceca/exporter.h>
#include <spaceca/files.h>
#include <spaceca/issuer.h>

#include "support/files.h"
#include "support/text.h"
#include "wipe/freed.h"
#include "wipe/secrets.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

const std::string kPassword = "a password long enough for the heap";

// A client with the key of that name, and what must not stay behind of it.
struct Known {
  Credential credential;
  Needles secrets;
};
Known client_with(const std::string& name) {
  const Issuer root = Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::generate(), instant("2026-11-24T10:00:00Z"));
  PrivateKey key = PrivateKey::from_pem(data("keys/good/" + name + ".pem"));
  const Certificate leaf = root.issue(ClientSubject{.role = RoleName{"app"}}, key.public_key(), instant("2026-11-24T10:00:00Z"));
  return {Credential{{leaf}, std::move(key), {root.certificate()}},
          with(secrets_of_pkcs8(bytes_of(data("keys/good/" + name + ".p8"))), kPassword)};
}

}  // namespace

TEST_CASE("exporting a credential leaves nothing of its key behind, nor of the password", "[wipe][export]") {
  const auto name = GENERATE(as<std::string>{}, "p256-pkcs8", "rsa2048-pkcs8", "rsa4096-pkcs8", "ed25519-pkcs8");
  const Known client = client_with(name);
  const SecretBytes password{kPassword};
  INFO(name);
  CHECK(found_in(freed_by([&] { static_cast<void>(exporter::libpq(client.credential)); }), client.secrets) == "none");
  CHECK(found_in(freed_by([&] { static_cast<void>(exporter::jdbc(client.credential)); }), client.secrets) == "none");
  CHECK(found_in(freed_by([&] { static_cast<void>(exporter::server(client.credential)); }), client.secrets) == "none");
  CHECK(found_in(freed_by([&] { static_cast<void>(exporter::pkcs12(client.credential, password)); }), client.secrets) == "none");
  CHECK(found_in(freed_by([&] { static_cast<void>(exporter::kubernetes(client.credential, "acme")); }), client.secrets) == "none");
}

TEST_CASE("the key in a Kubernetes secret, twice in base64, does not stay behind either", "[wipe][export]") {
  const Known client = client_with("p256-pkcs8");
  // Of the base64 of the PEM: pieces of the lines between its BEGIN and END, in all three alignments.
  const SecretBytes pem = client.credential.key().pkcs8_pem();
  const std::string yaml{text_of(exporter::kubernetes(client.credential, "acme").at("secret.yaml").octets.reveal())};
  const auto key = yaml.find("tls.key: ") + 9;
  const std::string twice = yaml.substr(key, yaml.find('\n', key) - key);
  REQUIRE(twice.size() > 300);
  Needles secrets;
  for (std::size_t at = 100; at + 12 < 200; at += 12) secrets.push_back(twice.substr(at, 12));
  CHECK(found_in(freed_by([&] { static_cast<void>(exporter::kubernetes(client.credential, "acme")); }), secrets) == "none");
}

TEST_CASE("an export that is refused leaves nothing behind", "[wipe][export]") {
  const Known client = client_with("p256-pkcs8");
  const SecretBytes password{kPassword};
  const SecretBytes wrong{kPassword + "\n"};
  const auto refused = [](auto call) {
    return [call] {
      try {
        static_cast<void>(call());
      } catch (const Error&) {
        return;
      }
      FAIL_CHECK("was not refused");
    };
  };
  CHECK(found_in(freed_by(refused([&] { return exporter::libpq(client.credential, "a/b"); })), client.secrets) == "none");
  CHECK(found_in(freed_by(refused([&] { return exporter::jdbc(client.credential, "a/b"); })), client.secrets) == "none");
  CHECK(found_in(freed_by(refused([&] { return exporter::pkcs12(client.credential, password, "a/b"); })), client.secrets) ==
        "none");
  CHECK(found_in(freed_by(refused([&] { return exporter::pkcs12(client.credential, wrong); })), client.secrets) == "none");
  CHECK(found_in(freed_by(refused([&] { return exporter::kubernetes(client.credential, "acme", "a/b"); })), client.secrets) ==
        "none");
  CHECK(found_in(freed_by(refused([&] { return exporter::kubernetes(client.credential, "A"); })), client.secrets) == "none");
}

TEST_CASE("putting sets together and writing them leaves nothing of the key behind", "[wipe][export]") {
  const Known client = client_with("rsa2048-pkcs8");
  const SecretBytes password{kPassword};
  const TemporaryFolder folder;
  const auto write = [&](files::Existing existing) {
    FileSet set = exporter::libpq(client.credential) + exporter::jdbc(client.credential) +
                  exporter::pkcs12(client.credential, password) + exporter::kubernetes(client.credential, "acme");
    files::write(folder.path(), std::move(set).under("client") + exporter::server(client.credential), existing);
  };
  CHECK(found_in(freed_by([&] { write(files::Existing::refuse); }), client.secrets) == "none");
  CHECK(found_in(freed_by([&] { write(files::Existing::replace); }), client.secrets) == "none");
  CHECK(found_in(freed_by([&] { CHECK_THROWS_AS(write(files::Existing::refuse), Error); }), client.secrets) == "none");
}
