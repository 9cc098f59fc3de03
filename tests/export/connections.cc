#include "export/connections.h"

#include "support/text.h"

namespace spaceca::test {

exporter::Connection ordinary_connection() {
  return {.host = "db.acme.example", .port = 5433, .database = "sales", .user = "app", .folder = "/etc/acme", .prefix = "acme-"};
}

std::vector<OddConnection> odd_connections() {
  const std::vector<std::string> words = {
      "two words",
      " blank in front",
      "blank behind ",
      "  ",
      "tab\tinside",
      "tab behind\t",
      "o'brien",
      "'",
      "''",
      "'\\''",
      "say \"hi\"",
      "\"",
      "\"quoted\"",
      "$(touch x)",
      "`touch x`",
      "$HOME",
      "${HOME}",
      "$$",
      "; touch x;",
      "& touch x",
      "| touch x",
      "> x",
      "!x",
      "~",
      "*",
      "?",
      "{a,b}",
      "(a)",
      "-n",
      "back\\slash",
      "behind\\",
      "\\n",
      "\\",
      "100%",
      "%41",
      "%",
      "%%",
      "%zz",
      "a&b=c",
      "&",
      "a=b",
      "=",
      "a#b",
      "#a",
      "a?b",
      "a+b",
      "+",
      "a@b",
      "a:b",
      "a;b",
      "a,b",
      "[a]",
      "]",
      "<a>",
      "^a|b",
      "sslmode=disable",
      "?sslmode=disable",
      "x&sslmode=disable",
      "x#&sslmode=disable",
      "Müller",
      "用户",
      "🐘",
      "e\u0301",
      "\u00A0",
      "\uFEFFa",
      "two\nlines",
      "line behind\n",
      "\nline in front",
      "two\r\nlines",
      "return behind\r",
      "x\nsslmode=disable",
      "x\n[other]",
      "x'\nexport PGHOST='y",
      "bell\x07",
      "\x01",
      "\x7F",
      "page\x0C",
      "line\x0B",
      "Latin-1 \xFF",
      "cut \xE2\x82",
      "cut \xC3",
  };
  std::vector<OddConnection> odd;
  for (const std::string& word : words) {
    const auto add = [&](const std::string& where, auto change) {
      exporter::Connection connection = ordinary_connection();
      change(connection);
      odd.push_back({where + " " + hex(bytes_of(word)) + " " + word, connection});
    };
    add("folder", [&](auto& connection) { connection.folder = "/etc/" + word; });
    add("prefix", [&](auto& connection) { connection.prefix = word; });
    add("database", [&](auto& connection) { connection.database = word; });
    add("user", [&](auto& connection) { connection.user = word; });
  }
  for (const std::string folder : {"/", "/etc/acme/", ".", "..", "certs", "~/certs", "/a//b", "/etc/%2Fx"}) {
    odd.push_back({"folder " + folder, ordinary_connection()});
    odd.back().connection.folder = folder;
  }
  return odd;
}

std::vector<OddConnection> odd_hosts() {
  std::vector<OddConnection> odd;
  for (const std::string host : {"127.0.0.1",
                                 "::1",
                                 "2001:db8::1",
                                 "localhost",
                                 "DB.example",
                                 "a_b.example",
                                 "/var/run/postgresql",
                                 "/tmp/with space",
                                 "/tmp/a:b",
                                 "/tmp/a]b:c",
                                 "/tmp/100%:x",
                                 "@abstract",
                                 "fe80::1%eth0",
                                 "fe80::1%25eth0",
                                 "db.example:5432",
                                 "a,b",
                                 "::1,::2",
                                 "[::1]",
                                 "a]b:c",
                                 "a b",
                                 "a%41b",
                                 "a?b",
                                 "a#b",
                                 "a&b",
                                 "a@b",
                                 "bücher.example",
                                 "xn--bcher-kva.example",
                                 "a\nb",
                                 "a'b",
                                 " a",
                                 "a ",
                                 "\xFF"}) {
    odd.push_back({"host " + host, ordinary_connection()});
    odd.back().connection.host = host;
  }
  return odd;
}

}  // namespace spaceca::test
