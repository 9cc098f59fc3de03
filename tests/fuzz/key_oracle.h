// OpenSSL's reading of private keys, and what it must agree on with ours.
#pragma once

#include <optional>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <spaceca/bytes.h>
#include <spaceca/key.h>

#include "harness.h"

namespace spaceca::fuzz {

using OpensslKey = Owned<EVP_PKEY, EVP_PKEY_free>;

// The key in a PKCS#8, all of it. OpenSSL 3.0 does not read version 2 (RFC 5958): there it is asked about the same key as
// version 1.
[[nodiscard]] OpensslKey openssl_pkcs8(ByteView der);
// Whether these octets, which our reader took, are PKCS#8 of version 2.
[[nodiscard]] bool is_version_2(ByteView pkcs8);
// In SEC1 and PKCS#1.
[[nodiscard]] OpensslKey openssl_traditional(int type, ByteView der);

// `converted` is what pkcs8_der_from_pem made of the key, `ours` what PrivateKey did, `theirs` what OpenSSL read (null if it
// refuses).
void require_agreement(const SecretBytes& converted, const PrivateKey& ours, EVP_PKEY* theirs);

// What a key is written as is read again, as the same key.
void require_same_once_written(const PrivateKey& key);

}  // namespace spaceca::fuzz
