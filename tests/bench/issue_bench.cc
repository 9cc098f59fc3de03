// Issuing, on one thread and on two.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include <openssl/x509.h>

#include <spaceca/issuer.h>

#include "yardsticks.h"

using namespace spaceca;

namespace {

const Instant kNow = SystemClock{}.now();
const ClientSubject kApp{.role = RoleName{"app"}, .database = DatabaseName{"orders"}};

PrivateKey rsa_key() { return PrivateKey::from_pem(bench::rsa_2048_pem()); }

const Issuer& root(KeyAlgorithm algorithm = KeyAlgorithm::ecdsa_p256()) {
  static const Issuer p256 = Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::generate(), kNow);
  static const Issuer rsa = Issuer::self_signed({.space = SpaceName{"acme"}}, rsa_key(), kNow);
  return algorithm == KeyAlgorithm::ecdsa_p256() ? p256 : rsa;
}

// Everybody but the limit hands out PEM.
void issue_with(KeyAlgorithm algorithm) {
  const Credential client = root().issue_with_key(kApp, kNow, algorithm);
  benchmark::DoNotOptimize(client.certificate().pem());
  benchmark::DoNotOptimize(client.key().pkcs8_pem());
}

void issue_with_key_limit(benchmark::State& state) {
  bench::Limit limit;
  bench::measure(state, [&] {
    limit.generate_p256();
    limit.sign();
  });
}
BENCHMARK(issue_with_key_limit)->Name("issue P-256 with key/limit")->Threads(1)->Threads(2)->UseRealTime();

void issue_with_key_ours(benchmark::State& state) {
  bench::measure(state, [] { issue_with(KeyAlgorithm::ecdsa_p256()); });
}
BENCHMARK(issue_with_key_ours)->Name("issue P-256 with key/ours")->Threads(1)->Threads(2)->UseRealTime();

void issue_with_key_idiomatic(benchmark::State& state) {
  static bench::Idiomatic idiomatic;
  bench::measure(state, [] { benchmark::DoNotOptimize(idiomatic.issue_with(bench::new_p256())); });
}
BENCHMARK(issue_with_key_idiomatic)->Name("issue P-256 with key/idiomatic OpenSSL")->Threads(1)->Threads(2)->UseRealTime();

void issue_for_key_limit(benchmark::State& state) {
  bench::Limit limit;
  bench::measure(state, [&] { limit.sign(); });
}
BENCHMARK(issue_for_key_limit)->Name("issue for a key in hand/limit");

void issue_for_key_ours(benchmark::State& state) {
  const PublicKey key = PrivateKey::generate().public_key();
  bench::measure(state, [&] { benchmark::DoNotOptimize(root().issue(kApp, key, kNow).pem()); });
}
BENCHMARK(issue_for_key_ours)->Name("issue for a key in hand/ours");

void issue_for_key_idiomatic(benchmark::State& state) {
  bench::Idiomatic idiomatic;
  const bench::Key key = bench::new_p256();
  bench::measure(state, [&] { benchmark::DoNotOptimize(idiomatic.issue_for(key.get())); });
}
BENCHMARK(issue_for_key_idiomatic)->Name("issue for a key in hand/idiomatic OpenSSL");

// A P-256 request, made by OpenSSL.
Bytes request_der() {
  const bench::Key key = bench::new_p256();
  X509_REQ* request = X509_REQ_new();
  X509_NAME* name = X509_NAME_new();
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>("app"), -1, -1, 0);
  X509_REQ_set_subject_name(request, name);
  X509_NAME_free(name);
  X509_REQ_set_pubkey(request, key.get());
  X509_REQ_sign(request, key.get(), EVP_sha256());
  Bytes der(static_cast<std::size_t>(i2d_X509_REQ(request, nullptr)));
  unsigned char* out = der.data();
  i2d_X509_REQ(request, &out);
  X509_REQ_free(request);
  return der;
}

void issue_request_limit(benchmark::State& state) {
  bench::Limit limit;
  bench::measure(state, [&] {
    limit.verify();
    limit.sign();
  });
}
BENCHMARK(issue_request_limit)->Name("issue from a CSR in DER/limit");

void issue_request_ours(benchmark::State& state) {
  const Bytes der = request_der();
  bench::measure(state,
                 [&] { benchmark::DoNotOptimize(root().issue(kApp, CertificateRequest::from_der(der).public_key(), kNow).pem()); });
}
BENCHMARK(issue_request_ours)->Name("issue from a CSR in DER/ours");

void issue_request_idiomatic(benchmark::State& state) {
  const Bytes der = request_der();
  bench::Idiomatic idiomatic;
  bench::measure(state, [&] {
    const unsigned char* in = der.data();
    X509_REQ* request = d2i_X509_REQ(nullptr, &in, static_cast<long>(der.size()));
    EVP_PKEY* key = X509_REQ_get0_pubkey(request);
    if (X509_REQ_verify(request, key) != 1) std::abort();
    benchmark::DoNotOptimize(idiomatic.issue_for(key));
    X509_REQ_free(request);
  });
}
BENCHMARK(issue_request_idiomatic)->Name("issue from a CSR in DER/idiomatic OpenSSL");

void issue_ed25519_limit(benchmark::State& state) {
  bench::Limit limit;
  bench::measure(state, [&] {
    limit.generate_ed25519();
    limit.sign();
  });
}
BENCHMARK(issue_ed25519_limit)->Name("issue an Ed25519 client with key/limit");

void issue_ed25519_ours(benchmark::State& state) {
  bench::measure(state, [] { issue_with(KeyAlgorithm::ed25519()); });
}
BENCHMARK(issue_ed25519_ours)->Name("issue an Ed25519 client with key/ours");

void issue_ed25519_idiomatic(benchmark::State& state) {
  bench::Idiomatic idiomatic;
  bench::measure(state, [&] { benchmark::DoNotOptimize(idiomatic.issue_with(bench::new_ed25519())); });
}
BENCHMARK(issue_ed25519_idiomatic)->Name("issue an Ed25519 client with key/idiomatic OpenSSL");

void issue_rsa_limit(benchmark::State& state) {
  bench::Limit limit{bench::rsa_2048()};
  bench::measure(state, [&] { limit.sign(); });
}
BENCHMARK(issue_rsa_limit)->Name("issue for an RSA-2048 key in hand/limit");

void issue_rsa_ours(benchmark::State& state) {
  const PublicKey key = rsa_key().public_key();
  const Issuer& issuer = root(KeyAlgorithm::rsa_2048());
  bench::measure(state, [&] { benchmark::DoNotOptimize(issuer.issue(kApp, key, kNow).pem()); });
}
BENCHMARK(issue_rsa_ours)->Name("issue for an RSA-2048 key in hand/ours");

void issue_rsa_idiomatic(benchmark::State& state) {
  bench::Idiomatic idiomatic{bench::rsa_2048()};
  const bench::Key key = bench::rsa_2048();
  bench::measure(state, [&] { benchmark::DoNotOptimize(idiomatic.issue_for(key.get())); });
}
BENCHMARK(issue_rsa_idiomatic)->Name("issue for an RSA-2048 key in hand/idiomatic OpenSSL");

}  // namespace
