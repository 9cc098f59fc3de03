// Certificates as values, their serials, and the credential that a server or a client holds. Certificate copies cheaply and is as
// safe between threads as int is; Credential moves, since it holds a key.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/export.h>
#include <spaceca/key.h>
#include <spaceca/validity.h>

namespace spaceca {

// A certificate's serial number: positive, at most 20 octets (RFC 5280 4.1.2.2). Ours have sixteen octets, the first of them 0x01
// to 0x7F, so that they always take the same room.
class SPACECA_EXPORT Serial final {
 public:
  static constexpr std::size_t kOurSize = 16;
  static constexpr std::size_t kLongest = 20;

  // One of ours that is random but for the first octet's bounds. Errc::crypto if the system gives no random octets.
  [[nodiscard]] static Serial random();
  // From the magnitude, leading zeros allowed. Errc::invalid_argument for zero and for more than 20 octets with the sign.
  explicit Serial(ByteView magnitude);
  // Every form that people copy from somewhere: hexadecimal as openssl shows it ("01AB…", "01:AB:…", "0x1ab…", either case) and
  // decimal as pg_stat_ssl does. Digits alone are hexadecimal if there are 31 or 32 of them (no serial of ours is that short in
  // decimal), decimal otherwise. Errc::invalid_argument.
  explicit Serial(std::string_view text);

  [[nodiscard]] std::string hex() const;      // as openssl x509 -serial prints it: upper case, whole octets
  [[nodiscard]] std::string decimal() const;  // as pg_stat_ssl.client_serial shows it
  [[nodiscard]] ByteView octets() const noexcept { return ByteView{octets_}.first(size_); }  // magnitude, no leading zero
  friend auto operator<=>(const Serial& a, const Serial& b) noexcept;
  friend bool operator==(const Serial& a, const Serial& b) noexcept;

 private:
  std::array<std::uint8_t, kLongest> octets_{};
  std::uint8_t size_ = 0;
};

// By number.
inline auto operator<=>(const Serial& a, const Serial& b) noexcept {
  if (const auto by_size = a.size_ <=> b.size_; by_size != 0) return by_size;
  return a.octets_ <=> b.octets_;
}
inline bool operator==(const Serial& a, const Serial& b) noexcept { return (a <=> b) == 0; }

// One X.509 certificate of version 3, read once. What a stranger hands in is read by OpenSSL first and must be DER.
class SPACECA_EXPORT Certificate final {
 public:
  // Errc::malformed (another version and a serial that is zero or too long too), policy and unsupported (its key).
  [[nodiscard]] static Certificate from_der(ByteView der);
  // Exactly one CERTIFICATE block. The same, and Errc::policy beyond 1 MiB.
  [[nodiscard]] static Certificate from_pem(std::string_view pem);

  [[nodiscard]] ByteView der() const;  // borrowed from this object
  [[nodiscard]] std::string pem() const;
  [[nodiscard]] const Serial& serial() const;
  [[nodiscard]] Validity validity() const;
  [[nodiscard]] const PublicKey& public_key() const;
  // Distinguished names as DER, borrowed, and as RFC 2253 text ("CN=app,OU=sales"), which is how pg_hba.conf's clientname=DN reads
  // them.
  [[nodiscard]] ByteView subject_der() const;
  [[nodiscard]] ByteView issuer_der() const;
  [[nodiscard]] std::string subject() const;
  [[nodiscard]] std::string issuer() const;
  // Empty if the extension is not there.
  [[nodiscard]] ByteView subject_key_identifier() const;
  [[nodiscard]] ByteView authority_key_identifier() const;
  [[nodiscard]] bool is_ca() const;                  // basicConstraints says so
  [[nodiscard]] bool may_sign_certificates() const;  // keyUsage holds keyCertSign
  [[nodiscard]] bool may_sign_crls() const;          // keyUsage holds cRLSign
  friend SPACECA_EXPORT bool operator==(const Certificate& a, const Certificate& b);

  struct Impl;  // for the library
  explicit Certificate(std::shared_ptr<const Impl> impl) noexcept : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

// A PKCS#10 request (RFC 2986) of which the signature was checked, so that whoever made it holds the key. Of what it says only the
// public key is taken: names, extensions and attributes are the caller's to decide (a request that asks for CA:TRUE, for other
// hosts or for a longer life changes nothing). Copies cheaply.
class SPACECA_EXPORT CertificateRequest final {
 public:
  // DER alone; rare kinds of names, attributes and signatures are judged by OpenSSL. Errc::malformed, mismatch (the signature is
  // not the key's), policy (a weak key, or a digest below SHA-256), unsupported.
  [[nodiscard]] static CertificateRequest from_der(ByteView der);
  // Exactly one block, CERTIFICATE REQUEST or NEW CERTIFICATE REQUEST. The same, and Errc::policy beyond 1 MiB.
  [[nodiscard]] static CertificateRequest from_pem(std::string_view pem);

  [[nodiscard]] const PublicKey& public_key() const noexcept { return public_key_; }

 private:
  explicit CertificateRequest(PublicKey public_key) noexcept : public_key_(std::move(public_key)) {}
  PublicKey public_key_;
};

// The leaf first, then the intermediates in order; no root.
using Chain = std::vector<Certificate>;

// What one end of a connection needs to show who it is and to know the other: a chain, the leaf's key, the roots it trusts.
class SPACECA_EXPORT Credential final {
 public:
  // Errc::mismatch if the key is not the leaf's or a link of the chain does not fit the next, Errc::invalid_argument if the chain
  // or the roots are empty or the chain holds a root.
  Credential(Chain chain, PrivateKey key, std::vector<Certificate> roots);

  [[nodiscard]] const Certificate& certificate() const { return chain_.front(); }
  [[nodiscard]] const Chain& chain() const { return chain_; }
  [[nodiscard]] const PrivateKey& key() const { return key_; }
  [[nodiscard]] const std::vector<Certificate>& roots() const { return roots_; }
  [[nodiscard]] PrivateKey take_key() && { return std::move(key_); }

 private:
  Chain chain_;
  PrivateKey key_;
  std::vector<Certificate> roots_;
};

}  // namespace spaceca
