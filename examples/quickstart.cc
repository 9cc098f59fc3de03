// From nothing to files that a PostgreSQL server and its clients take: one space, one server, one client, and one that is revoked.
#include <exception>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <spaceca/clock.h>
#include <spaceca/error.h>
#include <spaceca/exporter.h>
#include <spaceca/files.h>
#include <spaceca/issuer.h>

using namespace spaceca;

namespace {

struct Options {
  std::string folder;
  std::string space = "demo";
  std::vector<std::string> hosts = {"localhost", "127.0.0.1", "::1"};
  std::string role = "app";
  std::string key_algorithm = "ecdsa-p256";
};

// Which kind of key goes where: PostgreSQL's clients cannot do with P-384 leaves, nor its SCRAM with an Ed25519 root.
struct Keys {
  KeyAlgorithm root, server, client;
};

Keys keys_for(const KeyAlgorithm& asked) {
  const KeyAlgorithm p256 = KeyAlgorithm::ecdsa_p256();
  if (asked == KeyAlgorithm::ecdsa_p384()) return {asked, p256, p256};
  if (asked == KeyAlgorithm::ed25519()) return {p256, p256, asked};
  return {asked, asked, asked};
}

// 26 characters of 5 random bits: 130 bits.
SecretBytes random_password() {
  constexpr std::string_view kAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";
  std::random_device random;
  SecretBuffer characters;
  for (int i = 0; i < 26; ++i) characters.push_back(static_cast<std::uint8_t>(kAlphabet[random() % kAlphabet.size()]));
  return SecretBytes{std::move(characters)};
}

void run(const Options& options) {
  const Instant now = SystemClock{}.now();
  const SpaceName space{options.space};
  const Keys keys = keys_for(KeyAlgorithm{options.key_algorithm});
  std::vector<HostName> hosts;
  for (const std::string& host : options.hosts) hosts.emplace_back(host);

  const Issuer root = Issuer::self_signed({.space = space, .generation = 1}, PrivateKey::generate(keys.root), now);
  const Credential server = root.issue_with_key(ServerSubject{.hosts = hosts, .space = space}, now, keys.server);
  const ClientSubject role{.role = RoleName{options.role}};
  const Credential client = root.issue_with_key(role, now, keys.client);
  const Credential stolen = root.issue_with_key(role, now, keys.client);
  const Crl crl = root.crl({{stolen.certificate().serial(), now, RevocationReason::key_compromise}}, {.number = 1}, now);

  const SecretBytes password = random_password();
  FileSet password_file;
  password_file.add({"postgresql.p12.pass", FileRole::other, password.copy()});
  files::write(options.folder, (exporter::server(server) + exporter::revocation_lists({crl})).under("server") +
                                   (exporter::libpq(client) + exporter::jdbc(client) + exporter::pkcs12(client, password) +
                                    std::move(password_file))
                                       .under("client") +
                                   exporter::libpq(stolen).under("revoked"));

  std::cout << "root    " << root.certificate().subject() << "\n        until " << text_of(root.certificate().validity().not_after)
            << "\nserver  " << server.certificate().subject() << ", serial " << server.certificate().serial().hex() << "\nclient  "
            << client.certificate().subject() << ", serial " << client.certificate().serial().hex() << "\n        until "
            << text_of(client.certificate().validity().not_after) << "\nrevoked " << stolen.certificate().subject() << ", serial "
            << stolen.certificate().serial().hex() << "\nfiles   " << options.folder << "/server, " << options.folder << "/client, "
            << options.folder << "/revoked\n";
}

int parse_and_run(int argc, char** argv) {
  Options options;
  CLI::App app{
      "Makes a space's root, a server certificate, a client certificate and a revoked one, and writes what PostgreSQL, psql and "
      "JDBC take."};
  app.add_option("DIR", options.folder, "Where to write: DIR/server, DIR/client and DIR/revoked")->required();
  app.add_option("--space", options.space, "Name of the space")->capture_default_str();
  app.add_option("--host", options.hosts, "Name or address of the server (again for each)")->capture_default_str();
  app.add_option("--role", options.role, "PostgreSQL role of the client")->capture_default_str();
  app.add_option("--key-algorithm", options.key_algorithm,
                 "Kind of the keys; ecdsa-p384 is the root's alone, ed25519 the client's alone")
      ->check(CLI::IsMember({"ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519"}))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  run(options);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "quickstart: " << error.what() << '\n';
    return 1;
  }
}
