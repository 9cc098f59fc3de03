#include "service/audit_chain.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/hex.h"
#include "base/printable.h"
#include "service/core.h"
#include "service/words.h"
#include "store/certificates.h"
#include "store/roots.h"
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

Bytes octets_of(const Actor& actor, const AuditEvent& event) {
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
    Bytes octets = octets_of(actor, event);
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

// What is found in one chain.
struct Findings {
  std::string chain;  // its name
  std::vector<Finding>& all;

  void add(std::string_view rule, std::string_view text) const {
    all.push_back({.rule = std::string{rule}, .text = fmt::format("{}: {}", shown(chain), text), .source = "spaceca audit"});
  }
};

// Whether what an entry says was revoked is so by the rows: nobody who writes them lets it in again unseen.
void verify_revocation(sql::Transaction& tx, const Id& space, const AuditEntry& entry, const Findings& findings) {
  const auto find = [&](std::string_view what) {
    findings.add("audit-unrevoked",
                 fmt::format("{} {} is not revoked in the store, entry {} says it was", what, entry.object, entry.number));
  };
  if (entry.verb == "revoke") {
    const auto row = store::find_certificate(tx, space, CertificateId{entry.object}.octets());
    if (!row || !row->revoked_at || !store::is_revoked(tx, row->root, Serial{ByteView{row->serial}})) find("certificate");
  }
  if (entry.verb == "revoke_serial") {
    const auto roots = store::roots_of(tx, space);
    const bool is_there = std::ranges::any_of(roots, [&](const store::RootRow& root) {
      return std::to_string(root.generation) == entry.details.at(0).second &&
             store::is_revoked(tx, root.id, Serial{std::string_view{entry.object}});
    });
    if (!is_there) find("serial");
  }
}

void verify_anchors(const store::AuditRow& row, std::span<const AuditAnchor> anchors, const Findings& findings) {
  for (const AuditAnchor& anchor : anchors) {
    if (anchor.number == static_cast<std::uint64_t>(row.number) && anchor.code != hex_of(row.code, HexCase::lower)) {
      findings.add("audit-anchor", fmt::format("entry {} is not the one that the anchor was taken of", row.number));
    }
  }
}

// One chain from its first entry to its head. `space`: whose it is, unless it is the store's own.
void verify_chain(sql::Transaction& tx, const Vault& vault, ByteView chain, const std::optional<Id>& space,
                  std::span<const AuditAnchor> anchors, const Findings& findings) {
  store::AuditCode code{};
  std::int64_t number = 0;
  for (;;) {
    const auto rows = store::audit_rows(tx, chain, number, 1000);
    if (rows.empty()) break;
    for (const store::AuditRow& row : rows) {
      const AuditEntry entry = entry_of(row);
      if (row.number != number + 1) {
        // The first behind a gap has nothing to be held against.
        findings.add("audit-missing", fmt::format("entries {} to {} are missing", number + 1, row.number - 1));
      } else if (code_of(vault, chain, code, row.number, row.at, row.record) != row.code) {
        findings.add("audit-altered", fmt::format("entry {} is not what was written, or not in its place", row.number));
      } else if (row.number == 1 && entry.verb != "create_space") {
        // As after all of it was removed, and something was done since.
        findings.add("audit-missing", fmt::format("it begins with {}, not with the space being made", printable(entry.verb)));
      } else if (space) {
        verify_revocation(tx, *space, entry, findings);
      }
      verify_anchors(row, anchors, findings);
      number = row.number;
      code = row.code;
    }
  }
  const store::AuditHead head = store::audit_head(tx, chain);
  if (head.number > number) {
    findings.add("audit-cut", fmt::format("it ends with entry {}, its head says {}", number, head.number));
  } else if (head.number != number || head.code != code) {
    findings.add("audit-head", fmt::format("its head is not that of entry {}, its last", number));
  }
  for (const AuditAnchor& anchor : anchors) {
    if (anchor.number > static_cast<std::uint64_t>(number)) {
      findings.add("audit-cut", fmt::format("it ends with entry {}, the anchor was taken at {}", number, anchor.number));
    }
  }
}

// Nothing for the store's own.
std::optional<Id> space_behind(const Bytes& chain) {
  if (chain.empty()) return std::nullopt;
  Id id{};
  if (chain.size() != id.size()) throw sql::EngineError{sql::Failure::corrupt, "store: an audit chain is not named by a space"};
  std::ranges::copy(chain, id.begin());
  return id;
}

struct ChainName {
  std::string text;
  bool is_orphan = false;  // of a space whose row is gone: then its id in hexadecimal
};
ChainName chain_name(sql::Transaction& tx, const Bytes& chain) {
  const auto id = space_behind(chain);
  if (!id) return {};
  const auto space = store::find_space(tx, *id);
  return space ? ChainName{space->name} : ChainName{hex_of(chain, HexCase::lower), true};
}

// Of the store itself, where it has a space, and of each space.
std::vector<std::string> chains_that_must_be(sql::Transaction& tx) {
  std::vector<std::string> names;
  std::string after;
  for (;;) {
    const auto spaces = store::spaces(tx, after, 1000);
    if (spaces.empty()) break;
    for (const store::SpaceRow& space : spaces) names.push_back(space.name);
    after = names.back();
  }
  if (!names.empty()) names.emplace_back();
  return names;
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
    anchors.push_back({.chain = service::chain_name(*tx, chain).text,
                       .number = static_cast<std::uint64_t>(head.number),
                       .code = hex_of(head.code, HexCase::lower)});
  }
  std::ranges::sort(anchors, {}, &AuditAnchor::chain);  // not by the ids of spaces, which are in no order within a second
  return anchors;
}

std::vector<Finding> Authority::verify_audit(std::span<const AuditAnchor> anchors) const {
  const auto tx = impl_->driver.read();
  std::vector<Finding> findings;
  std::vector<std::string> wanted = service::chains_that_must_be(*tx);
  for (const AuditAnchor& anchor : anchors) {
    if (std::ranges::find(wanted, anchor.chain) == wanted.end()) wanted.push_back(anchor.chain);
  }
  for (const Bytes& chain : store::audit_chains(*tx)) {
    const auto [name, is_orphan] = service::chain_name(*tx, chain);
    std::vector<AuditAnchor> its_anchors;
    std::ranges::copy_if(anchors, std::back_inserter(its_anchors),
                         [&name = name](const AuditAnchor& one) { return one.chain == name; });
    const service::Findings its_findings{name, findings};
    if (is_orphan) its_findings.add("audit-orphan", "the space is not in the store");
    service::verify_chain(*tx, impl_->vault, chain, service::space_behind(chain), its_anchors, its_findings);
    std::erase(wanted, name);
  }
  for (const std::string& name : wanted) service::Findings{name, findings}.add("audit-missing", "is not there");
  return findings;
}

}  // namespace spaceca
