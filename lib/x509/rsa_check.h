// Whether the numbers of an RSA private key belong together.
#pragma once

#include <vector>

#include <spaceca/bytes.h>

namespace spaceca::x509 {

// RFC 8017 A.1.2, each a magnitude without sign octet.
struct RsaOtherPrime {
  ByteView prime, exponent, coefficient;
};
struct RsaNumbers {
  ByteView modulus, public_exponent, private_exponent, prime1, prime2, exponent1, exponent2, coefficient;
  std::vector<RsaOtherPrime> others = {};  // where there are more than two primes
};

// n is the product of all primes; for each prime r with its exponent, e·dR = 1 mod r−1 and d = dR mod r−1; and each coefficient is
// the inverse of its product of other primes (qInv·q = 1 mod p, t·p·q = 1 mod r). Together they say that what one half encrypts the
// other decrypts, if the primes are prime, which is not tried: it takes minutes with numbers that a stranger chooses. Numbers whose
// lengths do not fit the modulus are not computed with.
[[nodiscard]] bool belong_together(const RsaNumbers& key);

}  // namespace spaceca::x509
