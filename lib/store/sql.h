// The driver seam: all that the store asks of an SQL engine. A Driver opens Transactions; every statement runs in one. What a
// driver must hold beyond the comments here is tests/conformance/sql_suite.h; another engine is a Driver and a Transaction that
// pass it.
//
// Statements are in the SQL that SQLite 3.35 and PostgreSQL 12 have in common: placeholders $1, $2 …, RETURNING, ON CONFLICT,
// partial indexes. A driver on libpq: execute is PQexecParams with arguments in binary form (octets are bytea, int64 is int8, text
// is text); execute_many keeps the connection in pipeline mode with one PQsendQueryPrepared for each row and one PQpipelineSync at
// the end; each asks for single-row mode; read() begins REPEATABLE READ, READ ONLY; Failure is read from PG_DIAG_SQLSTATE. Nothing
// may outlive a transaction on the server's side, so that a pooler in transaction mode stays possible.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/error.h>

namespace spaceca::sql {

// What went wrong, as far as anybody acts on it; in brackets PostgreSQL's SQLSTATE.
enum class Failure {
  unique,          // [23505] such a row is there: Errc::exists
  foreign_key,     // [23503] the row that it names is not there, or a row that is still named was to go: Errc::not_found
  check,           // [23514, 22P02] a value that the column does not take: Errc::invalid_argument
  not_null,        // [23502] a value is missing: Errc::invalid_argument
  busy,            // [40001, 40P01, 55P03] somebody else was at it: Errc::busy
  read_only,       // [25006, 42501] this transaction, user or file may not write: Errc::permission
  full,            // [53100] no room: Errc::no_space
  corrupt,         // [XX001, XX002] damaged: Errc::corrupt
  not_a_database,  // [08P01] something else is there: Errc::malformed
  other,           // Errc::io
};

[[nodiscard]] constexpr Errc errc_of(Failure failure) {
  switch (failure) {
    case Failure::unique: return Errc::exists;
    case Failure::foreign_key: return Errc::not_found;
    case Failure::check:
    case Failure::not_null: return Errc::invalid_argument;
    case Failure::busy: return Errc::busy;
    case Failure::read_only: return Errc::permission;
    case Failure::full: return Errc::no_space;
    case Failure::corrupt: return Errc::corrupt;
    case Failure::not_a_database: return Errc::malformed;
    case Failure::other: break;
  }
  return Errc::io;
}

// Thrown by drivers for whatever their engine says.
class EngineError final : public Error {
 public:
  EngineError(Failure failure, const std::string& text) : Error(errc_of(failure), text), failure_(failure) {}
  [[nodiscard]] Failure failure() const noexcept { return failure_; }

 private:
  Failure failure_;
};

// An argument of a statement, or a cell of a row. Text and octets are borrowed, and never null: their emptiness is a value.
using Value = std::variant<std::monostate, std::int64_t, std::string_view, ByteView>;
inline constexpr std::monostate kNull{};

// SQL as it stands in the source: it can only be made of a literal, so nothing that a stranger wrote ever becomes part of it.
// Placeholders are $1 to $n, each of them used. One text is one prepared statement of a connection.
class Statement final {
 public:
  consteval Statement(const char* literal) : text_(literal) {}
  [[nodiscard]] constexpr std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
};

// A Statement of several literals, for what many statements have in common: kJoined<"SELECT ", kColumns, " FROM roots">.
template <std::size_t N>
struct Literal {
  consteval Literal(const char (&text)[N]) { std::copy_n(text, N, characters); }
  char characters[N];
};

namespace detail {

template <Literal... Parts>
struct Joined {
  static constexpr auto build() {
    std::array<char, (sizeof...(Parts) + ... + sizeof(Parts.characters)) - 2 * sizeof...(Parts) + 1> text{};
    char* end = text.data();
    ((end = std::copy_n(Parts.characters, sizeof(Parts.characters) - 1, end)), ...);
    return text;
  }
  static constexpr auto kText = build();
};

}  // namespace detail

template <Literal... Parts>
inline constexpr Statement kJoined{detail::Joined<Parts...>::kText.data()};

// A row, borrowed from where it came from. A cell of another kind than the one asked for is Failure::corrupt: the statement and the
// schema are ours, so the file is not.
class Row final {
 public:
  explicit Row(std::span<const Value> cells) noexcept : cells_(cells) {}

  [[nodiscard]] std::size_t size() const noexcept { return cells_.size(); }
  [[nodiscard]] bool is_null(std::size_t column) const { return std::holds_alternative<std::monostate>(cells_[column]); }
  [[nodiscard]] std::int64_t integer(std::size_t column) const { return cell<std::int64_t>(column); }
  [[nodiscard]] std::string_view text(std::size_t column) const { return cell<std::string_view>(column); }
  [[nodiscard]] ByteView octets(std::size_t column) const { return cell<ByteView>(column); }

 private:
  template <class T>
  [[nodiscard]] T cell(std::size_t column) const {
    if (const T* const value = std::get_if<T>(&cells_[column])) return *value;
    throw EngineError{Failure::corrupt, "store: a column holds a value of another kind than was ever written there"};
  }

  std::span<const Value> cells_;
};

// What a statement gave: rows of its own, in the order in which they came.
class Rows final {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
  [[nodiscard]] Row operator[](std::size_t row) const { return Row{rows_[row].cells}; }
  // How many rows an INSERT, UPDATE or DELETE touched; 0 for all else.
  [[nodiscard]] std::int64_t changed() const noexcept { return changed_; }

  // For drivers: keeps a copy.
  void append(std::span<const Value> cells) {
    Kept kept;
    kept.cells.reserve(cells.size());
    for (const Value& cell : cells) kept.cells.push_back(copied(cell, kept));
    rows_.push_back(std::move(kept));
  }
  void set_changed(std::int64_t changed) noexcept { changed_ = changed; }

 private:
  struct Kept {
    std::vector<Value> cells;
    std::vector<Bytes> blocks;  // moving the vector leaves the octets where they are
  };

  static Value copied(const Value& cell, Kept& kept) {
    const auto keep = [&kept](ByteView octets) { return ByteView{kept.blocks.emplace_back(octets.begin(), octets.end())}; };
    if (const auto* const text = std::get_if<std::string_view>(&cell)) return text_of(keep(bytes_of(*text)));
    if (const auto* const octets = std::get_if<ByteView>(&cell)) return keep(*octets);
    return cell;
  }

  std::vector<Kept> rows_;
  std::int64_t changed_ = 0;
};

using Arguments = std::span<const Value>;
using Visit = std::function<void(Row)>;

// One transaction, of one thread at a time. What it did is undone when it goes, unless it was committed. After a failure, of
// whatever kind, it does nothing more, as PostgreSQL has it: a conflict that is expected is caught by ON CONFLICT and RETURNING
// instead. Errc::invalid_argument for use out of turn: after the commit, after a failure, or from within each().
// Errc::wrong_process in a forked child, where its going undoes nothing.
class Transaction {
 public:
  Transaction() = default;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  virtual ~Transaction() = default;

  Rows execute(Statement statement, Arguments arguments = {}) {
    return in_turn([&] { return do_execute(statement, arguments); });
  }
  Rows execute(Statement statement, std::initializer_list<Value> arguments) {
    return execute(statement, Arguments{arguments.begin(), arguments.size()});
  }

  // Once for each row of arguments, which stand one after the other in `values`; how many rows were touched in all. If one fails,
  // none stays, since the transaction has failed.
  std::int64_t execute_many(Statement statement, Arguments values) {
    return in_turn([&] { return do_execute_many(statement, values); });
  }

  // Hands over row by row, however many they are; a row is gone when `visit` returns. What `visit` throws ends it and comes
  // through.
  void each(Statement statement, Arguments arguments, const Visit& visit) {
    in_turn([&] { do_each(statement, arguments, visit); });
  }
  void each(Statement statement, std::initializer_list<Value> arguments, const Visit& visit) {
    each(statement, Arguments{arguments.begin(), arguments.size()}, visit);
  }

  // Durable when it returns. If it throws, nothing was done, unless the code is Errc::io: then a later look must tell.
  void commit() {
    in_turn([&] { do_commit(); });
    state_ = State::committed;
  }

 private:
  enum class State { open, at_work, failed, committed };

  virtual Rows do_execute(Statement statement, Arguments arguments) = 0;
  virtual std::int64_t do_execute_many(Statement statement, Arguments values) = 0;
  virtual void do_each(Statement statement, Arguments arguments, const Visit& visit) = 0;
  virtual void do_commit() = 0;

  template <class Work>
  std::invoke_result_t<const Work&> in_turn(const Work& work) {
    if (state_ == State::at_work) refuse("is at work on another statement, whose rows are still being read");
    if (state_ == State::failed) refuse("has failed; begin another one");
    if (state_ == State::committed) refuse("was committed; begin another one");
    const Attempt attempt{state_};
    return work();
  }
  [[noreturn]] static void refuse(const char* why) { throw Error{Errc::invalid_argument, std::string{"transaction: "} + why}; }

  // Leaves the state as failed if the work throws.
  class Attempt final {
   public:
    explicit Attempt(State& state) noexcept : state_(state), exceptions_(std::uncaught_exceptions()) { state_ = State::at_work; }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    ~Attempt() { state_ = std::uncaught_exceptions() > exceptions_ ? State::failed : State::open; }

   private:
    State& state_;
    int exceptions_;
  };

  State state_ = State::open;
};

// One step of the schema. Its text is SQL with a few words for what engines call differently, which the driver replaces:
// OCTETS and INT64 are types, KEPT_BY_ROW ends an ordinary table, KEPT_BY_KEY one that lies in the order of its primary key where
// the engine can do that.
struct Migration {
  int version;  // that the store has afterwards; 1, 2, 3 …
  std::string_view text;
};

// A store's connections. Any thread; it outlives its transactions.
class Driver {
 public:
  Driver() = default;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  virtual ~Driver() = default;

  // Sees one state of the store, and may not change it: Failure::read_only.
  [[nodiscard]] virtual std::unique_ptr<Transaction> read() = 0;
  // Waits for its turn. Failure::busy if another process does not give way; Errc::invalid_argument if this thread has one already,
  // since it would wait for itself.
  [[nodiscard]] virtual std::unique_ptr<Transaction> write() = 0;

  // Brings the schema to the last of `steps`, all or nothing, under a lock that keeps other processes out. Errc::unsupported if the
  // store is of a later version than that.
  virtual void migrate(std::span<const Migration> steps) = 0;
  // What the engine finds wrong when it reads everything; empty is good.
  [[nodiscard]] virtual std::vector<Finding> check() = 0;
  // A copy of one state of the store, at `file`, which must not exist.
  virtual void backup(const std::filesystem::path& file) = 0;
};

}  // namespace spaceca::sql
