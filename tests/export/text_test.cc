#include "support/text.h"
#include "export/connections.h"

using namespace spaceca;
using namespace spaceca::test;
using namespace std::string_literals;
using exporter::Connection;
using exporter::JdbcKey;
using exporter::SslMode;

// What is expected here is written out; that libpq, pgjdbc and shells read it back is proved in shell_test.cc and readers_test.cc.

namespace {

// The ordinary connection with one thing changed.
template <class Change>
Connection with(Change change) {
  Connection connection = ordinary_connection();
  change(connection);
  return connection;
}

void check_refused_by_all(const Connection& connection, const std::string& why) {
  INFO(why);
  check_refused([&] { return exporter::environment(connection); }, Errc::invalid_argument, why);
  check_refused([&] { return exporter::service(connection, "acme"); }, Errc::invalid_argument, why);
  check_refused([&] { return exporter::libpq_uri(connection); }, Errc::invalid_argument, why);
  check_refused([&] { return exporter::jdbc_url(connection); }, Errc::invalid_argument, why);
  check_refused([&] { return exporter::jdbc_url(connection, JdbcKey::pkcs12); }, Errc::invalid_argument, why);
}

void check_service_refused(const Connection& connection, const std::string& why) {
  check_refused([&] { return exporter::service(connection, "acme"); }, Errc::invalid_argument, why);
}

}  // namespace

TEST_CASE("the lines for a shell export what libpq looks at", "[export][text]") {
  CHECK(exporter::environment(ordinary_connection()) ==
        "export PGHOST='db.acme.example'\n"
        "export PGPORT='5433'\n"
        "export PGDATABASE='sales'\n"
        "export PGUSER='app'\n"
        "export PGSSLMODE='verify-full'\n"
        "export PGSSLCERT='/etc/acme/acme-postgresql.crt'\n"
        "export PGSSLKEY='/etc/acme/acme-postgresql.key'\n"
        "export PGSSLROOTCERT='/etc/acme/acme-root.crt'\n");
}

TEST_CASE("a service is a section of settings, one a line", "[export][text]") {
  CHECK(exporter::service(ordinary_connection(), "acme") ==
        "[acme]\n"
        "host=db.acme.example\n"
        "port=5433\n"
        "dbname=sales\n"
        "user=app\n"
        "sslmode=verify-full\n"
        "sslcert=/etc/acme/acme-postgresql.crt\n"
        "sslkey=/etc/acme/acme-postgresql.key\n"
        "sslrootcert=/etc/acme/acme-root.crt\n");
}

TEST_CASE("a URI for libpq has everything percent-encoded that is no letter, digit, hyphen, dot, underscore or tilde",
          "[export][text]") {
  CHECK(exporter::libpq_uri(ordinary_connection()) ==
        "postgresql://app@db.acme.example:5433/sales?sslmode=verify-full&sslcert=%2Fetc%2Facme%2Facme-postgresql.crt"
        "&sslkey=%2Fetc%2Facme%2Facme-postgresql.key&sslrootcert=%2Fetc%2Facme%2Facme-root.crt");
  CHECK(exporter::libpq_uri(with([](Connection& c) {
          c.user = "o'brien & co@~";
        })).starts_with("postgresql://o%27brien%20%26%20co%40~@db.acme"));
}

TEST_CASE("a URL for pgjdbc names the .pk8 and its certificate, or the .p12 alone", "[export][text]") {
  CHECK(exporter::jdbc_url(ordinary_connection()) ==
        "jdbc:postgresql://db.acme.example:5433/sales?user=app&sslmode=verify-full&sslcert=%2Fetc%2Facme%2Facme-postgresql.crt"
        "&sslkey=%2Fetc%2Facme%2Facme-postgresql.pk8&sslrootcert=%2Fetc%2Facme%2Facme-root.crt");
  CHECK(exporter::jdbc_url(ordinary_connection(), JdbcKey::pkcs12) ==
        "jdbc:postgresql://db.acme.example:5433/sales?user=app&sslmode=verify-full"
        "&sslkey=%2Fetc%2Facme%2Facme-postgresql.p12&sslrootcert=%2Fetc%2Facme%2Facme-root.crt");
}

TEST_CASE("the mode is written in libpq's words everywhere", "[export][text]") {
  const auto [mode, word] = GENERATE(table<SslMode, std::string>(
      {{SslMode::require, "require"}, {SslMode::verify_ca, "verify-ca"}, {SslMode::verify_full, "verify-full"}}));
  Connection connection = ordinary_connection();
  connection.sslmode = mode;
  using Catch::Matchers::ContainsSubstring;
  CHECK_THAT(exporter::environment(connection), ContainsSubstring("export PGSSLMODE='" + word + "'\n"));
  CHECK_THAT(exporter::service(connection, "acme"), ContainsSubstring("\nsslmode=" + word + "\n"));
  CHECK_THAT(exporter::libpq_uri(connection), ContainsSubstring("?sslmode=" + word + "&"));
  CHECK_THAT(exporter::jdbc_url(connection), ContainsSubstring("&sslmode=" + word + "&"));
}

TEST_CASE("unless told otherwise a connection goes to port 5432 and verifies in full", "[export][text]") {
  const Connection connection{.host = "db.acme.example", .database = "sales", .user = "app", .folder = "certs"};
  CHECK(exporter::libpq_uri(connection) ==
        "postgresql://app@db.acme.example:5432/sales?sslmode=verify-full&sslcert=certs%2Fpostgresql.crt"
        "&sslkey=certs%2Fpostgresql.key&sslrootcert=certs%2Froot.crt");
}

TEST_CASE("an IPv6 address stands in brackets in a URI and in a URL, and bare elsewhere", "[export][text]") {
  const Connection connection = with([](Connection& c) { c.host = "2001:db8::1"; });
  CHECK(exporter::libpq_uri(connection).starts_with("postgresql://app@[2001:db8::1]:5433/sales?"));
  CHECK(exporter::jdbc_url(connection).starts_with("jdbc:postgresql://[2001:db8::1]:5433/sales?"));
  CHECK(exporter::environment(connection).starts_with("export PGHOST='2001:db8::1'\n"));
  CHECK(exporter::service(connection, "acme").starts_with("[acme]\nhost=2001:db8::1\n"));
}

TEST_CASE("a folder with a slash at its end gets no second one", "[export][text]") {
  const auto [folder, path] = GENERATE(table<std::string, std::string>({
      {"/etc/acme", "/etc/acme/acme-root.crt"},
      {"/etc/acme/", "/etc/acme/acme-root.crt"},
      {"/", "/acme-root.crt"},
      {".", "./acme-root.crt"},
      {"certs", "certs/acme-root.crt"},
  }));
  Connection connection = ordinary_connection();
  connection.folder = folder;
  CHECK_THAT(exporter::environment(connection), Catch::Matchers::ContainsSubstring("export PGSSLROOTCERT='" + path + "'\n"));
}

TEST_CASE("the highest port is 65535 and the lowest is 1", "[export][text]") {
  CHECK(exporter::libpq_uri(with([](Connection& c) { c.port = 65535; })).starts_with("postgresql://app@db.acme.example:65535/"));
  CHECK(exporter::libpq_uri(with([](Connection& c) { c.port = 1; })).starts_with("postgresql://app@db.acme.example:1/"));
  check_refused_by_all(with([](Connection& c) { c.port = 0; }), "connection: port 0; give 1 to 65535");
}

TEST_CASE("a connection with an empty part is refused by every form, and the error names the part", "[export][text]") {
  check_refused_by_all(with([](Connection& c) { c.host = ""; }), "connection: its host is empty");
  check_refused_by_all(with([](Connection& c) { c.database = ""; }), "connection: its database is empty");
  check_refused_by_all(with([](Connection& c) { c.user = ""; }), "connection: its user is empty");
  check_refused_by_all(with([](Connection& c) { c.folder = ""; }), "connection: its folder is empty");
}

TEST_CASE("a NUL is refused by every form, and the error names the part", "[export][text]") {
  check_refused_by_all(with([](Connection& c) { c.host = "db\0.evil"s; }), "connection: its host \"db\\x00.evil\" holds a NUL");
  check_refused_by_all(with([](Connection& c) { c.database = "sales\0"s; }), "connection: its database \"sales\\x00\" holds a NUL");
  check_refused_by_all(with([](Connection& c) { c.user = "\0app"s; }), "connection: its user \"\\x00app\" holds a NUL");
  check_refused_by_all(with([](Connection& c) { c.folder = "/etc\0/acme"s; }),
                       "connection: its folder \"/etc\\x00/acme\" holds a NUL");
  check_refused_by_all(with([](Connection& c) { c.prefix = "acme\0"s; }), "prefix \"acme\\x00\": may not hold a slash or a NUL");
}

TEST_CASE("a prefix that leads to another folder is refused by every form", "[export][text]") {
  check_refused_by_all(with([](Connection& c) { c.prefix = "../"; }),
                       "prefix \"../\": may not hold a slash or a NUL; the folder goes separately");
}

TEST_CASE("a service file carries no line break, and the error names the setting", "[export][text][service]") {
  check_service_refused(with([](Connection& c) { c.host = "db\nsslmode=disable"; }),
                        "service file: host \"db\\x0Asslmode=disable\" holds a line break");
  check_service_refused(with([](Connection& c) { c.database = "sales\n[other]"; }),
                        "service file: dbname \"sales\\x0A[other]\" holds a line break");
  check_service_refused(with([](Connection& c) { c.user = "app\r"; }), "service file: user \"app\\x0D\" holds a line break");
  check_service_refused(with([](Connection& c) { c.folder = "/etc/\nacme"; }),
                        "service file: sslcert \"/etc/\\x0Aacme/acme-postgresql.crt\" holds a line break");
  check_service_refused(with([](Connection& c) { c.prefix = "\n"; }),
                        "service file: sslcert \"/etc/acme/\\x0Apostgresql.crt\" holds a line break");
}

TEST_CASE("a service file carries no blank at the end of a value, for libpq drops it", "[export][text][service]") {
  const auto blank = GENERATE(" "s, "\t"s, "\v"s, "\f"s, "  "s);
  check_service_refused(with([&](Connection& c) { c.user = "app" + blank; }), "ends with a blank, which libpq drops");
  check_service_refused(with([&](Connection& c) { c.database = blank; }), "ends with a blank, which libpq drops");
}

TEST_CASE("a line of a service file has 1021 octets at most, and the error says so", "[export][text][service]") {
  // libpq reads into 1,024 octets and refuses a line that, with its line feed, fills 1,023.
  const auto user_of = [](std::size_t line) { return with([line](Connection& c) { c.user = std::string(line - 5, 'a'); }); };
  CHECK_NOTHROW(exporter::service(user_of(1021), "acme"));
  check_service_refused(user_of(1022), "is too long for a line of the file");
  check_service_refused(user_of(1023), "is too long for a line of the file");
  check_service_refused(user_of(5000), "is too long for a line of the file");
}

TEST_CASE("the name of a service has no bracket, no line break and no NUL, and fits into a line", "[export][text][service]") {
  const auto name = GENERATE(""s, "acme]"s, "ac]me"s, "acme\n"s, "acme]\nhost=evil\n[x"s, "acme\r"s, "acme\0"s,
                             std::string(1020, 'a'), std::string(5000, 'a'));
  INFO(name.size());
  check_refused([&] { return exporter::service(ordinary_connection(), name); }, Errc::invalid_argument,
                "service file: service name \"");
}

TEST_CASE("a service may have any other name", "[export][text][service]") {
  const auto name = GENERATE("acme"s, "acme app"s, "acme=app"s, "#acme"s, "[acme"s, "b\xC3\xBC"s, std::string(1019, 'a'));
  CHECK(exporter::service(ordinary_connection(), name).starts_with("[" + name + "]\nhost="));
}

TEST_CASE("a URL for pgjdbc carries no host that it would have to encode, for pgjdbc does not decode it", "[export][text]") {
  const auto host = GENERATE("/var/run/postgresql"s, "db example"s, "db%41"s, "db/x"s, "db?x=y"s, "db#x"s, "db&x"s, "user@db"s,
                             "bücher.example"s, "db\nx"s, "a,b"s, "a]b:c"s);
  INFO(host);
  check_refused([&] { return exporter::jdbc_url(with([&](Connection& c) { c.host = host; })); }, Errc::invalid_argument, "host \"");
}

TEST_CASE("a URL for pgjdbc carries no octets that are not UTF-8, for Java would put another character there", "[export][text]") {
  check_refused([] { return exporter::jdbc_url(with([](Connection& c) { c.user = "app\xFF"; })); }, Errc::invalid_argument,
                "is not UTF-8");
  check_refused([] { return exporter::jdbc_url(with([](Connection& c) { c.database = "sales\xC3"; })); }, Errc::invalid_argument,
                "is not UTF-8");
  check_refused([] { return exporter::jdbc_url(with([](Connection& c) { c.folder = "/etc/\xFF"; })); }, Errc::invalid_argument,
                "is not UTF-8");
}

TEST_CASE("no form says anything of a password", "[export][text]") {
  const auto text = GENERATE(exporter::environment(ordinary_connection()), exporter::service(ordinary_connection(), "acme"),
                             exporter::libpq_uri(ordinary_connection()), exporter::jdbc_url(ordinary_connection()),
                             exporter::jdbc_url(ordinary_connection(), JdbcKey::pkcs12));
  CHECK(text.find("assword") == std::string::npos);
  CHECK(text.find("PASS") == std::string::npos);
  CHECK(text.find("app:") == std::string::npos);  // as in user:password@host
}
