// The rules about a server whose authority knows what it is to serve.
#pragma once

#include <vector>

#include <spaceca/diagnosis.h>

namespace spaceca::diagnosis {

void judge_served_certificate(const ServerDue& due, const ServerSeen& server, const ClientUse& use, std::vector<Diagnosis>& found);
// Whose clients it takes.
void judge_served_roots(const ServerDue& due, const ServerSeen& server, std::vector<Diagnosis>& found);
// Whom it refuses by the lists it has.
void judge_lists_in_force(const ServerDue& due, const ServerSeen& server, const std::vector<Crl>& in_force, Instant now,
                          std::vector<Diagnosis>& found);
// Which roots a client has.
void judge_roots_known(const ServerDue& due, const ClientFile& file, const std::vector<Certificate>& known,
                       std::vector<Diagnosis>& found);

}  // namespace spaceca::diagnosis
