#include "service/idempotency.h"

#include <algorithm>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "ossl/digest.h"

namespace spaceca::service {
namespace {

constexpr std::size_t kLongestKey = 255;
constexpr std::chrono::days kForgotten{30};

Bytes hash_of(std::string_view request) {
  ossl::Hasher hasher{"SHA256"};
  const ByteView digest = hasher.digest(bytes_of(request));
  return {digest.begin(), digest.end()};
}

}  // namespace

Once::Once(ByteView scope, const WriteOptions& options, std::string_view verb, const Actor& actor, std::string_view request)
    : scope_(scope.begin(), scope.end()), key_(options.idempotency_key), verb_(verb), actor_(actor.text()) {
  if (key_.empty()) return;
  if (key_.size() > kLongestKey || !is_printable_ascii(bytes_of(key_))) {
    throw Error{Errc::invalid_argument,
                fmt::format("idempotency key \"{}\": must be 1 to {} printable ASCII characters", printable(key_), kLongestKey)};
  }
  request_hash_ = hash_of(request);
}

std::optional<Ids> Once::done_before(sql::Driver& driver) const {
  if (!is_keyed()) return std::nullopt;
  const auto tx = driver.read();
  const auto row = store::find_idempotency_key(*tx, scope_, key_);
  if (!row) return std::nullopt;
  if (row->verb != verb_ || row->actor != actor_ || row->request_hash != request_hash_) {
    throw Error{Errc::mismatch, fmt::format("idempotency key \"{}\": was used for another request ({} by {})", printable(key_),
                                            row->verb, printable(row->actor))};
  }
  Ids ids(row->result.size() / Id{}.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::copy_n(row->result.begin() + static_cast<std::ptrdiff_t>(i * ids[i].size()), ids[i].size(), ids[i].begin());
  }
  return ids;
}

void Once::record(sql::Transaction& tx, std::span<const Id> result, Instant at) const {
  if (!is_keyed()) return;
  Bytes ids;
  for (const Id& id : result) ids.insert(ids.end(), id.begin(), id.end());
  const store::IdempotencyRow row{.verb = verb_, .actor = actor_, .request_hash = request_hash_, .result = std::move(ids)};
  if (!store::insert_idempotency_key(tx, scope_, key_, row, at)) throw KeyTaken{};
}

void forget_old_keys(Core& core) {
  const Instant now = core.now();
  core.commits.run([&](sql::Transaction& tx) { store::forget_idempotency_keys(tx, now - kForgotten); });
}

}  // namespace spaceca::service
