#include "diagnosis/bundle.h"

namespace spaceca::test {

ClientFile client_file(std::string name, std::string_view octets, unsigned mode) {
  ClientFile file;
  file.name = std::move(name);
  file.octets = SecretBytes{octets};
  file.mode = mode;
  return file;
}

namespace {

ClientFile file_in(const FileSet& set, std::string_view name, unsigned mode) {
  return client_file(std::string{name}, spaceca::text_of(set.at(name).octets.reveal()), mode);
}

}  // namespace

ClientFiles client_files(const Credential& credential) {
  const FileSet set = exporter::libpq(credential) + exporter::jdbc(credential);
  return {.certificates = file_in(set, exporter::kCertificatesName, 0644),
          .key = file_in(set, exporter::kKeyName, 0600),
          .pk8 = file_in(set, exporter::kPk8Name, 0600),
          .roots = file_in(set, exporter::kRootsName, 0644)};
}

void add_pkcs12(ClientFiles& files, const Credential& credential) {
  files.pkcs12 = file_in(exporter::pkcs12(credential, kP12Password), exporter::kPkcs12Name, 0600);
  files.pkcs12_password = client_file("postgresql.p12.pass", spaceca::text_of(kP12Password.reveal()), 0600);
}

std::string pem_of(const std::vector<Certificate>& certificates) {
  std::string pem;
  for (const Certificate& certificate : certificates) pem += certificate.pem();
  return pem;
}

std::string rules_of(const std::vector<Diagnosis>& found) {
  std::string rules;
  for (const Diagnosis& one : found) {
    rules += rules.empty() ? "" : ", ";
    rules += (one.certainty == Certainty::fault ? "fault " : "doubt ") + one.finding.rule;
  }
  return rules;
}

std::string text_of(const std::vector<Diagnosis>& found) {
  std::string text;
  for (const Diagnosis& one : found) {
    text += one.finding.rule + ": " + one.finding.text + "\n  seen as " + one.finding.seen_as + "\n  to do " + one.remedy + "\n";
  }
  return text;
}

Family::Family(Instant now)
    : root(test_root("acme G1", now)),
      middle(test_intermediate("acme G1 sub", root, now)),
      key(PrivateKey::generate()),
      client(client_parts("app", key.public_key(), middle, now)) {}

Credential Family::credential() const {
  const SecretBytes copy = key.pkcs8_der();
  return Credential{{certificate(), middle.certificate}, PrivateKey::from_pkcs8_der(copy.reveal()), {root.certificate}};
}

}  // namespace spaceca::test
