// What the store knows, for the doctor.
#pragma once

#include <optional>
#include <vector>

#include <spaceca/database_url.h>
#include <spaceca/diagnosis.h>

#include "session.h"

// Of the store and the database: the clock, mTLS itself, what was not brought to the server.
// Rules: clock-suspect, mtls-disabled, publication-pending.
[[nodiscard]] std::vector<spaceca::Diagnosis> findings_of(Session& session, const Place& place);
// Of a client's certificate. Rules: certificate-unknown, certificate-revoked, certificate-of-another-database,
// certificate-pending, certificate-superseded.
[[nodiscard]] std::vector<spaceca::Diagnosis> findings_of(const Session& session, const Place& place,
                                                          const spaceca::Certificate& certificate);

[[nodiscard]] spaceca::ServerDue due_of(const Place& place);
// By the server's files, if it is on this machine and they can be read; otherwise a warning says why not.
[[nodiscard]] std::optional<std::vector<spaceca::Crl>> lists_in_force(Session& session, const Place& place,
                                                                      const spaceca::DatabaseUrl& url);
