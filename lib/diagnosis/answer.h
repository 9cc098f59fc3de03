// What a server's answer means.
#pragma once

#include <string>
#include <vector>

#include <spaceca/diagnosis.h>

#include "diagnosis/contents.h"

namespace spaceca::diagnosis {

// What it says to who shows the files' certificate.
void judge_answer(const ServerSeen& server, const ClientFiles& files, const Contents& contents, const ClientUse& use,
                  std::vector<Diagnosis>& found);
// An error that has nothing to do with certificates, or that pg_hba.conf decided on.
[[nodiscard]] Diagnosis judged_error(const std::string& message, const std::string& where);

}  // namespace spaceca::diagnosis
