// Lines of pg_hba.conf. What PostgreSQL 16 makes of a quoted name with a slash in front, and how it is escaped, is as Crunchy's PGO
// found it (internal/postgres/hba.go).
#include "publish/hba.h"

#include <algorithm>

#include "support/text.h"

using namespace spaceca;
using namespace spaceca::publish;
using namespace spaceca::test;

namespace {

// A rule as the server would show it, of a line.
hba::Rule rule(const std::string& text, const std::string& address = "all", const std::string& netmask = {}) {
  const hba::Line line = hba::lines_of(text).at(0);
  std::vector<std::string> words;
  for (const std::string& field : {line.fields.at(1), line.fields.at(2)}) {
    std::string word = field;
    std::erase(word, '"');
    words.push_back(word);
  }
  return {.file = "pg_hba.conf",
          .number = 1,
          .type = line.fields.at(0),
          .databases = {words[0]},
          .users = {words[1]},
          .address = line.fields.at(0) == "local" ? "" : address,
          .netmask = netmask,
          .line = line};
}

bool never(const std::string&, const std::string&) { return false; }

hba::Outcome outcome(const std::vector<hba::Rule>& today, const std::vector<std::string>& keep = {},
                     const std::string& database = "app", hba::Dialect dialect = hba::Dialect::plain,
                     const hba::Matches& matches = never) {
  hba::Plan plan{.database = database, .roles = {}, .rules = {}, .access = {}, .map = {}, .keep = {}, .dialect = dialect};
  for (const std::string& block : keep) plan.keep.emplace_back(block);
  return hba::outcome_of(plan, today, matches);
}

// For two roles, from this machine.
hba::Plan plan_of(const std::string& database, const Access& access = {}) {
  return {.database = database,
          .roles = {RoleName{"app"}, RoleName{"a \"b\""}},
          .rules = {Cidr{"127.0.0.1"}, Cidr{"2001:db8::/32"}},
          .access = access,
          .map = "spaceca-orders",
          .keep = {},
          .dialect = hba::Dialect::plain};
}

}  // namespace

TEST_CASE("a name is quoted so that it stands for itself", "[hba]") {
  auto [name, plain, expression] = GENERATE(table<std::string, std::string, std::string>({
      {"app", R"("app")", R"("app")"},
      {"all", R"("all")", R"("all")"},
      {"sameuser", R"("sameuser")", R"("sameuser")"},
      {"replication", R"("replication")", R"("replication")"},
      {"two words", R"("two words")", R"("two words")"},
      {"a,b", R"("a,b")", R"("a,b")"},
      {"+group", R"("+group")", R"("+group")"},
      {"@file", R"("@file")", R"("@file")"},
      {"a#b", R"("a#b")", R"("a#b")"},
      {"say \"hi\"", R"("say ""hi""")", R"("say ""hi""")"},
      {"back\\slash", R"("back\slash")", R"("back\slash")"},
      {"a/b", R"("a/b")", R"("a/b")"},
      {"/slash", R"("/slash")", R"("/^\/slash$")"},
      {"/a.b*", R"("/a.b*")", R"("/^\/a\.b\*$")"},
      {"/^.*$", R"("/^.*$")", R"("/^\/\^\.\*\$$")"},
      {"/say \"hi\"", R"("/say ""hi""")", R"("/^\/say ""hi""$")"},
      {"Zo\xC3\xAB", "\"Zo\xC3\xAB\"", "\"Zo\xC3\xAB\""},
      {"/Zo\xC3\xAB", "\"/Zo\xC3\xAB\"", "\"/^\\/Zo\xC3\xAB$\""},
  }));
  CHECK(hba::quoted(name, hba::Dialect::plain) == plain);
  CHECK(hba::quoted(name, hba::Dialect::regular_expressions) == expression);
}

TEST_CASE("a line falls into fields as PostgreSQL reads it", "[hba]") {
  using Fields = std::vector<std::string>;
  auto [text, fields] = GENERATE(table<std::string, Fields>({
      {"host all all 127.0.0.1/32 md5", {"host", "all", "all", "127.0.0.1/32", "md5"}},
      {"\thost\tall  all\t::1/128   md5 # why", {"host", "all", "all", "::1/128", "md5"}},
      {"host \"two words\" a,b all md5", {"host", "\"two words\"", "a,b", "all", "md5"}},
      {"host a, b c all md5", {"host", "a,b", "c", "all", "md5"}},
      {"host \"a#b\" all all md5#c", {"host", "\"a#b\"", "all", "all", "md5"}},
      {"host \"a \"\"b\"\" c\" all all md5", {"host", "\"a \"\"b\"\" c\"", "all", "all", "md5"}},
      {"# host all all all trust", {}},
      {"", {}},
  }));
  const auto lines = hba::lines_of(text + "\n");
  CHECK(lines.at(0).fields == fields);
}

TEST_CASE("a line that ends with a backslash goes on, and counts from its first", "[hba]") {
  const auto lines = hba::lines_of("host all \\\n  all 10.0.0.0/8 \\\n md5\nlocal all all peer");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].number == 1);
  CHECK(lines[0].text == "host all \\\n  all 10.0.0.0/8 \\\n md5");
  CHECK(lines[0].fields == std::vector<std::string>{"host", "all", "all", "10.0.0.0/8", "md5"});
  CHECK(lines[1].number == 4);
}

TEST_CASE("each role has a line for each block, and nobody else comes in", "[hba]") {
  CHECK(hba::outcome_of(plan_of("my app"), {}, never).lines ==
        "hostssl \"my app\" \"app\" 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n"
        "hostssl \"my app\" \"app\" 2001:db8::/32 scram-sha-256 clientcert=verify-ca\n"
        "hostssl \"my app\" \"a \"\"b\"\"\" 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n"
        "hostssl \"my app\" \"a \"\"b\"\"\" 2001:db8::/32 scram-sha-256 clientcert=verify-ca\n"
        "host \"my app\" all all reject\n");
}

TEST_CASE("without a block, or without a role, nobody comes in", "[hba]") {
  hba::Plan plan = plan_of("app");
  plan.rules.clear();
  CHECK(hba::outcome_of(plan, {}, never).lines == "host \"app\" all all reject\n");
  plan = plan_of("app");
  plan.roles.clear();
  CHECK(hba::outcome_of(plan, {}, never).lines == "host \"app\" all all reject\n");
}

TEST_CASE("a line asks for what the access says", "[hba]") {
  const std::string line = "hostssl \"app\" \"app\" 127.0.0.1/32 ";
  auto [access, method] = GENERATE(table<Access, std::string>({
      {{AuthMethod::scram_sha_256, ClientCert::verify_ca, BoundTo::space}, "scram-sha-256 clientcert=verify-ca\n"},
      {{AuthMethod::scram_sha_256, ClientCert::verify_full, BoundTo::space}, "scram-sha-256 clientcert=verify-full\n"},
      {{AuthMethod::cert, ClientCert::verify_full, BoundTo::space}, "cert clientcert=verify-full\n"},
      {{AuthMethod::cert, ClientCert::verify_full, BoundTo::database}, "cert clientname=DN map=spaceca-orders\n"},
  }));
  CHECK(hba::outcome_of(plan_of("app", access), {}, never).lines.starts_with(line + method));
}

TEST_CASE("lines over TCP that decide about the database are overridden, others are not", "[hba]") {
  auto [text, overridden] = GENERATE(table<std::string, bool>({
      {"host all all all md5", true},
      {"hostssl app all all md5", true},
      {"hostnossl \"app\" all all reject", true},
      {"hostgssenc app all all gss", true},
      {"host sameuser all all md5", true},
      {"host samerole all all md5", true},
      {"host other all all md5", false},
      {"host replication all all md5", false},
      {"host apps all all md5", false},
      {"local all all peer", false},
  }));
  INFO(text);
  CHECK(outcome({rule(text)}).overridden.size() == (overridden ? 1U : 0U));
}

TEST_CASE("a database's name with a slash in front is an expression from PostgreSQL 16 on", "[hba]") {
  const hba::Matches starts_with_a = [](const std::string& expression, const std::string& text) {
    CHECK(expression == "^a");
    return text.front() == 'a';
  };
  const std::vector<hba::Rule> today = {rule("host /^a all all md5")};
  CHECK(outcome(today, {}, "app", hba::Dialect::regular_expressions, starts_with_a).overridden.size() == 1);
  CHECK(outcome(today, {}, "orders", hba::Dialect::regular_expressions, starts_with_a).overridden.empty());
  CHECK(outcome(today, {}, "app", hba::Dialect::plain).overridden.empty());
}

TEST_CASE("for addresses that are kept, today's lines stand above the reject", "[hba]") {
  const std::string reject = "host \"app\" all all reject\n";
  const std::vector<hba::Rule> today = {
      rule("hostssl all bob,\"two words\" 10.1.0.0/16 ldap ldapserver=\"a b\"", "10.1.0.0", "255.255.0.0"),
      rule("host app all 10.0.0.0 255.0.0.0 md5", "10.0.0.0", "255.0.0.0"),
      rule("host other all 10.0.0.0/8 md5", "10.0.0.0", "255.0.0.0"),
      rule("host all all all reject"),
  };
  // A block of theirs within ours, ours within theirs, all, and none.
  CHECK(outcome(today, {"10.1.2.0/24"}).lines ==
        "hostssl \"app\" bob,\"two words\" 10.1.2.0/24 ldap ldapserver=\"a b\"\n"
        "host \"app\" all 10.1.2.0/24 md5\n"
        "host \"app\" all 10.1.2.0/24 reject\n" +
            reject);
  CHECK(outcome(today, {"10.0.0.0/7"}).lines ==
        "hostssl \"app\" bob,\"two words\" 10.1.0.0/16 ldap ldapserver=\"a b\"\n"
        "host \"app\" all 10.0.0.0/8 md5\n"
        "host \"app\" all 10.0.0.0/7 reject\n" +
            reject);
  CHECK(outcome(today, {"192.0.2.0/24"}).lines == "host \"app\" all 192.0.2.0/24 reject\n" + reject);
  CHECK(outcome(today, {"10.1.2.0/24", "10.1.2.3/32"}).lines == outcome(today, {"10.1.2.0/24"}).lines);
}

TEST_CASE("today's lines for a kept address decide before ours, which would ask for a certificate", "[hba]") {
  hba::Plan plan = plan_of("app");
  plan.roles.pop_back();
  plan.keep = {Cidr{"127.0.0.1"}};
  const std::vector<hba::Rule> today = {rule("host all all 127.0.0.1/32 md5", "127.0.0.1", "255.255.255.255")};
  CHECK(hba::outcome_of(plan, today, never).lines ==
        "host \"app\" all 127.0.0.1/32 md5\n"
        "hostssl \"app\" \"app\" 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n"
        "hostssl \"app\" \"app\" 2001:db8::/32 scram-sha-256 clientcert=verify-ca\n"
        "host \"app\" all all reject\n");
}

TEST_CASE("a line is named as overridden unless all of its addresses are kept", "[hba]") {
  const std::vector<hba::Rule> today = {rule("host app all 10.1.0.0/16 md5", "10.1.0.0", "255.255.0.0")};
  CHECK(outcome(today, {"10.0.0.0/8"}).overridden.empty());
  CHECK(outcome(today, {"10.1.0.0/16"}).overridden.empty());
  CHECK(outcome(today, {"10.1.2.0/24"}).overridden.size() == 1);
  CHECK(outcome(today, {"2001:db8::/32"}).overridden.size() == 1);
}

TEST_CASE("names of hosts and masks with holes are kept only with everything", "[hba]") {
  const std::vector<hba::Rule> today = {rule("host app all .example.com md5", ".example.com"),
                                        rule("host app all samenet md5", "samenet"),
                                        rule("host app all 10.0.0.1 255.0.255.0 md5", "10.0.0.1", "255.0.255.0")};
  const auto some = outcome(today, {"10.0.0.0/8"});
  CHECK(some.lines == "host \"app\" all all reject\n");
  CHECK(some.overridden.size() == 3);
  const auto all = outcome(today, {"0.0.0.0/0", "::/0"});
  CHECK(all.lines ==
        "host \"app\" all .example.com md5\n"
        "host \"app\" all samenet md5\n"
        "host \"app\" all 10.0.0.1 255.0.255.0 md5\n"
        "host \"app\" all all reject\n");
  CHECK(all.overridden.empty());
}

TEST_CASE("sameuser is kept for the user of the database's name, samerole for the members of its role", "[hba]") {
  CHECK(outcome({rule("host sameuser all 10.0.0.0/8 md5", "10.0.0.0", "255.0.0.0")}, {"10.0.0.0/8"}).lines ==
        "host \"app\" \"app\" 10.0.0.0/8 md5\nhost \"app\" all all reject\n");
  CHECK(outcome({rule("host sameuser bob 10.0.0.0/8 md5", "10.0.0.0", "255.0.0.0")}, {"10.0.0.0/8"}).lines ==
        "host \"app\" all all reject\n");
  CHECK(outcome({rule("host samerole all 10.0.0.0/8 md5", "10.0.0.0", "255.0.0.0")}, {"10.0.0.0/8"}).lines ==
        "host \"app\" +\"app\" 10.0.0.0/8 md5\nhost \"app\" all all reject\n");
}

TEST_CASE("an address with bits behind its mask, and one of IPv6, are read as blocks", "[hba]") {
  CHECK(outcome({rule("host app all 10.1.2.3/8 md5", "10.1.2.3", "255.0.0.0")}, {"10.0.0.0/8"}).lines ==
        "host \"app\" all 10.0.0.0/8 md5\nhost \"app\" all all reject\n");
  CHECK(outcome({rule("host app all 2001:db8::/33 md5", "2001:db8::", "ffff:ffff:8000::")}, {"2001:db8::/32"}).lines ==
        "host \"app\" all 2001:db8::/33 md5\nhost \"app\" all all reject\n");
}
