// The rules about a client's files. What the files hold was read before.
#pragma once

#include <vector>

#include <spaceca/diagnosis.h>

#include "diagnosis/contents.h"

namespace spaceca::diagnosis {

// Which files are missing, and who may read those with keys.
void judge_presence(const ClientFiles& files, std::vector<Diagnosis>& found);
void judge_permissions(const ClientFiles& files, std::vector<Diagnosis>& found);
// Whether what they hold belongs together.
void judge_keys(const ClientFiles& files, const Contents& contents, std::vector<Diagnosis>& found);
void judge_pkcs12(const ClientFiles& files, const Contents& contents, std::vector<Diagnosis>& found);
void judge_roots(const ClientFiles& files, const Contents& contents, std::vector<Diagnosis>& found);
void judge_lists(const ClientFiles& files, const Contents& contents, Instant now, std::vector<Diagnosis>& found);
// What is wrong with the certificate by itself; not of which root it must be.
void judge_certificate(const ClientFiles& files, const Contents& contents, const ClientUse& use, std::vector<Diagnosis>& found);
// Where no server is known that could say which roots it takes: whether it is of one that the client trusts.
void judge_issuer(const ClientFiles& files, const Contents& contents, Instant now, std::vector<Diagnosis>& found);

// The file's certificates with the key's own first; as they are if there is none of the key's.
[[nodiscard]] Chain in_order(const Contents& contents);
// What a client shows: libpq's, or else pgjdbc's. Null or empty if it does not get that far.
[[nodiscard]] const PrivateKey* shown_key(const Contents& contents);
[[nodiscard]] Chain shown_chain(const Contents& contents);
// In which file that is.
[[nodiscard]] std::string shown_file(const ClientFiles& files, const Contents& contents);

}  // namespace spaceca::diagnosis
