// That the detector finds what stays behind, wherever it was left; and that our own buffers leave nothing.
#include <list>
#include <memory>

#include <spaceca/bytes.h>
#include <spaceca/file_set.h>
#include <spaceca/names.h>

#include "support/files.h"
#include "support/text.h"
#include "wipe/freed.h"
#include "wipe/secrets.h"

using namespace spaceca;
using namespace spaceca::test;

namespace {

const std::string kNeedle = "a needle that is long enough to lie on the heap";
const Needles kNeedles = {kNeedle};

bool left_behind(std::string_view freed) { return found_in(freed, kNeedles) != "none"; }

struct alignas(64) Aligned {
  char octets[64];
};

// Keeps the compiler from leaving out what nobody reads.
void use(const void* block) { asm volatile("" : : "g"(block) : "memory"); }

}  // namespace

TEST_CASE("the detector finds what every kind of block held", "[wipe][detector]") {
  CHECK(left_behind(freed_by([] { use(std::string{kNeedle}.data()); })));
  CHECK(left_behind(freed_by([] { use(Bytes(kNeedle.begin(), kNeedle.end()).data()); })));
  CHECK(left_behind(freed_by([] { use(std::list<std::string>{kNeedle}.front().data()); })));
  CHECK(left_behind(freed_by([] {
    const auto array = std::make_unique<char[]>(kNeedle.size());
    kNeedle.copy(array.get(), kNeedle.size());
    use(array.get());
  })));
  CHECK(left_behind(freed_by([] {
    const auto aligned = std::make_unique<Aligned>();
    kNeedle.copy(aligned->octets, kNeedle.size());
    use(aligned.get());
  })));
  CHECK(left_behind(freed_by([] {
    void* const block = ::operator new(kNeedle.size(), std::nothrow);
    kNeedle.copy(static_cast<char*>(block), kNeedle.size());
    use(block);
    ::operator delete(block, std::nothrow);
  })));
}

TEST_CASE("the detector finds what a growing buffer left on its way", "[wipe][detector]") {
  CHECK(left_behind(freed_by([] {
    Bytes octets(kNeedle.begin(), kNeedle.end());
    octets.resize(100'000);
    std::fill(octets.begin(), octets.end(), std::uint8_t{0});
    use(octets.data());
  })));
}

TEST_CASE("the detector finds what the library itself gives back", "[wipe][detector]") {
  // The text of an error is put together, and taken apart, in the library.
  CHECK(left_behind(freed_by([] { check_refused([] { return SpaceName{kNeedle}; }, Errc::invalid_argument, "space name"); })));
}

TEST_CASE("the detector finds the pieces of every key in its own octets, plain and in base64", "[wipe][detector]") {
  const auto name = GENERATE(as<std::string>{}, "p256-pkcs8", "p384-pkcs8", "rsa2048-pkcs8", "rsa4096-pkcs8", "ed25519-pkcs8");
  const std::string der = data("keys/good/" + name + ".p8");
  const std::string pem = data("keys/good/" + name + ".pem");
  const Needles needles = secrets_of_pkcs8(bytes_of(der));
  INFO(name);
  REQUIRE(needles.size() >= 10);
  CHECK(found_in(der, needles) != "none");
  CHECK(found_in(pem, needles) != "none");
  CHECK(found_in(data("keys/good/rsa3072-pkcs8.pem"), needles) == "none");
}

TEST_CASE("nothing is found before anything was freed, or in what was written over", "[wipe][detector]") {
  std::string kept = kNeedle;
  CHECK_FALSE(left_behind(freed_by([&] { use(kept.data()); })));
  CHECK_FALSE(left_behind(freed_by([] {
    std::string text = kNeedle;
    wipe(text.data(), text.size());
    use(text.data());
  })));
}

// ---------------------------------------------------------------- bytes.h

TEST_CASE("a secret leaves nothing behind", "[wipe]") {
  CHECK_FALSE(left_behind(freed_by([] { use(SecretBytes{kNeedle}.reveal().data()); })));
}

TEST_CASE("a secret that is moved leaves nothing behind, neither there nor here", "[wipe]") {
  CHECK_FALSE(left_behind(freed_by([] {
    SecretBytes one{kNeedle};
    SecretBytes two{std::move(one)};
    SecretBytes three;
    three = std::move(two);
    use(three.reveal().data());
  })));
}

TEST_CASE("a secret that is replaced by another leaves nothing behind", "[wipe]") {
  const std::string shorter = "x", longer(1000, 'x');
  CHECK_FALSE(left_behind(freed_by([&] {
    SecretBytes secret{kNeedle};
    secret = SecretBytes{shorter};
    secret = SecretBytes{kNeedle};
    secret = SecretBytes{longer};
    secret = SecretBytes{kNeedle};
    secret = SecretBytes{};
    use(&secret);
  })));
}

TEST_CASE("a copy of a secret leaves nothing behind", "[wipe]") {
  CHECK_FALSE(left_behind(freed_by([] {
    const SecretBytes secret{kNeedle};
    use(secret.copy().reveal().data());
  })));
}

TEST_CASE("a buffer that grows, shrinks, is filled and is handed on leaves nothing behind", "[wipe]") {
  CHECK_FALSE(left_behind(freed_by([] {
    SecretBuffer buffer;
    for (int i = 0; i < 200; ++i) buffer.insert(buffer.end(), kNeedle.begin(), kNeedle.end());
    buffer.resize(kNeedle.size() * 3);
    buffer.shrink_to_fit();
    buffer.reserve(100'000);
    buffer.insert(buffer.begin(), 100'000, std::uint8_t{'x'});
    const SecretBytes secret{std::move(buffer)};
    use(secret.reveal().data());
  })));
}

TEST_CASE("secrets in a growing vector and in file sets leave nothing behind", "[wipe]") {
  CHECK_FALSE(left_behind(freed_by([] {
    std::vector<SecretBytes> secrets;
    for (int i = 0; i < 50; ++i) secrets.emplace_back(kNeedle);
    secrets.erase(secrets.begin(), secrets.begin() + 10);
    FileSet set;
    for (SecretBytes& secret : secrets) set.add({"name", FileRole::key, std::move(secret)});
    FileSet other;
    other.add({"name", FileRole::key, SecretBytes{kNeedle}});
    const FileSet sum = std::move(set).under("folder") + std::move(other);
    use(&sum);
  })));
}
