// Whether the numbers of an RSA private key belong together.
#pragma once

#include <spaceca/bytes.h>

namespace spaceca::x509 {

// RFC 8017 A.1.2, each a magnitude without sign octet.
struct RsaNumbers {
  ByteView modulus, public_exponent, private_exponent, prime1, prime2, exponent1, exponent2, coefficient;
};

// n = p·q, e·dP = 1 mod p−1, e·dQ = 1 mod q−1, d = dP mod p−1, d = dQ mod q−1, qInv·q = 1 mod p. Together they say that what one
// half encrypts the other decrypts, if p and q are prime, which is not tried.
[[nodiscard]] bool belong_together(const RsaNumbers& key);

}  // namespace spaceca::x509
