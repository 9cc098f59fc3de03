#include "service/audit_chain.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/hex.h"
#include "base/printable.h"
#include "service/core.h"
#include "service/words.h"
#include "store/spaces.h"

namespace spaceca {
namespace service {
namespace {

void append_number(Bytes& octets, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) octets.push_back(static_cast<std::uint8_t>(number >> shift));
}

// Everything that could be changed about an entry goes into its code.
Vault::Code code_of(const Vault& vault, ByteView chain, const store::AuditCode& before, std::int64_t number, Instant at,
                    ByteView record) {
  Bytes octets;
  octets.reserve(chain.size() + before.size() + record.size() + 17);
  octets.push_back(static_cast<std::uint8_t>(chain.size()));
  octets.insert(octets.end(), chain.begin(), chain.end());
  octets.insert(octets.end(), before.begin(), before.end());
  append_number(octets, static_cast<std::uint64_t>(number));
  append_number(octets, static_cast<std::uint64_t>(store::seconds_of(at)));
  octets.insert(octets.end(), record.begin(), record.end());
  return vault.authenticate(octets);
}

// Lines: actor, verb, object, then key=value. No value of ours holds a line break, and none that does becomes a line of its own.
void append_line(Bytes& record, std::string_view text) {
  for (const char c : text) record.push_back(static_cast<std::uint8_t>(c == '\n' || c == '\r' ? ' ' : c));
  record.push_back('\n');
}

Bytes record_of(const Actor& actor, const AuditEvent& event) {
  Bytes record;
  append_line(record, actor.text());
  append_line(record, event.verb);
  append_line(record, event.object);
  for (const auto& [key, value] : event.details) append_line(record, std::string{key} + '=' + value);
  return record;
}

}  // namespace

void record(sql::Transaction& tx, const Vault& vault, ByteView chain, Instant at, const Actor& actor,
            std::span<const AuditEvent> events) {
  if (events.empty()) return;
  store::AuditHead head = store::audit_head(tx, chain);
  std::vector<store::AuditRow> rows;
  rows.reserve(events.size());
  for (const AuditEvent& event : events) {
    Bytes octets = record_of(actor, event);
    ++head.number;
    head.code = code_of(vault, chain, head.code, head.number, at, octets);
    rows.push_back({head.number, at, std::move(octets), head.code});
  }
  store::append(tx, chain, rows);
}

void record(sql::Transaction& tx, const Vault& vault, ByteView chain, Instant at, const Actor& actor, const AuditEvent& event) {
  record(tx, vault, chain, at, actor, std::span{&event, 1});
}

AuditEntry entry_of(const store::AuditRow& row) {
  AuditEntry entry;
  entry.number = static_cast<std::uint64_t>(row.number);
  entry.at = row.at;
  const std::vector<std::string> lines = lines_of(text_of(row.record));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    switch (i) {
      case 0: entry.actor = line; break;
      case 1: entry.verb = line; break;
      case 2: entry.object = line; break;
      default: {
        const auto equals = line.find('=');
        entry.details.emplace_back(line.substr(0, equals), equals == std::string::npos ? "" : line.substr(equals + 1));
      }
    }
  }
  return entry;
}

Page<AuditEntry> audit_page(sql::Driver& driver, ByteView chain, const PageRequest& page) {
  std::int64_t after = 0;
  if (!page.after.empty()) {
    const auto [end, failure] = std::from_chars(page.after.data(), page.after.data() + page.after.size(), after);
    if (failure != std::errc{} || end != page.after.data() + page.after.size() || after < 0) {
      throw Error{Errc::invalid_argument,
                  fmt::format("page: \"{}\" is not where a page of the audit ended", printable(page.after))};
    }
  }
  const auto tx = driver.read();
  const std::int64_t limit = checked_limit(page);
  const auto rows = store::audit_rows(*tx, chain, after, limit);
  Page<AuditEntry> found;
  for (const store::AuditRow& row : rows) found.items.push_back(entry_of(row));
  if (rows.size() == static_cast<std::size_t>(limit)) found.next = std::to_string(rows.back().number);
  return found;
}

namespace {

std::string shown(const std::string& chain) {
  return chain.empty() ? "audit of the store" : fmt::format("audit of space \"{}\"", chain);
}

// One chain from its first entry to its head.
void verify_chain(sql::Transaction& tx, const Vault& vault, ByteView chain, const std::string& name, const AuditAnchor* anchor,
                  std::vector<Finding>& findings) {
  const auto find = [&](std::string_view rule, const std::string& text) {
    findings.push_back({.rule = std::string{rule}, .text = shown(name) + ": " + text, .source = "spaceca audit"});
  };
  store::AuditCode code{};
  std::int64_t number = 0;
  bool anchored = anchor == nullptr;
  for (;;) {
    const auto rows = store::audit_rows(tx, chain, number, 1000);
    if (rows.empty()) break;
    for (const store::AuditRow& row : rows) {
      if (row.number != number + 1) {
        // The first behind a gap has nothing to be held against.
        find("audit-missing", fmt::format("entries {} to {} are missing", number + 1, row.number - 1));
      } else if (code_of(vault, chain, code, row.number, row.at, row.record) != row.code) {
        find("audit-altered", fmt::format("entry {} is not what was written, or not in its place", row.number));
      }
      if (anchor != nullptr && static_cast<std::uint64_t>(row.number) == anchor->number) {
        anchored = true;
        if (hex_of(row.code, HexCase::lower) != anchor->code) {
          find("audit-anchor", fmt::format("entry {} is not the one that the anchor was taken of", row.number));
        }
      }
      number = row.number;
      code = row.code;
    }
  }
  const store::AuditHead head = store::audit_head(tx, chain);
  if (head.number > number) {
    find("audit-cut", fmt::format("it ends with entry {}, its head says {}", number, head.number));
  } else if (head.number != number || head.code != code) {
    find("audit-head", fmt::format("its head is not that of entry {}, its last", number));
  }
  if (!anchored) find("audit-cut", fmt::format("it ends with entry {}, the anchor was taken at {}", number, anchor->number));
}

std::string chain_name(sql::Transaction& tx, const Bytes& chain) {
  if (chain.empty()) return {};
  Id id{};
  if (chain.size() != id.size()) throw sql::EngineError{sql::Failure::corrupt, "store: an audit chain is not named by a space"};
  std::ranges::copy(chain, id.begin());
  return store::space_of(tx, id).name;
}

}  // namespace
}  // namespace service

Page<AuditEntry> Space::audit(const PageRequest& page) const {
  return service::audit_page(impl_->authority.driver, impl_->id, page);
}

Page<AuditEntry> Authority::audit(const PageRequest& page) const { return service::audit_page(impl_->driver, {}, page); }

std::vector<AuditAnchor> Authority::audit_anchors() const {
  const auto tx = impl_->driver.read();
  std::vector<AuditAnchor> anchors;
  for (const Bytes& chain : store::audit_chains(*tx)) {
    const store::AuditHead head = store::audit_head(*tx, chain);
    anchors.push_back({.chain = service::chain_name(*tx, chain),
                       .number = static_cast<std::uint64_t>(head.number),
                       .code = hex_of(head.code, HexCase::lower)});
  }
  return anchors;
}

std::vector<Finding> Authority::verify_audit(std::span<const AuditAnchor> anchors) const {
  const auto tx = impl_->driver.read();
  std::vector<Finding> findings;
  std::vector<std::string> seen;
  for (const Bytes& chain : store::audit_chains(*tx)) {
    const std::string name = service::chain_name(*tx, chain);
    const auto anchor = std::ranges::find(anchors, name, &AuditAnchor::chain);
    service::verify_chain(*tx, impl_->vault, chain, name, anchor == anchors.end() ? nullptr : &*anchor, findings);
    seen.push_back(name);
  }
  for (const AuditAnchor& anchor : anchors) {
    if (std::ranges::find(seen, anchor.chain) == seen.end()) {
      findings.push_back(
          {.rule = "audit-missing", .text = service::shown(anchor.chain) + ": is not there", .source = "spaceca audit"});
    }
  }
  return findings;
}

}  // namespace spaceca
