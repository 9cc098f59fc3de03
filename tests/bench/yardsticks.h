// What our figures are held against: the least work that OpenSSL can do for the same end, and OpenSSL as its manual pages use it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace bench {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* handle) const {
    Free(handle);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;

// Times `work`, but for its first call: what that makes for all calls to come (a root, a template, a library's tables) would count
// as one certificate's, and lead the estimate of how often to repeat it astray.
template <class Work>
void measure(benchmark::State& state, Work work) {
  work();
  for (auto _ : state) work();
}

Key new_p256();
Key new_ed25519();
const std::string& rsa_2048_pem();  // the same key at every call: all who sign with RSA do it with this one
Key rsa_2048();
std::string vector(const std::string& name);  // the text of tests/data/keys/good/NAME.pem

// The limit of issuing: a P-256 key, SHA-256 of 400 octets, one signature; every context is reused. No octet of a certificate is
// put together, and none goes into base64, though ours and the others' times hold both.
class Limit {
 public:
  explicit Limit(Key signing_key = new_p256());

  void generate_p256();  // scalar and uncompressed point, by EC_POINT
  void generate_ed25519();
  void sign();    // SHA-256 of 400 octets, then EVP_PKEY_sign
  void verify();  // of what was signed last

 private:
  Key key_;
  KeyContext signing_, verifying_, ed25519_;
  std::unique_ptr<EVP_MD, Deleter<EVP_MD_free>> sha256_;
  std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>> hashing_;
  std::unique_ptr<EC_GROUP, Deleter<EC_GROUP_free>> group_;
  std::unique_ptr<EC_POINT, Deleter<EC_POINT_free>> point_;
  std::unique_ptr<BIGNUM, Deleter<BN_clear_free>> scalar_;
  std::unique_ptr<BN_CTX, Deleter<BN_CTX_free>> scratch_;
  std::uint8_t message_[400] = {1};
  std::uint8_t digest_[32];
  std::uint8_t octets_[65];
  std::vector<std::uint8_t> signature_;
  std::size_t signature_size_ = 0;
};

// A client certificate the way the manual pages show: X509_set_pubkey, X509V3_EXT_conf_nid, X509_sign, PEM_write_bio_*. Returns the
// size of what it wrote.
class Idiomatic {
 public:
  explicit Idiomatic(Key root_key = new_p256());
  std::size_t issue_for(EVP_PKEY* key);
  std::size_t issue_with(const Key& key);  // the key's text too

 private:
  Key root_key_;
  std::unique_ptr<X509, Deleter<X509_free>> root_;
};

}  // namespace bench
