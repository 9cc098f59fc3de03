#include "diagnosis/contents.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

#include <spaceca/crl.h>

#include "diagnosis/words.h"
#include "x509/encrypted_key.h"
#include "x509/name_match.h"
#include "x509/pem.h"
#include "x509/pkcs8.h"

namespace spaceca::diagnosis {
namespace {

using Found = std::vector<Diagnosis>;

constexpr std::size_t kLongestListFile = std::size_t{256} << 20;

// What is refused here for its kind or its strength, clients with another OpenSSL may take.
Diagnosis unread(Errc code, Words words) {
  const bool damaged = code == Errc::malformed || code == Errc::mismatch;
  return made_of(damaged ? Certainty::fault : Certainty::doubt, std::move(words));
}

// Whether there is something to read; otherwise it has been said.
bool is_read(const ClientFile& file, Found& found) {
  if (file.state == ClientFile::State::no_file) {
    found.push_back(fault({.rule = "no-file",
                           .text = file_text(file.name) + ": is no regular file",
                           .source = kLibpq,
                           .seen_as = {},
                           .remedy = "put the file itself there; a link to a file is taken"}));
    return false;
  }
  if (file.state == ClientFile::State::unreadable) {
    found.push_back(fault({.rule = "file-unreadable",
                           .text = file_text(file.name) + ": this user may not read it",
                           .source = kLibpq,
                           .seen_as = "Permission denied",
                           .remedy = "give it to the user that the client runs as (chown), with mode 0600 if it holds the key"}));
    return false;
  }
  return true;
}

bool holds_pem(const ClientFile& file) { return text_of(file.octets.reveal()).find("-----BEGIN ") != std::string_view::npos; }

bool is_certificate_in_der(const ClientFile& file) {
  try {
    static_cast<void>(Certificate::from_der(file.octets.reveal()));
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Both files of certificates are PEM to libpq; other blocks in them it passes over.
struct CertificateFile {
  std::string_view der_rule;
  std::string_view unreadable_rule;
  std::string_view seen_as;  // what libpq says of one without PEM
};
constexpr CertificateFile kOwn = {"certificates-der", "certificates-unreadable", "no start line"};
constexpr CertificateFile kTrusted = {"roots-der", "roots-unreadable", "no certificate or crl found"};

std::vector<Certificate> certificates_in(const ClientFile& file, const CertificateFile& kind, Found& found) {
  std::vector<Certificate> certificates;
  try {
    for (const x509::PemBlock& block : x509::pem_blocks(text_of(file.octets.reveal()), "file")) {
      if (block.label != "CERTIFICATE" && block.label != "X509 CERTIFICATE") continue;
      certificates.push_back(Certificate::from_der(x509::decoded(block, "file").reveal()));
    }
  } catch (const Error& error) {
    found.push_back(
        unread(error.code(), {.rule = kind.unreadable_rule,
                              .text = fmt::format("{}: a certificate in it cannot be read: {}", file_text(file.name), error.what()),
                              .source = kLibpq,
                              .seen_as = {},
                              .remedy = "download the bundle again; an editor or a copy by hand may have changed it"}));
    return certificates;
  }
  if (!certificates.empty()) return certificates;
  if (is_certificate_in_der(file)) {
    found.push_back(fault({.rule = kind.der_rule,
                           .text = file_text(file.name) + ": is DER, and libpq reads PEM alone",
                           .source = kLibpq,
                           .seen_as = kind.seen_as,
                           .remedy = "openssl x509 -inform DER -in FILE -out NEW"}));
  } else {
    found.push_back(fault({.rule = kind.unreadable_rule,
                           .text = file_text(file.name) + ": holds no certificate in PEM",
                           .source = kLibpq,
                           .seen_as = kind.seen_as,
                           .remedy = "download the bundle again, or look whether the files were given each other's names"}));
  }
  return certificates;
}

// libpq takes PEM of every kind, and DER (SSL_FILETYPE_ASN1), the older containers too if they are not encrypted.
PrivateKey key_of(const ClientFile& file) {
  const ByteView octets = file.octets.reveal();
  if (holds_pem(file)) return PrivateKey::from_pem(text_of(octets));
  const auto form = x509::form_of(octets);
  const bool is_older = form && (form->label == "EC PRIVATE KEY" || form->label == "RSA PRIVATE KEY");
  if (!is_older) return PrivateKey::from_pkcs8_der(octets);
  SecretBuffer pem;
  x509::append_pem(pem, form->label, octets);
  return PrivateKey::from_pem(text_of(pem));
}

std::optional<PrivateKey> libpq_key(const ClientFile& file, Found& found) {
  try {
    return key_of(file);
  } catch (const Error& error) {
    if (error.code() == Errc::passphrase_missing) {
      found.push_back(doubt({.rule = "key-encrypted",
                             .text = file_text(file.name) +
                                     ": is encrypted, so libpq asks for its passphrase each time, and what has no terminal fails",
                             .source = kLibpq,
                             .seen_as = "Enter PEM pass phrase:",
                             .remedy = "give the passphrase as sslpassword, or write the key unencrypted with mode 0600"}));
    } else {
      found.push_back(unread(error.code(), {.rule = "key-unreadable",
                                            .text = fmt::format("{}: {}", file_text(file.name), error.what()),
                                            .source = kLibpq,
                                            .seen_as = "could not load private key file",
                                            .remedy = "download the bundle again"}));
    }
    return std::nullopt;
  }
}

// The scheme of an EncryptedPrivateKeyInfo (RFC 5958 3); none if it is no such thing.
enum class Encryption { none, pbes2, older };
Encryption encryption_of(ByteView der) {
  try {
    return x509::is_pbes2(der) ? Encryption::pbes2 : Encryption::older;
  } catch (const Error&) {
    return Encryption::none;
  }
}

std::optional<PrivateKey> pgjdbc_key(const ClientFile& file, Found& found) {
  const std::string who = file_text(file.name);
  if (holds_pem(file)) {
    found.push_back(fault({.rule = "pk8-pem",
                           .text = who + ": is PEM, and pgjdbc reads a .pk8 as DER (42.7.13 and later look what it is)",
                           .source = kLazyKeyManager,
                           .seen_as = "Could not read SSL key file",
                           .remedy = "spaceca pkcs8 IN.pem OUT.pk8 writes it as every pgjdbc takes it"}));
    return std::nullopt;
  }
  if (const Encryption encryption = encryption_of(file.octets.reveal()); encryption != Encryption::none) {
    if (encryption == Encryption::pbes2) {
      found.push_back(doubt({.rule = "pk8-encrypted",
                             .text = who + ": is encrypted by PBES2, which Java opens from version 19 on, with sslpassword",
                             .source = kLazyKeyManager,
                             .seen_as = "Cannot find any provider supporting PBES2",
                             .remedy = "write it unencrypted with mode 0600 (spaceca pkcs8), or use the .p12"}));
    }
    return std::nullopt;  // the passphrase is the program's to give
  }
  try {
    return PrivateKey::from_pkcs8_der(file.octets.reveal());
  } catch (const Error& error) {
    found.push_back(fault({.rule = "pk8-unreadable",
                           .text = fmt::format("{}: {}", who, error.what()),
                           .source = kLazyKeyManager,
                           .seen_as = "Could not read SSL key file",
                           .remedy = "spaceca pkcs8 IN.pem OUT.pk8 writes it as every pgjdbc takes it"}));
    return std::nullopt;
  }
}

SecretBytes password_in(const ClientFile& file) {
  std::string_view text = text_of(file.octets.reveal());
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return SecretBytes{text};
}

std::optional<x509::Pkcs12Content> pkcs12_of(const ClientFiles& files, Found& found) {
  const std::string who = file_text(files.pkcs12->name);
  const bool has_password = files.pkcs12_password && is_read(*files.pkcs12_password, found);
  if (!has_password) {
    found.push_back(doubt({.rule = "pkcs12-password",
                           .text = who + ": no file beside it holds its password, so it was not looked into",
                           .source = kPkcs12KeyManager,
                           .seen_as = {},
                           .remedy = fmt::format("write the password, which the program gives as sslpassword, into {}.pass",
                                                 printable(files.pkcs12->name))}));
    return std::nullopt;
  }
  try {
    return x509::read_pkcs12(files.pkcs12->octets.reveal(), password_in(*files.pkcs12_password));
  } catch (const Error& error) {
    if (error.code() == Errc::unsupported) {
      found.push_back(
          doubt({.rule = "pkcs12-unsupported",
                 .text = fmt::format("{}: was not looked into, though Java may open it: {}", who, error.what()),
                 .source = "RFC 7292 5.1",
                 .seen_as = {},
                 .remedy = "download the bundle again with --format pkcs12, or make it anew with openssl pkcs12 -export"}));
      return std::nullopt;
    }
    const bool wrong = error.code() == Errc::passphrase_wrong;
    found.push_back(fault({.rule = wrong ? "pkcs12-password" : "pkcs12-unreadable",
                           .text = fmt::format("{}: {}", who, error.what()),
                           .source = kPkcs12KeyManager,
                           .seen_as = wrong ? "keystore password was incorrect" : "",
                           .remedy = wrong ? "look for the password that it was made with, or download the bundle again"
                                           : "download the bundle again"}));
    return std::nullopt;
  }
}

// As far as they can be read; check_for_postgresql says what is wrong with the others.
std::vector<Bytes> lists_in(const ClientFile& file) {
  std::vector<Bytes> lists;
  try {
    for (const x509::PemBlock& block : x509::pem_blocks(text_of(file.octets.reveal()), "file", kLongestListFile)) {
      if (block.label != "X509 CRL") continue;
      const SecretBytes der = x509::decoded(block, "file");
      lists.emplace_back(der.reveal().begin(), der.reveal().end());
    }
  } catch (const Error&) {
    lists.clear();
  }
  return lists;
}

}  // namespace

Contents contents_of(const ClientFiles& files, std::vector<Diagnosis>& found) {
  Contents contents;
  if (files.certificates && is_read(*files.certificates, found)) {
    contents.certificates = certificates_in(*files.certificates, kOwn, found);
  }
  if (files.key && is_read(*files.key, found)) contents.key = libpq_key(*files.key, found);
  if (files.pk8 && is_read(*files.pk8, found)) contents.pk8 = pgjdbc_key(*files.pk8, found);
  if (files.pkcs12 && is_read(*files.pkcs12, found)) contents.pkcs12 = pkcs12_of(files, found);
  if (files.roots && is_read(*files.roots, found)) contents.roots = certificates_in(*files.roots, kTrusted, found);
  if (files.lists && is_read(*files.lists, found)) contents.lists = lists_in(*files.lists);
  return contents;
}

const x509::Pkcs12Content::Key* key_for_pgjdbc(const x509::Pkcs12Content& content) {
  // Java's key store looks aliases up in lower case.
  const auto is_user = [](const x509::Pkcs12Content::Key& key) {
    constexpr std::string_view kAlias = "user";
    return key.alias && std::ranges::equal(*key.alias, kAlias, {}, [](unsigned char c) { return std::tolower(c); });
  };
  const auto found = std::ranges::find_if(content.keys, is_user);
  return found == content.keys.end() ? nullptr : &*found;
}

Chain chain_for(const x509::Pkcs12Content& content, const PrivateKey& key) {
  const auto own = std::ranges::find_if(content.certificates,
                                        [&key](const Certificate& other) { return other.public_key() == key.public_key(); });
  if (own == content.certificates.end()) return {};
  Chain chain{*own};
  while (chain.size() <= content.certificates.size() && !x509::same_name(chain.back().subject_der(), chain.back().issuer_der())) {
    const auto issuer = std::ranges::find_if(content.certificates, [&chain](const Certificate& other) {
      return x509::same_name(other.subject_der(), chain.back().issuer_der());
    });
    if (issuer == content.certificates.end()) break;
    chain.push_back(*issuer);
  }
  return chain;
}

}  // namespace spaceca::diagnosis
