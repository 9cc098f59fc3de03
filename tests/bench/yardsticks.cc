#include "yardsticks.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

namespace bench {
namespace {

void must(bool done) {
  if (!done) std::abort();
}

}  // namespace

Key new_p256() { return Key{EVP_EC_gen("P-256")}; }

Key new_ed25519() { return Key{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")}; }

const std::string& rsa_2048_pem() {
  static const std::string pem = vector("rsa2048-pkcs8");
  return pem;
}

Key rsa_2048() {
  const std::unique_ptr<BIO, Deleter<BIO_free>> text{
      BIO_new_mem_buf(rsa_2048_pem().data(), static_cast<int>(rsa_2048_pem().size()))};
  Key key{PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr)};
  must(key != nullptr);
  return key;
}

std::string vector(const std::string& name) {
  std::ifstream file{SPACECA_TEST_DATA "/keys/good/" + name + ".pem"};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  must(!text.empty());
  return text;
}

Limit::Limit(Key signing_key)
    : key_(std::move(signing_key)),
      signing_(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr)),
      verifying_(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr)),
      ed25519_(EVP_PKEY_CTX_new_from_name(nullptr, "ED25519", nullptr)),
      sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)),
      hashing_(EVP_MD_CTX_new()),
      group_(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)),
      point_(EC_POINT_new(group_.get())),
      scalar_(BN_new()),
      scratch_(BN_CTX_new()),
      signature_(512) {
  must(EVP_PKEY_sign_init(signing_.get()) == 1 && EVP_PKEY_CTX_set_signature_md(signing_.get(), sha256_.get()) == 1);
  must(EVP_PKEY_verify_init(verifying_.get()) == 1 && EVP_PKEY_CTX_set_signature_md(verifying_.get(), sha256_.get()) == 1);
  must(EVP_PKEY_keygen_init(ed25519_.get()) == 1);
  sign();
}

void Limit::generate_p256() {
  must(BN_priv_rand_range_ex(scalar_.get(), EC_GROUP_get0_order(group_.get()), 0, scratch_.get()) == 1);
  must(EC_POINT_mul(group_.get(), point_.get(), scalar_.get(), nullptr, nullptr, scratch_.get()) == 1);
  must(EC_POINT_point2oct(group_.get(), point_.get(), POINT_CONVERSION_UNCOMPRESSED, octets_, sizeof octets_, scratch_.get()) ==
       65);
}

void Limit::generate_ed25519() {
  EVP_PKEY* made = nullptr;
  must(EVP_PKEY_generate(ed25519_.get(), &made) == 1);
  EVP_PKEY_free(made);
}

void Limit::sign() {
  message_[0]++;
  must(EVP_DigestInit_ex2(hashing_.get(), sha256_.get(), nullptr) == 1 &&
       EVP_DigestUpdate(hashing_.get(), message_, sizeof message_) == 1 &&
       EVP_DigestFinal_ex(hashing_.get(), digest_, nullptr) == 1);
  signature_size_ = signature_.size();
  must(EVP_PKEY_sign(signing_.get(), signature_.data(), &signature_size_, digest_, sizeof digest_) == 1);
}

void Limit::verify() { must(EVP_PKEY_verify(verifying_.get(), signature_.data(), signature_size_, digest_, sizeof digest_) == 1); }

namespace {

void add(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

X509* certificate(EVP_PKEY* key, const char* name, X509* issuer) {
  X509* made = X509_new();
  must(X509_set_version(made, X509_VERSION_3) == 1);
  BIGNUM* serial = BN_new();
  must(BN_rand(serial, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1);
  BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(made));
  BN_free(serial);
  X509_gmtime_adj(X509_getm_notBefore(made), -300);
  X509_gmtime_adj(X509_getm_notAfter(made), 395L * 86400);
  X509_NAME* subject = X509_NAME_new();
  must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name), -1, -1, 0) == 1);
  must(X509_set_subject_name(made, subject) == 1);
  must(X509_set_issuer_name(made, issuer != nullptr ? X509_get_subject_name(issuer) : subject) == 1);
  X509_NAME_free(subject);
  must(X509_set_pubkey(made, key) == 1);
  return made;
}

}  // namespace

Idiomatic::Idiomatic(Key root_key) : root_key_(std::move(root_key)), root_(certificate(root_key_.get(), "acme", nullptr)) {
  add(root_.get(), root_.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add(root_.get(), root_.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add(root_.get(), root_.get(), NID_subject_key_identifier, "hash");
  must(X509_sign(root_.get(), root_key_.get(), EVP_sha256()) > 0);
}

std::size_t Idiomatic::issue_for(EVP_PKEY* key) {
  std::unique_ptr<X509, Deleter<X509_free>> leaf{certificate(key, "app", root_.get())};
  add(leaf.get(), root_.get(), NID_basic_constraints, "critical,CA:FALSE");
  add(leaf.get(), root_.get(), NID_key_usage, "critical,digitalSignature");
  add(leaf.get(), root_.get(), NID_ext_key_usage, "clientAuth");
  add(leaf.get(), root_.get(), NID_subject_key_identifier, "hash");
  add(leaf.get(), root_.get(), NID_authority_key_identifier, "keyid");
  add(leaf.get(), root_.get(), NID_subject_alt_name, "URI:urn:uuid:0193c1a8-7f00-7000-8000-0123456789ab");
  must(X509_sign(leaf.get(), root_key_.get(), EVP_sha256()) > 0);
  std::unique_ptr<BIO, Deleter<BIO_free>> out{BIO_new(BIO_s_mem())};
  must(PEM_write_bio_X509(out.get(), leaf.get()) == 1);
  return static_cast<std::size_t>(BIO_get_mem_data(out.get(), nullptr));
}

std::size_t Idiomatic::issue_with(const Key& key) {
  std::unique_ptr<BIO, Deleter<BIO_free>> out{BIO_new(BIO_s_mem())};
  must(PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return issue_for(key.get()) + static_cast<std::size_t>(BIO_get_mem_data(out.get(), nullptr));
}

}  // namespace bench
