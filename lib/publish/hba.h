// pg_hba.conf: the lines that let a database's clients in, and what becomes of the lines that were there before. Pure; what only
// the server knows (the lines as it has read them, whether a regular expression matches) is handed in.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <spaceca/access.h>
#include <spaceca/cidr.h>
#include <spaceca/names.h>

namespace spaceca::publish::hba {

// The file that a server has read: from which version on a quoted name with a slash in front is a regular expression.
enum class Dialect { plain, regular_expressions };  // before PostgreSQL 16, and from it on

// A name as it stands for itself and nothing else: in quotes, since it may hold blanks, commas and the words all, sameuser and
// replication, or begin with + or @; and, where `/` in front would make it an expression, as the expression that is this name.
[[nodiscard]] std::string quoted(std::string_view name, Dialect dialect);

// A line as it stands in a file. One that ends with a backslash goes on in the next.
struct Line {
  int number;                       // of its first
  std::string text;                 // without the last line feed
  std::vector<std::string> fields;  // as they are written, quotes and commas included
};
[[nodiscard]] std::vector<Line> lines_of(std::string_view text);

// A line as the server has read it (pg_hba_file_rules), with what stands in the file.
struct Rule {
  std::string file;
  int number;
  std::string type;                    // "local", "host", "hostssl" …
  std::vector<std::string> databases;  // without their quotes
  std::vector<std::string> users;
  std::string address;  // "all", "samehost", "10.0.0.0", ".example.com"; empty for local
  std::string netmask;  // empty if the address has none
  Line line;
};

// Whether a text matches a regular expression of PostgreSQL's.
using Matches = std::function<bool(const std::string& expression, const std::string& text)>;

// What a database's lines are to be.
struct Plan {
  std::string database;  // as the server calls it
  std::vector<RoleName> roles;
  std::vector<Cidr> rules;
  Access access;
  std::string map;  // of pg_ident.conf, where certificates are bound to the database
  std::vector<Cidr> keep;
  Dialect dialect;
};

struct Outcome {
  std::string lines;                    // of the block
  std::vector<const Rule*> overridden;  // TCP lines that decide about this database today, and would not for some address
};
// `today` are the rules in their order, without the block; they are borrowed.
[[nodiscard]] Outcome outcome_of(const Plan& plan, const std::vector<Rule>& today, const Matches& matches);

}  // namespace spaceca::publish::hba
