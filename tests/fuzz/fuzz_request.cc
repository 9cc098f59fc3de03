// A stranger's certificate request, against OpenSSL's reading and its verdict on the signature. Whatever changed, its signature is
// no longer right; so the harness also signs the request anew where it holds the key, and looks at both.
#include <algorithm>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <spaceca/certificate.h>

#include "der_tree.h"
#include "harness.h"
#include "own_keys.h"

using namespace spaceca;
using namespace spaceca::fuzz;

namespace {

using Key = Owned<EVP_PKEY, EVP_PKEY_free>;

struct OwnKey {
  Key key;
  Bytes spki;
};

const std::vector<OwnKey>& own_keys() {
  static const std::vector<OwnKey> keys = [] {
    std::vector<OwnKey> made;
    for (const std::string_view pem : kOwnKeys) {
      OwnKey own{key_of(pem), {}};
      own.spki = written(i2d_PUBKEY, own.key.get());
      made.push_back(std::move(own));
    }
    return made;
  }();
  return keys;
}

// The digest of the signature algorithm that the request names: null for Ed25519 and for all that is not of ECDSA.
const EVP_MD* digest_for(ByteView algorithm) {
  const auto id = read_whole<X509_ALGOR, X509_ALGOR_free>(d2i_X509_ALGOR, algorithm);
  int digest = NID_undef;
  int key = NID_undef;
  if (id == nullptr || OBJ_find_sigid_algs(OBJ_obj2nid(id->algorithm), &digest, &key) != 1) return nullptr;
  return EVP_get_digestbynid(digest);
}

// The request with a signature that is right, if its key is one of ours.
std::optional<Bytes> signed_anew(ByteView request) {
  auto tree = der_tree(request);
  if (!tree || tree->children.size() != 3 || tree->children[0].children.size() < 3) return std::nullopt;
  const Bytes spki = der_of(tree->children[0].children[2]);
  const auto own = std::find_if(own_keys().begin(), own_keys().end(), [&](const OwnKey& key) { return key.spki == spki; });
  if (own == own_keys().end()) return std::nullopt;
  const bool hashes_by_itself = EVP_PKEY_is_a(own->key.get(), "ED25519") == 1;
  const EVP_MD* const digest = hashes_by_itself ? nullptr : digest_for(der_of(tree->children[1]));
  if (!hashes_by_itself && digest == nullptr) return std::nullopt;

  const Bytes info = der_of(tree->children[0]);
  auto signature = signed_with(own->key.get(), digest, info);
  if (!signature) return std::nullopt;
  signature->insert(signature->begin(), 0);
  tree->children[2] = DerNode{0x03, std::move(*signature), {}};
  return der_of(*tree);
}

void check(ByteView der) {
  const auto request = accepted([&] { return CertificateRequest::from_der(der); });
  if (!request) return;
  const auto theirs = read_whole<X509_REQ, X509_REQ_free>(d2i_X509_REQ, der);
  require(theirs != nullptr, "OpenSSL reads the request that we read");
  EVP_PKEY* const key = X509_REQ_get0_pubkey(theirs.get());
  require(key != nullptr, "OpenSSL takes the key that we take");
  require(X509_REQ_verify(theirs.get(), key) == 1, "OpenSSL finds the signature right that we find right");
  require(same(request->public_key().spki_der(), written(i2d_X509_PUBKEY, X509_REQ_get_X509_PUBKEY(theirs.get()))), "the key");
  ERR_clear_error();

  const Owned<BIO, BIO_free_all> bio{BIO_new(BIO_s_mem())};
  require(PEM_write_bio_X509_REQ(bio.get(), theirs.get()) == 1, "OpenSSL writes what it has read");
  char* pem = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &pem);
  const auto again = accepted([&] { return CertificateRequest::from_pem({pem, static_cast<std::size_t>(size)}); });
  require(again && again->public_key() == request->public_key(), "its PEM is read again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView der{data, size};
  check(der);
  if (const auto good = signed_anew(der)) {
    ERR_clear_error();
    check(*good);
  }
  ERR_clear_error();
  return 0;
}
