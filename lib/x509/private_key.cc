#include <spaceca/key.h>

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <openssl/pem.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "ossl/check.h"
#include "ossl/encode.h"
#include "x509/algorithms.h"
#include "x509/encrypted_key.h"
#include "x509/key_access.h"
#include "x509/key_maker.h"
#include "x509/pem.h"
#include "x509/pkcs8.h"

namespace spaceca {
namespace x509 {
namespace {

bool is_private_key(const PemBlock& block) { return block.label.ends_with("PRIVATE KEY"); }

// The octets of a block that is not encrypted in the traditional form, which are what its label says.
SecretBytes content_of(const PemBlock& block) {
  SecretBytes octets = decoded(block, kPrivateKey);
  const auto form = form_of(octets.reveal());
  if (form && form->label != block.label) {
    throw Error{Errc::malformed,
                fmt::format("private key: labelled \"{}\", holds {}, whose label is \"{}\"", block.label, form->name, form->label)};
  }
  return octets;
}

// The one private key among the blocks, or a refusal that says what there was.
const PemBlock& only_private_key(const std::vector<PemBlock>& blocks) {
  if (blocks.empty()) throw Error{Errc::malformed, "private key: there is no PEM in the input (no line -----BEGIN ...-----)"};
  const PemBlock* found = nullptr;
  for (const PemBlock& block : blocks) {
    if (!is_private_key(block)) continue;
    if (found != nullptr) throw Error{Errc::malformed, "private key: the input holds more than one; give one"};
    found = &block;
  }
  if (found != nullptr) return *found;
  const std::string_view label = blocks.front().label;
  if (label.ends_with("PUBLIC KEY")) throw Error{Errc::malformed, "private key: the input is a public key; give the private half"};
  if (label.ends_with("CERTIFICATE")) throw Error{Errc::malformed, "private key: the input holds a certificate and no key"};
  throw Error{Errc::malformed, fmt::format("private key: the input holds \"{}\" and no private key", printable(label))};
}

Container container_of(std::string_view label) {
  if (label == "PRIVATE KEY") return Container::pkcs8;
  if (label == "EC PRIVATE KEY") return Container::sec1;
  if (label == "RSA PRIVATE KEY") return Container::pkcs1;
  throw Error{Errc::unsupported, fmt::format("private key: \"{}\" is not a form that is read here; convert it to PKCS#8, "
                                             "\"PRIVATE KEY\"",
                                             printable(label))};
}

const SecretBytes& required(const SecretBytes* passphrase) {
  if (passphrase == nullptr) throw Error{Errc::passphrase_missing, "private key: it is encrypted; give its passphrase"};
  return *passphrase;
}

// Under a wrong passphrase one text in 256 decrypts to noise: then it is the passphrase that is wrong, not the noise's DER.
KeyPair read_decrypted(const SecretBytes& der, Container container) {
  try {
    return read_private_key(der.reveal(), container);
  } catch (const Error& error) {
    const ByteView octets = der.reveal();
    const bool looks_like_der =
        octets.size() > 2 && octets[0] == 0x30 && (octets[1] < 0x80 || octets[1] == 0x81 || octets[1] == 0x82);
    if (error.code() != Errc::malformed || looks_like_der) throw;
    throw Error{Errc::passphrase_wrong, "private key: does not decrypt to a key; the passphrase is wrong, or the file is damaged"};
  }
}

KeyPair read_private_key_pem(std::string_view pem, const SecretBytes* passphrase) {
  const auto blocks = pem_blocks(pem, kPrivateKey);
  const PemBlock& block = only_private_key(blocks);
  if (block.label == "ENCRYPTED PRIVATE KEY") {
    DerivationWork work;
    return read_decrypted(decrypted_pkcs8(content_of(block).reveal(), required(passphrase), work), Container::pkcs8);
  }
  const Container container = container_of(block.label);
  if (block.headers.find("ENCRYPTED") != std::string_view::npos) {
    return read_decrypted(decrypted_traditional(block.headers, decoded(block, kPrivateKey, Headers::known), required(passphrase)),
                          container);
  }
  return read_private_key(content_of(block).reveal(), container);
}

}  // namespace

ossl::Key openssl_key(const PrivateKey& key) {
  const ossl::Pkcs8 info{ossl::check(
      ossl::decoded(d2i_PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free, detail::KeyAccess::pkcs8(key)), "read a private key")};
  return ossl::Key{ossl::check(EVP_PKCS82PKEY(info.get()), "load a private key")};
}

}  // namespace x509

PrivateKey::PrivateKey(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

PrivateKey detail::KeyAccess::private_key(x509::KeyPair pair) {
  PublicKey half = public_key(pair.algorithm, std::move(pair.spki), pair.key_size);
  return PrivateKey{std::make_unique<PrivateKey::Impl>(PrivateKey::Impl{std::move(pair.pkcs8), std::move(half)})};
}

PrivateKey PrivateKey::generate(KeyAlgorithm algorithm) { return detail::KeyAccess::private_key(x509::KeyMaker{algorithm}.make()); }

PrivateKey PrivateKey::from_pem(std::string_view pem) {
  return detail::KeyAccess::private_key(x509::in_canonical_form(x509::read_private_key_pem(pem, nullptr)));
}

PrivateKey PrivateKey::from_pem(std::string_view pem, const SecretBytes& passphrase) {
  return detail::KeyAccess::private_key(x509::in_canonical_form(x509::read_private_key_pem(pem, &passphrase)));
}

PrivateKey PrivateKey::from_pkcs8_der(ByteView der) {
  return detail::KeyAccess::private_key(x509::in_canonical_form(x509::read_private_key(der, x509::Container::pkcs8)));
}

KeyAlgorithm PrivateKey::algorithm() const { return impl_->public_key.algorithm(); }
const PublicKey& PrivateKey::public_key() const { return impl_->public_key; }

SecretBytes PrivateKey::pkcs8_der() const { return impl_->pkcs8.copy(); }

SecretBytes PrivateKey::pkcs8_pem() const {
  SecretBuffer text;
  x509::append_pem(text, "PRIVATE KEY", impl_->pkcs8.reveal());
  return SecretBytes{std::move(text)};
}

SecretBytes PrivateKey::encrypted_pkcs8_der(const SecretBytes& passphrase, EncryptionFor reader) const {
  return x509::encrypted_pkcs8(impl_->pkcs8.reveal(), passphrase, reader);
}

SecretBytes PrivateKey::encrypted_pkcs8_pem(const SecretBytes& passphrase, EncryptionFor reader) const {
  SecretBuffer text;
  x509::append_pem(text, "ENCRYPTED PRIVATE KEY", encrypted_pkcs8_der(passphrase, reader).reveal());
  return SecretBytes{std::move(text)};
}

SecretBytes pkcs8_der_from_pem(std::string_view pem) { return x509::read_private_key_pem(pem, nullptr).pkcs8; }

SecretBytes pkcs8_der_from_pem(std::string_view pem, const SecretBytes& passphrase) {
  return x509::read_private_key_pem(pem, &passphrase).pkcs8;
}

}  // namespace spaceca
