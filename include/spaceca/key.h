// Keys: made here, read from the files that people have, written as PKCS#8. Values: as safe between threads as int is; a const one
// may be used by several threads at once. A PrivateKey moves and is wiped; a PublicKey copies cheaply.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <spaceca/bytes.h>
#include <spaceca/export.h>

namespace spaceca {

namespace detail {
struct KeyAccess;
}

// A kind of key, by name: "ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519", and "ml-dsa-44", "ml-dsa-65",
// "ml-dsa-87" where the OpenSSL at hand has them.
class SPACECA_EXPORT KeyAlgorithm final {
 public:
  // Errc::unsupported if there is no kind of that name; the text lists those there are.
  explicit KeyAlgorithm(std::string_view name);

  [[nodiscard]] static KeyAlgorithm ecdsa_p256();
  [[nodiscard]] static KeyAlgorithm ecdsa_p384();
  [[nodiscard]] static KeyAlgorithm rsa_2048();
  [[nodiscard]] static KeyAlgorithm rsa_3072();
  [[nodiscard]] static KeyAlgorithm rsa_4096();
  [[nodiscard]] static KeyAlgorithm ed25519();

  [[nodiscard]] std::string name() const;
  // Whether the OpenSSL that runs now can make such keys.
  [[nodiscard]] bool available() const;
  friend bool operator==(const KeyAlgorithm&, const KeyAlgorithm&) = default;

 private:
  friend struct detail::KeyAccess;
  KeyAlgorithm(std::uint8_t kind, std::uint16_t bits) noexcept : kind_(kind), bits_(bits) {}

  std::uint8_t kind_;   // a row of the table in x509/algorithms.h
  std::uint16_t bits_;  // of an RSA modulus; otherwise 0
};

// A public key that was checked when it was read: its kind is known, an elliptic point lies on its curve, RSA has at least 2048
// bits and an odd exponent of 3 or more.
class SPACECA_EXPORT PublicKey final {
 public:
  // One SubjectPublicKeyInfo (RFC 5280 4.1), and nothing after it. Errc::malformed, policy, unsupported.
  [[nodiscard]] static PublicKey from_spki_der(ByteView der);
  // Exactly one "PUBLIC KEY" block, in 1 MiB at most. The same.
  [[nodiscard]] static PublicKey from_pem(std::string_view pem);

  [[nodiscard]] KeyAlgorithm algorithm() const;
  [[nodiscard]] ByteView spki_der() const;    // borrowed from this object
  [[nodiscard]] ByteView key_octets() const;  // the content of its BIT STRING, borrowed
  friend SPACECA_EXPORT bool operator==(const PublicKey& a, const PublicKey& b);

 private:
  friend struct detail::KeyAccess;
  struct Impl;
  explicit PublicKey(std::shared_ptr<const Impl> impl) noexcept : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

// Who must be able to open an encrypted key file.
enum class EncryptionFor {
  modern,       // PBES2: PBKDF2 with HMAC-SHA-256, 600,000 rounds, AES-256-CBC: OpenSSL 1.1 and later, GnuTLS, Java 19 and later
  memory_hard,  // PBES2: scrypt with N = 2^14, r = 8, p = 1 (RFC 7914), AES-256-CBC: OpenSSL 1.1 and later
  // pkcs-12PbeWithSHAAnd3-KeyTripleDES-CBC with 2,048 rounds, the one that pgjdbc opens on JDK 17. Weak: SHA-1, few rounds, and a
  // 64-bit block; who holds the file guesses passphrases fast. Only where the reader knows nothing else.
  jdk17,
};

class SPACECA_EXPORT PrivateKey final {
 public:
  // Errc::unsupported if the OpenSSL at hand lacks the kind.
  [[nodiscard]] static PrivateKey generate(KeyAlgorithm algorithm = KeyAlgorithm::ecdsa_p256());

  // Reads the one private key in the text: PKCS#1 (RFC 8017), SEC1 (RFC 5915), PKCS#8 of version 1 or 2 (RFC 5958), PKCS#8
  // encrypted by PBES2 or by what else OpenSSL opens, or traditional encrypted PEM. Text around the block, certificates and EC
  // PARAMETERS are passed over. The public half is recomputed and must agree. Errc::malformed, mismatch, policy (more than 1 MiB, a
  // weak or too large key, another curve, a key derivation of too much work), unsupported, passphrase_missing, passphrase_wrong;
  // what was read is wiped then too.
  [[nodiscard]] static PrivateKey from_pem(std::string_view pem);
  [[nodiscard]] static PrivateKey from_pem(std::string_view pem, const SecretBytes& passphrase);
  // One PKCS#8 that is not encrypted, and nothing after it. The same, but for the passphrase.
  [[nodiscard]] static PrivateKey from_pkcs8_der(ByteView der);

  PrivateKey(PrivateKey&&) noexcept;
  PrivateKey& operator=(PrivateKey&&) noexcept;
  ~PrivateKey();

  [[nodiscard]] KeyAlgorithm algorithm() const;
  [[nodiscard]] const PublicKey& public_key() const;

  // Unencrypted PKCS#8 of version 1, as openssl writes it.
  [[nodiscard]] SecretBytes pkcs8_der() const;
  [[nodiscard]] SecretBytes pkcs8_pem() const;
  // "ENCRYPTED PRIVATE KEY". Errc::invalid_argument for an empty passphrase, and for jdk17 one that is not printable ASCII: Java
  // takes no other.
  [[nodiscard]] SecretBytes encrypted_pkcs8_pem(const SecretBytes& passphrase, EncryptionFor reader) const;
  [[nodiscard]] SecretBytes encrypted_pkcs8_der(const SecretBytes& passphrase, EncryptionFor reader) const;

 private:
  friend struct detail::KeyAccess;
  struct Impl;
  explicit PrivateKey(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

// The key in the text as `openssl pkcs8 -topk8 -nocrypt -outform DER` would write it, byte for byte; what JDBC takes as .pk8. Reads
// and refuses what PrivateKey::from_pem does.
[[nodiscard]] SPACECA_EXPORT SecretBytes pkcs8_der_from_pem(std::string_view pem);
[[nodiscard]] SPACECA_EXPORT SecretBytes pkcs8_der_from_pem(std::string_view pem, const SecretBytes& passphrase);

}  // namespace spaceca
