// One connection to SQLite, with the statements that it keeps prepared. Of one thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <sqlite3.h>

#include "store/sql.h"

namespace spaceca::store {

// Which file; and what it is called in errors, if that is another one (a store that is being made has no name of its own yet).
struct SqliteFile {
  std::string path;  // absolute
  std::string shown;
};

class SqliteConnection final {
 public:
  enum class Access { read, write };

  // Opens a file that is there, and sets the connection up. It waits for other processes as long as `patience`.
  SqliteConnection(const SqliteFile& file, Access access, std::chrono::milliseconds patience);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  // Statements of SQLite's own, or of a schema: as many as the text holds, without arguments or rows.
  void run(const std::string& text);
  // The first cell of a PRAGMA.
  [[nodiscard]] std::int64_t number(sql::Statement pragma);

  [[nodiscard]] sql::Rows execute(sql::Statement statement, sql::Arguments arguments);
  [[nodiscard]] std::int64_t execute_many(sql::Statement statement, sql::Arguments values);
  void each(sql::Statement statement, sql::Arguments arguments, const sql::Visit& visit);

  // To write means to be the only one who does, from here on.
  void begin(Access access);
  void commit();
  // Undoes what was not committed; whether the connection may go on.
  [[nodiscard]] bool roll_back() noexcept;
  // Makes this connection's state the content of the file at `path`, which is there.
  void copy_to(SqliteConnection& target);
  // How many pages the write-ahead log held after the last commit of this connection.
  [[nodiscard]] int log_pages() const noexcept { return log_pages_; }
  // Copies into the file what of the log no reader needs as it was, without waiting for anybody. How many pages the log has; -1 if
  // another process is copying.
  [[nodiscard]] int checkpoint();
  // Makes durable what was copied. SQLite does that by itself only when a copying reaches the end of the log.
  void sync_file();
  // In a forked child: SQLite's objects are the parent's, and even closing them would be using them (sqlite.org, "How To
  // Corrupt", 2.6).
  void abandon() noexcept;

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  struct Prepared {
    std::unique_ptr<sqlite3_stmt, Finalize> statement;
    std::vector<std::size_t> argument_of;  // SQLite numbers placeholders as they come; which argument each of them is
    std::vector<sql::Value> cells;
  };
  class Run;

  [[noreturn]] void fail(int code) const;
  void check(int code) const {
    if (code != SQLITE_OK) fail(code);
  }
  [[nodiscard]] Prepared prepare(std::string_view text) const;
  [[nodiscard]] Prepared& prepared(sql::Statement statement);

  std::string shown_;
  std::chrono::milliseconds patience_;
  int log_pages_ = 0;
  std::unique_ptr<sqlite3, Close> connection_;
  std::unordered_map<std::string_view, Prepared> prepared_;
};

}  // namespace spaceca::store
