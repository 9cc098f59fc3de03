#include "x509/rsa_check.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "ossl/check.h"
#include "ossl/handles.h"

namespace spaceca::x509 {
namespace {

ossl::BigNumber number(ByteView magnitude) {
  return ossl::BigNumber{
      ossl::check(BN_bin2bn(magnitude.data(), static_cast<int>(magnitude.size()), nullptr), "read an RSA number")};
}

// A product of k numbers has at most k − 1 octets less than these have together.
bool lengths_fit(const RsaNumbers& key) {
  const std::size_t most = key.modulus.size();
  std::size_t primes = key.prime1.size() + key.prime2.size();
  for (const RsaOtherPrime& other : key.others) {
    if (std::max(other.exponent.size(), other.coefficient.size()) > most) return false;
    primes += other.prime.size();
  }
  const auto fits = [most](ByteView number) { return number.size() <= most; };
  return primes <= most + 1 + key.others.size() &&
         std::ranges::all_of(std::initializer_list<ByteView>{key.public_exponent, key.private_exponent, key.exponent1,
                                                             key.exponent2, key.coefficient},
                             fits);
}

}  // namespace

bool belong_together(const RsaNumbers& key) {
  if (!lengths_fit(key)) return false;
  const ossl::BigNumberContext scratch{ossl::check(BN_CTX_new(), "make a number context")};
  const auto n = number(key.modulus);
  const auto e = number(key.public_exponent);
  const auto d = number(key.private_exponent);
  const ossl::BigNumber product{ossl::check(BN_new(), "make a number")};
  const ossl::BigNumber rest{ossl::check(BN_new(), "make a number")};

  const auto product_is_one = [&](const ossl::BigNumber& a, const ossl::BigNumber& b, const ossl::BigNumber& modulus) {
    ossl::check(BN_mul(product.get(), a.get(), b.get(), scratch.get()), "check an RSA key");
    ossl::check(BN_nnmod(rest.get(), product.get(), modulus.get(), scratch.get()), "check an RSA key");
    return BN_is_one(rest.get()) == 1;
  };
  const auto is_coefficient = [&](ByteView coefficient, const ossl::BigNumber& of, const ossl::BigNumber& prime) {
    const auto inverse = number(coefficient);
    return BN_ucmp(inverse.get(), prime.get()) < 0 && product_is_one(inverse, of, prime);
  };
  const auto is_exponent = [&](ByteView exponent, const ossl::BigNumber& prime) {
    const ossl::BigNumber order{ossl::check(BN_dup(prime.get()), "check an RSA key")};
    ossl::check(BN_sub_word(order.get(), 1), "check an RSA key");
    const auto reduced = number(exponent);
    if (!product_is_one(e, reduced, order)) return false;
    ossl::check(BN_nnmod(rest.get(), d.get(), order.get(), scratch.get()), "check an RSA key");
    return BN_cmp(rest.get(), reduced.get()) == 0;
  };

  const auto p = number(key.prime1);
  const auto q = number(key.prime2);
  const auto is_too_small = [](const ossl::BigNumber& prime) {
    return BN_is_zero(prime.get()) == 1 || BN_is_one(prime.get()) == 1;
  };
  if (BN_ucmp(d.get(), n.get()) >= 0 || is_too_small(p) || is_too_small(q)) return false;
  if (!is_exponent(key.exponent1, p) || !is_exponent(key.exponent2, q) || !is_coefficient(key.coefficient, q, p)) return false;
  const ossl::BigNumber all{ossl::check(BN_new(), "make a number")};
  ossl::check(BN_mul(all.get(), p.get(), q.get(), scratch.get()), "check an RSA key");
  for (const RsaOtherPrime& other : key.others) {
    const auto prime = number(other.prime);
    if (is_too_small(prime) || !is_exponent(other.exponent, prime) || !is_coefficient(other.coefficient, all, prime)) return false;
    ossl::check(BN_mul(all.get(), all.get(), prime.get(), scratch.get()), "check an RSA key");
  }
  return BN_cmp(all.get(), n.get()) == 0;
}

}  // namespace spaceca::x509
