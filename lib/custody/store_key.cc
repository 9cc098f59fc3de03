#include "custody/store_key.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "custody/key_file.h"
#include "custody/sealer.h"
#include "ossl/digest.h"
#include "ossl/mac.h"
#include "ossl/random.h"
#include "ossl/scrypt.h"

namespace spaceca::custody {
namespace {

using store::VaultWrap;
using Method = VaultWrap::Method;

constexpr std::size_t kKeyOctets = 32;
constexpr std::size_t kSaltOctets = 16;
constexpr ossl::ScryptCost kCost{.n = std::uint64_t{1} << 17, .r = 8, .p = 1};

// What a stored wrap may ask for: twice the memory that ours take, four times the work. There is no least: a writer of the store
// who asks for less learns nothing by it, since nothing that was derived so is ever written.
constexpr std::uint64_t kMostMemory = std::uint64_t{256} << 20;
constexpr std::uint64_t kMostWork = 4 * kCost.n * kCost.r * kCost.p;
constexpr std::size_t kMostSaltOctets = 64;

// --- the row ---

void append(Bytes& octets, ByteView more) { octets.insert(octets.end(), more.begin(), more.end()); }

void append_number(Bytes& octets, std::uint64_t number) {
  for (unsigned shift = 64; shift != 0;) octets.push_back(static_cast<std::uint8_t>(number >> (shift -= 8)));
}

Bytes head_of(const VaultWrap& wrap) {
  Bytes head{kFormat};
  append_number(head, static_cast<std::uint64_t>(wrap.number));
  head.push_back(wrap.method == Method::passphrase ? 1 : 2);
  for (const std::int64_t number :
       {wrap.scrypt_n, wrap.scrypt_r, wrap.scrypt_p, std::int64_t{wrap.created_at.time_since_epoch().count()}}) {
    append_number(head, static_cast<std::uint64_t>(number));
  }
  append_number(head, wrap.salt.size());
  append(head, wrap.salt);
  return head;
}

Bytes checksum_of(const VaultWrap& wrap) {
  Bytes row = head_of(wrap);
  append(row, wrap.key_check);
  append(row, wrap.sealed_key);
  ossl::Hasher sha256{"SHA256"};
  const ByteView sum = sha256.digest(row);  // borrowed from it
  return {sum.begin(), sum.end()};
}

bool is_intact(const VaultWrap& wrap) {
  return wrap.key_check.size() == ossl::Hmac::kSize && wrap.sealed_key.size() == kSealingOctets + kKeyOctets &&
         wrap.checksum == checksum_of(wrap);
}

// --- keys that open it ---

[[noreturn]] void refuse_cost(const VaultWrap& wrap) {
  throw Error{
      Errc::policy,
      fmt::format("vault: seal {} of the store key asks for scrypt with N = {}, r = {}, p = {} and {} octets of salt; ours have "
                  "N = {}, r = {}, p = {} and {}, and N is a power of two, N * r * p {} at most, the memory 256 MiB, the salt {}",
                  wrap.number, wrap.scrypt_n, wrap.scrypt_r, wrap.scrypt_p, wrap.salt.size(), kCost.n, kCost.r, kCost.p,
                  kSaltOctets, kMostWork, kMostSaltOctets)};
}

ossl::ScryptCost checked_cost(const VaultWrap& wrap) {
  const auto is_within = [](std::int64_t number) { return number > 0 && static_cast<std::uint64_t>(number) <= kMostWork; };
  if (!is_within(wrap.scrypt_n) || !is_within(wrap.scrypt_r) || !is_within(wrap.scrypt_p)) refuse_cost(wrap);
  // Each is 2^22 at most now, so a product of two fits.
  const ossl::ScryptCost cost{static_cast<std::uint64_t>(wrap.scrypt_n), static_cast<std::uint64_t>(wrap.scrypt_r),
                              static_cast<std::uint64_t>(wrap.scrypt_p)};
  const bool is_power = cost.n > 1 && (cost.n & (cost.n - 1)) == 0;
  const bool is_narrow = cost.r > 1 || cost.n < (std::uint64_t{1} << 16);  // N < 2^(128 * r / 8): RFC 7914 2
  const bool has_memory = cost.r * (cost.n + cost.p + 2) <= kMostMemory / 128;
  const bool has_work = cost.n * cost.r <= kMostWork / cost.p;
  if (!is_power || !is_narrow || !has_memory || !has_work || wrap.salt.size() > kMostSaltOctets) refuse_cost(wrap);
  return cost;
}

SecretBytes key_for(const VaultWrap& wrap, const Opener& opener) {
  if (wrap.method == Method::key_file) return opener.octets.copy();
  return ossl::scrypt(opener.octets.reveal(), wrap.salt, checked_cost(wrap), kKeyOctets);
}

SecretBytes sealing_key(const SecretBytes& key) { return derived_key(key, "spaceca wrap seal 1"); }
SecretBytes check_of(const SecretBytes& key) { return derived_key(key, "spaceca wrap check 1"); }

// Nothing if the key is another.
std::optional<SecretBytes> opened(const VaultWrap& wrap, const Opener& opener) {
  const SecretBytes key = key_for(wrap, opener);
  const SecretBytes check = check_of(key);
  if (CRYPTO_memcmp(check.reveal().data(), wrap.key_check.data(), check.size()) != 0) return std::nullopt;
  auto store_key = Sealer{sealing_key(key)}.open(head_of(wrap), wrap.sealed_key);
  if (!store_key) {
    throw Error{Errc::corrupt, fmt::format("vault: seal {} of the store key has been changed since it was made", wrap.number)};
  }
  return store_key;
}

std::string_view name_of(Method method) { return method == Method::passphrase ? "a passphrase" : "a key file"; }

}  // namespace

Opener opener_of(const VaultKey& key) {
  if (const auto* const file = std::get_if<KeyFile>(&key)) {
    return {Method::key_file, read_key_file(file->path), fmt::format("key file \"{}\"", printable(file->path.string()))};
  }
  const auto& passphrase = std::get<Passphrase>(key);
  if (passphrase.octets.empty()) throw Error{Errc::invalid_argument, "vault: the passphrase is empty; give at least one octet"};
  return {Method::passphrase, passphrase.octets.copy(), "the passphrase"};
}

SecretBytes new_store_key() {
  SecretBuffer key(kKeyOctets);
  ossl::fill_secret_random(key);
  return SecretBytes{std::move(key)};
}

SecretBytes derived_key(const SecretBytes& key, std::string_view use) {
  SecretBuffer derived(ossl::Hmac::kSize);
  ossl::Hmac{key.reveal()}.code(bytes_of(use), std::span<std::uint8_t, ossl::Hmac::kSize>{derived});
  return SecretBytes{std::move(derived)};
}

VaultWrap wrapped(const SecretBytes& store_key, const Opener& opener, std::int64_t number, Instant now) {
  VaultWrap wrap{.number = number, .method = opener.method};
  wrap.created_at = now;
  if (wrap.method == Method::passphrase) {
    wrap.salt.resize(kSaltOctets);
    ossl::fill_random(wrap.salt);
    wrap.scrypt_n = static_cast<std::int64_t>(kCost.n);
    wrap.scrypt_r = static_cast<std::int64_t>(kCost.r);
    wrap.scrypt_p = static_cast<std::int64_t>(kCost.p);
  }
  const SecretBytes key = key_for(wrap, opener);
  const SecretBytes check = check_of(key);
  wrap.key_check.assign(check.reveal().begin(), check.reveal().end());
  wrap.sealed_key = Sealer{sealing_key(key)}.seal(head_of(wrap), store_key.reveal());
  wrap.checksum = checksum_of(wrap);
  return wrap;
}

SecretBytes unwrapped(const std::vector<VaultWrap>& wraps, const Opener& opener) {
  if (wraps.empty()) throw Error{Errc::not_found, "vault: this store has no store key yet; make its vault first"};
  const VaultWrap* damaged = nullptr;
  bool was_tried = false;
  for (const VaultWrap& wrap : wraps) {
    if (!is_intact(wrap)) {
      damaged = &wrap;
      continue;
    }
    if (wrap.method != opener.method) continue;
    was_tried = true;
    if (auto store_key = opened(wrap, opener)) return std::move(*store_key);
  }
  if (damaged != nullptr) {
    throw Error{Errc::corrupt,
                fmt::format("vault: seal {} of the store key is damaged{}; restore the store from a backup", damaged->number,
                            was_tried ? fmt::format(", and {} does not open the other", opener.shown) : "")};
  }
  if (!was_tried) {
    throw Error{Errc::not_found, fmt::format("vault: the store key is not sealed by {}; it is by {}", name_of(opener.method),
                                             name_of(wraps.front().method))};
  }
  throw Error{Errc::passphrase_wrong, fmt::format("vault: {} does not open this store's key", opener.shown)};
}

}  // namespace spaceca::custody
