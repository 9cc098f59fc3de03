// The same certificate by Botan 2, as its manual shows: X509_CA::make_cert with extensions, PEM_encode.
#include <benchmark/benchmark.h>

#include <botan/auto_rng.h>
#include <botan/data_src.h>
#include <botan/ecdsa.h>
#include <botan/pkcs8.h>
#include <botan/pubkey.h>
#include <botan/x509_ca.h>
#include <botan/x509_ext.h>
#include <botan/x509self.h>

#include <string>

#include "yardsticks.h"

namespace {

Botan::RandomNumberGenerator& rng() {
  static Botan::AutoSeeded_RNG rng;
  return rng;
}

const Botan::EC_Group& p256() {
  static const Botan::EC_Group group{"secp256r1"};
  return group;
}

class Root {
 public:
  Root()
      : key_(rng(), p256()), certificate_(self_signed()), signer_(Botan::choose_sig_format(key_, rng(), "SHA-256", algorithm_)) {}

  Botan::X509_Certificate issue(const Botan::Public_Key& key) {
    const auto now = std::chrono::system_clock::now();
    Botan::Extensions extensions;
    extensions.add(new Botan::Cert_Extension::Basic_Constraints(false), true);
    extensions.add(new Botan::Cert_Extension::Key_Usage(Botan::DIGITAL_SIGNATURE), true);
    extensions.add(new Botan::Cert_Extension::Extended_Key_Usage({Botan::OID::from_string("PKIX.ClientAuth")}));
    extensions.add(new Botan::Cert_Extension::Subject_Key_ID(key.subject_public_key(), "SHA-1"));
    extensions.add(new Botan::Cert_Extension::Authority_Key_ID(certificate_.subject_key_id()));
    extensions.add(new Botan::Cert_Extension::Subject_Alternative_Name(
        Botan::AlternativeName("", "urn:uuid:0193c1a8-7f00-7000-8000-0123456789ab")));
    Botan::X509_DN name;
    name.add_attribute("X520.CommonName", "app");
    return Botan::X509_CA::make_cert(
        signer_.get(), rng(), algorithm_, key.subject_public_key(), Botan::X509_Time(now - std::chrono::minutes{5}),
        Botan::X509_Time(now + std::chrono::hours{24 * 395}), certificate_.subject_dn(), name, extensions);
  }

 private:
  Botan::X509_Certificate self_signed() {
    Botan::X509_Cert_Options options("acme");
    options.CA_key(0);
    return Botan::X509::create_self_signed_cert(options, key_, "SHA-256", rng());
  }

  Botan::ECDSA_PrivateKey key_;
  Botan::X509_Certificate certificate_;
  Botan::AlgorithmIdentifier algorithm_;
  std::unique_ptr<Botan::PK_Signer> signer_;
};

void issue_with_key(benchmark::State& state) {
  Root root;
  bench::measure(state, [&root] {
    const Botan::ECDSA_PrivateKey key{rng(), p256()};
    benchmark::DoNotOptimize(root.issue(key).PEM_encode());
    benchmark::DoNotOptimize(Botan::PKCS8::PEM_encode(key));
  });
}
BENCHMARK(issue_with_key)->Name("issue P-256 with key/Botan")->Threads(1)->UseRealTime();

void issue_for_key(benchmark::State& state) {
  Root root;
  const Botan::ECDSA_PrivateKey key{rng(), p256()};
  bench::measure(state, [&] { benchmark::DoNotOptimize(root.issue(key).PEM_encode()); });
}
BENCHMARK(issue_for_key)->Name("issue for a key in hand/Botan");

// PKCS8::load_key, PKCS8::BER_encode. Of PEM it reads PKCS#8 alone.
void convert_key(benchmark::State& state, const std::string& name) {
  const std::string pem = bench::vector(name);
  bench::measure(state, [&pem] {
    Botan::DataSource_Memory in{pem};
    benchmark::DoNotOptimize(Botan::PKCS8::BER_encode(*Botan::PKCS8::load_key(in)));
  });
}
BENCHMARK_CAPTURE(convert_key, , "rsa2048-pkcs8")->Name("PEM to PKCS#8 DER, rsa2048-pkcs8/Botan");
BENCHMARK_CAPTURE(convert_key, , "p256-pkcs8")->Name("PEM to PKCS#8 DER, p256-pkcs8/Botan");

}  // namespace
