// diagnose: a client's files by themselves, each with one thing wrong.
#include <chrono>
#include <functional>

#include "diagnosis/bundle.h"
#include "support/child.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;

namespace {

const Instant kNow = instant("2026-11-24T10:00:00Z");

std::string key_text(const PrivateKey& key) { return std::string{spaceca::text_of(key.pkcs8_pem().reveal())}; }

std::string der_text(const Certificate& certificate) { return std::string{spaceca::text_of(certificate.der())}; }

std::string pem_of_list(const Bytes& list) { return Crl::from_der(list).pem(); }

struct Row {
  std::string found;    // rules_of
  std::string text;     // in the first one's text
  std::string seen_as;  // of the first one
  std::function<void(Family&, ClientFiles&)> spoil;
};

void replace(std::optional<ClientFile>& file, std::string_view octets) { file->octets = SecretBytes{octets}; }

void check(const Row& row) {
  Family family{kNow};
  ClientFiles files = client_files(family.credential());
  row.spoil(family, files);
  const auto found = diagnose(files, {.now = kNow});
  INFO(spaceca::test::text_of(found));
  CHECK(rules_of(found) == row.found);
  if (found.empty()) return;
  CHECK_THAT(found.front().finding.text, ContainsSubstring(row.text));
  CHECK(found.front().finding.seen_as == row.seen_as);
  for (const Diagnosis& one : found) {
    CHECK_FALSE(one.remedy.empty());
    CHECK_FALSE(one.finding.source.empty());
  }
}

// The certificate anew, by the family's parts as they are now, in the file and alone in question.
void reissue(const Family& family, ClientFiles& files) {
  replace(files.certificates, pem_of({family.certificate(), family.middle.certificate}));
}

}  // namespace

TEST_CASE("of files as the exporters give them nothing is said", "[diagnosis]") {
  check({"", "", "", [](Family&, ClientFiles&) {}});
  check({"", "", "", [](Family& family, ClientFiles& files) { add_pkcs12(files, family.credential()); }});
  check({"", "", "", [](Family&, ClientFiles& files) { files.pk8.reset(); }});
  check({"", "", "", [](Family&, ClientFiles& files) { files.key.reset(); }});
  check({"", "", "", [](Family& family, ClientFiles& files) {
           files.certificates.reset(), files.key.reset(), files.pk8.reset();
           add_pkcs12(files, family.credential());
         }});
}

TEST_CASE("a file that is missing is named with what the user then reads", "[diagnosis]") {
  check({"fault certificates-missing", "postgresql.crt", "connection requires a valid client certificate",
         [](Family&, ClientFiles& files) { files.certificates.reset(); }});
  check({"fault key-missing", "postgresql.key", "certificate present, but not private key file",
         [](Family&, ClientFiles& files) { files.key.reset(), files.pk8.reset(); }});
  check({"fault roots-missing", "root.crt", "root certificate file", [](Family&, ClientFiles& files) { files.roots.reset(); }});
}

TEST_CASE("a file that is none, or may not be read, is not asked for its content", "[diagnosis]") {
  check({"fault no-file", "file \"postgresql.key\"", "",
         [](Family&, ClientFiles& files) { files.key->state = ClientFile::State::no_file; }});
  check({"fault file-unreadable", "file \"postgresql.key\"", "Permission denied",
         [](Family&, ClientFiles& files) { files.key->state = ClientFile::State::unreadable; }});
  check({"fault file-unreadable", "file \"root.crt\"", "Permission denied",
         [](Family&, ClientFiles& files) { files.roots->state = ClientFile::State::unreadable; }});
}

TEST_CASE("a key that others may read is refused by libpq's rule, which lets root's group in", "[diagnosis]") {
  using Owner = ClientFile::Owner;
  auto [mode, owner, refused] = GENERATE(table<unsigned, Owner, bool>({
      {0600U, Owner::other, false},
      {0400U, Owner::other, false},
      {0640U, Owner::other, true},
      {0604U, Owner::other, true},
      {0644U, Owner::other, true},
      {0620U, Owner::other, true},
      {0600U, Owner::root, false},
      {0640U, Owner::root, false},
      {0660U, Owner::root, true},
      {0650U, Owner::root, true},
      {0644U, Owner::root, true},
  }));
  INFO(std::oct << mode);
  Family family{kNow};
  ClientFiles files = client_files(family.credential());
  files.key->mode = mode;
  files.key->owner = owner;
  const auto found = diagnose(files, {.now = kNow});
  CHECK(rules_of(found) == (refused ? "fault key-permissions" : ""));
  if (refused) CHECK(found.front().finding.seen_as == "has group or world access");
}

TEST_CASE("pgjdbc's files that others may read are a doubt", "[diagnosis]") {
  check({"doubt pk8-permissions", "42.7.13", "", [](Family&, ClientFiles& files) { files.pk8->mode = 0644; }});
  check({"doubt pkcs12-permissions", "the key is in it", "", [](Family& family, ClientFiles& files) {
           add_pkcs12(files, family.credential());
           files.pkcs12->mode = 0644;
         }});
}

TEST_CASE("a certificate that libpq cannot read is told apart from one that is DER", "[diagnosis]") {
  check({"fault certificates-der", "is DER", "no start line",
         [](Family& family, ClientFiles& files) { replace(files.certificates, der_text(family.certificate())); }});
  check({"fault certificates-unreadable", "holds no certificate", "no start line",
         [](Family&, ClientFiles& files) { replace(files.certificates, "hello"); }});
  check({"fault certificates-unreadable", "holds no certificate", "no start line",
         [](Family& family, ClientFiles& files) { replace(files.certificates, key_text(family.key)); }});
  check({"fault certificates-unreadable", "cannot be read", "", [](Family& family, ClientFiles& files) {
           std::string pem = family.certificate().pem();
           replace(files.certificates, pem.substr(0, pem.size() / 2));
         }});
  check({"fault roots-der", "is DER", "no certificate or crl found",
         [](Family& family, ClientFiles& files) { replace(files.roots, der_text(family.root.certificate)); }});
  check({"fault roots-unreadable", "holds no certificate", "no certificate or crl found",
         [](Family&, ClientFiles& files) { replace(files.roots, ""); }});
}

TEST_CASE("a key of another certificate is told apart from a chain in the wrong order", "[diagnosis]") {
  const PrivateKey other = PrivateKey::generate();
  check({"fault key-mismatch", "holds another key", "key values mismatch",
         [&](Family&, ClientFiles& files) { replace(files.key, key_text(other)); }});
  check({"fault chain-order", "\"CN=app\" is number 2 in it", "key values mismatch", [](Family& family, ClientFiles& files) {
           replace(files.certificates, pem_of({family.middle.certificate, family.certificate()}));
         }});
  check({"fault pk8-mismatch", "holds another key", "Received fatal alert: decrypt_error",
         [&](Family&, ClientFiles& files) { replace(files.pk8, spaceca::text_of(other.pkcs8_der().reveal())); }});
}

TEST_CASE("intermediates in the wrong order are a doubt, since pgjdbc alone looks at the last one", "[diagnosis]") {
  check({"doubt chain-order", "the issuer of the last one, \"CN=other G1\"", "connection requires a valid client certificate",
         [](Family& family, ClientFiles& files) {
           const TestCa stray = test_intermediate("stray", test_root("other G1", kNow), kNow);
           replace(files.certificates, pem_of({family.certificate(), family.middle.certificate, stray.certificate}));
         }});
}

TEST_CASE("keys in a form that one of the clients does not take are named", "[diagnosis]") {
  const SecretBytes passphrase{std::string_view{"swordfish"}};
  check({"doubt key-encrypted", "asks for its passphrase", "Enter PEM pass phrase:", [&](Family& family, ClientFiles& files) {
           replace(files.key, spaceca::text_of(family.key.encrypted_pkcs8_pem(passphrase, EncryptionFor::modern).reveal()));
         }});
  check({"fault key-unreadable", "file \"postgresql.key\"", "could not load private key file",
         [](Family&, ClientFiles& files) { replace(files.key, "hello"); }});
  check({"", "", "",
         [](Family& family, ClientFiles& files) { replace(files.key, spaceca::text_of(family.key.pkcs8_der().reveal())); }});
  const auto in_der = [](const PrivateKey& key, std::vector<std::string> command) {
    return run(command, {.input = std::string{key_text(key)}}).out;
  };
  check({"", "", "", [&](Family& family, ClientFiles& files) {
           replace(files.key, in_der(family.key, {"openssl", "ec", "-outform", "DER"}));  // SEC1
         }});
  const PrivateKey rsa = PrivateKey::generate(KeyAlgorithm::rsa_2048());
  check({"fault key-mismatch", "", "key values mismatch", [&](Family&, ClientFiles& files) {
           replace(files.key, in_der(rsa, {"openssl", "rsa", "-traditional", "-outform", "DER"}));  // PKCS#1, read and not his
         }});
  check({"fault pk8-pem", "is PEM", "Could not read SSL key file",
         [](Family& family, ClientFiles& files) { replace(files.pk8, key_text(family.key)); }});
  check({"fault pk8-unreadable", "file \"postgresql.pk8\"", "Could not read SSL key file",
         [](Family&, ClientFiles& files) { replace(files.pk8, "hello"); }});
  check({"doubt pk8-encrypted", "PBES2", "Cannot find any provider supporting PBES2", [&](Family& family, ClientFiles& files) {
           replace(files.pk8, spaceca::text_of(family.key.encrypted_pkcs8_der(passphrase, EncryptionFor::modern).reveal()));
         }});
  check({"", "", "", [&](Family& family, ClientFiles& files) {
           replace(files.pk8, spaceca::text_of(family.key.encrypted_pkcs8_der(passphrase, EncryptionFor::jdk17).reveal()));
         }});
}

TEST_CASE("what is refused here for its strength is a doubt, since another OpenSSL may take it", "[diagnosis]") {
  const std::string weak = run({"openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"}).out;
  check({"doubt key-unreadable", "file \"postgresql.key\"", "could not load private key file",
         [&](Family&, ClientFiles& files) { replace(files.key, weak); }});
}

TEST_CASE("no finding holds anything of a key", "[diagnosis]") {
  Family family{kNow};
  ClientFiles files = client_files(family.credential());
  const std::string key = key_text(family.key);
  replace(files.key, key.substr(0, key.size() - 40));
  replace(files.pk8, key);
  replace(files.certificates, key);
  const std::string said = spaceca::test::text_of(diagnose(files, {.now = kNow}));
  CHECK_THAT(said, ContainsSubstring("key-unreadable"));
  CHECK(said.find(key.substr(40, 20)) == std::string::npos);
}

TEST_CASE("roots without a root are no anchor for libpq", "[diagnosis]") {
  check({"fault roots-without-root", "\"CN=acme G1 sub\"", "certificate verify failed",
         [](Family& family, ClientFiles& files) { replace(files.roots, family.middle.certificate.pem()); }});
}

TEST_CASE("a certificate that is out of date, or not yet in it, is named with the dates", "[diagnosis]") {
  check({"fault expired", "ended 2026-11-23 10:00:00, it is 2026-11-24 10:00:00", "sslv3 alert certificate expired",
         [](Family& family, ClientFiles& files) {
           family.client.validity = validity(kNow - std::chrono::days{9}, kNow - std::chrono::days{1});
           reissue(family, files);
         }});
  check({"fault not-yet-valid", "starts 2026-11-25 10:00:00, it is 2026-11-24 10:00:00", "sslv3 alert bad certificate",
         [](Family& family, ClientFiles& files) {
           family.client.validity = validity(kNow + std::chrono::days{1}, kNow + std::chrono::days{9});
           reissue(family, files);
         }});
}

TEST_CASE("a certificate that is for servers alone is named", "[diagnosis]") {
  check({"fault purpose", "extended key usage is not for a client", "sslv3 alert unsupported certificate",
         [](Family& family, ClientFiles& files) {
           family.client.set(id::kPurpose, purposes({id::kServerAuth}));
           reissue(family, files);
         }});
}

TEST_CASE("without a server, a certificate of another root than those trusted is a doubt", "[diagnosis]") {
  check({"doubt chain-incomplete", "\"CN=acme G1 sub\" is neither in the chain nor among the roots", "tlsv1 alert unknown ca",
         [](Family& family, ClientFiles& files) {
           reissue(family, files);
           replace(files.certificates, family.certificate().pem());
         }});
  check({"doubt chain-incomplete", "\"CN=acme G1\" is neither in the chain nor among the roots", "tlsv1 alert unknown ca",
         [](Family&, ClientFiles& files) { replace(files.roots, test_root("other G1", kNow).certificate.pem()); }});
}

TEST_CASE("a role that is not the common name is a doubt, and none is asked for", "[diagnosis]") {
  const Family family{kNow};
  const ClientFiles files = client_files(family.credential());
  CHECK(rules_of(diagnose(files, {.now = kNow, .host = {}, .role = "app"})).empty());
  const auto found = diagnose(files, {.now = kNow, .host = {}, .role = "reader"});
  CHECK(rules_of(found) == "doubt role");
  CHECK_THAT(found.front().finding.text, ContainsSubstring("common name is \"app\", and role \"reader\""));
  CHECK(found.front().finding.seen_as == "authentication failed for user \"reader\"");
}

TEST_CASE("lists that lie beside are judged as libpq uses them: against servers", "[diagnosis]") {
  const auto with_lists = [](std::string_view octets) {
    return [text = std::string{octets}](Family&, ClientFiles& files) { files.lists = client_file("root.crl", text); };
  };
  check({"", "", "", [](Family& family, ClientFiles& files) {
           files.lists = client_file("root.crl", pem_of_list(crl_of(family.root, kNow)));
         }});
  check({"fault crl-expired", "by which libpq judges servers", "certificate verify failed", [](Family& family, ClientFiles& files) {
           files.lists = client_file("root.crl", pem_of_list(crl_of(family.root, kNow - std::chrono::days{60})));
         }});
  check({"fault root-without-crl, doubt crl-without-root", "has no list of its own", "certificate verify failed",
         [](Family& family, ClientFiles& files) {
           files.lists = client_file("root.crl", pem_of_list(crl_of(family.middle, kNow)));
         }});
  check({"doubt crl-file-empty", "passes over", "", with_lists("")});
  check({"doubt crl-file-der", "passes over", "", [](Family& family, ClientFiles& files) {
           files.lists = client_file("root.crl", spaceca::text_of(ByteView{crl_of(family.root, kNow)}));
         }});
}

TEST_CASE("libpq sends with a certificate that comes alone what root.crt has above it, and pgjdbc does not", "[diagnosis]") {
  const Family family{kNow};
  ClientFiles files = client_files(family.credential());
  replace(files.certificates, family.certificate().pem());
  replace(files.roots, pem_of({family.root.certificate, family.middle.certificate}));
  CHECK(shown_of(files)->chain.size() == 3);
  CHECK(shown_of(files)->chain[1] == family.middle.certificate);
  CHECK(shown_of(files)->chain[2] == family.root.certificate);
  files.key.reset();
  CHECK(shown_of(files)->chain.size() == 1);
}

TEST_CASE("what a client would show is libpq's pair, or else pgjdbc's", "[diagnosis]") {
  const Family family{kNow};
  const auto shown = [&family](const std::function<void(ClientFiles&)>& change) {
    ClientFiles files = client_files(family.credential());
    change(files);
    return shown_of(files);
  };
  const auto is_whole = [&family](const Chain& chain) {
    return chain.size() == 2 && chain[0].public_key() == family.key.public_key() && chain[1] == family.middle.certificate;
  };
  CHECK(is_whole(shown([](ClientFiles&) {})->chain));
  CHECK(shown([](ClientFiles&) {})->common_name == "app");
  CHECK(is_whole(shown([](ClientFiles& files) { files.key.reset(); })->chain));
  const auto by_pkcs12 = shown([&family](ClientFiles& files) {
    files.certificates.reset();
    add_pkcs12(files, family.credential());
  });
  CHECK(is_whole(by_pkcs12->chain));
  CHECK(by_pkcs12->key.public_key() == family.key.public_key());
  CHECK_FALSE(shown([](ClientFiles& files) { files.key.reset(), files.pk8.reset(); }));
  CHECK_FALSE(shown([](ClientFiles& files) { files.certificates.reset(); }));
  CHECK_FALSE(shown([](ClientFiles& files) { files.key = client_file("k", key_text(PrivateKey::generate()), 0600); }));
  CHECK_FALSE(shown([&](ClientFiles& files) {
    files.certificates = client_file("c", pem_of({family.middle.certificate, family.certificate()}));
  }));
}
