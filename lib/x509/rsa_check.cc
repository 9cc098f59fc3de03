#include "x509/rsa_check.h"

#include "ossl/check.h"
#include "ossl/handles.h"

namespace spaceca::x509 {
namespace {

ossl::BigNumber number(ByteView magnitude) {
  return ossl::BigNumber{
      ossl::check(BN_bin2bn(magnitude.data(), static_cast<int>(magnitude.size()), nullptr), "read an RSA number")};
}

}  // namespace

bool belong_together(const RsaNumbers& key) {
  const ossl::BigNumberContext scratch{ossl::check(BN_CTX_new(), "make a number context")};
  const auto n = number(key.modulus);
  const auto e = number(key.public_exponent);
  const auto d = number(key.private_exponent);
  const auto p = number(key.prime1);
  const auto q = number(key.prime2);
  const auto dp = number(key.exponent1);
  const auto dq = number(key.exponent2);
  const auto inverse = number(key.coefficient);
  const ossl::BigNumber product{ossl::check(BN_new(), "make a number")};
  const ossl::BigNumber rest{ossl::check(BN_new(), "make a number")};

  const auto is_smaller = [](const ossl::BigNumber& a, const ossl::BigNumber& b) { return BN_ucmp(a.get(), b.get()) < 0; };
  const auto product_is_one = [&](const ossl::BigNumber& a, const ossl::BigNumber& b, const ossl::BigNumber& modulus) {
    ossl::check(BN_mul(product.get(), a.get(), b.get(), scratch.get()), "check an RSA key");
    ossl::check(BN_nnmod(rest.get(), product.get(), modulus.get(), scratch.get()), "check an RSA key");
    return BN_is_one(rest.get()) == 1;
  };
  const auto reduces_to = [&](const ossl::BigNumber& exponent, const ossl::BigNumber& modulus) {
    ossl::check(BN_nnmod(rest.get(), d.get(), modulus.get(), scratch.get()), "check an RSA key");
    return BN_cmp(rest.get(), exponent.get()) == 0;
  };

  ossl::check(BN_mul(product.get(), p.get(), q.get(), scratch.get()), "check an RSA key");
  if (BN_cmp(product.get(), n.get()) != 0 || BN_is_one(p.get()) || BN_is_one(q.get())) return false;
  if (!is_smaller(d, n) || !is_smaller(inverse, p) || !product_is_one(inverse, q, p)) return false;
  for (const auto& [prime, exponent] : {std::pair{&p, &dp}, std::pair{&q, &dq}}) {
    ossl::check(BN_sub_word(prime->get(), 1), "check an RSA key");
    if (!product_is_one(e, *exponent, *prime) || !reduces_to(*exponent, *prime)) return false;
  }
  return true;
}

}  // namespace spaceca::x509
