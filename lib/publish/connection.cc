#include "publish/connection.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <sstream>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/legible.h"
#include "base/printable.h"
#include "base/url_text.h"
#include "publish/owned_file.h"

namespace spaceca::publish {
namespace {

std::string c_string(const SecretBytes& text) { return std::string{text_of(text.reveal())}; }

bool url_falls_apart(std::string_view url) {
  const auto scheme = url.find("://");
  return scheme != std::string_view::npos && falls_apart(url.substr(scheme + 3));
}

// What a URL says, wiped when it goes.
class Options final {
 public:
  // Never quotes libpq, which quotes the URL.
  Options(const SecretBytes& url, std::string_view whose) {
    if (url_falls_apart(text_of(url.reveal()))) throw Error{Errc::invalid_argument, fmt::format("{}: {}", whose, kFallsApart)};
    if (text_of(url.reveal()).find('\0') == std::string_view::npos && !url.empty()) {
      std::string text = c_string(url);
      char* complaint = nullptr;
      options_ = PQconninfoParse(text.c_str(), &complaint);
      wipe(text.data(), text.size());
      if (complaint != nullptr) wipe(complaint, std::string_view{complaint}.size());
      PQfreemem(complaint);
    }
    if (options_ == nullptr) {
      throw Error{Errc::invalid_argument,
                  fmt::format("{}: is no connection URL of PostgreSQL's (postgresql://user@host:port/database)", whose)};
    }
  }
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;
  ~Options() {
    for (PQconninfoOption* option = options_; option->keyword != nullptr; ++option) {
      if (option->val != nullptr) wipe(option->val, std::string_view{option->val}.size());
    }
    PQconninfoFree(options_);
  }

  [[nodiscard]] std::string_view at(std::string_view keyword) const {
    for (const PQconninfoOption* option = options_; option->keyword != nullptr; ++option) {
      if (option->keyword == keyword && option->val != nullptr) return option->val;
    }
    return {};
  }
  // libpq marks them itself.
  [[nodiscard]] std::vector<SecretBytes> secrets() const {
    std::vector<SecretBytes> found;
    for (const PQconninfoOption* option = options_; option->keyword != nullptr; ++option) {
      const bool secret = option->dispchar != nullptr && option->dispchar[0] == '*';
      if (secret && option->val != nullptr && option->val[0] != '\0') found.emplace_back(std::string_view{option->val});
    }
    return found;
  }

 private:
  PQconninfoOption* options_ = nullptr;
};

// "28P01" of "FATAL:  28P01: password authentication failed …", as libpq writes it when it is asked to be verbose.
std::string sqlstate_in(std::string_view text) {
  for (auto colon = text.find(": "); colon != std::string_view::npos; colon = text.find(": ", colon + 1)) {
    if (colon < 5) continue;
    const std::string_view code = text.substr(colon - 5, 5);
    const bool fits =
        std::all_of(code.begin(), code.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
    if (fits && (colon == 5 || text[colon - 6] == ' ') && code.front() >= '0' && code.front() <= '9') return std::string{code};
  }
  return {};
}

struct Clear {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

}  // namespace

bool wait_for(int descriptor, Until what, Deadline deadline) {
  pollfd wait{descriptor, static_cast<short>(what == Until::readable ? POLLIN : POLLOUT), 0};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    const int ready = poll(&wait, 1, static_cast<int>(std::min<long>(left, 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

std::string Address::text() const { return fmt::format("{}:{}", printable(host), printable(port)); }

Address address_of(const SecretBytes& url) {
  const Options options{url, "the clients' URL"};
  const auto refuse = [](std::string_view why) { throw Error{Errc::invalid_argument, fmt::format("the clients' URL: {}", why)}; };
  Address address{.host = std::string{options.at("host")},
                  .numeric = std::string{options.at("hostaddr")},
                  .port = std::string{options.at("port")},
                  .database = std::string{options.at("dbname")}};
  if (address.host.empty()) address.host = address.numeric;
  if (address.host.empty()) refuse("names no host");
  if (address.host.front() == '/' || address.host.front() == '@') refuse("leads to a Unix socket; certificates are for TCP");
  if (address.host.find(',') != std::string::npos || address.numeric.find(',') != std::string::npos) refuse("names several hosts");
  if (address.port.empty()) address.port = "5432";
  // What is wrong there may be a piece of the password that was not encoded, so it is not shown.
  unsigned port = 0;
  const char* const end = address.port.data() + address.port.size();
  const auto [stop, error] = std::from_chars(address.port.data(), end, port);
  if (error != std::errc{} || stop != end || port == 0 || port > 65535) refuse("its port is none of 1 to 65535");
  if (address.database.empty()) address.database = options.at("user");
  if (address.database.empty()) refuse("names no database");
  const bool control = std::any_of(address.database.begin(), address.database.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; });
  if (control) refuse("its database's name holds control characters");
  return address;
}

Postmaster postmaster_of(const std::filesystem::path& data_directory, const Owner& owner) {
  Postmaster found{
      .text = content_of(data_directory / "postmaster.pid", owner).value_or(""), .pid = 0, .port = {}, .socket_folder = {}};
  // https://www.postgresql.org/docs/current/storage-file-layout.html: pid, folder, start, port, socket's folder, address, memory
  std::array<std::string, 5> lines;
  std::istringstream text{found.text};
  for (std::string& line : lines) std::getline(text, line);
  const auto [stop, error] = std::from_chars(lines[0].data(), lines[0].data() + lines[0].size(), found.pid);
  if (error != std::errc{} || found.pid <= 1 || lines[3].empty()) {
    throw Error{Errc::unreachable, fmt::format("the server of \"{}\" is not running", printable(data_directory.string()))};
  }
  found.port = lines[3];
  found.socket_folder = lines[4];
  return found;
}

Connection::Connection(const Owner& owner, const Postmaster& server, Deadline deadline)
    : whom_(fmt::format("the server at port {} of {}", server.port,
                        server.socket_folder.empty() ? "no socket" : printable(server.socket_folder))) {
  if (server.socket_folder.empty()) throw Error{Errc::unreachable, fmt::format("{}: has no Unix socket; give an admin URL", whom_)};
  const Acting as_owner{owner};
  // All that an environment could lead astray is said.
  open({"host", "hostaddr", "port", "user", "dbname", "sslmode", "gssencmode", "options", "service", "target_session_attrs"},
       {server.socket_folder.c_str(), "", server.port.c_str(), owner.name().c_str(), "postgres", "disable", "disable", "", "",
        "any"},
       deadline);
}

Connection::Connection(const SecretBytes& url, Deadline deadline) : whom_("the server of the admin URL") {
  const Options options{url, "the admin URL"};
  secrets_ = options.secrets();
  std::string text = c_string(url);
  const struct Wiped {
    std::string& text;
    ~Wiped() { wipe(text.data(), text.size()); }
  } wiped{text};
  open({"dbname"}, {text.c_str()}, deadline);
}

void Connection::open(const std::vector<const char*>& keywords, const std::vector<const char*>& values, Deadline deadline) {
  std::vector<const char*> names = keywords;
  std::vector<const char*> texts = values;
  for (const auto& [name, text] : {std::pair{"application_name", "spaceca"}, std::pair{"client_encoding", "UTF8"}}) {
    names.push_back(name);
    texts.push_back(text);
  }
  names.push_back(nullptr);
  texts.push_back(nullptr);
  connection_.reset(PQconnectStartParams(names.data(), texts.data(), 1));
  if (connection_ == nullptr) throw Error{Errc::io, "libpq: out of memory"};
  PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);
  PQsetNoticeReceiver(
      connection_.get(), [](void*, const PGresult*) {}, nullptr);
  PostgresPollingStatusType state = PQstatus(connection_.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED) refuse_to_open();
    const Until what = state == PGRES_POLLING_READING ? Until::readable : Until::writable;
    if (!wait_for(PQsocket(connection_.get()), what, deadline)) {
      throw Error{Errc::unreachable, fmt::format("{}: does not answer", whom_)};
    }
    state = PQconnectPoll(connection_.get());
  }
  PQsetErrorVerbosity(connection_.get(), PQERRORS_DEFAULT);
  // What is asked below is not led astray by what a database keeps in its schemas.
  static_cast<void>(ask("SELECT pg_catalog.set_config('search_path', 'pg_catalog', false)", deadline));
}

void Connection::refuse_to_open() const {
  // Class 28: no such role, a wrong password, no line of pg_hba.conf. 3D000: no such database.
  const std::string state = sqlstate_in(PQerrorMessage(connection_.get()));
  const bool not_let_in = state.starts_with("28") || state == "42501" || PQconnectionNeedsPassword(connection_.get()) == 1;
  const Errc code = not_let_in ? Errc::permission : state == "3D000" ? Errc::not_found : Errc::unreachable;
  throw Error{code, fmt::format("{}: {}", whom_, said())};
}

std::string Connection::said() const {
  constexpr std::size_t kLongest = 1000;
  const std::string_view text = PQerrorMessage(connection_.get());
  const bool leaks = std::any_of(secrets_.begin(), secrets_.end(), [&text](const SecretBytes& secret) {
    return text.find(text_of(secret.reveal())) != std::string::npos;
  });
  if (leaks) return "what it said holds a secret and is left out";
  return one_line(text.substr(0, text.find("\nLOCATION")), kLongest);
}

std::vector<Row> Connection::ask(const char* statement, Deadline deadline, std::initializer_list<std::string_view> parameters) {
  PGconn* const connection = connection_.get();
  const std::vector<std::string> texts{parameters.begin(), parameters.end()};
  std::vector<const char*> values;
  values.reserve(texts.size());
  for (const std::string& text : texts) values.push_back(text.c_str());
  const auto lost = [this](std::string_view why) { throw Error{Errc::unreachable, fmt::format("{}: {}", whom_, why)}; };
  if (PQsendQueryParams(connection, statement, static_cast<int>(values.size()), nullptr, values.data(), nullptr, nullptr, 0) != 1) {
    lost(said());
  }
  while (PQisBusy(connection) == 1) {
    if (!wait_for(PQsocket(connection), Until::readable, deadline)) lost("does not answer");
    if (PQconsumeInput(connection) != 1) lost(said());
  }
  const Result result{PQgetResult(connection)};
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    const char* const given = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    const std::string_view state = given != nullptr ? given : "";
    // Class 57: it is shutting down. Without a state, the connection broke.
    if (state.empty() || state.starts_with("57") || PQstatus(connection) == CONNECTION_BAD) lost(said());
    throw Error{state == "42501" ? Errc::permission : Errc::io, fmt::format("{}: {}", whom_, said())};
  }
  std::vector<Row> rows;
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    Row& made = rows.emplace_back();
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      if (PQgetisnull(result.get(), row, column) == 1) {
        made.emplace_back();
      } else {
        made.emplace_back(PQgetvalue(result.get(), row, column));
      }
    }
  }
  while (const Result rest{PQgetResult(connection)}) {
  }
  return rows;
}

std::string Connection::ask_one(const char* statement, Deadline deadline, std::initializer_list<std::string_view> parameters) {
  const auto rows = ask(statement, deadline, parameters);
  if (rows.size() != 1 || rows[0].size() != 1) throw Error{Errc::io, fmt::format("{}: gave no single answer", whom_)};
  return rows[0][0].value_or("");
}

std::string Connection::role() const {
  const char* const name = PQuser(connection_.get());
  return name != nullptr ? name : "";
}

}  // namespace spaceca::publish
