// A key pair as DER, on its way between the readers, the generators and PrivateKey.
#pragma once

#include <spaceca/bytes.h>
#include <spaceca/key.h>

namespace spaceca::x509 {

// The two halves agree.
struct KeyPair {
  KeyAlgorithm algorithm;
  SecretBytes pkcs8;      // PrivateKeyInfo, version 1
  Bytes spki;             // SubjectPublicKeyInfo
  std::size_t key_size;   // octets in the SPKI's BIT STRING, which ends it
  bool canonical = true;  // not for an elliptic key without its point, with a compressed one, or with its curve spelled out
};

}  // namespace spaceca::x509
