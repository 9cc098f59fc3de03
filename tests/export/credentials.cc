#include "export/credentials.h"

#include <sstream>
#include <stdexcept>

#include "support/child.h"
#include "support/files.h"
#include "support/text.h"

namespace spaceca::test {
namespace {

const Issuer& root() {
  static const Issuer issuer =
      Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::generate(), instant("2026-11-24T10:00:00Z"));
  return issuer;
}

}  // namespace

Credential client(KeyAlgorithm algorithm) {
  return root().issue_with_key(ClientSubject{.role = RoleName{"app"}}, instant("2026-11-24T10:00:00Z"), algorithm);
}

Credential server(KeyAlgorithm algorithm) {
  return root().issue_with_key(ServerSubject{.hosts = {HostName{"db.acme.example"}}}, instant("2026-11-24T10:00:00Z"), algorithm);
}

Credential client_of_two_roots() {
  const Issuer next =
      Issuer::self_signed({.space = SpaceName{"acme"}, .generation = 2}, PrivateKey::generate(), instant("2026-11-24T10:00:00Z"));
  PrivateKey key = PrivateKey::generate();
  const Certificate leaf = root().issue(ClientSubject{.role = RoleName{"app"}}, key.public_key(), instant("2026-11-24T10:00:00Z"));
  return Credential{{leaf}, std::move(key), {root().certificate(), next.certificate()}};
}

Credential client_of_an_intermediate() {
  const TemporaryFolder folder;
  const auto at = [&folder](const char* name) { return (folder.path() / name).string(); };
  write_file(folder.path() / "openssl.cnf",
             "[req]\ndistinguished_name = dn\n[dn]\n"
             "[ca]\nbasicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign,cRLSign\nsubjectKeyIdentifier = hash\n"
             "[below]\nbasicConstraints = critical,CA:TRUE,pathlen:0\nkeyUsage = critical,keyCertSign,cRLSign\n"
             "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n"
             "[leaf]\nbasicConstraints = critical,CA:FALSE\nkeyUsage = critical,digitalSignature\nextendedKeyUsage = clientAuth\n"
             "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n");
  const auto make = [&](const std::string& name, const std::string& subject, const std::string& section,
                        const std::string& issuer) {
    const std::string path = at(name.c_str());
    static_cast<void>(openssl({"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path + ".key"}));
    static_cast<void>(
        openssl({"req", "-new", "-config", at("openssl.cnf"), "-key", path + ".key", "-subj", subject, "-out", path + ".csr"}));
    std::vector<std::string> sign = {"x509",        "-req",  "-in",  path + ".csr", "-days", "3650", "-extfile", at("openssl.cnf"),
                                     "-extensions", section, "-out", path + ".crt"};
    const auto more = issuer.empty() ? std::vector<std::string>{"-key", path + ".key"}
                                     : std::vector<std::string>{"-CA",         at(issuer.c_str()) + ".crt",
                                                                "-CAkey",      at(issuer.c_str()) + ".key",
                                                                "-set_serial", "0x0102030405060708090a0b0c0d0e0f10"};
    sign.insert(sign.end(), more.begin(), more.end());
    static_cast<void>(openssl(sign));
    return Certificate::from_pem(read_file(path + ".crt"));
  };
  const Certificate top = make("root", "/CN=Test Root", "ca", "");
  const Certificate middle = make("intermediate", "/CN=Test Intermediate", "below", "root");
  const Certificate leaf = make("leaf", "/CN=app", "leaf", "intermediate");
  return Credential{{leaf, middle}, PrivateKey::from_pem(read_file(folder.path() / "leaf.key")), {top}};
}

std::string text_in(const FileSet& set, std::string_view name) { return std::string{text_of(set.at(name).octets.reveal())}; }

std::vector<std::string> names_in(const FileSet& set) {
  std::vector<std::string> names;
  for (const File& file : set.files()) names.push_back(file.name);
  return names;
}

std::string openssl(const std::vector<std::string>& arguments, const std::string& input) {
  std::vector<std::string> command{"openssl"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const Outcome outcome = run(command, {.input = input});
  if (outcome.exit_code != 0) throw std::runtime_error{"openssl " + arguments.front() + ": " + outcome.err};
  return outcome.out;
}

std::vector<std::string> subjects_in(const std::string& pem) {
  const TemporaryFolder folder;
  write_file(folder.path() / "file", pem);
  const std::string bundle = openssl({"crl2pkcs7", "-nocrl", "-certfile", (folder.path() / "file").string()});
  std::istringstream lines{openssl({"pkcs7", "-print_certs", "-noout"}, bundle)};
  std::vector<std::string> subjects;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("subject=")) subjects.push_back(line.substr(8));
  }
  return subjects;
}

}  // namespace spaceca::test
