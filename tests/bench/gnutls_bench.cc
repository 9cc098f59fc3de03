// The same certificate by GnuTLS, as its manual shows: gnutls_x509_crt_set_*, gnutls_x509_crt_sign2, export as PEM.
#include <cstdlib>
#include <ctime>
#include <string>

#include <benchmark/benchmark.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "yardsticks.h"

namespace {

void must(int result) {
  if (result < 0) std::abort();
}

gnutls_x509_privkey_t new_key() {
  gnutls_x509_privkey_t key = nullptr;
  must(gnutls_x509_privkey_init(&key));
  must(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
  return key;
}

void export_pem(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key) {
  gnutls_datum_t text{};
  must(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &text));
  gnutls_free(text.data);
  if (key == nullptr) return;
  must(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, nullptr, GNUTLS_PKCS_PLAIN, &text));
  gnutls_free(text.data);
}

gnutls_x509_crt_t certificate_for(gnutls_x509_privkey_t key, const char* name, gnutls_x509_crt_t issuer,
                                  gnutls_x509_privkey_t issuer_key) {
  gnutls_x509_crt_t made = nullptr;
  must(gnutls_x509_crt_init(&made));
  must(gnutls_x509_crt_set_version(made, 3));
  unsigned char serial[16];
  must(gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial));
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7F) | 0x01);
  must(gnutls_x509_crt_set_serial(made, serial, sizeof serial));
  const std::time_t now = std::time(nullptr);
  must(gnutls_x509_crt_set_activation_time(made, now - 300));
  must(gnutls_x509_crt_set_expiration_time(made, now + 395L * 86400));
  must(gnutls_x509_crt_set_dn(made, name, nullptr));
  must(gnutls_x509_crt_set_key(made, key));
  unsigned char id[20];
  std::size_t id_size = sizeof id;
  must(gnutls_x509_crt_get_key_id(made, 0, id, &id_size));
  must(gnutls_x509_crt_set_subject_key_id(made, id, id_size));
  if (issuer == nullptr) {
    must(gnutls_x509_crt_set_basic_constraints(made, 1, 0));
    must(gnutls_x509_crt_set_key_usage(made, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN));
  } else {
    must(gnutls_x509_crt_set_basic_constraints(made, 0, -1));
    must(gnutls_x509_crt_set_key_usage(made, GNUTLS_KEY_DIGITAL_SIGNATURE));
    must(gnutls_x509_crt_set_key_purpose_oid(made, GNUTLS_KP_TLS_WWW_CLIENT, 0));
    id_size = sizeof id;
    must(gnutls_x509_crt_get_key_id(issuer, 0, id, &id_size));
    must(gnutls_x509_crt_set_authority_key_id(made, id, id_size));
    constexpr char kId[] = "urn:uuid:0193c1a8-7f00-7000-8000-0123456789ab";
    must(gnutls_x509_crt_set_subject_alt_name(made, GNUTLS_SAN_URI, kId, sizeof kId - 1, GNUTLS_FSAN_SET));
  }
  must(gnutls_x509_crt_sign2(made, issuer == nullptr ? made : issuer, issuer_key, GNUTLS_DIG_SHA256, 0));
  return made;
}

struct Root {
  gnutls_x509_privkey_t key = new_key();
  gnutls_x509_crt_t certificate = certificate_for(key, "CN=acme", nullptr, key);
};
const Root& root() {
  static const Root root;
  return root;
}

void issue_with_key(benchmark::State& state) {
  bench::measure(state, [] {
    gnutls_x509_privkey_t key = new_key();
    gnutls_x509_crt_t made = certificate_for(key, "CN=app", root().certificate, root().key);
    export_pem(made, key);
    gnutls_x509_crt_deinit(made);
    gnutls_x509_privkey_deinit(key);
  });
}
BENCHMARK(issue_with_key)->Name("issue P-256 with key/GnuTLS")->Threads(1)->Threads(2)->UseRealTime();

void issue_for_key(benchmark::State& state) {
  gnutls_x509_privkey_t key = new_key();
  bench::measure(state, [key] {
    gnutls_x509_crt_t made = certificate_for(key, "CN=app", root().certificate, root().key);
    export_pem(made, nullptr);
    gnutls_x509_crt_deinit(made);
  });
  gnutls_x509_privkey_deinit(key);
}
BENCHMARK(issue_for_key)->Name("issue for a key in hand/GnuTLS");

// gnutls_x509_privkey_import2, gnutls_x509_privkey_export2_pkcs8.
void convert_key(benchmark::State& state, const std::string& name) {
  std::string pem = bench::vector(name);
  const gnutls_datum_t in{reinterpret_cast<unsigned char*>(pem.data()), static_cast<unsigned>(pem.size())};
  bench::measure(state, [&in] {
    gnutls_x509_privkey_t key = nullptr;
    must(gnutls_x509_privkey_init(&key));
    must(gnutls_x509_privkey_import2(key, &in, GNUTLS_X509_FMT_PEM, nullptr, 0));
    gnutls_datum_t der{};
    must(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_DER, nullptr, GNUTLS_PKCS_PLAIN, &der));
    gnutls_free(der.data);
    gnutls_x509_privkey_deinit(key);
  });
}
BENCHMARK_CAPTURE(convert_key, , "rsa2048-pkcs1")->Name("PEM to PKCS#8 DER, rsa2048-pkcs1/GnuTLS");
BENCHMARK_CAPTURE(convert_key, , "rsa2048-pkcs8")->Name("PEM to PKCS#8 DER, rsa2048-pkcs8/GnuTLS");
BENCHMARK_CAPTURE(convert_key, , "p256-sec1")->Name("PEM to PKCS#8 DER, p256-sec1/GnuTLS");
BENCHMARK_CAPTURE(convert_key, , "p256-pkcs8")->Name("PEM to PKCS#8 DER, p256-pkcs8/GnuTLS");

}  // namespace
