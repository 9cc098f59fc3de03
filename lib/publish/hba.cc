#include "publish/hba.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include <fmt/format.h>

#include <spaceca/error.h>

namespace spaceca::publish::hba {
namespace {

// --- the file's words, as next_token() in PostgreSQL's hba.c reads them ---

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f'; }

// Fields end at a blank, unless it is in quotes or follows a comma; `#` outside of quotes begins a comment.
std::vector<std::string> fields_of(std::string_view text) {
  std::vector<std::string> fields;
  std::string field;
  bool in_quotes = false;
  bool after_comma = false;
  const auto end_field = [&] {
    if (!field.empty()) fields.push_back(field);
    field.clear();
  };
  for (const char c : text) {
    if (c == '#' && !in_quotes) break;
    if (is_blank(c) && !in_quotes) {
      if (!after_comma) end_field();
      continue;
    }
    field += c;
    if (c == '"') in_quotes = !in_quotes;
    after_comma = c == ',' && !in_quotes;
  }
  end_field();
  return fields;
}

// --- which lines decide about a database ---

enum class About { nothing, everybody, same_user, same_role };

About about(const Rule& rule, const Plan& plan, const Matches& matches) {
  About found = About::nothing;
  if (!rule.type.starts_with("host")) return found;
  for (const std::string& name : rule.databases) {
    // The view has lost the quotes, so a database that is called "all" counts as all: rather one line too many is named.
    const bool expression = plan.dialect == Dialect::regular_expressions && name.size() > 1 && name.front() == '/';
    if (name == "all" || name == plan.database || (expression && matches(name.substr(1), plan.database))) return About::everybody;
    if (name == "sameuser") found = About::same_user;
    if (name == "samerole" || name == "samegroup") found = About::same_role;
  }
  return found;
}

// --- addresses ---

// The block of an address and a netmask; nothing if it is none (names, samehost, a mask with holes).
std::optional<Cidr> block_of(const std::string& address, const std::string& netmask) {
  if (netmask.empty()) return {};
  try {
    const Cidr base{address};
    const Cidr mask{netmask};
    if (base.family() != mask.family()) return {};
    unsigned length = 0;
    bool ended = false;
    Bytes octets;
    for (std::size_t i = 0; i < mask.octets().size(); ++i) {
      const std::uint8_t octet = mask.octets()[i];
      const auto ones = static_cast<unsigned>(std::countl_one(octet));
      const bool has_hole = static_cast<std::uint8_t>(octet << ones) != 0;
      if (has_hole || (ended && octet != 0)) return {};
      ended = ended || ones < 8;
      length += ones;
      octets.push_back(octet & base.octets()[i]);
    }
    // As text again, since that is how a block is made.
    std::string text;
    for (std::size_t i = 0; i < octets.size(); ++i) {
      if (base.family() == Cidr::Family::ipv4) {
        text += fmt::format("{}{}", i == 0 ? "" : ".", octets[i]);
      } else {
        text += fmt::format("{}{:02x}", i > 0 && i % 2 == 0 ? ":" : "", octets[i]);
      }
    }
    return Cidr{fmt::format("{}/{}", text, length)};
  } catch (const Error&) {
    return {};  // an address with a zone
  }
}

bool is_everything(const std::vector<Cidr>& blocks) {
  const auto has = [&blocks](Cidr::Family family) {
    return std::any_of(blocks.begin(), blocks.end(), [family](const Cidr& c) { return c.is_any() && c.family() == family; });
  };
  return has(Cidr::Family::ipv4) && has(Cidr::Family::ipv6);
}

// Without those that lie in another one.
std::vector<Cidr> disjoint(std::vector<Cidr> blocks) {
  std::sort(blocks.begin(), blocks.end());  // a block before those that it contains
  std::vector<Cidr> kept;
  for (const Cidr& block : blocks) {
    if (kept.empty() || !kept.back().contains(block)) kept.push_back(block);
  }
  return kept;
}

// What a rule says about the addresses of a block, as the address that a line of it has; nothing if it says nothing about them, or
// nothing that can be written down.
std::optional<std::string> address_within(const Rule& rule, const Cidr& keep) {
  if (rule.address == "all") return keep.text();
  const auto block = block_of(rule.address, rule.netmask);
  if (!block || !block->overlaps(keep)) return {};
  return (keep.contains(*block) ? *block : keep).text();
}

bool is_all_kept(const Rule& rule, const std::vector<Cidr>& keep) {
  if (is_everything(keep)) return true;
  const auto block = block_of(rule.address, rule.netmask);
  return block && std::any_of(keep.begin(), keep.end(), [&block](const Cidr& kept) { return kept.contains(*block); });
}

// --- today's lines, for the addresses that are kept ---

// Fields from one on, as they are written.
std::string fields_from(const Rule& rule, std::size_t first) {
  std::string text;
  for (std::size_t i = first; i < rule.line.fields.size(); ++i) text += " " + rule.line.fields[i];
  return text;
}

// Behind the address (and a netmask in a field of its own) stand the method and its options.
std::string method_of(const Rule& rule) {
  const bool mask_apart = !rule.netmask.empty() && rule.line.fields.at(3).find('/') == std::string::npos;
  return fields_from(rule, mask_apart ? 5 : 4);
}

// What our own lines ask for.
std::string method_of(const Plan& plan) {
  if (plan.access.binding == BoundTo::database) return fmt::format("cert clientname=DN map={}", plan.map);
  return fmt::format("{} clientcert={}", text_of(plan.access.method), text_of(plan.access.clientcert));
}

// For whom a line speaks, if its database is written as this one. Nothing where that cannot be said.
std::optional<std::string> users_of(const Rule& rule, About whom, const Plan& plan) {
  const std::string& written = rule.line.fields.at(2);
  if (whom == About::everybody) return written;
  const bool all = std::find(rule.users.begin(), rule.users.end(), "all") != rule.users.end();
  const bool named = std::find(rule.users.begin(), rule.users.end(), plan.database) != rule.users.end();
  const std::string name = quoted(plan.database, plan.dialect);
  if (whom == About::same_user) return all || named ? std::optional{name} : std::nullopt;
  // A role of the database's name: + in front of it, outside of the quotes, means its members.
  return all && !plan.database.starts_with('/') ? std::optional{"+" + name} : std::nullopt;
}

}  // namespace

std::string quoted(std::string_view name, Dialect dialect) {
  const bool as_expression = dialect == Dialect::regular_expressions && name.starts_with('/');
  std::string text = as_expression ? "\"/^" : "\"";
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80) != 0;
    if (as_expression && !letter && c != ' ' && c != '"') text += '\\';
    text += c;
    if (c == '"') text += '"';
  }
  return text + (as_expression ? "$\"" : "\"");
}

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  int number = 0;
  bool goes_on = false;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (one.ends_with('\r')) one.remove_suffix(1);
    if (goes_on) {
      lines.back().text += '\n';
      lines.back().text += one;
    } else {
      lines.push_back({.number = number, .text = std::string{one}, .fields = {}});
    }
    goes_on = one.ends_with('\\');
  }
  for (Line& line : lines) {
    std::string joined;
    for (std::size_t i = 0; i < line.text.size(); ++i) {
      if (line.text[i] == '\\' && i + 1 < line.text.size() && line.text[i + 1] == '\n') {
        ++i;
      } else {
        joined += line.text[i];
      }
    }
    line.fields = fields_of(joined);
  }
  return lines;
}

Outcome outcome_of(const Plan& plan, const std::vector<Rule>& today, const Matches& matches) {
  Outcome outcome;
  const std::string database = quoted(plan.database, plan.dialect);
  const std::vector<Cidr> keep = disjoint(plan.keep);
  const bool everything = is_everything(keep);
  std::vector<bool> written(today.size(), true);
  // Turn by turn: blocks do not overlap, so the order of lines matters within one alone.
  const auto copy_for = [&](const Cidr& kept) {
    for (std::size_t i = 0; i < today.size(); ++i) {
      const Rule& rule = today[i];
      const About whom = about(rule, plan, matches);
      if (whom == About::nothing || rule.line.fields.size() < 5) continue;
      const auto users = users_of(rule, whom, plan);
      const auto address = address_within(rule, kept);
      written[i] = written[i] && users;
      if (users && everything) {
        outcome.lines += fmt::format("{} {} {}{}\n", rule.type, database, *users, fields_from(rule, 3));
      } else if (users && address) {
        outcome.lines += fmt::format("{} {} {} {}{}\n", rule.type, database, *users, *address, method_of(rule));
      }
    }
  };
  for (const Cidr& kept : keep) {
    copy_for(kept);
    if (everything) break;  // as they are, names of hosts too
  }
  // Ours come after them: whose address is kept is let in as today, by whatever way he comes.
  for (const RoleName& role : plan.roles) {
    for (const Cidr& from : plan.rules) {
      outcome.lines +=
          fmt::format("hostssl {} {} {} {}\n", database, quoted(role.text(), plan.dialect), from.text(), method_of(plan));
    }
  }
  outcome.lines += fmt::format("host {} all all reject\n", database);

  for (std::size_t i = 0; i < today.size(); ++i) {
    const bool stays = written[i] && is_all_kept(today[i], keep);
    if (about(today[i], plan, matches) != About::nothing && !stays) outcome.overridden.push_back(&today[i]);
  }
  return outcome;
}

}  // namespace spaceca::publish::hba
