// Private keys of the harnesses' own, with which they make a signature right again.
#pragma once

#include <string_view>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "harness.h"

namespace spaceca::fuzz {

// They are in requests of the corpus, and protect nothing: Ed25519, P-256, RSA of 2048 bits. seeds.py reads them here.
inline constexpr std::string_view kOwnKeys[] = {
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIMvWP63dJOFcf5AURXEzaSbpF5ikNZ+w2z3kDFgDBMWq\n"
    "-----END PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5Thd105+rcwe44WU\n"
    "er5ilSyJzyFD6si2vEIak76bIvmhRANCAASQTtcpNpozyJ1KI8oPEUsaq+E6ffta\n"
    "BBXfjJw0WtGc2/exDI0TTTdWCDGciSunZ6kxp1l3AUyUNYe3lMleypZC\n"
    "-----END PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCr2m11wwzMf74j\n"
    "hXDex9dSBNCZCcE6fEIrNZL4dBOep4qKhMIhEAbaA6wNLM7tagM18GI84ML75jM3\n"
    "q/s5aWLosuMqakxwy2DHfPawzyTtqWMUA10JmQiPJhPcAJ+XyKbJ8JQHCgbmUp28\n"
    "FIkRasmedGqBVXD0KQ/6dCL8DZ7b9gQK7SCSgm0F1UoRKqJoF2ODGDgQyMR2bTW/\n"
    "7f9ieSs0xnjzeWn3WZkK2MuBEK5OfkGVQLUCjOwIymEqjQkYfbubo2GUM7zCnJUP\n"
    "XP2uKhe+MQ3JHE0ZWJRYrb152fTh2fE4mIsC9pxeKW9GCgT6M+doeluHIye8CcFZ\n"
    "KugyEjAdAgMBAAECggEAAzQme75H4A0WmJdtf/22PiVwVRYJN+OmoSMVyxNw5TGG\n"
    "4+evLcoccpaEb9dwwRzLlAcX8b4X7HXBaS2H2K1mBmQFV55VL/oeowFpoOivrc2N\n"
    "VwtsAdiMQAzr7FtHnl8DevrE66+sasFKBv5UAtLckNtnO+OBoE+eqGLfXxcK6dtP\n"
    "qj04QCCDVsySTQcE0olWvjM9WScl7rea0MLDWd9CTFRslrD0nMK/oqIVqWZNIgi/\n"
    "SvZvi7WT8RCX60Xj+rnuhUkCRuk98cHCyWGq415EVG+jLuqfw72QGLd4nsLLXxgP\n"
    "MMoYfXkc8133tJgFd8Iomo6N3ppq2AaLGY0j1yb40QKBgQDb1rzSH7BIZG0NdN4h\n"
    "nLwurYlinT/B/sNrecqFLIEMzxbvmuv5qZ0uA8xZaow3zmiczbD2hDbEgrnFYVSW\n"
    "ypcbjYj3ua5SJ5rxkzF7ZgedXUCmkDBSm0mr78d0dINH0sh9mhIaHwKu0ZhbxuR8\n"
    "3xm1UIewY6giYavZIeXovh3dkQKBgQDIHwy9bf+r+jdySIW83fidH1FuBAK7W7we\n"
    "HclaiumtcGC3Qyut3J2wxncx0PWa8QyeFTLrCrMNP9z2H7GcInDd7WjRsfjZMCcV\n"
    "frGo7v9JdkQj2GsuVBUfkFSWZUV3Y4aFuS5TOgzg7cGEG++4cy9+DrH9ZpOZnH+4\n"
    "hte/blYTzQKBgFkIeORorQ5Ejd37TNM0FQqagZ+Mq/u3YBGw+5I/2ewEGvfjOFqe\n"
    "lOfD5gj4m90mHTwUGe1c0ol3oCEOMCH53oTsJ2KcsrrXC2t2/31IbyEOWVab4tYx\n"
    "yf52V8MURO7bsRMdSOOHV6DRhfD1digUeubxvGJ1meyCvgRsNB60kIfhAoGAWCc9\n"
    "UHCVEGe/ZutFZkYNTwFNuH2xymCFhGqwmN7aQtle8Tt4kTS+jfFO7jXTCvamDTjf\n"
    "XiQvbWW1awHZFiMhvtDmvIB+UwXgIZrWncjx0aV0LKoXxKerSmUkrb9ck1PXHS7O\n"
    "lkDbDXYOKai4t3Kd+BR3GV3HJQKITHuxrBTpe/0CgYEAm0gTt90kxxKkQlW0dg8A\n"
    "g3nYq6DRSnYg5a6JPMohILXwwingxCjaVDR7Ztvp4Dmm4+opeZvYEehI3P/8Ggf9\n"
    "tDU1vjLfbcmAYOXUK9hrIyOl+kS5iLsb7/7DCukgkZZHzcuUOJ+tFjYno/KQAePk\n"
    "tAf8MsXfIVVDIkBAIDiGjfA=\n"
    "-----END PRIVATE KEY-----\n",
};
inline constexpr std::string_view kOwnP256 = kOwnKeys[1];

[[nodiscard]] inline Owned<EVP_PKEY, EVP_PKEY_free> key_of(std::string_view pem) {
  const Owned<BIO, BIO_free_all> bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  Owned<EVP_PKEY, EVP_PKEY_free> key{PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr)};
  require(key != nullptr, "the harness' own key is read");
  return key;
}

// The signature over these octets; nothing for a digest that no signature is made with. `digest` is null for Ed25519.
[[nodiscard]] inline std::optional<Bytes> signed_with(EVP_PKEY* key, const EVP_MD* digest, ByteView octets) {
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
  std::size_t size = 512;
  Bytes signature(size);
  if (EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, octets.data(), octets.size()) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  signature.resize(size);
  return signature;
}

}  // namespace spaceca::fuzz
