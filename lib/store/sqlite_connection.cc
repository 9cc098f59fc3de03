#include "store/sqlite_connection.h"

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/printable.h"
#include "store/sqlite_log_file.h"

namespace spaceca::store {
namespace {

using sql::EngineError;
using sql::Failure;

// Room that ran out while SQLite did something for which it knows no SQLITE_FULL: a quota, a limit on the size of files, the -shm
// file.
bool is_no_room(int system_error) { return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG; }

Failure failure_of(int code, int system_error) {
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID: return Failure::unique;
    case SQLITE_CONSTRAINT_FOREIGNKEY: return Failure::foreign_key;
    case SQLITE_CONSTRAINT_CHECK:
    case SQLITE_CONSTRAINT_DATATYPE: return Failure::check;
    case SQLITE_CONSTRAINT_NOTNULL: return Failure::not_null;
    default: break;
  }
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Failure::busy;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY: return Failure::read_only;
    case SQLITE_CANTOPEN: return system_error == EACCES || system_error == EROFS ? Failure::read_only : Failure::other;
    case SQLITE_FULL: return Failure::full;
    case SQLITE_IOERR: return is_no_room(system_error) ? Failure::full : Failure::other;
    case SQLITE_CORRUPT: return Failure::corrupt;
    case SQLITE_NOTADB: return Failure::not_a_database;
    default: return Failure::other;
  }
}

[[noreturn]] void refuse(std::string_view what, std::string_view statement) {
  throw Error{Errc::invalid_argument, fmt::format("statement \"{}\": {}", printable(statement), what)};
}

sql::Value cell_of(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER: return std::int64_t{sqlite3_column_int64(statement, column)};
    case SQLITE_TEXT: {
      const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
      return std::string_view{text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
    }
    case SQLITE_BLOB: {
      const auto* const octets = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, column));
      return ByteView{octets, static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
    }
    default: return sql::kNull;  // nothing here writes floating-point numbers; asked for as anything, null is refused
  }
}

int bind(sqlite3_stmt* statement, int position, const sql::Value& value) {
  // Borrowed until the statement is reset. SQLite takes a null pointer for NULL, so what is empty needs one that is not.
  constexpr sqlite3_destructor_type kBorrowed = nullptr;
  if (const auto* const number = std::get_if<std::int64_t>(&value)) return sqlite3_bind_int64(statement, position, *number);
  if (const auto* const text = std::get_if<std::string_view>(&value)) {
    return sqlite3_bind_text64(statement, position, text->empty() ? "" : text->data(), text->size(), kBorrowed, SQLITE_UTF8);
  }
  if (const auto* const octets = std::get_if<ByteView>(&value)) {
    if (octets->empty()) return sqlite3_bind_zeroblob(statement, position, 0);
    return sqlite3_bind_blob64(statement, position, octets->data(), octets->size(), kBorrowed);
  }
  return sqlite3_bind_null(statement, position);
}

}  // namespace

// A prepared statement with its arguments, from the first step to the last. It lets go of them whatever happens.
class SqliteConnection::Run final {
 public:
  Run(SqliteConnection& owner, Prepared& prepared, sql::Arguments arguments) : owner_(owner), prepared_(prepared) {
    if (arguments.size() != prepared.argument_of.size()) {
      refuse(fmt::format("has {} placeholders and was given {} arguments", prepared.argument_of.size(), arguments.size()),
             sqlite3_sql(statement()));
    }
    int position = 0;
    for (const std::size_t argument : prepared.argument_of) {
      const int code = bind(statement(), ++position, arguments[argument]);
      if (code == SQLITE_OK) continue;
      let_go();
      owner.fail(code);
    }
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() { let_go(); }

  // The next row, or false at the end.
  [[nodiscard]] bool step() {
    const int code = sqlite3_step(statement());
    if (code == SQLITE_DONE) return false;
    if (code != SQLITE_ROW) owner_.fail(code);
    prepared_.cells.clear();
    const int columns = sqlite3_data_count(statement());
    for (int column = 0; column < columns; ++column) prepared_.cells.push_back(cell_of(statement(), column));
    return true;
  }
  [[nodiscard]] const std::vector<sql::Value>& cells() const noexcept { return prepared_.cells; }

 private:
  [[nodiscard]] sqlite3_stmt* statement() const noexcept { return prepared_.statement.get(); }
  void let_go() noexcept {
    sqlite3_reset(statement());  // repeats the code of the last step, which was seen
    sqlite3_clear_bindings(statement());
  }

  SqliteConnection& owner_;
  Prepared& prepared_;
};

SqliteConnection::SqliteConnection(const SqliteFile& file, Access access, std::chrono::milliseconds patience)
    : shown_(file.shown), patience_(patience) {
  sqlite3* opened = nullptr;
  // No file is made here, so that none ever has another mode than ours.
  const int code = sqlite3_open_v2(file.path.c_str(), &opened,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
                                   log_gathering_vfs());
  connection_.reset(opened);
  if (code != SQLITE_OK) fail(code);
  check(sqlite3_busy_timeout(opened, static_cast<int>(patience.count())));
  if (sqlite3_db_readonly(opened, "main") == 1) {
    throw EngineError{
        Failure::read_only,
        fmt::format("store \"{}\": this user may not write it, and a store is written even to be read", printable(shown_))};
  }
  run("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;");
  // In KiB, at most: by default SQLite keeps two MiB of a file, and reads the inner pages of its indexes again and again. With many
  // more, a commit that split a page takes its time: SQLite looks through all that it keeps, as long as a file is below a GiB.
  run("PRAGMA cache_size = -16384");
  // What a transaction writes stays in memory until it is committed, however much it is: store/sqlite_log_file relies on that.
  run("PRAGMA cache_spill = OFF");
  // What a statement keeps to undo itself goes to memory piece by piece, not to 64 KiB taken each time with a file behind them.
  run(access == Access::read ? "PRAGMA query_only = ON" : "PRAGMA temp_store = MEMORY");
  // In the place of SQLite's own, which copies the log as soon as it has 1000 pages.
  static_cast<void>(sqlite3_wal_hook(
      opened,
      [](void* pages, sqlite3*, const char*, int now) {
        *static_cast<int*>(pages) = now;
        return SQLITE_OK;
      },
      &log_pages_));
}

SqliteConnection::~SqliteConnection() = default;

void SqliteConnection::run(const std::string& text) {
  check(sqlite3_exec(connection_.get(), text.c_str(), nullptr, nullptr, nullptr));
}

std::int64_t SqliteConnection::number(sql::Statement pragma) {
  Run run{*this, prepared(pragma), {}};
  if (!run.step()) refuse("gives nothing", pragma.text());
  return sql::Row{run.cells()}.integer(0);
}

sql::Rows SqliteConnection::execute(sql::Statement statement, sql::Arguments arguments) {
  const std::int64_t before = sqlite3_total_changes64(connection_.get());
  sql::Rows rows;
  Run run{*this, prepared(statement), arguments};
  while (run.step()) rows.append(run.cells());
  rows.set_changed(sqlite3_total_changes64(connection_.get()) - before);
  return rows;
}

std::int64_t SqliteConnection::execute_many(sql::Statement statement, sql::Arguments values) {
  const std::int64_t before = sqlite3_total_changes64(connection_.get());
  Prepared& what = prepared(statement);
  const std::size_t width = what.argument_of.size();
  if (width == 0) refuse("has no placeholder, so nothing says how often to run it", statement.text());
  if (values.size() % width != 0) {
    refuse(fmt::format("has {} placeholders, and {} arguments are no whole number of rows", width, values.size()),
           statement.text());
  }
  for (; !values.empty(); values = values.subspan(width)) {
    Run run{*this, what, values.first(width)};
    while (run.step()) {
    }
  }
  return sqlite3_total_changes64(connection_.get()) - before;
}

void SqliteConnection::each(sql::Statement statement, sql::Arguments arguments, const sql::Visit& visit) {
  Run run{*this, prepared(statement), arguments};
  while (run.step()) visit(sql::Row{run.cells()});
}

void SqliteConnection::begin(Access access) {
  static_cast<void>(access == Access::write ? execute("BEGIN IMMEDIATE", {}) : execute("BEGIN", {}));
}

void SqliteConnection::commit() { static_cast<void>(execute("COMMIT", {})); }

bool SqliteConnection::roll_back() noexcept {
  if (sqlite3_get_autocommit(connection_.get()) != 0) return true;  // SQLite did it by itself, as after a full disk
  return sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr) == SQLITE_OK;
}

void SqliteConnection::copy_to(SqliteConnection& target) {
  struct Finish {
    void operator()(sqlite3_backup* backup) const noexcept { sqlite3_backup_finish(backup); }
  };
  const std::unique_ptr<sqlite3_backup, Finish> backup{
      sqlite3_backup_init(target.connection_.get(), "main", connection_.get(), "main")};
  if (backup == nullptr) target.fail(sqlite3_extended_errcode(target.connection_.get()));
  // All pages in one step: one state of the store. In WAL mode that keeps nobody from writing.
  const int code = sqlite3_backup_step(backup.get(), -1);
  if (code != SQLITE_DONE) target.fail(code);
}

int SqliteConnection::checkpoint() {
  int pages = 0;
  const int code = sqlite3_wal_checkpoint_v2(connection_.get(), "main", SQLITE_CHECKPOINT_PASSIVE, &pages, nullptr);
  if (code != SQLITE_OK && (code & 0xFF) != SQLITE_BUSY) fail(code);  // busy: another process is at it
  return pages;
}

void SqliteConnection::sync_file() {
  // By SQLite's own handle: closing another one of this file would let go of the locks that the process has on it.
  sqlite3_file* file = nullptr;
  check(sqlite3_file_control(connection_.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file));
  check(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL));
}

void SqliteConnection::abandon() noexcept {
  for (auto& [text, statement] : prepared_) static_cast<void>(statement.statement.release());
  static_cast<void>(connection_.release());
}

void SqliteConnection::fail(int code) const {
  const int system_error = sqlite3_system_errno(connection_.get());
  const Failure failure = failure_of(code, system_error);
  std::string said = connection_ != nullptr && (sqlite3_errcode(connection_.get()) & 0xFF) == (code & 0xFF)
                         ? sqlite3_errmsg(connection_.get())
                         : sqlite3_errstr(code);
  const auto text = [&]() -> std::string {
    switch (failure) {
      case Failure::busy:
        return fmt::format("another process has kept it for more than {} seconds ({}); try again",
                           std::chrono::duration<double>{patience_}.count(), said);
      case Failure::full: return fmt::format("there is no room left for it ({}); free some and try again", said);
      case Failure::corrupt: return fmt::format("is damaged ({}); put a backup in its place", said);
      case Failure::not_a_database: return fmt::format("is no file of SQLite's ({})", said);
      case Failure::read_only: return fmt::format("may not be written ({})", said);
      default: return said;
    }
  }();
  throw EngineError{failure, fmt::format("store \"{}\": {}", printable(shown_), text)};
}

SqliteConnection::Prepared SqliteConnection::prepare(std::string_view text) const {
  sqlite3_stmt* made = nullptr;
  const char* rest = nullptr;
  check(sqlite3_prepare_v3(connection_.get(), text.data(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT, &made, &rest));
  Prepared prepared{.statement = decltype(Prepared::statement){made}, .argument_of = {}, .cells = {}};
  if (made == nullptr) refuse("is empty", text);
  if (rest != text.data() + text.size()) refuse("is more than one", text);
  const int count = sqlite3_bind_parameter_count(made);
  for (int position = 1; position <= count; ++position) {
    const char* const name = sqlite3_bind_parameter_name(made, position);
    const std::string_view word = name != nullptr ? name : "?";
    int number = 0;
    const auto [end, error] = std::from_chars(word.data() + 1, word.data() + word.size(), number);
    if (!word.starts_with('$') || error != std::errc{} || end != word.data() + word.size()) {
      refuse(fmt::format("has the placeholder {}; they are $1, $2 and so on", word), text);
    }
    if (number < 1 || number > count) {
      refuse(fmt::format("has the placeholder ${} and {} in all; one is left out", number, count), text);
    }
    prepared.argument_of.push_back(static_cast<std::size_t>(number - 1));
  }
  return prepared;
}

SqliteConnection::Prepared& SqliteConnection::prepared(sql::Statement statement) {
  const auto found = prepared_.find(statement.text());
  if (found != prepared_.end()) return found->second;
  return prepared_.emplace(statement.text(), prepare(statement.text())).first->second;
}

}  // namespace spaceca::store
