// Lines of pg_ident.conf. What PostgreSQL 15 compares was read from its pg_stat_ssl and its log, where a name that does not match
// stands: allowlist_test.cc has it decide.
#include "publish/ident.h"

#include "support/catch.h"

using namespace spaceca;
using namespace spaceca::publish;

TEST_CASE("a map has a line for each role: the whole name in its certificate, and the role", "[ident]") {
  CHECK(ident::lines_of(DatabaseName{"orders"}, {RoleName{"app"}, RoleName{"reader"}}, hba::Dialect::plain) ==
        "spaceca-orders \"CN=app,OU=orders\" \"app\"\n"
        "spaceca-orders \"CN=reader,OU=orders\" \"reader\"\n");
}

TEST_CASE("a name stands in a map as PostgreSQL writes it, escaped as in RFC 2253", "[ident]") {
  auto [role, line] = GENERATE(table<std::string, std::string>({
      {"all", R"("CN=all,OU=orders" "all")"},
      {"two words", R"("CN=two words,OU=orders" "two words")"},
      {"a,b", R"("CN=a\,b,OU=orders" "a,b")"},
      {"a=b", R"("CN=a=b,OU=orders" "a=b")"},
      {"say \"hi\"", R"("CN=say \""hi\"",OU=orders" "say ""hi""")"},
      {"back\\slash", R"("CN=back\\slash,OU=orders" "back\slash")"},
      {"+plus", R"("CN=\+plus,OU=orders" "+plus")"},
      {"#hash", R"("CN=\#hash,OU=orders" "#hash")"},
      {" blank ", R"("CN=\ blank\ ,OU=orders" " blank ")"},
      {"<a;b>", R"("CN=\<a\;b\>,OU=orders" "<a;b>")"},
      {"Zo\xC3\xAB", "\"CN=Zo\\C3\\AB,OU=orders\" \"Zo\xC3\xAB\""},
      {"/slash", R"("CN=/slash,OU=orders" "/slash")"},
  }));
  CHECK(ident::lines_of(DatabaseName{"orders"}, {RoleName{role}}, hba::Dialect::plain) == "spaceca-orders " + line + "\n");
}

TEST_CASE("from PostgreSQL 16 on a role with a slash in front is written as the expression that is its name", "[ident]") {
  CHECK(ident::lines_of(DatabaseName{"orders"}, {RoleName{"/a.b"}}, hba::Dialect::regular_expressions) ==
        "spaceca-orders \"CN=/a.b,OU=orders\" \"/^\\/a\\.b$\"\n");
}
