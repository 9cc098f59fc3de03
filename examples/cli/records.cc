#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "failure.h"
#include "records.h"
#include "sessions.h"

using namespace spaceca;

namespace {

constexpr std::array<std::pair<RevocationReason, std::string_view>, 8> kReasons = {{
    {RevocationReason::unspecified, "unspecified"},
    {RevocationReason::key_compromise, "key_compromise"},
    {RevocationReason::ca_compromise, "ca_compromise"},
    {RevocationReason::affiliation_changed, "affiliation_changed"},
    {RevocationReason::superseded, "superseded"},
    {RevocationReason::cessation_of_operation, "cessation_of_operation"},
    {RevocationReason::privilege_withdrawn, "privilege_withdrawn"},
    {RevocationReason::aa_compromise, "aa_compromise"},
}};

// Letters alone, in lower case: keyCompromise, key-compromise and key_compromise are one.
std::string letters_of(std::string_view word) {
  std::string letters;
  for (const char c : word) {
    if (c != '_' && c != '-') letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return letters;
}

std::string role_text(const CertificateRecord& certificate) {
  return certificate.role ? certificate.role->text() : fmt::format("({})", text_of(certificate.kind));
}

// By the last census.
std::string use_text(const CertificateRecord& certificate) {
  if (certificate.sessions != 0) return fmt::format("{} session{}", certificate.sessions, certificate.sessions == 1 ? "" : "s");
  return certificate.last_seen_at ? "last seen " + time_text(*certificate.last_seen_at) : std::string{};
}

std::string hosts_text(const DatabaseRecord& database) {
  std::vector<std::string> hosts;
  for (const HostName& host : database.hosts) hosts.push_back(host.text());
  return joined(hosts);
}

std::string details_text(const AuditEntry& entry) {
  std::string text;
  for (const auto& [name, value] : entry.details) text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  return text;
}

nlohmann::json json_of(const std::vector<SweepPart::Item>& items) {
  auto list = nlohmann::json::array();
  for (const SweepPart::Item& item : items) {
    nlohmann::json object = {{"space", item.space.text()}, {"object", item.object}, {"what", item.what}};
    if (item.code) object["code"] = word_of(*item.code);
    list.push_back(std::move(object));
  }
  return list;
}

}  // namespace

// --- JSON ---

nlohmann::json json_of(const SpaceRecord& space) {
  auto roots = nlohmann::json::array();
  for (const RootRecord& root : space.roots) {
    roots.push_back({{"generation", root.generation},
                     {"status", text_of(root.state)},
                     {"subject", root.certificate.subject()},
                     {"serial", root.certificate.serial().hex()},
                     {"created_at", rfc3339(root.created_at)},
                     {"expires_at", rfc3339(root.certificate.validity().not_after)},
                     {"crl_number", root.crl_number},
                     {"crl_updated_at", rfc3339(root.crl_this_update)},
                     {"crl_expires_at", rfc3339(root.crl_next_update)}});
  }
  return {{"name", space.name.text()},
          {"kind", text_of(space.kind)},
          {"created_at", rfc3339(space.created_at)},
          {"roots", std::move(roots)}};
}

nlohmann::json json_of(const DatabaseRecord& database) {
  auto hosts = nlohmann::json::array();
  for (const HostName& host : database.hosts) hosts.push_back(host.text());
  return {{"name", database.name.text()},
          {"app", database.app.text()},
          {"space", database.space.text()},
          {"status", text_of(database.state)},
          {"hosts", std::move(hosts)},
          {"role", database.role.text()},
          {"contacts", database.contacts},
          {"data_directory", database.data_directory.string()},
          {"method", text_of(database.access.method)},
          {"clientcert", text_of(database.access.clientcert)},
          {"bind", text_of(database.access.binding)},
          {"created_at", rfc3339(database.created_at)},
          {"updated_at", rfc3339(database.updated_at)},
          {"publication_pending", database.publication_pending},
          {"publication_error", database.publication_error}};
}

nlohmann::json json_of(const CertificateRecord& certificate, Instant now) {
  const auto id_or_null = [](const std::optional<CertificateId>& id) { return id ? nlohmann::json(id->text()) : nlohmann::json(); };
  nlohmann::json object = {{"id", certificate.id.text()},
                           {"addon", certificate.database.text()},
                           {"kind", text_of(certificate.kind)},
                           {"status", text_of(certificate.state)},
                           {"serial", certificate.serial.hex()},
                           {"generation", certificate.generation},
                           {"custody", text_of(certificate.custody)},
                           {"created_at", rfc3339(certificate.created_at)},
                           {"updated_at", rfc3339(certificate.updated_at)},
                           {"expires_at", rfc3339(certificate.not_after)},
                           {"days_left", days_left(certificate.not_after, now)},
                           {"predecessor", id_or_null(certificate.predecessor)},
                           {"successor", id_or_null(certificate.successor)},
                           {"role", nullptr},
                           {"revoked_at", nullptr},
                           {"reason", nullptr},
                           {"sessions", certificate.sessions},
                           {"last_seen_at", nullptr}};
  if (certificate.role) object["role"] = certificate.role->text();
  if (certificate.last_seen_at) object["last_seen_at"] = rfc3339(*certificate.last_seen_at);
  if (certificate.revocation) {
    object["revoked_at"] = rfc3339(certificate.revocation->at);
    object["reason"] = word_of(certificate.revocation->reason);
  }
  return object;
}

nlohmann::json json_of(const IpRule& rule) {
  return {{"id", rule.id.text()},
          {"addon", rule.database.text()},
          {"cidr", rule.cidr.text()},
          {"description", rule.description},
          {"status", text_of(rule.state)},
          {"created_at", rfc3339(rule.created_at)},
          {"updated_at", rfc3339(rule.updated_at)}};
}

nlohmann::json json_of(const AuditEntry& entry) {
  auto details = nlohmann::json::object();
  for (const auto& [name, value] : entry.details) details[name] = value;
  return {{"number", entry.number}, {"at", rfc3339(entry.at)}, {"actor", entry.actor},
          {"verb", entry.verb},     {"object", entry.object},  {"details", std::move(details)}};
}

nlohmann::json json_of(const SweepPart& part) {
  auto ended = nlohmann::json::array();
  for (const SweepPart::EndedSession& one : part.ended) {
    auto object = json_of(one.session);
    object["space"] = one.space.text();
    object["object"] = one.database.text();
    ended.push_back(std::move(object));
  }
  return {{"done", json_of(part.done)},
          {"ended", std::move(ended)},
          {"failed", json_of(part.failed)},
          {"late", json_of(part.late)},
          {"unfinished", part.unfinished}};
}

// --- text ---

std::string text_of(const SpaceRecord& space) {
  const auto roots = each(space.roots, [](const RootRecord& root) {
    return Row{fmt::to_string(root.generation), std::string{text_of(root.state)},
               time_text(root.created_at),      time_text(root.certificate.validity().not_after),
               fmt::to_string(root.crl_number), time_text(root.crl_this_update),
               root.certificate.subject()};
  });
  return block({{"created_at", time_text(space.created_at)},
                {"kind", std::string{text_of(space.kind)}},
                {"name", space.name.text()}}) +
         "\n" + table({"Root", "Status", "Created At", "Expires At", "List", "List Of", "Subject"}, roots);
}

Fields fields_of(const DatabaseRecord& database) {
  Fields fields = {{"addon", database.name.text()},
                   {"app", database.app.text()},
                   {"created_at", time_text(database.created_at)},
                   {"hosts", hosts_text(database)},
                   {"role", database.role.text()},
                   {"space", database.space.text()},
                   {"status", std::string{text_of(database.state)}},
                   {"updated_at", time_text(database.updated_at)}};
  if (!database.contacts.empty()) fields.emplace_back("contacts", joined(database.contacts));
  if (!database.data_directory.empty()) fields.emplace_back("data_directory", database.data_directory.string());
  if (database.state != DatabaseState::disabled) {
    fields.emplace_back("bind", std::string{text_of(database.access.binding)});
    fields.emplace_back("clientcert", std::string{text_of(database.access.clientcert)});
    fields.emplace_back("method", std::string{text_of(database.access.method)});
  }
  if (database.publication_pending) fields.emplace_back("publication", "pending");
  if (!database.publication_error.empty()) fields.emplace_back("publication_error", database.publication_error);
  return fields;
}

Fields fields_of(const CertificateRecord& certificate, Instant now) {
  Fields fields = {{"created_at", time_text(certificate.created_at)},
                   {"custody", std::string{text_of(certificate.custody)}},
                   {"days_left", fmt::to_string(days_left(certificate.not_after, now))},
                   {"expires_at", time_text(certificate.not_after)},
                   {"id", certificate.id.text()},
                   {"serial", certificate.serial.hex()},
                   {"status", std::string{text_of(certificate.state)}},
                   {"updated_at", time_text(certificate.updated_at)}};
  if (certificate.role) fields.emplace_back("role", certificate.role->text());
  if (certificate.kind == CertificateKind::server) fields.emplace_back("kind", std::string{text_of(certificate.kind)});
  if (certificate.predecessor) fields.emplace_back("predecessor", certificate.predecessor->text());
  if (certificate.successor) fields.emplace_back("successor", certificate.successor->text());
  if (certificate.revocation) {
    fields.emplace_back("revoked_at", time_text(certificate.revocation->at));
    fields.emplace_back("reason", std::string{word_of(certificate.revocation->reason)});
  }
  if (certificate.last_seen_at) {
    fields.emplace_back("in_use", use_text(certificate));
    fields.emplace_back("last_seen_at", time_text(*certificate.last_seen_at));
  }
  return fields;
}

Fields fields_of(const IpRule& rule) {
  return {{"cidr", rule.cidr.text()}, {"created_at", time_text(rule.created_at)},   {"description", rule.description},
          {"id", rule.id.text()},     {"status", std::string{text_of(rule.state)}}, {"updated_at", time_text(rule.updated_at)}};
}

std::string table_of(const std::vector<IpRule>& rules) {
  return table({"id", "Created At", "Status", "CIDR", "Description"}, each(rules, [](const IpRule& rule) {
                 return Row{rule.id.text(), time_text(rule.created_at), std::string{text_of(rule.state)}, rule.cidr.text(),
                            rule.description};
               }));
}

std::string table_of(const std::vector<CertificateRecord>& certificates, Instant now) {
  return table({"id", "Created At", "Status", "Role", "Expires At", "Days Left", "In Use"},
               each(certificates, [now](const CertificateRecord& one) {
                 return Row{one.id.text(),  time_text(one.created_at), std::string{text_of(one.state)},
                            role_text(one), time_text(one.not_after),  fmt::to_string(days_left(one.not_after, now)),
                            use_text(one)};
               }));
}

std::string table_of(const std::vector<DatabaseRecord>& databases) {
  return table({"Database", "App", "Space", "Status", "Created At"}, each(databases, [](const DatabaseRecord& database) {
                 return Row{database.name.text(), database.app.text(), database.space.text(), std::string{text_of(database.state)},
                            time_text(database.created_at)};
               }));
}

std::string table_of(const std::vector<SpaceRecord>& spaces) {
  const auto root_text = [](const RootRecord& root) { return fmt::format("{} {}", root.generation, text_of(root.state)); };
  return table({"Space", "Kind", "Created At", "Roots"}, each(spaces, [&](const SpaceRecord& space) {
                 return Row{space.name.text(), std::string{text_of(space.kind)}, time_text(space.created_at),
                            joined(each(space.roots, root_text))};
               }));
}

std::string table_of(const std::vector<AuditEntry>& entries) {
  return table({"Number", "At", "Actor", "Verb", "Object", "Details"}, each(entries, [](const AuditEntry& entry) {
                 return Row{fmt::to_string(entry.number), time_text(entry.at), entry.actor, entry.verb, entry.object,
                            details_text(entry)};
               }));
}

// --- reasons ---

std::string_view word_of(RevocationReason reason) {
  const auto* found = std::find_if(kReasons.begin(), kReasons.end(), [reason](const auto& row) { return row.first == reason; });
  return found == kReasons.end() ? "unspecified" : found->second;
}

RevocationReason reason_of(const std::string& word) {
  if (word.empty()) return RevocationReason::unspecified;
  std::vector<std::string> words;
  for (const auto& [reason, name] : kReasons) {
    if (letters_of(name) == letters_of(word)) return reason;
    words.emplace_back(name);
  }
  throw Error{Errc::invalid_argument, fmt::format("reason \"{}\": is none of {}", word, joined(words))};
}
