// PEM of a private key to PKCS#8 DER.
#include <benchmark/benchmark.h>

#include <string>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <spaceca/key.h>

#include "yardsticks.h"

namespace {

void ours(benchmark::State& state, const std::string& name) {
  const std::string pem = bench::vector(name);
  bench::measure(state, [&] { benchmark::DoNotOptimize(spaceca::pkcs8_der_from_pem(pem)); });
}

// PEM_read_bio_PrivateKey, EVP_PKEY2PKCS8, i2d: it checks no halves.
void idiomatic(benchmark::State& state, const std::string& name) {
  const std::string pem = bench::vector(name);
  bench::measure(state, [&] {
    BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    PKCS8_PRIV_KEY_INFO* info = EVP_PKEY2PKCS8(key);
    unsigned char* der = nullptr;
    benchmark::DoNotOptimize(i2d_PKCS8_PRIV_KEY_INFO(info, &der));
    OPENSSL_free(der);
    PKCS8_PRIV_KEY_INFO_free(info);
    EVP_PKEY_free(key);
    BIO_free(bio);
  });
}

const bool registered = [] {
  for (const std::string name : {"rsa2048-pkcs1", "rsa2048-pkcs8", "p256-sec1", "p256-pkcs8"}) {
    benchmark::RegisterBenchmark(("PEM to PKCS#8 DER, " + name + "/idiomatic OpenSSL").c_str(), idiomatic, name);
    benchmark::RegisterBenchmark(("PEM to PKCS#8 DER, " + name + "/ours").c_str(), ours, name);
  }
  return true;
}();

}  // namespace
