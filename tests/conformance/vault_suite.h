// What every Vault must hold. Whoever includes this has defined before, in spaceca::test,
//   class VaultUnderTest { const Vault& vault(); };
// each of which is a vault of its own: what one seals opens in no other.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/error.h>
#include <spaceca/issuer.h>
#include <spaceca/vault.h>

#include "support/catch.h"
#include "support/text.h"

namespace spaceca::test {

class VaultSuite {
 protected:
  using Uuid = std::array<std::uint8_t, 16>;

  const Vault& vault() { return under_test_.vault(); }
  [[nodiscard]] Binding binding(std::string_view purpose = "url") const {
    return {.space = kSpace, .row = kRow, .purpose = purpose};
  }

  [[nodiscard]] bool opens(const Binding& binding, ByteView sealed) {
    try {
      static_cast<void>(vault().unseal(binding, sealed));
      return true;
    } catch (const Error& error) {
      if (error.code() == Errc::corrupt) return false;
      throw;
    }
  }
  [[nodiscard]] bool signs(const Binding& binding, ByteView handle) {
    try {
      static_cast<void>(vault().signer(binding, handle));
      return true;
    } catch (const Error& error) {
      if (error.code() == Errc::corrupt || error.code() == Errc::mismatch) return false;
      throw;
    }
  }

  static constexpr Uuid kSpace{0x01, 0x90, 0xaa}, kRow{0x01, 0x90, 0xbb}, kOther{0x01, 0x90, 0xcc};

 private:
  VaultUnderTest under_test_;
};

// --- secrets ---

TEST_CASE_METHOD(VaultSuite, "what was sealed opens, of any size", "[vault-suite]") {
  for (const std::size_t size : std::initializer_list<std::size_t>{0, 1, 15, 16, 17, 32, 138, 4096, 1 << 20}) {
    INFO(size);
    Bytes secret(size);
    for (std::size_t i = 0; i < size; ++i) secret[i] = static_cast<std::uint8_t>(i * 31 + i / 256);
    const Bytes sealed = vault().seal(binding(), secret);
    CHECK(std::ranges::equal(vault().unseal(binding(), sealed).reveal(), secret));
  }
}

TEST_CASE_METHOD(VaultSuite, "what was sealed shows nothing, not even that a secret came twice", "[vault-suite]") {
  const std::string_view secret = "postgres://app:hunter2@db.example/app";
  const Bytes sealed = vault().seal(binding(), bytes_of(secret)), again = vault().seal(binding(), bytes_of(secret));
  CHECK(sealed != again);
  for (std::size_t i = 0; i + 4 <= secret.size(); ++i) CHECK(text_of(sealed).find(secret.substr(i, 4)) == std::string_view::npos);
}

TEST_CASE_METHOD(VaultSuite, "what was sealed opens for its own binding alone", "[vault-suite]") {
  const PublicKey key = PrivateKey::generate().public_key(), other = PrivateKey::generate().public_key();
  Binding own = binding("certificate key");
  own.public_key = key.spki_der();
  const Bytes sealed = vault().seal(own, bytes_of("secret"));
  CHECK(opens(own, sealed));
  const auto but = [own](auto change) {
    Binding changed = own;
    change(changed);
    return changed;
  };
  CHECK_FALSE(opens(but([](Binding& b) { b.space = kOther; }), sealed));
  CHECK_FALSE(opens(but([](Binding& b) { b.row = kOther; }), sealed));
  CHECK_FALSE(opens(but([](Binding& b) { std::swap(b.space, b.row); }), sealed));
  CHECK_FALSE(opens(but([](Binding& b) { b.purpose = "root key"; }), sealed));
  CHECK_FALSE(opens(but([](Binding& b) { b.purpose = "certificate ke"; }), sealed));
  CHECK_FALSE(opens(but([](Binding& b) { b.purpose = "certificate key "; }), sealed));
  CHECK_FALSE(opens(but([](Binding& b) { b.public_key = {}; }), sealed));
  CHECK_FALSE(opens(but([&](Binding& b) { b.public_key = other.spki_der(); }), sealed));
  CHECK_FALSE(opens(but([&](Binding& b) { b.public_key = key.spki_der().first(key.spki_der().size() - 1); }), sealed));
}

TEST_CASE_METHOD(VaultSuite, "what was sealed without a public key does not open with one", "[vault-suite]") {
  const PublicKey key = PrivateKey::generate().public_key();
  const Bytes sealed = vault().seal(binding(), bytes_of("secret"));
  Binding with_key = binding();
  with_key.public_key = key.spki_der();
  CHECK_FALSE(opens(with_key, sealed));
}

TEST_CASE_METHOD(VaultSuite, "what was sealed does not open with any one bit flipped", "[vault-suite]") {
  const std::string_view secret = GENERATE(values<std::string_view>({"", "a secret of 24 octets..."}));
  Bytes sealed = vault().seal(binding(), bytes_of(secret));
  std::size_t opened = 0;
  for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
    const auto mask = static_cast<std::uint8_t>(1U << bit % 8);
    sealed[bit / 8] ^= mask;
    opened += opens(binding(), sealed) ? 1U : 0U;
    sealed[bit / 8] ^= mask;
  }
  CHECK(opened == 0);
  CHECK(opens(binding(), sealed));
}

TEST_CASE_METHOD(VaultSuite, "what was sealed does not open cut short, at either end, or lengthened", "[vault-suite]") {
  Bytes sealed = vault().seal(binding(), bytes_of("secret"));
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    INFO(size);
    CHECK_FALSE(opens(binding(), ByteView{sealed}.first(size)));
    CHECK_FALSE(opens(binding(), ByteView{sealed}.last(size)));
  }
  sealed.push_back(0);
  CHECK_FALSE(opens(binding(), sealed));
  CHECK_FALSE(opens(binding(), ByteView{sealed}.subspan(1)));
}

TEST_CASE_METHOD(VaultSuite, "what was never sealed does not open", "[vault-suite]") {
  for (const std::size_t size : std::initializer_list<std::size_t>{1, 28, 29, 61, 1000}) {
    CHECK_FALSE(opens(binding(), Bytes(size, 0)));
    CHECK_FALSE(opens(binding(), Bytes(size, 1)));
  }
}

TEST_CASE_METHOD(VaultSuite, "what one vault sealed opens in no other", "[vault-suite]") {
  VaultUnderTest other;
  const Bytes sealed = vault().seal(binding(), bytes_of("secret"));
  check_refused([&] { return other.vault().unseal(binding(), sealed); }, Errc::corrupt, "");
}

TEST_CASE_METHOD(VaultSuite, "the refusal names purpose and row, and nothing of what was sealed", "[vault-suite]") {
  Bytes sealed = vault().seal(binding(), bytes_of("hunter2"));
  sealed.back() ^= 1U;
  try {
    static_cast<void>(vault().unseal(binding(), sealed));
    FAIL("it was opened");
  } catch (const Error& error) {
    const std::string text = error.what();
    CHECK_THAT(text, Catch::Matchers::ContainsSubstring("url"));
    CHECK_THAT(text, Catch::Matchers::ContainsSubstring(hex(kRow)));
    CHECK(text.find("hunter2") == std::string::npos);
    CHECK(text.find(hex(sealed).substr(0, 16)) == std::string::npos);
  }
}

TEST_CASE_METHOD(VaultSuite, "a binding without space, row or purpose binds nothing, and is refused", "[vault-suite]") {
  const Bytes short_one(15), long_one(17);
  const std::string long_purpose(256, 'p');
  const Bytes sealed = vault().seal(binding(), bytes_of("secret"));
  for (const Binding& bad : {
           Binding{.space = {}, .row = kRow, .purpose = "url"},
           Binding{.space = kSpace, .row = {}, .purpose = "url"},
           Binding{.space = short_one, .row = kRow, .purpose = "url"},
           Binding{.space = kSpace, .row = short_one, .purpose = "url"},
           Binding{.space = long_one, .row = kRow, .purpose = "url"},
           Binding{.space = kSpace, .row = long_one, .purpose = "url"},
           Binding{.space = kSpace, .row = kRow, .purpose = ""},
           Binding{.space = kSpace, .row = kRow, .purpose = long_purpose},
       }) {
    check_refused([&] { return vault().seal(bad, bytes_of("secret")); }, Errc::invalid_argument, "");
    check_refused([&] { return vault().unseal(bad, sealed); }, Errc::invalid_argument, "");
    check_refused([&] { return vault().create_signing_key(bad, KeyAlgorithm::ecdsa_p256()); }, Errc::invalid_argument, "");
  }
}

// --- keys that sign ---

TEST_CASE_METHOD(VaultSuite, "a signing key signs a root, and again when it comes from its handle", "[vault-suite]") {
  const std::string name = GENERATE(values<std::string>({"ecdsa-p256", "ecdsa-p384", "rsa-2048"}));
  INFO(name);
  const Instant now = instant("2026-11-24T10:00:00Z");
  Binding root = binding("root key");
  const Vault::SigningKey made = vault().create_signing_key(root, KeyAlgorithm{name});
  CHECK(made.signer->public_key().algorithm() == KeyAlgorithm{name});
  // The Issuer verifies each signature before it hands out what was signed.
  const Issuer first = Issuer::self_signed({.space = SpaceName{"acme"}}, made.signer, now);

  root.public_key = made.signer->public_key().spki_der();
  const auto found = vault().signer(root, made.handle);
  CHECK(found->public_key() == made.signer->public_key());
  const Issuer again{first.certificate(), found};
  CHECK_FALSE(
      again.issue(ServerSubject{.hosts = {HostName{"db.example"}}}, PrivateKey::generate().public_key(), now).der().empty());
}

TEST_CASE_METHOD(VaultSuite, "every signing key is another one", "[vault-suite]") {
  const Vault::SigningKey one = vault().create_signing_key(binding("root key"), KeyAlgorithm::ecdsa_p256());
  const Vault::SigningKey other = vault().create_signing_key(binding("root key"), KeyAlgorithm::ecdsa_p256());
  CHECK_FALSE(one.signer->public_key() == other.signer->public_key());
  CHECK(one.handle != other.handle);
}

TEST_CASE_METHOD(VaultSuite, "a handle gives a signer for its own binding alone, undamaged and here", "[vault-suite]") {
  VaultUnderTest another_vault;
  const Vault::SigningKey made = vault().create_signing_key(binding("root key"), KeyAlgorithm::ecdsa_p256());
  const Vault::SigningKey other = vault().create_signing_key(binding("root key"), KeyAlgorithm::ecdsa_p256());
  Binding own = binding("root key");
  own.public_key = made.signer->public_key().spki_der();
  CHECK(signs(own, made.handle));
  CHECK_FALSE(signs(own, other.handle));
  CHECK_FALSE(signs(binding("root key"), made.handle));  // without its public key
  Binding wrong = own;
  wrong.row = kOther;
  CHECK_FALSE(signs(wrong, made.handle));
  wrong = own;
  wrong.space = kOther;
  CHECK_FALSE(signs(wrong, made.handle));
  wrong = own;
  wrong.purpose = "certificate key";
  CHECK_FALSE(signs(wrong, made.handle));
  for (std::size_t i = 0; i < made.handle.size(); ++i) {
    Bytes damaged = made.handle;
    damaged[i] ^= 0x40U;
    CHECK_FALSE(signs(own, damaged));
  }
  CHECK_FALSE(signs(own, {}));
  check_refused([&] { return another_vault.vault().signer(own, made.handle); }, Errc::corrupt, "");
}

TEST_CASE_METHOD(VaultSuite, "a signing key of a kind that no root may have is refused", "[vault-suite]") {
  check_refused([&] { return vault().create_signing_key(binding("root key"), KeyAlgorithm::ed25519()); }, Errc::policy, "ed25519");
}

TEST_CASE_METHOD(VaultSuite, "a signing key that is to be made has no public key yet", "[vault-suite]") {
  const PublicKey key = PrivateKey::generate().public_key();
  Binding early = binding("root key");
  early.public_key = key.spki_der();
  check_refused([&] { return vault().create_signing_key(early, KeyAlgorithm::ecdsa_p256()); }, Errc::invalid_argument, "");
}

TEST_CASE_METHOD(VaultSuite, "a signing key may be destroyed twice, and no other is harmed", "[vault-suite]") {
  const Vault::SigningKey made = vault().create_signing_key(binding("root key"), KeyAlgorithm::ecdsa_p256());
  const Vault::SigningKey other = vault().create_signing_key(binding("root key"), KeyAlgorithm::ecdsa_p256());
  Binding own = binding("root key"), others = own;
  own.public_key = made.signer->public_key().spki_der();
  others.public_key = other.signer->public_key().spki_der();
  vault().destroy_signing_key(own, made.handle);
  vault().destroy_signing_key(own, made.handle);
  CHECK(signs(others, other.handle));
}

// --- codes ---

TEST_CASE_METHOD(VaultSuite, "a message has one code, another message another one", "[vault-suite]") {
  std::vector<Vault::Code> codes;
  const Bytes large(100'000, 'a');
  for (const ByteView message :
       {ByteView{}, bytes_of("a"), bytes_of("b"), bytes_of("ab"), bytes_of(std::string_view{"a\0", 2}), ByteView{large}.first(63),
        ByteView{large}.first(64), ByteView{large}.first(65), ByteView{large}}) {
    const Vault::Code code = vault().authenticate(message);
    CHECK(code == vault().authenticate(message));
    CHECK(std::ranges::find(codes, code) == codes.end());
    codes.push_back(code);
  }
}

TEST_CASE_METHOD(VaultSuite, "another vault gives a message another code", "[vault-suite]") {
  VaultUnderTest other;
  CHECK(vault().authenticate(bytes_of("row")) != other.vault().authenticate(bytes_of("row")));
  CHECK(vault().authenticate({}) != other.vault().authenticate({}));
}

// --- threads ---

TEST_CASE_METHOD(VaultSuite, "threads seal, open, sign and authenticate at once", "[vault-suite]") {
  const Vault& shared = vault();
  const Vault::Code right = shared.authenticate(bytes_of("row"));
  const Vault::SigningKey key = shared.create_signing_key(binding("root key"), KeyAlgorithm::ecdsa_p256());
  const Bytes digest(32, 1);
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int id = 0; id < 4; ++id) {
    threads.emplace_back([&, id] {
      const std::string secret(static_cast<std::size_t>(100 + id), static_cast<char>('a' + id));
      for (int i = 0; i < 100; ++i) {
        const Bytes sealed = shared.seal(binding(), bytes_of(secret));
        const bool same = text_of(shared.unseal(binding(), sealed).reveal()) == secret;
        const bool is_signed = !key.signer->sign({.algorithm = "ecdsa-with-SHA256", .octets = digest}).empty();
        if (same && is_signed && shared.authenticate(bytes_of("row")) == right) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 400);
}

TEST_CASE_METHOD(VaultSuite, "a thousand seals of one secret have nothing in common", "[vault-suite]") {
  std::vector<std::string> beginnings;
  for (int i = 0; i < 1000; ++i) {
    const Bytes sealed = vault().seal(binding(), bytes_of("secret"));
    beginnings.emplace_back(text_of(sealed).substr(0, 16));
  }
  std::ranges::sort(beginnings);
  CHECK(std::ranges::adjacent_find(beginnings) == beginnings.end());
}

}  // namespace spaceca::test
