#include "x509/pkcs12_reader.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>

#include <spaceca/error.h>

#include "ossl/check.h"
#include "ossl/encode.h"
#include "ossl/handles.h"
#include "x509/der_reader.h"
#include "x509/encrypted_key.h"
#include "x509/pem.h"

namespace spaceca::x509 {
namespace {

inline void free_contents(STACK_OF(PKCS7) * contents) { sk_PKCS7_pop_free(contents, PKCS7_free); }
inline void free_bags(STACK_OF(PKCS12_SAFEBAG) * bags) { sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free); }
inline void free_text(char* text) { OPENSSL_free(text); }
using Contents = std::unique_ptr<STACK_OF(PKCS7), ossl::Deleter<free_contents>>;
using Bags = std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), ossl::Deleter<free_bags>>;
using Text = std::unique_ptr<char, ossl::Deleter<free_text>>;

[[noreturn]] void refuse(const char* why) { throw Error{Errc::malformed, std::string{"PKCS#12 file: "} + why}; }

// RFC 9579 of a whole AlgorithmIdentifier.
bool is_pbmac1(ByteView algorithm) {
  constexpr der::Oid kPbmac1 = der::oid({1, 2, 840, 113549, 1, 5, 14});
  der::Reader outer{algorithm, "PKCS#12 file"};
  return std::ranges::equal(outer.enter(der::Tag::sequence).read(der::Tag::object_identifier), kPbmac1.octets());
}

class Reading final {
 public:
  explicit Reading(const SecretBytes& password) : password_(password) {
    // OpenSSL's functions here want it ended by a NUL, or its length.
    characters_.assign(password.reveal().begin(), password.reveal().end());
    characters_.push_back(0);
  }

  Pkcs12Content read(PKCS12* file) {
    verify_mac(file);
    const Contents contents{PKCS12_unpack_authsafes(file)};
    if (contents == nullptr) refuse("its content cannot be read");
    for (int i = 0; i < sk_PKCS7_num(contents.get()); ++i) take_bags(*sk_PKCS7_value(contents.get(), i));
    return std::move(content_);
  }

 private:
  [[nodiscard]] const char* text() const { return reinterpret_cast<const char*>(characters_.data()); }
  [[nodiscard]] int size() const { return static_cast<int>(characters_.size()) - 1; }

  void verify_mac(PKCS12* file) {
    if (PKCS12_mac_present(file) != 1) {
      throw Error{Errc::policy, "PKCS#12 file: has no MAC, so nothing shows whether it is whole or the password right"};
    }
    const X509_ALGOR* algorithm = nullptr;
    const ASN1_INTEGER* rounds = nullptr;
    PKCS12_get0_mac(nullptr, &algorithm, nullptr, &rounds, file);
    // Its rounds stand in its own parameters, where OpenSSL 3.4 takes them from; before, it takes it for a digest.
    if (is_pbmac1(ossl::encoded<Bytes>(i2d_X509_ALGOR, algorithm, "read a MAC's algorithm"))) {
      throw Error{Errc::unsupported, "PKCS#12 file: its MAC is of the kind PBMAC1, which JDK 17 does not read either"};
    }
    if (rounds != nullptr) {
      std::uint64_t number = 0;
      if (ASN1_INTEGER_get_uint64(&number, rounds) != 1) number = UINT64_MAX;
      work_.add_rounds(number);
    }
    // An empty password is written in two ways.
    if (PKCS12_verify_mac(file, text(), size()) == 1) return;
    if (size() == 0 && PKCS12_verify_mac(file, nullptr, 0) == 1) return;
    throw Error{Errc::passphrase_wrong, "PKCS#12 file: its MAC does not fit; the password is wrong, or the file is damaged"};
  }

  void take_bags(PKCS7& part) {
    if (part.d.ptr == nullptr) refuse("a part of it has no content");
    Bags bags;
    if (PKCS7_type_is_data(&part)) {
      bags.reset(PKCS12_unpack_p7data(&part));
    } else if (PKCS7_type_is_encrypted(&part)) {
      const PKCS7_ENC_CONTENT& content = *part.d.encrypted->enc_data;
      if (content.enc_data == nullptr) refuse("a part of it has no content");
      work_.add(ossl::encoded<Bytes>(i2d_X509_ALGOR, content.algorithm, "read an encryption"));
      bags.reset(PKCS12_unpack_p7encdata(&part, text(), size()));
      // The password is right, or the MAC would not fit.
      if (bags == nullptr) throw Error{Errc::unsupported, "PKCS#12 file: is encrypted by a cipher that OpenSSL does not have here"};
    }
    if (bags == nullptr) refuse("a part of it cannot be read");
    take(bags.get(), 0);
  }

  void take(const STACK_OF(PKCS12_SAFEBAG) * bags, int depth) {
    constexpr int kDeepest = 8;
    if (depth > kDeepest) refuse("its bags lie in too many others");
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i) {
      const PKCS12_SAFEBAG* const bag = sk_PKCS12_SAFEBAG_value(bags, i);
      switch (PKCS12_SAFEBAG_get_nid(bag)) {
        case NID_keyBag:
          take_key(bag, ossl::encoded<SecretBuffer>(i2d_PKCS8_PRIV_KEY_INFO, PKCS12_SAFEBAG_get0_p8inf(bag), "read a key"));
          break;
        case NID_pkcs8ShroudedKeyBag: {
          const auto sealed = ossl::encoded<Bytes>(i2d_X509_SIG, PKCS12_SAFEBAG_get0_pkcs8(bag), "read a key");
          const SecretBytes key = decrypted_pkcs8(sealed, password_, work_);
          take_key(bag, key.copy());
          break;
        }
        case NID_certBag: take_certificate(bag); break;
        case NID_safeContentsBag: take(PKCS12_SAFEBAG_get0_safes(bag), depth + 1); break;
        default: break;  // lists and secrets of other kinds
      }
    }
  }

  void take_key(const PKCS12_SAFEBAG* bag, SecretBuffer pkcs8) { take_key(bag, SecretBytes{std::move(pkcs8)}); }
  void take_key(const PKCS12_SAFEBAG* bag, const SecretBytes& pkcs8) {
    const Text alias{PKCS12_get_friendlyname(const_cast<PKCS12_SAFEBAG*>(bag))};
    Pkcs12Content::Key key{.alias = std::nullopt, .key = PrivateKey::from_pkcs8_der(pkcs8.reveal())};
    if (alias != nullptr) key.alias = alias.get();
    content_.keys.push_back(std::move(key));
  }

  void take_certificate(const PKCS12_SAFEBAG* bag) {
    const ossl::X509Certificate certificate{PKCS12_SAFEBAG_get1_cert(bag)};
    if (certificate == nullptr) refuse("a certificate in it cannot be read");
    content_.certificates.push_back(Certificate::from_der(ossl::encoded<Bytes>(i2d_X509, certificate.get(), "read a certificate")));
  }

  const SecretBytes& password_;
  SecretBuffer characters_;
  DerivationWork work_;
  Pkcs12Content content_;
};

}  // namespace

Pkcs12Content read_pkcs12(ByteView der, const SecretBytes& password) {
  if (der.size() > kLongestInput) {
    throw Error{Errc::policy, fmt::format("PKCS#12 file: has {} octets, the most is {}", der.size(), kLongestInput)};
  }
  const ossl::QuietErrors quiet;
  const ossl::Pkcs12 file{ossl::decoded(d2i_PKCS12, PKCS12_free, der)};
  if (file == nullptr) refuse("is none, or octets follow its end");
  return Reading{password}.read(file.get());
}

}  // namespace spaceca::x509
