// How spaces, databases and certificates look: to people as fields and rows, to programs as JSON.
#pragma once

#include <nlohmann/json.hpp>

#include <spaceca/authority.h>
#include <spaceca/clock.h>

#include "output.h"

[[nodiscard]] nlohmann::json json_of(const spaceca::SpaceRecord& space);
[[nodiscard]] nlohmann::json json_of(const spaceca::DatabaseRecord& database);
[[nodiscard]] nlohmann::json json_of(const spaceca::CertificateRecord& certificate, spaceca::Instant now);
[[nodiscard]] nlohmann::json json_of(const spaceca::IpRule& rule);
[[nodiscard]] nlohmann::json json_of(const spaceca::AuditEntry& entry);
[[nodiscard]] nlohmann::json json_of(const spaceca::SweepPart& part);

// A block of its fields, and a table of its roots.
[[nodiscard]] std::string text_of(const spaceca::SpaceRecord& space);
[[nodiscard]] Fields fields_of(const spaceca::DatabaseRecord& database);
[[nodiscard]] Fields fields_of(const spaceca::CertificateRecord& certificate, spaceca::Instant now);
[[nodiscard]] Fields fields_of(const spaceca::IpRule& rule);
// The reference's columns first: id, Created At, Status.
[[nodiscard]] std::string table_of(const std::vector<spaceca::CertificateRecord>& certificates, spaceca::Instant now);
[[nodiscard]] std::string table_of(const std::vector<spaceca::IpRule>& rules);
[[nodiscard]] std::string table_of(const std::vector<spaceca::DatabaseRecord>& databases);
[[nodiscard]] std::string table_of(const std::vector<spaceca::SpaceRecord>& spaces);
[[nodiscard]] std::string table_of(const std::vector<spaceca::AuditEntry>& entries);

// "key_compromise", as RFC 5280's names are in snake case; of words also with hyphens or in RFC 5280's own case.
// Errc::invalid_argument, listing them.
[[nodiscard]] std::string_view word_of(spaceca::RevocationReason reason);
[[nodiscard]] spaceca::RevocationReason reason_of(const std::string& word);
