// The rules about a server, by itself and together with a client's files.
#pragma once

#include <vector>

#include <spaceca/diagnosis.h>

#include "diagnosis/contents.h"

namespace spaceca::diagnosis {

// What everybody sees of it: TLS, its certificate, whether it asks for one.
void judge_server(const ServerSeen& server, const ClientUse& use, std::vector<Diagnosis>& found);
// What it says to the role without a certificate.
void judge_answer_to_none(const ServerSeen& server, const ClientUse& use, std::vector<Diagnosis>& found);
// Whether libpq would take its certificate by the client's roots and lists.
void judge_trust_in_server(const ServerSeen& server, const Contents& contents, const ClientUse& use, std::vector<Diagnosis>& found);
// Whether pgjdbc would show it at all.
void judge_pgjdbc(const ServerSeen& server, const ClientFiles& files, const Contents& contents, std::vector<Diagnosis>& found);

// The certificates that can be read.
[[nodiscard]] Chain chain_of(const ServerSeen& server);
[[nodiscard]] std::string server_text(const ServerSeen& server);

}  // namespace spaceca::diagnosis
