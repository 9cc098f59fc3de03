// What PrivateKey and pkcs8_der_from_pem read, refuse and write. The vectors of data/keys come from the openssl command line; what
// it cannot make, craft.py makes. See data/keys/generate.sh.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include <openssl/evp.h>

#include <spaceca/key.h>

#include "support/certificate_builder.h"
#include "support/child.h"
#include "support/files.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

const SecretBytes kPassphrase{std::string_view{"correct horse"}};

std::vector<std::string> good_vectors() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{data_path("keys/good")}) {
    if (entry.path().extension() == ".pem") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool is_encrypted(const std::string& name) { return name.find(".enc-") != std::string::npos; }

SecretBytes converted(const std::string& name) {
  const std::string pem = data("keys/good/" + name + ".pem");
  return is_encrypted(name) ? pkcs8_der_from_pem(pem, kPassphrase) : pkcs8_der_from_pem(pem);
}

PrivateKey read(const std::string& name) {
  const std::string pem = data("keys/good/" + name + ".pem");
  return is_encrypted(name) ? PrivateKey::from_pem(pem, kPassphrase) : PrivateKey::from_pem(pem);
}

struct BadVector {
  std::string file, passphrase, kind, what;
};

std::vector<BadVector> bad_vectors() {
  std::vector<BadVector> rows;
  std::istringstream table{data("keys/bad/expect.tsv")};
  for (std::string line; std::getline(table, line);) {
    BadVector row;
    std::istringstream fields{line};
    for (std::string* field : {&row.file, &row.passphrase, &row.kind, &row.what}) std::getline(fields, *field, '\t');
    rows.push_back(row);
  }
  return rows;
}

Errc refusal_of(const std::string& pem, const std::string& passphrase) {
  try {
    static_cast<void>(passphrase.empty() || passphrase == "-none-"
                          ? pkcs8_der_from_pem(pem)
                          : pkcs8_der_from_pem(pem, SecretBytes{std::string_view{passphrase}}));
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("was accepted");
  return {};
}

std::string pem_of(const Bytes& der, const std::string& label = "PRIVATE KEY") {
  std::string base64((der.size() + 2) / 3 * 4 + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), der.data(), static_cast<int>(der.size()));
  base64.pop_back();  // the NUL
  return "-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n";
}

// What stands in the last block, and the only one but for the parameters that openssl puts before an elliptic key.
Bytes der_in(const std::string& pem) {
  const std::size_t begin = pem.find('\n', pem.rfind("-----BEGIN")) + 1;
  const auto decoded = run({"openssl", "base64", "-d"}, {.input = pem.substr(begin, pem.rfind("-----END") - begin)});
  return Bytes{decoded.out.begin(), decoded.out.end()};
}

// The values one after the other in a constructed one, each whole.
std::vector<Bytes> values_in(ByteView constructed) {
  const auto size_of = [](ByteView value) {  // of tag and length, and of the content
    if (value[1] < 0x80) return std::pair<std::size_t, std::size_t>{2, value[1]};
    std::size_t length = 0;
    for (std::size_t i = 0; i < (value[1] & 0x7FU); ++i) length = length << 8 | value[2 + i];
    return std::pair<std::size_t, std::size_t>{2 + (value[1] & 0x7FU), length};
  };
  std::vector<Bytes> values;
  for (ByteView rest = constructed.subspan(size_of(constructed).first); !rest.empty();) {
    const auto [head, length] = size_of(rest);
    values.emplace_back(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(head + length));
    rest = rest.subspan(head + length);
  }
  return values;
}

// What stands in the RSAPrivateKey of a good key (RFC 8017 A.1.2), and a PKCS#8 around such.
std::vector<Bytes> rsa_private_key(const std::string& name) {
  const Bytes octets = values_in(bytes_of(data("keys/good/" + name + ".p8")))[2];
  return values_in(values_in(octets).front());
}

Bytes rsa_pkcs8(const std::vector<Bytes>& numbers) {
  return asn1::sequence({asn1::integer("00"), asn1::sequence({asn1::oid("1.2.840.113549.1.1.1"), asn1::null()}),
                         asn1::octet_string(asn1::sequence(numbers))});
}

}  // namespace

TEST_CASE("every private key that openssl reads becomes the PKCS#8 that openssl writes, octet for octet", "[key]") {
  const auto names = good_vectors();
  REQUIRE(names.size() == 191);
  for (const std::string& name : names) {
    INFO(name);
    CHECK(hex(converted(name).reveal()) == hex(bytes_of(data("keys/good/" + name + ".p8"))));
  }
}

TEST_CASE("a key that was read has the public half that openssl computes", "[key]") {
  const TemporaryFolder folder;
  for (const std::string name :
       {"p256-sec1", "p256-sec1-no-public", "p256-sec1-compressed", "p256-sec1-explicit", "p384-sec1-compressed", "rsa2048-pkcs1",
        "rsa2048-3primes-pkcs1", "ed25519-pkcs8", "ed25519-pkcs8-v2"}) {
    INFO(name);
    // From the converted file, whose curve is made to be given by name and whose point uncompressed, as certificates need them.
    const auto spki = run({"openssl", "pkey", "-inform", "DER", "-in", data_path("keys/good/" + name + ".p8").string(), "-pubout",
                           "-outform", "DER", "-ec_param_enc", "named_curve", "-ec_conv_form", "uncompressed"});
    const auto plain = run({"openssl", "pkey", "-inform", "DER", "-in", data_path("keys/good/" + name + ".p8").string(), "-pubout",
                            "-outform", "DER"});
    const std::string expected = name[0] == 'p' ? spki.out : plain.out;
    CHECK(hex(read(name).public_key().spki_der()) == hex(bytes_of(expected)));
  }
}

TEST_CASE("a key in an odd form is kept in the usual one", "[key]") {
  const std::string usual = hex(read("p256-sec1").pkcs8_der().reveal()).substr(0, 70);
  for (const std::string name : {"p256-sec1-compressed", "p256-sec1-explicit", "p256-sec1-no-public"}) {
    INFO(name);
    const PrivateKey key = read(name);
    CHECK(key.pkcs8_der().size() == 138);                         // named curve, scalar, uncompressed point
    CHECK(hex(key.pkcs8_der().reveal()).substr(0, 70) == usual);  // what stands before the scalar
    CHECK(PrivateKey::from_pkcs8_der(key.pkcs8_der().reveal()).public_key() == key.public_key());
  }
}

TEST_CASE("every damaged, doubtful or foreign key is refused, and the error says what was seen", "[key]") {
  const std::map<std::string, std::set<Errc>> codes = {
      {"no_pem", {Errc::malformed}},
      {"public_key", {Errc::malformed}},
      {"certificate", {Errc::malformed}},
      {"two_keys", {Errc::malformed}},
      {"malformed", {Errc::malformed, Errc::mismatch, Errc::unsupported, Errc::passphrase_wrong}},
      {"trailing", {Errc::malformed}},
      {"mismatch", {Errc::mismatch, Errc::malformed, Errc::unsupported}},
      {"label", {Errc::malformed, Errc::unsupported}},
      {"weak", {Errc::policy}},
      {"curve", {Errc::policy, Errc::malformed}},
      {"algorithm", {Errc::unsupported, Errc::policy, Errc::malformed, Errc::passphrase_wrong}},
      {"passphrase", {Errc::passphrase_missing, Errc::passphrase_wrong}},
  };
  const auto rows = bad_vectors();
  REQUIRE(rows.size() == 390);
  for (const BadVector& row : rows) {
    INFO(row.file << ": " << row.what);
    const Errc code = refusal_of(data("keys/" + row.file), row.passphrase);
    INFO("code " << static_cast<int>(code));
    CHECK(codes.at(row.kind).contains(code));
    if (row.passphrase == "-none-") CHECK(code == Errc::passphrase_missing);
  }
}

// Found by tests/fuzz: attributes were passed over by their outer tag alone.
TEST_CASE("a key whose attributes are none is refused, and one with attributes is taken", "[key]") {
  // PKCS#8 of Ed25519 with its attributes, [0], at the end: friendlyName "a" (RFC 2985 5.5.1).
  const std::string key = "020100300506032b657004220420" + std::string(64, '7');
  const std::string name = "06092a864886f70d010914";
  auto [attributes, good] = GENERATE_COPY(table<std::string, bool>({
      {"a014"
       "3012" +
           name +
           "3105"
           "1e03"
           "006100",
       false},  // a BMPString has two octets a character
      {"a013"
       "3011" +
           name +
           "3104"
           "1e02"
           "0061",
       true},
      {"a002"
       "3000",
       false},
      {"a00d"
       "300b" +
           name,
       false},  // no values
      {"a015"
       "3013" +
           name +
           "3104"
           "1e02"
           "0061"
           "0500",
       false},
      {"a013"
       "3011" +
           name +
           "3004"
           "1e02"
           "0061",
       false},  // a SEQUENCE of them
      {"a00f"
       "300d" +
           name + "3100",
       true},  // OpenSSL takes an empty SET too
      {"a000", true},
  }));
  INFO(attributes);
  const std::string body = key + attributes;
  const Bytes der = from_hex("30" + hex(Bytes{static_cast<std::uint8_t>(body.size() / 2)}) + body);
  const auto read = [&] { return PrivateKey::from_pkcs8_der(der); };
  if (good) {
    CHECK(read().algorithm() == KeyAlgorithm::ed25519());
  } else {
    CHECK_THROWS_AS(read(), Error);
  }
}

// Found by tests/fuzz.
TEST_CASE("a BEGIN line inside a block is a refusal, so that no key goes unseen behind a certificate that was cut", "[key]") {
  const std::string key = data("keys/good/p256-pkcs8.pem");
  const std::string cut = "-----BEGIN CERTIFICATE-----\nMIIBWDCC\n";
  const std::string end = "-----END CERTIFICATE-----\n";
  for (const std::string& text : {cut + key + end, cut + key + end + key, cut + key, cut + cut + end + key}) {
    INFO(text);
    CHECK_THROWS_WITH(pkcs8_der_from_pem(text), Catch::Matchers::ContainsSubstring("\"CERTIFICATE\" has no END line of its own"));
  }
  CHECK(hex(pkcs8_der_from_pem(cut + end + key).reveal()) == hex(pkcs8_der_from_pem(key).reveal()));
}

// Found by tests/fuzz: to OpenSSL what stands before an empty line is headers, and it wants lines of 64 behind one.
TEST_CASE("an empty line in a block is taken directly behind BEGIN alone, and then lines have 64 characters", "[key]") {
  const std::string pem = data("keys/good/p256-pkcs8.pem");
  const auto lines_with = [&pem](std::size_t line, const std::string& inserted) {
    std::string text = pem;
    std::size_t at = 0;
    for (; line > 0; --line) at = text.find('\n', at) + 1;
    return text.insert(at, inserted);
  };
  CHECK_NOTHROW(pkcs8_der_from_pem(lines_with(1, "\n")));
  CHECK_NOTHROW(pkcs8_der_from_pem(lines_with(1, " \r\n")));
  for (const std::string& text : {lines_with(2, "\n"), lines_with(3, " \t\n"), lines_with(4, "\n"), lines_with(1, "\n\n")}) {
    INFO(text);
    CHECK_THROWS_WITH(pkcs8_der_from_pem(text), Catch::Matchers::ContainsSubstring("has an empty line in it"));
  }
  std::string joined = lines_with(1, "\n");
  joined.erase(joined.find('\n', joined.find("\n\n") + 2), 1);
  CHECK_THROWS_WITH(pkcs8_der_from_pem(joined), Catch::Matchers::ContainsSubstring("a line of another length than 64"));
}

// Found by tests/fuzz.
TEST_CASE("headers other than those of an encrypted key are refused, as OpenSSL does", "[key]") {
  const std::string headers = GENERATE("Comment: mine\n\n", "Proc-Type: 4,MIC-CLEAR\n\n", "a:b\nnothing\n\n");
  std::string pem = data("keys/good/p256-pkcs8.pem");
  pem.insert(pem.find('\n') + 1, headers);
  CHECK_THROWS_WITH(pkcs8_der_from_pem(pem), Catch::Matchers::ContainsSubstring("\"PRIVATE KEY\" has headers"));
}

// Found by tests/fuzz: OpenSSL, which reads such keys for us, takes these too.
TEST_CASE("a key with its curve spelled out is as strict inside as one with a named curve", "[key]") {
  const std::string good = hex(bytes_of(data("keys/good/p256-pkcs8-explicit.p8")));
  const auto [was, is] = GENERATE(table<std::string, std::string>({
      {"306b020101", "306b020100"},  // ECPrivateKey of version 0
      {"a144034200"
       "04",
       "a144034200"
       "06"},  // its point in the hybrid form
  }));
  std::string bad = good;
  const auto at = bad.find(was);
  REQUIRE(at != std::string::npos);
  bad.replace(at, was.size(), is);
  CHECK(hex(pkcs8_der_from_pem(pem_of(from_hex(good))).reveal()) == good);
  CHECK_THROWS_AS(pkcs8_der_from_pem(pem_of(from_hex(bad))), Error);
  CHECK_THROWS_AS(PrivateKey::from_pkcs8_der(from_hex(bad)), Error);
}

TEST_CASE("a refusal of a key tells what was there instead", "[key]") {
  auto [file, text] = GENERATE(table<std::string, std::string>({
      {"empty", "there is no PEM in the input"},
      {"public-key", "the input is a public key; give the private half"},
      {"certificate", "the input holds a certificate and no key"},
      {"two-keys", "the input holds more than one; give one"},
      {"kind-rsa1024-pkcs8", "RSA of 1024 bits; the least is 2048"},
      {"kind-p521-pkcs8", "its curve is neither P-256 nor P-384"},
      {"kind-rsa-pss-pkcs8", "is of kind rsassaPss; ECDSA, RSA and Ed25519 are taken"},
      {"label-sec1-as-pkcs8", "labelled \"PRIVATE KEY\", holds SEC1, whose label is \"EC PRIVATE KEY\""},
      {"label-pkcs1-as-pkcs8", "labelled \"PRIVATE KEY\", holds PKCS#1, whose label is \"RSA PRIVATE KEY\""},
      {"label-pkcs8-ec-as-ec", "labelled \"EC PRIVATE KEY\", holds PKCS#8, whose label is \"PRIVATE KEY\""},
      {"label-pkcs8-rsa-as-rsa", "labelled \"RSA PRIVATE KEY\", holds PKCS#8, whose label is \"PRIVATE KEY\""},
      {"label-pkcs1-as-ec", "labelled \"EC PRIVATE KEY\", holds PKCS#1, whose label is \"RSA PRIVATE KEY\""},
      {"label-sec1-as-rsa", "labelled \"RSA PRIVATE KEY\", holds SEC1, whose label is \"EC PRIVATE KEY\""},
      {"label-encrypted-as-pkcs8", "labelled \"PRIVATE KEY\", holds an encrypted PKCS#8, whose label is \"ENCRYPTED PRIVATE KEY\""},
      {"label-spki-as-pkcs8", "labelled \"PRIVATE KEY\", holds a public key, whose label is \"PUBLIC KEY\""},
      {"label-certificate-as-pkcs8", "labelled \"PRIVATE KEY\", holds a certificate or a request, whose label is \"CERTIFICATE\""},
      {"p256-pkcs8-trailing", "more octets than it should"},
      {"p256-sec1-trailing", "more octets than it should"},
      {"p256-pkcs8-cut-40", "octets where 37 are left"},
      {"p256-sec1-other-public", "its public half is not that of its private half"},
      {"openssh", "\"OPENSSH PRIVATE KEY\" is not a form that is read here; convert it to PKCS#8"},
      {"p256-sec1-scalar-n", "its secret number is 0, or not below the order of the curve"},
  }));
  const std::string pem = data("keys/bad/" + file + ".pem");
  CHECK_THROWS_WITH(pkcs8_der_from_pem(pem), Catch::Matchers::ContainsSubstring(text));
}

// A stranger's 64-kbit "prime" kept OpenSSL busy for minutes, which tried whether it is one.
TEST_CASE("an RSA key with a number too long for its modulus is refused before anything is computed with it", "[key]") {
  const std::vector<Bytes> numbers = rsa_private_key("rsa2048-3primes-pkcs8");
  REQUIRE(numbers.size() == 10);  // version, n, e, d, p, q, dP, dQ, qInv, the other prime's three
  const std::vector<Bytes> other = values_in(values_in(numbers[9]).front());
  REQUIRE(other.size() == 3);
  const Bytes huge = asn1::integer("00" + std::string(16384, 'f'));
  REQUIRE(PrivateKey::from_pkcs8_der(rsa_pkcs8(numbers)).algorithm() == KeyAlgorithm::rsa_2048());

  for (std::size_t at = 3; at <= 8; ++at) {
    INFO("number " << at);
    std::vector<Bytes> bad = numbers;
    bad[at] = huge;
    CHECK_THROWS_AS(PrivateKey::from_pkcs8_der(rsa_pkcs8(bad)), Error);
    bad.pop_back();  // of two primes
    bad[0] = asn1::integer("00");
    CHECK_THROWS_AS(PrivateKey::from_pkcs8_der(rsa_pkcs8(bad)), Error);
  }
  for (std::size_t at = 0; at < other.size(); ++at) {
    INFO("number " << at << " of the third prime");
    std::vector<Bytes> bad_other = other;
    bad_other[at] = huge;
    std::vector<Bytes> bad = numbers;
    bad[9] = asn1::sequence({asn1::sequence(bad_other)});
    check_refused([&] { return PrivateKey::from_pkcs8_der(rsa_pkcs8(bad)); }, Errc::mismatch, "its public half");
  }
}

TEST_CASE("an RSA key of more primes than OpenSSL takes is refused", "[key]") {
  std::vector<Bytes> numbers = rsa_private_key("rsa2048-3primes-pkcs8");
  const Bytes other = values_in(numbers[9]).front();
  numbers[9] = asn1::sequence({other, other});
  check_refused([&] { return PrivateKey::from_pkcs8_der(rsa_pkcs8(numbers)); }, Errc::policy,
                "RSA of 2048 bits and more than 3 primes, the most that OpenSSL takes");
}

// OpenSSL raises the base of a DSA key to its secret number as it reads it.
TEST_CASE("a key of a kind that is not taken is refused by its kind, whatever its numbers", "[key]") {
  const Bytes huge = asn1::integer("00" + std::string(65536, 'f'));
  const Bytes key = asn1::sequence(
      {asn1::integer("00"), asn1::sequence({asn1::oid("1.2.840.10040.4.1"), asn1::sequence({huge, huge, asn1::integer("02")})}),
       asn1::octet_string(huge)});
  check_refused([&] { return PrivateKey::from_pkcs8_der(key); }, Errc::unsupported,
                "is of kind dsaEncryption; ECDSA, RSA and Ed25519 are taken");
}

TEST_CASE("a PKCS#8 of more than 1 MiB is refused before it is looked at", "[key]") {
  check_refused([] { return PrivateKey::from_pkcs8_der(Bytes((1U << 20) + 1)); }, Errc::policy,
                "private key: has 1048577 octets, the most is 1048576");
}

TEST_CASE("any one bit changed in a key that carries both halves is refused", "[key]") {
  const TemporaryFolder folder;
  const std::string name = GENERATE("p256-pkcs8", "p384-pkcs8", "ed25519-pkcs8-v2");
  INFO(name);
  const PrivateKey key = read(name);
  const Bytes der = der_in(data("keys/good/" + name + ".pem"));  // not converted(): ed25519 v2 is written back as v1
  REQUIRE(PrivateKey::from_pkcs8_der(der).public_key() == key.public_key());
  for (std::size_t bit = 0; bit < der.size() * 8; ++bit) {
    Bytes flipped = der;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1U << (bit % 8)));
    INFO("bit " << bit);
    CHECK_THROWS_AS(PrivateKey::from_pkcs8_der(flipped), Error);
  }
}

TEST_CASE("any one bit changed in an RSA key is refused", "[key]") {
  const SecretBytes key = converted("rsa2048-pkcs8");
  Bytes der{key.reveal().begin(), key.reveal().end()};
  for (std::size_t bit = 0; bit < der.size() * 8; ++bit) {
    der[bit / 8] = static_cast<std::uint8_t>(der[bit / 8] ^ (1U << (bit % 8)));
    INFO("bit " << bit);
    CHECK_THROWS_AS(PrivateKey::from_pkcs8_der(der), Error);
    der[bit / 8] = static_cast<std::uint8_t>(der[bit / 8] ^ (1U << (bit % 8)));
  }
}

TEST_CASE("any one bit changed in a key of the older containers is refused", "[key]") {
  auto [name, label] = GENERATE(table<std::string, std::string>({
      {"p256-sec1", "EC PRIVATE KEY"},
      {"p384-sec1", "EC PRIVATE KEY"},
      {"rsa2048-pkcs1", "RSA PRIVATE KEY"},
  }));
  INFO(name);
  Bytes der = der_in(data("keys/good/" + name + ".pem"));
  CHECK_NOTHROW(pkcs8_der_from_pem(pem_of(der, label)));
  for (std::size_t bit = 0; bit < der.size() * 8; ++bit) {
    der[bit / 8] = static_cast<std::uint8_t>(der[bit / 8] ^ (1U << (bit % 8)));
    INFO("bit " << bit);
    CHECK_THROWS_AS(pkcs8_der_from_pem(pem_of(der, label)), Error);
    der[bit / 8] = static_cast<std::uint8_t>(der[bit / 8] ^ (1U << (bit % 8)));
  }
}

TEST_CASE("a key cut short anywhere is refused", "[key]") {
  const std::string name = GENERATE("p256-pkcs8", "rsa2048-pkcs8", "ed25519-pkcs8");
  const SecretBytes whole = converted(name);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(name << " cut to " << size);
    CHECK_THROWS_AS(PrivateKey::from_pkcs8_der(whole.reveal().first(size)), Error);
  }
}

TEST_CASE("input of more than 1 MiB is refused before it is looked at", "[key]") {
  const std::string key = data("keys/good/p256-sec1.pem");
  const std::string most = std::string((1U << 20) - key.size() - 1, 'x') + "\n" + key;
  CHECK(most.size() == 1'048'576);
  CHECK_NOTHROW(pkcs8_der_from_pem(most));
  check_refused([&] { return pkcs8_der_from_pem(most + "\n"); }, Errc::policy, "the input has 1048577 octets, the most is 1048576");
}

TEST_CASE("no refusal shows anything of the key", "[key]") {
  for (const BadVector& row : bad_vectors()) {
    if (row.kind != "mismatch" && row.kind != "malformed" && row.kind != "trailing") continue;
    const std::string pem = data("keys/" + row.file);
    try {
      static_cast<void>(pkcs8_der_from_pem(pem));
    } catch (const Error& error) {
      const std::string text = error.what();
      CHECK(text.size() < 200);
      for (std::size_t at = 0; at + 12 <= pem.size(); at += 4) {
        const std::string piece = pem.substr(at, 12);
        if (piece.find_first_of("- \n") == std::string::npos && text.find(piece) != std::string::npos) FAIL("shows " << row.file);
      }
    }
  }
}

TEST_CASE("a generated key is one that openssl finds right", "[key]") {
  const std::string name = GENERATE("ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-3072", "ed25519");
  INFO(name);
  const PrivateKey key = PrivateKey::generate(KeyAlgorithm{name});
  CHECK(key.algorithm().name() == name);
  const auto check = run({"openssl", "pkey", "-check", "-noout"}, {.input = std::string{text_of(key.pkcs8_pem().reveal())}});
  CHECK(check.out == "Key is valid\n");
  const auto spki =
      run({"openssl", "pkey", "-pubout", "-outform", "DER"}, {.input = std::string{text_of(key.pkcs8_pem().reveal())}});
  CHECK(hex(bytes_of(spki.out)) == hex(key.public_key().spki_der()));
}

TEST_CASE("a generated key's PKCS#8 is what openssl would write", "[key]") {
  const std::string name = GENERATE("ecdsa-p256", "ecdsa-p384", "rsa-2048", "ed25519");
  const PrivateKey key = PrivateKey::generate(KeyAlgorithm{name});
  const auto again =
      run({"openssl", "pkcs8", "-topk8", "-nocrypt", "-outform", "DER"}, {.input = std::string{text_of(key.pkcs8_pem().reveal())}});
  CHECK(hex(bytes_of(again.out)) == hex(key.pkcs8_der().reveal()));
  const auto pem = run({"openssl", "pkcs8", "-topk8", "-nocrypt"}, {.input = std::string{text_of(key.pkcs8_pem().reveal())}});
  CHECK(pem.out == text_of(key.pkcs8_pem().reveal()));
}

TEST_CASE("two generated keys differ", "[key]") {
  CHECK_FALSE(PrivateKey::generate().public_key() == PrivateKey::generate().public_key());
}

TEST_CASE("key algorithms go by name", "[key]") {
  CHECK(KeyAlgorithm{"ecdsa-p256"} == KeyAlgorithm::ecdsa_p256());
  CHECK(KeyAlgorithm{"ecdsa-p384"} == KeyAlgorithm::ecdsa_p384());
  CHECK(KeyAlgorithm{"rsa-2048"} == KeyAlgorithm::rsa_2048());
  CHECK(KeyAlgorithm{"rsa-3072"} == KeyAlgorithm::rsa_3072());
  CHECK(KeyAlgorithm{"rsa-4096"} == KeyAlgorithm::rsa_4096());
  CHECK(KeyAlgorithm{"ed25519"} == KeyAlgorithm::ed25519());
  for (const std::string name : {"", "rsa", "rsa-1024", "rsa-2560", "RSA-2048", "p256", "ed448", "dsa", "ecdsa-p256 "}) {
    INFO(name);
    check_refused([&] { return KeyAlgorithm{name}; }, Errc::unsupported,
                  "there is no such kind; use ecdsa-p256, ecdsa-p384, rsa-2048");
  }
}

TEST_CASE("what the OpenSSL at hand lacks is refused by its name", "[key]") {
  const std::string name = GENERATE("ml-dsa-44", "ml-dsa-65", "ml-dsa-87");
  const KeyAlgorithm algorithm{name};
  if (algorithm.available()) {  // OpenSSL 3.5 and later
    CHECK(PrivateKey::generate(algorithm).algorithm() == algorithm);
  } else {
    check_refused([&] { return PrivateKey::generate(algorithm); }, Errc::unsupported,
                  "key algorithm \"" + name + "\": the OpenSSL at hand (3.");
  }
}

TEST_CASE("a public key comes from what openssl writes with -pubout, and goes back the same", "[key]") {
  const std::string name = GENERATE("p256-sec1", "p384-sec1", "rsa2048-pkcs1", "ed25519-pkcs8");
  const auto pem = run({"openssl", "pkey", "-in", data_path("keys/good/" + name + ".pem").string(), "-pubout"});
  CHECK(PublicKey::from_pem(pem.out) == read(name).public_key());
}

TEST_CASE("a public key that is not what it should be is refused", "[key]") {
  const TemporaryFolder folder;
  const PublicKey right = read("p256-sec1").public_key();
  Bytes p256{right.spki_der().begin(), right.spki_der().end()};
  SECTION("a point off its curve") {
    p256.back() ^= 1;
    check_refused([&] { return PublicKey::from_spki_der(p256); }, Errc::malformed, "is no uncompressed point of ecdsa-p256");
  }
  SECTION("octets after it") {
    p256.push_back(0);
    check_refused([&] { return PublicKey::from_spki_der(p256); }, Errc::malformed, "more octets than it should");
  }
  SECTION("cut short") {
    for (std::size_t size = 0; size < p256.size(); ++size) {
      CHECK_THROWS_AS(PublicKey::from_spki_der(ByteView{p256}.first(size)), Error);
    }
  }
  SECTION("a private key in its place") {
    check_refused([&] { return PublicKey::from_pem(data("keys/good/p256-pkcs8.pem")); }, Errc::malformed, "BEGIN PUBLIC KEY");
  }
  SECTION("another curve, a weak RSA key, another kind") {
    const auto spki = [](std::vector<std::string> arguments) {
      std::vector<std::string> command = {"openssl", "genpkey", "-outform", "DER"};
      command.insert(command.end(), arguments.begin(), arguments.end());
      const auto key = run(command);
      const auto out = run({"openssl", "pkey", "-inform", "DER", "-pubout", "-outform", "DER"}, {.input = key.out});
      return Bytes{out.out.begin(), out.out.end()};
    };
    const Bytes p521 = spki({"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"});
    check_refused([&] { return PublicKey::from_spki_der(p521); }, Errc::policy, "neither P-256 nor P-384");
    const Bytes rsa1024 = spki({"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"});
    check_refused([&] { return PublicKey::from_spki_der(rsa1024); }, Errc::policy, "RSA of 1024 bits; the least is 2048");
    const Bytes x25519 = spki({"-algorithm", "X25519"});
    check_refused([&] { return PublicKey::from_spki_der(x25519); }, Errc::unsupported, "none of ECDSA, RSA and Ed25519");
  }
}
