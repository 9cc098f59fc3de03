// Keys under a passphrase: EncryptedPrivateKeyInfo (RFC 5958 3) both ways, traditional encrypted PEM in. The ciphers and key
// derivations are OpenSSL's; what a stranger's file may ask of them is bounded here.
#pragma once

#include <cstdint>
#include <string_view>

#include <spaceca/bytes.h>
#include <spaceca/key.h>

namespace spaceca::x509 {

// The work of all the key derivations of one file, counted before each is begun: Errc::policy for more than a file may ask for.
class DerivationWork final {
 public:
  // `algorithm` is a whole AlgorithmIdentifier of PBES1, PBES2 or PKCS#12.
  void add(ByteView algorithm);
  void add_rounds(std::uint64_t rounds);

 private:
  void add_scrypt(std::uint64_t n, std::uint64_t r, std::uint64_t p);

  std::uint64_t rounds_ = 0;
  std::uint64_t scrypt_ = 0;
};

// The PrivateKeyInfo inside. Errc::passphrase_wrong (or damaged: the two cannot be told apart), malformed, policy (it asks for more
// work than a key file may), unsupported.
[[nodiscard]] SecretBytes decrypted_pkcs8(ByteView der, const SecretBytes& passphrase, DerivationWork& work);

// The DER inside a block with "Proc-Type: 4,ENCRYPTED" and these headers.
[[nodiscard]] SecretBytes decrypted_traditional(std::string_view headers, const SecretBytes& octets, const SecretBytes& passphrase);

// Whether an EncryptedPrivateKeyInfo is encrypted by PBES2 (RFC 8018 6.2). Errc::malformed if it is none.
[[nodiscard]] bool is_pbes2(ByteView der);

[[nodiscard]] SecretBytes encrypted_pkcs8(ByteView pkcs8, const SecretBytes& passphrase, EncryptionFor reader);

}  // namespace spaceca::x509
