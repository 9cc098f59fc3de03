// What a server's log says about a reload.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "files/posix.h"
#include "publish/owner.h"
#include "publish/server.h"

namespace spaceca::publish {

class ServerLog final {
 public:
  // Remembers where the log ends now.
  ServerLog(Server& server, const std::filesystem::path& data_directory, const Owner& owner, Deadline deadline);

  // What was written since about the files and TLS, in a phrase: "the server's log says: …". Lines about anything else are left
  // out, since a statement in a log may hold anything.
  [[nodiscard]] std::string since() const;

 private:
  files::Descriptor file_;  // not open if there is none to read
  off_t from_ = 0;
};

}  // namespace spaceca::publish
