// How values of the domain stand in columns, and rows in answers.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/clock.h>

#include "store/sql.h"

namespace spaceca::store {

// A UUID, as rows are named by.
using Id = std::array<std::uint8_t, 16>;

inline std::int64_t seconds_of(Instant instant) { return instant.time_since_epoch().count(); }
inline Instant instant_of(std::int64_t seconds) { return Instant{std::chrono::seconds{seconds}}; }

// Arguments. What is empty or not there becomes NULL.
inline sql::Value value_of(Instant instant) { return seconds_of(instant); }
inline sql::Value value_of(const Id& id) { return ByteView{id}; }
inline sql::Value value_of(const std::optional<Instant>& instant) { return instant ? value_of(*instant) : sql::kNull; }
inline sql::Value value_of(const std::optional<Id>& id) { return id ? value_of(*id) : sql::kNull; }
inline sql::Value value_of(const std::optional<std::int64_t>& number) { return number ? sql::Value{*number} : sql::kNull; }
inline sql::Value octets_or_null(ByteView octets) { return octets.empty() ? sql::Value{} : sql::Value{octets}; }
inline sql::Value text_or_null(std::string_view text) { return text.empty() ? sql::Value{} : sql::Value{text}; }

// Cells, from the first column on.
class Reader final {
 public:
  explicit Reader(const sql::Row& row) noexcept : row_(row) {}

  [[nodiscard]] std::int64_t integer() { return row_.integer(at_++); }
  [[nodiscard]] Instant instant() { return instant_of(integer()); }
  [[nodiscard]] std::string text() { return std::string{row_.text(at_++)}; }
  [[nodiscard]] Bytes octets() { return bytes(row_.octets(at_++)); }
  [[nodiscard]] Id id() { return id_of(row_.octets(at_++)); }

  [[nodiscard]] std::optional<std::int64_t> integer_or_none() { return skips_null() ? std::nullopt : std::optional{integer()}; }
  [[nodiscard]] std::optional<Instant> instant_or_none() { return skips_null() ? std::nullopt : std::optional{instant()}; }
  [[nodiscard]] std::optional<Id> id_or_none() { return skips_null() ? std::nullopt : std::optional{id()}; }
  [[nodiscard]] std::string text_or_empty() { return skips_null() ? std::string{} : text(); }
  [[nodiscard]] Bytes octets_or_empty() { return skips_null() ? Bytes{} : octets(); }

 private:
  [[nodiscard]] bool skips_null() {
    if (!row_.is_null(at_)) return false;
    ++at_;
    return true;
  }
  static Bytes bytes(ByteView octets) { return {octets.begin(), octets.end()}; }
  static Id id_of(ByteView octets) {
    Id id{};
    if (octets.size() != id.size()) throw sql::EngineError{sql::Failure::corrupt, "store: an identifier has not sixteen octets"};
    std::copy(octets.begin(), octets.end(), id.begin());
    return id;
  }

  sql::Row row_;
  std::size_t at_ = 0;
};

// All rows of an answer, each as `row_of` reads it.
template <class RowOf>
[[nodiscard]] auto collected(sql::Transaction& tx, sql::Statement statement, std::initializer_list<sql::Value> arguments,
                             const RowOf& row_of) {
  std::vector<std::invoke_result_t<RowOf, const sql::Row&>> found;
  tx.each(statement, arguments, [&](const sql::Row& row) { found.push_back(row_of(row)); });
  return found;
}

// The one row of an answer, if there is one.
template <class RowOf>
[[nodiscard]] auto first_of(sql::Transaction& tx, sql::Statement statement, std::initializer_list<sql::Value> arguments,
                            const RowOf& row_of) {
  const auto rows = tx.execute(statement, arguments);
  return rows.empty() ? std::nullopt : std::optional{row_of(rows[0])};
}

}  // namespace spaceca::store
