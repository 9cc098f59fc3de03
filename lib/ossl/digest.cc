#include "ossl/digest.h"

#include "ossl/check.h"

namespace spaceca::ossl {

Hasher::Hasher(const char* name)
    : algorithm_(check(EVP_MD_fetch(nullptr, name, nullptr), "fetch a digest")),
      context_(check(EVP_MD_CTX_new(), "make a digest context")) {}

ByteView Hasher::digest(ByteView octets) & {
  start();
  add(octets);
  return finish();
}

void Hasher::start() { check(EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr), "start a digest"); }

void Hasher::add(ByteView octets) { check(EVP_DigestUpdate(context_.get(), octets.data(), octets.size()), "digest octets"); }

ByteView Hasher::finish() & {
  unsigned int size = 0;
  check(EVP_DigestFinal_ex(context_.get(), value_.data(), &size), "finish a digest");
  return ByteView{value_}.first(size);
}

}  // namespace spaceca::ossl
