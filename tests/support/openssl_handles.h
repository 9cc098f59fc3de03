// OpenSSL's objects as the oracles own them. Of their own, so that no oracle rests on a piece of the library.
#pragma once

#include <memory>
#include <stdexcept>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace spaceca::test {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using CrlPtr = std::unique_ptr<X509_CRL, Deleter<X509_CRL_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, Deleter<ASN1_INTEGER_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using NamePtr = std::unique_ptr<X509_NAME, Deleter<X509_NAME_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using TimePtr = std::unique_ptr<ASN1_TIME, Deleter<ASN1_TIME_free>>;
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;

template <class T>
T must(T result) {
  if (!result) throw std::runtime_error{"the oracle failed"};
  return result;
}

}  // namespace spaceca::test
