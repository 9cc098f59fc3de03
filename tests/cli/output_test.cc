// What the program prints, without a store.
#include <spaceca/error.h>

#include "failure.h"
#include "output.h"
#include "records.h"
#include "support/text.h"
#include "variables.h"

using namespace spaceca;
using namespace spaceca::test;

TEST_CASE("a block is sorted by its keys, and its values stand in one column, as the reference prints it", "[cli]") {
  CHECK(block({{"status", "Provisioning"}, {"app", "example-app"}, {"addon", "postgresql-rectangle-12345"}}) ==
        "addon:  postgresql-rectangle-12345\n"
        "app:    example-app\n"
        "status: Provisioning\n");
  CHECK(block({{"updated_at", "2019-07-17 00:05:52 +0000"},
               {"status", "Authorizing"},
               {"id", "38c466b6-dcfb-4869-b5ac-40420b786fb4"},
               {"description", "My Office IP"},
               {"created_at", "2019-07-17 00:05:52 +0000"},
               {"cidr", "1.2.3.4/32"}}) ==
        "cidr:        1.2.3.4/32\n"
        "created_at:  2019-07-17 00:05:52 +0000\n"
        "description: My Office IP\n"
        "id:          38c466b6-dcfb-4869-b5ac-40420b786fb4\n"
        "status:      Authorizing\n"
        "updated_at:  2019-07-17 00:05:52 +0000\n");
}

TEST_CASE("a block of nothing is nothing, and a value that is empty leaves no blank behind", "[cli]") {
  CHECK(block({}) == "");
  CHECK(block({{"description", ""}, {"id", "1"}}) == "description:\nid:          1\n");
}

TEST_CASE("a table's columns are as wide as their widest cell, one blank apart, as the reference prints it", "[cli]") {
  CHECK(table({"id", "Created At", "Status"}, {{"61acf66f-e505-452c-a517-e727689fb54f", "2019-07-16 23:39:26 +0000", "ready"}}) ==
        "id                                   Created At                Status\n"
        "61acf66f-e505-452c-a517-e727689fb54f 2019-07-16 23:39:26 +0000 ready\n");
  CHECK(table({"id", "Status"}, {}) == "id Status\n");
  CHECK(table({"Role", "Days"}, {{"b\xC3\xBC"
                                  "cher",
                                  "1"},
                                 {"app", "22"}}) ==
        "Role   Days\n"
        "b\xC3\xBC"
        "cher 1\n"
        "app    22\n");  // a letter of two octets is one wide
}

TEST_CASE("what strangers wrote stays on its line and moves no cursor", "[cli]") {
  CHECK(one_line("two\nlines\tand\rmore") == "two lines and more");
  CHECK(one_line("\x1B[2Jgone\x7F") == "?[2Jgone?");
  CHECK(one_line("\xC2\x9B"
                 "2J b\xC3\xBC"
                 "cher \xC2\xA0") ==
        "?2J b\xC3\xBC"
        "cher \xC2\xA0");
  CHECK(table({"Role"}, {{"a\nb"}}) == "Role\na b\n");
  CHECK(block({{"role", "a\nb"}}) == "role: a b\n");
  CHECK(complaint(Failure{Exit::failed, "io", "one\ntwo"}, false) == "spaceca: one two\n");
}

TEST_CASE("times are the reference's for people and RFC 3339 for programs", "[cli]") {
  CHECK(time_text(instant("2019-07-16T23:39:26Z")) == "2019-07-16 23:39:26 +0000");
  CHECK(::rfc3339(instant("2019-07-16T23:39:26Z")) == "2019-07-16T23:39:26Z");
}

TEST_CASE("days left are whole ones, and negative from the second after the end", "[cli]") {
  auto [now, days] = GENERATE(table<std::string, long>({
      {"2026-11-24T10:00:00Z", 1},
      {"2026-11-24T10:00:01Z", 0},
      {"2026-11-25T10:00:00Z", 0},
      {"2026-11-25T10:00:01Z", -1},
      {"2026-11-26T10:00:00Z", -1},
      {"2026-11-26T10:00:01Z", -2},
  }));
  INFO(now);
  CHECK(days_left(instant("2026-11-25T10:00:00Z"), instant(now)) == days);
}

TEST_CASE("a word for the shell is quoted only where it must be", "[cli]") {
  CHECK(shell_word("/home/a/demo_postgresql.crt") == "/home/a/demo_postgresql.crt");
  CHECK(shell_word("") == "''");
  CHECK(shell_word("My Certs") == "'My Certs'");
  CHECK(shell_word("it's") == "'it'\\''s'");
  CHECK(shell_word("$(rm -r ~)") == "'$(rm -r ~)'");
  CHECK(shell_word("~/x") == "'~/x'");
}

TEST_CASE("a failure is one line, and a hint where there is one", "[cli]") {
  CHECK(complaint(Failure{Exit::failed, "io", "the disk is gone"}, false) == "spaceca: the disk is gone\n");
  CHECK(complaint(Failure{Exit::refused, "exists", "it is there", "--force"}, false) == "spaceca: it is there\nhint: --force\n");
}

TEST_CASE("for programs a failure is one object on one line, with a stable code", "[cli]") {
  CHECK(complaint(Failure{Exit::refused, "exists", "file \"x\": is there", "--force"}, true) ==
        "{\"code\":\"exists\",\"error\":\"file \\\"x\\\": is there\",\"hint\":\"--force\"}\n");
  CHECK(complaint(Failure{Exit::failed, "io", "bad \xFF octet"}, true) ==
        "{\"code\":\"io\",\"error\":\"bad \xEF\xBF\xBD octet\"}\n");
}

TEST_CASE("the exit code follows what a caller can do", "[cli]") {
  auto [code, exit] = GENERATE(table<Errc, int>({
      {Errc::invalid_argument, 2},
      {Errc::not_found, 3},
      {Errc::policy, 4},
      {Errc::exists, 4},
      {Errc::mismatch, 4},
      {Errc::key_not_kept, 4},
      {Errc::unreachable, 5},
      {Errc::not_taken, 1},
      {Errc::unconfirmed, 1},
      {Errc::passphrase_wrong, 1},
      {Errc::io, 1},
      {Errc::busy, 1},
  }));
  INFO(word_of(code));
  CHECK(static_cast<int>(exit_of(code)) == exit);
}

TEST_CASE("a reason is read in each spelling that people have seen, and no other", "[cli]") {
  CHECK(reason_of("") == RevocationReason::unspecified);
  for (const char* spelling : {"key_compromise", "key-compromise", "keyCompromise", "KEYCOMPROMISE"}) {
    CHECK(reason_of(spelling) == RevocationReason::key_compromise);
  }
  check_refused([] { return reason_of("certificateHold"); }, Errc::invalid_argument,
                "reason \"certificateHold\": is none of unspecified, key_compromise");
  CHECK(word_of(RevocationReason::cessation_of_operation) == "cessation_of_operation");
}

// --- variables ---

namespace {

DatabaseRecord database(const std::string& name, const std::string& space = "acme") {
  return {.space = SpaceName{space},
          .name = DatabaseName{name},
          .app = AppName{"shop"},
          .state = DatabaseState::disabled,
          .hosts = {},
          .role = RoleName{"app"},
          .contacts = {},
          .data_directory = {},
          .access = {},
          .created_at = {},
          .updated_at = {},
          .publication_pending = false,
          .publication_error = {}};
}

std::vector<std::string> chosen(const std::string& variable, const std::vector<DatabaseRecord>& of_app) {
  std::vector<std::string> names;
  for (const DatabaseRecord& one : chosen_by(variable, of_app)) names.push_back(one.space.text() + "/" + one.name.text());
  return names;
}

}  // namespace

TEST_CASE("a database's variable is its name in capitals, with _URL behind", "[cli]") {
  CHECK(variable_of(DatabaseName{"postgresql-rectangle-12345"}) == "POSTGRESQL_RECTANGLE_12345_URL");
}

TEST_CASE("DATABASE_URL is an app's only database, or the one that is called database", "[cli]") {
  using Names = std::vector<std::string>;
  CHECK(chosen("DATABASE_URL", {database("sales")}) == Names{"acme/sales"});
  CHECK(chosen("SALES_URL", {database("sales"), database("stock")}) == Names{"acme/sales"});
  CHECK(chosen("DATABASE_URL", {database("sales"), database("stock")}) == Names{});
  CHECK(chosen("DATABASE_URL", {database("sales"), database("database")}) == Names{"acme/database"});
  CHECK(chosen("DATABASE_URL", {database("sales"), database("sales", "bravo")}) == Names{"acme/sales", "bravo/sales"});
  CHECK(chosen("sales_url", {database("sales")}) == Names{});
  CHECK(chosen("DATABASE_URL", {}) == Names{});
}
