// Requests that count once.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <spaceca/authority.h>
#include <spaceca/error.h>

#include "service/core.h"
#include "store/idempotency_keys.h"

namespace spaceca::service {

using Ids = std::vector<Id>;

// Thrown within a transaction when somebody else has just used the key; the answer is then made again from what he did.
struct KeyTaken {};

// One request under a key, or without one.
class Once final {
 public:
  // `request` is all that makes two requests the same. Errc::invalid_argument for a key that cannot be one.
  Once(ByteView scope, const WriteOptions& options, std::string_view verb, const Actor& actor, std::string_view request);

  [[nodiscard]] bool is_keyed() const noexcept { return !key_.empty(); }
  // What the same request did before. Errc::mismatch if the key was used for another.
  [[nodiscard]] std::optional<Ids> done_before(sql::Driver& driver) const;
  // Within the transaction that does it. KeyTaken.
  void record(sql::Transaction& tx, std::span<const Id> result, Instant at) const;

  // `perform` does it, calling record(); `answer` makes the answer from the ids of an earlier time.
  template <class Perform, class Answer>
  [[nodiscard]] auto run(sql::Driver& driver, const Perform& perform, const Answer& answer) const -> decltype(perform(*this)) {
    if (const auto before = done_before(driver)) return answer(*before);
    try {
      return perform(*this);
    } catch (const KeyTaken&) {
      return answer(done_before(driver).value());
    } catch (const Error& error) {
      // Refused by what the same request had just done, perhaps: the name is taken, the certificate has its successor.
      if (!is_keyed() || error.retryable()) throw;
      if (const auto before = done_before(driver)) return answer(*before);
      throw;
    }
  }

 private:
  Bytes scope_;
  std::string key_;
  std::string verb_;
  std::string actor_;
  Bytes request_hash_;
};

// Those that were used thirty days ago.
void forget_old_keys(Core& core);

}  // namespace spaceca::service
